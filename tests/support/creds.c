#include "creds.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* base64 in its URL form, without padding. */
static void base64url(const void *bytes, size_t size_bytes, char *out)
{
    int length = EVP_EncodeBlock((unsigned char *)out, bytes, (int)size_bytes);

    while (length > 0 && out[length - 1] == '=') length--;
    out[length] = '\0';
    for (; *out != '\0'; out++) {
        if (*out == '+') *out = '-';
        if (*out == '/') *out = '_';
    }
}

/* claims is the "nats" object. */
static void make_jwt(const struct nkey *issuer, const struct nkey *subject, const char *claims, char out[1024])
{
    static const char header[] = "{\"typ\":\"JWT\",\"alg\":\"ed25519-nkey\"}";
    unsigned char signature[64];
    char body[640];
    char *end;

    snprintf(body, sizeof body,
             "{\"jti\":\"test\",\"iat\":%ld,\"iss\":\"%s\",\"name\":\"test\",\"sub\":\"%s\",\"nats\":%s}",
             (long)time(NULL), issuer->public_key, subject->public_key, claims);
    base64url(header, sizeof header - 1, out);
    end = out + strlen(out);
    *end++ = '.';
    base64url(body, strlen(body), end);
    end += strlen(end);
    nkey_sign(issuer, out, (size_t)(end - out), signature);
    *end++ = '.';
    base64url(signature, sizeof signature, end);
}

void creds_make(struct creds *creds, const struct tempdir *dir, const char *name)
{
    static const char of_account[] =
        "{\"limits\":{\"subs\":-1,\"data\":-1,\"payload\":-1,\"imports\":-1,\"exports\":-1,\"wildcards\":true,"
        "\"conn\":-1,\"leaf\":-1},\"type\":\"account\",\"version\":2}";
    static const char of_user[] =
        "{\"pub\":{},\"sub\":{},\"subs\":-1,\"data\":-1,\"payload\":-1,\"type\":\"user\",\"version\":2}";
    struct nkey operator_key, account_key;
    char operator_jwt[1024], account_jwt[1024], text[2048];

    nkey_new(&operator_key, NKEY_OPERATOR);
    nkey_new(&account_key, NKEY_ACCOUNT);
    nkey_new(&creds->user, NKEY_USER);
    make_jwt(&operator_key, &operator_key, "{\"type\":\"operator\",\"version\":2}", operator_jwt);
    make_jwt(&operator_key, &account_key, of_account, account_jwt);
    make_jwt(&account_key, &creds->user, of_user, creds->jwt);
    snprintf(creds->server_config, sizeof creds->server_config,
             "operator: %s\nresolver: MEMORY\nresolver_preload: { %s: %s }\n", operator_jwt, account_key.public_key,
             account_jwt);
    snprintf(text, sizeof text,
             "-----BEGIN NATS USER JWT-----\n%s\n------END NATS USER JWT------\n\n"
             "-----BEGIN USER NKEY SEED-----\n%s\n------END USER NKEY SEED------\n",
             creds->jwt, creds->user.seed);
    tempdir_write(dir, name, text);
    snprintf(creds->path, sizeof creds->path, "%s/%s", dir->path, name);
}

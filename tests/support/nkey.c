/* Written form: base32 without padding of [prefix][32 bytes][CRC-16/XMODEM, low byte first]. A prefix is five bits
 * that make the first letter, in the high end of its byte. A seed has two: those of "S", then those of its role, which
 * makes 5 + 5 bits and six of zero in two bytes. */
#include "nkey.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

static unsigned letter_value(enum nkey_role role)
{
    static const char letters[] = { 'U', 'A', 'O' };

    return (unsigned)(letters[role] - 'A');
}

static unsigned crc16(const unsigned char *bytes, size_t size_bytes)
{
    unsigned crc = 0;
    size_t i;
    int bit;

    for (i = 0; i < size_bytes; i++) {
        crc ^= (unsigned)bytes[i] << 8;
        for (bit = 0; bit < 8; bit++) crc = (crc & 0x8000u) != 0 ? (crc << 1) ^ 0x1021u : crc << 1;
    }
    return crc & 0xffffu;
}

/* Appends the checksum to the bytes, which must have room for it, and writes them as base32. */
static void write_form(unsigned char *bytes, size_t size_bytes, char *out)
{
    unsigned crc = crc16(bytes, size_bytes);
    uint32_t held = 0;
    int held_bits = 0;
    size_t i;

    bytes[size_bytes] = (unsigned char)(crc & 0xffu);
    bytes[size_bytes + 1] = (unsigned char)(crc >> 8);
    for (i = 0; i < size_bytes + 2; i++) {
        held = (held << 8) | bytes[i];
        for (held_bits += 8; held_bits >= 5; held_bits -= 5) *out++ = alphabet[(held >> (held_bits - 5)) & 31u];
    }
    if (held_bits > 0) *out++ = alphabet[(held << (5 - held_bits)) & 31u];
    *out = '\0';
}

static EVP_PKEY *open_key(const struct nkey *key)
{
    EVP_PKEY *pkey = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, key->secret, sizeof key->secret);

    if (pkey == NULL) test_abort("no Ed25519 in libcrypto");
    return pkey;
}

void nkey_from(struct nkey *key, enum nkey_role role, const unsigned char secret[32])
{
    unsigned char form[2 + 32 + 2];
    size_t public_bytes = 32;
    unsigned seed_letter = 'S' - 'A';
    EVP_PKEY *pkey;

    memcpy(key->secret, secret, sizeof key->secret);
    pkey = open_key(key);
    form[0] = (unsigned char)(letter_value(role) << 3);
    if (EVP_PKEY_get_raw_public_key(pkey, form + 1, &public_bytes) != 1) test_abort("no public key");
    EVP_PKEY_free(pkey);
    write_form(form, 33, key->public_key);
    form[0] = (unsigned char)(seed_letter << 3 | letter_value(role) >> 2);
    form[1] = (unsigned char)((letter_value(role) & 3u) << 6);
    memcpy(form + 2, secret, 32);
    write_form(form, 34, key->seed);
}

void nkey_new(struct nkey *key, enum nkey_role role)
{
    unsigned char secret[32];

    if (RAND_bytes(secret, sizeof secret) != 1) test_abort("no random bytes");
    nkey_from(key, role, secret);
}

void nkey_sign(const struct nkey *key, const void *bytes, size_t size_bytes, unsigned char out_signature[64])
{
    EVP_PKEY *pkey = open_key(key);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    size_t signature_bytes = 64;

    if (context == NULL || EVP_DigestSignInit(context, NULL, NULL, NULL, pkey) != 1 ||
        EVP_DigestSign(context, out_signature, &signature_bytes, bytes, size_bytes) != 1) {
        test_abort("cannot sign");
    }
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(pkey);
}

void nkey_write_seed(const struct nkey *key, const struct tempdir *dir, const char *name)
{
    char text[80];

    snprintf(text, sizeof text, "%s\n", key->seed);
    tempdir_write(dir, name, text);
}

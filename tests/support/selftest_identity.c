/* Tests of fake servers, certificates, nkeys and creds. */
#include "test.h"

#include "creds.h"
#include "fake.h"
#include "nkey.h"
#include "server.h"
#include "tls.h"
#include "wire.h"

#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#define WAIT_MS 5000

static struct wire wire;

Test(fake, follows_its_script, .timeout = 30)
{
    int fds = test_count_fds();
    struct fake *fake = fake_start(&(struct fake_script){ .kind = FAKE_CLOSE });
    char line[512];

    check_true(wire_open(&wire, fake_port(fake)));
    check_true(wire_wait_closed(&wire, WAIT_MS));
    wire_close(&wire);
    fake_set_script(fake, &(struct fake_script){ .kind = FAKE_SILENT });
    check_true(wire_open(&wire, fake_port(fake)));
    check_false(wire_readable(&wire, 50));
    wire_close(&wire);
    fake_set_script(fake, &(struct fake_script){ .kind = FAKE_SEND, .text = FAKE_INFO });
    check_true(wire_open(&wire, fake_port(fake)));
    check_true(wire_line(&wire, line, sizeof line, WAIT_MS));
    check_str_has(line, "INFO {");
    check_false(wire_readable(&wire, 50));
    wire_close(&wire);
    fake_set_script(fake, &(struct fake_script){ .kind = FAKE_HANDSHAKE_CLOSE, .text = "-ERR 'no room'\r\n" });
    check_true(wire_open(&wire, fake_port(fake)));
    check_true(wire_line(&wire, line, sizeof line, WAIT_MS));
    check_true(wire_print(&wire, "CONNECT {}\r\nPI"));
    check_false(wire_readable(&wire, 20));
    check_true(wire_print(&wire, "NG\r\n"));
    check_true(wire_line(&wire, line, sizeof line, WAIT_MS));
    check_str(line, "-ERR 'no room'");
    check_true(wire_wait_closed(&wire, WAIT_MS));
    check_true(fake_wait_answered(fake, 1, WAIT_MS));
    wire_close(&wire);
    fake_set_script(fake, &(struct fake_script){ .kind = FAKE_HANDSHAKE, .text = "PONG\r\n" });
    check_true(wire_connect(&wire, fake_port(fake), WAIT_MS));
    check_true(fake_wait_accepted(fake, 5, WAIT_MS));
    fake_stop(fake);
    check_true(wire_wait_closed(&wire, WAIT_MS));
    wire_close(&wire);
    check_int(test_count_fds(), fds);
    test_check_leaks();
}

/* Does INFO, the handshake, CONNECT, PING and PONG. Gives the verification's result; -1 when the server refuses. */
static long shake_hands(uint16_t port, const char *ca, const char *cert, const char *key)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    static const char hello[] = "CONNECT {\"verbose\":false}\r\nPING\r\n";
    char line[4096];
    long result = -1;
    SSL *ssl;
    int got;

    SSL_CTX_load_verify_locations(context, ca, NULL);
    if (cert != NULL) SSL_CTX_use_certificate_file(context, cert, SSL_FILETYPE_PEM);
    if (key != NULL) SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM);
    ssl = SSL_new(context);
    SSL_set_verify(ssl, SSL_VERIFY_PEER, NULL);
    SSL_set1_host(ssl, "localhost");
    if (wire_open(&wire, port) && wire_line(&wire, line, sizeof line, WAIT_MS) && SSL_set_fd(ssl, wire.fd) == 1) {
        if (SSL_connect(ssl) != 1) result = SSL_get_verify_result(ssl) != X509_V_OK ? SSL_get_verify_result(ssl) : -1;
        else if (SSL_write(ssl, hello, sizeof hello - 1) > 0) {
            got = SSL_read(ssl, line, sizeof line);
            if (got >= 4 && memcmp(line, "PONG", 4) == 0) result = SSL_get_verify_result(ssl);
        }
    }
    wire_close(&wire);
    SSL_free(ssl);
    SSL_CTX_free(context);
    return result;
}

static long try_server(const struct tls_files *files, enum tls_server kind, const char *ca)
{
    char config[2048];
    struct test_server_options options = { .config = tls_config(files, kind, false, config, sizeof config) };
    struct test_server *server = server_start(&options);
    long result;

    result = shake_hands(server_port(server), ca, NULL, NULL);
    server_stop(server);
    return result;
}

Test(tls, makes_certificates_that_do_what_they_say, .timeout = 60)
{
    struct tls_files files;

    signal(SIGPIPE, SIG_IGN);
    tls_make(&files);
    check_int(try_server(&files, TLS_GOOD, files.ca), X509_V_OK);
    check_int_not(try_server(&files, TLS_GOOD, files.other_ca), X509_V_OK);
    check_int(try_server(&files, TLS_WRONG_HOST, files.ca), X509_V_ERR_HOSTNAME_MISMATCH);
    check_int(try_server(&files, TLS_EXPIRED, files.ca), X509_V_ERR_CERT_HAS_EXPIRED);
    check_int_not(try_server(&files, TLS_OTHER_CA, files.ca), X509_V_OK);
    check_int(try_server(&files, TLS_OTHER_CA, files.other_ca), X509_V_OK);
    tls_remove(&files);
    test_check_leaks();
}

Test(tls, server_can_want_a_client_certificate, .timeout = 60)
{
    struct test_server_options options = { 0 };
    struct tls_files files;
    struct test_server *server;
    char config[2048];

    signal(SIGPIPE, SIG_IGN);
    tls_make(&files);
    options.config = tls_config(&files, TLS_GOOD, true, config, sizeof config);
    server = server_start(&options);
    check_str_has(server_url(server), "127.0.0.1:");
    cr_log_info("the URL of a TLS server is %s", server_url(server));
    check_int(shake_hands(server_port(server), files.ca, files.client_cert, files.client_key), X509_V_OK);
    check_int(shake_hands(server_port(server), files.ca, files.other_client_cert, files.other_client_key), -1);
    check_int(shake_hands(server_port(server), files.ca, NULL, NULL), -1);
    server_stop(server);
    tls_remove(&files);
    test_check_leaks();
}

/* Takes INFO, signs its nonce, and gives the server's answer to CONNECT and PING. */
static const char *sign_in(uint16_t port, const struct nkey *key, const char *jwt)
{
    static char line[4096];
    unsigned char signature[64];
    char text[128];
    char *nonce;
    int i;

    check_true(wire_open(&wire, port));
    check_true(wire_line(&wire, line, sizeof line, WAIT_MS));
    nonce = strstr(line, "\"nonce\":\"");
    cr_assert_not_null(nonce, "INFO has no nonce: %s", line);
    nonce += strlen("\"nonce\":\"");
    *strchr(nonce, '"') = '\0';
    nkey_sign(key, nonce, strlen(nonce), signature);
    EVP_EncodeBlock((unsigned char *)text, signature, sizeof signature);
    for (i = 0; text[i] != '\0'; i++) text[i] = text[i] == '+' ? '-' : text[i] == '/' ? '_' : text[i];
    text[strcspn(text, "=")] = '\0';
    check_true(wire_print(&wire, "CONNECT {\"verbose\":false,\"%s\":\"%s\",\"sig\":\"%s\"}\r\nPING\r\n",
                          jwt != NULL ? "jwt" : "nkey", jwt != NULL ? jwt : key->public_key, text));
    check_true(wire_line(&wire, line, sizeof line, WAIT_MS));
    wire_close(&wire);
    return line;
}

Test(nkey, has_the_known_written_form, .timeout = 10)
{
    /* From RFC 8032, 7.1, test 1. */
    static const unsigned char secret[32] = { 0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a,
                                              0xf4, 0x92, 0xec, 0x2c, 0xc4, 0x44, 0x49, 0xc5, 0x69, 0x7b, 0x32,
                                              0x69, 0x19, 0x70, 0x3b, 0xac, 0x03, 0x1c, 0xae, 0x7f, 0x60 };
    struct nkey key;

    nkey_from(&key, NKEY_USER, secret);
    check_int(strlen(key.seed), 58);
    check_int(strlen(key.public_key), 56);
    check_str_has(key.seed, "SUA");
    check_int(key.public_key[0], 'U');
    nkey_from(&key, NKEY_ACCOUNT, secret);
    check_int(key.seed[1], 'A');
    check_int(key.public_key[0], 'A');
    nkey_from(&key, NKEY_OPERATOR, secret);
    check_int(key.seed[1], 'O');
    check_int(key.public_key[0], 'O');
    test_check_leaks();
}

Test(nkey, signs_in_at_a_server, .timeout = 30)
{
    struct test_server *server;
    struct nkey key, stranger;
    char config[256];

    nkey_new(&key, NKEY_USER);
    nkey_new(&stranger, NKEY_USER);
    snprintf(config, sizeof config, "authorization { users: [ { nkey: %s } ] }\n", key.public_key);
    server = server_start(&(struct test_server_options){ .config = config });
    check_str(sign_in(server_port(server), &key, NULL), "PONG");
    check_str_has(sign_in(server_port(server), &stranger, NULL), "Authorization Violation");
    server_stop(server);
    test_check_leaks();
}

Test(creds, sign_in_at_a_server, .timeout = 30)
{
    struct tempdir dir;
    struct test_server *server;
    struct creds creds, others;
    char *text;

    tempdir_make(&dir);
    creds_make(&creds, &dir, "user.creds");
    creds_make(&others, &dir, "others.creds");
    text = tempdir_read(&dir, "user.creds");
    check_str_has(text, creds.user.seed);
    free(text);
    server = server_start(&(struct test_server_options){ .config = creds.server_config });
    check_str(sign_in(server_port(server), &creds.user, creds.jwt), "PONG");
    check_str_has(sign_in(server_port(server), &others.user, others.jwt), "Authorization Violation");
    server_stop(server);
    tempdir_remove(&dir);
    test_check_leaks();
}

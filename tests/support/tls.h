/* Certificates made at test time by the openssl command: EC keys, a few dozen milliseconds for all. */
#ifndef TEST_TLS_H
#define TEST_TLS_H

#include "tempdir.h"

#include <stdbool.h>
#include <stddef.h>

/* Filled by tls_make. Paths of PEM files. */
struct tls_files {
    struct tempdir dir;
    char ca[320];          /* signs all but the other_* ones */
    char other_ca[320];    /* trusted by nobody here */
    char client_cert[320]; /* CN=client */
    char client_key[320];
    char other_client_cert[320]; /* signed by other_ca */
    char other_client_key[320];
};

enum tls_server {
    TLS_GOOD,       /* for localhost and 127.0.0.1 */
    TLS_WRONG_HOST, /* for wrong.example only */
    TLS_EXPIRED,    /* for localhost and 127.0.0.1, until yesterday */
    TLS_OTHER_CA    /* for localhost and 127.0.0.1, signed by other_ca */
};

/* Makes all files. Aborts the test, printing openssl's words, when it cannot. */
void tls_make(struct tls_files *files);
void tls_remove(struct tls_files *files);

/* Writes the tls block of a nats-server's configuration; with verify the server wants a client certificate that ca
 * has signed. Returns out, for test_server_options.config. */
const char *tls_config(const struct tls_files *files, enum tls_server kind, bool verify, char *out, size_t out_bytes);

#endif

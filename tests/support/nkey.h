/* nkeys made at test time: Ed25519 keys in the written form of github.com/nats-io/nkeys. */
#ifndef TEST_NKEY_H
#define TEST_NKEY_H

#include "tempdir.h"

#include <stddef.h>

enum nkey_role { NKEY_USER, NKEY_ACCOUNT, NKEY_OPERATOR };

struct nkey {
    unsigned char secret[32];
    char seed[64];       /* "SU..." of a user, 58 characters */
    char public_key[64]; /* "U..." of a user, 56 characters: authorization { users: [ { nkey: U... } ] } */
};

/* Makes a key pair from random bytes, or from the 32 given. Aborts the test when it cannot. */
void nkey_new(struct nkey *key, enum nkey_role role);
void nkey_from(struct nkey *key, enum nkey_role role, const unsigned char secret[32]);

/* The Ed25519 signature of the bytes. */
void nkey_sign(const struct nkey *key, const void *bytes, size_t size_bytes, unsigned char out_signature[64]);

/* Writes the seed, alone on its line, to the file called name in the folder. */
void nkey_write_seed(const struct nkey *key, const struct tempdir *dir, const char *name);

#endif

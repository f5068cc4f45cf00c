/* A creds file and a server that accepts it: an operator, an account and a user, made at test time. */
#ifndef TEST_CREDS_H
#define TEST_CREDS_H

#include "nkey.h"

struct creds {
    struct nkey user;
    char path[320];           /* the creds file: the user's JWT and seed in their decorations */
    char jwt[1024];           /* the user's */
    char server_config[4096]; /* the operator, and a resolver that knows the account: test_server_options.config */
};

/* Makes all of it; the creds file is called name, in the folder. Aborts the test when it cannot. */
void creds_make(struct creds *creds, const struct tempdir *dir, const char *name);

#endif

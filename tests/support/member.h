/* A connection of a cluster, with its events. */
#ifndef TEST_MEMBER_H
#define TEST_MEMBER_H

#include <tern/tern.h>

#include "trail.h"

struct member {
    tern_conn *conn;
    struct trail events;
};

/* Connects, with fast reconnects; must succeed. */
void member_open(struct member *member, const char *url);

/* Frees the connection, and checks the order of its events. */
void member_close(struct member *member);

/* The session is with that server; with any other server. */
void check_is_at(struct member *member, const char *url);
void check_is_not_at(struct member *member, const char *url);

#endif

/* Scopes: three subscriptions of discovery with one ending. $SRV.PING, $SRV.INFO and $SRV.STATS ask all instances; with
 * .<name> those of that name; with .<name>.<id> one. */
#ifndef TERNI_SCOPE_H
#define TERNI_SCOPE_H

#include "io/conn.h"

typedef enum terni_verb { TERNI_PING, TERNI_INFO, TERNI_STATS, TERNI_VERBS } terni_verb;

typedef struct terni_scope terni_scope;

typedef struct terni_listener {
    terni_entry entry; /* the I/O thread's */
    terni_scope *scope;
    terni_verb verb;
} terni_listener;

/* Somebody asks for the verb; on the I/O thread. msg is the callee's. */
typedef void (*terni_asked_fn)(terni_scope *scope, terni_verb verb, natsMsg *msg);

struct terni_scope {
    tern_conn *conn;
    terni_asked_fn asked;
    terni_listener listeners[TERNI_VERBS];
    terni_record add, remove;
    atomic_uint holds;
    uint32_t in_table; /* the I/O thread's: listeners whose entry is there */
    bool added;        /* the owner's lock guards this and what follows */
    void *owner;
    terni_scope *next, *prev; /* the owner's, as what follows */
    uint32_t users;
    const char *name; /* in texts; "" without one */
    char texts[];     /* the subjects */
};

/* Makes a scope that does not listen yet, with one hold on it. name, id: what its subjects end with; NULL: not.
 * NULL: no memory. */
terni_scope *terni_scope_new(tern_conn *conn, terni_asked_fn asked, void *owner, const char *name, const char *id);

/* Has the I/O thread subscribe it, unless it was asked to before. Under the owner's lock. */
void terni_scope_listen(terni_scope *scope);

/* Has the I/O thread end its subscriptions, if it has any, and gives the hold of terni_scope_new back. Under the
 * owner's lock, so that of two scopes with the same subjects the first leaves before the second comes. */
void terni_scope_leave(terni_scope *scope);

void terni_scope_retain(terni_scope *scope);
void terni_scope_release(terni_scope *scope);

#endif

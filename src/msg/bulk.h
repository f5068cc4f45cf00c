/* The bulk inbox: one subscription for all calls beyond those that have a slot of their own. */
#ifndef TERNI_BULK_H
#define TERNI_BULK_H

#include "msg/slot.h"

typedef struct terni_mailbox terni_mailbox;

typedef struct terni_cell {
    terni_exchange *exchange; /* NULL: free */
    uint32_t generation;      /* changes with each call: a late reply finds another */
    uint32_t next_free;
} terni_cell;

/* The I/O thread's, but for the mailbox. */
typedef struct terni_bulk {
    terni_entry entry;
    tern_conn *conn;
    terni_answered_fn answered;
    terni_mailbox *mailbox;
    terni_cell *cells;
    uint32_t capacity, free_cell, in_use;
    char *inbox; /* "<inbox>.*"; NULL: not set up yet; behind it is reply */
    char *reply; /* "<inbox>.<token>", of the call that took a cell last */
    char *token; /* in reply */
} terni_bulk;

/* Gives exchange a cell. out_reply: the reply subject, valid until the next call takes one. RESOURCE_EXHAUSTED: no
 * memory or thread; others as nats.c says. */
tern_status terni_bulk_take(terni_bulk *bulk, terni_exchange *exchange, const char **out_reply);

/* Ends that; what comes for it from now on is late. */
void terni_bulk_leave(terni_bulk *bulk, terni_exchange *exchange);

/* Hands over what has come. */
void terni_bulk_step(terni_bulk *bulk);

/* Has something come? */
bool terni_bulk_pending(const terni_bulk *bulk);

/* Is this the inbox? Then the server refused it: it is to be subscribed anew. */
bool terni_bulk_refused(terni_bulk *bulk, const char *subject);

/* The I/O thread ends: what still comes is dropped. */
void terni_bulk_close(terni_bulk *bulk);

void terni_bulk_free(terni_bulk *bulk);

#endif

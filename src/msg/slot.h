/* Inboxes of calls: where a reply comes to, and how it finds its call. All of it is the I/O thread's. */
#ifndef TERNI_SLOT_H
#define TERNI_SLOT_H

#include "msg/calls.h"

enum { TERNI_SLOTS_MAX = 256 };

typedef struct terni_slot terni_slot;

/* Told of what comes. reply NULL: the server said that nobody serves the subject. */
typedef void (*terni_answered_fn)(terni_exchange *exchange, natsMsg *reply);

typedef struct terni_slots {
    tern_conn *conn;
    terni_answered_fn answered;
    terni_slot *free_slots, *all;
    uint32_t count;
} terni_slots;

/* Gives exchange a slot of its own. out_reply: the reply subject, the slot's, until it is left. RESOURCE_EXHAUSTED: all
 * TERNI_SLOTS_MAX are taken, or no memory; others as nats.c says. A session that broke just now is OK. */
tern_status terni_slot_take(terni_slots *slots, terni_exchange *exchange, const char **out_reply);

/* Ends that. answered: nothing more can come for it; otherwise the slot waits for its fence before it is used again. */
void terni_slot_leave(terni_exchange *exchange, bool answered);

/* Where its reply comes to. */
terni_entry *terni_slot_entry(terni_slot *slot);

/* The server refused a subscription. If it is a slot's inbox, the slot is to be subscribed anew, whether it is in use
 * or not. Returns the exchange that has it, or NULL. */
terni_exchange *terni_slots_refused(terni_slots *slots, const char *subject);

void terni_slots_free(terni_slots *slots);

#endif

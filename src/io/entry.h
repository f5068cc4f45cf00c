/* Entries: what the connection is subscribed to, from session to session. The I/O thread's alone. */
#ifndef TERNI_ENTRY_H
#define TERNI_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "io/natsc.h"

/* nats.c starts a thread for each subscription that leaves its server; so not all do so at once. */
enum { TERNI_LEAVING_MAX = 16 };

struct terni_entry;

/* What an entry is for; all on the I/O thread. */
typedef struct terni_entry_class {
    /* A message; it is the callee's. size: of its payload and headers, bytes. */
    void (*deliver)(struct terni_entry *entry, natsMsg *msg, size_t size);
    /* The server said 503: nobody serves the subject of the request whose reply goes to this entry. */
    void (*no_responders)(struct terni_entry *entry);
    /* The entry has left the table, for good: its memory is the callee's again. */
    void (*gone)(struct terni_entry *entry);
} terni_entry_class;

/* For an entry whose messages nats.c hands over on a thread of its own, as its callback: there a no-responders message
 * keeps its subject. Shared with these threads, which may outlive the session. */
typedef struct terni_threaded {
    natsMsgHandler deliver;   /* with the terni_threaded as its closure */
    void (*hold)(void *self); /* one more subscription uses it */
    natsOnCompleteCB release; /* one fewer */
    /* Both on the I/O thread. The session's subscription is nsub from now on; NULL: there is none. */
    void (*follow)(void *self, const natsSubscription *nsub);
    /* A read of the session is over, and has brought so many messages for it. */
    void (*was_read)(void *self, uint32_t count);
} terni_threaded;

/* In which order entries are looked at for messages. */
typedef enum terni_entry_group {
    TERNI_ENTRY_AWAITED, /* calls in flight, in the order of sending, and the bulk inbox when it has some */
    TERNI_ENTRY_SUB,     /* a subscription, the last one hit first */
    TERNI_ENTRY_ASIDE,   /* a plain subscription of many that seldom get anything, the last one hit first */
    TERNI_ENTRY_IDLE,    /* inboxes without a call: late replies */
    TERNI_ENTRY_GROUPS
} terni_entry_group;

typedef struct terni_entry {
    const terni_entry_class *class;
    terni_threaded *threaded;          /* NULL: drained on the I/O thread */
    uint32_t seen;                     /* threaded: messages that came in this session, already counted */
    uint32_t came;                     /* threaded: in the last read, for terni_entries_drain */
    const char *subject, *queue_group; /* the owner's; queue_group NULL: plain */
    natsSubscription *nsub;            /* in the session; NULL: not yet, or no session */
    natsSubscription *retiring_nsub;   /* in the retiring session */
    struct terni_entry *next, *prev;   /* in its group */
    terni_entry_group group;
    bool in_table;
    bool retiring_left; /* unsubscribed at the retiring session's server */
    bool leaving;       /* unsubscribed at the server; goes when its fence is back */
} terni_entry;

typedef struct terni_entry_table {
    terni_entry *first[TERNI_ENTRY_GROUPS], *last[TERNI_ENTRY_GROUPS];
    terni_entry *threaded; /* the one that is; NULL: none is in the table */
} terni_entry_table;

/* Adds an entry at the end of its group, not yet subscribed. */
void terni_entry_add(terni_entry_table *table, terni_entry *entry, terni_entry_group group);

/* Moves an entry to the end of another group. */
void terni_entry_regroup(terni_entry_table *table, terni_entry *entry, terni_entry_group group);

/* Drops the entry's subscriptions, takes it out of the table, and tells it gone. */
void terni_entry_remove(terni_entry_table *table, terni_entry *entry);

/* Drops the entry's subscription in the retiring session. */
void terni_entry_forget_retiring(terni_entry *entry);

/* Subscribes the entry in a session, unless it is. */
natsStatus terni_entry_subscribe(terni_entry *entry, natsConnection *nc);

/* Asks the server to send it nothing more; what is on its way still comes. */
natsStatus terni_entry_leave(terni_entry *entry);

/* Forgets the subscriptions of a session that is over; retiring: of the retiring one. */
void terni_entries_detach(terni_entry_table *table, bool retiring);

/* Makes the session's subscriptions the retiring session's. */
void terni_entries_retire(terni_entry_table *table);

/* After each read of the session, before terni_entries_drain. */
void terni_entries_was_read(terni_entry_table *table);

/* Hands over what has come for one entry of the session, that is not threaded. Returns how many messages that were. */
uint64_t terni_entry_drain(terni_entry *entry);

/* Hands over what has come for the entries of the session, or of the retiring one. expected: how many
 * messages came, to stop looking when they are found. Returns how many were not. */
uint64_t terni_entries_drain(terni_entry_table *table, bool retiring, uint64_t expected);

#endif

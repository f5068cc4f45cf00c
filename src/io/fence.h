/* Fences: messages to the connection's own inbox. When one comes back, everything that was sent before
 * it has been through the server, and everything the server sent before has been read. */
#ifndef TERNI_FENCE_H
#define TERNI_FENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "io/natsc.h"

/* Embedded in its owner; the I/O thread's from sending until done is called. */
typedef struct terni_fence {
    struct terni_fence *next;
    uint64_t id;
    /* OK: it came back. UNAVAILABLE: the session broke first. PERMISSION_DENIED: the server refuses the
     * connection its inbox. On the I/O thread. */
    void (*done)(struct terni_fence *fence, tern_status status);
} terni_fence;

/* The fences of one session, in the order of sending. */
typedef struct terni_fence_list {
    natsConnection *nc; /* the session's; NULL: closed */
    natsSubscription *nsub;
    char *subject; /* "<inbox>.fence.<number>": no two sessions share one */
    terni_fence *head, *tail;
    uint64_t last_id;
    bool refused; /* the server does not let the connection subscribe to it */
} terni_fence_list;

/* Begins with a session: subscribes to its fence subject. The list must be zeroed or closed. */
natsStatus terni_fences_open(terni_fence_list *list, natsConnection *nc, const char *inbox, uint64_t number);

/* Ends with the session, or before it; those on their way fail with UNAVAILABLE. */
void terni_fences_close(terni_fence_list *list);

/* Sends a fence. On failure it is not on its way, and done is not called. */
natsStatus terni_fence_send(terni_fence_list *list, terni_fence *fence);

/* How many of those on their way have come back and wait for terni_fences_drain, and of how many bytes. */
uint64_t terni_fences_pending(terni_fence_list *list, uint64_t *out_bytes);

/* Ends those that have come back, and drops what somebody else has sent here. To be called when all other messages read
 * so far are handed over. */
void terni_fences_drain(terni_fence_list *list);

/* Ends the oldest with OK: the server refused to pass it on, which proves as much. */
void terni_fence_refused(terni_fence_list *list);

/* The server refused the subscription: fences cannot come back. Ends all with PERMISSION_DENIED. */
void terni_fences_disable(terni_fence_list *list);

#endif

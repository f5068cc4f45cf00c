/* Destroying received messages by the batch. nats.c hands each to a thread of its own to free, and wakes that thread if
 * it sleeps: one by one, that is a wake-up for every message, and then the two are in each other's way for a while. So
 * many wait, where many come in a short time: fan-out to 8 is 2.3 million messages a second with up to 2,048, 2.8 with
 * 16,384, 3.4 with 32,768. Tried, and slower (3.2 for 4.0): to destroy the older half only, so that libc does not give
 * the heap's top back, and take it again, each time. How long they wait at most is the I/O thread's business
 * (io/loop.c). */
#ifndef TERNI_DISCARD_H
#define TERNI_DISCARD_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "io/natsc.h"

enum { TERNI_DISCARD_MSGS = 32768, TERNI_DISCARD_BYTES = 4 * 1024 * 1024 };

/* Of a message, with its headers. */
#define TERNI_SIZE_UNKNOWN SIZE_MAX

/* Messages that wait to be destroyed: so many at the most, and so many bytes. */
typedef struct terni_discard_list {
    natsMsg **msgs;
    size_t count, capacity, bytes;
} terni_discard_list;

typedef struct terni_discard {
    terni_discard_list own; /* the I/O thread's */
    pthread_mutex_t mu;     /* guards others */
    terni_discard_list others;
} terni_discard;

bool terni_discard_init(terni_discard *discard);

/* Destroys those that wait, too. Nobody uses it any more. */
void terni_discard_destroy(terni_discard *discard);

/* Takes msg over. size: of its payload and headers, bytes, or TERNI_SIZE_UNKNOWN. on_io_thread: is this the I/O
 * thread? */
void terni_discard_msg(terni_discard *discard, natsMsg *msg, size_t size, bool on_io_thread);

/* Destroys those that wait. lets_go: keeps no memory for more. On the I/O thread. */
void terni_discard_flush(terni_discard *discard, bool lets_go);

#endif

/* Destroying received messages by the batch. nats.c hands each to a thread of its own to free, and wakes
 * that thread if it sleeps: one by one, that is a wake-up for every message. */
#ifndef TERNI_DISCARD_H
#define TERNI_DISCARD_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "io/natsc.h"

enum { TERNI_DISCARD_MSGS = 512, TERNI_DISCARD_BYTES = 256 * 1024 };

/* The messages that wait to be destroyed: so many at the most, and so many bytes. */
typedef struct terni_discard {
    pthread_mutex_t mu; /* guards what follows */
    natsMsg *msgs[TERNI_DISCARD_MSGS];
    size_t count, bytes;
} terni_discard;

bool terni_discard_init(terni_discard *discard);

/* Destroys those that wait, too. */
void terni_discard_destroy(terni_discard *discard);

/* Takes msg over. size: of its payload and headers, bytes; 0: not known. Any thread. NULL is fine. */
void terni_discard_msg(terni_discard *discard, natsMsg *msg, size_t size);

#endif

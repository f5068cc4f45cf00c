/* Freeing a thread that nats.c keeps in its connect: a server that falls silent after its INFO, or in the
 * TLS handshake, keeps it there for ever (until nats.c 3.8 even turning in circles), whatever its timeout. */
#ifndef TERNI_STALL_H
#define TERNI_STALL_H

#include <stddef.h>
#include <sys/types.h>

#include "core/clock.h"

typedef struct terni_stall {
    int port;            /* the server's */
    terni_time_ms until; /* when the connect should have ended at the latest */
    ino_t *before;       /* the sockets that the process had before it */
    size_t before_count;
} terni_stall;

/* Notes the process's sockets, before a connect to address ("nats://host:port") begins. Without memory
 * it notes nothing, and terni_stall_break does nothing. */
void terni_stall_note(terni_stall *stall, const char *address, terni_time_ms until);

void terni_stall_free(terni_stall *stall);

/* Shuts the stalled connect's socket down, so that it fails. The socket cannot be asked for; it is one that
 * was not there before, leads to that port, has been silent for silent_ms, and is none of the count known
 * descriptors. */
void terni_stall_break(const terni_stall *stall, int silent_ms, const int *known, size_t count);

#endif

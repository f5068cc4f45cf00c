/* Freeing a thread that nats.c keeps in its connect: a server that falls silent after its INFO, or in the
 * TLS handshake, keeps it there for ever (until nats.c 3.8 even turning in circles), whatever its timeout. */
#ifndef TERNI_STALL_H
#define TERNI_STALL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "core/clock.h"

typedef struct terni_stall {
    bool complete;              /* before holds all of them */
    struct addrinfo *addresses; /* the server's; NULL: not known yet, and nothing is broken */
    terni_time_ms until;        /* when the connect should have ended at the latest */
    ino_t *before;              /* the sockets that the process had before it */
    size_t before_count;
} terni_stall;

/* Notes the process's sockets, before a connect begins. */
void terni_stall_note(terni_stall *stall, terni_time_ms until);

/* The addresses behind "nats://host:port", or NULL. May wait for the resolver. */
struct addrinfo *terni_stall_resolve(const char *address);

void terni_stall_free(terni_stall *stall);

/* Shuts the stalled connect's socket down, so that it fails. nats.c does not tell which it is. It is one that
 * was not there before, leads to the server, has been silent for silent_ms, and is none of the count known
 * descriptors. (A connection of the program's own, made meanwhile to the same server, which has fallen
 * silent, could be taken for it.) */
void terni_stall_break(const terni_stall *stall, int silent_ms, const int *known, size_t count);

#endif

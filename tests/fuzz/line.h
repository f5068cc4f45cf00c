/* A connection of Tern's without its thread: the target is its I/O thread, and turns the loop by hand. Its other end
 * is a peer. */
#ifndef FUZZ_LINE_H
#define FUZZ_LINE_H

#include <tern/tern.h>

#include "peer.h"

struct line {
    tern_conn *conn;
    struct peer *peer;
    uint64_t lost; /* of the connection's messages that nats.c refused, when the input began */
};

/* Opens it, and waits until its session is up. */
void line_open(struct line *line);

/* An input begins: what the last one brought about is forgotten. */
void line_begin(struct line *line);

/* Makes this thread the connection's I/O thread. Every other function does, too. */
void line_own(struct line *line);

/* Turns the loop until everything that was sent has been handled, and what that brought about has come to the peer. */
void line_settle(struct line *line);

/* Messages that were accepted and not sent, since line_begin. */
uint64_t line_lost(const struct line *line);

#endif

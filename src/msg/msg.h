/* A received message: nats.c's, with what Tern knows of it. */
#ifndef TERNI_MSG_H
#define TERNI_MSG_H

#include <stdatomic.h>

#include <tern/msg.h>

#include "core/lane.h"
#include "io/natsc.h"

struct tern_msg {
    terni_item item;
    natsMsg *nats;          /* owned */
    tern_conn *conn;        /* for tern_msg_respond */
    terni_time_ms received; /* by a subscription: when it was read; 0: otherwise */
    atomic_uint refs;       /* the library's until the handler has returned, and the program's */
    bool kept;              /* the program has one, and with it holds conn */
    bool is_bare;           /* known to have no headers, or none that can be read */
};

/* Wraps nats, taking it over. size: of its payload and headers, bytes, or TERNI_SIZE_UNKNOWN. NULL: no memory, and nats
 * is the caller's still. */
tern_msg *terni_msg_new(tern_conn *conn, natsMsg *nats, size_t size);

/* Gives the library's ref back; a message that the handler kept lives on. */
void terni_msg_done(tern_msg *msg);

/* The same as tern_msg_headers, but for those whose names are left_out; NULL: none is. */
size_t terni_msg_headers(tern_msg *msg, bool (*left_out)(const char *name), tern_header *out_headers, size_t capacity);

/* Has it no headers? Those that cannot be read are some. */
bool terni_nats_is_bare(natsMsg *nats);

/* Its size with its headers, bytes: known where it has none, and otherwise TERNI_SIZE_UNKNOWN. */
size_t terni_nats_size(natsMsg *nats, bool is_bare);

/* The same as tern_msg_header, without a tern_msg. */
const char *terni_nats_header(natsMsg *nats, const char *name);

/* The same as terni_msg_headers, without a tern_msg. */
size_t terni_nats_headers(natsMsg *nats, bool (*left_out)(const char *name), tern_header *out_headers, size_t capacity);

#endif

/* The way out: nats.c's own connection below a Tern connection. A program that uses it links libnats itself. */
#ifndef TERN_NATS_H
#define TERN_NATS_H

#include <nats/nats.h>

#include <tern/conn.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Calls fn with the session's natsConnection, on the I/O thread, and waits for it to return. The
 * natsConnection is valid only inside fn, which must not block, close or destroy it. For what Tern
 * does not offer (the server's version, the client's IP).
 * Without a session it waits for the next one, for as long as that takes.
 * UNAVAILABLE: on the I/O thread, and there is no session. CANCELLED: closed. */
TERN_API tern_status tern_conn_nats(tern_conn *conn, void (*fn)(natsConnection *nc, void *arg), void *arg,
                                    tern_error *err);

#ifdef __cplusplus
}
#endif

#endif

/* The call engine: requests that wait for one reply each. Raw requests and typed calls both use it. */
#ifndef TERNI_CALLS_H
#define TERNI_CALLS_H

#include "io/conn.h"

/* Makes the engine of a connection that is about to start. NULL: no memory. */
terni_calls_hooks *terni_calls_new(tern_conn *conn);

/* Sends message, whose reply must be NULL, and waits for its reply until message->deadline. The subject
 * must stay valid until it returns. out_reply: the caller's, for natsMsg_Destroy. Statuses as
 * tern_conn_request; err always local. */
tern_status terni_calls_request(tern_conn *conn, terni_outgoing *message, natsMsg **out_reply, tern_error *err);

#endif

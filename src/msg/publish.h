/* Checking and queueing messages to be sent. */
#ifndef TERNI_PUBLISH_H
#define TERNI_PUBLISH_H

#include "io/conn.h"

/* Checks subject, reply, headers and size, as tern_conn_publish_outgoing promises. */
tern_status terni_outgoing_check(const tern_conn *conn, const tern_outgoing *message, tern_error *err);

/* Queues a checked message, and wakes the I/O thread where it must. Fills in may_wait. */
tern_status terni_publish(tern_conn *conn, terni_outgoing *message, tern_error *err);

/* The same as tern_conn_publish_outgoing, and also while the connection drains: an answer to a message that
 * was accepted. */
tern_status terni_publish_answer(tern_conn *conn, const tern_outgoing *message, tern_error *err);

/* OK, or INVALID_ARGUMENT: so many bytes of payload and headers are above what the server takes. */
tern_status terni_payload_check(const tern_conn *conn, const char *subject, size_t bytes, tern_error *err);

#endif

/* From the queue, or past it, to the session. On the I/O thread. */
#ifndef TERNI_SEND_H
#define TERNI_SEND_H

#include "io/conn.h"

/* What the session's buffers are filled up to, bytes: what they hold is lost with the session. */
enum { TERNI_TRANSFER_MAX = 128 * 1024 };

/* Hands the messages of a record to the session, which is not down. False: it is over now, and what is left of the
 * record waits for the next one. */
bool terni_send_record(tern_conn *conn, terni_record *record);

/* Tells a message's sender, if it has one, what became of it. */
void terni_record_settle(const terni_record *record, tern_status status, const char *text);

/* May a message go to the session at once, past the queue, as far as that can be told before it is tried? */
bool terni_send_passes(const tern_conn *conn, const terni_outgoing *message);

/* After that: tries it, with one header (its name NULL: none). False: something is queued that it would overtake, or
 * there is no room; it is to go through the queue. */
bool terni_send_pass(tern_conn *conn, const terni_outgoing *message, const tern_header *header);

#endif

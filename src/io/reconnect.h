/* From session to session: attempts, backoff, liveness, moving away from a lame duck. All of it on the
 * I/O thread. */
#ifndef TERNI_RECONNECT_H
#define TERNI_RECONNECT_H

#include "io/conn.h"

/* Does what is due: results of attempts, lost sessions, notices, timers. */
void terni_reconnect_step(tern_conn *conn);

/* When terni_reconnect_step has something to do at the latest, if nothing wakes the thread before. */
terni_time_ms terni_reconnect_deadline(const tern_conn *conn);

/* Is there a session and nothing but that, has nothing happened to it, and need it not be asked for a sign of life? */
bool terni_reconnect_is_quiet(const tern_conn *conn);

/* Ends all sessions. */
void terni_reconnect_end(tern_conn *conn);

#endif

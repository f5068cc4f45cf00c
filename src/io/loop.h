/* The I/O thread. */
#ifndef TERNI_LOOP_H
#define TERNI_LOOP_H

#include "io/conn.h"

/* The thread's body; arg is the tern_conn, with a hold on it. */
void *terni_loop_main(void *arg);

/* ---- For a caller that would only wait for the I/O thread ---- */

/* Takes the loop from the I/O thread if that sleeps and nothing else is going on. True: this thread is the connection's
 * I/O thread in all but its handlers, until terni_loop_give_back. */
bool terni_loop_borrow(tern_conn *conn);

/* Writes what has gone past the queue, waits until something comes, until the deadline, and hands over what is for
 * entry. False: the rest is for the I/O thread. */
bool terni_loop_serve(tern_conn *conn, terni_entry *entry, terni_time_ms deadline);

/* is_done: nothing is left that the I/O thread would have to wake up for. */
void terni_loop_give_back(tern_conn *conn, bool is_done);

/* ---- The loop ---- */

/* One round of it: does all that can be done now. waits: for something to do, where there is nothing. On the thread
 * that owns the connection's waker. */
void terni_loop_round(tern_conn *conn, bool waits);

#endif

/* The I/O thread. */
#ifndef TERNI_LOOP_H
#define TERNI_LOOP_H

#include "io/conn.h"

/* The thread's body; arg is the tern_conn, with a hold on it. */
void *terni_loop_main(void *arg);

#endif

/* Allocations that fail.
 *
 * A program that has this file is linked with --wrap for malloc, calloc, realloc, strdup, strndup and pthread_create:
 * calls from the program's own objects, Tern's among them, come here; those inside nats.c, protobuf-c and libc do not.
 * Threads that cannot be started count, too. */
#ifndef TEST_FAILING_H
#define TEST_FAILING_H

#include "calc.h"

/* The nth allocation from now on fails, on whichever thread. */
void fail_nth(int n);

/* No more; true: one has failed. */
bool stop_failing(void);

/* Lets some be, and goes on counting with what the other returned. */
int failing_pause(void);
void failing_resume(int n);

/* The call went well, or failed for want of memory on this side or the other. */
void check_survived(tern_status status, const tern_error *err, const char *what, int n);

#endif

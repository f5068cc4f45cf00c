/* Whether a service takes one more request: numbers in, a verdict out. */
#ifndef TERNI_ADMISSION_H
#define TERNI_ADMISSION_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/clock.h"

enum { TERNI_ADMISSION_WINDOW_MS = 100 };

/* What a service has to do when a request arrives. */
typedef struct terni_load {
    terni_time_ms now; /* when it arrived */
    uint64_t in_hand;  /* requests admitted whose handlers have not returned: they run or wait */
    uint64_t deferred; /* requests whose handlers have returned and that are not answered */
    uint64_t handled;  /* handlers that have returned, since the beginning */
    uint64_t busy_ns;  /* what they took, in all */
} terni_load;

/* One thread at a time decides; any may read. */
typedef struct terni_admission {
    uint32_t concurrency;   /* handlers that can run at once */
    uint64_t pending_limit; /* requests that may wait or be deferred */
    atomic_int_fast64_t window_start;
    atomic_uint_fast64_t arrivals; /* in the window, refused ones included */
    atomic_uint_fast64_t mean_ns;  /* of a handler, lately; 0: nobody knows */
    atomic_uint_fast64_t pace_ns;  /* the lesser of mean_ns and of the mean in the window before */
    atomic_bool overloaded;        /* more work came in the window before than handlers can do */
    uint64_t handled, busy_ns;     /* when the window began */
} terni_admission;

void terni_admission_init(terni_admission *admission, uint32_t concurrency, size_t pending_limit, terni_time_ms now);

/* Counts an arrival, and says whether it may wait. */
bool terni_admission_arrives(terni_admission *admission, const terni_load *load);

/* How long an arrival would wait for a handler, by what they took lately. 0 also where nobody knows. */
terni_time_ms terni_admission_wait_ms(const terni_admission *admission, uint64_t in_hand);

/* How many may wait, for an arrival now. */
size_t terni_admission_limit(const terni_admission *admission, terni_time_ms now);

/* Does an estimate of the wait stand on anything? */
bool terni_admission_knows(const terni_admission *admission);

#endif

/* Time, and waiting for it. All of it on the monotonic clock. */
#ifndef TERNI_CLOCK_H
#define TERNI_CLOCK_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/* A point in time, in milliseconds of the monotonic clock. */
typedef int64_t terni_time_ms;

#define TERNI_NEVER INT64_MAX

static inline terni_time_ms terni_now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (terni_time_ms)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* The same clock in nanoseconds: the milliseconds are a millionth of it, rounded down. */
static inline int64_t terni_now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* The time timeout_ms from now. */
terni_time_ms terni_deadline(uint32_t timeout_ms);

/* The first moment at which terni_now_ms, which rounds down, is surely past deadline; not for TERNI_NEVER. */
struct timespec terni_timespec_past(terni_time_ms deadline);

/* Makes a condition variable that terni_cond_wait_until can wait on. False: out of resources. */
bool terni_cond_init(pthread_cond_t *cond);

/* Waits on cond until it is signalled (true) or deadline has passed (false). Spurious wake-ups are
 * the caller's business, as with pthread_cond_wait. */
bool terni_cond_wait_until(pthread_cond_t *cond, pthread_mutex_t *mu, terni_time_ms deadline);

#endif

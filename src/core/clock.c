#include "core/clock.h"

terni_time_ms terni_deadline(uint32_t timeout_ms)
{
    return terni_now_ms() + timeout_ms;
}

struct timespec terni_timespec_past(terni_time_ms deadline)
{
    terni_time_ms passed = deadline + 1;
    return (struct timespec){ .tv_sec = (time_t)(passed / 1000), .tv_nsec = (long)(passed % 1000) * 1000000 };
}

bool terni_cond_init(pthread_cond_t *cond)
{
    pthread_condattr_t attr;
    bool ok = false;
    if (pthread_condattr_init(&attr) != 0) return false;
    if (pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0) ok = pthread_cond_init(cond, &attr) == 0;
    (void)pthread_condattr_destroy(&attr);
    return ok;
}

bool terni_cond_wait_until(pthread_cond_t *cond, pthread_mutex_t *mu, terni_time_ms deadline)
{
    if (deadline == TERNI_NEVER) {
        (void)pthread_cond_wait(cond, mu);
        return true;
    }
    struct timespec at = terni_timespec_past(deadline);
    return pthread_cond_timedwait(cond, mu, &at) == 0;
}

#include "core/waiter.h"

#include <errno.h>
#include <stddef.h>

/* The calling thread's. */
static terni_waiter *self(void)
{
    static _Thread_local terni_waiter own;
    static _Thread_local bool ready;
    if (!ready) ready = sem_init(&own.woken, 0, 0) == 0; /* fails with no libc that Tern runs on (glibc, from 2.30) */
    return &own;
}

static terni_waiter *next_of(const terni_waiter *waiter)
{
    return atomic_load_explicit(&waiter->next, memory_order_relaxed);
}

static void enter(terni_waiter **list, terni_waiter *waiter)
{
    atomic_store_explicit(&waiter->next, *list, memory_order_relaxed);
    waiter->taken = false;
    *list = waiter;
}

static void leave(terni_waiter **list, terni_waiter *waiter)
{
    terni_waiter *before = NULL, *at = *list;
    for (; at != waiter; at = next_of(at)) before = at;
    if (before == NULL) *list = next_of(waiter);
    else atomic_store_explicit(&before->next, next_of(waiter), memory_order_relaxed);
}

/* False: deadline has passed. */
static bool wait_until(sem_t *woken, terni_time_ms deadline)
{
    if (deadline == TERNI_NEVER) {
        while (sem_wait(woken) != 0) continue; /* a signal */
        return true;
    }
    struct timespec at = terni_timespec_past(deadline);
    while (sem_clockwait(woken, CLOCK_MONOTONIC, &at) != 0)
        if (errno != EINTR) return false;
    return true;
}

bool terni_waiter_wait(terni_waiter **list, pthread_mutex_t *mu, terni_time_ms deadline)
{
    terni_waiter *waiter = self();
    enter(list, waiter);
    (void)pthread_mutex_unlock(mu);
    bool woken = wait_until(&waiter->woken, deadline);
    (void)pthread_mutex_lock(mu);
    if (woken) return true;
    if (!waiter->taken) {
        leave(list, waiter);
        return false;
    }
    (void)pthread_mutex_unlock(mu);
    (void)wait_until(&waiter->woken, TERNI_NEVER); /* soon: who took it does nothing in between */
    (void)pthread_mutex_lock(mu);
    return true;
}

terni_waiter *terni_waiters_take(terni_waiter **list)
{
    terni_waiter *taken = *list;
    *list = NULL;
    for (terni_waiter *waiter = taken; waiter != NULL; waiter = next_of(waiter)) waiter->taken = true;
    return taken;
}

void terni_waiters_wake(terni_waiter *taken)
{
    while (taken != NULL) {
        terni_waiter *next = next_of(taken); /* from the post on it may be in another list, or gone */
        (void)sem_post(&taken->woken);
        taken = next;
    }
}

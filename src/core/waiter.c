#include "core/waiter.h"

#include <stddef.h>

/* The calling thread's. */
static terni_waiter *self(void)
{
    static _Thread_local terni_waiter own;
    static _Thread_local bool ready;
    if (!ready) ready = terni_cond_init(&own.cond); /* fails with no libc that Tern runs on */
    return &own;
}

static void leave(terni_waiter **list, const terni_waiter *waiter)
{
    while (*list != waiter) list = &(*list)->next;
    *list = waiter->next;
}

bool terni_waiter_wait(terni_waiter **list, pthread_mutex_t *mu, terni_time_ms deadline)
{
    terni_waiter *waiter = self();
    waiter->next = *list;
    *list = waiter;
    bool woken = terni_cond_wait_until(&waiter->cond, mu, deadline);
    leave(list, waiter);
    return woken;
}

void terni_waiters_wake(terni_waiter *list)
{
    for (terni_waiter *waiter = list; waiter != NULL; waiter = waiter->next) (void)pthread_cond_signal(&waiter->cond);
}

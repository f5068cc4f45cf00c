/* Waiting without a condition in what is waited for: each thread has one of its own, and enters it in a list. */
#ifndef TERNI_WAITER_H
#define TERNI_WAITER_H

#include "core/clock.h"

/* A thread that waits; in one list at a time. */
typedef struct terni_waiter {
    pthread_cond_t cond;
    struct terni_waiter *next;
} terni_waiter;

/* Waits, entered in list, which mu guards and is held, until it is woken (true) or deadline has passed (false). As
 * with pthread_cond_wait, it may also wake for nothing. */
bool terni_waiter_wait(terni_waiter **list, pthread_mutex_t *mu, terni_time_ms deadline);

/* Wakes all in the list, whose mutex is held: a thread may end as soon as it has left the list. */
void terni_waiters_wake(terni_waiter *list);

#endif

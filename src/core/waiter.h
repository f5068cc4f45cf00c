/* Waiting for something that a lock guards, without a condition in it: each thread has a semaphore of its own, and
 * enters it in a list. Who wakes takes the list under the lock, and posts when it has let that go: a thread that runs
 * at once finds it free. For blocking callers, 64 of them, that is a seventh more calls than with conditions. */
#ifndef TERNI_WAITER_H
#define TERNI_WAITER_H

#include <semaphore.h>
#include <stdatomic.h>

#include "core/clock.h"

/* A thread that waits; in one list at a time. */
typedef struct terni_waiter {
    sem_t woken;
    bool listed;                       /* guarded by the list's lock; false: taken, and to be posted */
    struct terni_waiter *_Atomic next; /* in order by lock and semaphore; but TSan does not know sem_clockwait */
} terni_waiter;

/* Waits, entered in list, which mu guards and is held, until it is woken (true) or deadline has passed (false). */
bool terni_waiter_wait(terni_waiter **list, pthread_mutex_t *mu, terni_time_ms deadline);

/* Takes all out of the list, whose mutex is held. They wait, deadline or not, until terni_waiters_wake. */
terni_waiter *terni_waiters_take(terni_waiter **list);

/* Wakes all that were taken. The mutex need not be held. */
void terni_waiters_wake(terni_waiter *taken);

#endif

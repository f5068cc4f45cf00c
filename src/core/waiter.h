/* Waiting for something that a lock guards, without a condition variable of its own: each thread has a semaphore, and
 * enters it in a list. Whoever wakes takes the list under the lock, but posts after unlocking, so that a woken thread
 * finds the lock free. With conditions, signalled under the lock, 64 callers made 51,600 calls a second for 59,000
 * ("blocking calls, 64 callers", side by side on 2 cores). */
#ifndef TERNI_WAITER_H
#define TERNI_WAITER_H

#include <semaphore.h>
#include <stdatomic.h>

#include "core/clock.h"

/* A thread that waits; in one list at a time. */
typedef struct terni_waiter {
    sem_t woken;
    bool taken;                        /* out of its list, and to be posted; guarded by the list's lock */
    struct terni_waiter *_Atomic next; /* atomic for TSan alone, which does not know that sem_clockwait orders */
} terni_waiter;

/* Waits, entered in list, which mu guards and is held, until it is woken (true) or deadline has passed (false). */
bool terni_waiter_wait(terni_waiter **list, pthread_mutex_t *mu, terni_time_ms deadline);

/* Takes all out of the list, whose mutex is held. They wait, deadline or not, until terni_waiters_wake. */
terni_waiter *terni_waiters_take(terni_waiter **list);

/* Wakes all that were taken, after unlocking. Soon, since their deadlines do not end the wait. */
void terni_waiters_wake(terni_waiter *taken);

#endif

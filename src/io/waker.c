/* A waker makes its work visible and then sets SIGNALLED; the sleeper, once it finds that, sets AWAKE and then looks
 * for work, and goes to sleep only from AWAKE. So work made visible after the look finds either ASLEEP, and writes to
 * the event_fd, or AWAKE, and the sleeper does not fall asleep. */
#include "io/waker.h"

#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

bool terni_waker_init(terni_waker *waker)
{
    atomic_init(&waker->state, TERNI_AWAKE);
    waker->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return waker->event_fd >= 0;
}

void terni_waker_destroy(terni_waker *waker)
{
    (void)close(waker->event_fd);
}

static _Thread_local const terni_waker *own;

void terni_waker_own(const terni_waker *waker)
{
    own = waker;
}

bool terni_waker_is_own(const terni_waker *waker)
{
    return own == waker;
}

bool terni_waker_is_any_own(void)
{
    return own != NULL;
}

void terni_waker_wake(terni_waker *waker)
{
    if (own == waker) return;
    if (atomic_load(&waker->state) == TERNI_SIGNALLED) return;
    if (atomic_exchange(&waker->state, TERNI_SIGNALLED) != TERNI_ASLEEP) return;
    uint64_t one = 1;
    ssize_t wrote = write(waker->event_fd, &one, sizeof one); /* fails only when it is readable anyway */
    (void)wrote;
}

bool terni_waker_sleep(terni_waker *waker)
{
    int awake = TERNI_AWAKE;
    return atomic_compare_exchange_strong(&waker->state, &awake, TERNI_ASLEEP);
}

void terni_waker_awake(terni_waker *waker, bool readable)
{
    int asleep = TERNI_ASLEEP;
    if (readable) {
        uint64_t count;
        ssize_t got = read(waker->event_fd, &count, sizeof count);
        (void)got;
    }
    (void)atomic_compare_exchange_strong(&waker->state, &asleep, TERNI_AWAKE);
}

bool terni_waker_signalled(terni_waker *waker)
{
    if (atomic_load(&waker->state) != TERNI_SIGNALLED) return false;
    atomic_store(&waker->state, TERNI_AWAKE);
    return true;
}

/* Waking an I/O thread out of poll, and only when it sleeps there. */
#ifndef TERNI_WAKER_H
#define TERNI_WAKER_H

#include <stdatomic.h>
#include <stdbool.h>

typedef enum terni_waker_state {
    TERNI_AWAKE,     /* looking for work, or about to */
    TERNI_SIGNALLED, /* awake, and told that there is more */
    TERNI_ASLEEP     /* in poll */
} terni_waker_state;

typedef struct terni_waker {
    int event_fd;
    atomic_int state; /* a terni_waker_state */
} terni_waker;

bool terni_waker_init(terni_waker *waker);
void terni_waker_destroy(terni_waker *waker);

/* The I/O thread says that it is the one; so does a thread that has borrowed its loop, and then with NULL that it is
 * that no more. */
void terni_waker_own(const terni_waker *waker);

/* Is this the waker's I/O thread? The I/O thread of any waker? */
bool terni_waker_is_own(const terni_waker *waker);
bool terni_waker_is_any_own(void);

/* Any thread, after making work visible. On the I/O thread it does nothing: that looks for work anyway
 * before it sleeps, but into the queue only where terni_conn_wake_to_send has said so. */
void terni_waker_wake(terni_waker *waker);

/* The I/O thread, before poll. False: signalled meanwhile; look for work instead. */
bool terni_waker_sleep(terni_waker *waker);

/* The I/O thread, after poll. readable: the event_fd is. */
void terni_waker_awake(terni_waker *waker, bool readable);

/* The I/O thread: is there work since it last asked? To be asked before it looks for that. */
bool terni_waker_signalled(terni_waker *waker);

#endif

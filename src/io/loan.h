/* The loop, lent: a thread that would only wait until the I/O thread has been woken, has written, slept, read, and
 * woken it in turn does that itself, while the I/O thread sleeps on. */
#ifndef TERNI_LOAN_H
#define TERNI_LOAN_H

#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "io/waker.h"

typedef enum terni_loan_state {
    TERNI_LOAN_KEPT,    /* the I/O thread has the loop */
    TERNI_LOAN_OFFERED, /* it sleeps, and who comes first may take it */
    TERNI_LOAN_OUT,     /* somebody has it */
    TERNI_LOAN_RECALLED /* somebody has it, and the I/O thread waits for it */
} terni_loan_state;

typedef struct terni_loan {
    atomic_int state;   /* a terni_loan_state */
    atomic_bool wanted; /* somebody asked: an offer is worth its system calls */
    sem_t back;         /* posted when the I/O thread waits for the loop */
    int recall_fd;      /* readable while RECALLED; -1: not yet */
    /* Whoever has the loop: */
    int watch_fd;     /* an epoll, of the waker (0) and the session's socket (1); -1: none */
    int socket;       /* in it */
    uint64_t session; /* whose that is, by its number */
} terni_loan;

bool terni_loan_init(terni_loan *loan);
void terni_loan_destroy(terni_loan *loan);

/* ---- The I/O thread ---- */

/* Has somebody asked for the loop, so that it is worth while to offer it? */
static inline bool terni_loan_is_wanted(const terni_loan *loan)
{
    return atomic_load_explicit(&loan->wanted, memory_order_relaxed);
}

/* Can it be offered? Watches the session's socket from now on. */
bool terni_loan_can_offer(terni_loan *loan, const terni_waker *waker, int socket, uint64_t session);

/* Offers the loop, and sleeps for timeout_ms at most, until the waker or the socket is ready; while it is lent, the
 * waker alone. Afterwards the loop is back. out_events: of poll, for each of the two. out_recalled: it was lent just
 * then. Returns how many of them are ready. */
int terni_loan_sleep(terni_loan *loan, int timeout_ms, short out_events[2], bool *out_recalled);

/* ---- Any other thread ---- */

/* Takes the loop if it is offered: all that is the I/O thread's is this thread's until terni_loan_give_back. */
bool terni_loan_take(terni_loan *loan);
void terni_loan_give_back(terni_loan *loan);

#endif

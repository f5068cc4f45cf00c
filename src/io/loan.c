/* Who owns what: the loop, and with it all of conn->io, is the I/O thread's, but between terni_loan_take and
 * terni_loan_give_back, when it is the taker's. state says which; it is changed by compare-and-swap alone, and hands
 * over what the former owner has written.
 *
 * The I/O thread sleeps in an epoll, from which the taker removes the socket for its time: so what comes wakes the
 * taker alone. The I/O thread wakes by the waker or its time-out, recalls the loop where it is lent (recall_fd, which
 * the taker polls), and waits for it (back); so the taker runs nothing of the program's meanwhile. An epoll serves one
 * session: where a child process still has the socket, closing it here would not take it out. */
#include "io/loan.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { WATCHED = EPOLLIN | EPOLLRDHUP };

bool terni_loan_init(terni_loan *loan)
{
    loan->watch_fd = loan->recall_fd = -1;
    return sem_init(&loan->back, 0, 0) == 0;
}

static void close_fd(int *fd)
{
    if (*fd >= 0) (void)close(*fd);
    *fd = -1;
}

void terni_loan_destroy(terni_loan *loan)
{
    close_fd(&loan->watch_fd);
    close_fd(&loan->recall_fd);
    (void)sem_destroy(&loan->back);
}

static bool watch(const terni_loan *loan, int operation, int fd, uint32_t events, uint32_t index)
{
    struct epoll_event event = { .events = events, .data.u32 = index };
    return epoll_ctl(loan->watch_fd, operation, fd, &event) == 0;
}

static bool set_up(terni_loan *loan, const terni_waker *waker, int socket)
{
    if (loan->recall_fd < 0) loan->recall_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    loan->watch_fd = epoll_create1(EPOLL_CLOEXEC);
    return loan->recall_fd >= 0 && loan->watch_fd >= 0 && watch(loan, EPOLL_CTL_ADD, waker->event_fd, EPOLLIN, 0) &&
           watch(loan, EPOLL_CTL_ADD, socket, WATCHED, 1);
}

bool terni_loan_can_offer(terni_loan *loan, const terni_waker *waker, int socket, uint64_t session)
{
    if (loan->watch_fd >= 0 && loan->session == session) return true;
    close_fd(&loan->watch_fd);
    if (!set_up(loan, waker, socket)) {
        close_fd(&loan->watch_fd);
        atomic_store(&loan->wanted, false); /* to be tried again when the next one asks */
        return false;
    }
    loan->socket = socket;
    loan->session = session;
    return true;
}

static bool change(terni_loan *loan, int from, int to)
{
    return atomic_compare_exchange_strong(&loan->state, &from, to);
}

/* Ends the offer. True: the loop was lent, and has been waited for. */
static bool take_back(terni_loan *loan)
{
    uint64_t count = 1;
    do {
        if (change(loan, TERNI_LOAN_OFFERED, TERNI_LOAN_KEPT)) return false;
    } while (!change(loan, TERNI_LOAN_OUT, TERNI_LOAN_RECALLED));
    ssize_t done = write(loan->recall_fd, &count, sizeof count);
    while (sem_wait(&loan->back) != 0) continue;
    done = read(loan->recall_fd, &count, sizeof count);
    (void)done;
    return true;
}

int terni_loan_sleep(terni_loan *loan, int timeout_ms, short out_events[2], bool *out_recalled)
{
    struct epoll_event events[2];
    atomic_store(&loan->state, TERNI_LOAN_OFFERED);
    int ready = epoll_wait(loan->watch_fd, events, 2, timeout_ms);
    *out_recalled = take_back(loan);
    for (int i = 0; i < ready; i++) out_events[events[i].data.u32] = (short)events[i].events; /* poll's bits */
    return ready;
}

bool terni_loan_take(terni_loan *loan)
{
    bool offered = atomic_load_explicit(&loan->state, memory_order_relaxed) == TERNI_LOAN_OFFERED;
    if (!offered || !change(loan, TERNI_LOAN_OFFERED, TERNI_LOAN_OUT)) {
        if (!terni_loan_is_wanted(loan)) atomic_store(&loan->wanted, true);
        return false;
    }
    (void)watch(loan, EPOLL_CTL_MOD, loan->socket, 0, 1);
    return true;
}

void terni_loan_give_back(terni_loan *loan)
{
    (void)watch(loan, EPOLL_CTL_MOD, loan->socket, WATCHED, 1);
    if (change(loan, TERNI_LOAN_OUT, TERNI_LOAN_OFFERED)) return;
    atomic_store(&loan->state, TERNI_LOAN_KEPT);
    (void)sem_post(&loan->back);
}

/* One I/O thread for each connection. It alone uses the connection of nats.c (the connector of io/session.c
 * excepted), and it alone touches conn->io.
 *
 * Out: publishers append to conn->out and wake the thread if it sleeps. Once a round it takes all that has
 * gathered, hands it to the session (io/send.h) up to TERNI_TRANSFER_MAX bytes, and writes once: the batch grows with
 * the load. Only when the session's buffers are empty does it hand over more, so that a partial write never moves more
 * than that, and what is not yet handed over outlives the session. What is published on this thread goes to the session
 * at once, while nothing is queued that it would overtake (terni_send_pass).
 *
 * A round with GATHER_MIN frames means that somebody streams: then it looks again after GATHER_NS, and patient
 * publishers do not wake it meanwhile. Nor does anybody with a message while the socket is full.
 *
 * Tried, and slower on two cores, which client, service and server share: to poll for 50 or 300 us before it sleeps; a
 * lone caller's median goes from 243 to 317 and 602 us.
 * Tried, without gain: to yield the processor before a small write, so that more gathers; to gather for 40 or 60 us; a
 * timer slack of 1 us. Tried, and slower: to go on taking while there is something; the two threads then fight for the
 * queue's lock, message by message.
 *
 * In: after each read it hands over what came, subscription by subscription (io/entry.h), and fences
 * last.
 *
 * Lent (io/loan.h): while the thread sleeps and nothing else is going on, a caller that waits for a reply and is the
 * only one may have the loop, to write its request, poll and read, without a hop to this thread and back. It hands over
 * what is for itself alone, and runs no handler. As soon as there is anything else to do, for it or for this thread,
 * it gives the loop back and waits as others do; and then the loop is not lent for LEND_AGAIN_MS.
 *
 * Who wakes it: publishers (terni_conn_wake_to_send), controls, the connector and nats.c's notices
 * (io/session.c), tern_conn_close. Timers are looked at in every round. */
#include "io/loop.h"

#include <limits.h>
#include <poll.h>
#include <string.h>

#include "io/reconnect.h"
#include "io/send.h"

enum { POLL_FDS = 3, HUNG_UP = POLLHUP | POLLRDHUP | POLLERR };
enum { GATHER_MIN = 32, GATHER_NS = 20000, DISCARD_AFTER_MS = 50, LEND_AGAIN_MS = 100 };

/* ---- Out ---- */

/* Hands records to the session until its buffers hold enough, or reading is to have its turn; of the queue it takes
 * once, unless something is left from the round before. False: the session is over. */
static bool fill_session(tern_conn *conn)
{
    terni_io *io = &conn->io;
    io->refilled = io->taken != NULL; /* then this is no look into the queue */
    if (io->taken == NULL) io->taken = terni_outbound_take(&conn->out);
    while (io->taken != NULL && terni_conn_unwritten(conn) < TERNI_TRANSFER_MAX && !io->read_next) {
        terni_record *record = io->taken, *next = record->next;
        if (terni_session_is_down(io->session)) return false;
        if (record->kind == TERNI_RECORD_CONTROL) {
            io->taken = next; /* first: run may free the record, or queue it again */
            record->run(record, false);
            continue;
        }
        if (!terni_send_record(conn, record)) return false;
        io->taken = next;
        terni_outbound_recycle(&conn->out, record);
    }
    return true;
}

/* May there be something in the queue? Who queues a message without waking the thread was told not to. */
static bool has_to_take(const tern_conn *conn)
{
    return conn->io.refilled || conn->io.taken != NULL ||
           atomic_load_explicit(&conn->out.wakes, memory_order_relaxed) != TERNI_WAKES_ALWAYS;
}

static void set_wakes(tern_conn *conn, terni_wakes wakes)
{
    if (atomic_load_explicit(&conn->out.wakes, memory_order_relaxed) != (int)wakes)
        atomic_store(&conn->out.wakes, wakes);
}

/* Is there something to write that waits until poll says that the socket has room? Not so what has just gone past the
 * queue. */
static bool waits_for_socket(const tern_conn *conn)
{
    return !terni_session_takes_frames(conn->io.session) ||
           atomic_load_explicit(&conn->out.wakes, memory_order_relaxed) == TERNI_WAKES_NEVER;
}

/* Sends what is queued, as far as the socket takes it, and not more than a buffer full: reading has its
 * turn too. True: there is more that could be sent. */
static bool transfer(tern_conn *conn)
{
    terni_io *io = &conn->io;
    bool takes = has_to_take(conn);
    if (io->hush != TERNI_NOT_HUSHED || (!takes && terni_conn_unwritten(conn) == 0)) return false;
    if (!terni_session_wants_write(io->session)) terni_conn_written(conn);
    else if (waits_for_socket(conn)) return false;
    set_wakes(conn, TERNI_WAKES_ALWAYS); /* first, so that a message is either seen now or wakes */
    io->read_next = false;
    io->frames_handed = 0;
    bool is_up = !takes || fill_session(conn);
    if (terni_session_wants_write(io->session)) terni_session_write(io->session);
    if (terni_session_wants_write(io->session)) {
        set_wakes(conn, TERNI_WAKES_NEVER);
        return false;
    }
    terni_conn_written(conn);
    io->gathers = io->frames_handed >= GATHER_MIN;
    if (io->gathers) set_wakes(conn, TERNI_WAKES_IMPATIENT);
    return is_up && (io->taken != NULL || io->refilled);
}

/* Without a session: what a drain waits for and needs none, as far as no message stands before it. */
static void run_without_session(tern_conn *conn)
{
    terni_io *io = &conn->io;
    for (;;) {
        if (io->taken == NULL) io->taken = terni_outbound_take(&conn->out);
        terni_record *record = io->taken;
        if (record == NULL || record->kind != TERNI_RECORD_CONTROL || !record->needs_no_session) return;
        io->taken = record->next;
        record->run(record, false);
    }
}

/* ---- In ---- */

/* What came, fences apart. */
static void count_in(tern_conn *conn, uint64_t messages, uint64_t bytes)
{
    terni_conn_count(&conn->msgs_in, messages);
    terni_conn_count(&conn->bytes_in, bytes);
}

/* Hands over what has been read. */
static void hand_over(tern_conn *conn)
{
    terni_io *io = &conn->io;
    uint64_t msgs = 0, bytes = 0, fence_bytes = 0;
    terni_entries_was_read(&io->entries);
    terni_session_received(io->session, &msgs, &bytes);
    if (msgs <= io->seen_msgs) return;
    uint64_t fences = terni_fences_pending(&io->fences, &fence_bytes);
    uint64_t came = msgs - io->seen_msgs - fences;
    count_in(conn, came, bytes - io->seen_bytes - fence_bytes);
    io->seen_msgs = msgs;
    io->seen_bytes = bytes;
    uint64_t missing = terni_entries_drain(&io->entries, false, came);
    if (fences > 0 || missing > 0) terni_fences_drain(&io->fences); /* missing: what is no fence of this side's */
}

static void receive(tern_conn *conn, bool hung_up)
{
    terni_session_read(conn->io.session, hung_up);
    conn->io.last_heard = conn->io.now;
    hand_over(conn);
}

/* On a borrowed loop: reads, and hands over what came for entry. False: something else came, or has happened. */
static bool receive_for(tern_conn *conn, terni_entry *entry)
{
    terni_io *io = &conn->io;
    uint64_t msgs = 0, bytes = 0;
    terni_session_read(io->session, false);
    io->last_heard = io->now;
    terni_session_received(io->session, &msgs, &bytes);
    io->unhanded = terni_entry_drain(entry) != msgs - io->seen_msgs; /* then all is counted there */
    if (io->unhanded) return false;
    count_in(conn, msgs - io->seen_msgs, bytes - io->seen_bytes);
    io->seen_msgs = msgs;
    io->seen_bytes = bytes;
    return terni_session_is_quiet(io->session) && !terni_session_wants_write(io->session);
}

static void receive_retiring(tern_conn *conn, bool hung_up)
{
    terni_io *io = &conn->io;
    terni_session_read(io->retiring, hung_up);
    terni_entries_drain(&io->entries, true, UINT64_MAX);
    terni_fences_drain(&io->retiring_fences);
}

/* ---- The loop ---- */

static struct pollfd poll_for(terni_session *session)
{
    struct pollfd fd = { .fd = -1 };
    if (session == NULL) return fd;
    fd.fd = terni_session_fd(session);
    fd.events = terni_session_wants_write(session) ? POLLIN | POLLRDHUP | POLLOUT : POLLIN | POLLRDHUP;
    return fd;
}

static terni_time_ms next_deadline(tern_conn *conn)
{
    terni_time_ms reconnect = terni_reconnect_deadline(conn), calls = conn->calls->deadline(conn->calls);
    return reconnect < calls ? reconnect : calls;
}

/* How long to sleep at most. */
static int sleep_ms(tern_conn *conn)
{
    terni_time_ms deadline = next_deadline(conn), longest = 60000;
    terni_time_ms left = deadline == TERNI_NEVER ? longest : deadline - terni_now_ms();
    if (left <= 0) return 0;
    return (int)(left < longest ? left : longest);
}

/* May who calls and waits have the loop while this thread sleeps? */
static bool can_lend(tern_conn *conn)
{
    const terni_io *io = &conn->io;
    return terni_loan_is_wanted(&conn->loan) && !io->gathers && io->now >= io->lend_at &&
           terni_reconnect_is_quiet(conn) && terni_session_can_be_lent(io->session) &&
           terni_loan_can_offer(&conn->loan, &conn->waker, terni_session_fd(io->session), io->sessions);
}

/* Waits until one of fds is ready, or a timer is due. */
static int wait_for(tern_conn *conn, struct pollfd fds[POLL_FDS], bool sleeps)
{
    terni_io *io = &conn->io;
    if (sleeps && can_lend(conn)) {
        short events[2] = { 0 };
        bool recalled = false;
        int ready = terni_loan_sleep(&conn->loan, sleep_ms(conn), events, &recalled);
        if (recalled) io->lend_at = terni_deadline(LEND_AGAIN_MS);
        fds[0].revents = events[0];
        fds[1].revents = events[1];
        return ready;
    }
    nfds_t count = io->retiring == NULL ? POLL_FDS - 1 : POLL_FDS;
    if (sleeps && io->gathers) return ppoll(fds, count, &(struct timespec){ .tv_nsec = GATHER_NS }, NULL);
    return poll(fds, count, sleeps ? sleep_ms(conn) : 0);
}

/* Where little comes, messages are not to wait until there are many. Those of the last round wait for the next one. */
static void discard_old(tern_conn *conn)
{
    terni_discard_flush(&conn->discard, false);
    conn->io.discard_at = conn->io.now + DISCARD_AFTER_MS;
}

/* Nothing came until the next timer. */
static void tidy_up(tern_conn *conn)
{
    terni_discard_flush(&conn->discard, true);
    terni_outbound_trim(&conn->out);
}

/* Poll says that the socket has room. */
static void write_on(tern_conn *conn)
{
    terni_io *io = &conn->io;
    terni_session_write(io->session);
    if (terni_session_wants_write(io->session)) return;
    terni_conn_written(conn);
    io->refilled = true;
    set_wakes(conn, TERNI_WAKES_ALWAYS);
}

/* Waits for something to do, unless there is more to do anyway, and does what the sockets ask for. */
static void wait_and_serve(tern_conn *conn, bool more)
{
    terni_io *io = &conn->io;
    struct pollfd fds[POLL_FDS] = { { .fd = conn->waker.event_fd, .events = POLLIN },
                                    poll_for(io->session),
                                    poll_for(io->retiring) };
    bool sleeps = !more && terni_waker_sleep(&conn->waker);
    int ready = wait_for(conn, fds, sleeps);
    io->now = terni_now_ms();
    terni_waker_awake(&conn->waker, ready > 0 && fds[0].revents != 0);
    if (ready == 0 && sleeps && !io->gathers) tidy_up(conn);
    else if (io->now >= io->discard_at) discard_old(conn);
    if (io->unhanded) hand_over(conn);
    io->unhanded = false;
    if (ready <= 0) return;
    if ((fds[1].revents & POLLOUT) != 0 && terni_session_wants_write(io->session)) write_on(conn);
    if ((fds[1].revents & ~POLLOUT) != 0) receive(conn, (fds[1].revents & HUNG_UP) != 0);
    if ((fds[2].revents & POLLOUT) != 0 && terni_session_wants_write(io->retiring)) terni_session_write(io->retiring);
    if ((fds[2].revents & ~POLLOUT) != 0) receive_retiring(conn, (fds[2].revents & HUNG_UP) != 0);
}

/* ---- Borrowed ---- */

bool terni_loop_borrow(tern_conn *conn)
{
    if (!terni_loan_take(&conn->loan)) return false;
    terni_waker_own(&conn->waker);
    conn->io.now = terni_now_ms();
    return true;
}

void terni_loop_give_back(tern_conn *conn, bool is_done)
{
    if (!is_done) conn->io.lend_at = conn->io.now + LEND_AGAIN_MS;
    terni_waker_own(NULL);
    terni_loan_give_back(&conn->loan);
    if (!is_done) terni_waker_wake(&conn->waker);
}

bool terni_loop_serve(tern_conn *conn, terni_entry *entry, terni_time_ms deadline)
{
    terni_io *io = &conn->io;
    terni_session_write(io->session);
    if (terni_session_wants_write(io->session)) return false;
    terni_conn_written(conn);
    terni_time_ms left = deadline - io->now;
    if (left <= 0) return false;
    struct pollfd fds[] = { { .fd = conn->loan.recall_fd, .events = POLLIN }, poll_for(io->session) };
    int ready = poll(fds, 2, left > INT_MAX ? INT_MAX : (int)left);
    io->now = terni_now_ms();
    if (io->now >= io->discard_at) discard_old(conn);
    return ready == 1 && fds[1].revents == POLLIN && receive_for(conn, entry);
}

/* ---- The end ---- */

/* Nothing will be sent any more: messages are lost, controls are told. */
static void drop_queued(tern_conn *conn)
{
    terni_record *record = conn->io.taken;
    if (record == NULL) record = terni_outbound_take(&conn->out);
    while (record != NULL) {
        terni_record *next = record->next;
        if (record->kind == TERNI_RECORD_CONTROL) {
            record->run(record, true);
        } else {
            uint32_t messages = record->kind == TERNI_RECORD_FRAMES ? record->frame_count : 1;
            (void)atomic_fetch_add_explicit(&conn->dropped_out, messages, memory_order_relaxed);
            terni_outbound_left(&conn->out, record->weight);
            terni_record_settle(record, TERN_CANCELLED, NULL);
            terni_outbound_recycle(&conn->out, record);
        }
        record = next != NULL ? next : terni_outbound_take(&conn->out);
    }
    conn->io.taken = NULL;
}

static void remove_entries(terni_entry_table *table)
{
    for (int group = 0; group < TERNI_ENTRY_GROUPS; group++)
        while (table->first[group] != NULL) terni_entry_remove(table, table->first[group]);
}

/* What has gone past the queue in the last round counts as sent, and so leaves, as far as the socket takes it. */
static void write_passed(tern_conn *conn)
{
    terni_session *session = conn->io.session;
    bool writes = session != NULL && !terni_session_is_down(session) && terni_session_takes_frames(session) &&
                  terni_session_wants_write(session);
    if (writes) terni_session_write(session);
}

/* The end: the connection is closed, and the queue refuses everything. */
static void wind_up(tern_conn *conn)
{
    terni_outbound_refuse(&conn->out, TERN_CANCELLED);
    write_passed(conn);
    drop_queued(conn);
    terni_reconnect_end(conn);
    remove_entries(&conn->io.entries);
    conn->calls->closed(conn->calls);
    terni_discard_flush(&conn->discard, true);
    terni_servers_free(&conn->io.servers);
    nats_ReleaseThreadMemory();
    terni_conn_ended(conn);
}

/* Its descriptor is closed, and perhaps somebody else's by now. */
static bool is_down(const terni_session *session)
{
    return session != NULL && terni_session_is_down(session);
}

void terni_loop_round(tern_conn *conn, bool waits)
{
    conn->io.gathers = false;
    if (terni_waker_signalled(&conn->waker)) conn->io.refilled = true;
    terni_conn_tell_deferred(conn);
    terni_reconnect_step(conn);
    conn->calls->step(conn->calls);
    bool more = conn->io.session != NULL && transfer(conn);
    if (conn->io.session == NULL && atomic_load(&conn->draining)) run_without_session(conn);
    if (atomic_load(&conn->stop)) more = true; /* that signal has been taken above, or it came from this thread */
    if (!is_down(conn->io.session) && !is_down(conn->io.retiring)) wait_and_serve(conn, more || !waits);
    else conn->io.now = terni_now_ms();
}

void *terni_loop_main(void *arg)
{
    tern_conn *conn = arg;
    terni_waker_own(&conn->waker);
    conn->io.now = terni_now_ms();
    while (!atomic_load(&conn->stop)) terni_loop_round(conn, true);
    wind_up(conn);
    terni_conn_release(conn);
    return NULL;
}

/* The ways a connection ends: closed at once, drained, and freed. And flush, which drain needs.
 *
 * A drain has a thread of its own, so that it can be begun from anywhere and waited for by several.
 * It goes through the members with no lock held, each kept alive by a hold. What it waits for is done
 * by pools and the I/O thread; so it runs on neither. A thread that dispatches a queue and waits for a drain runs what
 * the queue holds meanwhile: nobody else would. */
#include <stdlib.h>

#include "core/error.h"
#include "core/queue.h"
#include "core/thread.h"
#include "io/conn.h"

enum { DRAIN_DEFAULT_MS = 30000, FLUSH_DEFAULT_MS = 10000, LOOK_EVERY_MS = 5 };

/* ---- Going through the members ---- */

static void close_members(tern_conn *conn)
{
    (void)pthread_mutex_lock(&conn->mu);
    for (terni_member *member = conn->members; member != NULL; member = member->next)
        if (member->begin_drain != NULL) terni_lane_close(member->lane);
    (void)pthread_mutex_unlock(&conn->mu);
}

/* A hold on a member that the drain has not yet taken through the step, or NULL. */
static terni_member *next_to_drain(tern_conn *conn, uint32_t step)
{
    (void)pthread_mutex_lock(&conn->mu);
    terni_member *member = conn->members;
    while (member != NULL &&
           (member->begin_drain == NULL || member->drain_step >= step || !terni_lane_try_retain(member->lane)))
        member = member->next;
    if (member != NULL) member->drain_step = step;
    (void)pthread_mutex_unlock(&conn->mu);
    return member;
}

static bool drain_members(tern_conn *conn, terni_time_ms deadline)
{
    enum { BEGUN = 1, WAITED_FOR = 2 };
    bool done = true;
    terni_member *member;
    while ((member = next_to_drain(conn, BEGUN)) != NULL) {
        member->begin_drain(member);
        terni_lane_release(member->lane);
    }
    while ((member = next_to_drain(conn, WAITED_FOR)) != NULL) {
        done &= member->wait_drained(member, deadline);
        terni_lane_release(member->lane);
    }
    return done;
}

/* Does a handler of the member run, or will one? */
static bool has_work(const terni_member *member)
{
    return terni_lane_busy(member->lane) || (member->begin_drain == NULL && terni_lane_pending(member->lane) > 0);
}

/* Waits until no handler runs. The connection is closed: none starts but callbacks of calls, which run to the last. */
static void wait_quiet(tern_conn *conn)
{
    for (;;) {
        (void)pthread_mutex_lock(&conn->mu);
        terni_member *member = conn->members;
        while (member != NULL && !(has_work(member) && terni_lane_try_retain(member->lane))) member = member->next;
        terni_lane *lane = member == NULL ? NULL : member->lane;
        bool runs_all = member != NULL && member->begin_drain == NULL;
        (void)pthread_mutex_unlock(&conn->mu);
        if (lane == NULL) break;
        if (runs_all) (void)terni_lane_wait_empty(lane, TERNI_NEVER);
        else (void)terni_lane_wait_quiet(lane, TERNI_NEVER);
        terni_lane_release(lane);
    }
    (void)terni_lane_wait_empty(&conn->events, TERNI_NEVER);
}

static bool inside_handler(tern_conn *conn)
{
    bool inside = terni_lane_inside(&conn->events);
    (void)pthread_mutex_lock(&conn->mu);
    for (terni_member *member = conn->members; member != NULL && !inside; member = member->next)
        inside = terni_lane_inside(member->lane);
    (void)pthread_mutex_unlock(&conn->mu);
    return inside;
}

/* ---- Flush ---- */

/* One flush: a control that sends a fence. Shared by the waiter and the I/O thread, whoever is last
 * frees it, since the waiter may give up. */
typedef struct flush {
    terni_record record;
    terni_fence fence;
    tern_conn *conn; /* held */
    pthread_mutex_t mu;
    pthread_cond_t ended;
    bool done, abandoned; /* mu */
    tern_status status;
} flush;

static void flush_free(flush *f)
{
    tern_conn *conn = f->conn;
    (void)pthread_cond_destroy(&f->ended);
    (void)pthread_mutex_destroy(&f->mu);
    free(f);
    terni_conn_release(conn);
}

static void flush_end(flush *f, tern_status status)
{
    (void)pthread_mutex_lock(&f->mu);
    f->done = true;
    f->status = status;
    bool abandoned = f->abandoned;
    (void)pthread_cond_signal(&f->ended);
    (void)pthread_mutex_unlock(&f->mu);
    if (abandoned) flush_free(f);
}

static void flush_fence_done(terni_fence *fence, tern_status status)
{
    flush_end(TERNI_CONTAINER(fence, flush, fence), status);
}

static void flush_run(terni_record *record, bool dropped)
{
    flush *f = TERNI_CONTAINER(record, flush, record);
    if (dropped) {
        flush_end(f, TERN_CANCELLED);
        return;
    }
    natsStatus s = terni_fence_send(&f->conn->io.fences, &f->fence);
    if (s != NATS_OK) flush_end(f, s == NATS_NOT_PERMITTED ? TERN_PERMISSION_DENIED : TERN_UNAVAILABLE);
}

static flush *flush_new(tern_conn *conn)
{
    flush *f = calloc(1, sizeof *f);
    if (f == NULL) return NULL;
    f->record.run = flush_run;
    f->fence.done = flush_fence_done;
    f->conn = conn;
    if (pthread_mutex_init(&f->mu, NULL) != 0) goto no_mutex;
    if (!terni_cond_init(&f->ended)) goto no_cond;
    terni_conn_retain(conn);
    return f;
no_cond:
    (void)pthread_mutex_destroy(&f->mu);
no_mutex:
    free(f);
    return NULL;
}

static tern_status flush_text(tern_conn *conn, tern_status status, uint32_t timeout_ms, tern_error *err)
{
    switch (status) {
    case TERN_OK: return TERN_OK;
    case TERN_CANCELLED: return terni_fail(err, status, "the connection is closed");
    case TERN_PERMISSION_DENIED:
        return terni_fail(err, status, "the server refuses the connection its inbox, %s.>", conn->inbox);
    case TERN_DEADLINE_EXCEEDED:
        return terni_fail(err, status, "not everything went through the server within %u ms", timeout_ms);
    default: return terni_fail(err, status, "the session broke; messages on their way may be lost");
    }
}

tern_status tern_conn_flush(tern_conn *conn, uint32_t timeout_ms, tern_error *err)
{
    if (conn == NULL) return terni_fail(err, TERN_INVALID_ARGUMENT, "conn is NULL");
    tern_status st = terni_may_wait("tern_conn_flush", err);
    if (st != TERN_OK) return st;
    if (timeout_ms == 0) timeout_ms = FLUSH_DEFAULT_MS;
    terni_time_ms deadline = terni_deadline(timeout_ms);
    flush *f = flush_new(conn);
    if (f == NULL) return terni_fail_memory(err);
    if (!terni_conn_control(conn, &f->record)) {
        flush_free(f);
        return flush_text(conn, TERN_CANCELLED, timeout_ms, err);
    }
    bool in_time = true;
    (void)pthread_mutex_lock(&f->mu);
    while (!f->done && in_time) in_time = terni_cond_wait_until(&f->ended, &f->mu, deadline);
    bool done = f->done;
    st = done ? f->status : TERN_DEADLINE_EXCEEDED;
    f->abandoned = !done;
    (void)pthread_mutex_unlock(&f->mu);
    if (done) flush_free(f);
    if (st == TERN_UNAVAILABLE && tern_conn_get_state(conn) == TERN_CONN_CLOSED) st = TERN_CANCELLED;
    return flush_text(conn, st, timeout_ms, err);
}

/* ---- Close ---- */

void tern_conn_close(tern_conn *conn)
{
    if (conn == NULL) return;
    (void)pthread_mutex_lock(&conn->mu);
    conn->close_asked = true;
    (void)pthread_mutex_unlock(&conn->mu);
    terni_conn_set_state(conn, TERN_CONN_CLOSED);
    terni_outbound_refuse(&conn->out, TERN_CANCELLED);
    close_members(conn);
    atomic_store(&conn->stop, true);
    terni_waker_wake(&conn->waker);
}

void terni_conn_close_for(tern_conn *conn, const tern_error *cause)
{
    (void)pthread_mutex_lock(&conn->mu);
    if (!conn->close_asked) conn->close_cause = *cause;
    (void)pthread_mutex_unlock(&conn->mu);
    tern_conn_close(conn);
}

/* ---- Drain ---- */

typedef struct drain_order {
    tern_conn *conn; /* held */
    terni_time_ms deadline;
} drain_order;

static uint32_t time_left_ms(terni_time_ms deadline)
{
    terni_time_ms left = deadline - terni_now_ms();
    return left < 1 ? 1 : (uint32_t)left;
}

/* Is there anything that a flush could see through? Without a session: what is held for the next one. */
static bool holds_anything(tern_conn *conn)
{
    (void)pthread_mutex_lock(&conn->mu);
    bool session = conn->server[0] != '\0';
    (void)pthread_mutex_unlock(&conn->mu);
    return session || terni_outbound_bytes(&conn->out) > 0;
}

static void *drain_thread(void *arg)
{
    drain_order order = *(drain_order *)arg;
    tern_conn *conn = order.conn;
    free(arg);
    terni_queue_stay_out(); /* handlers run where the program dispatches, or waits for them */
    bool done = drain_members(conn, order.deadline);
    done &= conn->calls->drain(conn->calls, order.deadline);
    terni_outbound_refuse(&conn->out, TERN_FAILED_PRECONDITION);
    tern_error why = { .status = TERN_OK };
    if (holds_anything(conn)) (void)tern_conn_flush(conn, time_left_ms(order.deadline), &why);
    if (why.status == TERN_OK && !done)
        (void)terni_fail(&why, TERN_DEADLINE_EXCEEDED, "not everything was done by the deadline");
    terni_conn_close_for(conn, &why);
    (void)pthread_mutex_lock(&conn->mu);
    conn->drain_status = why.status;
    conn->drain_done = true;
    (void)pthread_cond_broadcast(&conn->changed);
    (void)pthread_mutex_unlock(&conn->mu);
    terni_conn_release(conn);
    return NULL;
}

static bool start_drain(tern_conn *conn, terni_time_ms deadline)
{
    pthread_t thread;
    drain_order *order = malloc(sizeof *order);
    if (order == NULL) return false;
    *order = (drain_order){ .conn = conn, .deadline = deadline };
    terni_conn_retain(conn);
    if (terni_thread_start(&thread, drain_thread, order)) {
        (void)pthread_detach(thread);
        return true;
    }
    free(order);
    terni_conn_release(conn);
    return false;
}

/* Is any lane of the connection on a queue? */
static bool uses_queue_locked(const tern_conn *conn)
{
    const terni_member *member = conn->members;
    while (member != NULL && !terni_executor_needs_running(member->lane->executor)) member = member->next;
    return member != NULL || terni_executor_needs_running(conn->events.executor);
}

/* A hold on a lane of the connection on a queue that this thread dispatches and that has something to run, or NULL. */
static terni_lane *own_lane_locked(tern_conn *conn)
{
    terni_lane *lane = &conn->events;
    terni_member *next = conn->members;
    while (!terni_queue_is_own(lane->executor) || !terni_queue_is_ready(lane->executor) ||
           !terni_lane_try_retain(lane)) {
        if (next == NULL) return NULL;
        lane = next->lane;
        next = next->next;
    }
    return lane;
}

/* Waits until the drain has ended, where this thread dispatches a queue, or will when that one's has ended. Neither
 * that nor something to run wakes who waits here, so it looks now and then. */
static void run_until_drained_locked(tern_conn *conn)
{
    while (!conn->drain_done) {
        terni_lane *lane = own_lane_locked(conn);
        if (lane == NULL) {
            (void)terni_cond_wait_until(&conn->changed, &conn->mu, terni_deadline(LOOK_EVERY_MS));
            continue;
        }
        (void)pthread_mutex_unlock(&conn->mu);
        (void)terni_queue_run(lane->executor);
        terni_lane_release(lane);
        (void)pthread_mutex_lock(&conn->mu);
    }
}

static tern_status wait_drained(tern_conn *conn, tern_error *err)
{
    (void)pthread_mutex_lock(&conn->mu);
    if (uses_queue_locked(conn)) run_until_drained_locked(conn);
    while (!conn->drain_done) (void)pthread_cond_wait(&conn->changed, &conn->mu);
    tern_status st = conn->drain_status;
    (void)pthread_mutex_unlock(&conn->mu);
    if (st == TERN_OK) return TERN_OK;
    return terni_fail(err, st, "closed with work undone: %s", tern_status_meaning(st));
}

tern_status tern_conn_drain(tern_conn *conn, uint32_t timeout_ms, tern_error *err)
{
    if (conn == NULL) return terni_fail(err, TERN_INVALID_ARGUMENT, "conn is NULL");
    terni_time_ms deadline = terni_deadline(timeout_ms == 0 ? DRAIN_DEFAULT_MS : timeout_ms);
    tern_status st = terni_may_wait("tern_conn_drain", err);
    if (st != TERN_OK) return st;
    bool inside = inside_handler(conn);
    (void)pthread_mutex_lock(&conn->mu);
    bool begins = !conn->drain_begun && conn->state != TERN_CONN_CLOSED;
    bool closed = !conn->drain_begun && conn->state == TERN_CONN_CLOSED;
    if (begins) {
        conn->drain_begun = true;
        conn->state = TERN_CONN_DRAINING;
        atomic_store(&conn->draining, true);
        (void)pthread_cond_broadcast(&conn->changed);
    }
    (void)pthread_mutex_unlock(&conn->mu);
    if (closed) return TERN_OK;
    if (begins && !start_drain(conn, deadline)) {
        tern_conn_close(conn);
        (void)pthread_mutex_lock(&conn->mu);
        conn->drain_status = TERN_RESOURCE_EXHAUSTED;
        conn->drain_done = true;
        (void)pthread_cond_broadcast(&conn->changed);
        (void)pthread_mutex_unlock(&conn->mu);
        return terni_fail(err, TERN_RESOURCE_EXHAUSTED, "no thread to drain with; closed");
    }
    return inside ? TERN_OK : wait_drained(conn, err);
}

/* ---- Free ---- */

void tern_conn_free(tern_conn *conn)
{
    if (conn == NULL) return;
    bool inside = terni_on_io_thread() || inside_handler(conn);
    tern_conn_close(conn);
    if (inside) {
        (void)pthread_detach(conn->thread);
    } else {
        (void)pthread_join(conn->thread, NULL);
        wait_quiet(conn);
        terni_lane_close(&conn->events); /* a deferred request, answered later, tells nobody */
    }
    terni_conn_release(conn);
}

/* Who owns what: an exchange is its owner's while it is IDLE, and the I/O thread's from terni_exchange_start or _wait
 * to its end; so there is one place where a call ends, and it ends once. The outbound queue's lock hands it over,
 * unless it is started on the I/O thread itself, or by a caller who waits, and has borrowed its loop (io/loan.h): such
 * a request needs no queue, and that caller finds its reply itself. Whoever must not wait for that end (a blocking
 * caller at its deadline) leaves, and the exchange ends later with nobody to hear it. So the engine has holds on the
 * owner: one from start to end, one for each record in the outbound queue, one while it is attended to.
 *
 * Other threads say what they want (arm the deadline of a request that cannot be sent now; cancel; wait for room) by
 * terni_exchange_attend: a list that anybody pushes to and the I/O thread takes whole. At the end of the I/O thread it
 * is closed, empty: what is pushed then is refused. A request that has been started needs nothing any more by then,
 * since the outbound queue has been dropped.
 *
 * Replies come to a slot (msg/slot.h) or, with many calls in flight, to the bulk inbox (msg/bulk.h).
 *
 * Locks: mu guards the waiting for idle alone. Who wakes whom: terni_exchange_attend and the outbound queue wake the
 * I/O thread; the last call to finish wakes the drain. */
#include "msg/calls.h"

#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "io/loop.h"
#include "io/send.h"
#include "msg/bulk.h"
#include "msg/publish.h"
#include "msg/slot.h"

typedef struct calls {
    terni_calls_hooks hooks;
    tern_conn *conn;
    atomic_size_t in_flight; /* calls, from begin to finish */
    pthread_mutex_t mu;
    pthread_cond_t idle; /* broadcast when in_flight gets 0 */
    terni_exchange *_Atomic attended;
    /* The I/O thread's */
    terni_timers timers;
    terni_exchange *live;
    terni_slots slots;
    terni_bulk bulk;
} calls;

static terni_exchange closed_mark; /* the attended list of an engine whose I/O thread has ended */

static calls *calls_of(const terni_exchange *exchange)
{
    return TERNI_CONTAINER(exchange->calls, calls, hooks);
}

/* ---- From start to end: the I/O thread ---- */

static void arm(terni_exchange *x, terni_time_ms at)
{
    calls *all = calls_of(x);
    terni_timer_arm(&all->timers, &x->timer, at);
    if (x->live) return;
    x->live = true;
    x->prev = NULL;
    x->next = all->live;
    if (x->next != NULL) x->next->prev = x;
    all->live = x;
}

static void disarm(calls *all, terni_exchange *x)
{
    if (!x->live) return;
    terni_timer_disarm(&all->timers, &x->timer);
    if (x->prev != NULL) x->prev->next = x->next;
    else all->live = x->next;
    if (x->next != NULL) x->next->prev = x->prev;
    x->next = x->prev = NULL;
    x->live = false;
}

static void leave_inbox(terni_exchange *x, bool answered)
{
    if (x->slot != NULL) terni_slot_leave(x, answered);
    else terni_bulk_leave(&calls_of(x)->bulk, x);
}

/* Takes the exchange out of everything: it is IDLE afterwards. answered: nothing more can come for it. */
static void take_out(terni_exchange *x, bool answered)
{
    calls *all = calls_of(x);
    if (x->state == TERNI_EXCHANGE_SENT) leave_inbox(x, answered);
    disarm(all, x);
    x->state = TERNI_EXCHANGE_IDLE;
}

static void end(terni_exchange *x, natsMsg *reply, tern_status status, const char *text, bool answered)
{
    take_out(x, answered);
    x->class->ended(x, reply, status, text);
    x->class->release(x);
}

void terni_exchange_end(terni_exchange *x, tern_status status, const char *text)
{
    if (x->state != TERNI_EXCHANGE_IDLE) end(x, NULL, status, text, false);
}

static void answered(terni_exchange *x, natsMsg *reply)
{
    end(x, reply, reply == NULL ? TERN_UNAVAILABLE : TERN_OK, "nobody serves it", true);
}

void terni_calls_each(tern_conn *conn, void (*each)(terni_exchange *exchange, void *arg), void *arg)
{
    terni_exchange *next;
    for (terni_exchange *x = TERNI_CONTAINER(conn->calls, calls, hooks)->live; x != NULL; x = next) {
        next = x->next;
        each(x, arg);
    }
}

/* Its request is in the queue, and there may be no session. */
static void arm_queued(terni_exchange *x)
{
    if (x->state == TERNI_EXCHANGE_QUEUED && !x->live) arm(x, x->deadline);
}

void terni_exchange_wait(terni_exchange *x, terni_time_ms until)
{
    x->class->hold(x, 1);
    x->state = TERNI_EXCHANGE_WAITING;
    arm(x, until);
}

/* No reply by reply_timeout_ms. */
static void reply_overdue(terni_exchange *x)
{
    terni_time_ms at;
    if (!x->class->overdue(x, &at)) {
        arm(x, x->deadline);
        return;
    }
    take_out(x, false);
    terni_exchange_wait(x, at);
    x->class->release(x);
}

static void resume(terni_exchange *x)
{
    take_out(x, true);
    x->class->resume(x);
    arm_queued(x);
    x->class->release(x);
}

static void timer_due(terni_exchange *x)
{
    if (x->state == TERNI_EXCHANGE_WAITING) resume(x);
    else if (calls_of(x)->conn->io.now < x->deadline) reply_overdue(x);
    else end(x, NULL, TERN_DEADLINE_EXCEEDED, "too late", false);
}

/* ---- A request on its way out ---- */

static terni_exchange *exchange_of(terni_sender *sender)
{
    return TERNI_CONTAINER(sender, terni_exchange, sender);
}

static tern_status take_inbox(terni_exchange *x, const char **out_reply)
{
    calls *all = calls_of(x);
    x->slot = NULL;
    tern_status st = terni_slot_take(&all->slots, x, out_reply);
    return st == TERN_RESOURCE_EXHAUSTED ? terni_bulk_take(&all->bulk, x, out_reply) : st;
}

/* Asks the owner of an exchange that is about to be sent, and takes an inbox. Not OK: it cannot go, and text says why.
 * Inline, in both of its callers: 22 instructions less for each call. */
static inline tern_status make_ready(terni_exchange *x, terni_addition *out_addition, const char **out_text)
{
    *out_text = "too late";
    if (calls_of(x)->conn->io.now >= x->deadline) return TERN_DEADLINE_EXCEEDED;
    *out_text = "given up";
    if (!x->class->sending(x, &out_addition->header)) return TERN_CANCELLED;
    *out_text = "no inbox for the reply";
    x->reply_is_bare = false;
    return take_inbox(x, &out_addition->reply);
}

/* Until when the reply to a request that goes now is waited for. */
static terni_time_ms reply_deadline(const terni_exchange *x)
{
    if (x->reply_timeout_ms == 0) return x->deadline;
    terni_time_ms until = terni_deadline(x->reply_timeout_ms); /* callbacks of this round may have taken a while */
    return until < x->deadline ? until : x->deadline;
}

/* Readies a QUEUED exchange. False: it has ended instead. */
static bool ready(terni_exchange *x, terni_addition *out_addition)
{
    const char *text;
    tern_status st = make_ready(x, out_addition, &text);
    if (st != TERN_OK) {
        end(x, NULL, st, text, true);
        return false;
    }
    x->state = TERNI_EXCHANGE_SENT;
    arm(x, reply_deadline(x));
    return true;
}

static bool exchange_sending(terni_sender *sender, uint64_t token, terni_addition *out_addition)
{
    terni_exchange *x = exchange_of(sender);
    bool current = x->token == token;
    /* SENT: the session broke while it was being sent, and it goes to the same inbox in the next one. Inboxes of others
     * have used the subject's buffer since, so it takes another. */
    if (current && x->state == TERNI_EXCHANGE_SENT) {
        leave_inbox(x, false);
        x->state = TERNI_EXCHANGE_QUEUED;
    }
    bool goes = current && x->state == TERNI_EXCHANGE_QUEUED && ready(x, out_addition);
    if (!goes) x->class->release(x); /* the record's hold */
    return goes;
}

static void exchange_settled(terni_sender *sender, uint64_t token, tern_status status, const char *text)
{
    terni_exchange *x = exchange_of(sender);
    if (status != TERN_OK && x->token == token)
        terni_exchange_end(x, status, text == NULL ? "the connection is closed" : text);
    x->class->release(x); /* the record's hold */
}

static const terni_sender_class exchange_sender_class = { exchange_sending, exchange_settled };

/* ---- For any thread ---- */

void terni_exchange_init(terni_exchange *x, const terni_exchange_class *class, tern_conn *conn)
{
    x->class = class;
    x->calls = conn->calls;
    x->sender.class = &exchange_sender_class;
}

/* On the I/O thread, or on a borrowed loop: hands the request to the session at once, if it has no headers but what its
 * owner adds, and none is queued that it would overtake. Its deadline is still to be armed. False: it is to be queued,
 * and what stands in the way is found there. */
static bool send_now(terni_exchange *x, terni_outgoing *message)
{
    terni_addition addition = { .reply = NULL };
    const char *text;
    bool goes = terni_send_passes(calls_of(x)->conn, message) && make_ready(x, &addition, &text) == TERN_OK;
    if (!goes) return false;
    message->reply = addition.reply;
    if (terni_send_pass(calls_of(x)->conn, message, &addition.header)) {
        x->token++;
        x->class->hold(x, 1); /* from here to the end */
        x->state = TERNI_EXCHANGE_SENT;
        return true;
    }
    message->reply = NULL;
    leave_inbox(x, true);
    return false;
}

/* A caller that waits and is the only one has the loop, if that is to be had. */
static bool borrow(const calls *all, const terni_exchange *x)
{
    return x->waits && atomic_load_explicit(&all->in_flight, memory_order_relaxed) == 1 && terni_loop_borrow(all->conn);
}

/* False: the request is to be queued. */
static bool starts_here(terni_exchange *x, terni_outgoing *message)
{
    calls *all = calls_of(x);
    if (terni_conn_on_io_thread(all->conn)) {
        bool goes = send_now(x, message);
        if (goes) arm(x, reply_deadline(x));
        return goes;
    }
    x->borrowed = borrow(all, x); /* first: who is asked in send_now takes no lock then */
    if (!x->borrowed || send_now(x, message)) return x->borrowed;
    x->borrowed = false;
    terni_loop_give_back(all->conn, false); /* it may have subscribed an inbox */
    return false;
}

/* Queues the request. Not OK: the exchange is IDLE still. */
static tern_status start_queued(terni_exchange *x, terni_outgoing *message, tern_error *err)
{
    x->state = TERNI_EXCHANGE_QUEUED;
    message->sender = &x->sender;
    message->token = ++x->token;
    x->class->hold(x, 2); /* for the record, and from here to the end */
    tern_status st = terni_publish(calls_of(x)->conn, message, err);
    if (st == TERN_OK) return TERN_OK; /* from here on it is the I/O thread's */
    x->state = TERNI_EXCHANGE_IDLE;
    x->class->release(x);
    x->class->release(x);
    return st;
}

tern_status terni_exchange_start(terni_exchange *x, terni_outgoing *message, tern_error *err)
{
    x->prefix = message->prefix;
    x->subject = message->subject;
    x->deadline = message->deadline;
    return starts_here(x, message) ? TERN_OK : start_queued(x, message, err);
}

bool terni_exchange_serve(terni_exchange *x)
{
    if (!x->borrowed) return false;
    tern_conn *conn = calls_of(x)->conn;
    terni_entry *entry = x->slot == NULL ? NULL : terni_slot_entry(x->slot);
    bool serves = entry != NULL && !atomic_load(&x->attended); /* attended: by this thread, which then wakes nobody */
    terni_time_ms until = reply_deadline(x);
    while (serves && x->state == TERNI_EXCHANGE_SENT) serves = terni_loop_serve(conn, entry, until);
    if (x->state == TERNI_EXCHANGE_SENT) arm(x, until);
    bool ended = x->state == TERNI_EXCHANGE_IDLE;
    x->borrowed = false; /* before others may see the exchange */
    terni_loop_give_back(conn, serves && ended);
    return ended;
}

bool terni_exchange_attend(terni_exchange *x)
{
    calls *all = calls_of(x);
    if (atomic_exchange(&x->attended, true)) return true;
    x->class->hold(x, 1);
    terni_exchange *head = atomic_load(&all->attended);
    do {
        if (head == &closed_mark) {
            atomic_store(&x->attended, false);
            x->class->release(x);
            return false;
        }
        x->next_attended = head;
    } while (!atomic_compare_exchange_weak(&all->attended, &head, x));
    terni_waker_wake(&all->conn->waker);
    return true;
}

void terni_exchange_keep_deadline(terni_exchange *x)
{
    if (terni_conn_on_io_thread(calls_of(x)->conn)) arm_queued(x);
    else (void)terni_exchange_attend(x);
}

tern_status terni_calls_begin(tern_conn *conn, tern_error *err)
{
    calls *all = TERNI_CONTAINER(conn->calls, calls, hooks);
    (void)atomic_fetch_add(&all->in_flight, 1); /* first, so that a drain either sees it or is seen */
    if (!atomic_load(&conn->draining) || terni_lane_inside_any()) return TERN_OK;
    terni_calls_finish(conn);
    if (tern_conn_get_state(conn) == TERN_CONN_CLOSED)
        return terni_fail(err, TERN_CANCELLED, "the connection is closed");
    return terni_fail(err, TERN_FAILED_PRECONDITION, "the connection is draining");
}

void terni_calls_finish(tern_conn *conn)
{
    calls *all = TERNI_CONTAINER(conn->calls, calls, hooks);
    if (atomic_fetch_sub(&all->in_flight, 1) != 1 || !atomic_load(&conn->draining)) return;
    (void)pthread_mutex_lock(&all->mu);
    (void)pthread_cond_broadcast(&all->idle);
    (void)pthread_mutex_unlock(&all->mu);
}

void terni_calls_drop_late(tern_conn *conn, natsMsg *reply, size_t size)
{
    (void)atomic_fetch_add_explicit(&conn->late_replies, 1, memory_order_relaxed);
    terni_conn_discard(conn, reply, size);
}

/* ---- The engine's hooks ---- */

/* Turns a list round: the first to be pushed comes first. */
static terni_exchange *reverse(terni_exchange *list)
{
    terni_exchange *turned = NULL;
    while (list != NULL) {
        terni_exchange *next = list->next_attended;
        list->next_attended = turned;
        turned = list;
        list = next;
    }
    return turned;
}

static void attend_all(calls *all)
{
    terni_exchange *next, *x = reverse(atomic_exchange(&all->attended, NULL));
    for (; x != NULL; x = next) {
        next = x->next_attended;
        atomic_store(&x->attended, false);
        arm_queued(x);
        x->class->attend(x);
        x->class->release(x);
    }
}

static void run_timers(calls *all)
{
    terni_timer *timer;
    terni_time_ms now = all->conn->io.now;
    while ((timer = terni_timers_due(&all->timers, now)) != NULL)
        timer_due(TERNI_CONTAINER(timer, terni_exchange, timer));
}

static void calls_step(terni_calls_hooks *hooks)
{
    calls *all = TERNI_CONTAINER(hooks, calls, hooks);
    if (terni_bulk_pending(&all->bulk)) terni_bulk_step(&all->bulk);
    if (atomic_load_explicit(&all->attended, memory_order_relaxed) != NULL) attend_all(all);
    if (terni_timers_next(&all->timers) != TERNI_NEVER) run_timers(all);
}

static terni_time_ms calls_deadline(terni_calls_hooks *hooks)
{
    calls *all = TERNI_CONTAINER(hooks, calls, hooks);
    if (atomic_load(&all->attended) != NULL || terni_bulk_pending(&all->bulk)) return 0;
    return terni_timers_next(&all->timers);
}

static bool requests_subject(const terni_exchange *x, const char *subject)
{
    size_t prefix = x->prefix == NULL ? 0 : strlen(x->prefix);
    bool same = prefix == 0 || (strncmp(subject, x->prefix, prefix) == 0 && subject[prefix] == '.');
    return same && strcmp(subject + (prefix == 0 ? 0 : prefix + 1), x->subject) == 0;
}

typedef struct refusal {
    const char *subject, *text;
    bool bulk; /* of the bulk inbox, not of requests to the subject */
} refusal;

static void end_refused(terni_exchange *x, void *arg)
{
    const refusal *the = arg;
    bool refused = the->bulk ? x->slot == NULL : requests_subject(x, the->subject);
    if (x->state == TERNI_EXCHANGE_SENT && refused) end(x, NULL, TERN_PERMISSION_DENIED, the->text, true);
}

static void calls_refused(terni_calls_hooks *hooks, const char *subject, bool subscription, const char *text)
{
    calls *all = TERNI_CONTAINER(hooks, calls, hooks);
    terni_exchange *x = subscription ? terni_slots_refused(&all->slots, subject) : NULL;
    bool bulk = subscription && terni_bulk_refused(&all->bulk, subject);
    if (x != NULL) end(x, NULL, TERN_PERMISSION_DENIED, text, true);
    refusal the = { .subject = subject, .text = text, .bulk = bulk };
    if (!subscription || bulk) terni_calls_each(all->conn, end_refused, &the);
}

static void calls_closed(terni_calls_hooks *hooks)
{
    calls *all = TERNI_CONTAINER(hooks, calls, hooks);
    terni_exchange *none;
    do {
        attend_all(all);
        while (all->live != NULL) terni_exchange_end(all->live, TERN_CANCELLED, "the connection is closed");
        none = NULL;
    } while (!atomic_compare_exchange_strong(&all->attended, &none, &closed_mark));
    terni_bulk_close(&all->bulk);
}

static bool calls_drain(terni_calls_hooks *hooks, terni_time_ms deadline)
{
    calls *all = TERNI_CONTAINER(hooks, calls, hooks);
    bool in_time = true, idle;
    (void)pthread_mutex_lock(&all->mu);
    /* Looked at once: a call that is then refused counts for a moment, too. */
    while (!(idle = atomic_load(&all->in_flight) == 0) && in_time)
        in_time = terni_cond_wait_until(&all->idle, &all->mu, deadline);
    (void)pthread_mutex_unlock(&all->mu);
    return idle;
}

static void calls_free(terni_calls_hooks *hooks)
{
    calls *all = TERNI_CONTAINER(hooks, calls, hooks);
    terni_slots_free(&all->slots);
    terni_bulk_free(&all->bulk);
    (void)pthread_cond_destroy(&all->idle);
    (void)pthread_mutex_destroy(&all->mu);
    free(all);
}

terni_calls_hooks *terni_calls_new(tern_conn *conn)
{
    calls *all = calloc(1, sizeof *all);
    if (all == NULL) return NULL;
    all->hooks = (terni_calls_hooks){ .step = calls_step,
                                      .deadline = calls_deadline,
                                      .refused = calls_refused,
                                      .closed = calls_closed,
                                      .drain = calls_drain,
                                      .free = calls_free };
    all->conn = conn;
    all->slots = (terni_slots){ .conn = conn, .answered = answered };
    all->bulk = (terni_bulk){ .conn = conn, .answered = answered };
    if (pthread_mutex_init(&all->mu, NULL) != 0) goto no_mutex;
    if (!terni_cond_init(&all->idle)) goto no_cond;
    return &all->hooks;
no_cond:
    (void)pthread_mutex_destroy(&all->mu);
no_mutex:
    free(all);
    return NULL;
}

/* Every call has a slot, and every slot an inbox of its own, "<inbox>.<slot>.*", that lives on from
 * call to call. The slot's own subscription names the call also for the one message that says nothing
 * of itself: the server's 503, which natsSubscription_NextMsg swallows. The last token of the reply
 * subject changes with each call, so a late reply finds a token that is over, and is counted and
 * dropped.
 *
 * A late 503 has no token. So when a call that was sent ends without an answer, its slot is not used again
 * until a fence sent after that has come back: the server decides about a 503 when it takes the request,
 * so by then a 503 has come, and has found no call.
 *
 * States of a slot (call->mu guards them):
 *   FREE      in the free list, or the caller's                  -> QUEUED
 *   QUEUED    its request is in the outbound queue               -> SENT, ENDED (closed, refused),
 *                                                                   FREE (the caller gave up; the
 *                                                                   record finds another token)
 *   SENT      handed to nats.c; the reply is awaited             -> ENDED, LEFT
 *   ENDED     outcome and reply are the caller's                 -> FREE
 *   LEFT      the caller gave up; the slot waits for its fence   -> FREE
 *
 * Locks: calls->mu guards the lists of slots; a call's mu its state. calls->mu may be held when a
 * call's is taken, never the other way round. Who wakes whom: the I/O thread signals the slot's
 * condition at ENDED; the last caller to leave signals calls->idle. */
#include "msg/calls.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/subject.h"

typedef enum call_state { CALL_FREE, CALL_QUEUED, CALL_SENT, CALL_ENDED, CALL_LEFT } call_state;

typedef struct calls calls;

typedef struct call {
    terni_entry entry; /* the I/O thread's */
    terni_sender sender;
    terni_record leaving; /* the control of LEFT, and its fence */
    terni_fence fence;
    calls *owner;
    struct call *next_free, *next; /* calls->mu: the free ones, and all */
    char *inbox;                   /* "<inbox>.<slot>.*" */
    size_t inbox_size;             /* up to and with the last dot */

    pthread_mutex_t mu; /* guards what follows */
    pthread_cond_t ended;
    call_state state;
    uint64_t token;
    terni_time_ms deadline;
    const terni_outgoing *request; /* the caller's, while QUEUED or SENT */
    natsMsg *reply;
    tern_status status;
    char text[TERN_ERROR_TEXT_SIZE / 2];
} call;

struct calls {
    terni_calls_hooks hooks;
    tern_conn *conn;
    pthread_mutex_t mu;  /* guards what follows */
    pthread_cond_t idle; /* broadcast when in_flight gets 0 */
    call *free_calls, *all;
    uint32_t slots, in_flight;
};

/* ---- Slots ---- */

static const terni_entry_class call_entry_class;
static bool call_sending(terni_sender *sender, uint64_t token);
static void call_failed(terni_sender *sender, uint64_t token, tern_status status, const char *text);
static void call_leave(terni_record *record, bool dropped);
static void call_left(terni_fence *fence, tern_status status);

static void call_free(call *c)
{
    (void)pthread_cond_destroy(&c->ended);
    (void)pthread_mutex_destroy(&c->mu);
    free(c->inbox);
    free(c);
}

static call *call_new(calls *owner, uint32_t slot)
{
    const char *prefix = owner->conn->inbox;
    size_t size = strlen(prefix) + sizeof ".4294967295.*";
    call *c = calloc(1, sizeof *c);
    if (c == NULL) return NULL;
    c->inbox = malloc(size);
    if (c->inbox == NULL) goto no_inbox;
    if (pthread_mutex_init(&c->mu, NULL) != 0) goto no_mutex;
    if (!terni_cond_init(&c->ended)) goto no_cond;
    c->inbox_size = (size_t)snprintf(c->inbox, size, "%s.%" PRIu32 ".*", prefix, slot) - 1;
    c->owner = owner;
    c->entry.class = &call_entry_class;
    c->entry.subject = c->inbox;
    c->sender = (terni_sender){ call_sending, call_failed };
    c->leaving.run = call_leave;
    c->fence.done = call_left;
    return c;
no_cond:
    (void)pthread_mutex_destroy(&c->mu);
no_mutex:
    free(c->inbox);
no_inbox:
    free(c);
    return NULL;
}

static call *acquire(calls *all)
{
    (void)pthread_mutex_lock(&all->mu);
    call *c = all->free_calls;
    if (c != NULL) {
        all->free_calls = c->next_free;
    } else {
        c = call_new(all, all->slots);
        if (c != NULL) {
            all->slots++;
            c->next = all->all;
            all->all = c;
        }
    }
    if (c != NULL) all->in_flight++;
    (void)pthread_mutex_unlock(&all->mu);
    return c;
}

/* Gives the slot back. in_flight: the caller does; otherwise the I/O thread, after LEFT. */
static void give_back(call *c, bool in_flight)
{
    calls *all = c->owner;
    (void)pthread_mutex_lock(&all->mu);
    c->next_free = all->free_calls;
    all->free_calls = c;
    if (in_flight && --all->in_flight == 0) (void)pthread_cond_broadcast(&all->idle);
    (void)pthread_mutex_unlock(&all->mu);
}

/* A caller leaves without its slot: the I/O thread has it. */
static void leave_slot(call *c)
{
    calls *all = c->owner;
    (void)pthread_mutex_lock(&all->mu);
    if (--all->in_flight == 0) (void)pthread_cond_broadcast(&all->idle);
    (void)pthread_mutex_unlock(&all->mu);
    if (!terni_conn_control(all->conn, &c->leaving)) call_leave(&c->leaving, true);
}

/* ---- On the I/O thread ---- */

static call *call_of(terni_entry *entry)
{
    return TERNI_CONTAINER(entry, call, entry);
}

/* Ends the call, if it is in state from. True: it was. */
static bool end_call(call *c, call_state from, natsMsg *reply, tern_status status, const char *text)
{
    (void)pthread_mutex_lock(&c->mu);
    bool ends = c->state == from;
    if (ends) {
        c->state = CALL_ENDED;
        c->reply = reply;
        c->status = status;
        if (status != TERN_OK) (void)snprintf(c->text, sizeof c->text, "%s", text);
    }
    (void)pthread_mutex_unlock(&c->mu);
    if (ends) (void)pthread_cond_signal(&c->ended); /* unlocked: the caller need not wait a second time */
    return ends;
}

static terni_entry_table *table_of(call *c)
{
    return &c->owner->conn->io.entries;
}

static bool call_sending(terni_sender *sender, uint64_t token)
{
    call *c = TERNI_CONTAINER(sender, call, sender);
    (void)pthread_mutex_lock(&c->mu);
    bool wanted = c->state == CALL_QUEUED && c->token == token && terni_now_ms() < c->deadline;
    if (wanted) c->state = CALL_SENT;
    (void)pthread_mutex_unlock(&c->mu);
    if (!wanted) return false;
    if (!c->entry.in_table) terni_entry_add(table_of(c), &c->entry, TERNI_ENTRY_AWAITED);
    else terni_entry_regroup(table_of(c), &c->entry, TERNI_ENTRY_AWAITED);
    natsStatus s = terni_entry_subscribe(&c->entry, terni_session_nats(c->owner->conn->io.session));
    if (s == NATS_OK || s == NATS_CONNECTION_CLOSED) return true; /* closed: publishing finds out too */
    terni_entry_regroup(table_of(c), &c->entry, TERNI_ENTRY_IDLE);
    (void)end_call(c, CALL_SENT, NULL, terni_status_from_nats(s), "no inbox for the reply");
    return false;
}

static void call_failed(terni_sender *sender, uint64_t token, tern_status status, const char *text)
{
    call *c = TERNI_CONTAINER(sender, call, sender);
    (void)token; /* the same as when it was sending, a moment ago, on this thread */
    terni_entry_regroup(table_of(c), &c->entry, TERNI_ENTRY_IDLE);
    (void)end_call(c, CALL_SENT, NULL, status, text);
}

static void call_deliver(terni_entry *entry, natsMsg *msg, size_t size)
{
    (void)size;
    call *c = call_of(entry);
    const char *subject = natsMsg_GetSubject(msg);
    bool prefixed = strncmp(subject, c->inbox, c->inbox_size) == 0;
    uint64_t token = prefixed ? strtoull(subject + c->inbox_size, NULL, 16) : 0;
    (void)pthread_mutex_lock(&c->mu);
    bool fits = c->state == CALL_SENT && c->token == token;
    (void)pthread_mutex_unlock(&c->mu); /* only this thread turns SENT into ENDED; LEFT is found below */
    if (fits && end_call(c, CALL_SENT, msg, TERN_OK, "")) {
        terni_entry_regroup(table_of(c), entry, TERNI_ENTRY_IDLE);
        return;
    }
    (void)atomic_fetch_add_explicit(&c->owner->conn->late_replies, 1, memory_order_relaxed);
    terni_discard_msg(&c->owner->conn->discard, msg);
}

static void call_no_responders(terni_entry *entry)
{
    call *c = call_of(entry);
    if (end_call(c, CALL_SENT, NULL, TERN_UNAVAILABLE, "nobody serves it"))
        terni_entry_regroup(table_of(c), entry, TERNI_ENTRY_IDLE);
}

static void call_gone(terni_entry *entry)
{
    (void)entry; /* the slot belongs to the engine, in the table or not */
}

static const terni_entry_class call_entry_class = { call_deliver, call_no_responders, call_gone };

/* The slot can be used again. */
static void call_left(terni_fence *fence, tern_status status)
{
    call *c = TERNI_CONTAINER(fence, call, fence);
    (void)status; /* if the session broke, its subscriptions, and any 503 for them, went with it */
    (void)pthread_mutex_lock(&c->mu);
    c->state = CALL_FREE;
    (void)pthread_mutex_unlock(&c->mu);
    give_back(c, false);
}

static void call_leave(terni_record *record, bool dropped)
{
    call *c = TERNI_CONTAINER(record, call, leaving);
    if (!dropped && c->entry.in_table) {
        terni_entry_regroup(table_of(c), &c->entry, TERNI_ENTRY_IDLE);
        terni_entry_forget_retiring(&c->entry); /* the fence goes through the session only */
        if (terni_fence_send(&c->owner->conn->io.fences, &c->fence) == NATS_OK) return;
        terni_entry_remove(table_of(c), &c->entry); /* no fence, no subscription: a 503 for it finds nobody */
    }
    call_left(&c->fence, TERN_UNAVAILABLE);
}

static bool requests_subject(call *c, const char *subject)
{
    (void)pthread_mutex_lock(&c->mu);
    bool same = false;
    if (c->state == CALL_SENT) {
        const terni_outgoing *request = c->request;
        size_t prefix = request->prefix == NULL ? 0 : strlen(request->prefix);
        same = prefix == 0 || (strncmp(subject, request->prefix, prefix) == 0 && subject[prefix] == '.');
        same = same && strcmp(subject + (prefix == 0 ? 0 : prefix + 1), request->subject) == 0;
    }
    (void)pthread_mutex_unlock(&c->mu);
    return same;
}

/* The server refused subject: the requests to it, or the inbox of one, cannot be answered. */
static void calls_refused(terni_calls_hooks *hooks, const char *subject, const char *text)
{
    calls *all = TERNI_CONTAINER(hooks, calls, hooks);
    terni_entry *next;
    for (terni_entry *entry = all->conn->io.entries.first[TERNI_ENTRY_AWAITED]; entry != NULL; entry = next) {
        call *c = call_of(entry);
        next = entry->next;
        bool own_inbox = strcmp(c->inbox, subject) == 0;
        if (!own_inbox && !requests_subject(c, subject)) continue;
        if (end_call(c, CALL_SENT, NULL, TERN_PERMISSION_DENIED, text)) {
            if (own_inbox) terni_entry_remove(table_of(c), entry); /* so that the next call hears it too */
            else terni_entry_regroup(table_of(c), entry, TERNI_ENTRY_IDLE);
        }
    }
}

static void calls_closed(terni_calls_hooks *hooks)
{
    calls *all = TERNI_CONTAINER(hooks, calls, hooks);
    (void)pthread_mutex_lock(&all->mu);
    for (call *c = all->all; c != NULL; c = c->next) {
        (void)end_call(c, CALL_QUEUED, NULL, TERN_CANCELLED, "the connection is closed");
        (void)end_call(c, CALL_SENT, NULL, TERN_CANCELLED, "the connection is closed");
    }
    (void)pthread_mutex_unlock(&all->mu);
}

/* ---- For the program's threads ---- */

static bool calls_drain(terni_calls_hooks *hooks, terni_time_ms deadline)
{
    calls *all = TERNI_CONTAINER(hooks, calls, hooks);
    bool in_time = true;
    (void)pthread_mutex_lock(&all->mu);
    while (all->in_flight > 0 && in_time) in_time = terni_cond_wait_until(&all->idle, &all->mu, deadline);
    bool idle = all->in_flight == 0;
    (void)pthread_mutex_unlock(&all->mu);
    return idle;
}

static void calls_free(terni_calls_hooks *hooks)
{
    calls *all = TERNI_CONTAINER(hooks, calls, hooks);
    while (all->all != NULL) {
        call *c = all->all;
        all->all = c->next;
        call_free(c);
    }
    (void)pthread_cond_destroy(&all->idle);
    (void)pthread_mutex_destroy(&all->mu);
    free(all);
}

terni_calls_hooks *terni_calls_new(tern_conn *conn)
{
    calls *all = calloc(1, sizeof *all);
    if (all == NULL) return NULL;
    all->hooks = (terni_calls_hooks){ calls_refused, calls_closed, calls_drain, calls_free };
    all->conn = conn;
    if (pthread_mutex_init(&all->mu, NULL) != 0) goto no_mutex;
    if (!terni_cond_init(&all->idle)) goto no_cond;
    return &all->hooks;
no_cond:
    (void)pthread_mutex_destroy(&all->mu);
no_mutex:
    free(all);
    return NULL;
}

/* Waits for the end of the call, and says which state it found it in at the end. A call given up is FREE
 * or LEFT then, and its slot no longer the caller's. */
static call_state wait_for_end(call *c, terni_time_ms deadline)
{
    bool in_time = true;
    (void)pthread_mutex_lock(&c->mu);
    while ((c->state == CALL_QUEUED || c->state == CALL_SENT) && in_time)
        in_time = terni_cond_wait_until(&c->ended, &c->mu, deadline);
    call_state found = c->state;
    if (found == CALL_QUEUED || found == CALL_ENDED) c->state = CALL_FREE;
    if (found == CALL_SENT) c->state = CALL_LEFT;
    c->request = NULL;
    (void)pthread_mutex_unlock(&c->mu);
    return found;
}

static tern_status fail_call(const terni_outgoing *message, tern_status status, const char *text, tern_error *err)
{
    return terni_fail(err, status, "request to \"%s%s%s\": %s", message->prefix == NULL ? "" : message->prefix,
                      message->prefix == NULL ? "" : ".", terni_quote(message->subject).text, text);
}

/* After the wait: takes the outcome, and gives the slot back. */
static tern_status finish(call *c, call_state found, const terni_outgoing *message, natsMsg **out_reply,
                          tern_error *err)
{
    tern_status st = TERN_OK;
    char text[64];
    if (found == CALL_ENDED) {
        st = c->status;
        if (st == TERN_OK) *out_reply = c->reply;
        else (void)fail_call(message, st, c->text, err);
        c->reply = NULL;
        give_back(c, true);
    } else if (found == CALL_QUEUED) {
        (void)snprintf(text, sizeof text, "not sent within %u ms: there is no session", message->timeout_ms);
        st = fail_call(message, TERN_DEADLINE_EXCEEDED, text, err);
        give_back(c, true);
    } else {
        (void)snprintf(text, sizeof text, "no reply within %u ms", message->timeout_ms);
        st = fail_call(message, TERN_DEADLINE_EXCEEDED, text, err);
        leave_slot(c);
    }
    return st;
}

/* Makes the slot ready for a new call. */
static void begin(call *c, terni_outgoing *message)
{
    (void)pthread_mutex_lock(&c->mu);
    c->state = CALL_QUEUED;
    c->token++;
    c->deadline = message->deadline;
    c->request = message;
    message->sender = &c->sender;
    message->token = c->token;
    (void)pthread_mutex_unlock(&c->mu);
}

static tern_status queue_request(tern_conn *conn, call *c, terni_outgoing *message, tern_error *err)
{
    char reply[TERNI_SUBJECT_MAX];
    (void)snprintf(reply, sizeof reply, "%.*s%" PRIx64, (int)c->inbox_size, c->inbox, message->token);
    message->reply = reply;
    message->may_wait = true;
    tern_status st = terni_outbound_push(&conn->out, message, err);
    message->reply = NULL;
    if (st == TERN_OK) terni_waker_wake(&conn->waker);
    return st;
}

tern_status terni_calls_request(tern_conn *conn, terni_outgoing *message, natsMsg **out_reply, tern_error *err)
{
    tern_status st = terni_may_wait("a request", err);
    if (st != TERN_OK) return st;
    if (atomic_load_explicit(&conn->draining, memory_order_relaxed) && !terni_lane_inside_any())
        return terni_fail(err, TERN_FAILED_PRECONDITION, "the connection is draining");
    call *c = acquire(TERNI_CONTAINER(conn->calls, calls, hooks));
    if (c == NULL) return terni_fail_memory(err);
    begin(c, message);
    st = queue_request(conn, c, message, err);
    if (st != TERN_OK) {
        (void)pthread_mutex_lock(&c->mu);
        c->state = CALL_FREE;
        c->request = NULL;
        (void)pthread_mutex_unlock(&c->mu);
        give_back(c, true);
        return st;
    }
    return finish(c, wait_for_end(c, message->deadline), message, out_reply, err);
}

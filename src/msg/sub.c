/* A subscription is a lane (its messages and handlers), an entry (what the I/O thread subscribes to) and
 * a member of its connection (drain and close). The holds on the lane keep it alive: the program's
 * handle; the I/O thread from ADD until the entry is gone; each control on its way; each handler.
 *
 * What the I/O thread is to do goes through the outbound queue, so that it keeps its order with
 * publishes: add, then perhaps leave (a drain), then remove. Each is queued at most once.
 *
 * Locks: mu guards left; the lane has its own. Who wakes whom: the I/O thread signals has_left when
 * everything that was sent to a draining subscription has been handed to its lane. */
#include "msg/sub.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/subject.h"
#include "io/conn.h"
#include "msg/message.h"
#include "msg/msg.h"

enum { PENDING_MSGS_DEFAULT = 65536, PENDING_BYTES_DEFAULT = 64 * 1024 * 1024, DRAIN_DEFAULT_MS = 30000 };
enum { CONCURRENCY_MAX = 65536 };

struct tern_sub {
    terni_lane lane;
    terni_entry entry; /* the I/O thread's */
    terni_member member;
    terni_record add, leave, remove;
    terni_fence fence; /* of leave; then, where there is a retiring session, there too */
    bool left_session; /* the I/O thread's: the fence is on its way in the retiring session */
    tern_conn *conn;   /* held */
    char *subject, *queue_group;
    tern_msg_fn handler;
    const ProtobufCMessageDescriptor *type; /* with message_handler; NULL: raw */
    tern_message_fn message_handler;
    void *arg;
    void (*free_arg)(void *arg);
    const terni_sub_hooks *hooks;
    atomic_bool leave_asked, remove_asked;
    atomic_uint_fast64_t undecodable;

    pthread_mutex_t mu;
    pthread_cond_t has_left;
    bool left;       /* mu: nothing more will be pushed to the lane */
    bool incomplete; /* mu: messages on their way were lost in leaving */
};

static void count_dropped(tern_sub *sub)
{
    (void)atomic_fetch_add_explicit(&sub->conn->dropped_in, 1, memory_order_relaxed);
}

/* ---- The lane: handlers ---- */

static void run_message_handler(tern_sub *sub, tern_msg *msg)
{
    ProtobufCMessage *message = NULL;
    tern_error why;
    if (tern_message_unpack(sub->type, tern_msg_data(msg), tern_msg_size(msg), &message, &why) == TERN_OK) {
        sub->message_handler(message, msg, sub->arg);
        tern_message_free(message);
        return;
    }
    (void)atomic_fetch_add(&sub->undecodable, 1);
    count_dropped(sub);
    terni_conn_emit(sub->conn, TERN_EVENT_MESSAGE_LOST, why.status, "", tern_msg_subject(msg), why.text);
}

static void sub_run(terni_lane *lane, terni_item *item)
{
    tern_sub *sub = TERNI_CONTAINER(lane, tern_sub, lane);
    tern_msg *msg = TERNI_CONTAINER(item, tern_msg, item);
    if (sub->type != NULL) run_message_handler(sub, msg);
    else sub->handler(msg, sub->arg);
    terni_msg_done(msg);
}

static bool is_closed(terni_lane *lane)
{
    (void)pthread_mutex_lock(&lane->mu);
    bool closed = lane->closed;
    (void)pthread_mutex_unlock(&lane->mu);
    return closed;
}

static void sub_drop(terni_lane *lane, terni_item *item)
{
    tern_sub *sub = TERNI_CONTAINER(lane, tern_sub, lane);
    tern_msg *msg = TERNI_CONTAINER(item, tern_msg, item);
    if (sub->hooks->dropped != NULL) sub->hooks->dropped(msg, !is_closed(lane), sub->arg);
    else count_dropped(sub);
    terni_msg_done(msg);
}

static void sub_destroy(terni_lane *lane)
{
    tern_sub *sub = TERNI_CONTAINER(lane, tern_sub, lane);
    tern_conn *conn = sub->conn;
    terni_conn_delist(conn, &sub->member); /* only now: the connection looks for running handlers by its members */
    tern_executor *executor = terni_lane_destroy(lane);
    if (sub->free_arg != NULL) sub->free_arg(sub->arg);
    (void)pthread_cond_destroy(&sub->has_left);
    (void)pthread_mutex_destroy(&sub->mu);
    free(sub->subject);
    free(sub->queue_group);
    free(sub);
    terni_executor_release(executor);
    terni_conn_release(conn);
}

static const terni_lane_class sub_lane_class = { sub_run, sub_drop, sub_destroy };

/* ---- The entry: on the I/O thread ---- */

static void slow_consumer(tern_sub *sub)
{
    tern_error why;
    (void)terni_fail(&why, TERN_RESOURCE_EXHAUSTED,
                     "subscription \"%s\": its queue is full (%zu messages, %zu bytes); it drops the newest",
                     sub->subject, sub->lane.items_limit, sub->lane.bytes_limit);
    terni_conn_emit(sub->conn, TERN_EVENT_SLOW_CONSUMER, why.status, "", sub->subject, why.text);
}

static void sub_deliver(terni_entry *entry, natsMsg *nats, size_t size)
{
    tern_sub *sub = TERNI_CONTAINER(entry, tern_sub, entry);
    tern_msg *msg = terni_msg_new(sub->conn, nats, size);
    if (msg != NULL) {
        msg->is_bare = size == tern_msg_size(msg);
        msg->received = sub->conn->io.now;
        if (sub->hooks->admit != NULL && !sub->hooks->admit(msg, sub->arg)) terni_msg_done(msg);
        else if (terni_lane_push(&sub->lane, &msg->item) == TERNI_PUSH_DROPPED_FIRST) slow_consumer(sub);
        return;
    }
    natsMsg_Destroy(nats);
    count_dropped(sub);
    terni_conn_emit(sub->conn, TERN_EVENT_MESSAGE_LOST, TERN_RESOURCE_EXHAUSTED, "", sub->subject,
                    "no memory for a received message");
}

static void sub_no_responders(terni_entry *entry)
{
    (void)entry; /* a status for somebody's request; subscriptions make none */
}

static void end_leaving(tern_sub *sub)
{
    (void)pthread_mutex_lock(&sub->mu);
    sub->left = true;
    (void)pthread_cond_broadcast(&sub->has_left);
    (void)pthread_mutex_unlock(&sub->mu);
}

static void sub_gone(terni_entry *entry)
{
    tern_sub *sub = TERNI_CONTAINER(entry, tern_sub, entry);
    end_leaving(sub);
    terni_lane_release(&sub->lane);
}

static const terni_entry_class sub_entry_class = { sub_deliver, sub_no_responders, sub_gone };

static void run_add(terni_record *record, bool dropped)
{
    tern_sub *sub = TERNI_CONTAINER(record, tern_sub, add);
    if (dropped || atomic_load(&sub->remove_asked)) {
        sub_gone(&sub->entry);
        return;
    }
    terni_io *io = &sub->conn->io;
    terni_entry_add(&io->entries, &sub->entry, TERNI_ENTRY_SUB);
    natsStatus s = terni_entry_subscribe(&sub->entry, terni_session_nats(io->session));
    if (s != NATS_OK && s != NATS_CONNECTION_CLOSED) /* closed: the next session subscribes it */
        terni_conn_emit(sub->conn, TERN_EVENT_MESSAGE_LOST, terni_status_from_nats(s), "", sub->subject,
                        "the subscription failed; it is tried again in the next session");
}

/* Leaving has come to its end, or cannot begin. */
static void end_leave(tern_sub *sub, bool complete)
{
    (void)pthread_mutex_lock(&sub->mu);
    sub->incomplete |= !complete;
    (void)pthread_mutex_unlock(&sub->mu);
    if (sub->entry.in_table) terni_entry_remove(&sub->conn->io.entries, &sub->entry);
    terni_lane_release(&sub->lane);
}

/* True: the subscription has left its server, and the fence behind that is on its way. */
static bool begin_leave(tern_sub *sub)
{
    return sub->entry.in_table && terni_entry_leave(&sub->entry) == NATS_OK &&
           terni_fence_send(&sub->conn->io.fences, &sub->fence) == NATS_OK;
}

/* Lets subscriptions leave whose turn it is. */
static void leave_next(terni_io *io)
{
    while (io->leave_next != NULL && io->leaving < TERNI_LEAVING_MAX) {
        tern_sub *sub = TERNI_CONTAINER(io->leave_next, tern_sub, leave);
        io->leave_next = io->leave_next->next;
        io->leaving++;
        if (begin_leave(sub)) continue;
        io->leaving--;
        bool over = !sub->entry.in_table || io->session == NULL || terni_session_is_down(io->session);
        end_leave(sub, over); /* otherwise nats.c had no thread or memory, and what is on its way is lost */
    }
}

static void leave_fence_done(terni_fence *fence, tern_status status)
{
    tern_sub *sub = TERNI_CONTAINER(fence, tern_sub, fence);
    tern_conn *conn = sub->conn;
    (void)status; /* a session that is over sends nothing more either */
    if (sub->entry.retiring_nsub != NULL && !sub->left_session) {
        sub->left_session = true;
        if (terni_fence_send(&conn->io.retiring_fences, fence) == NATS_OK) return;
    }
    conn->io.leaving--;
    end_leave(sub, true);
    leave_next(&conn->io);
}

static void run_leave(terni_record *record, bool dropped)
{
    tern_sub *sub = TERNI_CONTAINER(record, tern_sub, leave);
    terni_io *io = &sub->conn->io;
    if (dropped) {
        end_leave(sub, true);
        return;
    }
    record->next = NULL;
    if (io->leave_next != NULL) io->leave_last->next = record;
    else io->leave_next = record;
    io->leave_last = record;
    leave_next(io);
}

static void run_remove(terni_record *record, bool dropped)
{
    tern_sub *sub = TERNI_CONTAINER(record, tern_sub, remove);
    if (!dropped && sub->entry.in_table) terni_entry_remove(&sub->conn->io.entries, &sub->entry);
    terni_lane_release(&sub->lane);
}

/* Queues a control once; it has a hold on the subscription. */
static void ask(tern_sub *sub, terni_record *record, atomic_bool *asked)
{
    if (atomic_exchange(asked, true)) return;
    terni_lane_retain(&sub->lane);
    if (!terni_conn_control(sub->conn, record)) terni_lane_release(&sub->lane);
}

/* ---- Opening ---- */

static tern_status check_options(const tern_sub_options *options, tern_error *err)
{
    if (options->concurrency > CONCURRENCY_MAX)
        return terni_fail(err, TERN_INVALID_ARGUMENT, "concurrency %u: the limit is %d", options->concurrency,
                          CONCURRENCY_MAX);
    if (options->concurrency > 1 && terni_executor_is_single(options->executor))
        return terni_fail(err, TERN_INVALID_ARGUMENT, "concurrency %u: an inline or queue executor has one thread",
                          options->concurrency);
    return options->queue_group == NULL ? TERN_OK : terni_token_check("queue group", options->queue_group, err);
}

/* The parts that need undoing; the lane comes last, and from then on releasing it undoes them all. */
static bool sub_init(tern_sub *sub, const char *subject, const tern_sub_options *options)
{
    terni_lane_options lane = {
        .executor = options->executor,
        .concurrency = options->concurrency == 0 ? 1 : options->concurrency,
        .items_limit = options->pending_msgs_limit == 0 ? PENDING_MSGS_DEFAULT : options->pending_msgs_limit,
        .bytes_limit = options->pending_bytes_limit == 0 ? PENDING_BYTES_DEFAULT : options->pending_bytes_limit,
    };
    sub->subject = strdup(subject);
    if (sub->subject == NULL) goto no_subject;
    if (options->queue_group != NULL && (sub->queue_group = strdup(options->queue_group)) == NULL) goto no_group;
    if (pthread_mutex_init(&sub->mu, NULL) != 0) goto no_mutex;
    if (!terni_cond_init(&sub->has_left)) goto no_cond;
    if (terni_lane_init(&sub->lane, &sub_lane_class, &lane)) return true;
    (void)pthread_cond_destroy(&sub->has_left);
no_cond:
    (void)pthread_mutex_destroy(&sub->mu);
no_mutex:
    free(sub->queue_group);
no_group:
    free(sub->subject);
no_subject:
    return false;
}

static const terni_sub_hooks no_hooks;

static void begin_drain(terni_member *member);
static bool wait_drained(terni_member *member, terni_time_ms deadline);

static tern_sub *sub_new(tern_conn *conn, const char *subject, const tern_sub_options *options)
{
    tern_sub *sub = calloc(1, sizeof *sub);
    if (sub == NULL) return NULL;
    if (!sub_init(sub, subject, options)) {
        free(sub);
        return NULL;
    }
    sub->conn = conn;
    sub->hooks = &no_hooks;
    terni_conn_retain(conn);
    sub->entry = (terni_entry){ .class = &sub_entry_class, .subject = sub->subject, .queue_group = sub->queue_group };
    sub->member = (terni_member){ .lane = &sub->lane, .begin_drain = begin_drain, .wait_drained = wait_drained };
    sub->add.run = run_add;
    sub->leave.run = run_leave;
    sub->leave.needs_no_session = true;
    sub->remove.run = run_remove;
    sub->fence.done = leave_fence_done;
    return sub;
}

/* Enlists the subscription and has the I/O thread add it. Gives the handle's hold back on failure. */
static tern_status start(tern_sub *sub, tern_sub **out_sub, tern_error *err)
{
    tern_status st = terni_conn_enlist(sub->conn, &sub->member, err);
    if (st == TERN_OK) {
        terni_lane_retain(&sub->lane); /* the I/O thread's */
        if (!terni_conn_control(sub->conn, &sub->add)) {
            terni_lane_release(&sub->lane);
            st = terni_fail(err, TERN_CANCELLED, "the connection is closed");
        }
    }
    if (st == TERN_OK) *out_sub = sub;
    else terni_lane_release(&sub->lane);
    return st;
}

static tern_status check_arguments(tern_conn *conn, const char *subject, const tern_sub_options *options, bool handler,
                                   tern_sub **out_sub, tern_error *err)
{
    if (conn == NULL || !handler || out_sub == NULL)
        return terni_fail(err, TERN_INVALID_ARGUMENT, "%s is NULL",
                          conn == NULL ? "conn"
                          : !handler   ? "handler"
                                       : "out_sub");
    tern_status st = terni_pattern_check("subject", subject, err);
    return st == TERN_OK ? check_options(options, err) : st;
}

tern_status terni_sub_open_hooked(tern_conn *conn, const char *subject, const tern_sub_options *options,
                                  tern_msg_fn handler, void *arg, void (*free_arg)(void *arg),
                                  const terni_sub_hooks *hooks, tern_sub **out_sub, tern_error *err)
{
    static const tern_sub_options defaults = TERN_SUB_OPTIONS_INIT;
    if (options == NULL) options = &defaults;
    tern_status st = check_arguments(conn, subject, options, handler != NULL, out_sub, err);
    tern_sub *sub = st == TERN_OK ? sub_new(conn, subject, options) : NULL;
    if (sub == NULL) {
        if (free_arg != NULL) free_arg(arg);
        return st == TERN_OK ? terni_fail(err, TERN_RESOURCE_EXHAUSTED, "no memory or thread") : st;
    }
    sub->handler = handler;
    sub->arg = arg;
    sub->free_arg = free_arg;
    sub->hooks = hooks;
    if (hooks->opening != NULL) hooks->opening(sub, arg);
    return start(sub, out_sub, err);
}

tern_status terni_sub_open(tern_conn *conn, const char *subject, const tern_sub_options *options, tern_msg_fn handler,
                           void *arg, void (*free_arg)(void *arg), tern_sub **out_sub, tern_error *err)
{
    return terni_sub_open_hooked(conn, subject, options, handler, arg, free_arg, &no_hooks, out_sub, err);
}

tern_status tern_conn_subscribe(tern_conn *conn, const char *subject, const tern_sub_options *options,
                                tern_msg_fn handler, void *arg, tern_sub **out_sub, tern_error *err)
{
    return terni_sub_open(conn, subject, options, handler, arg, NULL, out_sub, err);
}

tern_status tern_conn_subscribe_message(tern_conn *conn, const char *subject, const ProtobufCMessageDescriptor *type,
                                        const tern_sub_options *options, tern_message_fn handler, void *arg,
                                        tern_sub **out_sub, tern_error *err)
{
    static const tern_sub_options defaults = TERN_SUB_OPTIONS_INIT;
    if (options == NULL) options = &defaults;
    if (type == NULL) return terni_fail(err, TERN_INVALID_ARGUMENT, "type is NULL");
    tern_status st = check_arguments(conn, subject, options, handler != NULL, out_sub, err);
    if (st != TERN_OK) return st;
    tern_sub *sub = sub_new(conn, subject, options);
    if (sub == NULL) return terni_fail(err, TERN_RESOURCE_EXHAUSTED, "no memory or thread");
    sub->type = type;
    sub->message_handler = handler;
    sub->arg = arg;
    return start(sub, out_sub, err);
}

/* ---- Ending ---- */

/* Stops handlers from starting, and has the I/O thread remove the entry. Does not wait. */
static void end(tern_sub *sub)
{
    terni_lane_close(&sub->lane);
    ask(sub, &sub->remove, &sub->remove_asked);
}

tern_status tern_sub_unsubscribe(tern_sub *sub, tern_error *err)
{
    if (sub == NULL) return terni_fail(err, TERN_INVALID_ARGUMENT, "sub is NULL");
    if (terni_on_io_thread() && terni_lane_busy(&sub->lane))
        return terni_fail(err, TERN_FAILED_PRECONDITION,
                          "subscription \"%s\": a handler runs, and the I/O thread cannot wait for it", sub->subject);
    end(sub);
    if (!terni_on_io_thread()) (void)terni_lane_wait_quiet(&sub->lane, TERNI_NEVER);
    return TERN_OK;
}

static void begin_drain(terni_member *member)
{
    tern_sub *sub = TERNI_CONTAINER(member, tern_sub, member);
    ask(sub, &sub->leave, &sub->leave_asked);
}

static bool wait_drained(terni_member *member, terni_time_ms deadline)
{
    tern_sub *sub = TERNI_CONTAINER(member, tern_sub, member);
    bool in_time = true;
    (void)pthread_mutex_lock(&sub->mu);
    while (!sub->left && in_time) in_time = terni_cond_wait_until(&sub->has_left, &sub->mu, deadline);
    bool left = sub->left && !sub->incomplete;
    (void)pthread_mutex_unlock(&sub->mu);
    bool done = left && terni_lane_wait_empty(&sub->lane, deadline);
    end(sub);
    return done;
}

tern_status tern_sub_drain(tern_sub *sub, uint32_t timeout_ms, tern_error *err)
{
    if (sub == NULL) return terni_fail(err, TERN_INVALID_ARGUMENT, "sub is NULL");
    tern_status st = terni_may_wait("tern_sub_drain", err);
    if (st != TERN_OK) return st;
    if (timeout_ms == 0) timeout_ms = DRAIN_DEFAULT_MS;
    begin_drain(&sub->member);
    if (terni_lane_inside(&sub->lane)) return TERN_OK;
    if (wait_drained(&sub->member, terni_deadline(timeout_ms))) return TERN_OK;
    return terni_fail(err, TERN_DEADLINE_EXCEEDED, "subscription \"%s\": not drained within %u ms", sub->subject,
                      timeout_ms);
}

void tern_sub_free(tern_sub *sub)
{
    if (sub == NULL) return;
    bool waits = !terni_on_io_thread() && !terni_lane_inside(&sub->lane);
    end(sub);
    if (waits) (void)terni_lane_wait_quiet(&sub->lane, TERNI_NEVER);
    terni_lane_release(&sub->lane);
}

/* ---- Deferring ---- */

void terni_sub_defer(tern_sub *sub)
{
    terni_lane_defer(&sub->lane);
}

void terni_sub_finish(tern_sub *sub)
{
    terni_lane_finish(&sub->lane);
}

uint32_t terni_sub_deferred(const tern_sub *sub)
{
    return terni_lane_deferred(&sub->lane);
}

bool terni_sub_inside(const tern_sub *sub)
{
    return terni_lane_inside(&sub->lane);
}

void tern_sub_get_stats(const tern_sub *sub, tern_sub_stats *out_stats)
{
    terni_lane *lane = (terni_lane *)(uintptr_t)&sub->lane; /* for its lock */
    uint64_t undecodable = atomic_load(&((tern_sub *)(uintptr_t)sub)->undecodable);
    (void)pthread_mutex_lock(&lane->mu);
    *out_stats = (tern_sub_stats){
        .received = lane->received,
        .handled = lane->handled - undecodable,
        .dropped = lane->dropped + undecodable,
        .pending_msgs = lane->items,
        .pending_bytes = lane->bytes,
    };
    (void)pthread_mutex_unlock(&lane->mu);
}

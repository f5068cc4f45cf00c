/* What the program's threads do with a connection. Locks: conn->mu guards state, errors and the list of
 * members; nothing that can wait is done under it, and of other locks only a lane's and the outbound queue's are taken
 * inside.
 *
 * Life: the holds on a connection are those on its events lane: the program's handle, the I/O
 * thread, the drain thread, every subscription, service and client, and every event being delivered.
 * tern_conn_free waits for the threads and the handlers first, so that mostly its own hold is the last
 * but for handles that the program still has. */
#include "io/conn.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/thread.h"
#include "io/loop.h"

/* ---- Events ---- */

typedef struct event_item {
    terni_item item;
    tern_event event;
    char texts[]; /* server, subject and text */
} event_item;

static void event_run(terni_lane *lane, terni_item *item)
{
    tern_conn *conn = TERNI_CONTAINER(lane, tern_conn, events);
    event_item *event = TERNI_CONTAINER(item, event_item, item);
    conn->options.values.on_event(conn, &event->event, conn->options.values.event_arg);
    free(event);
}

static void event_drop(terni_lane *lane, terni_item *item)
{
    (void)lane;
    free(TERNI_CONTAINER(item, event_item, item));
}

void terni_conn_emit(tern_conn *conn, tern_event_kind kind, tern_status status, const char *server, const char *subject,
                     const char *text)
{
    if (conn->options.values.on_event == NULL) return;
    size_t server_size = strlen(server) + 1, subject_size = strlen(subject) + 1, text_size = strlen(text) + 1;
    event_item *event = malloc(sizeof *event + server_size + subject_size + text_size);
    if (event == NULL) return; /* nowhere to say so */
    char *at = event->texts;
    event->item.size_bytes = 0;
    event->event = (tern_event){ .kind = kind,
                                 .status = status,
                                 .server = memcpy(at, server, server_size),
                                 .subject = memcpy(at + server_size, subject, subject_size),
                                 .text = memcpy(at + server_size + subject_size, text, text_size) };
    bool later = !terni_conn_on_io_thread(conn) || terni_lane_inside(&conn->events); /* one after the other */
    if (terni_executor_is_inline(conn->events.executor) && later) {
        (void)terni_lane_push_later(&conn->events, &event->item);
        atomic_store(&conn->events_wait, true);
        terni_waker_wake(&conn->waker);
        return;
    }
    terni_conn_tell_deferred(conn);
    (void)terni_lane_push(&conn->events, &event->item);
}

void terni_conn_tell_deferred(tern_conn *conn)
{
    if (!atomic_load_explicit(&conn->events_wait, memory_order_relaxed)) return;
    atomic_store(&conn->events_wait, false); /* first, so that one is either told now or is waited for again */
    terni_conn_retain(conn);
    (void)terni_lane_work(&conn->events, SIZE_MAX);
}

void terni_conn_lost_message(tern_conn *conn, tern_status status, const char *subject, const char *text)
{
    (void)atomic_fetch_add_explicit(&conn->dropped_out, 1, memory_order_relaxed);
    terni_conn_emit(conn, TERN_EVENT_MESSAGE_LOST, status, "", subject, text);
}

/* ---- Life ---- */

static void conn_destroy(terni_lane *lane)
{
    tern_conn *conn = TERNI_CONTAINER(lane, tern_conn, events);
    assert(conn->members == NULL);
    tern_executor *executor = terni_lane_destroy(lane);
    if (conn->calls != NULL) conn->calls->free(conn->calls);
    if (conn->discovery != NULL) conn->discovery->free(conn->discovery);
    terni_servers_free(&conn->io.servers);
    terni_spares_free(&conn->spare_msgs);
    terni_discard_destroy(&conn->discard);
    terni_outbound_destroy(&conn->out);
    terni_loan_destroy(&conn->loan);
    terni_waker_destroy(&conn->waker);
    (void)pthread_cond_destroy(&conn->changed);
    (void)pthread_mutex_destroy(&conn->mu);
    terni_options_free(&conn->options);
    free(conn->inbox);
    free(conn);
    terni_executor_release(executor);
}

static const terni_lane_class events_class = { event_run, event_drop, conn_destroy };

void terni_conn_retain(tern_conn *conn)
{
    terni_lane_retain(&conn->events);
}

void terni_conn_release(tern_conn *conn)
{
    terni_lane_release(&conn->events);
}

/* Short, since it is in the subject of every reply, and the server, the service and nats.c here all read that byte by
 * byte: 71 bits tell connections apart well enough. */
enum { CLIENT_ID_LENGTH = 12 };

static bool make_inbox(tern_conn *conn)
{
    const char *prefix = conn->options.values.inbox_prefix;
    char id[CLIENT_ID_LENGTH + 1];
    if (!terni_random_token(id, CLIENT_ID_LENGTH)) return false;
    size_t size = strlen(prefix) + 1 + sizeof id;
    conn->inbox = malloc(size);
    if (conn->inbox != NULL) (void)snprintf(conn->inbox, size, "%s.%s", prefix, id);
    return conn->inbox != NULL;
}

/* The parts that need undoing, in order. */
static tern_status conn_init(tern_conn *conn, tern_error *err)
{
    const tern_conn_options *values = &conn->options.values;
    terni_lane_options lane = { .executor = values->event_executor, .concurrency = 1 };
    if (values->on_event == NULL) lane.executor = tern_executor_inline(); /* nobody is told */
    if (!make_inbox(conn)) goto no_inbox;
    if (pthread_mutex_init(&conn->mu, NULL) != 0) goto no_mutex;
    if (!terni_cond_init(&conn->changed)) goto no_cond;
    if (!terni_waker_init(&conn->waker)) goto no_waker;
    if (!terni_loan_init(&conn->loan)) goto no_loan;
    if (!terni_outbound_init(&conn->out)) goto no_outbound;
    if (!terni_discard_init(&conn->discard)) goto no_discard;
    if (terni_lane_init(&conn->events, &events_class, &lane)) return TERN_OK;
    terni_discard_destroy(&conn->discard);
no_discard:
    terni_outbound_destroy(&conn->out);
no_outbound:
    terni_loan_destroy(&conn->loan);
no_loan:
    terni_waker_destroy(&conn->waker);
no_waker:
    (void)pthread_cond_destroy(&conn->changed);
no_cond:
    (void)pthread_mutex_destroy(&conn->mu);
no_mutex:
no_inbox:
    return terni_fail(err, TERN_RESOURCE_EXHAUSTED, "no memory, thread or descriptor for a connection");
}

tern_status terni_conn_new(const tern_conn_options *options, tern_conn **out_conn, tern_error *err)
{
    tern_conn *conn = calloc(1, sizeof *conn);
    if (conn == NULL) return terni_fail_memory(err);
    tern_status st = terni_options_copy(&conn->options, options, &conn->io.servers, err);
    if (st == TERN_OK) st = conn_init(conn, err);
    if (st != TERN_OK) {
        terni_servers_free(&conn->io.servers);
        terni_options_free(&conn->options);
        free(conn->inbox);
        free(conn);
        return st;
    }
    terni_outbound_rules(&conn->out, conn->options.values.outage_buffer_bytes, 0);
    *out_conn = conn;
    return TERN_OK;
}

/* nats_Open ignores SIGPIPE for the whole process; that is the program's to decide, and Tern's own
 * threads block all signals. */
static natsStatus open_nats(void)
{
    struct sigaction before;
    bool known = sigaction(SIGPIPE, NULL, &before) == 0;
    /* OpenSSL must not clean up at exit under a connect that is stuck. Without effect if the program uses it. */
    (void)OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, NULL);
    natsStatus s = nats_Open(-1);
    if (known) (void)sigaction(SIGPIPE, &before, NULL);
    return s;
}

tern_status terni_conn_start(tern_conn *conn, terni_calls_hooks *calls, tern_error *err)
{
    static pthread_mutex_t open_mu = PTHREAD_MUTEX_INITIALIZER;
    conn->calls = calls;
    (void)pthread_mutex_lock(&open_mu);
    natsStatus s = open_nats();
    (void)pthread_mutex_unlock(&open_mu);
    if (s != NATS_OK) return terni_fail(err, TERN_RESOURCE_EXHAUSTED, "nats.c: %s", natsStatus_GetText(s));
    terni_conn_retain(conn);
    if (terni_thread_start(&conn->thread, terni_loop_main, conn)) return TERN_OK;
    terni_conn_release(conn);
    return terni_fail(err, TERN_RESOURCE_EXHAUSTED, "no thread for a connection");
}

tern_status terni_conn_wait_up(tern_conn *conn, tern_error *err)
{
    terni_time_ms deadline = terni_deadline(conn->options.values.connect_timeout_ms);
    const char *first = conn->options.first_server;
    bool in_time = true;
    (void)pthread_mutex_lock(&conn->mu);
    while (conn->state == TERN_CONN_CONNECTING && !conn->refused && in_time)
        in_time = terni_cond_wait_until(&conn->changed, &conn->mu, deadline);
    tern_conn_state state = conn->state;
    tern_error last = conn->last_error;
    (void)pthread_mutex_unlock(&conn->mu);
    if (state == TERN_CONN_CONNECTED || state == TERN_CONN_RECONNECTING) return TERN_OK;
    char within[24] = "";
    if (!in_time) (void)snprintf(within, sizeof within, " within %u ms", conn->options.values.connect_timeout_ms);
    if (last.status == TERN_OK)
        return terni_fail(err, TERN_UNAVAILABLE, "not connected%s: %s: the server does not answer", within, first);
    return terni_fail(err, last.status == TERN_UNAUTHENTICATED ? last.status : TERN_UNAVAILABLE, "not connected%s: %s",
                      within, last.text);
}

void terni_conn_ended(tern_conn *conn)
{
    tern_error why = { .status = TERN_OK };
    terni_conn_set_state(conn, TERN_CONN_CLOSED);
    (void)pthread_mutex_lock(&conn->mu);
    why = conn->close_asked ? conn->close_cause : conn->last_error;
    (void)pthread_mutex_unlock(&conn->mu);
    terni_conn_emit(conn, TERN_EVENT_CLOSED, why.status, "", "", why.text);
    if (terni_executor_is_inline(conn->events.executor)) terni_lane_close(&conn->events); /* no thread for later ones */
}

/* ---- State ---- */

void terni_conn_set_state(tern_conn *conn, tern_conn_state state)
{
    (void)pthread_mutex_lock(&conn->mu);
    bool final = conn->state == TERN_CONN_CLOSED || (conn->state == TERN_CONN_DRAINING && state != TERN_CONN_CLOSED) ||
                 (conn->state == TERN_CONN_CONNECTING && state == TERN_CONN_RECONNECTING);
    if (!final) {
        conn->state = state;
        (void)pthread_cond_broadcast(&conn->changed);
    }
    (void)pthread_mutex_unlock(&conn->mu);
}

void terni_conn_note_error(tern_conn *conn, const tern_error *error)
{
    (void)pthread_mutex_lock(&conn->mu);
    conn->last_error = *error;
    (void)pthread_mutex_unlock(&conn->mu);
}

void terni_conn_written(tern_conn *conn)
{
    atomic_store_explicit(&conn->passed, 0, memory_order_relaxed);
    if (conn->io.handed == 0) return;
    terni_outbound_left(&conn->out, conn->io.handed);
    conn->io.handed = 0;
}

void terni_conn_wake_to_send(tern_conn *conn, bool patient)
{
    if (terni_conn_on_io_thread(conn)) conn->io.refilled = true;
    else if (atomic_load(&conn->out.wakes) < (patient ? TERNI_WAKES_IMPATIENT : TERNI_WAKES_NEVER))
        terni_waker_wake(&conn->waker);
}

bool terni_conn_on_io_thread(const tern_conn *conn)
{
    return terni_waker_is_own(&conn->waker);
}

void terni_conn_discard(tern_conn *conn, natsMsg *msg, size_t size)
{
    if (msg != NULL) terni_discard_msg(&conn->discard, msg, size, terni_conn_on_io_thread(conn));
}

bool terni_on_io_thread(void)
{
    return terni_waker_is_any_own();
}

tern_status terni_may_wait(const char *what, tern_error *err)
{
    if (!terni_on_io_thread()) return TERN_OK;
    return terni_fail(err, TERN_FAILED_PRECONDITION, "%s would wait, and this is an I/O thread", what);
}

bool terni_conn_control(tern_conn *conn, terni_record *record)
{
    if (!terni_outbound_control(&conn->out, record)) return false;
    if (terni_conn_on_io_thread(conn)) conn->io.refilled = true;
    else terni_waker_wake(&conn->waker);
    return true;
}

/* ---- Members ---- */

tern_status terni_conn_enlist(tern_conn *conn, terni_member *member, tern_error *err)
{
    (void)pthread_mutex_lock(&conn->mu);
    tern_conn_state state = conn->state;
    bool open = member->begin_drain == NULL || (state != TERN_CONN_CLOSED && state != TERN_CONN_DRAINING);
    if (open) {
        member->prev = NULL;
        member->next = conn->members;
        if (member->next != NULL) member->next->prev = member;
        conn->members = member;
        member->enlisted = true;
    }
    (void)pthread_mutex_unlock(&conn->mu);
    if (open) return TERN_OK;
    if (state == TERN_CONN_CLOSED) return terni_fail(err, TERN_CANCELLED, "the connection is closed");
    return terni_fail(err, TERN_FAILED_PRECONDITION, "the connection is draining");
}

void terni_conn_delist(tern_conn *conn, terni_member *member)
{
    (void)pthread_mutex_lock(&conn->mu);
    if (member->enlisted) {
        if (member->prev != NULL) member->prev->next = member->next;
        else conn->members = member->next;
        if (member->next != NULL) member->next->prev = member->prev;
        member->next = member->prev = NULL;
        member->enlisted = false;
    }
    (void)pthread_mutex_unlock(&conn->mu);
}

/* ---- Reading ---- */

static tern_conn *unconst(const tern_conn *conn)
{
    return (tern_conn *)(uintptr_t)conn; /* for its locks */
}

tern_conn_state tern_conn_get_state(const tern_conn *conn)
{
    tern_conn *c = unconst(conn);
    (void)pthread_mutex_lock(&c->mu);
    tern_conn_state state = c->state;
    (void)pthread_mutex_unlock(&c->mu);
    return state;
}

const char *tern_conn_state_name(tern_conn_state state)
{
    switch (state) {
    case TERN_CONN_CONNECTING: return "CONNECTING";
    case TERN_CONN_CONNECTED: return "CONNECTED";
    case TERN_CONN_RECONNECTING: return "RECONNECTING";
    case TERN_CONN_DRAINING: return "DRAINING";
    case TERN_CONN_CLOSED: return "CLOSED";
    }
    return "UNKNOWN";
}

const char *tern_event_kind_name(tern_event_kind kind)
{
    switch (kind) {
    case TERN_EVENT_CONNECTED: return "CONNECTED";
    case TERN_EVENT_DISCONNECTED: return "DISCONNECTED";
    case TERN_EVENT_RECONNECTED: return "RECONNECTED";
    case TERN_EVENT_CONNECT_FAILED: return "CONNECT_FAILED";
    case TERN_EVENT_LAME_DUCK: return "LAME_DUCK";
    case TERN_EVENT_SLOW_CONSUMER: return "SLOW_CONSUMER";
    case TERN_EVENT_PERMISSION_REFUSED: return "PERMISSION_REFUSED";
    case TERN_EVENT_MESSAGE_LOST: return "MESSAGE_LOST";
    case TERN_EVENT_CLOSED: return "CLOSED";
    }
    return "UNKNOWN";
}

void tern_conn_server(const tern_conn *conn, char *buffer, size_t size)
{
    tern_conn *c = unconst(conn);
    if (buffer == NULL || size == 0) return;
    (void)pthread_mutex_lock(&c->mu);
    (void)snprintf(buffer, size, "%s", c->server);
    (void)pthread_mutex_unlock(&c->mu);
}

void tern_conn_last_error(const tern_conn *conn, tern_error *out_error)
{
    tern_conn *c = unconst(conn);
    (void)pthread_mutex_lock(&c->mu);
    *out_error = c->last_error;
    (void)pthread_mutex_unlock(&c->mu);
}

size_t tern_conn_max_payload(const tern_conn *conn)
{
    return atomic_load_explicit(&unconst(conn)->max_payload, memory_order_relaxed);
}

void tern_conn_get_stats(const tern_conn *conn, tern_conn_stats *out_stats)
{
    tern_conn *c = unconst(conn);
    *out_stats = (tern_conn_stats){
        .msgs_in = atomic_load(&c->msgs_in),
        .bytes_in = atomic_load(&c->bytes_in),
        .msgs_out = atomic_load(&c->msgs_out),
        .bytes_out = atomic_load(&c->bytes_out),
        .reconnects = atomic_load(&c->reconnects),
        .dropped_in = atomic_load(&c->dropped_in),
        .dropped_out = atomic_load(&c->dropped_out),
        .late_replies = atomic_load(&c->late_replies),
        .buffered_bytes = terni_outbound_bytes(&c->out) + (size_t)atomic_load(&c->passed),
    };
}

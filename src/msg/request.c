/* A raw request: an exchange whose caller waits. Caller and engine share it by its holds; at its deadline the caller
 * leaves, and the I/O thread ends the exchange with nobody to hear it. mu guards what both look at. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/subject.h"
#include "core/waiter.h"
#include "msg/calls.h"
#include "msg/msg.h"
#include "msg/publish.h"

enum { REQUEST_DEFAULT_MS = 5000 };

typedef struct request {
    terni_exchange exchange;
    tern_conn *conn; /* held */
    atomic_uint refs;
    pthread_mutex_t mu;    /* guards what follows */
    terni_waiter *waiters; /* the caller, while it waits */
    bool over, left, sent;
    natsMsg *reply;
    tern_status status;
    char text[TERN_ERROR_TEXT_SIZE / 2];
    char subject[]; /* a copy: the engine may look at it after the caller has left */
} request;

static request *request_of(terni_exchange *exchange)
{
    return TERNI_CONTAINER(exchange, request, exchange);
}

static void request_hold(terni_exchange *exchange, unsigned count)
{
    (void)atomic_fetch_add_explicit(&request_of(exchange)->refs, count, memory_order_relaxed);
}

static void request_release(terni_exchange *exchange)
{
    request *rq = request_of(exchange);
    if (atomic_fetch_sub_explicit(&rq->refs, 1, memory_order_acq_rel) != 1) return;
    tern_conn *conn = rq->conn;
    (void)pthread_mutex_destroy(&rq->mu);
    free(rq);
    terni_conn_release(conn);
}

static bool request_sending(terni_exchange *exchange, tern_header *out_header)
{
    request *rq = request_of(exchange);
    (void)out_header;
    (void)pthread_mutex_lock(&rq->mu);
    rq->sent = !rq->left;
    bool wanted = rq->sent;
    (void)pthread_mutex_unlock(&rq->mu);
    return wanted;
}

static void request_ended(terni_exchange *exchange, natsMsg *reply, tern_status status, const char *text)
{
    request *rq = request_of(exchange);
    (void)pthread_mutex_lock(&rq->mu);
    bool left = rq->left;
    if (!left) {
        rq->over = true;
        rq->reply = reply;
        rq->status = status;
        (void)snprintf(rq->text, sizeof rq->text, "%s", status == TERN_OK ? "" : text);
    }
    terni_waiter *woken = terni_waiters_take(&rq->waiters);
    (void)pthread_mutex_unlock(&rq->mu);
    terni_waiters_wake(woken);
    if (left && reply != NULL) terni_calls_drop_late(rq->conn, reply, TERNI_SIZE_UNKNOWN);
}

static const terni_exchange_class request_class = {
    .sending = request_sending, .ended = request_ended, .hold = request_hold, .release = request_release
};

static request *request_new(tern_conn *conn, const char *subject)
{
    size_t size = strlen(subject) + 1;
    request *rq = calloc(1, sizeof *rq + size);
    if (rq == NULL) return NULL;
    if (pthread_mutex_init(&rq->mu, NULL) != 0) {
        free(rq);
        return NULL;
    }
    memcpy(rq->subject, subject, size);
    rq->conn = conn;
    terni_conn_retain(conn);
    atomic_init(&rq->refs, 1);
    terni_exchange_init(&rq->exchange, &request_class, conn);
    return rq;
}

/* Waits for the end, at most until the deadline, and says how it went. */
static tern_status wait_for_end(request *rq, terni_time_ms deadline, uint32_t timeout_ms, natsMsg **out_reply,
                                tern_error *err)
{
    bool in_time = true;
    (void)pthread_mutex_lock(&rq->mu);
    while (!rq->over && in_time) in_time = terni_waiter_wait(&rq->waiters, &rq->mu, deadline);
    bool over = rq->over, sent = rq->sent;
    rq->left = !over;
    (void)pthread_mutex_unlock(&rq->mu);
    tern_status st = over ? rq->status : TERN_DEADLINE_EXCEEDED; /* the engine has done with it, or does not read it */
    if (st == TERN_OK) *out_reply = rq->reply;
    else if (st == TERN_DEADLINE_EXCEEDED)
        return terni_fail_late(rq->conn, rq->exchange.prefix, rq->subject, sent, timeout_ms, err);
    else return terni_fail_request(rq->exchange.prefix, rq->subject, st, rq->text, err);
    return st;
}

tern_status terni_fail_request(const char *prefix, const char *subject, tern_status status, const char *text,
                               tern_error *err)
{
    return terni_fail(err, status, "request to \"%s%s%s\": %s", prefix == NULL ? "" : prefix, prefix == NULL ? "" : ".",
                      terni_quote(subject).text, text);
}

tern_status terni_fail_late(tern_conn *conn, const char *prefix, const char *subject, bool sent, uint32_t timeout_ms,
                            tern_error *err)
{
    char text[64];
    tern_conn_state state = tern_conn_get_state(conn);
    bool away = state == TERN_CONN_CONNECTING || state == TERN_CONN_RECONNECTING;
    if (sent) (void)snprintf(text, sizeof text, "no reply within %u ms", timeout_ms);
    else
        (void)snprintf(text, sizeof text, "not sent within %u ms: %s", timeout_ms,
                       away ? "there is no session" : "it is still queued");
    return terni_fail_request(prefix, subject, TERN_DEADLINE_EXCEEDED, text, err);
}

/* Makes the request and waits. */
static tern_status ask(tern_conn *conn, const tern_outgoing *message, uint32_t timeout_ms, natsMsg **out_reply,
                       tern_error *err)
{
    request *rq = request_new(conn, message->subject);
    if (rq == NULL) return terni_fail_memory(err);
    terni_outgoing out = {
        .subject = rq->subject,
        .headers = message->headers,
        .header_count = message->header_count,
        .size = message->size,
        .source = message->data,
        .deadline = terni_deadline(timeout_ms),
    };
    rq->exchange.waits = true;
    tern_status st = terni_exchange_start(&rq->exchange, &out, err);
    if (st == TERN_OK) (void)terni_exchange_serve(&rq->exchange);
    if (st == TERN_OK) st = wait_for_end(rq, out.deadline, timeout_ms, out_reply, err);
    request_release(&rq->exchange);
    return st;
}

static tern_status wrap(tern_conn *conn, natsMsg *nats, tern_msg **out_reply, tern_error *err)
{
    tern_msg *reply = terni_msg_new(conn, nats, TERNI_SIZE_UNKNOWN);
    if (reply == NULL) {
        natsMsg_Destroy(nats);
        return terni_fail_memory(err);
    }
    tern_msg_keep(reply);
    terni_msg_done(reply);
    *out_reply = reply;
    return TERN_OK;
}

tern_status tern_conn_request(tern_conn *conn, const tern_outgoing *message, uint32_t timeout_ms, tern_msg **out_reply,
                              tern_error *err)
{
    if (conn == NULL || message == NULL || out_reply == NULL)
        return terni_fail(err, TERN_INVALID_ARGUMENT, "%s is NULL",
                          conn == NULL      ? "conn"
                          : message == NULL ? "message"
                                            : "out_reply");
    if (message->reply != NULL)
        return terni_fail(err, TERN_INVALID_ARGUMENT, "reply subject is given, but a request has its own inbox");
    natsMsg *nats = NULL;
    tern_status st = terni_outgoing_check(conn, message, err);
    if (st == TERN_OK) st = terni_may_wait("a request", err);
    if (st == TERN_OK) st = terni_calls_begin(conn, err);
    if (st != TERN_OK) return st;
    st = ask(conn, message, timeout_ms == 0 ? REQUEST_DEFAULT_MS : timeout_ms, &nats, err);
    if (st == TERN_OK) st = wrap(conn, nats, out_reply, err);
    terni_calls_finish(conn);
    return st;
}

#include "rpc/answer.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "io/conn.h"
#include "io/frames.h"
#include "msg/message.h"
#include "msg/publish.h"
#include "rpc/service.h"
#include "rpc/wire.h"

/* ---- Errors ---- */

/* The headers that every error has, with their values. */
typedef struct error_headers {
    tern_header headers[TERNI_OWN_HEADERS];
    size_t count;
    char line[TERN_ERROR_TEXT_SIZE], code[12], retry_after[12];
} error_headers;

static void add_header(error_headers *error, const char *name, const char *value)
{
    error->headers[error->count++] = (tern_header){ .name = name, .value = value };
}

static void fill_headers(error_headers *error, tern_status status, const char *text)
{
    bool blank = text[strspn(text, " \t\v\f\r\n")] == '\0';
    error->count = 0;
    (void)snprintf(error->line, sizeof error->line, "%s", blank ? tern_status_meaning(status) : text);
    (void)snprintf(error->code, sizeof error->code, "%d", (int)status);
    add_header(error, TERNI_HEADER_ERROR, error->line);
    add_header(error, TERNI_HEADER_ERROR_CODE, error->code);
}

/* An answer is lost. That of a connection that is closed tells nobody: its last event has been, and perhaps more. */
static void lost(tern_conn *conn, tern_status status, const char *subject, const char *text)
{
    if (status != TERN_CANCELLED) terni_conn_lost_message(conn, status, subject, text);
    else (void)atomic_fetch_add_explicit(&conn->dropped_out, 1, memory_order_relaxed);
}

static void publish_error(tern_service *service, terni_outgoing *out)
{
    tern_error why;
    tern_status st = terni_publish(service->conn, out, &why);
    if (st != TERN_OK) lost(service->conn, st, out->subject, why.text);
}

/* The request has not run, and may be sent again. */
static void fill_refusal(error_headers *error, uint32_t retry_after_ms)
{
    add_header(error, TERNI_HEADER_NOT_EXECUTED, "1");
    if (retry_after_ms == 0) return;
    (void)snprintf(error->retry_after, sizeof error->retry_after, "%" PRIu32, retry_after_ms);
    add_header(error, TERNI_HEADER_RETRY_AFTER, error->retry_after);
}

void terni_answer_error(tern_service *service, tern_msg *msg, tern_status status, const char *text)
{
    error_headers error;
    fill_headers(&error, status, text);
    terni_outgoing out = {
        .subject = tern_msg_reply(msg),
        .headers = error.headers,
        .header_count = error.count,
        .deadline = TERNI_NEVER,
    };
    publish_error(service, &out);
}

void terni_refuse(tern_service *service, tern_msg *msg, tern_status status, const char *text, uint32_t retry_after_ms)
{
    error_headers error;
    fill_headers(&error, status, text);
    fill_refusal(&error, retry_after_ms);
    terni_outgoing out = {
        .subject = tern_msg_reply(msg),
        .headers = error.headers,
        .header_count = error.count,
        .deadline = TERNI_NEVER,
    };
    bool sent = terni_outbound_push(&service->conn->out, &out, NULL) == TERN_OK; /* may_wait is false */
    if (sent) terni_conn_wake_to_send(service->conn, false);
    else (void)atomic_fetch_add_explicit(&service->conn->dropped_in, 1, memory_order_relaxed);
    (void)atomic_fetch_add_explicit(sent ? &service->refused : &service->dropped, 1, memory_order_relaxed);
}

/* Does the message stay within what the server takes? */
static tern_status check_size(const tern_request *rq, const terni_outgoing *out, tern_error *why)
{
    size_t headers = terni_header_bytes(out->headers, out->header_count);
    return terni_payload_check(rq->service->conn, rq->method->subject, out->size + headers, why);
}

/* The request has failed. Where its headers and its detail are too large for the server, they stay behind. */
static void send_error(tern_request *rq)
{
    error_headers error;
    tern_error why;
    fill_headers(&error, rq->status, rq->text);
    if (rq->refuses) fill_refusal(&error, rq->retry_after_ms);
    terni_outgoing out = {
        .subject = tern_msg_reply(rq->msg),
        .headers = error.headers,
        .header_count = error.count,
        .deadline = TERNI_NEVER,
    };
    terni_outgoing bare = out;
    if (rq->detail_type != NULL) {
        add_header(&error, TERNI_HEADER_DETAIL_TYPE, rq->detail_type);
        out.header_count = error.count;
        out.source = rq->detail;
        out.size = rq->detail_size;
    }
    if (rq->header_count > 0) {
        memcpy(rq->headers + rq->header_count, error.headers, error.count * sizeof *error.headers);
        out.headers = rq->headers;
        out.header_count = rq->header_count + error.count;
    }
    publish_error(rq->service, check_size(rq, &out, &why) == TERN_OK ? &out : &bare);
}

/* ---- Replies ---- */

/* Sends what the handler filled in; or fails the request, since that cannot be. */
static tern_status send_reply(tern_request *rq)
{
    tern_error why;
    terni_outgoing reply = {
        .subject = tern_msg_reply(rq->msg),
        .headers = rq->headers,
        .header_count = rq->header_count,
        .fill = terni_message_fill,
        .source = rq->out,
        .deadline = TERNI_NEVER,
    };
    tern_status st = terni_message_check("the reply", rq->out, &why);
    if (st == TERN_OK) {
        reply.size = protobuf_c_message_get_packed_size(rq->out);
        st = check_size(rq, &reply, &why);
    }
    if (st != TERN_OK) return tern_request_fail(rq, TERN_INTERNAL, "%s", why.text);
    st = terni_publish(rq->service->conn, &reply, &why);
    if (st == TERN_RESOURCE_EXHAUSTED) return tern_request_fail(rq, st, "%s", why.text);
    if (st != TERN_OK) lost(rq->service->conn, st, reply.subject, why.text);
    return TERN_OK;
}

/* The handler returned status, and said no more. */
static void fail_by_status(tern_request *rq, tern_status status)
{
    bool is_one = status > TERN_OK && status <= TERN_UNAUTHENTICATED;
    if (is_one) (void)tern_request_fail(rq, status, "%s", "");
    else
        (void)tern_request_fail(rq, TERN_INTERNAL, "the handler of \"%s\" returned %d, which is no status",
                                rq->method->subject, (int)status);
}

tern_status terni_answer(tern_request *rq, tern_status status)
{
    if (status == TERN_OK) status = rq->status; /* failed, and returned OK all the same */
    if (status == TERN_OK && rq->no_memory) status = tern_request_fail(rq, TERN_RESOURCE_EXHAUSTED, "out of memory");
    if (status == TERN_OK) status = send_reply(rq);
    if (status == TERN_OK) return TERN_OK;
    if (rq->status == TERN_OK) fail_by_status(rq, status);
    send_error(rq);
    return rq->status;
}

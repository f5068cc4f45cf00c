#include "msg/publish.h"

#include <limits.h>
#include <string.h>

#include "core/error.h"
#include "core/subject.h"
#include "io/frames.h"
#include "io/send.h"
#include "msg/message.h"

/* Before the first session nobody knows the server's limit; nats.c counts in ints. */
enum { PAYLOAD_MAX = INT_MAX / 2 };

tern_status terni_payload_check(const tern_conn *conn, const char *subject, size_t bytes, tern_error *err)
{
    size_t limit = tern_conn_max_payload(conn);
    if (limit == 0 || limit > PAYLOAD_MAX) limit = PAYLOAD_MAX;
    if (bytes <= limit) return TERN_OK;
    return terni_fail(err, TERN_INVALID_ARGUMENT, "message for \"%s\": %zu bytes, the server takes %zu",
                      terni_quote(subject).text, bytes, limit);
}

tern_status terni_outgoing_check(const tern_conn *conn, const tern_outgoing *message, tern_error *err)
{
    tern_status st = terni_subject_check("subject", message->subject, err);
    if (st == TERN_OK && message->reply != NULL) st = terni_subject_check("reply subject", message->reply, err);
    if (st == TERN_OK && message->reply != NULL &&
        strlen(message->subject) + strlen(message->reply) > TERNI_SUBJECT_MAX)
        st = terni_fail(err, TERN_INVALID_ARGUMENT, "subject and reply subject \"%s\": together above %d bytes",
                        terni_quote(message->reply).text, TERNI_SUBJECT_MAX);
    if (st == TERN_OK && message->header_count > 0 && message->headers == NULL)
        st = terni_fail(err, TERN_INVALID_ARGUMENT, "headers is NULL, header_count %zu", message->header_count);
    for (size_t i = 0; st == TERN_OK && i < message->header_count; i++)
        st = terni_header_check(message->headers[i].name, message->headers[i].value, err);
    if (st == TERN_OK && message->data == NULL && message->size > 0)
        st = terni_fail(err, TERN_INVALID_ARGUMENT, "data is NULL, size %zu", message->size);
    if (st != TERN_OK) return st;
    size_t headers = terni_header_bytes(message->headers, message->header_count);
    size_t bytes = message->size > SIZE_MAX - headers ? SIZE_MAX : message->size + headers;
    return terni_payload_check(conn, message->subject, bytes, err);
}

/* On the I/O thread, past the queue. */
static bool passes(tern_conn *conn, const terni_outgoing *message)
{
    static const tern_header none;
    return terni_conn_on_io_thread(conn) && terni_send_passes(conn, message) && terni_send_pass(conn, message, &none);
}

tern_status terni_publish(tern_conn *conn, terni_outgoing *message, tern_error *err)
{
    if (passes(conn, message)) return TERN_OK;
    message->may_wait = !terni_on_io_thread();
    tern_status st = terni_outbound_push(&conn->out, message, err);
    if (st == TERN_OK) terni_conn_wake_to_send(conn, message->patient);
    return st;
}

/* While it drains, only handlers publish, to finish what they have begun. Once closed, the queue says so. */
static tern_status refuse_when_draining(tern_conn *conn, tern_error *err)
{
    bool draining = atomic_load_explicit(&conn->draining, memory_order_relaxed);
    if (!draining || terni_lane_inside_any() || tern_conn_get_state(conn) == TERN_CONN_CLOSED) return TERN_OK;
    return terni_fail(err, TERN_FAILED_PRECONDITION, "the connection is draining");
}

static tern_status publish_outgoing(tern_conn *conn, const tern_outgoing *message, bool patient, tern_error *err)
{
    tern_status st = terni_outgoing_check(conn, message, err);
    if (st != TERN_OK) return st;
    terni_outgoing out = {
        .subject = message->subject,
        .reply = message->reply,
        .headers = message->headers,
        .header_count = message->header_count,
        .size = message->size,
        .source = message->data,
        .patient = patient,
        .deadline = TERNI_NEVER,
    };
    return terni_publish(conn, &out, err);
}

tern_status terni_publish_answer(tern_conn *conn, const tern_outgoing *message, tern_error *err)
{
    return publish_outgoing(conn, message, false, err);
}

tern_status tern_conn_publish_outgoing(tern_conn *conn, const tern_outgoing *message, tern_error *err)
{
    if (conn == NULL || message == NULL)
        return terni_fail(err, TERN_INVALID_ARGUMENT, "%s is NULL", conn == NULL ? "conn" : "message");
    tern_status st = refuse_when_draining(conn, err);
    return st == TERN_OK ? publish_outgoing(conn, message, true, err) : st;
}

tern_status tern_conn_publish(tern_conn *conn, const char *subject, const void *data, size_t size, tern_error *err)
{
    tern_outgoing message = { .subject = subject, .data = data, .size = size };
    return tern_conn_publish_outgoing(conn, &message, err);
}

tern_status tern_conn_publish_message(tern_conn *conn, const char *subject, const ProtobufCMessage *message,
                                      tern_error *err)
{
    if (conn == NULL) return terni_fail(err, TERN_INVALID_ARGUMENT, "conn is NULL");
    tern_status st = refuse_when_draining(conn, err);
    if (st == TERN_OK) st = terni_subject_check("subject", subject, err);
    if (st == TERN_OK) st = terni_message_check("message", message, err);
    if (st != TERN_OK) return st;
    terni_outgoing out = {
        .subject = subject,
        .size = protobuf_c_message_get_packed_size(message),
        .fill = terni_message_fill,
        .source = message,
        .patient = true,
        .deadline = TERNI_NEVER,
    };
    st = terni_payload_check(conn, subject, out.size, err);
    return st == TERN_OK ? terni_publish(conn, &out, err) : st;
}

#include "core/error.h"
#include "msg/calls.h"
#include "msg/msg.h"
#include "msg/publish.h"

enum { REQUEST_DEFAULT_MS = 5000 };

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
    tern_status st = terni_outgoing_check(conn, message, err);
    if (st != TERN_OK) return st;
    if (timeout_ms == 0) timeout_ms = REQUEST_DEFAULT_MS;
    terni_outgoing out = {
        .subject = message->subject,
        .headers = message->headers,
        .header_count = message->header_count,
        .size = message->size,
        .source = message->data,
        .deadline = terni_deadline(timeout_ms),
        .timeout_ms = timeout_ms,
    };
    natsMsg *nats = NULL;
    st = terni_calls_request(conn, &out, &nats, err);
    if (st != TERN_OK) return st;
    tern_msg *reply = terni_msg_new(conn, nats);
    if (reply == NULL) {
        natsMsg_Destroy(nats);
        return terni_fail_memory(err);
    }
    tern_msg_keep(reply);
    terni_msg_done(reply);
    *out_reply = reply;
    return TERN_OK;
}

#include <tern/client.h>

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/subject.h"
#include "io/conn.h"
#include "msg/calls.h"
#include "msg/message.h"
#include "msg/msg.h"
#include "msg/publish.h"
#include "rpc/wire.h"

enum { CALL_DEFAULT_MS = 5000 };

struct tern_client {
    tern_conn *conn; /* held */
    char *prefix;    /* NULL: none */
    uint32_t timeout_ms;
};

tern_status tern_client_new(tern_conn *conn, const tern_client_options *options, tern_client **out_client,
                            tern_error *err)
{
    static const tern_client_options defaults = TERN_CLIENT_OPTIONS_INIT;
    if (options == NULL) options = &defaults;
    if (conn == NULL || out_client == NULL)
        return terni_fail(err, TERN_INVALID_ARGUMENT, "%s is NULL", conn == NULL ? "conn" : "out_client");
    if (options->subject_prefix != NULL) {
        tern_status st = terni_subject_check("subject_prefix", options->subject_prefix, err);
        if (st != TERN_OK) return st;
    }
    tern_client *client = calloc(1, sizeof *client);
    if (client == NULL) return terni_fail_memory(err);
    if (options->subject_prefix != NULL && (client->prefix = strdup(options->subject_prefix)) == NULL) {
        free(client);
        return terni_fail_memory(err);
    }
    client->timeout_ms = options->timeout_ms == 0 ? CALL_DEFAULT_MS : options->timeout_ms;
    client->conn = conn;
    terni_conn_retain(conn);
    *out_client = client;
    return TERN_OK;
}

void tern_client_free(tern_client *client)
{
    if (client == NULL) return;
    terni_conn_release(client->conn);
    free(client->prefix);
    free(client);
}

static tern_status fail_remote(long code, const char *text, tern_error *err)
{
    tern_status st = terni_status_from_code(code);
    (void)terni_fail(err, st, "%s", text == NULL || *text == '\0' ? tern_status_meaning(st) : text);
    if (err != NULL) {
        err->remote = true;
        err->remote_code = code > INT_MAX || code < INT_MIN ? 0 : (int)code;
    }
    return st;
}

/* The code of a NATS status, "NATS/1.0 404", which is no service's reply; or 0. nats.c shows it as a header,
 * which a service could send as well, with a payload. */
static long nats_status(natsMsg *reply)
{
    const char *status = terni_nats_header(reply, "Status");
    bool is_one = status != NULL && strlen(status) == 3 && strspn(status, "0123456789") == 3;
    return is_one && natsMsg_GetDataLength(reply) == 0 ? strtol(status, NULL, 10) : 0;
}

/* The error that the reply carries in its headers, or OK: none. */
static tern_status remote_error(natsMsg *reply, tern_error *err)
{
    static const char eaten[] = TERNI_HEADER_ERROR_CODE ":";
    if (nats_status(reply) != 0) return fail_remote(nats_status(reply), "the reply is a NATS status", err);
    const char *code = terni_nats_header(reply, TERNI_HEADER_ERROR_CODE);
    const char *text = terni_nats_header(reply, TERNI_HEADER_ERROR);
    if (code == NULL && text == NULL) return TERN_OK;
    if (code == NULL && strncmp(text, eaten, sizeof eaten - 1) == 0) { /* behind an empty text: see tern/msg.h */
        code = text + sizeof eaten - 1;
        text = NULL;
    }
    return fail_remote(code == NULL ? 0 : strtol(code, NULL, 10), text, err);
}

static tern_status decode_reply(const tern_method *method, natsMsg *reply, ProtobufCMessage **out_reply,
                                tern_error *err)
{
    tern_error why;
    const char *data = natsMsg_GetData(reply);
    tern_status st = tern_message_unpack(method->output, data == NULL ? "" : data, (size_t)natsMsg_GetDataLength(reply),
                                         out_reply, &why);
    if (st == TERN_OK || st == TERN_RESOURCE_EXHAUSTED) return st == TERN_OK ? st : terni_fail_memory(err);
    return terni_fail(err, TERN_INTERNAL, "reply from \"%s\": %s", method->subject, why.text);
}

static tern_status check_call(const tern_client *client, const tern_method *method, const ProtobufCMessage *request,
                              ProtobufCMessage **out_reply, tern_error *err)
{
    if (client == NULL || method == NULL || out_reply == NULL)
        return terni_fail(err, TERN_INVALID_ARGUMENT, "%s is NULL",
                          client == NULL   ? "client"
                          : method == NULL ? "method"
                                           : "out_reply");
    tern_status st = terni_message_check("request", request, err);
    if (st == TERN_OK && request->descriptor != method->input)
        st = terni_fail(err, TERN_INVALID_ARGUMENT, "request is a %s, \"%s\" takes a %s",
                        terni_message_name(request->descriptor), method->subject, terni_message_name(method->input));
    return st;
}

tern_status tern_client_call(tern_client *client, const tern_method *method, const ProtobufCMessage *request,
                             const tern_call_options *options, ProtobufCMessage **out_reply, tern_error *err)
{
    tern_status st = check_call(client, method, request, out_reply, err);
    if (st != TERN_OK) return st;
    uint32_t timeout_ms = options != NULL && options->timeout_ms > 0 ? options->timeout_ms : client->timeout_ms;
    terni_outgoing out = {
        .prefix = client->prefix,
        .subject = method->subject,
        .size = protobuf_c_message_get_packed_size(request),
        .fill = terni_message_fill,
        .source = request,
        .deadline = terni_deadline(timeout_ms),
        .timeout_ms = timeout_ms,
    };
    natsMsg *reply = NULL;
    st = terni_payload_check(client->conn, method->subject, out.size, err);
    if (st == TERN_OK) st = terni_calls_request(client->conn, &out, &reply, err);
    if (st != TERN_OK) return st;
    st = remote_error(reply, err);
    if (st == TERN_OK) st = decode_reply(method, reply, out_reply, err);
    terni_discard_msg(&client->conn->discard, reply);
    return st;
}

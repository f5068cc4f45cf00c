/* How a call begins, on its caller's thread: arguments, deadline, metadata, interceptors, the first attempt; and what a
 * blocked caller does then. What becomes of the call after that: rpc/call.c. */
#include <stdlib.h>
#include <string.h>

#include <tern/request.h>

#include "core/error.h"
#include "core/subject.h"
#include "io/frames.h"
#include "msg/message.h"
#include "msg/publish.h"
#include "rpc/call.h"
#include "rpc/wire.h"

/* ---- Before the first attempt ---- */

static tern_status check_call(const tern_client *client, const tern_method *method, const ProtobufCMessage *request,
                              tern_error *err)
{
    if (client == NULL || method == NULL)
        return terni_fail(err, TERN_INVALID_ARGUMENT, "%s is NULL", client == NULL ? "client" : "method");
    tern_status st = terni_message_check("request", request, err);
    if (st == TERN_OK && request->descriptor != method->input)
        st = terni_fail(err, TERN_INVALID_ARGUMENT, "request is a %s, \"%s\" takes a %s",
                        terni_message_name(request->descriptor), method->subject, terni_message_name(method->input));
    return st;
}

/* How long the call may take: as long as it says itself, and no longer than the request it is made for. */
static tern_status set_deadline(tern_call *call, const tern_call_options *options, tern_error *err)
{
    call->timeout_ms = options->timeout_ms > 0 ? options->timeout_ms : call->client->timeout_ms;
    if (options->parent != NULL) {
        uint32_t left = tern_request_remaining_ms(options->parent);
        if (left == 0)
            return terni_fail(err, TERN_DEADLINE_EXCEEDED, "call of \"%s\": the parent's deadline has passed",
                              call->method->subject);
        if (left < call->timeout_ms) call->timeout_ms = left;
    }
    call->exchange.deadline = call->began_us / 1000 + call->timeout_ms; /* as terni_deadline, without a look */
    return TERN_OK;
}

static tern_status inherit(tern_call *call, tern_request *parent, tern_error *err)
{
    static const char *const names[] = { TERNI_HEADER_TRACEPARENT, TERNI_HEADER_TRACESTATE };
    tern_status st = TERN_OK;
    for (size_t i = 0; i < sizeof names / sizeof *names && st == TERN_OK; i++) {
        const char *value = tern_request_header(parent, names[i]);
        bool fit = value != NULL && terni_header_check(names[i], value, NULL) == TERN_OK; /* others stay behind */
        if (fit) st = terni_headers_set(&call->headers, names[i], value, err);
    }
    return st;
}

static tern_status add_metadata(tern_call *call, const tern_call_options *options, tern_error *err)
{
    tern_status st = options->parent == NULL ? TERN_OK : inherit(call, options->parent, err);
    if (st == TERN_OK && options->metadata == NULL && options->metadata_count > 0)
        st = terni_fail(err, TERN_INVALID_ARGUMENT, "metadata is NULL, metadata_count %zu", options->metadata_count);
    for (size_t i = 0; i < options->metadata_count && st == TERN_OK; i++)
        st = terni_headers_set(&call->headers, options->metadata[i].name, options->metadata[i].value, err);
    return st;
}

static tern_status run_before(tern_call *call, tern_error *err)
{
    tern_client *client = call->client;
    tern_status st = TERN_OK;
    terni_call_frame here;
    terni_call_enter(&here, call);
    call->preparing = true;
    for (size_t i = 0; i < client->interceptor_count && st == TERN_OK; i++) {
        const tern_client_interceptor *interceptor = &client->interceptors[i];
        err->text[0] = '\0';
        if (interceptor->before != NULL) st = interceptor->before(call, interceptor->arg, err);
        if (st == TERN_OK) call->let_through++;
    }
    call->preparing = false;
    terni_call_leave(&here);
    if (st == TERN_OK) return TERN_OK;
    char text[TERN_ERROR_TEXT_SIZE];
    memcpy(text, err->text, sizeof text);
    text[sizeof text - 1] = '\0'; /* the program's */
    return terni_fail(err, st, "%s", text[0] == '\0' ? tern_status_meaning(st) : text);
}

/* Packs the request, where it may be needed for further attempts. */
static tern_status keep_payload(tern_call *call, const ProtobufCMessage *request, tern_error *err)
{
    call->payload_size = protobuf_c_message_get_packed_size(request);
    if (!terni_retry_is_on(&call->client->retry)) return TERN_OK;
    call->payload = malloc(call->payload_size + 1);
    if (call->payload == NULL) return terni_fail_memory(err);
    (void)protobuf_c_message_pack(request, call->payload);
    return TERN_OK;
}

/* The first attempt could not be queued, as err says. */
static tern_status fail_unsent(tern_call *call, tern_error *err)
{
    tern_error why = *err;
    return terni_call_fail(call, why.status, why.text, err);
}

/* Makes the first attempt, or has the next one made where that finds no room. OK: the call is the I/O thread's.
 * Inline, in both of its callers: 33 instructions less for each call. */
static inline tern_status start(tern_call *call, const ProtobufCMessage *request, tern_error *err)
{
    if (atomic_load(&call->cancelled)) /* by an interceptor, say */
        return terni_call_fail(call, TERN_CANCELLED, "cancelled", err);
    tern_status st = terni_call_attempt(call, request, err);
    if (st != TERN_OK) {
        if (!terni_call_wants_another(call, NULL, st, &call->resume_at)) call->resume_at = 0;
        if (call->resume_at == 0 || !terni_exchange_attend(&call->exchange)) return fail_unsent(call, err);
    }
    atomic_store(&call->begun, true);
    if (terni_call_is_given_up(call)) (void)terni_exchange_attend(&call->exchange);
    return TERN_OK;
}

static tern_status prepare(tern_call *call, const ProtobufCMessage *request, tern_error *err)
{
    tern_status st = call->client->interceptor_count > 0 ? run_before(call, err) : TERN_OK;
    if (st == TERN_OK) st = keep_payload(call, request, err);
    if (st != TERN_OK) return st;
    size_t headers = terni_header_bytes(call->headers.items, call->headers.count);
    return terni_payload_check(call->client->conn, call->method->subject, call->payload_size + headers, err);
}

static const tern_call_options default_options = TERN_CALL_OPTIONS_INIT;

/* Makes a call, counted as begun, as the options want it. */
static tern_status begin(tern_client *client, const tern_method *method, terni_call_kind kind,
                         const tern_call_options *options, tern_call **out_call, tern_error *err)
{
    tern_status st = terni_calls_begin(client->conn, err);
    if (st != TERN_OK) return st;
    tern_call *call = terni_call_take(client);
    if (call == NULL) {
        terni_calls_finish(client->conn);
        return terni_fail_memory(err);
    }
    call->method = method;
    call->kind = kind;
    call->exchange.waits = kind == TERNI_CALL_BLOCKING;
    st = set_deadline(call, options, err);
    if (st == TERN_OK) st = add_metadata(call, options, err);
    if (st == TERN_OK) {
        *out_call = call;
        return TERN_OK;
    }
    terni_calls_finish(client->conn);
    terni_call_release(call);
    return st;
}

/* ---- Blocking ---- */

/* Waits for the end of a blocking call, at most until its deadline. False: the caller leaves it to the I/O thread. */
static bool wait_for_end(tern_call *call, terni_time_ms deadline)
{
    bool in_time = true;
    pthread_mutex_t *mu = call->mu;
    (void)pthread_mutex_lock(mu);
    while (!call->over && in_time) in_time = terni_waiter_wait(&call->waiters, mu, deadline);
    bool over = call->over;
    call->left = !over;
    (void)pthread_mutex_unlock(mu);
    return over;
}

/* Runs a call to its end. why: filled in always. */
static void run_blocking(tern_call *call, const ProtobufCMessage *request, ProtobufCMessage **out_message,
                         tern_error *why)
{
    why->status = TERN_OK;
    tern_status st = prepare(call, request, why);
    terni_time_ms deadline = call->exchange.deadline; /* the I/O thread's once the call has started */
    if (st == TERN_OK) st = start(call, request, why);
    if (st == TERN_OK && (terni_exchange_serve(&call->exchange) || wait_for_end(call, deadline))) {
        terni_call_conclude(call, out_message, why);
    } else {
        if (st == TERN_OK) (void)terni_call_fail_late(call, why);
        terni_call_run_after(call, why);
    }
    terni_calls_finish(call->client->conn);
}

tern_status tern_client_call(tern_client *client, const tern_method *method, const ProtobufCMessage *request,
                             const tern_call_options *options, ProtobufCMessage **out_reply, tern_error *err)
{
    tern_call *call = NULL;
    tern_error why;
    ProtobufCMessage *message = NULL;
    if (options == NULL) options = &default_options;
    if (options->out_call != NULL) *options->out_call = NULL;
    if (out_reply == NULL) return terni_fail(err, TERN_INVALID_ARGUMENT, "out_reply is NULL");
    tern_status st = check_call(client, method, request, err);
    if (st == TERN_OK) st = terni_may_wait("a call", err);
    if (st == TERN_OK) st = begin(client, method, TERNI_CALL_BLOCKING, options, &call, err);
    if (st != TERN_OK) return st;
    call->has_handle = options->out_call != NULL;
    run_blocking(call, request, &message, &why);
    if (why.status == TERN_OK) *out_reply = message;
    else if (err != NULL) *err = why;
    if (options->out_call == NULL) {
        terni_call_release(call);
        return why.status;
    }
    terni_call_tell_finished(call);
    *options->out_call = call;
    return why.status;
}

/* ---- Asynchronous ---- */

static tern_status check_async(const tern_method *method, const tern_call_options *options, tern_any_fn done,
                               tern_call **out_call, tern_error *err)
{
    if (done == NULL && out_call == NULL)
        return terni_fail(err, TERN_INVALID_ARGUMENT, "done and out_call are both NULL: nobody would hear of the end");
    if (done != NULL && method->complete == NULL)
        return terni_fail(err, TERN_INVALID_ARGUMENT, "method \"%s\" has no complete", method->subject);
    if (options->out_call != NULL)
        return terni_fail(err, TERN_INVALID_ARGUMENT, "options.out_call is for blocking calls");
    return TERN_OK;
}

static tern_status start_async(tern_call *call, const ProtobufCMessage *request, tern_error *err)
{
    tern_status st = TERN_OK;
    if (call->kind == TERNI_CALL_CALLBACK) {
        bool ready = terni_client_callbacks(call->client) != NULL;
        if (!ready) st = terni_fail(err, TERN_RESOURCE_EXHAUSTED, "no memory or thread for callbacks");
    }
    if (st == TERN_OK) st = prepare(call, request, err);
    if (st == TERN_OK) st = terni_client_begin(call->client, call->method, err);
    if (st != TERN_OK) return st;
    st = start(call, request, err);
    if (st != TERN_OK) terni_client_finish(call->client);
    return st;
}

tern_status tern_client_call_async(tern_client *client, const tern_method *method, const ProtobufCMessage *request,
                                   const tern_call_options *options, tern_any_fn done, void *arg, tern_call **out_call,
                                   tern_error *err)
{
    tern_call *call = NULL;
    tern_error why;
    if (options == NULL) options = &default_options;
    tern_status st = check_call(client, method, request, err);
    if (st == TERN_OK) st = check_async(method, options, done, out_call, err);
    if (st == TERN_OK)
        st = begin(client, method, done == NULL ? TERNI_CALL_RESULT : TERNI_CALL_CALLBACK, options, &call, err);
    if (st != TERN_OK) return st;
    call->done = done;
    call->arg = arg;
    call->has_handle = out_call != NULL;
    terni_call_hold(call, 1); /* for here, and then for the handle */
    st = start_async(call, request, &why);
    if (st == TERN_OK) {
        terni_exchange_keep_deadline(&call->exchange);
        if (out_call != NULL) *out_call = call;
        else terni_call_release(call);
        return TERN_OK;
    }
    terni_call_run_after(call, &why);
    terni_calls_finish(client->conn);
    if (err != NULL) *err = why;
    terni_call_release(call);
    terni_call_release(call);
    return st;
}

/* ---- Inside before ---- */

tern_status tern_call_set_header(tern_call *call, const char *name, const char *value, tern_error *err)
{
    if (call == NULL) return terni_fail(err, TERN_INVALID_ARGUMENT, "call is NULL");
    if (!call->preparing)
        return terni_fail(err, TERN_FAILED_PRECONDITION, "header \"%s\": headers can be set inside before only",
                          terni_quote(name == NULL ? "" : name).text);
    return terni_headers_set(&call->headers, name, value, err);
}

/* What becomes of a call:
 *
 *   began (the caller's thread): arguments, metadata, interceptors' before, the first attempt
 *   attempt n (msg/calls.h) ends on the I/O thread: another one, after a backoff, or the call's own end
 *   finished: interceptors' after, then the outcome is handed over: by the blocked caller itself, on the lane of the
 *       client's callbacks, or on the I/O thread where there is no callback
 *
 * Who owns what: everything is the caller's until the first attempt has started, the I/O thread's until the end, and
 * the finisher's from then on; the state of the exchange, the push to the lane and mu hand it over. A blocked caller
 * whose deadline passes does not wait for the I/O thread: it sets left, under mu, and from then on the call is the I/O
 * thread's alone. Holds (refs): the call's own until it is finished, the handle's, and the engine's. A call without
 * holds goes back to its client, to be used again.
 *
 * A first attempt that finds no room to send has no end; where there is to be another, its caller sets resume_at, and
 * has the I/O thread wait for that. Who cancels a call that has not begun only says so; who begins it looks.
 *
 * Who wakes whom: the I/O thread signals changed at over; whoever finishes signals it at finished. */
#include "rpc/call.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tern/request.h>

#include "core/error.h"
#include "core/subject.h"
#include "msg/message.h"
#include "msg/msg.h"
#include "msg/publish.h"
#include "rpc/wire.h"

enum { SPARES_MAX = 64, DEFAULT_TIMEOUT_SLACK_MS = 100 };

static _Thread_local const tern_call *completing; /* the call whose callback this thread is in */

static const terni_exchange_class call_class;

static int64_t now_us(void)
{
    return terni_now_ns() / 1000;
}

/* ---- Memory ---- */

void terni_call_free(tern_call *call)
{
    (void)pthread_cond_destroy(&call->changed);
    (void)pthread_mutex_destroy(&call->mu);
    free(call);
}

static tern_call *call_new(tern_client *client)
{
    tern_call *call = calloc(1, sizeof *call);
    if (call == NULL) return NULL;
    if (pthread_mutex_init(&call->mu, NULL) != 0) goto no_mutex;
    if (!terni_cond_init(&call->changed)) goto no_cond;
    terni_exchange_init(&call->exchange, &call_class, client->conn);
    return call;
no_cond:
    (void)pthread_mutex_destroy(&call->mu);
no_mutex:
    free(call);
    return NULL;
}

/* A call with one hold on it; NULL: no memory. */
static tern_call *call_take(tern_client *client)
{
    (void)pthread_mutex_lock(&client->mu);
    tern_call *call = client->spares;
    if (call != NULL) {
        client->spares = call->next;
        client->spare_count--;
    }
    (void)pthread_mutex_unlock(&client->mu);
    if (call == NULL) call = call_new(client);
    if (call == NULL) return NULL;
    call->client = client;
    call->next = NULL;
    atomic_store_explicit(&call->refs, 1, memory_order_relaxed);
    terni_client_hold(client);
    return call;
}

/* Lets go of everything that belongs to one use. */
static void call_reset(tern_call *call)
{
    terni_discard_msg(&call->client->conn->discard, call->reply);
    call->reply = NULL;
    terni_headers_clear(&call->headers);
    free(call->payload);
    free(call->text);
    free(call->error);
    tern_message_free(call->message);
    if (call->lane != NULL) terni_lane_release(call->lane);
    call->payload = NULL;
    call->text = NULL;
    call->error = NULL;
    call->message = NULL;
    call->lane = NULL;
    call->status = TERN_OK;
    call->let_through = 0;
    call->resume_at = 0;
    call->concluded = call->sent = call->over = call->left = false;
    atomic_store_explicit(&call->attempts, 0, memory_order_relaxed);
    atomic_store_explicit(&call->cancelled, false, memory_order_relaxed);
    atomic_store_explicit(&call->begun, false, memory_order_relaxed);
    atomic_store_explicit(&call->finished, false, memory_order_relaxed);
}

void terni_call_release(tern_call *call)
{
    if (atomic_fetch_sub_explicit(&call->refs, 1, memory_order_acq_rel) != 1) return;
    tern_client *client = call->client;
    call_reset(call);
    (void)pthread_mutex_lock(&client->mu);
    bool keep = client->spare_count < SPARES_MAX;
    if (keep) {
        call->next = client->spares;
        client->spares = call;
        client->spare_count++;
    }
    (void)pthread_mutex_unlock(&client->mu);
    if (!keep) terni_call_free(call);
    terni_client_release(client);
}

static void call_hold(tern_call *call)
{
    (void)atomic_fetch_add_explicit(&call->refs, 1, memory_order_relaxed);
}

static tern_call *call_of(terni_exchange *exchange)
{
    return TERNI_CONTAINER(exchange, tern_call, exchange);
}

static void exchange_hold(terni_exchange *exchange)
{
    call_hold(call_of(exchange));
}

static void exchange_release(terni_exchange *exchange)
{
    terni_call_release(call_of(exchange));
}

/* ---- Outcome ---- */

static tern_status fail_remote(const terni_reply_error *error, tern_error *err)
{
    (void)terni_fail(err, error->status, "%s", error->text);
    err->remote = true;
    err->remote_code = error->code;
    return error->status;
}

/* No reply in time: of the call's own, or of its last attempt's. */
static tern_status fail_late(tern_call *call, tern_error *err)
{
    uint64_t passed_ms = (uint64_t)(now_us() - call->began_us + 999) / 1000; /* the deadline is in whole ms, cut */
    (void)pthread_mutex_lock(&call->mu);
    bool sent = call->sent;
    (void)pthread_mutex_unlock(&call->mu);
    return terni_fail_late(call->client->prefix, call->method->subject, sent,
                           passed_ms < call->timeout_ms ? (uint32_t)passed_ms : call->timeout_ms, err);
}

/* What the call has come to, in full. out_message: NULL unless OK. */
static tern_status read_outcome(tern_call *call, ProtobufCMessage **out_message, tern_error *err)
{
    *out_message = NULL;
    if (call->status == TERN_DEADLINE_EXCEEDED) return fail_late(call, err);
    if (call->status != TERN_OK)
        return terni_fail_request(call->client->prefix, call->method->subject, call->status,
                                  call->text == NULL ? tern_status_meaning(call->status) : call->text, err);
    terni_reply_error error = terni_reply_read_error(call->reply);
    if (error.status != TERN_OK) return fail_remote(&error, err);
    tern_status st = terni_reply_decode(call->method, call->reply, out_message, err);
    if (st == TERN_OK && terni_retry_is_on(&call->client->retry)) terni_retry_succeeded(&call->client->retry);
    return st;
}

/* The outcome is known: interceptors that let the call through see it. */
static void run_after(tern_call *call, const tern_error *outcome)
{
    atomic_store_explicit(&call->took_us, now_us() - call->began_us, memory_order_relaxed);
    while (call->let_through > 0) {
        const tern_client_interceptor *interceptor = &call->client->interceptors[--call->let_through];
        if (interceptor->after != NULL) interceptor->after(call, outcome, interceptor->arg);
    }
}

/* Reads the outcome, and lets interceptors see it. err: filled in always, status OK included. */
static void conclude(tern_call *call, ProtobufCMessage **out_message, tern_error *err)
{
    err->status = TERN_OK;
    err->remote = false;
    err->remote_code = 0;
    err->text[0] = '\0';
    (void)read_outcome(call, out_message, err);
    call->concluded = true;
    run_after(call, err);
}

/* An asynchronous call ends here: hands the outcome over, and gives the call's own hold back. */
static void finish(tern_call *call)
{
    tern_error err;
    ProtobufCMessage *message = NULL;
    tern_client *client = call->client;
    conclude(call, &message, &err);
    if (call->kind == TERNI_CALL_CALLBACK) {
        const tern_call *outer = completing;
        completing = call;
        call->method->complete(call->done, call, message, &err, call->arg);
        completing = outer;
    } else {
        call->message = message;
        call->status = err.status;
        if (err.status != TERN_OK) call->error = malloc(sizeof err);
        if (call->error != NULL) *call->error = err;
    }
    terni_calls_finish(client->conn);
    terni_client_delist(client, call);
    terni_call_tell_finished(call);
    terni_call_release(call);
}

void terni_call_run_callback(terni_lane *lane, terni_item *item)
{
    (void)lane;
    finish(TERNI_CONTAINER(item, tern_call, item));
}

/* ---- On the I/O thread ---- */

static tern_status start_attempt(tern_call *call, const ProtobufCMessage *request, tern_error *err);

static bool call_sending(terni_exchange *exchange, tern_header *out_header)
{
    static _Thread_local char text[24];
    tern_call *call = call_of(exchange);
    (void)pthread_mutex_lock(&call->mu);
    bool wanted = !call->left;
    if (wanted) call->sent = true;
    (void)pthread_mutex_unlock(&call->mu);
    terni_time_ms left = call->deadline - terni_now_ms();
    bool as_assumed = left <= TERNI_TIMEOUT_DEFAULT_MS && left > TERNI_TIMEOUT_DEFAULT_MS - DEFAULT_TIMEOUT_SLACK_MS;
    if (!as_assumed && wanted) {
        (void)snprintf(text, sizeof text, "%lld", (long long)(left < 1 ? 1 : left));
        *out_header = (tern_header){ .name = TERNI_HEADER_TIMEOUT, .value = text };
    }
    return wanted;
}

/* Has the caller left? Then nobody hears the outcome. */
static bool is_left(tern_call *call)
{
    (void)pthread_mutex_lock(&call->mu);
    bool left = call->left;
    (void)pthread_mutex_unlock(&call->mu);
    return left;
}

static bool wants_another(tern_call *call, natsMsg *reply, tern_status status, terni_time_ms *out_at)
{
    if (call->payload == NULL || atomic_load(&call->cancelled) || is_left(call)) return false;
    terni_failure failure = { .status = status };
    if (status == TERN_OK) {
        failure.error = terni_reply_read_error(reply);
        if (failure.error.status == TERN_OK) return false;
    }
    return terni_retry_again(&call->client->retry, call->method, &failure, atomic_load(&call->attempts), call->deadline,
                             out_at);
}

static void set_outcome(tern_call *call, natsMsg *reply, tern_status status, const char *text)
{
    call->reply = reply;
    call->status = status;
    call->text = status == TERN_OK || status == TERN_DEADLINE_EXCEEDED ? NULL : strdup(text);
}

static void end_blocking(tern_call *call, natsMsg *reply, tern_status status, const char *text)
{
    (void)pthread_mutex_lock(&call->mu);
    bool left = call->left;
    if (!left) set_outcome(call, reply, status, text);
    call->over = true;
    (void)pthread_mutex_unlock(&call->mu);
    if (left) terni_discard_msg(&call->client->conn->discard, reply); /* a handle may be read meanwhile */
    else (void)pthread_cond_signal(&call->changed); /* unlocked: the caller need not wait a second time */
}

/* The call's own end. */
static void end_call(tern_call *call, natsMsg *reply, tern_status status, const char *text)
{
    if (call->kind == TERNI_CALL_BLOCKING) {
        end_blocking(call, reply, status, text);
        return;
    }
    set_outcome(call, reply, status, text);
    if (call->kind == TERNI_CALL_CALLBACK) (void)terni_lane_push(call->lane, &call->item);
    else finish(call);
}

static void call_ended(terni_exchange *exchange, natsMsg *reply, tern_status status, const char *text)
{
    tern_call *call = call_of(exchange);
    terni_time_ms at = 0;
    if (!wants_another(call, reply, status, &at)) {
        end_call(call, reply, status, text);
        return;
    }
    terni_discard_msg(&call->client->conn->discard, reply);
    terni_exchange_wait(exchange, at);
}

static void call_resume(terni_exchange *exchange)
{
    tern_call *call = call_of(exchange);
    tern_error why;
    tern_status st = start_attempt(call, NULL, &why);
    if (st != TERN_OK) call_ended(exchange, NULL, st, why.text);
}

static void call_attend(terni_exchange *exchange)
{
    tern_call *call = call_of(exchange);
    if (call->resume_at != 0) terni_exchange_wait(exchange, call->resume_at);
    call->resume_at = 0;
    if (atomic_load(&call->cancelled)) terni_exchange_end(exchange, TERN_CANCELLED, "cancelled");
}

static const terni_exchange_class call_class = { .sending = call_sending,
                                                 .ended = call_ended,
                                                 .resume = call_resume,
                                                 .attend = call_attend,
                                                 .hold = exchange_hold,
                                                 .release = exchange_release };

/* ---- Beginning ---- */

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
    call->deadline = terni_deadline(call->timeout_ms);
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
    call->preparing = true;
    for (size_t i = 0; i < client->interceptor_count && st == TERN_OK; i++) {
        const tern_client_interceptor *interceptor = &client->interceptors[i];
        err->text[0] = '\0';
        if (interceptor->before != NULL) st = interceptor->before(call, interceptor->arg, err);
        if (st == TERN_OK) call->let_through++;
    }
    call->preparing = false;
    if (st == TERN_OK) return TERN_OK;
    char text[TERN_ERROR_TEXT_SIZE];
    memcpy(text, err->text, sizeof text);
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

/* Starts an attempt; request: needed where there is no payload. */
static tern_status start_attempt(tern_call *call, const ProtobufCMessage *request, tern_error *err)
{
    char number[12];
    uint32_t attempt = atomic_fetch_add(&call->attempts, 1) + 1;
    tern_status st = TERN_OK;
    if (attempt > 1) {
        (void)snprintf(number, sizeof number, "%u", attempt);
        st = terni_headers_set_own(&call->headers, TERNI_HEADER_ATTEMPT, number, err);
    }
    if (st != TERN_OK) return st;
    terni_outgoing out = {
        .prefix = call->client->prefix,
        .subject = call->method->subject,
        .headers = call->headers.items,
        .header_count = call->headers.count,
        .size = call->payload_size,
        .fill = call->payload == NULL ? terni_message_fill : NULL,
        .source = call->payload == NULL ? (const void *)request : call->payload,
        .deadline = call->deadline,
    };
    call->exchange.reply_timeout_ms = terni_retry_reply_timeout(&call->client->retry, call->method);
    return terni_exchange_start(&call->exchange, &out, err);
}

/* Makes the first attempt, or has the next one made where that finds no room. OK: the call is the I/O thread's. */
static tern_status start(tern_call *call, const ProtobufCMessage *request, tern_error *err)
{
    if (atomic_load(&call->cancelled)) /* by an interceptor, say */
        return terni_fail_request(call->client->prefix, call->method->subject, TERN_CANCELLED, "cancelled", err);
    tern_status st = start_attempt(call, request, err);
    if (st != TERN_OK) {
        if (!wants_another(call, NULL, st, &call->resume_at)) call->resume_at = 0;
        if (call->resume_at == 0 || !terni_exchange_attend(&call->exchange)) return st;
    }
    atomic_store(&call->begun, true);
    if (atomic_load(&call->cancelled)) (void)terni_exchange_attend(&call->exchange);
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
    tern_call *call = call_take(client);
    if (call == NULL) {
        terni_calls_finish(client->conn);
        return terni_fail_memory(err);
    }
    call->method = method;
    call->kind = kind;
    call->began_us = now_us();
    atomic_store_explicit(&call->took_us, -1, memory_order_relaxed);
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
static bool wait_for_end(tern_call *call)
{
    bool in_time = true;
    (void)pthread_mutex_lock(&call->mu);
    while (!call->over && in_time) in_time = terni_cond_wait_until(&call->changed, &call->mu, call->deadline);
    bool over = call->over;
    call->left = !over;
    (void)pthread_mutex_unlock(&call->mu);
    return over;
}

/* Runs a call to its end. why: filled in always. */
static void run_blocking(tern_call *call, const ProtobufCMessage *request, ProtobufCMessage **out_message,
                         tern_error *why)
{
    why->status = TERN_OK;
    tern_status st = prepare(call, request, why);
    if (st == TERN_OK) st = start(call, request, why);
    if (st == TERN_OK && wait_for_end(call)) {
        conclude(call, out_message, why);
    } else {
        if (st == TERN_OK) (void)fail_late(call, why);
        run_after(call, why);
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
        call->lane = terni_client_callbacks(call->client);
        if (call->lane == NULL) st = terni_fail(err, TERN_RESOURCE_EXHAUSTED, "no memory or thread for callbacks");
    }
    if (st == TERN_OK) st = prepare(call, request, err);
    if (st == TERN_OK) st = terni_client_enlist(call->client, call, err);
    if (st != TERN_OK) return st;
    st = start(call, request, err);
    if (st != TERN_OK) terni_client_delist(call->client, call);
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
    call_hold(call); /* for here, and then for the handle */
    st = start_async(call, request, &why);
    if (st == TERN_OK) {
        (void)terni_exchange_attend(&call->exchange); /* to arm its deadline */
        if (out_call != NULL) *out_call = call;
        else terni_call_release(call);
        return TERN_OK;
    }
    run_after(call, &why);
    terni_calls_finish(client->conn);
    if (err != NULL) *err = why;
    terni_call_release(call);
    terni_call_release(call);
    return st;
}

void tern_call_cancel(tern_call *call)
{
    if (call == NULL) return;
    atomic_store(&call->cancelled, true);
    if (atomic_load(&call->begun)) (void)terni_exchange_attend(&call->exchange); /* else who begins it sees it */
}

bool terni_call_is_completing(const tern_call *call)
{
    return completing == call;
}

tern_status tern_call_set_header(tern_call *call, const char *name, const char *value, tern_error *err)
{
    if (call == NULL) return terni_fail(err, TERN_INVALID_ARGUMENT, "call is NULL");
    if (!call->preparing)
        return terni_fail(err, TERN_FAILED_PRECONDITION, "header \"%s\": headers can be set inside before only",
                          terni_quote(name == NULL ? "" : name).text);
    return terni_headers_set(&call->headers, name, value, err);
}

uint64_t tern_call_elapsed_us(const tern_call *call)
{
    int64_t us = atomic_load_explicit(&((tern_call *)(uintptr_t)call)->took_us, memory_order_relaxed);
    if (us < 0) us = now_us() - call->began_us;
    return us < 0 ? 0 : (uint64_t)us;
}

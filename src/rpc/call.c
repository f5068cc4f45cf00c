/* What becomes of a call:
 *
 *   began (the caller's thread): arguments, metadata, interceptors' before, the first attempt
 *   attempt n (msg/calls.h) ends on the I/O thread: another one, after a backoff, or the call's own end
 *   finished: interceptors' after, then the outcome is handed over: by the blocked caller itself, on the lane of the
 *       client's callbacks, or on the I/O thread where there is no callback
 *
 * Who owns what: everything is the caller's until the first attempt has started, the I/O thread's until the end, and
 * the finisher's from then on; the state of the exchange, the push to the lane and the call's lock hand it over. A
 * blocked caller whose deadline passes does not wait for the I/O thread: it sets left, under that lock, and from then
 * on the call is the I/O thread's alone. One that has borrowed the loop (msg/calls.h) is in the I/O thread's place: it
 * takes no lock for its call, wakes nobody, and terni_exchange_serve tells it of the end. Holds (refs): the call's own
 * until it is finished, the handle's, and the engine's. A call without holds goes back to its client, to be used again.
 *
 * A first attempt that finds no room to send has no end; where there is to be another, its caller sets resume_at, and
 * has the I/O thread wait for that. Who cancels a call that has not begun only says so; who begins it looks. Who frees
 * a client says so, and has the I/O thread end the asynchronous calls that it knows of; of the others it hears when
 * they have begun, and looks then.
 *
 * Who wakes whom: the I/O thread wakes the waiters at over; whoever finishes wakes them at finished. Tried, without
 * gain: to wake blocked callers when all that was read has been handed over (64 callers: 58,200 calls a second, 59,100
 * as it is). */
#include "rpc/call.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tern/request.h>

#include "core/error.h"
#include "core/subject.h"
#include "io/frames.h"
#include "msg/message.h"
#include "msg/msg.h"
#include "msg/publish.h"
#include "rpc/wire.h"

enum { SPARES_MAX = 64, DEFAULT_TIMEOUT_SLACK_MS = 100 };
enum { OWN_HEADER_MAX = 64 }; /* "NATS/1.0", a name, a number and what is between them */

static _Thread_local const terni_call_frame *innermost;

static const terni_exchange_class call_class;

static int64_t now_us(void)
{
    return terni_now_ns() / 1000;
}

/* ---- Memory ---- */

static tern_call *pop(terni_call_spares *spares)
{
    tern_call *call = spares->first;
    if (call == NULL) return NULL;
    spares->first = call->next;
    spares->count--;
    return call;
}

static bool push(terni_call_spares *spares, tern_call *call)
{
    if (spares->count >= SPARES_MAX) return false;
    call->next = spares->first;
    spares->first = call;
    spares->count++;
    return true;
}

void terni_call_free_spares(terni_call_spares *spares)
{
    tern_call *call;
    while ((call = pop(spares)) != NULL) free(call);
}

static tern_call *call_new(tern_client *client)
{
    tern_call *call = calloc(1, sizeof *call);
    if (call == NULL) return NULL;
    call->client = client;
    call->mu = &client->call_locks[(uintptr_t)call / sizeof *call % TERNI_CALL_LOCKS];
    terni_exchange_init(&call->exchange, &call_class, client->conn);
    return call;
}

static tern_call *take_spare(tern_client *client, bool on_io_thread)
{
    tern_call *call = on_io_thread ? pop(&client->io_spares) : NULL;
    if (call != NULL) return call;
    (void)pthread_mutex_lock(&client->mu);
    call = pop(&client->spares);
    (void)pthread_mutex_unlock(&client->mu);
    return call;
}

/* False: there are enough already. */
static bool put_spare(tern_client *client, tern_call *call)
{
    if (call->io_threads && terni_conn_on_io_thread(client->conn)) return push(&client->io_spares, call);
    (void)pthread_mutex_lock(&client->mu);
    bool kept = push(&client->spares, call);
    (void)pthread_mutex_unlock(&client->mu);
    return kept;
}

tern_call *terni_call_take(tern_client *client)
{
    bool on_io_thread = terni_conn_on_io_thread(client->conn);
    tern_call *call = take_spare(client, on_io_thread);
    if (call == NULL) call = call_new(client);
    if (call == NULL) return NULL;
    call->io_threads = on_io_thread;
    call->next = NULL;
    call->began_us = now_us();
    atomic_store_explicit(&call->took_us, -1, memory_order_relaxed);
    atomic_store_explicit(&call->refs, 1, memory_order_relaxed);
    terni_client_hold(client);
    return call;
}

static void discard_reply(tern_call *call, natsMsg *reply)
{
    if (reply != NULL)
        terni_conn_discard(call->client->conn, reply, terni_nats_size(reply, call->exchange.reply_is_bare));
}

static void free_rest(tern_call *call)
{
    free(call->payload);
    free(call->text);
    free(call->error);
    tern_message_free(call->message);
    call->payload = NULL;
    call->text = NULL;
    call->error = NULL;
    call->message = NULL;
}

/* Lets go of everything that belongs to one use. */
static void call_reset(tern_call *call)
{
    discard_reply(call, call->reply);
    call->reply = NULL;
    terni_headers_clear(&call->headers);
    bool seldom = call->payload != NULL || call->text != NULL || call->error != NULL || call->message != NULL;
    if (seldom) free_rest(call);
    call->status = TERN_OK;
    call->let_through = 0;
    call->resume_at = 0;
    call->has_handle = false;
    call->concluded = call->sent = call->over = call->left = false;
    atomic_store_explicit(&call->attempts, 0, memory_order_relaxed);
    atomic_store_explicit(&call->poor, false, memory_order_relaxed);
    atomic_store_explicit(&call->cancelled, false, memory_order_relaxed);
    atomic_store_explicit(&call->begun, false, memory_order_relaxed);
    atomic_store_explicit(&call->finished, false, memory_order_relaxed);
}

void terni_call_release(tern_call *call)
{
    if (atomic_fetch_sub_explicit(&call->refs, 1, memory_order_acq_rel) != 1) return;
    tern_client *client = call->client;
    call_reset(call);
    if (!put_spare(client, call)) free(call);
    terni_client_release(client);
}

void terni_call_hold(tern_call *call, unsigned count)
{
    (void)atomic_fetch_add_explicit(&call->refs, count, memory_order_relaxed);
}

static tern_call *call_of(terni_exchange *exchange)
{
    return TERNI_CONTAINER(exchange, tern_call, exchange);
}

static void exchange_hold(terni_exchange *exchange, unsigned count)
{
    terni_call_hold(call_of(exchange), count);
}

static void exchange_release(terni_exchange *exchange)
{
    terni_call_release(call_of(exchange));
}

/* ---- Outcome ---- */

static tern_status fail_remote(const terni_reply_error *error, tern_error *err)
{
    (void)terni_fail(err, error->status, "%s", error->text);
    err->remote = !error->local;
    err->remote_code = error->code;
    return error->status;
}

static tern_status note_attempts(tern_call *call, tern_error *err)
{
    uint32_t attempts = atomic_load(&call->attempts);
    bool poor = atomic_load(&call->poor);
    size_t length = strlen(err->text);
    if (poor || attempts > 1)
        (void)snprintf(err->text + length, sizeof err->text - length, " (attempt %u of %u%s)", attempts,
                       call->client->retry.options.attempts, poor ? "; the retry budget is spent" : "");
    return err->status;
}

tern_status terni_call_fail(tern_call *call, tern_status status, const char *text, tern_error *err)
{
    (void)terni_fail_request(call->client->prefix, call->method->subject, status, text, err);
    return note_attempts(call, err);
}

tern_status terni_call_fail_late(tern_call *call, tern_error *err)
{
    uint64_t passed_ms = (uint64_t)(now_us() - call->began_us + 999) / 1000; /* the deadline is in whole ms, cut */
    (void)pthread_mutex_lock(call->mu);
    bool sent = call->sent;
    (void)pthread_mutex_unlock(call->mu);
    (void)terni_fail_late(call->client->conn, call->client->prefix, call->method->subject, sent,
                          passed_ms < call->timeout_ms ? (uint32_t)passed_ms : call->timeout_ms, err);
    return note_attempts(call, err);
}

/* An error is in the headers; looking for it costs where there are none, too. */
static terni_reply_error read_error(const tern_call *call, natsMsg *reply)
{
    if (call->exchange.reply_is_bare) return (terni_reply_error){ .status = TERN_OK };
    return terni_reply_read_error(reply);
}

/* What the call has come to, in full. out_message: NULL unless OK. */
static tern_status read_outcome(tern_call *call, ProtobufCMessage **out_message, tern_error *err)
{
    *out_message = NULL;
    if (call->status == TERN_DEADLINE_EXCEEDED) return terni_call_fail_late(call, err);
    if (call->status != TERN_OK)
        return terni_call_fail(call, call->status, call->text == NULL ? tern_status_meaning(call->status) : call->text,
                               err);
    terni_reply_error error = read_error(call, call->reply);
    if (error.status != TERN_OK) return fail_remote(&error, err);
    tern_status st = terni_reply_decode(call->method, call->reply, out_message, err);
    if (st == TERN_OK && terni_retry_is_on(&call->client->retry)) terni_retry_succeeded(&call->client->retry);
    return st;
}

void terni_call_enter(terni_call_frame *frame, const tern_call *call)
{
    *frame = (terni_call_frame){ .call = call, .outer = innermost };
    innermost = frame;
}

void terni_call_leave(const terni_call_frame *frame)
{
    innermost = frame->outer;
}

bool terni_call_is_inside(const tern_call *call)
{
    const terni_call_frame *at = innermost;
    while (at != NULL && at->call != call) at = at->outer;
    return at != NULL;
}

bool terni_call_is_inside_of(const tern_client *client)
{
    const terni_call_frame *at = innermost;
    while (at != NULL && at->call->client != client) at = at->outer;
    return at != NULL;
}

void terni_call_run_after(tern_call *call, const tern_error *outcome)
{
    terni_call_frame here;
    bool unseen = call->kind == TERNI_CALL_BLOCKING && call->let_through == 0 && !call->has_handle;
    if (unseen) return; /* nobody can ask what it took */
    terni_call_enter(&here, call);
    atomic_store_explicit(&call->took_us, now_us() - call->began_us, memory_order_relaxed);
    while (call->let_through > 0) {
        const tern_client_interceptor *interceptor = &call->client->interceptors[--call->let_through];
        if (interceptor->after != NULL) interceptor->after(call, outcome, interceptor->arg);
    }
    terni_call_leave(&here);
}

void terni_call_conclude(tern_call *call, ProtobufCMessage **out_message, tern_error *err)
{
    err->status = TERN_OK;
    err->remote = false;
    err->remote_code = 0;
    err->text[0] = '\0';
    (void)read_outcome(call, out_message, err);
    call->concluded = true;
    terni_call_run_after(call, err);
}

/* An asynchronous call ends here: hands the outcome over, and gives the call's own hold back. */
static void finish(tern_call *call)
{
    tern_error err;
    ProtobufCMessage *message = NULL;
    tern_client *client = call->client;
    terni_call_conclude(call, &message, &err);
    if (call->kind == TERNI_CALL_CALLBACK) {
        terni_call_frame here;
        terni_call_enter(&here, call);
        call->method->complete(call->done, call, message, &err, call->arg);
        terni_call_leave(&here);
    } else {
        call->message = message;
        call->status = err.status;
        if (err.status != TERN_OK) call->error = malloc(sizeof err);
        if (call->error != NULL) *call->error = err;
    }
    terni_calls_finish(client->conn);
    terni_client_finish(client);
    terni_call_tell_finished(call);
    terni_call_release(call);
}

void terni_call_run_callback(terni_lane *lane, terni_item *item)
{
    (void)lane;
    finish(TERNI_CONTAINER(item, tern_call, item));
}

/* ---- On the I/O thread ---- */

/* Is there room for one more header of Tern's own within what the server takes? Without it the service assumes the
 * default timeout, or a first attempt. */
static bool fits(const tern_call *call)
{
    size_t limit = tern_conn_max_payload(call->client->conn);
    size_t headers = terni_header_bytes(call->headers.items, call->headers.count);
    return limit == 0 || call->payload_size + headers + OWN_HEADER_MAX <= limit;
}

/* Is the call still to be sent? Then it counts as sent. Only a caller that is blocked may have left, or look meanwhile;
 * one that has borrowed the loop cannot: it is on this thread. */
static bool is_wanted(tern_call *call)
{
    bool shared = call->kind == TERNI_CALL_BLOCKING && !call->exchange.borrowed;
    if (shared) (void)pthread_mutex_lock(call->mu);
    bool wanted = !call->left;
    if (wanted) call->sent = true;
    if (shared) (void)pthread_mutex_unlock(call->mu);
    return wanted;
}

static void say_timeout(terni_time_ms left, tern_header *out_header)
{
    static _Thread_local char text[24];
    (void)snprintf(text, sizeof text, "%lld", (long long)(left < 1 ? 1 : left));
    *out_header = (tern_header){ .name = TERNI_HEADER_TIMEOUT, .value = text };
}

static bool call_sending(terni_exchange *exchange, tern_header *out_header)
{
    tern_call *call = call_of(exchange);
    bool wanted = is_wanted(call);
    terni_time_ms left = call->exchange.deadline - call->client->conn->io.now;
    if (left > call->timeout_ms) left = call->timeout_ms; /* the call began after that */
    bool as_assumed = left <= TERNI_TIMEOUT_DEFAULT_MS && left > TERNI_TIMEOUT_DEFAULT_MS - DEFAULT_TIMEOUT_SLACK_MS;
    if (!as_assumed && wanted && fits(call)) say_timeout(left, out_header);
    return wanted;
}

/* Has the caller left? Then nobody hears the outcome. */
static bool is_left(tern_call *call)
{
    (void)pthread_mutex_lock(call->mu);
    bool left = call->left;
    (void)pthread_mutex_unlock(call->mu);
    return left;
}

/* Of an attempt that has failed, or may have. */
static terni_retry_verdict judge(tern_call *call, natsMsg *reply, tern_status status, terni_time_ms *out_at)
{
    terni_failure failure = { .status = status };
    if (status == TERN_OK) {
        failure.error = read_error(call, reply);
        if (failure.error.status == TERN_OK) return TERNI_RETRY_NO;
    }
    return terni_retry_again(&call->client->retry, call->method, &failure, atomic_load(&call->attempts),
                             call->exchange.deadline, out_at);
}

bool terni_call_wants_another(tern_call *call, natsMsg *reply, tern_status status, terni_time_ms *out_at)
{
    if (call->payload == NULL || terni_call_is_given_up(call) || is_left(call)) return false;
    terni_retry_verdict verdict = judge(call, reply, status, out_at);
    if (verdict != TERNI_RETRY_NO) atomic_store(&call->poor, verdict == TERNI_RETRY_UNAFFORDABLE);
    return verdict == TERNI_RETRY_YES;
}

static void set_outcome(tern_call *call, natsMsg *reply, tern_status status, const char *text)
{
    call->reply = reply;
    call->status = status;
    call->text = status == TERN_OK || status == TERN_DEADLINE_EXCEEDED ? NULL : strdup(text);
}

static void end_blocking(tern_call *call, natsMsg *reply, tern_status status, const char *text)
{
    (void)pthread_mutex_lock(call->mu);
    bool left = call->left;
    if (!left) set_outcome(call, reply, status, text);
    call->over = true;
    terni_waiter *woken = terni_waiters_take(&call->waiters);
    (void)pthread_mutex_unlock(call->mu);
    terni_waiters_wake(woken);
    bool late = left && reply != NULL; /* not kept: a handle may be read meanwhile */
    if (late) terni_calls_drop_late(call->client->conn, reply, terni_nats_size(reply, call->exchange.reply_is_bare));
}

/* The call's own end. */
static void end_call(tern_call *call, natsMsg *reply, tern_status status, const char *text)
{
    if (call->kind == TERNI_CALL_BLOCKING && !call->exchange.borrowed) {
        end_blocking(call, reply, status, text);
        return;
    }
    set_outcome(call, reply, status, text);
    switch (call->kind) {
    case TERNI_CALL_BLOCKING: break; /* on a borrowed loop: terni_exchange_serve tells the caller */
    case TERNI_CALL_CALLBACK: (void)terni_lane_push(call->client->callbacks, &call->item); break;
    case TERNI_CALL_RESULT: finish(call); break;
    }
}

static void call_ended(terni_exchange *exchange, natsMsg *reply, tern_status status, const char *text)
{
    tern_call *call = call_of(exchange);
    terni_time_ms at = 0;
    if (status != TERN_OK && terni_call_is_given_up(call)) { /* asked for before the attempt failed */
        status = TERN_CANCELLED;
        text = "cancelled";
    }
    if (!terni_call_wants_another(call, reply, status, &at)) {
        end_call(call, reply, status, text);
        return;
    }
    discard_reply(call, reply);
    terni_exchange_wait(exchange, at);
}

/* Where no other attempt can follow, this one has all the time that is left. */
static bool call_overdue(terni_exchange *exchange, terni_time_ms *out_at)
{
    return terni_call_wants_another(call_of(exchange), NULL, TERN_DEADLINE_EXCEEDED, out_at);
}

static void call_resume(terni_exchange *exchange)
{
    tern_call *call = call_of(exchange);
    tern_error why;
    tern_status st = terni_call_attempt(call, NULL, &why);
    if (st == TERN_FAILED_PRECONDITION)
        call_ended(exchange, NULL, TERN_CANCELLED, "the connection is closed"); /* soon */
    else if (st != TERN_OK) call_ended(exchange, NULL, st, why.text);
}

static void call_attend(terni_exchange *exchange)
{
    tern_call *call = call_of(exchange);
    if (call->resume_at != 0) terni_exchange_wait(exchange, call->resume_at);
    call->resume_at = 0;
    if (terni_call_is_given_up(call)) terni_exchange_end(exchange, TERN_CANCELLED, "cancelled");
}

static const terni_exchange_class call_class = { .sending = call_sending,
                                                 .ended = call_ended,
                                                 .overdue = call_overdue,
                                                 .resume = call_resume,
                                                 .attend = call_attend,
                                                 .hold = exchange_hold,
                                                 .release = exchange_release };

static void end_freed(terni_exchange *exchange, void *client)
{
    if (exchange->class != &call_class || call_of(exchange)->client != client) return;
    if (terni_call_is_given_up(call_of(exchange))) terni_exchange_end(exchange, TERN_CANCELLED, "cancelled");
}

void terni_call_end_freed(tern_client *client)
{
    terni_calls_each(client->conn, end_freed, client);
}

/* Counts an attempt that begins. 0: its caller has left. */
static uint32_t count_attempt(tern_call *call)
{
    uint32_t number = atomic_load_explicit(&call->attempts, memory_order_relaxed) + 1;
    bool shared = number > 1 && call->kind == TERNI_CALL_BLOCKING;
    if (shared) (void)pthread_mutex_lock(call->mu);
    bool wanted = !call->left;
    if (wanted) atomic_store_explicit(&call->attempts, number, memory_order_relaxed);
    if (shared) (void)pthread_mutex_unlock(call->mu);
    return wanted ? number : 0;
}

tern_status terni_call_attempt(tern_call *call, const ProtobufCMessage *request, tern_error *err)
{
    char number[12];
    uint32_t attempt = count_attempt(call);
    if (attempt == 0) return terni_fail(err, TERN_CANCELLED, "given up");
    tern_status st = TERN_OK;
    if (attempt > 1 && fits(call)) {
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
        .deadline = call->exchange.deadline,
    };
    call->exchange.reply_timeout_ms = terni_retry_reply_timeout(&call->client->retry, call->method);
    return terni_exchange_start(&call->exchange, &out, err);
}

/* ---- For any thread ---- */

void tern_call_cancel(tern_call *call)
{
    if (call == NULL) return;
    atomic_store(&call->cancelled, true);
    if (atomic_load(&call->begun)) (void)terni_exchange_attend(&call->exchange); /* else who begins it sees it */
}

uint64_t tern_call_elapsed_us(const tern_call *call)
{
    int64_t us = atomic_load_explicit(&((tern_call *)(uintptr_t)call)->took_us, memory_order_relaxed);
    if (us < 0) us = now_us() - call->began_us;
    return us < 0 ? 0 : (uint64_t)us;
}

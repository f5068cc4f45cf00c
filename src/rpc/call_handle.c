/* What a program does with a call's handle: waits, takes the outcome, reads what came with it. Who waits for one
 * call is entered in that call's list; who waits for any of several, in one for the whole process, which is told of
 * each call that finishes while somebody waits so. */
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/queue.h"
#include "core/subject.h"
#include "msg/msg.h"
#include "rpc/call.h"
#include "rpc/wire.h"

static pthread_mutex_t any_mu = PTHREAD_MUTEX_INITIALIZER;
static terni_waiter *any_list;  /* any_mu */
static uint64_t any_count;      /* any_mu: calls that finished while somebody waited */
static atomic_uint any_waiters; /* counted before they look, so that who finishes either is seen or sees them */

void terni_call_tell_finished(tern_call *call)
{
    if (!call->has_handle) return;
    (void)pthread_mutex_lock(call->mu);
    atomic_store(&call->finished, true);
    terni_waiter *woken = terni_waiters_take(&call->waiters);
    (void)pthread_mutex_unlock(call->mu);
    terni_waiters_wake(woken);
    if (atomic_load(&any_waiters) == 0) return;
    (void)pthread_mutex_lock(&any_mu);
    any_count++;
    woken = terni_waiters_take(&any_list);
    (void)pthread_mutex_unlock(&any_mu);
    terni_waiters_wake(woken);
}

static bool is_finished(tern_call *call)
{
    return atomic_load(&call->finished);
}

bool tern_call_has_ended(const tern_call *call)
{
    return is_finished((tern_call *)(uintptr_t)call);
}

static terni_time_ms wait_deadline(uint32_t timeout_ms)
{
    return timeout_ms == 0 ? TERNI_NEVER : terni_deadline(timeout_ms);
}

/* OK, or FAILED_PRECONDITION: the call cannot finish while this thread waits. */
static tern_status may_wait_for(tern_call *call, tern_error *err)
{
    if (is_finished(call)) return TERN_OK;
    tern_status st = terni_may_wait("tern_call_wait", err);
    if (st != TERN_OK) return st;
    if (terni_call_is_inside(call))
        return terni_fail(err, TERN_FAILED_PRECONDITION, "call of \"%s\": this is its own callback or interceptor",
                          call->method->subject);
    if (call->kind == TERNI_CALL_CALLBACK && terni_queue_is_own(call->client->callbacks->executor))
        return terni_fail(err, TERN_FAILED_PRECONDITION, "call of \"%s\": this thread is to dispatch its callback",
                          call->method->subject);
    return TERN_OK;
}

/* Is this a thread of the pool that is to run the call's callback? Perhaps the last one that does not wait: then it
 * must not only wait, either. */
static bool may_run(tern_call *call)
{
    return call->kind == TERNI_CALL_CALLBACK && terni_executor_is_current(call->client->callbacks->executor);
}

/* Runs the call's callback, if that can run already. */
static bool run_callback(tern_call *call)
{
    return terni_lane_run_item(call->client->callbacks, &call->item);
}

/* The same, or else runs others of its client's, and returns the time to do so again. */
static terni_time_ms help(tern_call *call, terni_time_ms deadline)
{
    if (!run_callback(call)) terni_client_help(call->client);
    terni_time_ms moment = terni_deadline(TERNI_HELP_EVERY_MS);
    return moment < deadline ? moment : deadline;
}

static tern_status wait_until(tern_call *call, terni_time_ms deadline, uint32_t timeout_ms, tern_error *err)
{
    tern_status st = may_wait_for(call, err);
    if (st != TERN_OK) return st;
    bool helps = may_run(call), in_time = true;
    pthread_mutex_t *mu = call->mu;
    while (!is_finished(call) && in_time) {
        terni_time_ms until = helps ? help(call, deadline) : deadline;
        (void)pthread_mutex_lock(mu);
        if (!is_finished(call)) (void)terni_waiter_wait(&call->waiters, mu, until);
        (void)pthread_mutex_unlock(mu);
        in_time = deadline == TERNI_NEVER || terni_now_ms() < deadline;
    }
    if (is_finished(call)) return TERN_OK;
    return terni_fail(err, TERN_DEADLINE_EXCEEDED, "call of \"%s\": has not ended within %u ms", call->method->subject,
                      timeout_ms);
}

tern_status tern_call_wait(tern_call *call, uint32_t timeout_ms, tern_error *err)
{
    if (call == NULL) return terni_fail(err, TERN_INVALID_ARGUMENT, "call is NULL");
    return wait_until(call, wait_deadline(timeout_ms), timeout_ms, err);
}

tern_status tern_call_wait_all(tern_call *const *calls, size_t count, uint32_t timeout_ms, tern_error *err)
{
    if (calls == NULL && count > 0) return terni_fail(err, TERN_INVALID_ARGUMENT, "calls is NULL");
    terni_time_ms deadline = wait_deadline(timeout_ms);
    tern_status st = TERN_OK;
    for (size_t i = 0; i < count && st == TERN_OK; i++)
        if (calls[i] != NULL) st = wait_until(calls[i], deadline, timeout_ms, err);
    return st;
}

/* ---- Any ---- */

/* The index of one that has finished, or count. */
static size_t find_finished(tern_call *const *calls, size_t count)
{
    size_t i = 0;
    while (i < count && (calls[i] == NULL || !is_finished(calls[i]))) i++;
    return i;
}

static tern_status check_any(tern_call *const *calls, size_t count, tern_error *err)
{
    size_t there = 0;
    tern_status st = TERN_OK;
    for (size_t i = 0; calls != NULL && i < count && st == TERN_OK; i++) {
        if (calls[i] == NULL) continue;
        there++;
        st = may_wait_for(calls[i], err);
    }
    if (st == TERN_OK && there == 0) return terni_fail(err, TERN_INVALID_ARGUMENT, "there is no call to wait for");
    return st;
}

static uint64_t count_finished(void)
{
    (void)pthread_mutex_lock(&any_mu);
    uint64_t count = any_count;
    (void)pthread_mutex_unlock(&any_mu);
    return count;
}

/* Runs callbacks where this thread may have to, and returns the time to do so again. */
static terni_time_ms help_any(tern_call *const *calls, size_t count, terni_time_ms deadline)
{
    tern_call *helped = NULL;
    bool ran = false;
    for (size_t i = 0; i < count && !ran; i++) {
        if (calls[i] == NULL || !may_run(calls[i])) continue;
        helped = calls[i];
        ran = run_callback(helped);
    }
    return helped == NULL ? deadline : help(helped, deadline);
}

/* Waits until one of the calls has finished, and returns its index; or count, after the deadline. They are looked
 * through without the lock, which all that finish need. */
static size_t wait_for_one(tern_call *const *calls, size_t count, terni_time_ms deadline)
{
    size_t at = count;
    bool in_time = true;
    (void)atomic_fetch_add(&any_waiters, 1);
    while (at == count && in_time) {
        terni_time_ms until = help_any(calls, count, deadline);
        uint64_t seen = count_finished();
        at = find_finished(calls, count);
        (void)pthread_mutex_lock(&any_mu);
        if (at == count && any_count == seen) (void)terni_waiter_wait(&any_list, &any_mu, until);
        (void)pthread_mutex_unlock(&any_mu);
        in_time = deadline == TERNI_NEVER || terni_now_ms() < deadline;
    }
    (void)atomic_fetch_sub(&any_waiters, 1);
    return at < count ? at : find_finished(calls, count);
}

tern_status tern_call_wait_any(tern_call *const *calls, size_t count, uint32_t timeout_ms, size_t *out_index,
                               tern_error *err)
{
    if (out_index == NULL) return terni_fail(err, TERN_INVALID_ARGUMENT, "out_index is NULL");
    size_t at = calls == NULL ? count : find_finished(calls, count);
    if (at < count) {
        *out_index = at;
        return TERN_OK;
    }
    tern_status st = check_any(calls, count, err);
    if (st != TERN_OK) return st;
    at = wait_for_one(calls, count, wait_deadline(timeout_ms));
    if (at == count)
        return terni_fail(err, TERN_DEADLINE_EXCEEDED, "none of %zu calls has ended within %u ms", count, timeout_ms);
    *out_index = at;
    return TERN_OK;
}

/* ---- The outcome ---- */

/* The outcome of a finished call without a callback; mu is held. */
static tern_status take_result_locked(tern_call *call, ProtobufCMessage **out_reply, tern_error *err)
{
    if (call->error != NULL) {
        if (err != NULL) *err = *call->error;
        return call->error->status;
    }
    if (call->status != TERN_OK) return terni_fail(err, call->status, "%s", tern_status_meaning(call->status));
    if (call->message == NULL)
        return terni_fail(err, TERN_FAILED_PRECONDITION, "call of \"%s\": its reply was taken before",
                          call->method->subject);
    *out_reply = call->message;
    call->message = NULL;
    return TERN_OK;
}

tern_status tern_call_result(tern_call *call, const tern_method *method, ProtobufCMessage **out_reply, tern_error *err)
{
    if (call == NULL || method == NULL || out_reply == NULL)
        return terni_fail(err, TERN_INVALID_ARGUMENT, "%s is NULL",
                          call == NULL     ? "call"
                          : method == NULL ? "method"
                                           : "out_reply");
    if (call->method != method)
        return terni_fail(err, TERN_INVALID_ARGUMENT, "call of \"%s\": is not one of \"%s\"", call->method->subject,
                          method->subject);
    if (call->kind != TERNI_CALL_RESULT)
        return terni_fail(err, TERN_FAILED_PRECONDITION, "call of \"%s\": its outcome went to its caller or callback",
                          method->subject);
    if (!is_finished(call))
        return terni_fail(err, TERN_FAILED_PRECONDITION, "call of \"%s\": has not ended", method->subject);
    (void)pthread_mutex_lock(call->mu);
    tern_status st = take_result_locked(call, out_reply, err);
    (void)pthread_mutex_unlock(call->mu);
    return st;
}

void tern_call_free(tern_call *call)
{
    if (call != NULL) terni_call_release(call);
}

/* ---- Reading ---- */

const tern_method *tern_call_method(const tern_call *call)
{
    return call->method;
}

uint32_t tern_call_attempts(const tern_call *call)
{
    return atomic_load(&((tern_call *)(uintptr_t)call)->attempts);
}

/* The reply, where it can be read: by the callback, by interceptors, and once the call has finished. */
static natsMsg *reply_of(tern_call *call)
{
    return call->concluded || is_finished(call) ? call->reply : NULL;
}

const char *tern_call_header(tern_call *call, const char *name)
{
    natsMsg *reply = reply_of(call);
    return reply == NULL || name == NULL || *name == '\0' ? NULL : terni_nats_header(reply, name);
}

size_t tern_call_headers(tern_call *call, tern_header *out_headers, size_t capacity)
{
    natsMsg *reply = reply_of(call);
    return reply == NULL ? 0 : terni_nats_headers(reply, terni_header_is_reserved, out_headers, capacity);
}

const char *tern_call_detail_type(tern_call *call)
{
    return tern_call_header(call, TERNI_HEADER_DETAIL_TYPE);
}

tern_status tern_call_detail(tern_call *call, const ProtobufCMessageDescriptor *type, ProtobufCMessage **out_detail,
                             tern_error *err)
{
    if (call == NULL || type == NULL || out_detail == NULL)
        return terni_fail(err, TERN_INVALID_ARGUMENT, "%s is NULL",
                          call == NULL   ? "call"
                          : type == NULL ? "type"
                                         : "out_detail");
    const char *sent = tern_call_detail_type(call);
    if (sent == NULL)
        return terni_fail(err, TERN_NOT_FOUND, "call of \"%s\": no detail came with its outcome",
                          call->method->subject);
    if (type->name != NULL && strcmp(sent, type->name) != 0)
        return terni_fail(err, TERN_NOT_FOUND, "call of \"%s\": the detail is a %s, not a %s", call->method->subject,
                          terni_quote(sent).text, type->name);
    const char *data = natsMsg_GetData(call->reply);
    return tern_message_unpack(type, data == NULL ? "" : data, (size_t)natsMsg_GetDataLength(call->reply), out_detail,
                               err);
}

/* A request belongs to the thread that runs its handler, until that returns; or, once it is deferred, to whoever
 * answers it, perhaps before the handler has returned: so that thread looks into its own stack (rq->defers) to know,
 * and no more into the request. A deferred request holds its message, and that the connection; and the subscription,
 * and that the service. Draining waits for it (core/lane.h). */
#include "rpc/handle.h"

#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/subject.h"
#include "msg/message.h"
#include "msg/sub.h"
#include "rpc/answer.h"
#include "rpc/service.h"

enum { SPARES_MAX = 256 }; /* requests kept from call to call */

static tern_request *request_get(tern_service *service)
{
    (void)pthread_mutex_lock(&service->mu);
    tern_request *rq = service->spares;
    if (rq != NULL) {
        service->spares = rq->next_spare;
        service->spare_count--;
    }
    (void)pthread_mutex_unlock(&service->mu);
    return rq != NULL ? rq : terni_request_new();
}

static void request_put(tern_service *service, tern_request *rq)
{
    terni_request_end(rq);
    (void)pthread_mutex_lock(&service->mu);
    bool kept = service->spare_count < SPARES_MAX;
    if (kept) {
        rq->next_spare = service->spares;
        service->spares = rq;
        service->spare_count++;
    }
    (void)pthread_mutex_unlock(&service->mu);
    if (!kept) free(rq);
}

/* Decodes the request into its own memory, or fails it. */
static ProtobufCMessage *decode(tern_request *rq)
{
    tern_error why;
    const tern_method *method = rq->method;
    ProtobufCAllocator allocator = terni_request_allocator(rq);
    size_t size = tern_msg_size(rq->msg);
    tern_status st = terni_message_depth_check(method->input, tern_msg_data(rq->msg), size, &why);
    if (st != TERN_OK) {
        (void)tern_request_fail(rq, st, "%s", why.text);
        return NULL;
    }
    ProtobufCMessage *in = protobuf_c_message_unpack(method->input, &allocator, size, tern_msg_data(rq->msg));
    if (in == NULL && !rq->no_memory)
        (void)tern_request_fail(rq, TERN_INVALID_ARGUMENT, "request to \"%s\": %zu bytes that are not a %s",
                                method->subject, size, terni_message_name(method->input));
    return in;
}

/* Shows the request to the interceptors, until one refuses it. */
static tern_status before(tern_request *rq)
{
    tern_status st = TERN_OK;
    const tern_service *service = rq->service;
    while (st == TERN_OK && rq->passed < service->interceptor_count) {
        const tern_service_interceptor *next = &service->interceptors[rq->passed];
        if (next->before != NULL) st = next->before(rq, next->arg);
        if (st == TERN_OK) st = rq->status; /* failed, and returned OK all the same */
        if (st == TERN_OK) rq->passed++;
    }
    return st;
}

static void after(tern_request *rq, tern_status status)
{
    while (rq->passed > 0) {
        const tern_service_interceptor *last = &rq->service->interceptors[--rq->passed];
        if (last->after != NULL) last->after(rq, status, last->arg);
    }
}

/* Answers the request, counts it, and is done with it. Returns the time. */
static int64_t end(tern_request *rq, tern_status status)
{
    tern_service *service = rq->service;
    status = terni_answer(rq, status);
    int64_t now_ns = terni_now_ns();
    size_t index = (size_t)(rq->method - service->type->methods);
    terni_endpoint_count(service->endpoints, index, now_ns - rq->started_ns, status, rq->text);
    after(rq, status);
    request_put(service, rq);
    return now_ns;
}

/* Runs the handler on the request, and answers, unless that defers: then rq may be gone. Returns the time. */
static int64_t handle(tern_request *rq)
{
    bool deferred = false;
    tern_status st = before(rq);
    ProtobufCMessage *in = st == TERN_OK ? decode(rq) : NULL;
    rq->out = in == NULL ? NULL : tern_request_alloc(rq, rq->method->output->sizeof_message);
    if (rq->out != NULL) {
        protobuf_c_message_init(rq->method->output, rq->out);
        rq->defers = &deferred;
        st = rq->method->invoke(rq->service->handlers, rq, in, rq->out);
        if (deferred) return terni_now_ns();
        rq->defers = NULL;
    }
    return end(rq, st);
}

static const tern_method *find_method(const tern_service *service, const char *name)
{
    for (size_t i = 0; i < service->type->method_count; i++)
        if (strcmp(service->type->methods[i].name, name) == 0) return &service->type->methods[i];
    return NULL;
}

/* The last token of the subject names no method. Returns the time. */
static int64_t answer_unknown(tern_service *service, tern_msg *msg, const char *name, int64_t started_ns)
{
    tern_error why;
    (void)terni_fail(&why, TERN_UNIMPLEMENTED, "service %s has no method \"%s\"", service->type->name,
                     terni_quote(name).text);
    terni_answer_error(service, msg, why.status, why.text);
    int64_t now_ns = terni_now_ns();
    terni_endpoint_count(service->endpoints, service->type->method_count, now_ns - started_ns, why.status, why.text);
    return now_ns;
}

/* Runs the request that came with msg, and returns the time. */
static int64_t run(tern_service *service, tern_msg *msg, int64_t started_ns, terni_time_ms deadline)
{
    const char *subject = tern_msg_subject(msg);
    bool ours = strncmp(subject, service->subject, service->subject_size) == 0; /* nats.c does not compare them */
    const char *name = ours ? subject + service->subject_size : "";
    const tern_method *method = find_method(service, name);
    if (method == NULL) return answer_unknown(service, msg, name, started_ns);
    tern_request *rq = request_get(service);
    if (rq == NULL) {
        terni_refuse(service, msg, TERN_RESOURCE_EXHAUSTED, "out of memory", 0);
        return terni_now_ns();
    }
    terni_request_begin(rq, service, method, msg);
    rq->started_ns = started_ns;
    rq->deadline = deadline;
    return handle(rq);
}

void terni_handle_request(tern_msg *msg, void *arg)
{
    tern_service *service = arg;
    int64_t started_ns = terni_now_ns();
    terni_time_ms deadline = terni_request_deadline(msg);
    if (started_ns / 1000000 >= deadline) {
        (void)atomic_fetch_add_explicit(&service->expired, 1, memory_order_relaxed);
        return;
    }
    int64_t busy_ns = run(service, msg, started_ns, deadline) - started_ns;
    (void)atomic_fetch_add_explicit(&service->busy_ns, (uint64_t)busy_ns, memory_order_relaxed);
    (void)atomic_fetch_add_explicit(&service->handled, 1, memory_order_relaxed);
}

/* ---- Answering later ---- */

void tern_request_defer(tern_request *rq)
{
    if (rq->defers == NULL) return;
    *rq->defers = true;
    rq->defers = NULL;
    rq->is_deferred = true;
    tern_msg_keep(rq->msg);
    terni_sub_defer(rq->service->sub);
}

void tern_request_complete(tern_request *rq, tern_status status)
{
    if (!rq->is_deferred) return; /* its handler's return answers it */
    tern_sub *sub = rq->service->sub;
    tern_msg *msg = rq->msg;
    rq->is_deferred = false; /* an interceptor's after does not answer it again */
    (void)end(rq, status);
    tern_msg_free(msg);
    terni_sub_finish(sub); /* and with it, perhaps, the service */
}

void tern_request_drop(tern_request *rq)
{
    if (rq == NULL || !rq->is_deferred) return;
    tern_request_complete(rq, tern_request_fail(rq, TERN_INTERNAL, "the service dropped the request"));
}

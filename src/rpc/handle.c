#include "rpc/handle.h"

#include <string.h>

#include "core/error.h"
#include "core/subject.h"
#include "msg/message.h"
#include "rpc/answer.h"
#include "rpc/service.h"

static tern_request *request_get(tern_service *service)
{
    (void)pthread_mutex_lock(&service->mu);
    tern_request *rq = service->spares;
    if (rq != NULL) service->spares = rq->next_spare;
    (void)pthread_mutex_unlock(&service->mu);
    return rq != NULL ? rq : terni_request_new();
}

static void request_put(tern_service *service, tern_request *rq)
{
    terni_request_end(rq);
    (void)pthread_mutex_lock(&service->mu);
    rq->next_spare = service->spares;
    service->spares = rq;
    (void)pthread_mutex_unlock(&service->mu);
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

/* Runs the handler on the request, and answers. */
static void handle(tern_request *rq)
{
    tern_status st = TERN_OK;
    ProtobufCMessage *in = decode(rq);
    rq->out = in == NULL ? NULL : tern_request_alloc(rq, rq->method->output->sizeof_message);
    if (rq->out != NULL) {
        protobuf_c_message_init(rq->method->output, rq->out);
        st = rq->method->invoke(rq->service->handlers, rq, in, rq->out);
    }
    (void)terni_answer(rq, st);
}

static const tern_method *find_method(const tern_service *service, const char *name)
{
    for (size_t i = 0; i < service->type->method_count; i++)
        if (strcmp(service->type->methods[i].name, name) == 0) return &service->type->methods[i];
    return NULL;
}

/* The last token of the subject names no method. */
static void answer_unknown(tern_service *service, tern_msg *msg, const char *name)
{
    tern_error why;
    (void)terni_fail(&why, TERN_UNIMPLEMENTED, "service %s has no method \"%s\"", service->type->name,
                     terni_quote(name).text);
    terni_answer_error(service, msg, why.status, why.text);
}

void terni_handle_request(tern_msg *msg, void *arg)
{
    tern_service *service = arg;
    int64_t now_ns = terni_now_ns();
    terni_time_ms deadline = terni_request_deadline(msg);
    if (tern_msg_reply(msg) == NULL) { /* nobody would hear the answer, good or bad */
        (void)atomic_fetch_add_explicit(&service->unanswerable, 1, memory_order_relaxed);
        return;
    }
    if (now_ns / 1000000 >= deadline) {
        (void)atomic_fetch_add_explicit(&service->expired, 1, memory_order_relaxed);
        return;
    }
    const char *name = tern_msg_subject(msg) + service->subject_size;
    const tern_method *method = find_method(service, name);
    tern_request *rq = method == NULL ? NULL : request_get(service);
    if (method == NULL) {
        answer_unknown(service, msg, name);
    } else if (rq == NULL) {
        terni_answer_error(service, msg, TERN_RESOURCE_EXHAUSTED, "out of memory");
    } else {
        terni_request_begin(rq, service, method, msg);
        rq->started_ns = now_ns;
        rq->deadline = deadline;
        handle(rq);
        request_put(service, rq);
    }
    (void)atomic_fetch_add_explicit(&service->requests, 1, memory_order_relaxed);
}

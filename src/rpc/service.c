/* A service is one queue-group subscription to "<prefix>.<package>.<Service>.*"; the last token of a
 * request's subject names the method. So a method that the service does not know is answered with
 * UNIMPLEMENTED, by the one that knows.
 *
 * The service's memory belongs to its subscription and is freed with it, after the last handler. Spare
 * requests, with their memory for the reply, are kept from call to call: mu guards their list. */
#include "rpc/service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/pool.h"
#include "core/subject.h"
#include "msg/message.h"
#include "msg/sub.h"
#include "rpc/answer.h"

/* ---- Requests ---- */

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

static void on_request(tern_msg *msg, void *arg)
{
    tern_service *service = arg;
    if (tern_msg_reply(msg) == NULL) { /* nobody would hear the answer, good or bad */
        (void)atomic_fetch_add_explicit(&service->unanswerable, 1, memory_order_relaxed);
        return;
    }
    const char *name = tern_msg_subject(msg) + service->subject_size;
    const tern_method *method = find_method(service, name);
    tern_request *rq = method == NULL ? NULL : request_get(service);
    if (method == NULL) {
        tern_error why;
        (void)terni_fail(&why, TERN_UNIMPLEMENTED, "service %s has no method \"%s\"", service->type->name,
                         terni_quote(name).text);
        terni_answer_error(service, msg, why.status, why.text);
    } else if (rq == NULL) {
        terni_answer_error(service, msg, TERN_RESOURCE_EXHAUSTED, "out of memory");
    } else {
        terni_request_begin(rq, service, method, msg);
        handle(rq);
        request_put(service, rq);
    }
    (void)atomic_fetch_add_explicit(&service->requests, 1, memory_order_relaxed);
}

/* ---- Life ---- */

static void service_free(void *arg)
{
    tern_service *service = arg;
    while (service->spares != NULL) {
        tern_request *rq = service->spares;
        service->spares = rq->next_spare;
        free(rq);
    }
    (void)pthread_mutex_destroy(&service->mu);
    free(service->subject);
    free(service);
}

static char *make_subject(const char *prefix, const char *name)
{
    size_t size = (prefix == NULL ? 0 : strlen(prefix) + 1) + strlen(name) + sizeof ".*";
    char *subject = malloc(size);
    if (subject != NULL)
        (void)snprintf(subject, size, "%s%s%s.*", prefix == NULL ? "" : prefix, prefix == NULL ? "" : ".", name);
    return subject;
}

static tern_service *service_new(tern_conn *conn, const tern_service_type *type, const void *handlers, void *arg,
                                 const char *prefix)
{
    tern_service *service = calloc(1, sizeof *service + type->handlers_size);
    if (service == NULL) return NULL;
    service->subject = make_subject(prefix, type->name);
    if (service->subject == NULL || pthread_mutex_init(&service->mu, NULL) != 0) {
        free(service->subject);
        free(service);
        return NULL;
    }
    service->type = type;
    service->conn = conn;
    service->arg = arg;
    service->subject_size = strlen(service->subject) - 1;
    memcpy(service->handlers, handlers, type->handlers_size);
    return service;
}

/* How many handlers may run at once, where the options leave it open. */
static uint32_t default_concurrency(const tern_service_options *options)
{
    tern_executor *executor = terni_executor_use(options->executor);
    uint32_t threads = executor == NULL ? 1 : terni_executor_threads(executor);
    terni_executor_release(executor);
    return threads;
}

tern_status tern_service_start(tern_conn *conn, const tern_service_type *type, const void *handlers, void *arg,
                               const tern_service_options *options, tern_service **out_service, tern_error *err)
{
    static const tern_service_options defaults = TERN_SERVICE_OPTIONS_INIT;
    if (options == NULL) options = &defaults;
    if (conn == NULL || type == NULL || handlers == NULL || out_service == NULL)
        return terni_fail(err, TERN_INVALID_ARGUMENT, "%s is NULL",
                          conn == NULL       ? "conn"
                          : type == NULL     ? "type"
                          : handlers == NULL ? "handlers"
                                             : "out_service");
    if (options->subject_prefix != NULL) {
        tern_status st = terni_subject_check("subject_prefix", options->subject_prefix, err);
        if (st != TERN_OK) return st;
    }
    tern_service *service = service_new(conn, type, handlers, arg, options->subject_prefix);
    if (service == NULL) return terni_fail_memory(err);
    tern_sub_options sub = {
        .queue_group = options->queue_group == NULL ? "q" : options->queue_group,
        .executor = options->executor,
        .concurrency = options->concurrency == 0 ? default_concurrency(options) : options->concurrency,
        .pending_msgs_limit = options->pending_limit,
    };
    tern_sub *handle = NULL;
    tern_status st = terni_sub_open(conn, service->subject, &sub, on_request, service, service_free, &handle, err);
    if (st != TERN_OK) return st; /* the service went with the subscription */
    service->sub = handle;
    *out_service = service;
    return TERN_OK;
}

tern_status tern_service_stop(tern_service *service, uint32_t timeout_ms, tern_error *err)
{
    if (service == NULL) return terni_fail(err, TERN_INVALID_ARGUMENT, "service is NULL");
    return tern_sub_drain(service->sub, timeout_ms, err);
}

void tern_service_free(tern_service *service)
{
    if (service != NULL) tern_sub_free(service->sub);
}

void tern_service_get_stats(const tern_service *service, tern_service_stats *out_stats)
{
    tern_service *s = (tern_service *)(uintptr_t)service; /* atomics are read through it */
    tern_sub_stats sub;
    tern_sub_get_stats(s->sub, &sub);
    uint64_t unanswerable = atomic_load(&s->unanswerable);
    *out_stats = (tern_service_stats){
        .requests = atomic_load(&s->requests),
        .errors = atomic_load(&s->errors),
        .dropped = sub.dropped + unanswerable,
    };
}

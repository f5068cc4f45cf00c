/* A service is one queue-group subscription to "<prefix>.<package>.<Service>.*"; the last token of a
 * request's subject names the method. So a method that the service does not know is answered with
 * UNIMPLEMENTED, by the one that knows.
 *
 * The service's memory belongs to its subscription and is freed with it, after the last handler. Spare
 * requests, with their memory for the reply, are kept from call to call: mu guards their list. */
#include <tern/service.h>

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/error.h"
#include "core/pool.h"
#include "core/subject.h"
#include "io/conn.h"
#include "msg/message.h"
#include "msg/publish.h"
#include "msg/sub.h"
#include "rpc/discovery/discovery.h"
#include "rpc/endpoint.h"
#include "rpc/request.h"
#include "rpc/wire.h"

struct tern_service {
    tern_sub *sub; /* owns the service */
    const tern_service_type *type;
    tern_conn *conn; /* the subscription holds it */
    void *arg;
    char *subject;       /* "<prefix>.<package>.<Service>.*" */
    size_t subject_size; /* up to and with the last dot */
    atomic_uint_fast64_t requests, errors, unanswerable;
    terni_endpoint *endpoints; /* of type's methods */
    terni_instance *discovery;
    pthread_mutex_t mu;
    tern_request *spares; /* mu */
    _Alignas(max_align_t) char handlers[];
};

/* ---- Replies ---- */

/* A header value must be one line. */
static void one_line(char *text)
{
    for (; *text != '\0'; text++)
        if (*text == '\r' || *text == '\n') *text = ' ';
}

/* out_sent: what the caller is told. */
static void send_error(tern_service *service, const tern_msg *msg, tern_status status, const char *text,
                       tern_error *out_sent)
{
    char line[TERN_ERROR_TEXT_SIZE], code[12];
    bool blank = text[strspn(text, " \t\r\n")] == '\0';
    (void)snprintf(line, sizeof line, "%s", blank ? tern_status_meaning(status) : text);
    one_line(line);
    (void)snprintf(code, sizeof code, "%d", (int)status);
    tern_header headers[] = { { TERNI_HEADER_ERROR, line }, { TERNI_HEADER_ERROR_CODE, code } };
    terni_outgoing out = {
        .subject = tern_msg_reply(msg),
        .headers = headers,
        .header_count = sizeof headers / sizeof *headers,
        .deadline = TERNI_NEVER,
    };
    (void)atomic_fetch_add_explicit(&service->errors, 1, memory_order_relaxed);
    tern_error why;
    tern_status st = terni_publish(service->conn, &out, &why);
    if (st != TERN_OK) terni_conn_lost_message(service->conn, st, out.subject, why.text);
    (void)terni_fail(out_sent, status, "%s", line);
}

/* Sends the reply that the handler filled, or says why that cannot be. */
static void send_reply(tern_service *service, const tern_method *method, const tern_msg *msg,
                       const ProtobufCMessage *out, tern_error *out_sent)
{
    tern_error why;
    terni_outgoing reply = {
        .subject = tern_msg_reply(msg),
        .fill = terni_message_fill,
        .source = out,
        .deadline = TERNI_NEVER,
    };
    tern_status st = terni_message_check("the reply", out, &why);
    if (st == TERN_OK) {
        reply.size = protobuf_c_message_get_packed_size(out);
        st = terni_payload_check(service->conn, method->subject, reply.size, &why);
    }
    if (st != TERN_OK) {
        send_error(service, msg, TERN_INTERNAL, why.text, out_sent);
        return;
    }
    st = terni_publish(service->conn, &reply, &why);
    if (st == TERN_RESOURCE_EXHAUSTED) send_error(service, msg, st, why.text, out_sent);
}

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

/* Decodes the request, runs the handler on it, and answers. out_sent: the error that it answers with, if any. */
static void handle(tern_service *service, const tern_method *method, const tern_msg *msg, tern_request *rq,
                   tern_error *out_sent)
{
    tern_error why;
    ProtobufCAllocator allocator = terni_request_allocator(rq);
    size_t size = tern_msg_size(msg);
    tern_status st = terni_message_depth_check(method->input, tern_msg_data(msg), size, &why);
    if (st != TERN_OK) {
        send_error(service, msg, st, why.text, out_sent);
        return;
    }
    ProtobufCMessage *in = protobuf_c_message_unpack(method->input, &allocator, size, tern_msg_data(msg));
    ProtobufCMessage *out = tern_request_alloc(rq, method->output->sizeof_message);
    if (in != NULL && out != NULL) {
        protobuf_c_message_init(method->output, out);
        st = method->invoke(service->handlers, rq, in, out);
        if (st == TERN_OK) st = rq->status; /* failed, and returned OK all the same */
    } else if (!rq->no_memory) {
        st = tern_request_fail(rq, TERN_INVALID_ARGUMENT, "request to \"%s\": %zu bytes that are not a %s",
                               method->subject, size, terni_message_name(method->input));
    }
    if (st == TERN_OK && rq->no_memory) st = tern_request_fail(rq, TERN_RESOURCE_EXHAUSTED, "out of memory");
    if (st == TERN_OK) send_reply(service, method, msg, out, out_sent);
    else
        send_error(service, msg, rq->status != TERN_OK ? rq->status : tern_request_fail(rq, st, "%s", ""), rq->text,
                   out_sent);
}

static const tern_method *find_method(const tern_service *service, const char *name)
{
    for (size_t i = 0; i < service->type->method_count; i++)
        if (strcmp(service->type->methods[i].name, name) == 0) return &service->type->methods[i];
    return NULL;
}

static uint64_t now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void on_request(tern_msg *msg, void *arg)
{
    tern_service *service = arg;
    tern_error sent = { .status = TERN_OK };
    uint64_t began = now_ns();
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
        send_error(service, msg, why.status, why.text, &sent);
    } else if (rq == NULL) {
        send_error(service, msg, TERN_RESOURCE_EXHAUSTED, "out of memory", &sent);
    } else {
        terni_request_begin(rq, service->conn, service->arg);
        handle(service, method, msg, rq, &sent);
        request_put(service, rq);
    }
    (void)atomic_fetch_add_explicit(&service->requests, 1, memory_order_relaxed);
    if (method == NULL) return; /* no endpoint's */
    terni_endpoint *endpoint = &service->endpoints[method - service->type->methods];
    terni_endpoint_count(endpoint, sent.status, sent.text, now_ns() - began);
}

/* ---- Life ---- */

static void endpoints_free(terni_endpoint *endpoints, size_t count)
{
    while (count > 0) terni_endpoint_destroy(&endpoints[--count]);
    free(endpoints);
}

/* NULL: out of resources. */
static terni_endpoint *endpoints_new(size_t count)
{
    terni_endpoint *endpoints = calloc(count > 0 ? count : 1, sizeof *endpoints);
    for (size_t i = 0; endpoints != NULL && i < count; i++) {
        if (terni_endpoint_init(&endpoints[i])) continue;
        endpoints_free(endpoints, i);
        endpoints = NULL;
    }
    return endpoints;
}

static void service_free(void *arg)
{
    tern_service *service = arg;
    while (service->spares != NULL) {
        tern_request *rq = service->spares;
        service->spares = rq->next_spare;
        free(rq);
    }
    (void)pthread_mutex_destroy(&service->mu);
    endpoints_free(service->endpoints, service->type->method_count);
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
    if (service->subject == NULL) goto no_subject;
    service->endpoints = endpoints_new(type->method_count);
    if (service->endpoints == NULL) goto no_endpoints;
    if (pthread_mutex_init(&service->mu, NULL) != 0) goto no_mutex;
    service->type = type;
    service->conn = conn;
    service->arg = arg;
    service->subject_size = strlen(service->subject) - 1;
    memcpy(service->handlers, handlers, type->handlers_size);
    return service;
no_mutex:
    endpoints_free(service->endpoints, type->method_count);
no_endpoints:
    free(service->subject);
no_subject:
    free(service);
    return NULL;
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
    const char *queue_group = options->queue_group == NULL ? "q" : options->queue_group;
    terni_instance *discovery = NULL;
    tern_status st = terni_discovery_new(conn, type, options, queue_group, service->endpoints, &discovery, err);
    if (st != TERN_OK) {
        service_free(service);
        return st;
    }
    tern_sub_options sub = {
        .queue_group = queue_group,
        .executor = options->executor,
        .concurrency = options->concurrency == 0 ? default_concurrency(options) : options->concurrency,
        .pending_msgs_limit = options->pending_limit,
    };
    tern_sub *handle = NULL;
    st = terni_sub_open(conn, service->subject, &sub, on_request, service, service_free, &handle, err);
    if (st != TERN_OK) { /* the service went with the subscription */
        terni_discovery_free(discovery);
        return st;
    }
    service->sub = handle;
    service->discovery = discovery;
    terni_discovery_begin(discovery);
    *out_service = service;
    return TERN_OK;
}

tern_status tern_service_stop(tern_service *service, uint32_t timeout_ms, tern_error *err)
{
    if (service == NULL) return terni_fail(err, TERN_INVALID_ARGUMENT, "service is NULL");
    tern_status st = terni_may_wait("tern_service_stop", err);
    if (st != TERN_OK) return st;
    st = tern_sub_drain(service->sub, timeout_ms, err);
    terni_discovery_end(service->discovery);
    return st;
}

void tern_service_free(tern_service *service)
{
    if (service == NULL) return;
    terni_discovery_free(service->discovery);
    tern_sub_free(service->sub);
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

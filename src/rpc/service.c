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
#include "core/executor.h"
#include "core/subject.h"
#include "io/conn.h"
#include "msg/sub.h"
#include "rpc/handle.h"
#include "rpc/intake.h"
#include "rpc/request.h"

enum { STOP_DEFAULT_MS = 30000, PENDING_LIMIT_DEFAULT = 65536 };

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
    terni_endpoints_free(service->endpoints);
    free(service->interceptors);
    free(service->subject);
    free(service);
}

static void service_opening(tern_sub *sub, void *arg)
{
    tern_service *service = arg;
    service->sub = sub; /* a handler may need it before the start has returned */
}

static const terni_sub_hooks service_hooks = {
    .opening = service_opening,
    .admit = terni_intake_admit,
    .dropped = terni_intake_dropped,
};

static char *make_subject(const char *prefix, const char *name)
{
    size_t size = (prefix == NULL ? 0 : strlen(prefix) + 1) + strlen(name) + sizeof ".*";
    char *subject = malloc(size);
    if (subject != NULL)
        (void)snprintf(subject, size, "%s%s%s.*", prefix == NULL ? "" : prefix, prefix == NULL ? "" : ".", name);
    return subject;
}

static bool copy_interceptors(tern_service *service, const tern_service_options *options)
{
    size_t count = options->interceptor_count;
    if (count == 0) return true;
    service->interceptors = calloc(count, sizeof *service->interceptors);
    if (service->interceptors == NULL) return false;
    memcpy(service->interceptors, options->interceptors, count * sizeof *service->interceptors);
    service->interceptor_count = count;
    return true;
}

static tern_service *service_new(tern_conn *conn, const tern_service_type *type, const void *handlers, void *arg,
                                 const tern_service_options *options)
{
    tern_service *service = calloc(1, sizeof *service + type->handlers_size);
    if (service == NULL) return NULL;
    service->subject = make_subject(options->subject_prefix, type->name);
    service->endpoints = terni_endpoints_new(type->method_count + 1);
    if (service->subject == NULL || service->endpoints == NULL || !copy_interceptors(service, options) ||
        pthread_mutex_init(&service->mu, NULL) != 0) {
        terni_endpoints_free(service->endpoints);
        free(service->interceptors);
        free(service->subject);
        free(service);
        return NULL;
    }
    service->type = type;
    service->conn = conn;
    service->arg = arg;
    service->subject_size = strlen(service->subject) - 1;
    service->is_inline = options->executor == tern_executor_inline();
    memcpy(service->handlers, handlers, type->handlers_size);
    return service;
}

static tern_status check_options(const tern_service_options *options, tern_error *err)
{
    if (options->interceptor_count > 0 && options->interceptors == NULL)
        return terni_fail(err, TERN_INVALID_ARGUMENT, "interceptors is NULL, interceptor_count %zu",
                          options->interceptor_count);
    return options->subject_prefix == NULL ? TERN_OK
                                           : terni_subject_check("subject_prefix", options->subject_prefix, err);
}

static uint32_t executor_threads(const tern_service_options *options)
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
    tern_status st = check_options(options, err);
    if (st != TERN_OK) return st;
    tern_service *service = service_new(conn, type, handlers, arg, options);
    if (service == NULL) return terni_fail_memory(err);
    const char *queue_group = options->queue_group == NULL ? "q" : options->queue_group;
    terni_instance *discovery = NULL;
    st = terni_discovery_new(conn, type, options, queue_group, service->endpoints, &discovery, err);
    if (st != TERN_OK) {
        service_free(service);
        return st;
    }
    uint32_t threads = executor_threads(options);
    uint32_t concurrency = options->concurrency == 0 ? threads : options->concurrency;
    tern_sub_options sub = {
        .queue_group = queue_group,
        .executor = options->executor,
        .concurrency = concurrency,
        .pending_msgs_limit = options->pending_limit == 0 ? PENDING_LIMIT_DEFAULT : options->pending_limit,
    };
    terni_admission_init(&service->admission, concurrency < threads ? concurrency : threads, sub.pending_msgs_limit,
                         terni_now_ms());
    tern_sub *handle = NULL;
    st = terni_sub_open_hooked(conn, service->subject, &sub, terni_handle_request, service, service_free,
                               &service_hooks, &handle, err);
    if (st != TERN_OK) { /* the service went with the subscription */
        terni_discovery_free(discovery);
        return st;
    }
    service->discovery = discovery;
    terni_discovery_begin(discovery);
    *out_service = service;
    return TERN_OK;
}

/* Sees through the server what was answered. A connection that is closed or drains meanwhile does so by itself, or says
 * that it did not. */
static tern_status flush_answers(tern_conn *conn, terni_time_ms deadline, tern_error *err)
{
    tern_error why;
    terni_time_ms left = deadline - terni_now_ms();
    tern_status st = tern_conn_flush(conn, left < 1 ? 1 : (uint32_t)left, &why);
    if (st == TERN_OK || (st == TERN_CANCELLED && atomic_load(&conn->draining))) return TERN_OK;
    return terni_fail(err, st, "the last replies: %s", why.text);
}

static tern_status fail_stop(tern_service *service, uint32_t timeout_ms, tern_error *err)
{
    return terni_fail(err, TERN_DEADLINE_EXCEEDED, "service %s: not stopped within %u ms, %u requests are deferred",
                      service->type->name, timeout_ms, terni_sub_deferred(service->sub));
}

tern_status tern_service_stop(tern_service *service, uint32_t timeout_ms, tern_error *err)
{
    if (service == NULL) return terni_fail(err, TERN_INVALID_ARGUMENT, "service is NULL");
    if (timeout_ms == 0) timeout_ms = STOP_DEFAULT_MS;
    terni_time_ms deadline = terni_deadline(timeout_ms);
    bool closed = tern_conn_get_state(service->conn) == TERN_CONN_CLOSED;
    tern_status st = terni_may_wait("tern_service_stop", err);
    if (st != TERN_OK) return st;
    st = tern_sub_drain(service->sub, timeout_ms, err);
    if (st == TERN_DEADLINE_EXCEEDED) (void)fail_stop(service, timeout_ms, err);
    terni_discovery_end(service->discovery);
    if (st != TERN_OK || closed || terni_sub_inside(service->sub)) return st;
    return flush_answers(service->conn, deadline, err);
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
    terni_endpoint_stats all;
    tern_sub_get_stats(s->sub, &sub);
    terni_endpoints_sum(s->endpoints, &all);
    *out_stats = (tern_service_stats){
        .requests = all.requests,
        .errors = all.errors,
        .refused = atomic_load(&s->refused),
        .expired = atomic_load(&s->expired),
        .dropped = atomic_load(&s->dropped),
        .processing_us = all.processing_ns / 1000,
        .pending = sub.pending_msgs,
        .deferred = terni_sub_deferred(s->sub),
        .pending_limit = terni_admission_limit(&s->admission, terni_now_ms()),
    };
}

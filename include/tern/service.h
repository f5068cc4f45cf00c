/* Typed calls, the service's side: what generated code stands on. */
#ifndef TERN_SERVICE_H
#define TERN_SERVICE_H

#include <tern/request.h>
#include <tern/sub.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tern_service tern_service;

/* Adds to a method's part of the statistics that discovery shows: returns a JSON text (any JSON value) from malloc,
 * which Tern frees, or NULL: nothing. method: its name, "Echo". On the I/O thread: must not block. */
typedef char *(*tern_endpoint_data_fn)(const char *method, void *arg);

/* Every field's zero means its default. Strings are copied. */
typedef struct tern_service_options {
    const char *subject_prefix; /* tokens put before every subject, without the dot; NULL: none */
    const char *queue_group;    /* instances of one group share the requests; "q" */
    tern_executor *executor;    /* NULL: the shared pool */
    uint32_t concurrency;       /* handlers that may run at once; as many as the pool has threads */
    size_t pending_limit;       /* requests received and neither running nor answered; beyond it they are refused,
                                   and under overload sooner, see tern_service_start; 65,536 */
    const tern_service_interceptor *interceptors; /* copied, their args not */
    size_t interceptor_count;

    /* What discovery shows (nats-io ADR-32: $SRV.PING, .INFO and .STATS). */
    const char *name;            /* letters, digits, - and _; the full name with "-" for ".": "demo-v1-Greeter" */
    const char *version;         /* a semantic version; "0.0.0" */
    const char *description;     /* "" */
    const tern_header *metadata; /* fixed from the start; any texts, each name once */
    size_t metadata_count;
    tern_endpoint_data_fn endpoint_data; /* NULL: no data */
    void *endpoint_data_arg;             /* the caller's */
} tern_service_options;

#define TERN_SERVICE_OPTIONS_INIT                                                                                      \
    {                                                                                                                  \
        0                                                                                                              \
    }

/* Serves type's methods on conn until tern_service_stop. Returns when the subscription is on its way
 * to the server; to know that it is there, tern_conn_flush. Generated functions wrap it with types.
 * handlers: a struct of type->handlers_size bytes, copied; a NULL handler answers UNIMPLEMENTED.
 * arg: for tern_request_arg. options: NULL for all defaults. out_service: the caller's, for
 * tern_service_free. Any thread. Statuses as tern_conn_subscribe; INVALID_ARGUMENT also for what discovery forbids.
 *
 * Overload: a request is refused before it runs, with RESOURCE_EXHAUSTED and a mark that it may be sent again, when
 * pending_limit is reached, or when it would, by what handlers took lately, wait beyond its deadline. While more work
 * comes in than the handlers can do (over the last 100 ms), only so many may wait as half of concurrency, so that those
 * that are served are served soon. A request whose deadline passed while it waited is dropped unrun. */
TERN_API tern_status tern_service_start(tern_conn *conn, const tern_service_type *type, const void *handlers, void *arg,
                                        const tern_service_options *options, tern_service **out_service,
                                        tern_error *err);

/* Takes no new request, finishes those received, deferred ones included, sees their replies through the server, then
 * ends. Waits for that for at most timeout_ms (0: 30,000); what is still waiting then is refused, with the mark that it
 * did not run, and what is deferred may still be answered. As tern_sub_drain otherwise. */
TERN_API tern_status tern_service_stop(tern_service *service, uint32_t timeout_ms, tern_error *err);

/* Ends at once if not stopped: requests not yet handled are refused with UNAVAILABLE, with the mark that they did not
 * run. Frees the handle; deferred requests stay valid and may still be answered. As tern_sub_free otherwise. NULL is
 * fine. */
TERN_API void tern_service_free(tern_service *service);

typedef struct tern_service_stats {
    uint64_t requests;      /* handled, answered with an error or not */
    uint64_t errors;        /* of them, answered with an error */
    uint64_t refused;       /* not run, and their callers told: overload, or the service ended */
    uint64_t expired;       /* not run: the deadline had passed */
    uint64_t dropped;       /* not run, and nobody told: no reply subject, or no room for the refusal */
    uint64_t processing_us; /* what the handled ones took, from the handler's start to the answer, in all */
    size_t pending;         /* waiting, now */
    size_t deferred;        /* deferred and not yet answered, now */
    size_t pending_limit;   /* in force now */
} tern_service_stats;

/* Copies the counters since the service began. Any thread. */
TERN_API void tern_service_get_stats(const tern_service *service, tern_service_stats *out_stats);

#ifdef __cplusplus
}
#endif

#endif

/* Typed calls, the service's side: what generated code stands on. */
#ifndef TERN_SERVICE_H
#define TERN_SERVICE_H

#include <tern/method.h>
#include <tern/sub.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tern_service tern_service;

/* Every field's zero means its default. */
typedef struct tern_service_options {
    const char *subject_prefix; /* tokens put before every subject, without the dot; NULL: none */
    const char *queue_group;    /* instances of one group share the requests; "q" */
    tern_executor *executor;    /* NULL: the shared pool */
    uint32_t concurrency;       /* handlers that may run at once; as many as the pool has threads */
    size_t pending_limit;       /* requests received and not yet handled; 65,536 */
} tern_service_options;

#define TERN_SERVICE_OPTIONS_INIT                                                                                      \
    {                                                                                                                  \
        0                                                                                                              \
    }

/* Serves type's methods on conn until tern_service_stop. Returns when the subscription is on its way
 * to the server; to know that it is there, tern_conn_flush. Generated functions wrap it with types.
 * handlers: a struct of type->handlers_size bytes, copied; a NULL handler answers UNIMPLEMENTED.
 * arg: for tern_request_arg. options: NULL for all defaults. out_service: the caller's, for
 * tern_service_free. Any thread. Statuses as tern_conn_subscribe. */
TERN_API tern_status tern_service_start(tern_conn *conn, const tern_service_type *type, const void *handlers, void *arg,
                                        const tern_service_options *options, tern_service **out_service,
                                        tern_error *err);

/* Takes no new request, finishes those received, then ends. Waits for that for at most timeout_ms
 * (0: 30,000). As tern_sub_drain otherwise. */
TERN_API tern_status tern_service_stop(tern_service *service, uint32_t timeout_ms, tern_error *err);

/* Ends at once if not stopped, dropping requests not yet handled, and frees the handle. As
 * tern_sub_free otherwise. NULL is fine. */
TERN_API void tern_service_free(tern_service *service);

typedef struct tern_service_stats {
    uint64_t requests; /* handled, answered with an error or not */
    uint64_t errors;   /* of them, answered with an error */
    uint64_t dropped;  /* not handled: no reply subject, or over the pending limit */
} tern_service_stats;

/* Copies the counters since the service began. Any thread. */
TERN_API void tern_service_get_stats(const tern_service *service, tern_service_stats *out_stats);

/* ---- Inside a handler ----
 *
 * Handlers of one service run at the same time on several threads, up to options.concurrency; a handler's
 * functions below are for its own thread. in lives until the handler returns. out comes initialised; it may
 * point into in, into memory of the request, and to what outlives the reply, but not to memory that
 * somebody would have to free. A handler that returns OK sends out, unless tern_request_fail was called; one
 * that returns another status without it sends the status's meaning as the text. */

/* The arg of tern_service_start. */
TERN_API void *tern_request_arg(const tern_request *rq);

/* The connection the request came by. */
TERN_API tern_conn *tern_request_conn(const tern_request *rq);

/* Memory for the reply, zeroed and aligned for any type; it lives until the reply is sent. NULL when
 * there is none left; then returning OK answers RESOURCE_EXHAUSTED. */
TERN_API void *tern_request_alloc(tern_request *rq, size_t size);

/* Copies text (NULL gives NULL) into the request's memory. NULL also when there is none left. */
TERN_API char *tern_request_strdup(tern_request *rq, const char *text);

/* Formats into the request's memory. NULL when there is none left. */
TERN_API char *tern_request_printf(tern_request *rq, const char *format, ...) TERN_PRINTF(2, 3);

/* Fails the request: the caller gets status and text instead of the reply, the text cut to 511 bytes, line
 * ends as spaces. Returns status, to be returned by the handler. status TERN_OK becomes INTERNAL. */
TERN_API tern_status tern_request_fail(tern_request *rq, tern_status status, const char *format, ...) TERN_PRINTF(3, 4);

#ifdef __cplusplus
}
#endif

#endif

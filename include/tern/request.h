/* A request as its handler sees it: what came with it, memory for the reply, and the ways to answer. */
#ifndef TERN_REQUEST_H
#define TERN_REQUEST_H

#include <tern/method.h>
#include <tern/msg.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Inside a handler ----
 *
 * Handlers of one service run at the same time on several threads, up to options.concurrency; the functions below are
 * for whoever has the request, one thread at a time. in lives until the handler returns, or later answers. out comes
 * initialised; it may point into in, into memory of the request, and to what outlives the reply, but not to memory that
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

/* Sends detail along with the error, should the request fail: a protobuf message of any type, packed at once, that the
 * caller reads with tern_call_detail. Returns status, so that a handler can end with
 * return tern_request_fail_with(rq, TERN_NOT_FOUND, &detail.base, "no user %s", name). */
TERN_API tern_status tern_request_fail_with(tern_request *rq, tern_status status, const ProtobufCMessage *detail,
                                            const char *format, ...) TERN_PRINTF(4, 5);

/* Refuses a request that the handler, or an interceptor, has not acted on: fails it, and marks it as not executed, so
 * that a client with retries on may send it again, whatever the method. retry_after_ms: not before so many
 * milliseconds; 0: whenever it likes. */
TERN_API tern_status tern_request_refuse(tern_request *rq, tern_status status, uint32_t retry_after_ms,
                                         const char *format, ...) TERN_PRINTF(4, 5);

/* ---- What came with it ---- */

/* What is called. Static storage of generated code. */
TERN_API const tern_method *tern_request_method(const tern_request *rq);

/* Milliseconds until the caller gives up; 0: it has. Counted from when the request was received. */
TERN_API uint32_t tern_request_remaining_ms(const tern_request *rq);

/* 1 for a call's first attempt, and so on. */
TERN_API uint32_t tern_request_attempt(const tern_request *rq);

/* The first value of the header called name, or NULL: none. Valid until the request is answered. */
TERN_API const char *tern_request_header(tern_request *rq, const char *name);

/* Writes up to capacity headers, first values, and returns how many there are: the caller's metadata, which may go on
 * in another call; not those of Tern's own (see tern_header). */
TERN_API size_t tern_request_headers(tern_request *rq, tern_header *out_headers, size_t capacity);

/* Microseconds since its first interceptor, or its handler, began. */
TERN_API uint64_t tern_request_elapsed_us(const tern_request *rq);

/* Sends this header with the reply or error, in place of one of the same name. Both are copied.
 * INVALID_ARGUMENT: name or value, see tern_header, or one of Tern's own. RESOURCE_EXHAUSTED: no memory. */
TERN_API tern_status tern_request_set_header(tern_request *rq, const char *name, const char *value, tern_error *err);

/* ---- Answering later ---- */

/* Inside a handler: it does not answer by returning. rq, in and out stay valid, each for one thread at a time, until
 * tern_request_complete or tern_request_drop, one of which must follow, on any thread, perhaps before the handler has
 * returned. What the handler returns then does not matter. */
TERN_API void tern_request_defer(tern_request *rq);

/* Answers a deferred request: TERN_OK sends out, anything else (from tern_request_fail, say) an error, as a handler's
 * return would. rq is the library's again. */
TERN_API void tern_request_complete(tern_request *rq, tern_status status);

/* Gives a deferred request up: its caller gets INTERNAL. NULL is fine. */
TERN_API void tern_request_drop(tern_request *rq);

/* ---- Interceptors ----
 *
 * They see each request of a service that is about to run. before runs on the handler's thread in the order of the
 * list, after in the opposite order when the request is answered, on the thread that answers. */

typedef struct tern_service_interceptor {
    /* May read headers, set the reply's, and refuse: a status other than TERN_OK (see tern_request_fail) answers the
     * request, and neither the handler nor later interceptors run. It cannot defer. NULL: nothing. */
    tern_status (*before)(tern_request *rq, void *arg);
    /* Observes the status the request is answered with, when its before has let it through. NULL: nothing. */
    void (*after)(tern_request *rq, tern_status status, void *arg);
    void *arg; /* the caller's; for both */
} tern_service_interceptor;

#ifdef __cplusplus
}
#endif

#endif

/* Typed calls, the caller's side: what generated code stands on. */
#ifndef TERN_CLIENT_H
#define TERN_CLIENT_H

#include <tern/call.h>
#include <tern/executor.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A connection together with the defaults of the calls made with it. Any number of threads may call with one
 * client at the same time. */
typedef struct tern_client tern_client;

/* When a call is tried again. Only what cannot have run is, and, of methods that the .proto declares NO_SIDE_EFFECTS
 * or IDEMPOTENT, what may have:
 *   always      nobody serves the subject; a refusal marked as not executed; no room to send
 *   idempotent  an attempt without a reply for attempt_timeout_ms; INTERNAL, said by the service
 * One deadline holds for all attempts. As in gRPC's retry design, retries spend a budget: the client has budget tokens;
 * each failed attempt of the kinds above takes one (one without a reply only where another follows), each call that
 * ends well gives a tenth back, and while half or less are left, nothing is tried again: the text of a failure found on
 * this side says so. */
typedef struct tern_retry_options {
    uint32_t attempts;           /* at most so many for a call, 1 to 100; 1: none is tried again */
    uint32_t backoff_min_ms;     /* the first backoff's upper bound, doubling with each attempt; 20, or backoff_max_ms
                                    where that is less. A service's own word, Tern-Retry-After-Ms, goes before it. */
    uint32_t backoff_max_ms;     /* the largest backoff's upper bound; 1,000, or backoff_min_ms where that is more */
    uint32_t attempt_timeout_ms; /* without a reply for so long, an attempt gives way to another, where one may follow;
                                    else it waits on. 0: it waits until the call's deadline. */
    uint32_t budget;             /* tokens at most; 100. With many calls at once more: those that a restart of the
                                    server fails take a token each, all within a moment. */
} tern_retry_options;

/* Every field's zero means its default. */
typedef struct tern_client_options {
    const char *subject_prefix; /* tokens put before every subject, without the dot; NULL: none */
    uint32_t timeout_ms;        /* of a call that names none; 5,000 */
    tern_executor *executor;    /* where callbacks of asynchronous calls run; NULL: the shared pool, as many at once
                                   as it has threads. On an inline or queue executor they run one after the other. */
    tern_retry_options retry;
    const tern_client_interceptor *interceptors; /* copied, their args not */
    size_t interceptor_count;
} tern_client_options;

#define TERN_CLIENT_OPTIONS_INIT                                                                                       \
    {                                                                                                                  \
        0                                                                                                              \
    }

/* Every field's zero means the client's default. */
typedef struct tern_call_options {
    uint32_t timeout_ms;         /* from the call to its reply, all attempts and reconnecting included */
    const tern_header *metadata; /* headers to send; copied */
    size_t metadata_count;
    /* The request on whose behalf this call is made: it ends when the caller of that one gives up, and passes
     * traceparent and tracestate on (W3C Trace Context). Valid until the call has been made. NULL: none. */
    tern_request *parent;
    /* Blocking calls only: the call, when it has ended, well or not, to read what came with the reply. The caller's,
     * for tern_call_free; NULL where there was none: nothing was to be sent (arguments, draining, no memory, an I/O
     * thread, the parent's time is over). NULL: not wanted. */
    tern_call **out_call;
} tern_call_options;

#define TERN_CALL_OPTIONS_INIT                                                                                         \
    {                                                                                                                  \
        0                                                                                                              \
    }

/* Makes a client of conn. options: NULL for all defaults, copied. out_client: the caller's, for
 * tern_client_free. Any thread.
 * INVALID_ARGUMENT: an option. RESOURCE_EXHAUSTED: no memory, or no thread for the executor. */
TERN_API tern_status tern_client_new(tern_conn *conn, const tern_client_options *options, tern_client **out_client,
                                     tern_error *err);

/* Cancels the client's asynchronous calls, waits until their callbacks have returned, and frees it. Those that they
 * begin meanwhile are refused with CANCELLED. No blocking call may run on it. Called inside one of its callbacks or on
 * an I/O thread, it does not wait. Call handles stay valid. The connection stays. Any thread; NULL is fine. */
TERN_API void tern_client_free(tern_client *client);

/* Calls method with request and waits for its reply. Generated functions wrap it with types.
 * options: NULL for the client's defaults. out_reply: the caller's, one allocation, for
 * tern_message_free (see there); untouched on failure.
 * Threads: any but the I/O thread.
 * Local (err->remote false): UNAVAILABLE, nobody serves the method; PERMISSION_DENIED, the server refuses
 * its subject; DEADLINE_EXCEEDED, no reply in
 * time; INVALID_ARGUMENT, the request lacks a required field or is above the server's maximum;
 * INTERNAL, the reply is not the promised message; CANCELLED, closed; FAILED_PRECONDITION, on the
 * I/O thread or draining; RESOURCE_EXHAUSTED, no room or memory.
 * Remote (err->remote true): whatever the service answered. */
TERN_API tern_status tern_client_call(tern_client *client, const tern_method *method, const ProtobufCMessage *request,
                                      const tern_call_options *options, ProtobufCMessage **out_reply, tern_error *err);

/* Any function; what generated code casts a callback of its own type to, and back. */
typedef void (*tern_any_fn)(void);

/* The same without waiting. When it returns OK, the call ends exactly once, whatever happens; when it does not, it has
 * not begun. request is free for other use as soon as this returns.
 * done: called once at the call's end, on the client's executor, through method->complete; NULL: nobody is told, and
 * the outcome waits for tern_call_result. arg: for done, the caller's. out_call: the caller's, for tern_call_free;
 * NULL: not wanted, then done must be given.
 * Threads: any. On the I/O thread it does not wait for room.
 * Statuses: those of tern_client_call that do not come from the other side. */
TERN_API tern_status tern_client_call_async(tern_client *client, const tern_method *method,
                                            const ProtobufCMessage *request, const tern_call_options *options,
                                            tern_any_fn done, void *arg, tern_call **out_call, tern_error *err);

#ifdef __cplusplus
}
#endif

#endif

/* Typed calls, the caller's side: what generated code stands on. */
#ifndef TERN_CLIENT_H
#define TERN_CLIENT_H

#include <tern/method.h>
#include <tern/msg.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A connection together with the defaults of the calls made with it. Any number of threads may call with one
 * client at the same time. */
typedef struct tern_client tern_client;

/* Every field's zero means its default. */
typedef struct tern_client_options {
    const char *subject_prefix; /* tokens put before every subject, without the dot; NULL: none */
    uint32_t timeout_ms;        /* of a call that names none; 5,000 */
} tern_client_options;

#define TERN_CLIENT_OPTIONS_INIT                                                                                       \
    {                                                                                                                  \
        0                                                                                                              \
    }

/* Every field's zero means the client's default. */
typedef struct tern_call_options {
    uint32_t timeout_ms; /* from the call to its reply, reconnecting included */
} tern_call_options;

#define TERN_CALL_OPTIONS_INIT                                                                                         \
    {                                                                                                                  \
        0                                                                                                              \
    }

/* Makes a client of conn. options: NULL for all defaults, copied. out_client: the caller's, for
 * tern_client_free. Any thread.
 * INVALID_ARGUMENT: the prefix. RESOURCE_EXHAUSTED: no memory. */
TERN_API tern_status tern_client_new(tern_conn *conn, const tern_client_options *options, tern_client **out_client,
                                     tern_error *err);

/* Frees the client; no call may run on it. The connection stays. Any thread; NULL is fine. */
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

#ifdef __cplusplus
}
#endif

#endif

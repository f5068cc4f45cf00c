/* What generated code says about a service: data that both sides of a call interpret. */
#ifndef TERN_METHOD_H
#define TERN_METHOD_H

#include <protobuf-c/protobuf-c.h>

#include <tern/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The request that a handler is answering; see tern/request.h. */
typedef struct tern_request tern_request;

/* A call that a client makes; see tern/call.h. */
typedef struct tern_call tern_call;

/* The .proto's idempotency_level (google/protobuf/descriptor.proto). */
typedef enum tern_idempotency {
    TERN_IDEMPOTENCY_UNKNOWN = 0,
    TERN_NO_SIDE_EFFECTS = 1,
    TERN_IDEMPOTENT = 2
} tern_idempotency;

/* Calls one method's handler out of a struct of handlers. */
typedef tern_status (*tern_invoke_fn)(const void *handlers, tern_request *rq, const ProtobufCMessage *in,
                                      ProtobufCMessage *out);

/* Hands an asynchronous call's outcome to a callback of the method's own type. */
typedef void (*tern_complete_fn)(void (*done)(void), tern_call *call, ProtobufCMessage *reply, const tern_error *err,
                                 void *arg);

typedef struct tern_method {
    const char *name;    /* "Echo" */
    const char *subject; /* "examples.v1.Echo.Echo" */
    const ProtobufCMessageDescriptor *input;
    const ProtobufCMessageDescriptor *output;
    tern_idempotency idempotency; /* may a call whose fate is unknown be tried again? see tern_retry_options */
    tern_invoke_fn invoke;
    tern_complete_fn complete;
} tern_method;

typedef struct tern_service_type {
    const char *name;           /* "examples.v1.Echo" */
    const tern_method *methods; /* in the .proto's order */
    size_t method_count;
    size_t handlers_size; /* of the struct of handlers, bytes */
} tern_service_type;

#ifdef __cplusplus
}
#endif

#endif

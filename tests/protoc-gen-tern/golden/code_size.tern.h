/* Made by protoc-gen-tern from code_size.proto. Do not edit. */
#ifndef TERN_code_5fsize_2eproto__INCLUDED
#define TERN_code_5fsize_2eproto__INCLUDED

#include <tern/client.h>
#include <tern/service.h>

#include "code_size.pb-c.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Service demo.small.Tiny. */
extern const tern_service_type demo_small_tiny_type;

/* Calls demo.small.Tiny.Shrink; see tern_client_call. */
tern_status demo_small_tiny_shrink(tern_client *client, const Demo__Small__Small *request,
    const tern_call_options *options, Demo__Small__Small **out_reply, tern_error *err);

/* Told of the end of a call of demo.small.Tiny.Shrink.
 * reply: its own, for tern_message_free; NULL unless err->status is TERN_OK.
 * err: never NULL. call and err are valid until it returns. arg: the caller's. */
typedef void (*demo_small_tiny_shrink_fn)(tern_call *call, Demo__Small__Small *reply,
    const tern_error *err, void *arg);

/* Calls demo.small.Tiny.Shrink without waiting; see tern_client_call_async. */
tern_status demo_small_tiny_shrink_async(tern_client *client, const Demo__Small__Small *request,
    const tern_call_options *options, demo_small_tiny_shrink_fn done, void *arg,
    tern_call **out_call, tern_error *err);

/* Takes the outcome of such a call that had no callback; see tern_call_result. */
tern_status demo_small_tiny_shrink_result(tern_call *call, Demo__Small__Small **out_reply,
    tern_error *err);

/* What answers demo.small.Tiny's methods; NULL answers TERN_UNIMPLEMENTED. */
typedef struct demo_small_tiny_handlers {
    tern_status (*shrink)(tern_request *rq, const Demo__Small__Small *in, Demo__Small__Small *out);
} demo_small_tiny_handlers;

/* Serves demo.small.Tiny with handlers; see tern_service_start. */
tern_status demo_small_tiny_serve(tern_conn *conn, const demo_small_tiny_handlers *handlers, void *arg,
    const tern_service_options *options, tern_service **out_service, tern_error *err);

#ifdef __cplusplus
}
#endif

#endif

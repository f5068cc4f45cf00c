/* Made by protoc-gen-tern from optional.proto. Do not edit. */
#ifndef TERN_optional_2eproto__INCLUDED
#define TERN_optional_2eproto__INCLUDED

#include <tern/client.h>
#include <tern/service.h>

#include "optional.pb-c.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Service demo.optional.Presence. */
extern const tern_service_type demo_optional_presence_type;

/* Calls demo.optional.Presence.Tell; see tern_client_call. */
tern_status demo_optional_presence_tell(tern_client *client, const Demo__Optional__Maybe *request,
    const tern_call_options *options, Demo__Optional__Maybe **out_reply, tern_error *err);

/* Told of the end of a call of demo.optional.Presence.Tell.
 * reply: its own, for tern_message_free; NULL unless err->status is TERN_OK.
 * err: never NULL. call and err are valid until it returns. arg: the caller's. */
typedef void (*demo_optional_presence_tell_fn)(tern_call *call, Demo__Optional__Maybe *reply,
    const tern_error *err, void *arg);

/* Calls demo.optional.Presence.Tell without waiting; see tern_client_call_async. */
tern_status demo_optional_presence_tell_async(tern_client *client, const Demo__Optional__Maybe *request,
    const tern_call_options *options, demo_optional_presence_tell_fn done, void *arg,
    tern_call **out_call, tern_error *err);

/* Takes the outcome of such a call that had no callback; see tern_call_result. */
tern_status demo_optional_presence_tell_result(tern_call *call, Demo__Optional__Maybe **out_reply,
    tern_error *err);

/* What answers demo.optional.Presence's methods; NULL answers TERN_UNIMPLEMENTED. */
typedef struct demo_optional_presence_handlers {
    tern_status (*tell)(tern_request *rq, const Demo__Optional__Maybe *in, Demo__Optional__Maybe *out);
} demo_optional_presence_handlers;

/* Serves demo.optional.Presence with handlers; see tern_service_start. */
tern_status demo_optional_presence_serve(tern_conn *conn, const demo_optional_presence_handlers *handlers, void *arg,
    const tern_service_options *options, tern_service **out_service, tern_error *err);

#ifdef __cplusplus
}
#endif

#endif

/* Made by protoc-gen-tern from c_package_empty.proto. Do not edit. */
#ifndef TERN_c_5fpackage_5fempty_2eproto__INCLUDED
#define TERN_c_5fpackage_5fempty_2eproto__INCLUDED

#include <tern/client.h>
#include <tern/service.h>

#include "c_package_empty.pb-c.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Service demo.taken.away.Unpacker. */
extern const tern_service_type unpacker_type;

/* Calls demo.taken.away.Unpacker.Unpack; see tern_client_call. */
tern_status unpacker_unpack(tern_client *client, const Unpacked *request,
    const tern_call_options *options, Unpacked **out_reply, tern_error *err);

/* Told of the end of a call of demo.taken.away.Unpacker.Unpack.
 * reply: its own, for tern_message_free; NULL unless err->status is TERN_OK.
 * err: never NULL. call and err are valid until it returns. arg: the caller's. */
typedef void (*unpacker_unpack_fn)(tern_call *call, Unpacked *reply,
    const tern_error *err, void *arg);

/* Calls demo.taken.away.Unpacker.Unpack without waiting; see tern_client_call_async. */
tern_status unpacker_unpack_async(tern_client *client, const Unpacked *request,
    const tern_call_options *options, unpacker_unpack_fn done, void *arg,
    tern_call **out_call, tern_error *err);

/* Takes the outcome of such a call that had no callback; see tern_call_result. */
tern_status unpacker_unpack_result(tern_call *call, Unpacked **out_reply,
    tern_error *err);

/* What answers demo.taken.away.Unpacker's methods; NULL answers TERN_UNIMPLEMENTED. */
typedef struct unpacker_handlers {
    tern_status (*unpack)(tern_request *rq, const Unpacked *in, Unpacked *out);
} unpacker_handlers;

/* Serves demo.taken.away.Unpacker with handlers; see tern_service_start. */
tern_status unpacker_serve(tern_conn *conn, const unpacker_handlers *handlers, void *arg,
    const tern_service_options *options, tern_service **out_service, tern_error *err);

#ifdef __cplusplus
}
#endif

#endif

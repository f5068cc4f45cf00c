/* Made by protoc-gen-tern from deprecated.proto. Do not edit. */
#ifndef TERN_deprecated_2eproto__INCLUDED
#define TERN_deprecated_2eproto__INCLUDED

#include <tern/client.h>
#include <tern/service.h>

#include "deprecated.pb-c.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Service demo.old.Half. */
extern const tern_service_type demo_old_half_type;

/* Calls demo.old.Half.Old; see tern_client_call.
 * Gone soon. */
tern_status demo_old_half_old(tern_client *client, const Demo__Old__Age *request,
    const tern_call_options *options, Demo__Old__Age **out_reply, tern_error *err)
    PROTOBUF_C__DEPRECATED;

/* Told of the end of a call of demo.old.Half.Old.
 * reply: its own, for tern_message_free; NULL unless err->status is TERN_OK.
 * err: never NULL. call and err are valid until it returns. arg: the caller's. */
typedef void (*demo_old_half_old_fn)(tern_call *call, Demo__Old__Age *reply,
    const tern_error *err, void *arg);

/* Calls demo.old.Half.Old without waiting; see tern_client_call_async.
 * Gone soon. */
tern_status demo_old_half_old_async(tern_client *client, const Demo__Old__Age *request,
    const tern_call_options *options, demo_old_half_old_fn done, void *arg,
    tern_call **out_call, tern_error *err)
    PROTOBUF_C__DEPRECATED;

/* Takes the outcome of such a call that had no callback; see tern_call_result. */
tern_status demo_old_half_old_result(tern_call *call, Demo__Old__Age **out_reply,
    tern_error *err);

/* Calls demo.old.Half.Fresh; see tern_client_call. */
tern_status demo_old_half_fresh(tern_client *client, const Demo__Old__Age *request,
    const tern_call_options *options, Demo__Old__Age **out_reply, tern_error *err);

/* Told of the end of a call of demo.old.Half.Fresh.
 * reply: its own, for tern_message_free; NULL unless err->status is TERN_OK.
 * err: never NULL. call and err are valid until it returns. arg: the caller's. */
typedef void (*demo_old_half_fresh_fn)(tern_call *call, Demo__Old__Age *reply,
    const tern_error *err, void *arg);

/* Calls demo.old.Half.Fresh without waiting; see tern_client_call_async. */
tern_status demo_old_half_fresh_async(tern_client *client, const Demo__Old__Age *request,
    const tern_call_options *options, demo_old_half_fresh_fn done, void *arg,
    tern_call **out_call, tern_error *err);

/* Takes the outcome of such a call that had no callback; see tern_call_result. */
tern_status demo_old_half_fresh_result(tern_call *call, Demo__Old__Age **out_reply,
    tern_error *err);

/* What answers demo.old.Half's methods; NULL answers TERN_UNIMPLEMENTED. */
typedef struct demo_old_half_handlers {
    tern_status (*old)(tern_request *rq, const Demo__Old__Age *in, Demo__Old__Age *out);
    tern_status (*fresh)(tern_request *rq, const Demo__Old__Age *in, Demo__Old__Age *out);
} demo_old_half_handlers;

/* Serves demo.old.Half with handlers; see tern_service_start. */
tern_status demo_old_half_serve(tern_conn *conn, const demo_old_half_handlers *handlers, void *arg,
    const tern_service_options *options, tern_service **out_service, tern_error *err);

/* Service demo.old.All. */
extern const tern_service_type demo_old_all_type;

/* Calls demo.old.All.Any; see tern_client_call. */
tern_status demo_old_all_any(tern_client *client, const Demo__Old__Age *request,
    const tern_call_options *options, Demo__Old__Age **out_reply, tern_error *err)
    PROTOBUF_C__DEPRECATED;

/* Told of the end of a call of demo.old.All.Any.
 * reply: its own, for tern_message_free; NULL unless err->status is TERN_OK.
 * err: never NULL. call and err are valid until it returns. arg: the caller's. */
typedef void (*demo_old_all_any_fn)(tern_call *call, Demo__Old__Age *reply,
    const tern_error *err, void *arg);

/* Calls demo.old.All.Any without waiting; see tern_client_call_async. */
tern_status demo_old_all_any_async(tern_client *client, const Demo__Old__Age *request,
    const tern_call_options *options, demo_old_all_any_fn done, void *arg,
    tern_call **out_call, tern_error *err)
    PROTOBUF_C__DEPRECATED;

/* Takes the outcome of such a call that had no callback; see tern_call_result. */
tern_status demo_old_all_any_result(tern_call *call, Demo__Old__Age **out_reply,
    tern_error *err);

/* What answers demo.old.All's methods; NULL answers TERN_UNIMPLEMENTED. */
typedef struct demo_old_all_handlers {
    tern_status (*any)(tern_request *rq, const Demo__Old__Age *in, Demo__Old__Age *out);
} demo_old_all_handlers;

/* Serves demo.old.All with handlers; see tern_service_start. */
tern_status demo_old_all_serve(tern_conn *conn, const demo_old_all_handlers *handlers, void *arg,
    const tern_service_options *options, tern_service **out_service, tern_error *err);

#ifdef __cplusplus
}
#endif

#endif

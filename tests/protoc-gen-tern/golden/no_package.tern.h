/* Made by protoc-gen-tern from no_package.proto. Do not edit. */
#ifndef TERN_no_5fpackage_2eproto__INCLUDED
#define TERN_no_5fpackage_2eproto__INCLUDED

#include <tern/client.h>
#include <tern/service.h>

#include "no_package.pb-c.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Service Bare. */
extern const tern_service_type bare_type;

/* Calls Bare.Call; see tern_client_call. */
tern_status bare_call(tern_client *client, const Plain *request,
    const tern_call_options *options, Plain__Inner **out_reply, tern_error *err);

/* Told of the end of a call of Bare.Call.
 * reply: its own, for tern_message_free; NULL unless err->status is TERN_OK.
 * err: never NULL. call and err are valid until it returns. arg: the caller's. */
typedef void (*bare_call_fn)(tern_call *call, Plain__Inner *reply,
    const tern_error *err, void *arg);

/* Calls Bare.Call without waiting; see tern_client_call_async. */
tern_status bare_call_async(tern_client *client, const Plain *request,
    const tern_call_options *options, bare_call_fn done, void *arg,
    tern_call **out_call, tern_error *err);

/* Takes the outcome of such a call that had no callback; see tern_call_result. */
tern_status bare_call_result(tern_call *call, Plain__Inner **out_reply,
    tern_error *err);

/* What answers Bare's methods; NULL answers TERN_UNIMPLEMENTED. */
typedef struct bare_handlers {
    tern_status (*call)(tern_request *rq, const Plain *in, Plain__Inner *out);
} bare_handlers;

/* Serves Bare with handlers; see tern_service_start. */
tern_status bare_serve(tern_conn *conn, const bare_handlers *handlers, void *arg,
    const tern_service_options *options, tern_service **out_service, tern_error *err);

/* Service Static.
 * Its function would be called static_cast. */
extern const tern_service_type static_type;

/* Calls Static.Cast; see tern_client_call. */
tern_status static_cast_(tern_client *client, const Plain *request,
    const tern_call_options *options, Plain **out_reply, tern_error *err);

/* Told of the end of a call of Static.Cast.
 * reply: its own, for tern_message_free; NULL unless err->status is TERN_OK.
 * err: never NULL. call and err are valid until it returns. arg: the caller's. */
typedef void (*static_cast_fn)(tern_call *call, Plain *reply,
    const tern_error *err, void *arg);

/* Calls Static.Cast without waiting; see tern_client_call_async. */
tern_status static_cast_async(tern_client *client, const Plain *request,
    const tern_call_options *options, static_cast_fn done, void *arg,
    tern_call **out_call, tern_error *err);

/* Takes the outcome of such a call that had no callback; see tern_call_result. */
tern_status static_cast_result(tern_call *call, Plain **out_reply,
    tern_error *err);

/* What answers Static's methods; NULL answers TERN_UNIMPLEMENTED. */
typedef struct static_handlers {
    tern_status (*cast)(tern_request *rq, const Plain *in, Plain *out);
} static_handlers;

/* Serves Static with handlers; see tern_service_start. */
tern_status static_serve(tern_conn *conn, const static_handlers *handlers, void *arg,
    const tern_service_options *options, tern_service **out_service, tern_error *err);

#ifdef __cplusplus
}
#endif

#endif

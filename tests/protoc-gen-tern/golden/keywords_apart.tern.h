/* Made by protoc-gen-tern from keywords_apart.proto. Do not edit. */
#ifndef TERN_keywords_5fapart_2eproto__INCLUDED
#define TERN_keywords_5fapart_2eproto__INCLUDED

#include <tern/client.h>
#include <tern/service.h>

#include "keywords_types.pb-c.h"
#include "types/more.pb-c.h"
#include "types/common.pb-c.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Service demo.keywords.apart.Registry. */
extern const tern_service_type demo_keywords_apart_registry_type;

/* Calls demo.keywords.apart.Registry.Register; see tern_client_call. */
tern_status demo_keywords_apart_registry_register(tern_client *client, const Demo__Keywords__Apart__Entry *request,
    const tern_call_options *options, Types__ID2Name **out_reply, tern_error *err);

/* Told of the end of a call of demo.keywords.apart.Registry.Register.
 * reply: its own, for tern_message_free; NULL unless err->status is TERN_OK.
 * err: never NULL. call and err are valid until it returns. arg: the caller's. */
typedef void (*demo_keywords_apart_registry_register_fn)(tern_call *call, Types__ID2Name *reply,
    const tern_error *err, void *arg);

/* Calls demo.keywords.apart.Registry.Register without waiting; see tern_client_call_async. */
tern_status demo_keywords_apart_registry_register_async(tern_client *client, const Demo__Keywords__Apart__Entry *request,
    const tern_call_options *options, demo_keywords_apart_registry_register_fn done, void *arg,
    tern_call **out_call, tern_error *err);

/* Takes the outcome of such a call that had no callback; see tern_call_result. */
tern_status demo_keywords_apart_registry_register_result(tern_call *call, Types__ID2Name **out_reply,
    tern_error *err);

/* Calls demo.keywords.apart.Registry.Delete; see tern_client_call. */
tern_status demo_keywords_apart_registry_delete(tern_client *client, const Demo__Keywords__Apart__Entry *request,
    const tern_call_options *options, Demo__Keywords__Apart__Entry **out_reply, tern_error *err);

/* Told of the end of a call of demo.keywords.apart.Registry.Delete.
 * reply: its own, for tern_message_free; NULL unless err->status is TERN_OK.
 * err: never NULL. call and err are valid until it returns. arg: the caller's. */
typedef void (*demo_keywords_apart_registry_delete_fn)(tern_call *call, Demo__Keywords__Apart__Entry *reply,
    const tern_error *err, void *arg);

/* Calls demo.keywords.apart.Registry.Delete without waiting; see tern_client_call_async. */
tern_status demo_keywords_apart_registry_delete_async(tern_client *client, const Demo__Keywords__Apart__Entry *request,
    const tern_call_options *options, demo_keywords_apart_registry_delete_fn done, void *arg,
    tern_call **out_call, tern_error *err);

/* Takes the outcome of such a call that had no callback; see tern_call_result. */
tern_status demo_keywords_apart_registry_delete_result(tern_call *call, Demo__Keywords__Apart__Entry **out_reply,
    tern_error *err);

/* Calls demo.keywords.apart.Registry.Continue; see tern_client_call. */
tern_status demo_keywords_apart_registry_continue(tern_client *client, const Types__CommonV1__Page *request,
    const tern_call_options *options, Demo__Keywords__Apart__Entry **out_reply, tern_error *err);

/* Told of the end of a call of demo.keywords.apart.Registry.Continue.
 * reply: its own, for tern_message_free; NULL unless err->status is TERN_OK.
 * err: never NULL. call and err are valid until it returns. arg: the caller's. */
typedef void (*demo_keywords_apart_registry_continue_fn)(tern_call *call, Demo__Keywords__Apart__Entry *reply,
    const tern_error *err, void *arg);

/* Calls demo.keywords.apart.Registry.Continue without waiting; see tern_client_call_async. */
tern_status demo_keywords_apart_registry_continue_async(tern_client *client, const Types__CommonV1__Page *request,
    const tern_call_options *options, demo_keywords_apart_registry_continue_fn done, void *arg,
    tern_call **out_call, tern_error *err);

/* Takes the outcome of such a call that had no callback; see tern_call_result. */
tern_status demo_keywords_apart_registry_continue_result(tern_call *call, Demo__Keywords__Apart__Entry **out_reply,
    tern_error *err);

/* What answers demo.keywords.apart.Registry's methods; NULL answers TERN_UNIMPLEMENTED. */
typedef struct demo_keywords_apart_registry_handlers {
    tern_status (*register_)(tern_request *rq, const Demo__Keywords__Apart__Entry *in, Types__ID2Name *out);
    tern_status (*delete_)(tern_request *rq, const Demo__Keywords__Apart__Entry *in, Demo__Keywords__Apart__Entry *out);
    tern_status (*continue_)(tern_request *rq, const Types__CommonV1__Page *in, Demo__Keywords__Apart__Entry *out);
} demo_keywords_apart_registry_handlers;

/* Serves demo.keywords.apart.Registry with handlers; see tern_service_start. */
tern_status demo_keywords_apart_registry_serve(tern_conn *conn, const demo_keywords_apart_registry_handlers *handlers, void *arg,
    const tern_service_options *options, tern_service **out_service, tern_error *err);

#ifdef __cplusplus
}
#endif

#endif

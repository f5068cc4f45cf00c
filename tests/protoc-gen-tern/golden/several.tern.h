/* Made by protoc-gen-tern from several.proto. Do not edit. */
#ifndef TERN_several_2eproto__INCLUDED
#define TERN_several_2eproto__INCLUDED

#include <tern/client.h>
#include <tern/service.h>

#include "several.pb-c.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Service demo.several.v1.First.
 * First of several. */
extern const tern_service_type demo_several_v1_first_type;

/* Calls demo.several.v1.First.Find; see tern_client_call. */
tern_status demo_several_v1_first_find(tern_client *client, const Demo__Several__V1__Query *request,
    const tern_call_options *options, Types__CommonV1__Page **out_reply, tern_error *err);

/* Told of the end of a call of demo.several.v1.First.Find.
 * reply: its own, for tern_message_free; NULL unless err->status is TERN_OK.
 * err: never NULL. call and err are valid until it returns. arg: the caller's. */
typedef void (*demo_several_v1_first_find_fn)(tern_call *call, Types__CommonV1__Page *reply,
    const tern_error *err, void *arg);

/* Calls demo.several.v1.First.Find without waiting; see tern_client_call_async. */
tern_status demo_several_v1_first_find_async(tern_client *client, const Demo__Several__V1__Query *request,
    const tern_call_options *options, demo_several_v1_first_find_fn done, void *arg,
    tern_call **out_call, tern_error *err);

/* Takes the outcome of such a call that had no callback; see tern_call_result. */
tern_status demo_several_v1_first_find_result(tern_call *call, Types__CommonV1__Page **out_reply,
    tern_error *err);

/* Calls demo.several.v1.First.Next; see tern_client_call. */
tern_status demo_several_v1_first_next(tern_client *client, const Types__CommonV1__Page__Cursor *request,
    const tern_call_options *options, Types__CommonV1__Page__Cursor__HTTPState **out_reply, tern_error *err);

/* Told of the end of a call of demo.several.v1.First.Next.
 * reply: its own, for tern_message_free; NULL unless err->status is TERN_OK.
 * err: never NULL. call and err are valid until it returns. arg: the caller's. */
typedef void (*demo_several_v1_first_next_fn)(tern_call *call, Types__CommonV1__Page__Cursor__HTTPState *reply,
    const tern_error *err, void *arg);

/* Calls demo.several.v1.First.Next without waiting; see tern_client_call_async. */
tern_status demo_several_v1_first_next_async(tern_client *client, const Types__CommonV1__Page__Cursor *request,
    const tern_call_options *options, demo_several_v1_first_next_fn done, void *arg,
    tern_call **out_call, tern_error *err);

/* Takes the outcome of such a call that had no callback; see tern_call_result. */
tern_status demo_several_v1_first_next_result(tern_call *call, Types__CommonV1__Page__Cursor__HTTPState **out_reply,
    tern_error *err);

/* Calls demo.several.v1.First.Nested; see tern_client_call. */
tern_status demo_several_v1_first_nested(tern_client *client, const Demo__Several__V1__Query__Nested *request,
    const tern_call_options *options, Demo__Several__V1__Query__Nested **out_reply, tern_error *err);

/* Told of the end of a call of demo.several.v1.First.Nested.
 * reply: its own, for tern_message_free; NULL unless err->status is TERN_OK.
 * err: never NULL. call and err are valid until it returns. arg: the caller's. */
typedef void (*demo_several_v1_first_nested_fn)(tern_call *call, Demo__Several__V1__Query__Nested *reply,
    const tern_error *err, void *arg);

/* Calls demo.several.v1.First.Nested without waiting; see tern_client_call_async. */
tern_status demo_several_v1_first_nested_async(tern_client *client, const Demo__Several__V1__Query__Nested *request,
    const tern_call_options *options, demo_several_v1_first_nested_fn done, void *arg,
    tern_call **out_call, tern_error *err);

/* Takes the outcome of such a call that had no callback; see tern_call_result. */
tern_status demo_several_v1_first_nested_result(tern_call *call, Demo__Several__V1__Query__Nested **out_reply,
    tern_error *err);

/* Calls demo.several.v1.First.Ping; see tern_client_call. */
tern_status demo_several_v1_first_ping(tern_client *client, const Google__Protobuf__Empty *request,
    const tern_call_options *options, Google__Protobuf__Empty **out_reply, tern_error *err);

/* Told of the end of a call of demo.several.v1.First.Ping.
 * reply: its own, for tern_message_free; NULL unless err->status is TERN_OK.
 * err: never NULL. call and err are valid until it returns. arg: the caller's. */
typedef void (*demo_several_v1_first_ping_fn)(tern_call *call, Google__Protobuf__Empty *reply,
    const tern_error *err, void *arg);

/* Calls demo.several.v1.First.Ping without waiting; see tern_client_call_async. */
tern_status demo_several_v1_first_ping_async(tern_client *client, const Google__Protobuf__Empty *request,
    const tern_call_options *options, demo_several_v1_first_ping_fn done, void *arg,
    tern_call **out_call, tern_error *err);

/* Takes the outcome of such a call that had no callback; see tern_call_result. */
tern_status demo_several_v1_first_ping_result(tern_call *call, Google__Protobuf__Empty **out_reply,
    tern_error *err);

/* What answers demo.several.v1.First's methods; NULL answers TERN_UNIMPLEMENTED. */
typedef struct demo_several_v1_first_handlers {
    tern_status (*find)(tern_request *rq, const Demo__Several__V1__Query *in, Types__CommonV1__Page *out);
    tern_status (*next)(tern_request *rq, const Types__CommonV1__Page__Cursor *in, Types__CommonV1__Page__Cursor__HTTPState *out);
    tern_status (*nested)(tern_request *rq, const Demo__Several__V1__Query__Nested *in, Demo__Several__V1__Query__Nested *out);
    tern_status (*ping)(tern_request *rq, const Google__Protobuf__Empty *in, Google__Protobuf__Empty *out);
} demo_several_v1_first_handlers;

/* Serves demo.several.v1.First with handlers; see tern_service_start. */
tern_status demo_several_v1_first_serve(tern_conn *conn, const demo_several_v1_first_handlers *handlers, void *arg,
    const tern_service_options *options, tern_service **out_service, tern_error *err);

/* Service demo.several.v1.HTTPServer. */
extern const tern_service_type demo_several_v1_httpserver_type;

/* Calls demo.several.v1.HTTPServer.GetV2; see tern_client_call. */
tern_status demo_several_v1_httpserver_get_v2(tern_client *client, const Types__CommonV1__LowerCaseName *request,
    const tern_call_options *options, Types__ID2Name **out_reply, tern_error *err);

/* Told of the end of a call of demo.several.v1.HTTPServer.GetV2.
 * reply: its own, for tern_message_free; NULL unless err->status is TERN_OK.
 * err: never NULL. call and err are valid until it returns. arg: the caller's. */
typedef void (*demo_several_v1_httpserver_get_v2_fn)(tern_call *call, Types__ID2Name *reply,
    const tern_error *err, void *arg);

/* Calls demo.several.v1.HTTPServer.GetV2 without waiting; see tern_client_call_async. */
tern_status demo_several_v1_httpserver_get_v2_async(tern_client *client, const Types__CommonV1__LowerCaseName *request,
    const tern_call_options *options, demo_several_v1_httpserver_get_v2_fn done, void *arg,
    tern_call **out_call, tern_error *err);

/* Takes the outcome of such a call that had no callback; see tern_call_result. */
tern_status demo_several_v1_httpserver_get_v2_result(tern_call *call, Types__ID2Name **out_reply,
    tern_error *err);

/* Calls demo.several.v1.HTTPServer.GETAll; see tern_client_call. */
tern_status demo_several_v1_httpserver_getall(tern_client *client, const Demo__Several__V1__Query *request,
    const tern_call_options *options, Demo__Several__V1__Query **out_reply, tern_error *err);

/* Told of the end of a call of demo.several.v1.HTTPServer.GETAll.
 * reply: its own, for tern_message_free; NULL unless err->status is TERN_OK.
 * err: never NULL. call and err are valid until it returns. arg: the caller's. */
typedef void (*demo_several_v1_httpserver_getall_fn)(tern_call *call, Demo__Several__V1__Query *reply,
    const tern_error *err, void *arg);

/* Calls demo.several.v1.HTTPServer.GETAll without waiting; see tern_client_call_async. */
tern_status demo_several_v1_httpserver_getall_async(tern_client *client, const Demo__Several__V1__Query *request,
    const tern_call_options *options, demo_several_v1_httpserver_getall_fn done, void *arg,
    tern_call **out_call, tern_error *err);

/* Takes the outcome of such a call that had no callback; see tern_call_result. */
tern_status demo_several_v1_httpserver_getall_result(tern_call *call, Demo__Several__V1__Query **out_reply,
    tern_error *err);

/* Calls demo.several.v1.HTTPServer.get_lower; see tern_client_call. */
tern_status demo_several_v1_httpserver_get_lower(tern_client *client, const Demo__Several__V1__Query *request,
    const tern_call_options *options, Demo__Several__V1__Query **out_reply, tern_error *err);

/* Told of the end of a call of demo.several.v1.HTTPServer.get_lower.
 * reply: its own, for tern_message_free; NULL unless err->status is TERN_OK.
 * err: never NULL. call and err are valid until it returns. arg: the caller's. */
typedef void (*demo_several_v1_httpserver_get_lower_fn)(tern_call *call, Demo__Several__V1__Query *reply,
    const tern_error *err, void *arg);

/* Calls demo.several.v1.HTTPServer.get_lower without waiting; see tern_client_call_async. */
tern_status demo_several_v1_httpserver_get_lower_async(tern_client *client, const Demo__Several__V1__Query *request,
    const tern_call_options *options, demo_several_v1_httpserver_get_lower_fn done, void *arg,
    tern_call **out_call, tern_error *err);

/* Takes the outcome of such a call that had no callback; see tern_call_result. */
tern_status demo_several_v1_httpserver_get_lower_result(tern_call *call, Demo__Several__V1__Query **out_reply,
    tern_error *err);

/* Calls demo.several.v1.HTTPServer.X; see tern_client_call. */
tern_status demo_several_v1_httpserver_x(tern_client *client, const Demo__Several__V1__Query *request,
    const tern_call_options *options, Demo__Several__V1__Query **out_reply, tern_error *err);

/* Told of the end of a call of demo.several.v1.HTTPServer.X.
 * reply: its own, for tern_message_free; NULL unless err->status is TERN_OK.
 * err: never NULL. call and err are valid until it returns. arg: the caller's. */
typedef void (*demo_several_v1_httpserver_x_fn)(tern_call *call, Demo__Several__V1__Query *reply,
    const tern_error *err, void *arg);

/* Calls demo.several.v1.HTTPServer.X without waiting; see tern_client_call_async. */
tern_status demo_several_v1_httpserver_x_async(tern_client *client, const Demo__Several__V1__Query *request,
    const tern_call_options *options, demo_several_v1_httpserver_x_fn done, void *arg,
    tern_call **out_call, tern_error *err);

/* Takes the outcome of such a call that had no callback; see tern_call_result. */
tern_status demo_several_v1_httpserver_x_result(tern_call *call, Demo__Several__V1__Query **out_reply,
    tern_error *err);

/* Calls demo.several.v1.HTTPServer.Send2Many3; see tern_client_call. */
tern_status demo_several_v1_httpserver_send2_many3(tern_client *client, const Demo__Several__V1__Query *request,
    const tern_call_options *options, Demo__Several__V1__Query **out_reply, tern_error *err);

/* Told of the end of a call of demo.several.v1.HTTPServer.Send2Many3.
 * reply: its own, for tern_message_free; NULL unless err->status is TERN_OK.
 * err: never NULL. call and err are valid until it returns. arg: the caller's. */
typedef void (*demo_several_v1_httpserver_send2_many3_fn)(tern_call *call, Demo__Several__V1__Query *reply,
    const tern_error *err, void *arg);

/* Calls demo.several.v1.HTTPServer.Send2Many3 without waiting; see tern_client_call_async. */
tern_status demo_several_v1_httpserver_send2_many3_async(tern_client *client, const Demo__Several__V1__Query *request,
    const tern_call_options *options, demo_several_v1_httpserver_send2_many3_fn done, void *arg,
    tern_call **out_call, tern_error *err);

/* Takes the outcome of such a call that had no callback; see tern_call_result. */
tern_status demo_several_v1_httpserver_send2_many3_result(tern_call *call, Demo__Several__V1__Query **out_reply,
    tern_error *err);

/* Calls demo.several.v1.HTTPServer.Mixed_Case_; see tern_client_call. */
tern_status demo_several_v1_httpserver_mixed__case_(tern_client *client, const Demo__Several__V1__Query *request,
    const tern_call_options *options, Demo__Several__V1__Query **out_reply, tern_error *err);

/* Told of the end of a call of demo.several.v1.HTTPServer.Mixed_Case_.
 * reply: its own, for tern_message_free; NULL unless err->status is TERN_OK.
 * err: never NULL. call and err are valid until it returns. arg: the caller's. */
typedef void (*demo_several_v1_httpserver_mixed__case__fn)(tern_call *call, Demo__Several__V1__Query *reply,
    const tern_error *err, void *arg);

/* Calls demo.several.v1.HTTPServer.Mixed_Case_ without waiting; see tern_client_call_async. */
tern_status demo_several_v1_httpserver_mixed__case__async(tern_client *client, const Demo__Several__V1__Query *request,
    const tern_call_options *options, demo_several_v1_httpserver_mixed__case__fn done, void *arg,
    tern_call **out_call, tern_error *err);

/* Takes the outcome of such a call that had no callback; see tern_call_result. */
tern_status demo_several_v1_httpserver_mixed__case__result(tern_call *call, Demo__Several__V1__Query **out_reply,
    tern_error *err);

/* What answers demo.several.v1.HTTPServer's methods; NULL answers TERN_UNIMPLEMENTED. */
typedef struct demo_several_v1_httpserver_handlers {
    tern_status (*get_v2)(tern_request *rq, const Types__CommonV1__LowerCaseName *in, Types__ID2Name *out);
    tern_status (*getall)(tern_request *rq, const Demo__Several__V1__Query *in, Demo__Several__V1__Query *out);
    tern_status (*get_lower)(tern_request *rq, const Demo__Several__V1__Query *in, Demo__Several__V1__Query *out);
    tern_status (*x)(tern_request *rq, const Demo__Several__V1__Query *in, Demo__Several__V1__Query *out);
    tern_status (*send2_many3)(tern_request *rq, const Demo__Several__V1__Query *in, Demo__Several__V1__Query *out);
    tern_status (*mixed__case_)(tern_request *rq, const Demo__Several__V1__Query *in, Demo__Several__V1__Query *out);
} demo_several_v1_httpserver_handlers;

/* Serves demo.several.v1.HTTPServer with handlers; see tern_service_start. */
tern_status demo_several_v1_httpserver_serve(tern_conn *conn, const demo_several_v1_httpserver_handlers *handlers, void *arg,
    const tern_service_options *options, tern_service **out_service, tern_error *err);

/* Service demo.several.v1.NoMethods. */
extern const tern_service_type demo_several_v1_no_methods_type;

/* What answers demo.several.v1.NoMethods's methods; NULL answers TERN_UNIMPLEMENTED. */
typedef struct demo_several_v1_no_methods_handlers {
    char unused; /* C has no empty structs */
} demo_several_v1_no_methods_handlers;

/* Serves demo.several.v1.NoMethods with handlers; see tern_service_start. */
tern_status demo_several_v1_no_methods_serve(tern_conn *conn, const demo_several_v1_no_methods_handlers *handlers, void *arg,
    const tern_service_options *options, tern_service **out_service, tern_error *err);

/* Service demo.several.v1.lower_service. */
extern const tern_service_type demo_several_v1_lower_service_type;

/* Calls demo.several.v1.lower_service.Do_it; see tern_client_call. */
tern_status demo_several_v1_lower_service_do_it(tern_client *client, const Demo__Several__V1__Query *request,
    const tern_call_options *options, Demo__Several__V1__Query **out_reply, tern_error *err);

/* Told of the end of a call of demo.several.v1.lower_service.Do_it.
 * reply: its own, for tern_message_free; NULL unless err->status is TERN_OK.
 * err: never NULL. call and err are valid until it returns. arg: the caller's. */
typedef void (*demo_several_v1_lower_service_do_it_fn)(tern_call *call, Demo__Several__V1__Query *reply,
    const tern_error *err, void *arg);

/* Calls demo.several.v1.lower_service.Do_it without waiting; see tern_client_call_async. */
tern_status demo_several_v1_lower_service_do_it_async(tern_client *client, const Demo__Several__V1__Query *request,
    const tern_call_options *options, demo_several_v1_lower_service_do_it_fn done, void *arg,
    tern_call **out_call, tern_error *err);

/* Takes the outcome of such a call that had no callback; see tern_call_result. */
tern_status demo_several_v1_lower_service_do_it_result(tern_call *call, Demo__Several__V1__Query **out_reply,
    tern_error *err);

/* What answers demo.several.v1.lower_service's methods; NULL answers TERN_UNIMPLEMENTED. */
typedef struct demo_several_v1_lower_service_handlers {
    tern_status (*do_it)(tern_request *rq, const Demo__Several__V1__Query *in, Demo__Several__V1__Query *out);
} demo_several_v1_lower_service_handlers;

/* Serves demo.several.v1.lower_service with handlers; see tern_service_start. */
tern_status demo_several_v1_lower_service_serve(tern_conn *conn, const demo_several_v1_lower_service_handlers *handlers, void *arg,
    const tern_service_options *options, tern_service **out_service, tern_error *err);

#ifdef __cplusplus
}
#endif

#endif

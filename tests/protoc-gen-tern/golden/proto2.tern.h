/* Made by protoc-gen-tern from proto2.proto. Do not edit. */
#ifndef TERN_proto2_2eproto__INCLUDED
#define TERN_proto2_2eproto__INCLUDED

#include <tern/client.h>
#include <tern/service.h>

#include "proto2.pb-c.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Service demo.two.Two. */
extern const tern_service_type demo_two_two_type;

/* Calls demo.two.Two.Ask; see tern_client_call. */
tern_status demo_two_two_ask(tern_client *client, const Demo__Two__Request *request,
    const tern_call_options *options, Demo__Two__Reply **out_reply, tern_error *err);

/* Told of the end of a call of demo.two.Two.Ask.
 * reply: its own, for tern_message_free; NULL unless err->status is TERN_OK.
 * err: never NULL. call and err are valid until it returns. arg: the caller's. */
typedef void (*demo_two_two_ask_fn)(tern_call *call, Demo__Two__Reply *reply,
    const tern_error *err, void *arg);

/* Calls demo.two.Two.Ask without waiting; see tern_client_call_async. */
tern_status demo_two_two_ask_async(tern_client *client, const Demo__Two__Request *request,
    const tern_call_options *options, demo_two_two_ask_fn done, void *arg,
    tern_call **out_call, tern_error *err);

/* Takes the outcome of such a call that had no callback; see tern_call_result. */
tern_status demo_two_two_ask_result(tern_call *call, Demo__Two__Reply **out_reply,
    tern_error *err);

/* Calls demo.two.Two.AskItem; see tern_client_call. */
tern_status demo_two_two_ask_item(tern_client *client, const Demo__Two__Request__Item *request,
    const tern_call_options *options, Demo__Two__Reply **out_reply, tern_error *err);

/* Told of the end of a call of demo.two.Two.AskItem.
 * reply: its own, for tern_message_free; NULL unless err->status is TERN_OK.
 * err: never NULL. call and err are valid until it returns. arg: the caller's. */
typedef void (*demo_two_two_ask_item_fn)(tern_call *call, Demo__Two__Reply *reply,
    const tern_error *err, void *arg);

/* Calls demo.two.Two.AskItem without waiting; see tern_client_call_async. */
tern_status demo_two_two_ask_item_async(tern_client *client, const Demo__Two__Request__Item *request,
    const tern_call_options *options, demo_two_two_ask_item_fn done, void *arg,
    tern_call **out_call, tern_error *err);

/* Takes the outcome of such a call that had no callback; see tern_call_result. */
tern_status demo_two_two_ask_item_result(tern_call *call, Demo__Two__Reply **out_reply,
    tern_error *err);

/* What answers demo.two.Two's methods; NULL answers TERN_UNIMPLEMENTED. */
typedef struct demo_two_two_handlers {
    tern_status (*ask)(tern_request *rq, const Demo__Two__Request *in, Demo__Two__Reply *out);
    tern_status (*ask_item)(tern_request *rq, const Demo__Two__Request__Item *in, Demo__Two__Reply *out);
} demo_two_two_handlers;

/* Serves demo.two.Two with handlers; see tern_service_start. */
tern_status demo_two_two_serve(tern_conn *conn, const demo_two_two_handlers *handlers, void *arg,
    const tern_service_options *options, tern_service **out_service, tern_error *err);

#ifdef __cplusplus
}
#endif

#endif

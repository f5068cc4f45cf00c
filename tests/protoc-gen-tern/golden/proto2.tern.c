/* Made by protoc-gen-tern from proto2.proto. Do not edit. */
#include "proto2.tern.h"

/* ---- demo.two.Two ---- */

static tern_status demo_two_two_ask__invoke(const void *handlers, tern_request *rq,
    const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const demo_two_two_handlers *own = (const demo_two_two_handlers *)handlers;

    if (own->ask == NULL)
        return tern_request_fail(rq, TERN_UNIMPLEMENTED, "%s is not implemented", "demo.two.Two.Ask");
    return (own->ask)(rq, (const Demo__Two__Request *)in, (Demo__Two__Reply *)out);
}

static void demo_two_two_ask__complete(void (*done)(void), tern_call *call,
    ProtobufCMessage *reply, const tern_error *err, void *arg)
{
    ((demo_two_two_ask_fn)done)(call, (Demo__Two__Reply *)reply, err, arg);
}

static tern_status demo_two_two_ask_item__invoke(const void *handlers, tern_request *rq,
    const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const demo_two_two_handlers *own = (const demo_two_two_handlers *)handlers;

    if (own->ask_item == NULL)
        return tern_request_fail(rq, TERN_UNIMPLEMENTED, "%s is not implemented", "demo.two.Two.AskItem");
    return (own->ask_item)(rq, (const Demo__Two__Request__Item *)in, (Demo__Two__Reply *)out);
}

static void demo_two_two_ask_item__complete(void (*done)(void), tern_call *call,
    ProtobufCMessage *reply, const tern_error *err, void *arg)
{
    ((demo_two_two_ask_item_fn)done)(call, (Demo__Two__Reply *)reply, err, arg);
}

static const tern_method demo_two_two__methods[] = {
    {
        .name = "Ask",
        .subject = "demo.two.Two.Ask",
        .input = &demo__two__request__descriptor,
        .output = &demo__two__reply__descriptor,
        .idempotency = TERN_IDEMPOTENCY_UNKNOWN,
        .invoke = demo_two_two_ask__invoke,
        .complete = demo_two_two_ask__complete,
    },
    {
        .name = "AskItem",
        .subject = "demo.two.Two.AskItem",
        .input = &demo__two__request__item__descriptor,
        .output = &demo__two__reply__descriptor,
        .idempotency = TERN_IDEMPOTENCY_UNKNOWN,
        .invoke = demo_two_two_ask_item__invoke,
        .complete = demo_two_two_ask_item__complete,
    },
};

const tern_service_type demo_two_two_type = {
    .name = "demo.two.Two",
    .methods = demo_two_two__methods,
    .method_count = 2,
    .handlers_size = sizeof(demo_two_two_handlers),
};

tern_status demo_two_two_ask(tern_client *client, const Demo__Two__Request *request,
    const tern_call_options *options, Demo__Two__Reply **out_reply, tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_client_call(client, &demo_two_two__methods[0],
        (const ProtobufCMessage *)request, options, out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Demo__Two__Reply *)reply;
    return st;
}

tern_status demo_two_two_ask_async(tern_client *client, const Demo__Two__Request *request,
    const tern_call_options *options, demo_two_two_ask_fn done, void *arg,
    tern_call **out_call, tern_error *err)
{
    return tern_client_call_async(client, &demo_two_two__methods[0],
        (const ProtobufCMessage *)request, options, (tern_any_fn)done, arg, out_call, err);
}

tern_status demo_two_two_ask_result(tern_call *call, Demo__Two__Reply **out_reply,
    tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_call_result(call, &demo_two_two__methods[0], out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Demo__Two__Reply *)reply;
    return st;
}

tern_status demo_two_two_ask_item(tern_client *client, const Demo__Two__Request__Item *request,
    const tern_call_options *options, Demo__Two__Reply **out_reply, tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_client_call(client, &demo_two_two__methods[1],
        (const ProtobufCMessage *)request, options, out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Demo__Two__Reply *)reply;
    return st;
}

tern_status demo_two_two_ask_item_async(tern_client *client, const Demo__Two__Request__Item *request,
    const tern_call_options *options, demo_two_two_ask_item_fn done, void *arg,
    tern_call **out_call, tern_error *err)
{
    return tern_client_call_async(client, &demo_two_two__methods[1],
        (const ProtobufCMessage *)request, options, (tern_any_fn)done, arg, out_call, err);
}

tern_status demo_two_two_ask_item_result(tern_call *call, Demo__Two__Reply **out_reply,
    tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_call_result(call, &demo_two_two__methods[1], out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Demo__Two__Reply *)reply;
    return st;
}

tern_status demo_two_two_serve(tern_conn *conn, const demo_two_two_handlers *handlers, void *arg,
    const tern_service_options *options, tern_service **out_service, tern_error *err)
{
    return tern_service_start(conn, &demo_two_two_type, handlers, arg, options, out_service, err);
}

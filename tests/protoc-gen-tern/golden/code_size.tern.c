/* Made by protoc-gen-tern from code_size.proto. Do not edit. */
#include "code_size.tern.h"

/* ---- demo.small.Tiny ---- */

static tern_status demo_small_tiny_shrink__invoke(const void *handlers, tern_request *rq,
    const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const demo_small_tiny_handlers *own = (const demo_small_tiny_handlers *)handlers;

    if (own->shrink == NULL)
        return tern_request_fail(rq, TERN_UNIMPLEMENTED, "%s is not implemented", "demo.small.Tiny.Shrink");
    return (own->shrink)(rq, (const Demo__Small__Small *)in, (Demo__Small__Small *)out);
}

static void demo_small_tiny_shrink__complete(void (*done)(void), tern_call *call,
    ProtobufCMessage *reply, const tern_error *err, void *arg)
{
    ((demo_small_tiny_shrink_fn)done)(call, (Demo__Small__Small *)reply, err, arg);
}

static const tern_method demo_small_tiny__methods[] = {
    {
        .name = "Shrink",
        .subject = "demo.small.Tiny.Shrink",
        .input = &demo__small__small__descriptor,
        .output = &demo__small__small__descriptor,
        .idempotency = TERN_IDEMPOTENCY_UNKNOWN,
        .invoke = demo_small_tiny_shrink__invoke,
        .complete = demo_small_tiny_shrink__complete,
    },
};

const tern_service_type demo_small_tiny_type = {
    .name = "demo.small.Tiny",
    .methods = demo_small_tiny__methods,
    .method_count = 1,
    .handlers_size = sizeof(demo_small_tiny_handlers),
};

tern_status demo_small_tiny_shrink(tern_client *client, const Demo__Small__Small *request,
    const tern_call_options *options, Demo__Small__Small **out_reply, tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_client_call(client, &demo_small_tiny__methods[0],
        (const ProtobufCMessage *)request, options, out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Demo__Small__Small *)reply;
    return st;
}

tern_status demo_small_tiny_shrink_async(tern_client *client, const Demo__Small__Small *request,
    const tern_call_options *options, demo_small_tiny_shrink_fn done, void *arg,
    tern_call **out_call, tern_error *err)
{
    return tern_client_call_async(client, &demo_small_tiny__methods[0],
        (const ProtobufCMessage *)request, options, (tern_any_fn)done, arg, out_call, err);
}

tern_status demo_small_tiny_shrink_result(tern_call *call, Demo__Small__Small **out_reply,
    tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_call_result(call, &demo_small_tiny__methods[0], out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Demo__Small__Small *)reply;
    return st;
}

tern_status demo_small_tiny_serve(tern_conn *conn, const demo_small_tiny_handlers *handlers, void *arg,
    const tern_service_options *options, tern_service **out_service, tern_error *err)
{
    return tern_service_start(conn, &demo_small_tiny_type, handlers, arg, options, out_service, err);
}

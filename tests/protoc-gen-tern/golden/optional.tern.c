/* Made by protoc-gen-tern from optional.proto. Do not edit. */
#include "optional.tern.h"

/* ---- demo.optional.Presence ---- */

static tern_status demo_optional_presence_tell__invoke(const void *handlers, tern_request *rq,
    const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const demo_optional_presence_handlers *own = (const demo_optional_presence_handlers *)handlers;

    if (own->tell == NULL)
        return tern_request_fail(rq, TERN_UNIMPLEMENTED, "%s is not implemented", "demo.optional.Presence.Tell");
    return (own->tell)(rq, (const Demo__Optional__Maybe *)in, (Demo__Optional__Maybe *)out);
}

static void demo_optional_presence_tell__complete(void (*done)(void), tern_call *call,
    ProtobufCMessage *reply, const tern_error *err, void *arg)
{
    ((demo_optional_presence_tell_fn)done)(call, (Demo__Optional__Maybe *)reply, err, arg);
}

static const tern_method demo_optional_presence__methods[] = {
    {
        .name = "Tell",
        .subject = "demo.optional.Presence.Tell",
        .input = &demo__optional__maybe__descriptor,
        .output = &demo__optional__maybe__descriptor,
        .idempotency = TERN_IDEMPOTENCY_UNKNOWN,
        .invoke = demo_optional_presence_tell__invoke,
        .complete = demo_optional_presence_tell__complete,
    },
};

const tern_service_type demo_optional_presence_type = {
    .name = "demo.optional.Presence",
    .methods = demo_optional_presence__methods,
    .method_count = 1,
    .handlers_size = sizeof(demo_optional_presence_handlers),
};

tern_status demo_optional_presence_tell(tern_client *client, const Demo__Optional__Maybe *request,
    const tern_call_options *options, Demo__Optional__Maybe **out_reply, tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_client_call(client, &demo_optional_presence__methods[0],
        (const ProtobufCMessage *)request, options, out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Demo__Optional__Maybe *)reply;
    return st;
}

tern_status demo_optional_presence_tell_async(tern_client *client, const Demo__Optional__Maybe *request,
    const tern_call_options *options, demo_optional_presence_tell_fn done, void *arg,
    tern_call **out_call, tern_error *err)
{
    return tern_client_call_async(client, &demo_optional_presence__methods[0],
        (const ProtobufCMessage *)request, options, (tern_any_fn)done, arg, out_call, err);
}

tern_status demo_optional_presence_tell_result(tern_call *call, Demo__Optional__Maybe **out_reply,
    tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_call_result(call, &demo_optional_presence__methods[0], out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Demo__Optional__Maybe *)reply;
    return st;
}

tern_status demo_optional_presence_serve(tern_conn *conn, const demo_optional_presence_handlers *handlers, void *arg,
    const tern_service_options *options, tern_service **out_service, tern_error *err)
{
    return tern_service_start(conn, &demo_optional_presence_type, handlers, arg, options, out_service, err);
}

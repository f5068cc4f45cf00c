/* Made by protoc-gen-tern from c_package_empty.proto. Do not edit. */
#include "c_package_empty.tern.h"

/* ---- demo.taken.away.Unpacker ---- */

static tern_status unpacker_unpack__invoke(const void *handlers, tern_request *rq,
    const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const unpacker_handlers *own = (const unpacker_handlers *)handlers;

    if (own->unpack == NULL)
        return tern_request_fail(rq, TERN_UNIMPLEMENTED, "%s is not implemented", "demo.taken.away.Unpacker.Unpack");
    return (own->unpack)(rq, (const Unpacked *)in, (Unpacked *)out);
}

static void unpacker_unpack__complete(void (*done)(void), tern_call *call,
    ProtobufCMessage *reply, const tern_error *err, void *arg)
{
    ((unpacker_unpack_fn)done)(call, (Unpacked *)reply, err, arg);
}

static const tern_method unpacker__methods[] = {
    {
        .name = "Unpack",
        .subject = "demo.taken.away.Unpacker.Unpack",
        .input = &unpacked__descriptor,
        .output = &unpacked__descriptor,
        .idempotency = TERN_IDEMPOTENCY_UNKNOWN,
        .invoke = unpacker_unpack__invoke,
        .complete = unpacker_unpack__complete,
    },
};

const tern_service_type unpacker_type = {
    .name = "demo.taken.away.Unpacker",
    .methods = unpacker__methods,
    .method_count = 1,
    .handlers_size = sizeof(unpacker_handlers),
};

tern_status unpacker_unpack(tern_client *client, const Unpacked *request,
    const tern_call_options *options, Unpacked **out_reply, tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_client_call(client, &unpacker__methods[0],
        (const ProtobufCMessage *)request, options, out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Unpacked *)reply;
    return st;
}

tern_status unpacker_unpack_async(tern_client *client, const Unpacked *request,
    const tern_call_options *options, unpacker_unpack_fn done, void *arg,
    tern_call **out_call, tern_error *err)
{
    return tern_client_call_async(client, &unpacker__methods[0],
        (const ProtobufCMessage *)request, options, (tern_any_fn)done, arg, out_call, err);
}

tern_status unpacker_unpack_result(tern_call *call, Unpacked **out_reply,
    tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_call_result(call, &unpacker__methods[0], out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Unpacked *)reply;
    return st;
}

tern_status unpacker_serve(tern_conn *conn, const unpacker_handlers *handlers, void *arg,
    const tern_service_options *options, tern_service **out_service, tern_error *err)
{
    return tern_service_start(conn, &unpacker_type, handlers, arg, options, out_service, err);
}

/* Made by protoc-gen-tern from c_package.proto. Do not edit. */
#include "c_package.tern.h"

/* ---- com.example.long.name.v1.Things ---- */

static tern_status ex_short_v1_things_take__invoke(const void *handlers, tern_request *rq,
    const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const ex_short_v1_things_handlers *own = (const ex_short_v1_things_handlers *)handlers;

    if (own->take == NULL)
        return tern_request_fail(rq, TERN_UNIMPLEMENTED, "%s is not implemented", "com.example.long.name.v1.Things.Take");
    return (own->take)(rq, (const ExShort__V1__Thing *)in, (ExShort__V1__Thing__Part *)out);
}

static void ex_short_v1_things_take__complete(void (*done)(void), tern_call *call,
    ProtobufCMessage *reply, const tern_error *err, void *arg)
{
    ((ex_short_v1_things_take_fn)done)(call, (ExShort__V1__Thing__Part *)reply, err, arg);
}

static const tern_method ex_short_v1_things__methods[] = {
    {
        .name = "Take",
        .subject = "com.example.long.name.v1.Things.Take",
        .input = &ex_short__v1__thing__descriptor,
        .output = &ex_short__v1__thing__part__descriptor,
        .idempotency = TERN_IDEMPOTENCY_UNKNOWN,
        .invoke = ex_short_v1_things_take__invoke,
        .complete = ex_short_v1_things_take__complete,
    },
};

const tern_service_type ex_short_v1_things_type = {
    .name = "com.example.long.name.v1.Things",
    .methods = ex_short_v1_things__methods,
    .method_count = 1,
    .handlers_size = sizeof(ex_short_v1_things_handlers),
};

tern_status ex_short_v1_things_take(tern_client *client, const ExShort__V1__Thing *request,
    const tern_call_options *options, ExShort__V1__Thing__Part **out_reply, tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_client_call(client, &ex_short_v1_things__methods[0],
        (const ProtobufCMessage *)request, options, out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (ExShort__V1__Thing__Part *)reply;
    return st;
}

tern_status ex_short_v1_things_take_async(tern_client *client, const ExShort__V1__Thing *request,
    const tern_call_options *options, ex_short_v1_things_take_fn done, void *arg,
    tern_call **out_call, tern_error *err)
{
    return tern_client_call_async(client, &ex_short_v1_things__methods[0],
        (const ProtobufCMessage *)request, options, (tern_any_fn)done, arg, out_call, err);
}

tern_status ex_short_v1_things_take_result(tern_call *call, ExShort__V1__Thing__Part **out_reply,
    tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_call_result(call, &ex_short_v1_things__methods[0], out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (ExShort__V1__Thing__Part *)reply;
    return st;
}

tern_status ex_short_v1_things_serve(tern_conn *conn, const ex_short_v1_things_handlers *handlers, void *arg,
    const tern_service_options *options, tern_service **out_service, tern_error *err)
{
    return tern_service_start(conn, &ex_short_v1_things_type, handlers, arg, options, out_service, err);
}

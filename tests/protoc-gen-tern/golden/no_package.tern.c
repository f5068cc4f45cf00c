/* Made by protoc-gen-tern from no_package.proto. Do not edit. */
#include "no_package.tern.h"

/* ---- Bare ---- */

static tern_status bare_call__invoke(const void *handlers, tern_request *rq,
    const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const bare_handlers *own = (const bare_handlers *)handlers;

    if (own->call == NULL)
        return tern_request_fail(rq, TERN_UNIMPLEMENTED, "%s is not implemented", "Bare.Call");
    return (own->call)(rq, (const Plain *)in, (Plain__Inner *)out);
}

static void bare_call__complete(void (*done)(void), tern_call *call,
    ProtobufCMessage *reply, const tern_error *err, void *arg)
{
    ((bare_call_fn)done)(call, (Plain__Inner *)reply, err, arg);
}

static const tern_method bare__methods[] = {
    {
        .name = "Call",
        .subject = "Bare.Call",
        .input = &plain__descriptor,
        .output = &plain__inner__descriptor,
        .idempotency = TERN_IDEMPOTENCY_UNKNOWN,
        .invoke = bare_call__invoke,
        .complete = bare_call__complete,
    },
};

const tern_service_type bare_type = {
    .name = "Bare",
    .methods = bare__methods,
    .method_count = 1,
    .handlers_size = sizeof(bare_handlers),
};

tern_status bare_call(tern_client *client, const Plain *request,
    const tern_call_options *options, Plain__Inner **out_reply, tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_client_call(client, &bare__methods[0],
        (const ProtobufCMessage *)request, options, out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Plain__Inner *)reply;
    return st;
}

tern_status bare_call_async(tern_client *client, const Plain *request,
    const tern_call_options *options, bare_call_fn done, void *arg,
    tern_call **out_call, tern_error *err)
{
    return tern_client_call_async(client, &bare__methods[0],
        (const ProtobufCMessage *)request, options, (tern_any_fn)done, arg, out_call, err);
}

tern_status bare_call_result(tern_call *call, Plain__Inner **out_reply,
    tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_call_result(call, &bare__methods[0], out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Plain__Inner *)reply;
    return st;
}

tern_status bare_serve(tern_conn *conn, const bare_handlers *handlers, void *arg,
    const tern_service_options *options, tern_service **out_service, tern_error *err)
{
    return tern_service_start(conn, &bare_type, handlers, arg, options, out_service, err);
}

/* ---- Static ---- */

static tern_status static_cast__invoke(const void *handlers, tern_request *rq,
    const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const static_handlers *own = (const static_handlers *)handlers;

    if (own->cast == NULL)
        return tern_request_fail(rq, TERN_UNIMPLEMENTED, "%s is not implemented", "Static.Cast");
    return (own->cast)(rq, (const Plain *)in, (Plain *)out);
}

static void static_cast__complete(void (*done)(void), tern_call *call,
    ProtobufCMessage *reply, const tern_error *err, void *arg)
{
    ((static_cast_fn)done)(call, (Plain *)reply, err, arg);
}

static const tern_method static__methods[] = {
    {
        .name = "Cast",
        .subject = "Static.Cast",
        .input = &plain__descriptor,
        .output = &plain__descriptor,
        .idempotency = TERN_IDEMPOTENCY_UNKNOWN,
        .invoke = static_cast__invoke,
        .complete = static_cast__complete,
    },
};

const tern_service_type static_type = {
    .name = "Static",
    .methods = static__methods,
    .method_count = 1,
    .handlers_size = sizeof(static_handlers),
};

tern_status static_cast_(tern_client *client, const Plain *request,
    const tern_call_options *options, Plain **out_reply, tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_client_call(client, &static__methods[0],
        (const ProtobufCMessage *)request, options, out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Plain *)reply;
    return st;
}

tern_status static_cast_async(tern_client *client, const Plain *request,
    const tern_call_options *options, static_cast_fn done, void *arg,
    tern_call **out_call, tern_error *err)
{
    return tern_client_call_async(client, &static__methods[0],
        (const ProtobufCMessage *)request, options, (tern_any_fn)done, arg, out_call, err);
}

tern_status static_cast_result(tern_call *call, Plain **out_reply,
    tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_call_result(call, &static__methods[0], out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Plain *)reply;
    return st;
}

tern_status static_serve(tern_conn *conn, const static_handlers *handlers, void *arg,
    const tern_service_options *options, tern_service **out_service, tern_error *err)
{
    return tern_service_start(conn, &static_type, handlers, arg, options, out_service, err);
}

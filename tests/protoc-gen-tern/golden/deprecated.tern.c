/* Made by protoc-gen-tern from deprecated.proto. Do not edit. */
#include "deprecated.tern.h"

/* ---- demo.old.Half ---- */

static tern_status demo_old_half_old__invoke(const void *handlers, tern_request *rq,
    const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const demo_old_half_handlers *own = (const demo_old_half_handlers *)handlers;

    if (own->old == NULL)
        return tern_request_fail(rq, TERN_UNIMPLEMENTED, "%s is not implemented", "demo.old.Half.Old");
    return (own->old)(rq, (const Demo__Old__Age *)in, (Demo__Old__Age *)out);
}

static void demo_old_half_old__complete(void (*done)(void), tern_call *call,
    ProtobufCMessage *reply, const tern_error *err, void *arg)
{
    ((demo_old_half_old_fn)done)(call, (Demo__Old__Age *)reply, err, arg);
}

static tern_status demo_old_half_fresh__invoke(const void *handlers, tern_request *rq,
    const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const demo_old_half_handlers *own = (const demo_old_half_handlers *)handlers;

    if (own->fresh == NULL)
        return tern_request_fail(rq, TERN_UNIMPLEMENTED, "%s is not implemented", "demo.old.Half.Fresh");
    return (own->fresh)(rq, (const Demo__Old__Age *)in, (Demo__Old__Age *)out);
}

static void demo_old_half_fresh__complete(void (*done)(void), tern_call *call,
    ProtobufCMessage *reply, const tern_error *err, void *arg)
{
    ((demo_old_half_fresh_fn)done)(call, (Demo__Old__Age *)reply, err, arg);
}

static const tern_method demo_old_half__methods[] = {
    {
        .name = "Old",
        .subject = "demo.old.Half.Old",
        .input = &demo__old__age__descriptor,
        .output = &demo__old__age__descriptor,
        .idempotency = TERN_IDEMPOTENCY_UNKNOWN,
        .invoke = demo_old_half_old__invoke,
        .complete = demo_old_half_old__complete,
    },
    {
        .name = "Fresh",
        .subject = "demo.old.Half.Fresh",
        .input = &demo__old__age__descriptor,
        .output = &demo__old__age__descriptor,
        .idempotency = TERN_IDEMPOTENCY_UNKNOWN,
        .invoke = demo_old_half_fresh__invoke,
        .complete = demo_old_half_fresh__complete,
    },
};

const tern_service_type demo_old_half_type = {
    .name = "demo.old.Half",
    .methods = demo_old_half__methods,
    .method_count = 2,
    .handlers_size = sizeof(demo_old_half_handlers),
};

tern_status demo_old_half_old(tern_client *client, const Demo__Old__Age *request,
    const tern_call_options *options, Demo__Old__Age **out_reply, tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_client_call(client, &demo_old_half__methods[0],
        (const ProtobufCMessage *)request, options, out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Demo__Old__Age *)reply;
    return st;
}

tern_status demo_old_half_old_async(tern_client *client, const Demo__Old__Age *request,
    const tern_call_options *options, demo_old_half_old_fn done, void *arg,
    tern_call **out_call, tern_error *err)
{
    return tern_client_call_async(client, &demo_old_half__methods[0],
        (const ProtobufCMessage *)request, options, (tern_any_fn)done, arg, out_call, err);
}

tern_status demo_old_half_old_result(tern_call *call, Demo__Old__Age **out_reply,
    tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_call_result(call, &demo_old_half__methods[0], out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Demo__Old__Age *)reply;
    return st;
}

tern_status demo_old_half_fresh(tern_client *client, const Demo__Old__Age *request,
    const tern_call_options *options, Demo__Old__Age **out_reply, tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_client_call(client, &demo_old_half__methods[1],
        (const ProtobufCMessage *)request, options, out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Demo__Old__Age *)reply;
    return st;
}

tern_status demo_old_half_fresh_async(tern_client *client, const Demo__Old__Age *request,
    const tern_call_options *options, demo_old_half_fresh_fn done, void *arg,
    tern_call **out_call, tern_error *err)
{
    return tern_client_call_async(client, &demo_old_half__methods[1],
        (const ProtobufCMessage *)request, options, (tern_any_fn)done, arg, out_call, err);
}

tern_status demo_old_half_fresh_result(tern_call *call, Demo__Old__Age **out_reply,
    tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_call_result(call, &demo_old_half__methods[1], out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Demo__Old__Age *)reply;
    return st;
}

tern_status demo_old_half_serve(tern_conn *conn, const demo_old_half_handlers *handlers, void *arg,
    const tern_service_options *options, tern_service **out_service, tern_error *err)
{
    return tern_service_start(conn, &demo_old_half_type, handlers, arg, options, out_service, err);
}

/* ---- demo.old.All ---- */

static tern_status demo_old_all_any__invoke(const void *handlers, tern_request *rq,
    const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const demo_old_all_handlers *own = (const demo_old_all_handlers *)handlers;

    if (own->any == NULL)
        return tern_request_fail(rq, TERN_UNIMPLEMENTED, "%s is not implemented", "demo.old.All.Any");
    return (own->any)(rq, (const Demo__Old__Age *)in, (Demo__Old__Age *)out);
}

static void demo_old_all_any__complete(void (*done)(void), tern_call *call,
    ProtobufCMessage *reply, const tern_error *err, void *arg)
{
    ((demo_old_all_any_fn)done)(call, (Demo__Old__Age *)reply, err, arg);
}

static const tern_method demo_old_all__methods[] = {
    {
        .name = "Any",
        .subject = "demo.old.All.Any",
        .input = &demo__old__age__descriptor,
        .output = &demo__old__age__descriptor,
        .idempotency = TERN_IDEMPOTENCY_UNKNOWN,
        .invoke = demo_old_all_any__invoke,
        .complete = demo_old_all_any__complete,
    },
};

const tern_service_type demo_old_all_type = {
    .name = "demo.old.All",
    .methods = demo_old_all__methods,
    .method_count = 1,
    .handlers_size = sizeof(demo_old_all_handlers),
};

tern_status demo_old_all_any(tern_client *client, const Demo__Old__Age *request,
    const tern_call_options *options, Demo__Old__Age **out_reply, tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_client_call(client, &demo_old_all__methods[0],
        (const ProtobufCMessage *)request, options, out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Demo__Old__Age *)reply;
    return st;
}

tern_status demo_old_all_any_async(tern_client *client, const Demo__Old__Age *request,
    const tern_call_options *options, demo_old_all_any_fn done, void *arg,
    tern_call **out_call, tern_error *err)
{
    return tern_client_call_async(client, &demo_old_all__methods[0],
        (const ProtobufCMessage *)request, options, (tern_any_fn)done, arg, out_call, err);
}

tern_status demo_old_all_any_result(tern_call *call, Demo__Old__Age **out_reply,
    tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_call_result(call, &demo_old_all__methods[0], out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Demo__Old__Age *)reply;
    return st;
}

tern_status demo_old_all_serve(tern_conn *conn, const demo_old_all_handlers *handlers, void *arg,
    const tern_service_options *options, tern_service **out_service, tern_error *err)
{
    return tern_service_start(conn, &demo_old_all_type, handlers, arg, options, out_service, err);
}

/* Made by protoc-gen-tern from keywords_apart.proto. Do not edit. */
#include "keywords_apart.tern.h"

/* ---- demo.keywords.apart.Registry ---- */

static tern_status demo_keywords_apart_registry_register__invoke(const void *handlers, tern_request *rq,
    const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const demo_keywords_apart_registry_handlers *own = (const demo_keywords_apart_registry_handlers *)handlers;

    if (own->register_ == NULL)
        return tern_request_fail(rq, TERN_UNIMPLEMENTED, "%s is not implemented", "demo.keywords.apart.Registry.Register");
    return (own->register_)(rq, (const Demo__Keywords__Apart__Entry *)in, (Types__ID2Name *)out);
}

static void demo_keywords_apart_registry_register__complete(void (*done)(void), tern_call *call,
    ProtobufCMessage *reply, const tern_error *err, void *arg)
{
    ((demo_keywords_apart_registry_register_fn)done)(call, (Types__ID2Name *)reply, err, arg);
}

static tern_status demo_keywords_apart_registry_delete__invoke(const void *handlers, tern_request *rq,
    const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const demo_keywords_apart_registry_handlers *own = (const demo_keywords_apart_registry_handlers *)handlers;

    if (own->delete_ == NULL)
        return tern_request_fail(rq, TERN_UNIMPLEMENTED, "%s is not implemented", "demo.keywords.apart.Registry.Delete");
    return (own->delete_)(rq, (const Demo__Keywords__Apart__Entry *)in, (Demo__Keywords__Apart__Entry *)out);
}

static void demo_keywords_apart_registry_delete__complete(void (*done)(void), tern_call *call,
    ProtobufCMessage *reply, const tern_error *err, void *arg)
{
    ((demo_keywords_apart_registry_delete_fn)done)(call, (Demo__Keywords__Apart__Entry *)reply, err, arg);
}

static tern_status demo_keywords_apart_registry_continue__invoke(const void *handlers, tern_request *rq,
    const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const demo_keywords_apart_registry_handlers *own = (const demo_keywords_apart_registry_handlers *)handlers;

    if (own->continue_ == NULL)
        return tern_request_fail(rq, TERN_UNIMPLEMENTED, "%s is not implemented", "demo.keywords.apart.Registry.Continue");
    return (own->continue_)(rq, (const Types__CommonV1__Page *)in, (Demo__Keywords__Apart__Entry *)out);
}

static void demo_keywords_apart_registry_continue__complete(void (*done)(void), tern_call *call,
    ProtobufCMessage *reply, const tern_error *err, void *arg)
{
    ((demo_keywords_apart_registry_continue_fn)done)(call, (Demo__Keywords__Apart__Entry *)reply, err, arg);
}

static const tern_method demo_keywords_apart_registry__methods[] = {
    {
        .name = "Register",
        .subject = "demo.keywords.apart.Registry.Register",
        .input = &demo__keywords__apart__entry__descriptor,
        .output = &types__id2_name__descriptor,
        .idempotency = TERN_IDEMPOTENCY_UNKNOWN,
        .invoke = demo_keywords_apart_registry_register__invoke,
        .complete = demo_keywords_apart_registry_register__complete,
    },
    {
        .name = "Delete",
        .subject = "demo.keywords.apart.Registry.Delete",
        .input = &demo__keywords__apart__entry__descriptor,
        .output = &demo__keywords__apart__entry__descriptor,
        .idempotency = TERN_IDEMPOTENCY_UNKNOWN,
        .invoke = demo_keywords_apart_registry_delete__invoke,
        .complete = demo_keywords_apart_registry_delete__complete,
    },
    {
        .name = "Continue",
        .subject = "demo.keywords.apart.Registry.Continue",
        .input = &types__common_v1__page__descriptor,
        .output = &demo__keywords__apart__entry__descriptor,
        .idempotency = TERN_IDEMPOTENCY_UNKNOWN,
        .invoke = demo_keywords_apart_registry_continue__invoke,
        .complete = demo_keywords_apart_registry_continue__complete,
    },
};

const tern_service_type demo_keywords_apart_registry_type = {
    .name = "demo.keywords.apart.Registry",
    .methods = demo_keywords_apart_registry__methods,
    .method_count = 3,
    .handlers_size = sizeof(demo_keywords_apart_registry_handlers),
};

tern_status demo_keywords_apart_registry_register(tern_client *client, const Demo__Keywords__Apart__Entry *request,
    const tern_call_options *options, Types__ID2Name **out_reply, tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_client_call(client, &demo_keywords_apart_registry__methods[0],
        (const ProtobufCMessage *)request, options, out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Types__ID2Name *)reply;
    return st;
}

tern_status demo_keywords_apart_registry_register_async(tern_client *client, const Demo__Keywords__Apart__Entry *request,
    const tern_call_options *options, demo_keywords_apart_registry_register_fn done, void *arg,
    tern_call **out_call, tern_error *err)
{
    return tern_client_call_async(client, &demo_keywords_apart_registry__methods[0],
        (const ProtobufCMessage *)request, options, (tern_any_fn)done, arg, out_call, err);
}

tern_status demo_keywords_apart_registry_register_result(tern_call *call, Types__ID2Name **out_reply,
    tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_call_result(call, &demo_keywords_apart_registry__methods[0], out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Types__ID2Name *)reply;
    return st;
}

tern_status demo_keywords_apart_registry_delete(tern_client *client, const Demo__Keywords__Apart__Entry *request,
    const tern_call_options *options, Demo__Keywords__Apart__Entry **out_reply, tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_client_call(client, &demo_keywords_apart_registry__methods[1],
        (const ProtobufCMessage *)request, options, out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Demo__Keywords__Apart__Entry *)reply;
    return st;
}

tern_status demo_keywords_apart_registry_delete_async(tern_client *client, const Demo__Keywords__Apart__Entry *request,
    const tern_call_options *options, demo_keywords_apart_registry_delete_fn done, void *arg,
    tern_call **out_call, tern_error *err)
{
    return tern_client_call_async(client, &demo_keywords_apart_registry__methods[1],
        (const ProtobufCMessage *)request, options, (tern_any_fn)done, arg, out_call, err);
}

tern_status demo_keywords_apart_registry_delete_result(tern_call *call, Demo__Keywords__Apart__Entry **out_reply,
    tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_call_result(call, &demo_keywords_apart_registry__methods[1], out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Demo__Keywords__Apart__Entry *)reply;
    return st;
}

tern_status demo_keywords_apart_registry_continue(tern_client *client, const Types__CommonV1__Page *request,
    const tern_call_options *options, Demo__Keywords__Apart__Entry **out_reply, tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_client_call(client, &demo_keywords_apart_registry__methods[2],
        (const ProtobufCMessage *)request, options, out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Demo__Keywords__Apart__Entry *)reply;
    return st;
}

tern_status demo_keywords_apart_registry_continue_async(tern_client *client, const Types__CommonV1__Page *request,
    const tern_call_options *options, demo_keywords_apart_registry_continue_fn done, void *arg,
    tern_call **out_call, tern_error *err)
{
    return tern_client_call_async(client, &demo_keywords_apart_registry__methods[2],
        (const ProtobufCMessage *)request, options, (tern_any_fn)done, arg, out_call, err);
}

tern_status demo_keywords_apart_registry_continue_result(tern_call *call, Demo__Keywords__Apart__Entry **out_reply,
    tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_call_result(call, &demo_keywords_apart_registry__methods[2], out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Demo__Keywords__Apart__Entry *)reply;
    return st;
}

tern_status demo_keywords_apart_registry_serve(tern_conn *conn, const demo_keywords_apart_registry_handlers *handlers, void *arg,
    const tern_service_options *options, tern_service **out_service, tern_error *err)
{
    return tern_service_start(conn, &demo_keywords_apart_registry_type, handlers, arg, options, out_service, err);
}

/* Made by protoc-gen-tern from async_names.proto. Do not edit. */
#include "async_names.tern.h"

/* ---- Out ---- */

static tern_status out_call__invoke(const void *handlers, tern_request *rq,
    const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const out_handlers *own = (const out_handlers *)handlers;

    if (own->call == NULL)
        return tern_request_fail(rq, TERN_UNIMPLEMENTED, "%s is not implemented", "Out.Call");
    return (own->call)(rq, (const Named *)in, (Named *)out);
}

static void out_call__complete(void (*done)(void), tern_call *call,
    ProtobufCMessage *reply, const tern_error *err, void *arg)
{
    ((out_call_fn)done)(call, (Named *)reply, err, arg);
}

static tern_status out_reply__invoke(const void *handlers, tern_request *rq,
    const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const out_handlers *own = (const out_handlers *)handlers;

    if (own->reply == NULL)
        return tern_request_fail(rq, TERN_UNIMPLEMENTED, "%s is not implemented", "Out.Reply");
    return (own->reply)(rq, (const Named *)in, (Named *)out);
}

static void out_reply__complete(void (*done)(void), tern_call *call,
    ProtobufCMessage *reply, const tern_error *err, void *arg)
{
    ((out_reply_fn)done)(call, (Named *)reply, err, arg);
}

static const tern_method out__methods[] = {
    {
        .name = "Call",
        .subject = "Out.Call",
        .input = &named__descriptor,
        .output = &named__descriptor,
        .idempotency = TERN_IDEMPOTENCY_UNKNOWN,
        .invoke = out_call__invoke,
        .complete = out_call__complete,
    },
    {
        .name = "Reply",
        .subject = "Out.Reply",
        .input = &named__descriptor,
        .output = &named__descriptor,
        .idempotency = TERN_IDEMPOTENCY_UNKNOWN,
        .invoke = out_reply__invoke,
        .complete = out_reply__complete,
    },
};

const tern_service_type out_type = {
    .name = "Out",
    .methods = out__methods,
    .method_count = 2,
    .handlers_size = sizeof(out_handlers),
};

tern_status out_call(tern_client *client, const Named *request,
    const tern_call_options *options, Named **out_reply, tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_client_call(client, &out__methods[0],
        (const ProtobufCMessage *)request, options, out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Named *)reply;
    return st;
}

tern_status out_call_async(tern_client *client, const Named *request,
    const tern_call_options *options, out_call_fn done, void *arg,
    tern_call **out_call, tern_error *err)
{
    return tern_client_call_async(client, &out__methods[0],
        (const ProtobufCMessage *)request, options, (tern_any_fn)done, arg, out_call, err);
}

tern_status out_call_result(tern_call *call, Named **out_reply,
    tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_call_result(call, &out__methods[0], out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Named *)reply;
    return st;
}

tern_status out_reply(tern_client *client, const Named *request,
    const tern_call_options *options, Named **out_reply, tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_client_call(client, &out__methods[1],
        (const ProtobufCMessage *)request, options, out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Named *)reply;
    return st;
}

tern_status out_reply_async(tern_client *client, const Named *request,
    const tern_call_options *options, out_reply_fn done, void *arg,
    tern_call **out_call, tern_error *err)
{
    return tern_client_call_async(client, &out__methods[1],
        (const ProtobufCMessage *)request, options, (tern_any_fn)done, arg, out_call, err);
}

tern_status out_reply_result(tern_call *call, Named **out_reply,
    tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_call_result(call, &out__methods[1], out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Named *)reply;
    return st;
}

tern_status out_serve(tern_conn *conn, const out_handlers *handlers, void *arg,
    const tern_service_options *options, tern_service **out_service, tern_error *err)
{
    return tern_service_start(conn, &out_type, handlers, arg, options, out_service, err);
}

/* ---- Calls ---- */

static tern_status calls_async__invoke(const void *handlers, tern_request *rq,
    const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const calls_handlers *own = (const calls_handlers *)handlers;

    if (own->async == NULL)
        return tern_request_fail(rq, TERN_UNIMPLEMENTED, "%s is not implemented", "Calls.Async");
    return (own->async)(rq, (const Named *)in, (Named *)out);
}

static void calls_async__complete(void (*done)(void), tern_call *call,
    ProtobufCMessage *reply, const tern_error *err, void *arg)
{
    ((calls_async_fn)done)(call, (Named *)reply, err, arg);
}

static tern_status calls_result__invoke(const void *handlers, tern_request *rq,
    const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const calls_handlers *own = (const calls_handlers *)handlers;

    if (own->result == NULL)
        return tern_request_fail(rq, TERN_UNIMPLEMENTED, "%s is not implemented", "Calls.Result");
    return (own->result)(rq, (const Named *)in, (Named *)out);
}

static void calls_result__complete(void (*done)(void), tern_call *call,
    ProtobufCMessage *reply, const tern_error *err, void *arg)
{
    ((calls_result_fn)done)(call, (Named *)reply, err, arg);
}

static tern_status calls_fn__invoke(const void *handlers, tern_request *rq,
    const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const calls_handlers *own = (const calls_handlers *)handlers;

    if (own->fn == NULL)
        return tern_request_fail(rq, TERN_UNIMPLEMENTED, "%s is not implemented", "Calls.Fn");
    return (own->fn)(rq, (const Named *)in, (Named *)out);
}

static void calls_fn__complete(void (*done)(void), tern_call *call,
    ProtobufCMessage *reply, const tern_error *err, void *arg)
{
    ((calls_fn_fn)done)(call, (Named *)reply, err, arg);
}

static tern_status calls_done__invoke(const void *handlers, tern_request *rq,
    const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const calls_handlers *own = (const calls_handlers *)handlers;

    if (own->done == NULL)
        return tern_request_fail(rq, TERN_UNIMPLEMENTED, "%s is not implemented", "Calls.Done");
    return (own->done)(rq, (const Named *)in, (Named *)out);
}

static void calls_done__complete(void (*done)(void), tern_call *call,
    ProtobufCMessage *reply, const tern_error *err, void *arg)
{
    ((calls_done_fn)done)(call, (Named *)reply, err, arg);
}

static tern_status calls_err__invoke(const void *handlers, tern_request *rq,
    const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const calls_handlers *own = (const calls_handlers *)handlers;

    if (own->err == NULL)
        return tern_request_fail(rq, TERN_UNIMPLEMENTED, "%s is not implemented", "Calls.Err");
    return (own->err)(rq, (const Named *)in, (Named *)out);
}

static void calls_err__complete(void (*done)(void), tern_call *call,
    ProtobufCMessage *reply, const tern_error *err, void *arg)
{
    ((calls_err_fn)done)(call, (Named *)reply, err, arg);
}

static tern_status calls_foo__invoke(const void *handlers, tern_request *rq,
    const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const calls_handlers *own = (const calls_handlers *)handlers;

    if (own->foo == NULL)
        return tern_request_fail(rq, TERN_UNIMPLEMENTED, "%s is not implemented", "Calls.Foo");
    return (own->foo)(rq, (const Named *)in, (Named *)out);
}

static void calls_foo__complete(void (*done)(void), tern_call *call,
    ProtobufCMessage *reply, const tern_error *err, void *arg)
{
    ((calls_foo_fn)done)(call, (Named *)reply, err, arg);
}

static tern_status calls_foo__result___invoke(const void *handlers, tern_request *rq,
    const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const calls_handlers *own = (const calls_handlers *)handlers;

    if (own->foo__result_ == NULL)
        return tern_request_fail(rq, TERN_UNIMPLEMENTED, "%s is not implemented", "Calls.Foo_Result_");
    return (own->foo__result_)(rq, (const Named *)in, (Named *)out);
}

static void calls_foo__result___complete(void (*done)(void), tern_call *call,
    ProtobufCMessage *reply, const tern_error *err, void *arg)
{
    ((calls_foo__result__fn)done)(call, (Named *)reply, err, arg);
}

static tern_status calls_foo_async_fn__invoke(const void *handlers, tern_request *rq,
    const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const calls_handlers *own = (const calls_handlers *)handlers;

    if (own->foo_async_fn == NULL)
        return tern_request_fail(rq, TERN_UNIMPLEMENTED, "%s is not implemented", "Calls.FooAsyncFn");
    return (own->foo_async_fn)(rq, (const Named *)in, (Named *)out);
}

static void calls_foo_async_fn__complete(void (*done)(void), tern_call *call,
    ProtobufCMessage *reply, const tern_error *err, void *arg)
{
    ((calls_foo_async_fn_fn)done)(call, (Named *)reply, err, arg);
}

static const tern_method calls__methods[] = {
    {
        .name = "Async",
        .subject = "Calls.Async",
        .input = &named__descriptor,
        .output = &named__descriptor,
        .idempotency = TERN_IDEMPOTENCY_UNKNOWN,
        .invoke = calls_async__invoke,
        .complete = calls_async__complete,
    },
    {
        .name = "Result",
        .subject = "Calls.Result",
        .input = &named__descriptor,
        .output = &named__descriptor,
        .idempotency = TERN_IDEMPOTENCY_UNKNOWN,
        .invoke = calls_result__invoke,
        .complete = calls_result__complete,
    },
    {
        .name = "Fn",
        .subject = "Calls.Fn",
        .input = &named__descriptor,
        .output = &named__descriptor,
        .idempotency = TERN_IDEMPOTENCY_UNKNOWN,
        .invoke = calls_fn__invoke,
        .complete = calls_fn__complete,
    },
    {
        .name = "Done",
        .subject = "Calls.Done",
        .input = &named__descriptor,
        .output = &named__descriptor,
        .idempotency = TERN_IDEMPOTENCY_UNKNOWN,
        .invoke = calls_done__invoke,
        .complete = calls_done__complete,
    },
    {
        .name = "Err",
        .subject = "Calls.Err",
        .input = &named__descriptor,
        .output = &named__descriptor,
        .idempotency = TERN_IDEMPOTENCY_UNKNOWN,
        .invoke = calls_err__invoke,
        .complete = calls_err__complete,
    },
    {
        .name = "Foo",
        .subject = "Calls.Foo",
        .input = &named__descriptor,
        .output = &named__descriptor,
        .idempotency = TERN_IDEMPOTENCY_UNKNOWN,
        .invoke = calls_foo__invoke,
        .complete = calls_foo__complete,
    },
    {
        .name = "Foo_Result_",
        .subject = "Calls.Foo_Result_",
        .input = &named__descriptor,
        .output = &named__descriptor,
        .idempotency = TERN_IDEMPOTENCY_UNKNOWN,
        .invoke = calls_foo__result___invoke,
        .complete = calls_foo__result___complete,
    },
    {
        .name = "FooAsyncFn",
        .subject = "Calls.FooAsyncFn",
        .input = &named__descriptor,
        .output = &named__descriptor,
        .idempotency = TERN_IDEMPOTENCY_UNKNOWN,
        .invoke = calls_foo_async_fn__invoke,
        .complete = calls_foo_async_fn__complete,
    },
};

const tern_service_type calls_type = {
    .name = "Calls",
    .methods = calls__methods,
    .method_count = 8,
    .handlers_size = sizeof(calls_handlers),
};

tern_status calls_async(tern_client *client, const Named *request,
    const tern_call_options *options, Named **out_reply, tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_client_call(client, &calls__methods[0],
        (const ProtobufCMessage *)request, options, out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Named *)reply;
    return st;
}

tern_status calls_async_async(tern_client *client, const Named *request,
    const tern_call_options *options, calls_async_fn done, void *arg,
    tern_call **out_call, tern_error *err)
{
    return tern_client_call_async(client, &calls__methods[0],
        (const ProtobufCMessage *)request, options, (tern_any_fn)done, arg, out_call, err);
}

tern_status calls_async_result(tern_call *call, Named **out_reply,
    tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_call_result(call, &calls__methods[0], out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Named *)reply;
    return st;
}

tern_status calls_result(tern_client *client, const Named *request,
    const tern_call_options *options, Named **out_reply, tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_client_call(client, &calls__methods[1],
        (const ProtobufCMessage *)request, options, out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Named *)reply;
    return st;
}

tern_status calls_result_async(tern_client *client, const Named *request,
    const tern_call_options *options, calls_result_fn done, void *arg,
    tern_call **out_call, tern_error *err)
{
    return tern_client_call_async(client, &calls__methods[1],
        (const ProtobufCMessage *)request, options, (tern_any_fn)done, arg, out_call, err);
}

tern_status calls_result_result(tern_call *call, Named **out_reply,
    tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_call_result(call, &calls__methods[1], out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Named *)reply;
    return st;
}

tern_status calls_fn(tern_client *client, const Named *request,
    const tern_call_options *options, Named **out_reply, tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_client_call(client, &calls__methods[2],
        (const ProtobufCMessage *)request, options, out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Named *)reply;
    return st;
}

tern_status calls_fn_async(tern_client *client, const Named *request,
    const tern_call_options *options, calls_fn_fn done, void *arg,
    tern_call **out_call, tern_error *err)
{
    return tern_client_call_async(client, &calls__methods[2],
        (const ProtobufCMessage *)request, options, (tern_any_fn)done, arg, out_call, err);
}

tern_status calls_fn_result(tern_call *call, Named **out_reply,
    tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_call_result(call, &calls__methods[2], out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Named *)reply;
    return st;
}

tern_status calls_done(tern_client *client, const Named *request,
    const tern_call_options *options, Named **out_reply, tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_client_call(client, &calls__methods[3],
        (const ProtobufCMessage *)request, options, out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Named *)reply;
    return st;
}

tern_status calls_done_async(tern_client *client, const Named *request,
    const tern_call_options *options, calls_done_fn done, void *arg,
    tern_call **out_call, tern_error *err)
{
    return tern_client_call_async(client, &calls__methods[3],
        (const ProtobufCMessage *)request, options, (tern_any_fn)done, arg, out_call, err);
}

tern_status calls_done_result(tern_call *call, Named **out_reply,
    tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_call_result(call, &calls__methods[3], out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Named *)reply;
    return st;
}

tern_status calls_err(tern_client *client, const Named *request,
    const tern_call_options *options, Named **out_reply, tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_client_call(client, &calls__methods[4],
        (const ProtobufCMessage *)request, options, out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Named *)reply;
    return st;
}

tern_status calls_err_async(tern_client *client, const Named *request,
    const tern_call_options *options, calls_err_fn done, void *arg,
    tern_call **out_call, tern_error *err)
{
    return tern_client_call_async(client, &calls__methods[4],
        (const ProtobufCMessage *)request, options, (tern_any_fn)done, arg, out_call, err);
}

tern_status calls_err_result(tern_call *call, Named **out_reply,
    tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_call_result(call, &calls__methods[4], out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Named *)reply;
    return st;
}

tern_status calls_foo(tern_client *client, const Named *request,
    const tern_call_options *options, Named **out_reply, tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_client_call(client, &calls__methods[5],
        (const ProtobufCMessage *)request, options, out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Named *)reply;
    return st;
}

tern_status calls_foo_async(tern_client *client, const Named *request,
    const tern_call_options *options, calls_foo_fn done, void *arg,
    tern_call **out_call, tern_error *err)
{
    return tern_client_call_async(client, &calls__methods[5],
        (const ProtobufCMessage *)request, options, (tern_any_fn)done, arg, out_call, err);
}

tern_status calls_foo_result(tern_call *call, Named **out_reply,
    tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_call_result(call, &calls__methods[5], out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Named *)reply;
    return st;
}

tern_status calls_foo__result_(tern_client *client, const Named *request,
    const tern_call_options *options, Named **out_reply, tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_client_call(client, &calls__methods[6],
        (const ProtobufCMessage *)request, options, out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Named *)reply;
    return st;
}

tern_status calls_foo__result__async(tern_client *client, const Named *request,
    const tern_call_options *options, calls_foo__result__fn done, void *arg,
    tern_call **out_call, tern_error *err)
{
    return tern_client_call_async(client, &calls__methods[6],
        (const ProtobufCMessage *)request, options, (tern_any_fn)done, arg, out_call, err);
}

tern_status calls_foo__result__result(tern_call *call, Named **out_reply,
    tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_call_result(call, &calls__methods[6], out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Named *)reply;
    return st;
}

tern_status calls_foo_async_fn(tern_client *client, const Named *request,
    const tern_call_options *options, Named **out_reply, tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_client_call(client, &calls__methods[7],
        (const ProtobufCMessage *)request, options, out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Named *)reply;
    return st;
}

tern_status calls_foo_async_fn_async(tern_client *client, const Named *request,
    const tern_call_options *options, calls_foo_async_fn_fn done, void *arg,
    tern_call **out_call, tern_error *err)
{
    return tern_client_call_async(client, &calls__methods[7],
        (const ProtobufCMessage *)request, options, (tern_any_fn)done, arg, out_call, err);
}

tern_status calls_foo_async_fn_result(tern_call *call, Named **out_reply,
    tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_call_result(call, &calls__methods[7], out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Named *)reply;
    return st;
}

tern_status calls_serve(tern_conn *conn, const calls_handlers *handlers, void *arg,
    const tern_service_options *options, tern_service **out_service, tern_error *err)
{
    return tern_service_start(conn, &calls_type, handlers, arg, options, out_service, err);
}

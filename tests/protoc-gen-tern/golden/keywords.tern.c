/* Made by protoc-gen-tern from keywords.proto. Do not edit. */
#include "keywords.tern.h"

/* ---- demo.keywords.Words ---- */

static tern_status demo_keywords_words_default__invoke(const void *handlers, tern_request *rq,
    const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const demo_keywords_words_handlers *own = (const demo_keywords_words_handlers *)handlers;

    if (own->default_ == NULL)
        return tern_request_fail(rq, TERN_UNIMPLEMENTED, "%s is not implemented", "demo.keywords.Words.Default");
    return (own->default_)(rq, (const Demo__Keywords__Word *)in, (Demo__Keywords__Word *)out);
}

static void demo_keywords_words_default__complete(void (*done)(void), tern_call *call,
    ProtobufCMessage *reply, const tern_error *err, void *arg)
{
    ((demo_keywords_words_default_fn)done)(call, (Demo__Keywords__Word *)reply, err, arg);
}

static tern_status demo_keywords_words_register__invoke(const void *handlers, tern_request *rq,
    const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const demo_keywords_words_handlers *own = (const demo_keywords_words_handlers *)handlers;

    if (own->register_ == NULL)
        return tern_request_fail(rq, TERN_UNIMPLEMENTED, "%s is not implemented", "demo.keywords.Words.Register");
    return (own->register_)(rq, (const Demo__Keywords__Word *)in, (Demo__Keywords__Word *)out);
}

static void demo_keywords_words_register__complete(void (*done)(void), tern_call *call,
    ProtobufCMessage *reply, const tern_error *err, void *arg)
{
    ((demo_keywords_words_register_fn)done)(call, (Demo__Keywords__Word *)reply, err, arg);
}

static tern_status demo_keywords_words_int__invoke(const void *handlers, tern_request *rq,
    const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const demo_keywords_words_handlers *own = (const demo_keywords_words_handlers *)handlers;

    if (own->int_ == NULL)
        return tern_request_fail(rq, TERN_UNIMPLEMENTED, "%s is not implemented", "demo.keywords.Words.Int");
    return (own->int_)(rq, (const Demo__Keywords__Word *)in, (Demo__Keywords__Word *)out);
}

static void demo_keywords_words_int__complete(void (*done)(void), tern_call *call,
    ProtobufCMessage *reply, const tern_error *err, void *arg)
{
    ((demo_keywords_words_int_fn)done)(call, (Demo__Keywords__Word *)reply, err, arg);
}

static tern_status demo_keywords_words_delete__invoke(const void *handlers, tern_request *rq,
    const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const demo_keywords_words_handlers *own = (const demo_keywords_words_handlers *)handlers;

    if (own->delete_ == NULL)
        return tern_request_fail(rq, TERN_UNIMPLEMENTED, "%s is not implemented", "demo.keywords.Words.Delete");
    return (own->delete_)(rq, (const Demo__Keywords__Word *)in, (Demo__Keywords__Word *)out);
}

static void demo_keywords_words_delete__complete(void (*done)(void), tern_call *call,
    ProtobufCMessage *reply, const tern_error *err, void *arg)
{
    ((demo_keywords_words_delete_fn)done)(call, (Demo__Keywords__Word *)reply, err, arg);
}

static tern_status demo_keywords_words_static_assert__invoke(const void *handlers, tern_request *rq,
    const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const demo_keywords_words_handlers *own = (const demo_keywords_words_handlers *)handlers;

    if (own->static_assert_ == NULL)
        return tern_request_fail(rq, TERN_UNIMPLEMENTED, "%s is not implemented", "demo.keywords.Words.Static_assert");
    return (own->static_assert_)(rq, (const Demo__Keywords__Word *)in, (Demo__Keywords__Word *)out);
}

static void demo_keywords_words_static_assert__complete(void (*done)(void), tern_call *call,
    ProtobufCMessage *reply, const tern_error *err, void *arg)
{
    ((demo_keywords_words_static_assert_fn)done)(call, (Demo__Keywords__Word *)reply, err, arg);
}

static tern_status demo_keywords_words_assert__invoke(const void *handlers, tern_request *rq,
    const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const demo_keywords_words_handlers *own = (const demo_keywords_words_handlers *)handlers;

    if (own->assert == NULL)
        return tern_request_fail(rq, TERN_UNIMPLEMENTED, "%s is not implemented", "demo.keywords.Words.Assert");
    return (own->assert)(rq, (const Demo__Keywords__Word *)in, (Demo__Keywords__Word *)out);
}

static void demo_keywords_words_assert__complete(void (*done)(void), tern_call *call,
    ProtobufCMessage *reply, const tern_error *err, void *arg)
{
    ((demo_keywords_words_assert_fn)done)(call, (Demo__Keywords__Word *)reply, err, arg);
}

static tern_status demo_keywords_words_errno__invoke(const void *handlers, tern_request *rq,
    const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const demo_keywords_words_handlers *own = (const demo_keywords_words_handlers *)handlers;

    if (own->errno_ == NULL)
        return tern_request_fail(rq, TERN_UNIMPLEMENTED, "%s is not implemented", "demo.keywords.Words.Errno");
    return (own->errno_)(rq, (const Demo__Keywords__Word *)in, (Demo__Keywords__Word *)out);
}

static void demo_keywords_words_errno__complete(void (*done)(void), tern_call *call,
    ProtobufCMessage *reply, const tern_error *err, void *arg)
{
    ((demo_keywords_words_errno_fn)done)(call, (Demo__Keywords__Word *)reply, err, arg);
}

static tern_status demo_keywords_words_linux__invoke(const void *handlers, tern_request *rq,
    const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const demo_keywords_words_handlers *own = (const demo_keywords_words_handlers *)handlers;

    if (own->linux_ == NULL)
        return tern_request_fail(rq, TERN_UNIMPLEMENTED, "%s is not implemented", "demo.keywords.Words.Linux");
    return (own->linux_)(rq, (const Demo__Keywords__Word *)in, (Demo__Keywords__Word *)out);
}

static void demo_keywords_words_linux__complete(void (*done)(void), tern_call *call,
    ProtobufCMessage *reply, const tern_error *err, void *arg)
{
    ((demo_keywords_words_linux_fn)done)(call, (Demo__Keywords__Word *)reply, err, arg);
}

static const tern_method demo_keywords_words__methods[] = {
    {
        .name = "Default",
        .subject = "demo.keywords.Words.Default",
        .input = &demo__keywords__word__descriptor,
        .output = &demo__keywords__word__descriptor,
        .idempotency = TERN_IDEMPOTENCY_UNKNOWN,
        .invoke = demo_keywords_words_default__invoke,
        .complete = demo_keywords_words_default__complete,
    },
    {
        .name = "Register",
        .subject = "demo.keywords.Words.Register",
        .input = &demo__keywords__word__descriptor,
        .output = &demo__keywords__word__descriptor,
        .idempotency = TERN_IDEMPOTENCY_UNKNOWN,
        .invoke = demo_keywords_words_register__invoke,
        .complete = demo_keywords_words_register__complete,
    },
    {
        .name = "Int",
        .subject = "demo.keywords.Words.Int",
        .input = &demo__keywords__word__descriptor,
        .output = &demo__keywords__word__descriptor,
        .idempotency = TERN_IDEMPOTENCY_UNKNOWN,
        .invoke = demo_keywords_words_int__invoke,
        .complete = demo_keywords_words_int__complete,
    },
    {
        .name = "Delete",
        .subject = "demo.keywords.Words.Delete",
        .input = &demo__keywords__word__descriptor,
        .output = &demo__keywords__word__descriptor,
        .idempotency = TERN_IDEMPOTENCY_UNKNOWN,
        .invoke = demo_keywords_words_delete__invoke,
        .complete = demo_keywords_words_delete__complete,
    },
    {
        .name = "Static_assert",
        .subject = "demo.keywords.Words.Static_assert",
        .input = &demo__keywords__word__descriptor,
        .output = &demo__keywords__word__descriptor,
        .idempotency = TERN_IDEMPOTENCY_UNKNOWN,
        .invoke = demo_keywords_words_static_assert__invoke,
        .complete = demo_keywords_words_static_assert__complete,
    },
    {
        .name = "Assert",
        .subject = "demo.keywords.Words.Assert",
        .input = &demo__keywords__word__descriptor,
        .output = &demo__keywords__word__descriptor,
        .idempotency = TERN_IDEMPOTENCY_UNKNOWN,
        .invoke = demo_keywords_words_assert__invoke,
        .complete = demo_keywords_words_assert__complete,
    },
    {
        .name = "Errno",
        .subject = "demo.keywords.Words.Errno",
        .input = &demo__keywords__word__descriptor,
        .output = &demo__keywords__word__descriptor,
        .idempotency = TERN_IDEMPOTENCY_UNKNOWN,
        .invoke = demo_keywords_words_errno__invoke,
        .complete = demo_keywords_words_errno__complete,
    },
    {
        .name = "Linux",
        .subject = "demo.keywords.Words.Linux",
        .input = &demo__keywords__word__descriptor,
        .output = &demo__keywords__word__descriptor,
        .idempotency = TERN_IDEMPOTENCY_UNKNOWN,
        .invoke = demo_keywords_words_linux__invoke,
        .complete = demo_keywords_words_linux__complete,
    },
};

const tern_service_type demo_keywords_words_type = {
    .name = "demo.keywords.Words",
    .methods = demo_keywords_words__methods,
    .method_count = 8,
    .handlers_size = sizeof(demo_keywords_words_handlers),
};

tern_status demo_keywords_words_default(tern_client *client, const Demo__Keywords__Word *request,
    const tern_call_options *options, Demo__Keywords__Word **out_reply, tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_client_call(client, &demo_keywords_words__methods[0],
        (const ProtobufCMessage *)request, options, out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Demo__Keywords__Word *)reply;
    return st;
}

tern_status demo_keywords_words_default_async(tern_client *client, const Demo__Keywords__Word *request,
    const tern_call_options *options, demo_keywords_words_default_fn done, void *arg,
    tern_call **out_call, tern_error *err)
{
    return tern_client_call_async(client, &demo_keywords_words__methods[0],
        (const ProtobufCMessage *)request, options, (tern_any_fn)done, arg, out_call, err);
}

tern_status demo_keywords_words_default_result(tern_call *call, Demo__Keywords__Word **out_reply,
    tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_call_result(call, &demo_keywords_words__methods[0], out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Demo__Keywords__Word *)reply;
    return st;
}

tern_status demo_keywords_words_register(tern_client *client, const Demo__Keywords__Word *request,
    const tern_call_options *options, Demo__Keywords__Word **out_reply, tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_client_call(client, &demo_keywords_words__methods[1],
        (const ProtobufCMessage *)request, options, out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Demo__Keywords__Word *)reply;
    return st;
}

tern_status demo_keywords_words_register_async(tern_client *client, const Demo__Keywords__Word *request,
    const tern_call_options *options, demo_keywords_words_register_fn done, void *arg,
    tern_call **out_call, tern_error *err)
{
    return tern_client_call_async(client, &demo_keywords_words__methods[1],
        (const ProtobufCMessage *)request, options, (tern_any_fn)done, arg, out_call, err);
}

tern_status demo_keywords_words_register_result(tern_call *call, Demo__Keywords__Word **out_reply,
    tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_call_result(call, &demo_keywords_words__methods[1], out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Demo__Keywords__Word *)reply;
    return st;
}

tern_status demo_keywords_words_int(tern_client *client, const Demo__Keywords__Word *request,
    const tern_call_options *options, Demo__Keywords__Word **out_reply, tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_client_call(client, &demo_keywords_words__methods[2],
        (const ProtobufCMessage *)request, options, out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Demo__Keywords__Word *)reply;
    return st;
}

tern_status demo_keywords_words_int_async(tern_client *client, const Demo__Keywords__Word *request,
    const tern_call_options *options, demo_keywords_words_int_fn done, void *arg,
    tern_call **out_call, tern_error *err)
{
    return tern_client_call_async(client, &demo_keywords_words__methods[2],
        (const ProtobufCMessage *)request, options, (tern_any_fn)done, arg, out_call, err);
}

tern_status demo_keywords_words_int_result(tern_call *call, Demo__Keywords__Word **out_reply,
    tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_call_result(call, &demo_keywords_words__methods[2], out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Demo__Keywords__Word *)reply;
    return st;
}

tern_status demo_keywords_words_delete(tern_client *client, const Demo__Keywords__Word *request,
    const tern_call_options *options, Demo__Keywords__Word **out_reply, tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_client_call(client, &demo_keywords_words__methods[3],
        (const ProtobufCMessage *)request, options, out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Demo__Keywords__Word *)reply;
    return st;
}

tern_status demo_keywords_words_delete_async(tern_client *client, const Demo__Keywords__Word *request,
    const tern_call_options *options, demo_keywords_words_delete_fn done, void *arg,
    tern_call **out_call, tern_error *err)
{
    return tern_client_call_async(client, &demo_keywords_words__methods[3],
        (const ProtobufCMessage *)request, options, (tern_any_fn)done, arg, out_call, err);
}

tern_status demo_keywords_words_delete_result(tern_call *call, Demo__Keywords__Word **out_reply,
    tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_call_result(call, &demo_keywords_words__methods[3], out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Demo__Keywords__Word *)reply;
    return st;
}

tern_status demo_keywords_words_static_assert(tern_client *client, const Demo__Keywords__Word *request,
    const tern_call_options *options, Demo__Keywords__Word **out_reply, tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_client_call(client, &demo_keywords_words__methods[4],
        (const ProtobufCMessage *)request, options, out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Demo__Keywords__Word *)reply;
    return st;
}

tern_status demo_keywords_words_static_assert_async(tern_client *client, const Demo__Keywords__Word *request,
    const tern_call_options *options, demo_keywords_words_static_assert_fn done, void *arg,
    tern_call **out_call, tern_error *err)
{
    return tern_client_call_async(client, &demo_keywords_words__methods[4],
        (const ProtobufCMessage *)request, options, (tern_any_fn)done, arg, out_call, err);
}

tern_status demo_keywords_words_static_assert_result(tern_call *call, Demo__Keywords__Word **out_reply,
    tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_call_result(call, &demo_keywords_words__methods[4], out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Demo__Keywords__Word *)reply;
    return st;
}

tern_status demo_keywords_words_assert(tern_client *client, const Demo__Keywords__Word *request,
    const tern_call_options *options, Demo__Keywords__Word **out_reply, tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_client_call(client, &demo_keywords_words__methods[5],
        (const ProtobufCMessage *)request, options, out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Demo__Keywords__Word *)reply;
    return st;
}

tern_status demo_keywords_words_assert_async(tern_client *client, const Demo__Keywords__Word *request,
    const tern_call_options *options, demo_keywords_words_assert_fn done, void *arg,
    tern_call **out_call, tern_error *err)
{
    return tern_client_call_async(client, &demo_keywords_words__methods[5],
        (const ProtobufCMessage *)request, options, (tern_any_fn)done, arg, out_call, err);
}

tern_status demo_keywords_words_assert_result(tern_call *call, Demo__Keywords__Word **out_reply,
    tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_call_result(call, &demo_keywords_words__methods[5], out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Demo__Keywords__Word *)reply;
    return st;
}

tern_status demo_keywords_words_errno(tern_client *client, const Demo__Keywords__Word *request,
    const tern_call_options *options, Demo__Keywords__Word **out_reply, tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_client_call(client, &demo_keywords_words__methods[6],
        (const ProtobufCMessage *)request, options, out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Demo__Keywords__Word *)reply;
    return st;
}

tern_status demo_keywords_words_errno_async(tern_client *client, const Demo__Keywords__Word *request,
    const tern_call_options *options, demo_keywords_words_errno_fn done, void *arg,
    tern_call **out_call, tern_error *err)
{
    return tern_client_call_async(client, &demo_keywords_words__methods[6],
        (const ProtobufCMessage *)request, options, (tern_any_fn)done, arg, out_call, err);
}

tern_status demo_keywords_words_errno_result(tern_call *call, Demo__Keywords__Word **out_reply,
    tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_call_result(call, &demo_keywords_words__methods[6], out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Demo__Keywords__Word *)reply;
    return st;
}

tern_status demo_keywords_words_linux(tern_client *client, const Demo__Keywords__Word *request,
    const tern_call_options *options, Demo__Keywords__Word **out_reply, tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_client_call(client, &demo_keywords_words__methods[7],
        (const ProtobufCMessage *)request, options, out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Demo__Keywords__Word *)reply;
    return st;
}

tern_status demo_keywords_words_linux_async(tern_client *client, const Demo__Keywords__Word *request,
    const tern_call_options *options, demo_keywords_words_linux_fn done, void *arg,
    tern_call **out_call, tern_error *err)
{
    return tern_client_call_async(client, &demo_keywords_words__methods[7],
        (const ProtobufCMessage *)request, options, (tern_any_fn)done, arg, out_call, err);
}

tern_status demo_keywords_words_linux_result(tern_call *call, Demo__Keywords__Word **out_reply,
    tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_call_result(call, &demo_keywords_words__methods[7], out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Demo__Keywords__Word *)reply;
    return st;
}

tern_status demo_keywords_words_serve(tern_conn *conn, const demo_keywords_words_handlers *handlers, void *arg,
    const tern_service_options *options, tern_service **out_service, tern_error *err)
{
    return tern_service_start(conn, &demo_keywords_words_type, handlers, arg, options, out_service, err);
}

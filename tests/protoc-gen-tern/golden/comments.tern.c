/* Made by protoc-gen-tern from comments.proto. Do not edit. */
#include "comments.tern.h"

/* ---- demo.comments.Commented ---- */

static tern_status demo_comments_commented_block__invoke(const void *handlers, tern_request *rq,
    const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const demo_comments_commented_handlers *own = (const demo_comments_commented_handlers *)handlers;

    if (own->block == NULL)
        return tern_request_fail(rq, TERN_UNIMPLEMENTED, "%s is not implemented", "demo.comments.Commented.Block");
    return (own->block)(rq, (const Demo__Comments__Text *)in, (Demo__Comments__Text *)out);
}

static void demo_comments_commented_block__complete(void (*done)(void), tern_call *call,
    ProtobufCMessage *reply, const tern_error *err, void *arg)
{
    ((demo_comments_commented_block_fn)done)(call, (Demo__Comments__Text *)reply, err, arg);
}

static tern_status demo_comments_commented_sneaky__invoke(const void *handlers, tern_request *rq,
    const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const demo_comments_commented_handlers *own = (const demo_comments_commented_handlers *)handlers;

    if (own->sneaky == NULL)
        return tern_request_fail(rq, TERN_UNIMPLEMENTED, "%s is not implemented", "demo.comments.Commented.Sneaky");
    return (own->sneaky)(rq, (const Demo__Comments__Text *)in, (Demo__Comments__Text *)out);
}

static void demo_comments_commented_sneaky__complete(void (*done)(void), tern_call *call,
    ProtobufCMessage *reply, const tern_error *err, void *arg)
{
    ((demo_comments_commented_sneaky_fn)done)(call, (Demo__Comments__Text *)reply, err, arg);
}

static tern_status demo_comments_commented_trailing__invoke(const void *handlers, tern_request *rq,
    const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const demo_comments_commented_handlers *own = (const demo_comments_commented_handlers *)handlers;

    if (own->trailing == NULL)
        return tern_request_fail(rq, TERN_UNIMPLEMENTED, "%s is not implemented", "demo.comments.Commented.Trailing");
    return (own->trailing)(rq, (const Demo__Comments__Text *)in, (Demo__Comments__Text *)out);
}

static void demo_comments_commented_trailing__complete(void (*done)(void), tern_call *call,
    ProtobufCMessage *reply, const tern_error *err, void *arg)
{
    ((demo_comments_commented_trailing_fn)done)(call, (Demo__Comments__Text *)reply, err, arg);
}

static tern_status demo_comments_commented_odd__invoke(const void *handlers, tern_request *rq,
    const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const demo_comments_commented_handlers *own = (const demo_comments_commented_handlers *)handlers;

    if (own->odd == NULL)
        return tern_request_fail(rq, TERN_UNIMPLEMENTED, "%s is not implemented", "demo.comments.Commented.Odd");
    return (own->odd)(rq, (const Demo__Comments__Text *)in, (Demo__Comments__Text *)out);
}

static void demo_comments_commented_odd__complete(void (*done)(void), tern_call *call,
    ProtobufCMessage *reply, const tern_error *err, void *arg)
{
    ((demo_comments_commented_odd_fn)done)(call, (Demo__Comments__Text *)reply, err, arg);
}

static tern_status demo_comments_commented_trigraph__invoke(const void *handlers, tern_request *rq,
    const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const demo_comments_commented_handlers *own = (const demo_comments_commented_handlers *)handlers;

    if (own->trigraph == NULL)
        return tern_request_fail(rq, TERN_UNIMPLEMENTED, "%s is not implemented", "demo.comments.Commented.Trigraph");
    return (own->trigraph)(rq, (const Demo__Comments__Text *)in, (Demo__Comments__Text *)out);
}

static void demo_comments_commented_trigraph__complete(void (*done)(void), tern_call *call,
    ProtobufCMessage *reply, const tern_error *err, void *arg)
{
    ((demo_comments_commented_trigraph_fn)done)(call, (Demo__Comments__Text *)reply, err, arg);
}

static tern_status demo_comments_commented_utf8__invoke(const void *handlers, tern_request *rq,
    const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const demo_comments_commented_handlers *own = (const demo_comments_commented_handlers *)handlers;

    if (own->utf8 == NULL)
        return tern_request_fail(rq, TERN_UNIMPLEMENTED, "%s is not implemented", "demo.comments.Commented.Utf8");
    return (own->utf8)(rq, (const Demo__Comments__Text *)in, (Demo__Comments__Text *)out);
}

static void demo_comments_commented_utf8__complete(void (*done)(void), tern_call *call,
    ProtobufCMessage *reply, const tern_error *err, void *arg)
{
    ((demo_comments_commented_utf8_fn)done)(call, (Demo__Comments__Text *)reply, err, arg);
}

static tern_status demo_comments_commented_blank__invoke(const void *handlers, tern_request *rq,
    const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const demo_comments_commented_handlers *own = (const demo_comments_commented_handlers *)handlers;

    if (own->blank == NULL)
        return tern_request_fail(rq, TERN_UNIMPLEMENTED, "%s is not implemented", "demo.comments.Commented.Blank");
    return (own->blank)(rq, (const Demo__Comments__Text *)in, (Demo__Comments__Text *)out);
}

static void demo_comments_commented_blank__complete(void (*done)(void), tern_call *call,
    ProtobufCMessage *reply, const tern_error *err, void *arg)
{
    ((demo_comments_commented_blank_fn)done)(call, (Demo__Comments__Text *)reply, err, arg);
}

static tern_status demo_comments_commented_none__invoke(const void *handlers, tern_request *rq,
    const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const demo_comments_commented_handlers *own = (const demo_comments_commented_handlers *)handlers;

    if (own->none == NULL)
        return tern_request_fail(rq, TERN_UNIMPLEMENTED, "%s is not implemented", "demo.comments.Commented.None");
    return (own->none)(rq, (const Demo__Comments__Text *)in, (Demo__Comments__Text *)out);
}

static void demo_comments_commented_none__complete(void (*done)(void), tern_call *call,
    ProtobufCMessage *reply, const tern_error *err, void *arg)
{
    ((demo_comments_commented_none_fn)done)(call, (Demo__Comments__Text *)reply, err, arg);
}

static const tern_method demo_comments_commented__methods[] = {
    {
        .name = "Block",
        .subject = "demo.comments.Commented.Block",
        .input = &demo__comments__text__descriptor,
        .output = &demo__comments__text__descriptor,
        .idempotency = TERN_IDEMPOTENCY_UNKNOWN,
        .invoke = demo_comments_commented_block__invoke,
        .complete = demo_comments_commented_block__complete,
    },
    {
        .name = "Sneaky",
        .subject = "demo.comments.Commented.Sneaky",
        .input = &demo__comments__text__descriptor,
        .output = &demo__comments__text__descriptor,
        .idempotency = TERN_IDEMPOTENCY_UNKNOWN,
        .invoke = demo_comments_commented_sneaky__invoke,
        .complete = demo_comments_commented_sneaky__complete,
    },
    {
        .name = "Trailing",
        .subject = "demo.comments.Commented.Trailing",
        .input = &demo__comments__text__descriptor,
        .output = &demo__comments__text__descriptor,
        .idempotency = TERN_IDEMPOTENCY_UNKNOWN,
        .invoke = demo_comments_commented_trailing__invoke,
        .complete = demo_comments_commented_trailing__complete,
    },
    {
        .name = "Odd",
        .subject = "demo.comments.Commented.Odd",
        .input = &demo__comments__text__descriptor,
        .output = &demo__comments__text__descriptor,
        .idempotency = TERN_IDEMPOTENCY_UNKNOWN,
        .invoke = demo_comments_commented_odd__invoke,
        .complete = demo_comments_commented_odd__complete,
    },
    {
        .name = "Trigraph",
        .subject = "demo.comments.Commented.Trigraph",
        .input = &demo__comments__text__descriptor,
        .output = &demo__comments__text__descriptor,
        .idempotency = TERN_IDEMPOTENCY_UNKNOWN,
        .invoke = demo_comments_commented_trigraph__invoke,
        .complete = demo_comments_commented_trigraph__complete,
    },
    {
        .name = "Utf8",
        .subject = "demo.comments.Commented.Utf8",
        .input = &demo__comments__text__descriptor,
        .output = &demo__comments__text__descriptor,
        .idempotency = TERN_IDEMPOTENCY_UNKNOWN,
        .invoke = demo_comments_commented_utf8__invoke,
        .complete = demo_comments_commented_utf8__complete,
    },
    {
        .name = "Blank",
        .subject = "demo.comments.Commented.Blank",
        .input = &demo__comments__text__descriptor,
        .output = &demo__comments__text__descriptor,
        .idempotency = TERN_IDEMPOTENCY_UNKNOWN,
        .invoke = demo_comments_commented_blank__invoke,
        .complete = demo_comments_commented_blank__complete,
    },
    {
        .name = "None",
        .subject = "demo.comments.Commented.None",
        .input = &demo__comments__text__descriptor,
        .output = &demo__comments__text__descriptor,
        .idempotency = TERN_IDEMPOTENCY_UNKNOWN,
        .invoke = demo_comments_commented_none__invoke,
        .complete = demo_comments_commented_none__complete,
    },
};

const tern_service_type demo_comments_commented_type = {
    .name = "demo.comments.Commented",
    .methods = demo_comments_commented__methods,
    .method_count = 8,
    .handlers_size = sizeof(demo_comments_commented_handlers),
};

tern_status demo_comments_commented_block(tern_client *client, const Demo__Comments__Text *request,
    const tern_call_options *options, Demo__Comments__Text **out_reply, tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_client_call(client, &demo_comments_commented__methods[0],
        (const ProtobufCMessage *)request, options, out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Demo__Comments__Text *)reply;
    return st;
}

tern_status demo_comments_commented_block_async(tern_client *client, const Demo__Comments__Text *request,
    const tern_call_options *options, demo_comments_commented_block_fn done, void *arg,
    tern_call **out_call, tern_error *err)
{
    return tern_client_call_async(client, &demo_comments_commented__methods[0],
        (const ProtobufCMessage *)request, options, (tern_any_fn)done, arg, out_call, err);
}

tern_status demo_comments_commented_block_result(tern_call *call, Demo__Comments__Text **out_reply,
    tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_call_result(call, &demo_comments_commented__methods[0], out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Demo__Comments__Text *)reply;
    return st;
}

tern_status demo_comments_commented_sneaky(tern_client *client, const Demo__Comments__Text *request,
    const tern_call_options *options, Demo__Comments__Text **out_reply, tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_client_call(client, &demo_comments_commented__methods[1],
        (const ProtobufCMessage *)request, options, out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Demo__Comments__Text *)reply;
    return st;
}

tern_status demo_comments_commented_sneaky_async(tern_client *client, const Demo__Comments__Text *request,
    const tern_call_options *options, demo_comments_commented_sneaky_fn done, void *arg,
    tern_call **out_call, tern_error *err)
{
    return tern_client_call_async(client, &demo_comments_commented__methods[1],
        (const ProtobufCMessage *)request, options, (tern_any_fn)done, arg, out_call, err);
}

tern_status demo_comments_commented_sneaky_result(tern_call *call, Demo__Comments__Text **out_reply,
    tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_call_result(call, &demo_comments_commented__methods[1], out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Demo__Comments__Text *)reply;
    return st;
}

tern_status demo_comments_commented_trailing(tern_client *client, const Demo__Comments__Text *request,
    const tern_call_options *options, Demo__Comments__Text **out_reply, tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_client_call(client, &demo_comments_commented__methods[2],
        (const ProtobufCMessage *)request, options, out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Demo__Comments__Text *)reply;
    return st;
}

tern_status demo_comments_commented_trailing_async(tern_client *client, const Demo__Comments__Text *request,
    const tern_call_options *options, demo_comments_commented_trailing_fn done, void *arg,
    tern_call **out_call, tern_error *err)
{
    return tern_client_call_async(client, &demo_comments_commented__methods[2],
        (const ProtobufCMessage *)request, options, (tern_any_fn)done, arg, out_call, err);
}

tern_status demo_comments_commented_trailing_result(tern_call *call, Demo__Comments__Text **out_reply,
    tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_call_result(call, &demo_comments_commented__methods[2], out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Demo__Comments__Text *)reply;
    return st;
}

tern_status demo_comments_commented_odd(tern_client *client, const Demo__Comments__Text *request,
    const tern_call_options *options, Demo__Comments__Text **out_reply, tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_client_call(client, &demo_comments_commented__methods[3],
        (const ProtobufCMessage *)request, options, out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Demo__Comments__Text *)reply;
    return st;
}

tern_status demo_comments_commented_odd_async(tern_client *client, const Demo__Comments__Text *request,
    const tern_call_options *options, demo_comments_commented_odd_fn done, void *arg,
    tern_call **out_call, tern_error *err)
{
    return tern_client_call_async(client, &demo_comments_commented__methods[3],
        (const ProtobufCMessage *)request, options, (tern_any_fn)done, arg, out_call, err);
}

tern_status demo_comments_commented_odd_result(tern_call *call, Demo__Comments__Text **out_reply,
    tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_call_result(call, &demo_comments_commented__methods[3], out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Demo__Comments__Text *)reply;
    return st;
}

tern_status demo_comments_commented_trigraph(tern_client *client, const Demo__Comments__Text *request,
    const tern_call_options *options, Demo__Comments__Text **out_reply, tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_client_call(client, &demo_comments_commented__methods[4],
        (const ProtobufCMessage *)request, options, out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Demo__Comments__Text *)reply;
    return st;
}

tern_status demo_comments_commented_trigraph_async(tern_client *client, const Demo__Comments__Text *request,
    const tern_call_options *options, demo_comments_commented_trigraph_fn done, void *arg,
    tern_call **out_call, tern_error *err)
{
    return tern_client_call_async(client, &demo_comments_commented__methods[4],
        (const ProtobufCMessage *)request, options, (tern_any_fn)done, arg, out_call, err);
}

tern_status demo_comments_commented_trigraph_result(tern_call *call, Demo__Comments__Text **out_reply,
    tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_call_result(call, &demo_comments_commented__methods[4], out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Demo__Comments__Text *)reply;
    return st;
}

tern_status demo_comments_commented_utf8(tern_client *client, const Demo__Comments__Text *request,
    const tern_call_options *options, Demo__Comments__Text **out_reply, tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_client_call(client, &demo_comments_commented__methods[5],
        (const ProtobufCMessage *)request, options, out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Demo__Comments__Text *)reply;
    return st;
}

tern_status demo_comments_commented_utf8_async(tern_client *client, const Demo__Comments__Text *request,
    const tern_call_options *options, demo_comments_commented_utf8_fn done, void *arg,
    tern_call **out_call, tern_error *err)
{
    return tern_client_call_async(client, &demo_comments_commented__methods[5],
        (const ProtobufCMessage *)request, options, (tern_any_fn)done, arg, out_call, err);
}

tern_status demo_comments_commented_utf8_result(tern_call *call, Demo__Comments__Text **out_reply,
    tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_call_result(call, &demo_comments_commented__methods[5], out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Demo__Comments__Text *)reply;
    return st;
}

tern_status demo_comments_commented_blank(tern_client *client, const Demo__Comments__Text *request,
    const tern_call_options *options, Demo__Comments__Text **out_reply, tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_client_call(client, &demo_comments_commented__methods[6],
        (const ProtobufCMessage *)request, options, out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Demo__Comments__Text *)reply;
    return st;
}

tern_status demo_comments_commented_blank_async(tern_client *client, const Demo__Comments__Text *request,
    const tern_call_options *options, demo_comments_commented_blank_fn done, void *arg,
    tern_call **out_call, tern_error *err)
{
    return tern_client_call_async(client, &demo_comments_commented__methods[6],
        (const ProtobufCMessage *)request, options, (tern_any_fn)done, arg, out_call, err);
}

tern_status demo_comments_commented_blank_result(tern_call *call, Demo__Comments__Text **out_reply,
    tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_call_result(call, &demo_comments_commented__methods[6], out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Demo__Comments__Text *)reply;
    return st;
}

tern_status demo_comments_commented_none(tern_client *client, const Demo__Comments__Text *request,
    const tern_call_options *options, Demo__Comments__Text **out_reply, tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_client_call(client, &demo_comments_commented__methods[7],
        (const ProtobufCMessage *)request, options, out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Demo__Comments__Text *)reply;
    return st;
}

tern_status demo_comments_commented_none_async(tern_client *client, const Demo__Comments__Text *request,
    const tern_call_options *options, demo_comments_commented_none_fn done, void *arg,
    tern_call **out_call, tern_error *err)
{
    return tern_client_call_async(client, &demo_comments_commented__methods[7],
        (const ProtobufCMessage *)request, options, (tern_any_fn)done, arg, out_call, err);
}

tern_status demo_comments_commented_none_result(tern_call *call, Demo__Comments__Text **out_reply,
    tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_call_result(call, &demo_comments_commented__methods[7], out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Demo__Comments__Text *)reply;
    return st;
}

tern_status demo_comments_commented_serve(tern_conn *conn, const demo_comments_commented_handlers *handlers, void *arg,
    const tern_service_options *options, tern_service **out_service, tern_error *err)
{
    return tern_service_start(conn, &demo_comments_commented_type, handlers, arg, options, out_service, err);
}

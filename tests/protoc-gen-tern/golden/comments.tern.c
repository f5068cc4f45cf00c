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

static tern_status demo_comments_commented_sneaky__invoke(const void *handlers, tern_request *rq,
    const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const demo_comments_commented_handlers *own = (const demo_comments_commented_handlers *)handlers;

    if (own->sneaky == NULL)
        return tern_request_fail(rq, TERN_UNIMPLEMENTED, "%s is not implemented", "demo.comments.Commented.Sneaky");
    return (own->sneaky)(rq, (const Demo__Comments__Text *)in, (Demo__Comments__Text *)out);
}

static tern_status demo_comments_commented_trailing__invoke(const void *handlers, tern_request *rq,
    const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const demo_comments_commented_handlers *own = (const demo_comments_commented_handlers *)handlers;

    if (own->trailing == NULL)
        return tern_request_fail(rq, TERN_UNIMPLEMENTED, "%s is not implemented", "demo.comments.Commented.Trailing");
    return (own->trailing)(rq, (const Demo__Comments__Text *)in, (Demo__Comments__Text *)out);
}

static tern_status demo_comments_commented_odd__invoke(const void *handlers, tern_request *rq,
    const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const demo_comments_commented_handlers *own = (const demo_comments_commented_handlers *)handlers;

    if (own->odd == NULL)
        return tern_request_fail(rq, TERN_UNIMPLEMENTED, "%s is not implemented", "demo.comments.Commented.Odd");
    return (own->odd)(rq, (const Demo__Comments__Text *)in, (Demo__Comments__Text *)out);
}

static tern_status demo_comments_commented_utf8__invoke(const void *handlers, tern_request *rq,
    const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const demo_comments_commented_handlers *own = (const demo_comments_commented_handlers *)handlers;

    if (own->utf8 == NULL)
        return tern_request_fail(rq, TERN_UNIMPLEMENTED, "%s is not implemented", "demo.comments.Commented.Utf8");
    return (own->utf8)(rq, (const Demo__Comments__Text *)in, (Demo__Comments__Text *)out);
}

static tern_status demo_comments_commented_blank__invoke(const void *handlers, tern_request *rq,
    const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const demo_comments_commented_handlers *own = (const demo_comments_commented_handlers *)handlers;

    if (own->blank == NULL)
        return tern_request_fail(rq, TERN_UNIMPLEMENTED, "%s is not implemented", "demo.comments.Commented.Blank");
    return (own->blank)(rq, (const Demo__Comments__Text *)in, (Demo__Comments__Text *)out);
}

static tern_status demo_comments_commented_none__invoke(const void *handlers, tern_request *rq,
    const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const demo_comments_commented_handlers *own = (const demo_comments_commented_handlers *)handlers;

    if (own->none == NULL)
        return tern_request_fail(rq, TERN_UNIMPLEMENTED, "%s is not implemented", "demo.comments.Commented.None");
    return (own->none)(rq, (const Demo__Comments__Text *)in, (Demo__Comments__Text *)out);
}

static const tern_method demo_comments_commented__methods[] = {
    {
        .name = "Block",
        .subject = "demo.comments.Commented.Block",
        .input = &demo__comments__text__descriptor,
        .output = &demo__comments__text__descriptor,
        .idempotency = TERN_IDEMPOTENCY_UNKNOWN,
        .invoke = demo_comments_commented_block__invoke,
    },
    {
        .name = "Sneaky",
        .subject = "demo.comments.Commented.Sneaky",
        .input = &demo__comments__text__descriptor,
        .output = &demo__comments__text__descriptor,
        .idempotency = TERN_IDEMPOTENCY_UNKNOWN,
        .invoke = demo_comments_commented_sneaky__invoke,
    },
    {
        .name = "Trailing",
        .subject = "demo.comments.Commented.Trailing",
        .input = &demo__comments__text__descriptor,
        .output = &demo__comments__text__descriptor,
        .idempotency = TERN_IDEMPOTENCY_UNKNOWN,
        .invoke = demo_comments_commented_trailing__invoke,
    },
    {
        .name = "Odd",
        .subject = "demo.comments.Commented.Odd",
        .input = &demo__comments__text__descriptor,
        .output = &demo__comments__text__descriptor,
        .idempotency = TERN_IDEMPOTENCY_UNKNOWN,
        .invoke = demo_comments_commented_odd__invoke,
    },
    {
        .name = "Utf8",
        .subject = "demo.comments.Commented.Utf8",
        .input = &demo__comments__text__descriptor,
        .output = &demo__comments__text__descriptor,
        .idempotency = TERN_IDEMPOTENCY_UNKNOWN,
        .invoke = demo_comments_commented_utf8__invoke,
    },
    {
        .name = "Blank",
        .subject = "demo.comments.Commented.Blank",
        .input = &demo__comments__text__descriptor,
        .output = &demo__comments__text__descriptor,
        .idempotency = TERN_IDEMPOTENCY_UNKNOWN,
        .invoke = demo_comments_commented_blank__invoke,
    },
    {
        .name = "None",
        .subject = "demo.comments.Commented.None",
        .input = &demo__comments__text__descriptor,
        .output = &demo__comments__text__descriptor,
        .idempotency = TERN_IDEMPOTENCY_UNKNOWN,
        .invoke = demo_comments_commented_none__invoke,
    },
};

const tern_service_type demo_comments_commented_type = {
    .name = "demo.comments.Commented",
    .methods = demo_comments_commented__methods,
    .method_count = 7,
    .handlers_size = sizeof(demo_comments_commented_handlers),
};

tern_status demo_comments_commented_block(tern_client *client, const Demo__Comments__Text *request,
    const tern_call_options *options, Demo__Comments__Text **out_reply, tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_client_call(client, &demo_comments_commented__methods[0],
        (const ProtobufCMessage *)request, options, &reply, err);

    if (st == TERN_OK)
        *out_reply = (Demo__Comments__Text *)reply;
    return st;
}

tern_status demo_comments_commented_sneaky(tern_client *client, const Demo__Comments__Text *request,
    const tern_call_options *options, Demo__Comments__Text **out_reply, tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_client_call(client, &demo_comments_commented__methods[1],
        (const ProtobufCMessage *)request, options, &reply, err);

    if (st == TERN_OK)
        *out_reply = (Demo__Comments__Text *)reply;
    return st;
}

tern_status demo_comments_commented_trailing(tern_client *client, const Demo__Comments__Text *request,
    const tern_call_options *options, Demo__Comments__Text **out_reply, tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_client_call(client, &demo_comments_commented__methods[2],
        (const ProtobufCMessage *)request, options, &reply, err);

    if (st == TERN_OK)
        *out_reply = (Demo__Comments__Text *)reply;
    return st;
}

tern_status demo_comments_commented_odd(tern_client *client, const Demo__Comments__Text *request,
    const tern_call_options *options, Demo__Comments__Text **out_reply, tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_client_call(client, &demo_comments_commented__methods[3],
        (const ProtobufCMessage *)request, options, &reply, err);

    if (st == TERN_OK)
        *out_reply = (Demo__Comments__Text *)reply;
    return st;
}

tern_status demo_comments_commented_utf8(tern_client *client, const Demo__Comments__Text *request,
    const tern_call_options *options, Demo__Comments__Text **out_reply, tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_client_call(client, &demo_comments_commented__methods[4],
        (const ProtobufCMessage *)request, options, &reply, err);

    if (st == TERN_OK)
        *out_reply = (Demo__Comments__Text *)reply;
    return st;
}

tern_status demo_comments_commented_blank(tern_client *client, const Demo__Comments__Text *request,
    const tern_call_options *options, Demo__Comments__Text **out_reply, tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_client_call(client, &demo_comments_commented__methods[5],
        (const ProtobufCMessage *)request, options, &reply, err);

    if (st == TERN_OK)
        *out_reply = (Demo__Comments__Text *)reply;
    return st;
}

tern_status demo_comments_commented_none(tern_client *client, const Demo__Comments__Text *request,
    const tern_call_options *options, Demo__Comments__Text **out_reply, tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_client_call(client, &demo_comments_commented__methods[6],
        (const ProtobufCMessage *)request, options, &reply, err);

    if (st == TERN_OK)
        *out_reply = (Demo__Comments__Text *)reply;
    return st;
}

tern_status demo_comments_commented_serve(tern_conn *conn, const demo_comments_commented_handlers *handlers, void *arg,
    const tern_service_options *options, tern_service **out_service, tern_error *err)
{
    return tern_service_start(conn, &demo_comments_commented_type, handlers, arg, options, out_service, err);
}

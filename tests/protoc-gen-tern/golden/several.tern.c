/* Made by protoc-gen-tern from several.proto. Do not edit. */
#include "several.tern.h"

/* ---- demo.several.v1.First ---- */

static tern_status demo_several_v1_first_find__invoke(const void *handlers, tern_request *rq,
    const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const demo_several_v1_first_handlers *own = (const demo_several_v1_first_handlers *)handlers;

    if (own->find == NULL)
        return tern_request_fail(rq, TERN_UNIMPLEMENTED, "%s is not implemented", "demo.several.v1.First.Find");
    return (own->find)(rq, (const Demo__Several__V1__Query *)in, (Types__CommonV1__Page *)out);
}

static void demo_several_v1_first_find__complete(void (*done)(void), tern_call *call,
    ProtobufCMessage *reply, const tern_error *err, void *arg)
{
    ((demo_several_v1_first_find_fn)done)(call, (Types__CommonV1__Page *)reply, err, arg);
}

static tern_status demo_several_v1_first_next__invoke(const void *handlers, tern_request *rq,
    const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const demo_several_v1_first_handlers *own = (const demo_several_v1_first_handlers *)handlers;

    if (own->next == NULL)
        return tern_request_fail(rq, TERN_UNIMPLEMENTED, "%s is not implemented", "demo.several.v1.First.Next");
    return (own->next)(rq, (const Types__CommonV1__Page__Cursor *)in, (Types__CommonV1__Page__Cursor__HTTPState *)out);
}

static void demo_several_v1_first_next__complete(void (*done)(void), tern_call *call,
    ProtobufCMessage *reply, const tern_error *err, void *arg)
{
    ((demo_several_v1_first_next_fn)done)(call, (Types__CommonV1__Page__Cursor__HTTPState *)reply, err, arg);
}

static tern_status demo_several_v1_first_nested__invoke(const void *handlers, tern_request *rq,
    const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const demo_several_v1_first_handlers *own = (const demo_several_v1_first_handlers *)handlers;

    if (own->nested == NULL)
        return tern_request_fail(rq, TERN_UNIMPLEMENTED, "%s is not implemented", "demo.several.v1.First.Nested");
    return (own->nested)(rq, (const Demo__Several__V1__Query__Nested *)in, (Demo__Several__V1__Query__Nested *)out);
}

static void demo_several_v1_first_nested__complete(void (*done)(void), tern_call *call,
    ProtobufCMessage *reply, const tern_error *err, void *arg)
{
    ((demo_several_v1_first_nested_fn)done)(call, (Demo__Several__V1__Query__Nested *)reply, err, arg);
}

static tern_status demo_several_v1_first_ping__invoke(const void *handlers, tern_request *rq,
    const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const demo_several_v1_first_handlers *own = (const demo_several_v1_first_handlers *)handlers;

    if (own->ping == NULL)
        return tern_request_fail(rq, TERN_UNIMPLEMENTED, "%s is not implemented", "demo.several.v1.First.Ping");
    return (own->ping)(rq, (const Google__Protobuf__Empty *)in, (Google__Protobuf__Empty *)out);
}

static void demo_several_v1_first_ping__complete(void (*done)(void), tern_call *call,
    ProtobufCMessage *reply, const tern_error *err, void *arg)
{
    ((demo_several_v1_first_ping_fn)done)(call, (Google__Protobuf__Empty *)reply, err, arg);
}

static const tern_method demo_several_v1_first__methods[] = {
    {
        .name = "Find",
        .subject = "demo.several.v1.First.Find",
        .input = &demo__several__v1__query__descriptor,
        .output = &types__common_v1__page__descriptor,
        .idempotency = TERN_IDEMPOTENCY_UNKNOWN,
        .invoke = demo_several_v1_first_find__invoke,
        .complete = demo_several_v1_first_find__complete,
    },
    {
        .name = "Next",
        .subject = "demo.several.v1.First.Next",
        .input = &types__common_v1__page__cursor__descriptor,
        .output = &types__common_v1__page__cursor__httpstate__descriptor,
        .idempotency = TERN_IDEMPOTENT,
        .invoke = demo_several_v1_first_next__invoke,
        .complete = demo_several_v1_first_next__complete,
    },
    {
        .name = "Nested",
        .subject = "demo.several.v1.First.Nested",
        .input = &demo__several__v1__query__nested__descriptor,
        .output = &demo__several__v1__query__nested__descriptor,
        .idempotency = TERN_NO_SIDE_EFFECTS,
        .invoke = demo_several_v1_first_nested__invoke,
        .complete = demo_several_v1_first_nested__complete,
    },
    {
        .name = "Ping",
        .subject = "demo.several.v1.First.Ping",
        .input = &google__protobuf__empty__descriptor,
        .output = &google__protobuf__empty__descriptor,
        .idempotency = TERN_IDEMPOTENCY_UNKNOWN,
        .invoke = demo_several_v1_first_ping__invoke,
        .complete = demo_several_v1_first_ping__complete,
    },
};

const tern_service_type demo_several_v1_first_type = {
    .name = "demo.several.v1.First",
    .methods = demo_several_v1_first__methods,
    .method_count = 4,
    .handlers_size = sizeof(demo_several_v1_first_handlers),
};

tern_status demo_several_v1_first_find(tern_client *client, const Demo__Several__V1__Query *request,
    const tern_call_options *options, Types__CommonV1__Page **out_reply, tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_client_call(client, &demo_several_v1_first__methods[0],
        (const ProtobufCMessage *)request, options, out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Types__CommonV1__Page *)reply;
    return st;
}

tern_status demo_several_v1_first_find_async(tern_client *client, const Demo__Several__V1__Query *request,
    const tern_call_options *options, demo_several_v1_first_find_fn done, void *arg,
    tern_call **out_call, tern_error *err)
{
    return tern_client_call_async(client, &demo_several_v1_first__methods[0],
        (const ProtobufCMessage *)request, options, (tern_any_fn)done, arg, out_call, err);
}

tern_status demo_several_v1_first_find_result(tern_call *call, Types__CommonV1__Page **out_reply,
    tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_call_result(call, &demo_several_v1_first__methods[0], out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Types__CommonV1__Page *)reply;
    return st;
}

tern_status demo_several_v1_first_next(tern_client *client, const Types__CommonV1__Page__Cursor *request,
    const tern_call_options *options, Types__CommonV1__Page__Cursor__HTTPState **out_reply, tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_client_call(client, &demo_several_v1_first__methods[1],
        (const ProtobufCMessage *)request, options, out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Types__CommonV1__Page__Cursor__HTTPState *)reply;
    return st;
}

tern_status demo_several_v1_first_next_async(tern_client *client, const Types__CommonV1__Page__Cursor *request,
    const tern_call_options *options, demo_several_v1_first_next_fn done, void *arg,
    tern_call **out_call, tern_error *err)
{
    return tern_client_call_async(client, &demo_several_v1_first__methods[1],
        (const ProtobufCMessage *)request, options, (tern_any_fn)done, arg, out_call, err);
}

tern_status demo_several_v1_first_next_result(tern_call *call, Types__CommonV1__Page__Cursor__HTTPState **out_reply,
    tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_call_result(call, &demo_several_v1_first__methods[1], out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Types__CommonV1__Page__Cursor__HTTPState *)reply;
    return st;
}

tern_status demo_several_v1_first_nested(tern_client *client, const Demo__Several__V1__Query__Nested *request,
    const tern_call_options *options, Demo__Several__V1__Query__Nested **out_reply, tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_client_call(client, &demo_several_v1_first__methods[2],
        (const ProtobufCMessage *)request, options, out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Demo__Several__V1__Query__Nested *)reply;
    return st;
}

tern_status demo_several_v1_first_nested_async(tern_client *client, const Demo__Several__V1__Query__Nested *request,
    const tern_call_options *options, demo_several_v1_first_nested_fn done, void *arg,
    tern_call **out_call, tern_error *err)
{
    return tern_client_call_async(client, &demo_several_v1_first__methods[2],
        (const ProtobufCMessage *)request, options, (tern_any_fn)done, arg, out_call, err);
}

tern_status demo_several_v1_first_nested_result(tern_call *call, Demo__Several__V1__Query__Nested **out_reply,
    tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_call_result(call, &demo_several_v1_first__methods[2], out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Demo__Several__V1__Query__Nested *)reply;
    return st;
}

tern_status demo_several_v1_first_ping(tern_client *client, const Google__Protobuf__Empty *request,
    const tern_call_options *options, Google__Protobuf__Empty **out_reply, tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_client_call(client, &demo_several_v1_first__methods[3],
        (const ProtobufCMessage *)request, options, out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Google__Protobuf__Empty *)reply;
    return st;
}

tern_status demo_several_v1_first_ping_async(tern_client *client, const Google__Protobuf__Empty *request,
    const tern_call_options *options, demo_several_v1_first_ping_fn done, void *arg,
    tern_call **out_call, tern_error *err)
{
    return tern_client_call_async(client, &demo_several_v1_first__methods[3],
        (const ProtobufCMessage *)request, options, (tern_any_fn)done, arg, out_call, err);
}

tern_status demo_several_v1_first_ping_result(tern_call *call, Google__Protobuf__Empty **out_reply,
    tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_call_result(call, &demo_several_v1_first__methods[3], out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Google__Protobuf__Empty *)reply;
    return st;
}

tern_status demo_several_v1_first_serve(tern_conn *conn, const demo_several_v1_first_handlers *handlers, void *arg,
    const tern_service_options *options, tern_service **out_service, tern_error *err)
{
    return tern_service_start(conn, &demo_several_v1_first_type, handlers, arg, options, out_service, err);
}

/* ---- demo.several.v1.HTTPServer ---- */

static tern_status demo_several_v1_httpserver_get_v2__invoke(const void *handlers, tern_request *rq,
    const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const demo_several_v1_httpserver_handlers *own = (const demo_several_v1_httpserver_handlers *)handlers;

    if (own->get_v2 == NULL)
        return tern_request_fail(rq, TERN_UNIMPLEMENTED, "%s is not implemented", "demo.several.v1.HTTPServer.GetV2");
    return (own->get_v2)(rq, (const Types__CommonV1__LowerCaseName *)in, (Types__ID2Name *)out);
}

static void demo_several_v1_httpserver_get_v2__complete(void (*done)(void), tern_call *call,
    ProtobufCMessage *reply, const tern_error *err, void *arg)
{
    ((demo_several_v1_httpserver_get_v2_fn)done)(call, (Types__ID2Name *)reply, err, arg);
}

static tern_status demo_several_v1_httpserver_getall__invoke(const void *handlers, tern_request *rq,
    const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const demo_several_v1_httpserver_handlers *own = (const demo_several_v1_httpserver_handlers *)handlers;

    if (own->getall == NULL)
        return tern_request_fail(rq, TERN_UNIMPLEMENTED, "%s is not implemented", "demo.several.v1.HTTPServer.GETAll");
    return (own->getall)(rq, (const Demo__Several__V1__Query *)in, (Demo__Several__V1__Query *)out);
}

static void demo_several_v1_httpserver_getall__complete(void (*done)(void), tern_call *call,
    ProtobufCMessage *reply, const tern_error *err, void *arg)
{
    ((demo_several_v1_httpserver_getall_fn)done)(call, (Demo__Several__V1__Query *)reply, err, arg);
}

static tern_status demo_several_v1_httpserver_get_lower__invoke(const void *handlers, tern_request *rq,
    const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const demo_several_v1_httpserver_handlers *own = (const demo_several_v1_httpserver_handlers *)handlers;

    if (own->get_lower == NULL)
        return tern_request_fail(rq, TERN_UNIMPLEMENTED, "%s is not implemented", "demo.several.v1.HTTPServer.get_lower");
    return (own->get_lower)(rq, (const Demo__Several__V1__Query *)in, (Demo__Several__V1__Query *)out);
}

static void demo_several_v1_httpserver_get_lower__complete(void (*done)(void), tern_call *call,
    ProtobufCMessage *reply, const tern_error *err, void *arg)
{
    ((demo_several_v1_httpserver_get_lower_fn)done)(call, (Demo__Several__V1__Query *)reply, err, arg);
}

static tern_status demo_several_v1_httpserver_x__invoke(const void *handlers, tern_request *rq,
    const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const demo_several_v1_httpserver_handlers *own = (const demo_several_v1_httpserver_handlers *)handlers;

    if (own->x == NULL)
        return tern_request_fail(rq, TERN_UNIMPLEMENTED, "%s is not implemented", "demo.several.v1.HTTPServer.X");
    return (own->x)(rq, (const Demo__Several__V1__Query *)in, (Demo__Several__V1__Query *)out);
}

static void demo_several_v1_httpserver_x__complete(void (*done)(void), tern_call *call,
    ProtobufCMessage *reply, const tern_error *err, void *arg)
{
    ((demo_several_v1_httpserver_x_fn)done)(call, (Demo__Several__V1__Query *)reply, err, arg);
}

static tern_status demo_several_v1_httpserver_send2_many3__invoke(const void *handlers, tern_request *rq,
    const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const demo_several_v1_httpserver_handlers *own = (const demo_several_v1_httpserver_handlers *)handlers;

    if (own->send2_many3 == NULL)
        return tern_request_fail(rq, TERN_UNIMPLEMENTED, "%s is not implemented", "demo.several.v1.HTTPServer.Send2Many3");
    return (own->send2_many3)(rq, (const Demo__Several__V1__Query *)in, (Demo__Several__V1__Query *)out);
}

static void demo_several_v1_httpserver_send2_many3__complete(void (*done)(void), tern_call *call,
    ProtobufCMessage *reply, const tern_error *err, void *arg)
{
    ((demo_several_v1_httpserver_send2_many3_fn)done)(call, (Demo__Several__V1__Query *)reply, err, arg);
}

static tern_status demo_several_v1_httpserver_mixed__case___invoke(const void *handlers, tern_request *rq,
    const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const demo_several_v1_httpserver_handlers *own = (const demo_several_v1_httpserver_handlers *)handlers;

    if (own->mixed__case_ == NULL)
        return tern_request_fail(rq, TERN_UNIMPLEMENTED, "%s is not implemented", "demo.several.v1.HTTPServer.Mixed_Case_");
    return (own->mixed__case_)(rq, (const Demo__Several__V1__Query *)in, (Demo__Several__V1__Query *)out);
}

static void demo_several_v1_httpserver_mixed__case___complete(void (*done)(void), tern_call *call,
    ProtobufCMessage *reply, const tern_error *err, void *arg)
{
    ((demo_several_v1_httpserver_mixed__case__fn)done)(call, (Demo__Several__V1__Query *)reply, err, arg);
}

static const tern_method demo_several_v1_httpserver__methods[] = {
    {
        .name = "GetV2",
        .subject = "demo.several.v1.HTTPServer.GetV2",
        .input = &types__common_v1__lower_case_name__descriptor,
        .output = &types__id2_name__descriptor,
        .idempotency = TERN_IDEMPOTENCY_UNKNOWN,
        .invoke = demo_several_v1_httpserver_get_v2__invoke,
        .complete = demo_several_v1_httpserver_get_v2__complete,
    },
    {
        .name = "GETAll",
        .subject = "demo.several.v1.HTTPServer.GETAll",
        .input = &demo__several__v1__query__descriptor,
        .output = &demo__several__v1__query__descriptor,
        .idempotency = TERN_IDEMPOTENCY_UNKNOWN,
        .invoke = demo_several_v1_httpserver_getall__invoke,
        .complete = demo_several_v1_httpserver_getall__complete,
    },
    {
        .name = "get_lower",
        .subject = "demo.several.v1.HTTPServer.get_lower",
        .input = &demo__several__v1__query__descriptor,
        .output = &demo__several__v1__query__descriptor,
        .idempotency = TERN_IDEMPOTENCY_UNKNOWN,
        .invoke = demo_several_v1_httpserver_get_lower__invoke,
        .complete = demo_several_v1_httpserver_get_lower__complete,
    },
    {
        .name = "X",
        .subject = "demo.several.v1.HTTPServer.X",
        .input = &demo__several__v1__query__descriptor,
        .output = &demo__several__v1__query__descriptor,
        .idempotency = TERN_IDEMPOTENCY_UNKNOWN,
        .invoke = demo_several_v1_httpserver_x__invoke,
        .complete = demo_several_v1_httpserver_x__complete,
    },
    {
        .name = "Send2Many3",
        .subject = "demo.several.v1.HTTPServer.Send2Many3",
        .input = &demo__several__v1__query__descriptor,
        .output = &demo__several__v1__query__descriptor,
        .idempotency = TERN_IDEMPOTENCY_UNKNOWN,
        .invoke = demo_several_v1_httpserver_send2_many3__invoke,
        .complete = demo_several_v1_httpserver_send2_many3__complete,
    },
    {
        .name = "Mixed_Case_",
        .subject = "demo.several.v1.HTTPServer.Mixed_Case_",
        .input = &demo__several__v1__query__descriptor,
        .output = &demo__several__v1__query__descriptor,
        .idempotency = TERN_IDEMPOTENCY_UNKNOWN,
        .invoke = demo_several_v1_httpserver_mixed__case___invoke,
        .complete = demo_several_v1_httpserver_mixed__case___complete,
    },
};

const tern_service_type demo_several_v1_httpserver_type = {
    .name = "demo.several.v1.HTTPServer",
    .methods = demo_several_v1_httpserver__methods,
    .method_count = 6,
    .handlers_size = sizeof(demo_several_v1_httpserver_handlers),
};

tern_status demo_several_v1_httpserver_get_v2(tern_client *client, const Types__CommonV1__LowerCaseName *request,
    const tern_call_options *options, Types__ID2Name **out_reply, tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_client_call(client, &demo_several_v1_httpserver__methods[0],
        (const ProtobufCMessage *)request, options, out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Types__ID2Name *)reply;
    return st;
}

tern_status demo_several_v1_httpserver_get_v2_async(tern_client *client, const Types__CommonV1__LowerCaseName *request,
    const tern_call_options *options, demo_several_v1_httpserver_get_v2_fn done, void *arg,
    tern_call **out_call, tern_error *err)
{
    return tern_client_call_async(client, &demo_several_v1_httpserver__methods[0],
        (const ProtobufCMessage *)request, options, (tern_any_fn)done, arg, out_call, err);
}

tern_status demo_several_v1_httpserver_get_v2_result(tern_call *call, Types__ID2Name **out_reply,
    tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_call_result(call, &demo_several_v1_httpserver__methods[0], out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Types__ID2Name *)reply;
    return st;
}

tern_status demo_several_v1_httpserver_getall(tern_client *client, const Demo__Several__V1__Query *request,
    const tern_call_options *options, Demo__Several__V1__Query **out_reply, tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_client_call(client, &demo_several_v1_httpserver__methods[1],
        (const ProtobufCMessage *)request, options, out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Demo__Several__V1__Query *)reply;
    return st;
}

tern_status demo_several_v1_httpserver_getall_async(tern_client *client, const Demo__Several__V1__Query *request,
    const tern_call_options *options, demo_several_v1_httpserver_getall_fn done, void *arg,
    tern_call **out_call, tern_error *err)
{
    return tern_client_call_async(client, &demo_several_v1_httpserver__methods[1],
        (const ProtobufCMessage *)request, options, (tern_any_fn)done, arg, out_call, err);
}

tern_status demo_several_v1_httpserver_getall_result(tern_call *call, Demo__Several__V1__Query **out_reply,
    tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_call_result(call, &demo_several_v1_httpserver__methods[1], out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Demo__Several__V1__Query *)reply;
    return st;
}

tern_status demo_several_v1_httpserver_get_lower(tern_client *client, const Demo__Several__V1__Query *request,
    const tern_call_options *options, Demo__Several__V1__Query **out_reply, tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_client_call(client, &demo_several_v1_httpserver__methods[2],
        (const ProtobufCMessage *)request, options, out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Demo__Several__V1__Query *)reply;
    return st;
}

tern_status demo_several_v1_httpserver_get_lower_async(tern_client *client, const Demo__Several__V1__Query *request,
    const tern_call_options *options, demo_several_v1_httpserver_get_lower_fn done, void *arg,
    tern_call **out_call, tern_error *err)
{
    return tern_client_call_async(client, &demo_several_v1_httpserver__methods[2],
        (const ProtobufCMessage *)request, options, (tern_any_fn)done, arg, out_call, err);
}

tern_status demo_several_v1_httpserver_get_lower_result(tern_call *call, Demo__Several__V1__Query **out_reply,
    tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_call_result(call, &demo_several_v1_httpserver__methods[2], out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Demo__Several__V1__Query *)reply;
    return st;
}

tern_status demo_several_v1_httpserver_x(tern_client *client, const Demo__Several__V1__Query *request,
    const tern_call_options *options, Demo__Several__V1__Query **out_reply, tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_client_call(client, &demo_several_v1_httpserver__methods[3],
        (const ProtobufCMessage *)request, options, out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Demo__Several__V1__Query *)reply;
    return st;
}

tern_status demo_several_v1_httpserver_x_async(tern_client *client, const Demo__Several__V1__Query *request,
    const tern_call_options *options, demo_several_v1_httpserver_x_fn done, void *arg,
    tern_call **out_call, tern_error *err)
{
    return tern_client_call_async(client, &demo_several_v1_httpserver__methods[3],
        (const ProtobufCMessage *)request, options, (tern_any_fn)done, arg, out_call, err);
}

tern_status demo_several_v1_httpserver_x_result(tern_call *call, Demo__Several__V1__Query **out_reply,
    tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_call_result(call, &demo_several_v1_httpserver__methods[3], out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Demo__Several__V1__Query *)reply;
    return st;
}

tern_status demo_several_v1_httpserver_send2_many3(tern_client *client, const Demo__Several__V1__Query *request,
    const tern_call_options *options, Demo__Several__V1__Query **out_reply, tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_client_call(client, &demo_several_v1_httpserver__methods[4],
        (const ProtobufCMessage *)request, options, out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Demo__Several__V1__Query *)reply;
    return st;
}

tern_status demo_several_v1_httpserver_send2_many3_async(tern_client *client, const Demo__Several__V1__Query *request,
    const tern_call_options *options, demo_several_v1_httpserver_send2_many3_fn done, void *arg,
    tern_call **out_call, tern_error *err)
{
    return tern_client_call_async(client, &demo_several_v1_httpserver__methods[4],
        (const ProtobufCMessage *)request, options, (tern_any_fn)done, arg, out_call, err);
}

tern_status demo_several_v1_httpserver_send2_many3_result(tern_call *call, Demo__Several__V1__Query **out_reply,
    tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_call_result(call, &demo_several_v1_httpserver__methods[4], out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Demo__Several__V1__Query *)reply;
    return st;
}

tern_status demo_several_v1_httpserver_mixed__case_(tern_client *client, const Demo__Several__V1__Query *request,
    const tern_call_options *options, Demo__Several__V1__Query **out_reply, tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_client_call(client, &demo_several_v1_httpserver__methods[5],
        (const ProtobufCMessage *)request, options, out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Demo__Several__V1__Query *)reply;
    return st;
}

tern_status demo_several_v1_httpserver_mixed__case__async(tern_client *client, const Demo__Several__V1__Query *request,
    const tern_call_options *options, demo_several_v1_httpserver_mixed__case__fn done, void *arg,
    tern_call **out_call, tern_error *err)
{
    return tern_client_call_async(client, &demo_several_v1_httpserver__methods[5],
        (const ProtobufCMessage *)request, options, (tern_any_fn)done, arg, out_call, err);
}

tern_status demo_several_v1_httpserver_mixed__case__result(tern_call *call, Demo__Several__V1__Query **out_reply,
    tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_call_result(call, &demo_several_v1_httpserver__methods[5], out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Demo__Several__V1__Query *)reply;
    return st;
}

tern_status demo_several_v1_httpserver_serve(tern_conn *conn, const demo_several_v1_httpserver_handlers *handlers, void *arg,
    const tern_service_options *options, tern_service **out_service, tern_error *err)
{
    return tern_service_start(conn, &demo_several_v1_httpserver_type, handlers, arg, options, out_service, err);
}

/* ---- demo.several.v1.NoMethods ---- */

const tern_service_type demo_several_v1_no_methods_type = {
    .name = "demo.several.v1.NoMethods",
    .method_count = 0,
    .handlers_size = sizeof(demo_several_v1_no_methods_handlers),
};

tern_status demo_several_v1_no_methods_serve(tern_conn *conn, const demo_several_v1_no_methods_handlers *handlers, void *arg,
    const tern_service_options *options, tern_service **out_service, tern_error *err)
{
    return tern_service_start(conn, &demo_several_v1_no_methods_type, handlers, arg, options, out_service, err);
}

/* ---- demo.several.v1.lower_service ---- */

static tern_status demo_several_v1_lower_service_do_it__invoke(const void *handlers, tern_request *rq,
    const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const demo_several_v1_lower_service_handlers *own = (const demo_several_v1_lower_service_handlers *)handlers;

    if (own->do_it == NULL)
        return tern_request_fail(rq, TERN_UNIMPLEMENTED, "%s is not implemented", "demo.several.v1.lower_service.Do_it");
    return (own->do_it)(rq, (const Demo__Several__V1__Query *)in, (Demo__Several__V1__Query *)out);
}

static void demo_several_v1_lower_service_do_it__complete(void (*done)(void), tern_call *call,
    ProtobufCMessage *reply, const tern_error *err, void *arg)
{
    ((demo_several_v1_lower_service_do_it_fn)done)(call, (Demo__Several__V1__Query *)reply, err, arg);
}

static const tern_method demo_several_v1_lower_service__methods[] = {
    {
        .name = "Do_it",
        .subject = "demo.several.v1.lower_service.Do_it",
        .input = &demo__several__v1__query__descriptor,
        .output = &demo__several__v1__query__descriptor,
        .idempotency = TERN_IDEMPOTENCY_UNKNOWN,
        .invoke = demo_several_v1_lower_service_do_it__invoke,
        .complete = demo_several_v1_lower_service_do_it__complete,
    },
};

const tern_service_type demo_several_v1_lower_service_type = {
    .name = "demo.several.v1.lower_service",
    .methods = demo_several_v1_lower_service__methods,
    .method_count = 1,
    .handlers_size = sizeof(demo_several_v1_lower_service_handlers),
};

tern_status demo_several_v1_lower_service_do_it(tern_client *client, const Demo__Several__V1__Query *request,
    const tern_call_options *options, Demo__Several__V1__Query **out_reply, tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_client_call(client, &demo_several_v1_lower_service__methods[0],
        (const ProtobufCMessage *)request, options, out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Demo__Several__V1__Query *)reply;
    return st;
}

tern_status demo_several_v1_lower_service_do_it_async(tern_client *client, const Demo__Several__V1__Query *request,
    const tern_call_options *options, demo_several_v1_lower_service_do_it_fn done, void *arg,
    tern_call **out_call, tern_error *err)
{
    return tern_client_call_async(client, &demo_several_v1_lower_service__methods[0],
        (const ProtobufCMessage *)request, options, (tern_any_fn)done, arg, out_call, err);
}

tern_status demo_several_v1_lower_service_do_it_result(tern_call *call, Demo__Several__V1__Query **out_reply,
    tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_call_result(call, &demo_several_v1_lower_service__methods[0], out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Demo__Several__V1__Query *)reply;
    return st;
}

tern_status demo_several_v1_lower_service_serve(tern_conn *conn, const demo_several_v1_lower_service_handlers *handlers, void *arg,
    const tern_service_options *options, tern_service **out_service, tern_error *err)
{
    return tern_service_start(conn, &demo_several_v1_lower_service_type, handlers, arg, options, out_service, err);
}

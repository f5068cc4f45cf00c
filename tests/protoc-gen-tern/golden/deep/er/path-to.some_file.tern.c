/* Made by protoc-gen-tern from deep/er/path-to.some_file.proto. Do not edit. */
#include "deep/er/path-to.some_file.tern.h"

/* ---- com.Acme_Corp.HTTP2.v1beta2.APIGateway2 ---- */

static tern_status com_acme__corp_http2_v1beta2_apigateway2_route_v1_beta__invoke(const void *handlers, tern_request *rq,
    const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const com_acme__corp_http2_v1beta2_apigateway2_handlers *own = (const com_acme__corp_http2_v1beta2_apigateway2_handlers *)handlers;

    if (own->route_v1_beta == NULL)
        return tern_request_fail(rq, TERN_UNIMPLEMENTED, "%s is not implemented", "com.Acme_Corp.HTTP2.v1beta2.APIGateway2.RouteV1Beta");
    return (own->route_v1_beta)(rq, (const Com__AcmeCorp__HTTP2__V1beta2__RPCMessage *)in, (Com__AcmeCorp__HTTP2__V1beta2__RPCMessage *)out);
}

static void com_acme__corp_http2_v1beta2_apigateway2_route_v1_beta__complete(void (*done)(void), tern_call *call,
    ProtobufCMessage *reply, const tern_error *err, void *arg)
{
    ((com_acme__corp_http2_v1beta2_apigateway2_route_v1_beta_fn)done)(call, (Com__AcmeCorp__HTTP2__V1beta2__RPCMessage *)reply, err, arg);
}

static const tern_method com_acme__corp_http2_v1beta2_apigateway2__methods[] = {
    {
        .name = "RouteV1Beta",
        .subject = "com.Acme_Corp.HTTP2.v1beta2.APIGateway2.RouteV1Beta",
        .input = &com__acme__corp__http2__v1beta2__rpcmessage__descriptor,
        .output = &com__acme__corp__http2__v1beta2__rpcmessage__descriptor,
        .idempotency = TERN_IDEMPOTENCY_UNKNOWN,
        .invoke = com_acme__corp_http2_v1beta2_apigateway2_route_v1_beta__invoke,
        .complete = com_acme__corp_http2_v1beta2_apigateway2_route_v1_beta__complete,
    },
};

const tern_service_type com_acme__corp_http2_v1beta2_apigateway2_type = {
    .name = "com.Acme_Corp.HTTP2.v1beta2.APIGateway2",
    .methods = com_acme__corp_http2_v1beta2_apigateway2__methods,
    .method_count = 1,
    .handlers_size = sizeof(com_acme__corp_http2_v1beta2_apigateway2_handlers),
};

tern_status com_acme__corp_http2_v1beta2_apigateway2_route_v1_beta(tern_client *client, const Com__AcmeCorp__HTTP2__V1beta2__RPCMessage *request,
    const tern_call_options *options, Com__AcmeCorp__HTTP2__V1beta2__RPCMessage **out_reply, tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_client_call(client, &com_acme__corp_http2_v1beta2_apigateway2__methods[0],
        (const ProtobufCMessage *)request, options, out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Com__AcmeCorp__HTTP2__V1beta2__RPCMessage *)reply;
    return st;
}

tern_status com_acme__corp_http2_v1beta2_apigateway2_route_v1_beta_async(tern_client *client, const Com__AcmeCorp__HTTP2__V1beta2__RPCMessage *request,
    const tern_call_options *options, com_acme__corp_http2_v1beta2_apigateway2_route_v1_beta_fn done, void *arg,
    tern_call **out_call, tern_error *err)
{
    return tern_client_call_async(client, &com_acme__corp_http2_v1beta2_apigateway2__methods[0],
        (const ProtobufCMessage *)request, options, (tern_any_fn)done, arg, out_call, err);
}

tern_status com_acme__corp_http2_v1beta2_apigateway2_route_v1_beta_result(tern_call *call, Com__AcmeCorp__HTTP2__V1beta2__RPCMessage **out_reply,
    tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_call_result(call, &com_acme__corp_http2_v1beta2_apigateway2__methods[0], out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Com__AcmeCorp__HTTP2__V1beta2__RPCMessage *)reply;
    return st;
}

tern_status com_acme__corp_http2_v1beta2_apigateway2_serve(tern_conn *conn, const com_acme__corp_http2_v1beta2_apigateway2_handlers *handlers, void *arg,
    const tern_service_options *options, tern_service **out_service, tern_error *err)
{
    return tern_service_start(conn, &com_acme__corp_http2_v1beta2_apigateway2_type, handlers, arg, options, out_service, err);
}

/* Made by protoc-gen-tern from deep/er/path-to.some_file.proto. Do not edit. */
#ifndef TERN_deep_2fer_2fpath_2dto_2esome_5ffile_2eproto__INCLUDED
#define TERN_deep_2fer_2fpath_2dto_2esome_5ffile_2eproto__INCLUDED

#include <tern/client.h>
#include <tern/service.h>

#include "deep/er/path-to.some_file.pb-c.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Service com.Acme_Corp.HTTP2.v1beta2.APIGateway2. */
extern const tern_service_type com_acme__corp_http2_v1beta2_apigateway2_type;

/* Calls com.Acme_Corp.HTTP2.v1beta2.APIGateway2.RouteV1Beta; see tern_client_call. */
tern_status com_acme__corp_http2_v1beta2_apigateway2_route_v1_beta(tern_client *client, const Com__AcmeCorp__HTTP2__V1beta2__RPCMessage *request,
    const tern_call_options *options, Com__AcmeCorp__HTTP2__V1beta2__RPCMessage **out_reply, tern_error *err);

/* Told of the end of a call of com.Acme_Corp.HTTP2.v1beta2.APIGateway2.RouteV1Beta.
 * reply: its own, for tern_message_free; NULL unless err->status is TERN_OK.
 * err: never NULL. call and err are valid until it returns. arg: the caller's. */
typedef void (*com_acme__corp_http2_v1beta2_apigateway2_route_v1_beta_fn)(tern_call *call, Com__AcmeCorp__HTTP2__V1beta2__RPCMessage *reply,
    const tern_error *err, void *arg);

/* Calls com.Acme_Corp.HTTP2.v1beta2.APIGateway2.RouteV1Beta without waiting; see tern_client_call_async. */
tern_status com_acme__corp_http2_v1beta2_apigateway2_route_v1_beta_async(tern_client *client, const Com__AcmeCorp__HTTP2__V1beta2__RPCMessage *request,
    const tern_call_options *options, com_acme__corp_http2_v1beta2_apigateway2_route_v1_beta_fn done, void *arg,
    tern_call **out_call, tern_error *err);

/* Takes the outcome of such a call that had no callback; see tern_call_result. */
tern_status com_acme__corp_http2_v1beta2_apigateway2_route_v1_beta_result(tern_call *call, Com__AcmeCorp__HTTP2__V1beta2__RPCMessage **out_reply,
    tern_error *err);

/* What answers com.Acme_Corp.HTTP2.v1beta2.APIGateway2's methods; NULL answers TERN_UNIMPLEMENTED. */
typedef struct com_acme__corp_http2_v1beta2_apigateway2_handlers {
    tern_status (*route_v1_beta)(tern_request *rq, const Com__AcmeCorp__HTTP2__V1beta2__RPCMessage *in, Com__AcmeCorp__HTTP2__V1beta2__RPCMessage *out);
} com_acme__corp_http2_v1beta2_apigateway2_handlers;

/* Serves com.Acme_Corp.HTTP2.v1beta2.APIGateway2 with handlers; see tern_service_start. */
tern_status com_acme__corp_http2_v1beta2_apigateway2_serve(tern_conn *conn, const com_acme__corp_http2_v1beta2_apigateway2_handlers *handlers, void *arg,
    const tern_service_options *options, tern_service **out_service, tern_error *err);

#ifdef __cplusplus
}
#endif

#endif

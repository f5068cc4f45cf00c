/* Made by protoc-gen-tern from keywords.proto. Do not edit. */
#ifndef TERN_keywords_2eproto__INCLUDED
#define TERN_keywords_2eproto__INCLUDED

#include <tern/client.h>
#include <tern/service.h>

#include "keywords.pb-c.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Service demo.keywords.Words. */
extern const tern_service_type demo_keywords_words_type;

/* Calls demo.keywords.Words.Default; see tern_client_call. */
tern_status demo_keywords_words_default(tern_client *client, const Demo__Keywords__Word *request,
    const tern_call_options *options, Demo__Keywords__Word **out_reply, tern_error *err);

/* Calls demo.keywords.Words.Register; see tern_client_call. */
tern_status demo_keywords_words_register(tern_client *client, const Demo__Keywords__Word *request,
    const tern_call_options *options, Demo__Keywords__Word **out_reply, tern_error *err);

/* Calls demo.keywords.Words.Int; see tern_client_call. */
tern_status demo_keywords_words_int(tern_client *client, const Demo__Keywords__Word *request,
    const tern_call_options *options, Demo__Keywords__Word **out_reply, tern_error *err);

/* Calls demo.keywords.Words.Delete; see tern_client_call. */
tern_status demo_keywords_words_delete(tern_client *client, const Demo__Keywords__Word *request,
    const tern_call_options *options, Demo__Keywords__Word **out_reply, tern_error *err);

/* Calls demo.keywords.Words.Static_assert; see tern_client_call. */
tern_status demo_keywords_words_static_assert(tern_client *client, const Demo__Keywords__Word *request,
    const tern_call_options *options, Demo__Keywords__Word **out_reply, tern_error *err);

/* Calls demo.keywords.Words.Assert; see tern_client_call. */
tern_status demo_keywords_words_assert(tern_client *client, const Demo__Keywords__Word *request,
    const tern_call_options *options, Demo__Keywords__Word **out_reply, tern_error *err);

/* Calls demo.keywords.Words.Errno; see tern_client_call. */
tern_status demo_keywords_words_errno(tern_client *client, const Demo__Keywords__Word *request,
    const tern_call_options *options, Demo__Keywords__Word **out_reply, tern_error *err);

/* Calls demo.keywords.Words.Linux; see tern_client_call. */
tern_status demo_keywords_words_linux(tern_client *client, const Demo__Keywords__Word *request,
    const tern_call_options *options, Demo__Keywords__Word **out_reply, tern_error *err);

/* What answers demo.keywords.Words's methods; NULL answers TERN_UNIMPLEMENTED. */
typedef struct demo_keywords_words_handlers {
    tern_status (*default_)(tern_request *rq, const Demo__Keywords__Word *in, Demo__Keywords__Word *out);
    tern_status (*register_)(tern_request *rq, const Demo__Keywords__Word *in, Demo__Keywords__Word *out);
    tern_status (*int_)(tern_request *rq, const Demo__Keywords__Word *in, Demo__Keywords__Word *out);
    tern_status (*delete_)(tern_request *rq, const Demo__Keywords__Word *in, Demo__Keywords__Word *out);
    tern_status (*static_assert_)(tern_request *rq, const Demo__Keywords__Word *in, Demo__Keywords__Word *out);
    tern_status (*assert)(tern_request *rq, const Demo__Keywords__Word *in, Demo__Keywords__Word *out);
    tern_status (*errno_)(tern_request *rq, const Demo__Keywords__Word *in, Demo__Keywords__Word *out);
    tern_status (*linux_)(tern_request *rq, const Demo__Keywords__Word *in, Demo__Keywords__Word *out);
} demo_keywords_words_handlers;

/* Serves demo.keywords.Words with handlers; see tern_service_start. */
tern_status demo_keywords_words_serve(tern_conn *conn, const demo_keywords_words_handlers *handlers, void *arg,
    const tern_service_options *options, tern_service **out_service, tern_error *err);

#ifdef __cplusplus
}
#endif

#endif

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

/* Told of the end of a call of demo.keywords.Words.Default.
 * reply: its own, for tern_message_free; NULL unless err->status is TERN_OK.
 * err: never NULL. call and err are valid until it returns. arg: the caller's. */
typedef void (*demo_keywords_words_default_fn)(tern_call *call, Demo__Keywords__Word *reply,
    const tern_error *err, void *arg);

/* Calls demo.keywords.Words.Default without waiting; see tern_client_call_async. */
tern_status demo_keywords_words_default_async(tern_client *client, const Demo__Keywords__Word *request,
    const tern_call_options *options, demo_keywords_words_default_fn done, void *arg,
    tern_call **out_call, tern_error *err);

/* Takes the outcome of such a call that had no callback; see tern_call_result. */
tern_status demo_keywords_words_default_result(tern_call *call, Demo__Keywords__Word **out_reply,
    tern_error *err);

/* Calls demo.keywords.Words.Register; see tern_client_call. */
tern_status demo_keywords_words_register(tern_client *client, const Demo__Keywords__Word *request,
    const tern_call_options *options, Demo__Keywords__Word **out_reply, tern_error *err);

/* Told of the end of a call of demo.keywords.Words.Register.
 * reply: its own, for tern_message_free; NULL unless err->status is TERN_OK.
 * err: never NULL. call and err are valid until it returns. arg: the caller's. */
typedef void (*demo_keywords_words_register_fn)(tern_call *call, Demo__Keywords__Word *reply,
    const tern_error *err, void *arg);

/* Calls demo.keywords.Words.Register without waiting; see tern_client_call_async. */
tern_status demo_keywords_words_register_async(tern_client *client, const Demo__Keywords__Word *request,
    const tern_call_options *options, demo_keywords_words_register_fn done, void *arg,
    tern_call **out_call, tern_error *err);

/* Takes the outcome of such a call that had no callback; see tern_call_result. */
tern_status demo_keywords_words_register_result(tern_call *call, Demo__Keywords__Word **out_reply,
    tern_error *err);

/* Calls demo.keywords.Words.Int; see tern_client_call. */
tern_status demo_keywords_words_int(tern_client *client, const Demo__Keywords__Word *request,
    const tern_call_options *options, Demo__Keywords__Word **out_reply, tern_error *err);

/* Told of the end of a call of demo.keywords.Words.Int.
 * reply: its own, for tern_message_free; NULL unless err->status is TERN_OK.
 * err: never NULL. call and err are valid until it returns. arg: the caller's. */
typedef void (*demo_keywords_words_int_fn)(tern_call *call, Demo__Keywords__Word *reply,
    const tern_error *err, void *arg);

/* Calls demo.keywords.Words.Int without waiting; see tern_client_call_async. */
tern_status demo_keywords_words_int_async(tern_client *client, const Demo__Keywords__Word *request,
    const tern_call_options *options, demo_keywords_words_int_fn done, void *arg,
    tern_call **out_call, tern_error *err);

/* Takes the outcome of such a call that had no callback; see tern_call_result. */
tern_status demo_keywords_words_int_result(tern_call *call, Demo__Keywords__Word **out_reply,
    tern_error *err);

/* Calls demo.keywords.Words.Delete; see tern_client_call. */
tern_status demo_keywords_words_delete(tern_client *client, const Demo__Keywords__Word *request,
    const tern_call_options *options, Demo__Keywords__Word **out_reply, tern_error *err);

/* Told of the end of a call of demo.keywords.Words.Delete.
 * reply: its own, for tern_message_free; NULL unless err->status is TERN_OK.
 * err: never NULL. call and err are valid until it returns. arg: the caller's. */
typedef void (*demo_keywords_words_delete_fn)(tern_call *call, Demo__Keywords__Word *reply,
    const tern_error *err, void *arg);

/* Calls demo.keywords.Words.Delete without waiting; see tern_client_call_async. */
tern_status demo_keywords_words_delete_async(tern_client *client, const Demo__Keywords__Word *request,
    const tern_call_options *options, demo_keywords_words_delete_fn done, void *arg,
    tern_call **out_call, tern_error *err);

/* Takes the outcome of such a call that had no callback; see tern_call_result. */
tern_status demo_keywords_words_delete_result(tern_call *call, Demo__Keywords__Word **out_reply,
    tern_error *err);

/* Calls demo.keywords.Words.Static_assert; see tern_client_call. */
tern_status demo_keywords_words_static_assert(tern_client *client, const Demo__Keywords__Word *request,
    const tern_call_options *options, Demo__Keywords__Word **out_reply, tern_error *err);

/* Told of the end of a call of demo.keywords.Words.Static_assert.
 * reply: its own, for tern_message_free; NULL unless err->status is TERN_OK.
 * err: never NULL. call and err are valid until it returns. arg: the caller's. */
typedef void (*demo_keywords_words_static_assert_fn)(tern_call *call, Demo__Keywords__Word *reply,
    const tern_error *err, void *arg);

/* Calls demo.keywords.Words.Static_assert without waiting; see tern_client_call_async. */
tern_status demo_keywords_words_static_assert_async(tern_client *client, const Demo__Keywords__Word *request,
    const tern_call_options *options, demo_keywords_words_static_assert_fn done, void *arg,
    tern_call **out_call, tern_error *err);

/* Takes the outcome of such a call that had no callback; see tern_call_result. */
tern_status demo_keywords_words_static_assert_result(tern_call *call, Demo__Keywords__Word **out_reply,
    tern_error *err);

/* Calls demo.keywords.Words.Assert; see tern_client_call. */
tern_status demo_keywords_words_assert(tern_client *client, const Demo__Keywords__Word *request,
    const tern_call_options *options, Demo__Keywords__Word **out_reply, tern_error *err);

/* Told of the end of a call of demo.keywords.Words.Assert.
 * reply: its own, for tern_message_free; NULL unless err->status is TERN_OK.
 * err: never NULL. call and err are valid until it returns. arg: the caller's. */
typedef void (*demo_keywords_words_assert_fn)(tern_call *call, Demo__Keywords__Word *reply,
    const tern_error *err, void *arg);

/* Calls demo.keywords.Words.Assert without waiting; see tern_client_call_async. */
tern_status demo_keywords_words_assert_async(tern_client *client, const Demo__Keywords__Word *request,
    const tern_call_options *options, demo_keywords_words_assert_fn done, void *arg,
    tern_call **out_call, tern_error *err);

/* Takes the outcome of such a call that had no callback; see tern_call_result. */
tern_status demo_keywords_words_assert_result(tern_call *call, Demo__Keywords__Word **out_reply,
    tern_error *err);

/* Calls demo.keywords.Words.Errno; see tern_client_call. */
tern_status demo_keywords_words_errno(tern_client *client, const Demo__Keywords__Word *request,
    const tern_call_options *options, Demo__Keywords__Word **out_reply, tern_error *err);

/* Told of the end of a call of demo.keywords.Words.Errno.
 * reply: its own, for tern_message_free; NULL unless err->status is TERN_OK.
 * err: never NULL. call and err are valid until it returns. arg: the caller's. */
typedef void (*demo_keywords_words_errno_fn)(tern_call *call, Demo__Keywords__Word *reply,
    const tern_error *err, void *arg);

/* Calls demo.keywords.Words.Errno without waiting; see tern_client_call_async. */
tern_status demo_keywords_words_errno_async(tern_client *client, const Demo__Keywords__Word *request,
    const tern_call_options *options, demo_keywords_words_errno_fn done, void *arg,
    tern_call **out_call, tern_error *err);

/* Takes the outcome of such a call that had no callback; see tern_call_result. */
tern_status demo_keywords_words_errno_result(tern_call *call, Demo__Keywords__Word **out_reply,
    tern_error *err);

/* Calls demo.keywords.Words.Linux; see tern_client_call. */
tern_status demo_keywords_words_linux(tern_client *client, const Demo__Keywords__Word *request,
    const tern_call_options *options, Demo__Keywords__Word **out_reply, tern_error *err);

/* Told of the end of a call of demo.keywords.Words.Linux.
 * reply: its own, for tern_message_free; NULL unless err->status is TERN_OK.
 * err: never NULL. call and err are valid until it returns. arg: the caller's. */
typedef void (*demo_keywords_words_linux_fn)(tern_call *call, Demo__Keywords__Word *reply,
    const tern_error *err, void *arg);

/* Calls demo.keywords.Words.Linux without waiting; see tern_client_call_async. */
tern_status demo_keywords_words_linux_async(tern_client *client, const Demo__Keywords__Word *request,
    const tern_call_options *options, demo_keywords_words_linux_fn done, void *arg,
    tern_call **out_call, tern_error *err);

/* Takes the outcome of such a call that had no callback; see tern_call_result. */
tern_status demo_keywords_words_linux_result(tern_call *call, Demo__Keywords__Word **out_reply,
    tern_error *err);

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

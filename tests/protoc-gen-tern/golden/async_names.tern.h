/* Made by protoc-gen-tern from async_names.proto. Do not edit. */
#ifndef TERN_async_5fnames_2eproto__INCLUDED
#define TERN_async_5fnames_2eproto__INCLUDED

#include <tern/client.h>
#include <tern/service.h>

#include "async_names.pb-c.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Service Out.
 * Its blocking call is called out_call, as a parameter is. */
extern const tern_service_type out_type;

/* Calls Out.Call; see tern_client_call. */
tern_status out_call(tern_client *client, const Named *request,
    const tern_call_options *options, Named **out_reply, tern_error *err);

/* Told of the end of a call of Out.Call.
 * reply: its own, for tern_message_free; NULL unless err->status is TERN_OK.
 * err: never NULL. call and err are valid until it returns. arg: the caller's. */
typedef void (*out_call_fn)(tern_call *call, Named *reply,
    const tern_error *err, void *arg);

/* Calls Out.Call without waiting; see tern_client_call_async. */
tern_status out_call_async(tern_client *client, const Named *request,
    const tern_call_options *options, out_call_fn done, void *arg,
    tern_call **out_call, tern_error *err);

/* Takes the outcome of such a call that had no callback; see tern_call_result. */
tern_status out_call_result(tern_call *call, Named **out_reply,
    tern_error *err);

/* Calls Out.Reply; see tern_client_call. */
tern_status out_reply(tern_client *client, const Named *request,
    const tern_call_options *options, Named **out_reply, tern_error *err);

/* Told of the end of a call of Out.Reply.
 * reply: its own, for tern_message_free; NULL unless err->status is TERN_OK.
 * err: never NULL. call and err are valid until it returns. arg: the caller's. */
typedef void (*out_reply_fn)(tern_call *call, Named *reply,
    const tern_error *err, void *arg);

/* Calls Out.Reply without waiting; see tern_client_call_async. */
tern_status out_reply_async(tern_client *client, const Named *request,
    const tern_call_options *options, out_reply_fn done, void *arg,
    tern_call **out_call, tern_error *err);

/* Takes the outcome of such a call that had no callback; see tern_call_result. */
tern_status out_reply_result(tern_call *call, Named **out_reply,
    tern_error *err);

/* What answers Out's methods; NULL answers TERN_UNIMPLEMENTED. */
typedef struct out_handlers {
    tern_status (*call)(tern_request *rq, const Named *in, Named *out);
    tern_status (*reply)(tern_request *rq, const Named *in, Named *out);
} out_handlers;

/* Serves Out with handlers; see tern_service_start. */
tern_status out_serve(tern_conn *conn, const out_handlers *handlers, void *arg,
    const tern_service_options *options, tern_service **out_service, tern_error *err);

/* Service Calls. */
extern const tern_service_type calls_type;

/* Calls Calls.Async; see tern_client_call. */
tern_status calls_async(tern_client *client, const Named *request,
    const tern_call_options *options, Named **out_reply, tern_error *err);

/* Told of the end of a call of Calls.Async.
 * reply: its own, for tern_message_free; NULL unless err->status is TERN_OK.
 * err: never NULL. call and err are valid until it returns. arg: the caller's. */
typedef void (*calls_async_fn)(tern_call *call, Named *reply,
    const tern_error *err, void *arg);

/* Calls Calls.Async without waiting; see tern_client_call_async. */
tern_status calls_async_async(tern_client *client, const Named *request,
    const tern_call_options *options, calls_async_fn done, void *arg,
    tern_call **out_call, tern_error *err);

/* Takes the outcome of such a call that had no callback; see tern_call_result. */
tern_status calls_async_result(tern_call *call, Named **out_reply,
    tern_error *err);

/* Calls Calls.Result; see tern_client_call. */
tern_status calls_result(tern_client *client, const Named *request,
    const tern_call_options *options, Named **out_reply, tern_error *err);

/* Told of the end of a call of Calls.Result.
 * reply: its own, for tern_message_free; NULL unless err->status is TERN_OK.
 * err: never NULL. call and err are valid until it returns. arg: the caller's. */
typedef void (*calls_result_fn)(tern_call *call, Named *reply,
    const tern_error *err, void *arg);

/* Calls Calls.Result without waiting; see tern_client_call_async. */
tern_status calls_result_async(tern_client *client, const Named *request,
    const tern_call_options *options, calls_result_fn done, void *arg,
    tern_call **out_call, tern_error *err);

/* Takes the outcome of such a call that had no callback; see tern_call_result. */
tern_status calls_result_result(tern_call *call, Named **out_reply,
    tern_error *err);

/* Calls Calls.Fn; see tern_client_call. */
tern_status calls_fn(tern_client *client, const Named *request,
    const tern_call_options *options, Named **out_reply, tern_error *err);

/* Told of the end of a call of Calls.Fn.
 * reply: its own, for tern_message_free; NULL unless err->status is TERN_OK.
 * err: never NULL. call and err are valid until it returns. arg: the caller's. */
typedef void (*calls_fn_fn)(tern_call *call, Named *reply,
    const tern_error *err, void *arg);

/* Calls Calls.Fn without waiting; see tern_client_call_async. */
tern_status calls_fn_async(tern_client *client, const Named *request,
    const tern_call_options *options, calls_fn_fn done, void *arg,
    tern_call **out_call, tern_error *err);

/* Takes the outcome of such a call that had no callback; see tern_call_result. */
tern_status calls_fn_result(tern_call *call, Named **out_reply,
    tern_error *err);

/* Calls Calls.Done; see tern_client_call. */
tern_status calls_done(tern_client *client, const Named *request,
    const tern_call_options *options, Named **out_reply, tern_error *err);

/* Told of the end of a call of Calls.Done.
 * reply: its own, for tern_message_free; NULL unless err->status is TERN_OK.
 * err: never NULL. call and err are valid until it returns. arg: the caller's. */
typedef void (*calls_done_fn)(tern_call *call, Named *reply,
    const tern_error *err, void *arg);

/* Calls Calls.Done without waiting; see tern_client_call_async. */
tern_status calls_done_async(tern_client *client, const Named *request,
    const tern_call_options *options, calls_done_fn done, void *arg,
    tern_call **out_call, tern_error *err);

/* Takes the outcome of such a call that had no callback; see tern_call_result. */
tern_status calls_done_result(tern_call *call, Named **out_reply,
    tern_error *err);

/* Calls Calls.Err; see tern_client_call. */
tern_status calls_err(tern_client *client, const Named *request,
    const tern_call_options *options, Named **out_reply, tern_error *err);

/* Told of the end of a call of Calls.Err.
 * reply: its own, for tern_message_free; NULL unless err->status is TERN_OK.
 * err: never NULL. call and err are valid until it returns. arg: the caller's. */
typedef void (*calls_err_fn)(tern_call *call, Named *reply,
    const tern_error *err, void *arg);

/* Calls Calls.Err without waiting; see tern_client_call_async. */
tern_status calls_err_async(tern_client *client, const Named *request,
    const tern_call_options *options, calls_err_fn done, void *arg,
    tern_call **out_call, tern_error *err);

/* Takes the outcome of such a call that had no callback; see tern_call_result. */
tern_status calls_err_result(tern_call *call, Named **out_reply,
    tern_error *err);

/* Calls Calls.Foo; see tern_client_call. */
tern_status calls_foo(tern_client *client, const Named *request,
    const tern_call_options *options, Named **out_reply, tern_error *err);

/* Told of the end of a call of Calls.Foo.
 * reply: its own, for tern_message_free; NULL unless err->status is TERN_OK.
 * err: never NULL. call and err are valid until it returns. arg: the caller's. */
typedef void (*calls_foo_fn)(tern_call *call, Named *reply,
    const tern_error *err, void *arg);

/* Calls Calls.Foo without waiting; see tern_client_call_async. */
tern_status calls_foo_async(tern_client *client, const Named *request,
    const tern_call_options *options, calls_foo_fn done, void *arg,
    tern_call **out_call, tern_error *err);

/* Takes the outcome of such a call that had no callback; see tern_call_result. */
tern_status calls_foo_result(tern_call *call, Named **out_reply,
    tern_error *err);

/* Calls Calls.Foo_Result_; see tern_client_call. */
tern_status calls_foo__result_(tern_client *client, const Named *request,
    const tern_call_options *options, Named **out_reply, tern_error *err);

/* Told of the end of a call of Calls.Foo_Result_.
 * reply: its own, for tern_message_free; NULL unless err->status is TERN_OK.
 * err: never NULL. call and err are valid until it returns. arg: the caller's. */
typedef void (*calls_foo__result__fn)(tern_call *call, Named *reply,
    const tern_error *err, void *arg);

/* Calls Calls.Foo_Result_ without waiting; see tern_client_call_async. */
tern_status calls_foo__result__async(tern_client *client, const Named *request,
    const tern_call_options *options, calls_foo__result__fn done, void *arg,
    tern_call **out_call, tern_error *err);

/* Takes the outcome of such a call that had no callback; see tern_call_result. */
tern_status calls_foo__result__result(tern_call *call, Named **out_reply,
    tern_error *err);

/* Calls Calls.FooAsyncFn; see tern_client_call. */
tern_status calls_foo_async_fn(tern_client *client, const Named *request,
    const tern_call_options *options, Named **out_reply, tern_error *err);

/* Told of the end of a call of Calls.FooAsyncFn.
 * reply: its own, for tern_message_free; NULL unless err->status is TERN_OK.
 * err: never NULL. call and err are valid until it returns. arg: the caller's. */
typedef void (*calls_foo_async_fn_fn)(tern_call *call, Named *reply,
    const tern_error *err, void *arg);

/* Calls Calls.FooAsyncFn without waiting; see tern_client_call_async. */
tern_status calls_foo_async_fn_async(tern_client *client, const Named *request,
    const tern_call_options *options, calls_foo_async_fn_fn done, void *arg,
    tern_call **out_call, tern_error *err);

/* Takes the outcome of such a call that had no callback; see tern_call_result. */
tern_status calls_foo_async_fn_result(tern_call *call, Named **out_reply,
    tern_error *err);

/* What answers Calls's methods; NULL answers TERN_UNIMPLEMENTED. */
typedef struct calls_handlers {
    tern_status (*async)(tern_request *rq, const Named *in, Named *out);
    tern_status (*result)(tern_request *rq, const Named *in, Named *out);
    tern_status (*fn)(tern_request *rq, const Named *in, Named *out);
    tern_status (*done)(tern_request *rq, const Named *in, Named *out);
    tern_status (*err)(tern_request *rq, const Named *in, Named *out);
    tern_status (*foo)(tern_request *rq, const Named *in, Named *out);
    tern_status (*foo__result_)(tern_request *rq, const Named *in, Named *out);
    tern_status (*foo_async_fn)(tern_request *rq, const Named *in, Named *out);
} calls_handlers;

/* Serves Calls with handlers; see tern_service_start. */
tern_status calls_serve(tern_conn *conn, const calls_handlers *handlers, void *arg,
    const tern_service_options *options, tern_service **out_service, tern_error *err);

#ifdef __cplusplus
}
#endif

#endif

/* Made by protoc-gen-tern from comments.proto. Do not edit. */
#ifndef TERN_comments_2eproto__INCLUDED
#define TERN_comments_2eproto__INCLUDED

#include <tern/client.h>
#include <tern/service.h>

#include "comments.pb-c.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Service demo.comments.Commented.
 * A service with a comment
 * of several lines.
 *
 *   Indented, after an empty line. */
extern const tern_service_type demo_comments_commented_type;

/* Calls demo.comments.Commented.Block; see tern_client_call.
 * A block comment,
 * with stars. */
tern_status demo_comments_commented_block(tern_client *client, const Demo__Comments__Text *request,
    const tern_call_options *options, Demo__Comments__Text **out_reply, tern_error *err);

/* Told of the end of a call of demo.comments.Commented.Block.
 * reply: its own, for tern_message_free; NULL unless err->status is TERN_OK.
 * err: never NULL. call and err are valid until it returns. arg: the caller's. */
typedef void (*demo_comments_commented_block_fn)(tern_call *call, Demo__Comments__Text *reply,
    const tern_error *err, void *arg);

/* Calls demo.comments.Commented.Block without waiting; see tern_client_call_async.
 * A block comment,
 * with stars. */
tern_status demo_comments_commented_block_async(tern_client *client, const Demo__Comments__Text *request,
    const tern_call_options *options, demo_comments_commented_block_fn done, void *arg,
    tern_call **out_call, tern_error *err);

/* Takes the outcome of such a call that had no callback; see tern_call_result. */
tern_status demo_comments_commented_block_result(tern_call *call, Demo__Comments__Text **out_reply,
    tern_error *err);

/* Calls demo.comments.Commented.Sneaky; see tern_client_call.
 * Ends early * / int broken; / * and opens again / * / and * / * and // */
tern_status demo_comments_commented_sneaky(tern_client *client, const Demo__Comments__Text *request,
    const tern_call_options *options, Demo__Comments__Text **out_reply, tern_error *err);

/* Told of the end of a call of demo.comments.Commented.Sneaky.
 * reply: its own, for tern_message_free; NULL unless err->status is TERN_OK.
 * err: never NULL. call and err are valid until it returns. arg: the caller's. */
typedef void (*demo_comments_commented_sneaky_fn)(tern_call *call, Demo__Comments__Text *reply,
    const tern_error *err, void *arg);

/* Calls demo.comments.Commented.Sneaky without waiting; see tern_client_call_async.
 * Ends early * / int broken; / * and opens again / * / and * / * and // */
tern_status demo_comments_commented_sneaky_async(tern_client *client, const Demo__Comments__Text *request,
    const tern_call_options *options, demo_comments_commented_sneaky_fn done, void *arg,
    tern_call **out_call, tern_error *err);

/* Takes the outcome of such a call that had no callback; see tern_call_result. */
tern_status demo_comments_commented_sneaky_result(tern_call *call, Demo__Comments__Text **out_reply,
    tern_error *err);

/* Calls demo.comments.Commented.Trailing; see tern_client_call. */
tern_status demo_comments_commented_trailing(tern_client *client, const Demo__Comments__Text *request,
    const tern_call_options *options, Demo__Comments__Text **out_reply, tern_error *err);

/* Told of the end of a call of demo.comments.Commented.Trailing.
 * reply: its own, for tern_message_free; NULL unless err->status is TERN_OK.
 * err: never NULL. call and err are valid until it returns. arg: the caller's. */
typedef void (*demo_comments_commented_trailing_fn)(tern_call *call, Demo__Comments__Text *reply,
    const tern_error *err, void *arg);

/* Calls demo.comments.Commented.Trailing without waiting; see tern_client_call_async. */
tern_status demo_comments_commented_trailing_async(tern_client *client, const Demo__Comments__Text *request,
    const tern_call_options *options, demo_comments_commented_trailing_fn done, void *arg,
    tern_call **out_call, tern_error *err);

/* Takes the outcome of such a call that had no callback; see tern_call_result. */
tern_status demo_comments_commented_trailing_result(tern_call *call, Demo__Comments__Text **out_reply,
    tern_error *err);

/* Calls demo.comments.Commented.Odd; see tern_client_call.
 * No space, "quotes", 100% of %s, a backslash at the end \ */
tern_status demo_comments_commented_odd(tern_client *client, const Demo__Comments__Text *request,
    const tern_call_options *options, Demo__Comments__Text **out_reply, tern_error *err);

/* Told of the end of a call of demo.comments.Commented.Odd.
 * reply: its own, for tern_message_free; NULL unless err->status is TERN_OK.
 * err: never NULL. call and err are valid until it returns. arg: the caller's. */
typedef void (*demo_comments_commented_odd_fn)(tern_call *call, Demo__Comments__Text *reply,
    const tern_error *err, void *arg);

/* Calls demo.comments.Commented.Odd without waiting; see tern_client_call_async.
 * No space, "quotes", 100% of %s, a backslash at the end \ */
tern_status demo_comments_commented_odd_async(tern_client *client, const Demo__Comments__Text *request,
    const tern_call_options *options, demo_comments_commented_odd_fn done, void *arg,
    tern_call **out_call, tern_error *err);

/* Takes the outcome of such a call that had no callback; see tern_call_result. */
tern_status demo_comments_commented_odd_result(tern_call *call, Demo__Comments__Text **out_reply,
    tern_error *err);

/* Calls demo.comments.Commented.Trigraph; see tern_client_call.
 * Is a trigraph a backslash?? /
 * It is. */
tern_status demo_comments_commented_trigraph(tern_client *client, const Demo__Comments__Text *request,
    const tern_call_options *options, Demo__Comments__Text **out_reply, tern_error *err);

/* Told of the end of a call of demo.comments.Commented.Trigraph.
 * reply: its own, for tern_message_free; NULL unless err->status is TERN_OK.
 * err: never NULL. call and err are valid until it returns. arg: the caller's. */
typedef void (*demo_comments_commented_trigraph_fn)(tern_call *call, Demo__Comments__Text *reply,
    const tern_error *err, void *arg);

/* Calls demo.comments.Commented.Trigraph without waiting; see tern_client_call_async.
 * Is a trigraph a backslash?? /
 * It is. */
tern_status demo_comments_commented_trigraph_async(tern_client *client, const Demo__Comments__Text *request,
    const tern_call_options *options, demo_comments_commented_trigraph_fn done, void *arg,
    tern_call **out_call, tern_error *err);

/* Takes the outcome of such a call that had no callback; see tern_call_result. */
tern_status demo_comments_commented_trigraph_result(tern_call *call, Demo__Comments__Text **out_reply,
    tern_error *err);

/* Calls demo.comments.Commented.Utf8; see tern_client_call.
 * Grüße, 漢字. */
tern_status demo_comments_commented_utf8(tern_client *client, const Demo__Comments__Text *request,
    const tern_call_options *options, Demo__Comments__Text **out_reply, tern_error *err);

/* Told of the end of a call of demo.comments.Commented.Utf8.
 * reply: its own, for tern_message_free; NULL unless err->status is TERN_OK.
 * err: never NULL. call and err are valid until it returns. arg: the caller's. */
typedef void (*demo_comments_commented_utf8_fn)(tern_call *call, Demo__Comments__Text *reply,
    const tern_error *err, void *arg);

/* Calls demo.comments.Commented.Utf8 without waiting; see tern_client_call_async.
 * Grüße, 漢字. */
tern_status demo_comments_commented_utf8_async(tern_client *client, const Demo__Comments__Text *request,
    const tern_call_options *options, demo_comments_commented_utf8_fn done, void *arg,
    tern_call **out_call, tern_error *err);

/* Takes the outcome of such a call that had no callback; see tern_call_result. */
tern_status demo_comments_commented_utf8_result(tern_call *call, Demo__Comments__Text **out_reply,
    tern_error *err);

/* Calls demo.comments.Commented.Blank; see tern_client_call. */
tern_status demo_comments_commented_blank(tern_client *client, const Demo__Comments__Text *request,
    const tern_call_options *options, Demo__Comments__Text **out_reply, tern_error *err);

/* Told of the end of a call of demo.comments.Commented.Blank.
 * reply: its own, for tern_message_free; NULL unless err->status is TERN_OK.
 * err: never NULL. call and err are valid until it returns. arg: the caller's. */
typedef void (*demo_comments_commented_blank_fn)(tern_call *call, Demo__Comments__Text *reply,
    const tern_error *err, void *arg);

/* Calls demo.comments.Commented.Blank without waiting; see tern_client_call_async. */
tern_status demo_comments_commented_blank_async(tern_client *client, const Demo__Comments__Text *request,
    const tern_call_options *options, demo_comments_commented_blank_fn done, void *arg,
    tern_call **out_call, tern_error *err);

/* Takes the outcome of such a call that had no callback; see tern_call_result. */
tern_status demo_comments_commented_blank_result(tern_call *call, Demo__Comments__Text **out_reply,
    tern_error *err);

/* Calls demo.comments.Commented.None; see tern_client_call. */
tern_status demo_comments_commented_none(tern_client *client, const Demo__Comments__Text *request,
    const tern_call_options *options, Demo__Comments__Text **out_reply, tern_error *err);

/* Told of the end of a call of demo.comments.Commented.None.
 * reply: its own, for tern_message_free; NULL unless err->status is TERN_OK.
 * err: never NULL. call and err are valid until it returns. arg: the caller's. */
typedef void (*demo_comments_commented_none_fn)(tern_call *call, Demo__Comments__Text *reply,
    const tern_error *err, void *arg);

/* Calls demo.comments.Commented.None without waiting; see tern_client_call_async. */
tern_status demo_comments_commented_none_async(tern_client *client, const Demo__Comments__Text *request,
    const tern_call_options *options, demo_comments_commented_none_fn done, void *arg,
    tern_call **out_call, tern_error *err);

/* Takes the outcome of such a call that had no callback; see tern_call_result. */
tern_status demo_comments_commented_none_result(tern_call *call, Demo__Comments__Text **out_reply,
    tern_error *err);

/* What answers demo.comments.Commented's methods; NULL answers TERN_UNIMPLEMENTED. */
typedef struct demo_comments_commented_handlers {
    tern_status (*block)(tern_request *rq, const Demo__Comments__Text *in, Demo__Comments__Text *out);
    tern_status (*sneaky)(tern_request *rq, const Demo__Comments__Text *in, Demo__Comments__Text *out);
    tern_status (*trailing)(tern_request *rq, const Demo__Comments__Text *in, Demo__Comments__Text *out);
    tern_status (*odd)(tern_request *rq, const Demo__Comments__Text *in, Demo__Comments__Text *out);
    tern_status (*trigraph)(tern_request *rq, const Demo__Comments__Text *in, Demo__Comments__Text *out);
    tern_status (*utf8)(tern_request *rq, const Demo__Comments__Text *in, Demo__Comments__Text *out);
    tern_status (*blank)(tern_request *rq, const Demo__Comments__Text *in, Demo__Comments__Text *out);
    tern_status (*none)(tern_request *rq, const Demo__Comments__Text *in, Demo__Comments__Text *out);
} demo_comments_commented_handlers;

/* Serves demo.comments.Commented with handlers; see tern_service_start. */
tern_status demo_comments_commented_serve(tern_conn *conn, const demo_comments_commented_handlers *handlers, void *arg,
    const tern_service_options *options, tern_service **out_service, tern_error *err);

#ifdef __cplusplus
}
#endif

#endif

/* What generated code does, with stand-ins for the runtime: the tables say what the .proto says, the
 * functions hand everything on, and only a reply that came is written. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "code_size.tern.h"
#include "proto2.tern.h"
#include "several.tern.h"

/* What the stand-ins saw, and what they answer. */
static struct {
    tern_client *client;
    tern_conn *conn;
    tern_call *call;
    const tern_method *method;
    const tern_service_type *type;
    const void *message;
    const void *options;
    const void *handlers;
    const void *arg;
    tern_any_fn done;
    tern_call **out_call;
    tern_error *err;
    char text[256];
    tern_status answer;
    ProtobufCMessage *reply;
} seen;

static int failures;

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            printf("%s:%d: %s\n", __FILE__, __LINE__, #condition);                                                     \
            failures++;                                                                                                \
        }                                                                                                              \
    } while (0)

tern_status tern_client_call(tern_client *client, const tern_method *method, const ProtobufCMessage *request,
                             const tern_call_options *options, ProtobufCMessage **out_reply, tern_error *err)
{
    seen.client = client;
    seen.method = method;
    seen.message = request;
    seen.options = options;
    seen.err = err;
    if (seen.answer == TERN_OK) *out_reply = seen.reply;
    return seen.answer;
}

tern_status tern_client_call_async(tern_client *client, const tern_method *method, const ProtobufCMessage *request,
                                   const tern_call_options *options, tern_any_fn done, void *arg, tern_call **out_call,
                                   tern_error *err)
{
    seen.client = client;
    seen.method = method;
    seen.message = request;
    seen.options = options;
    seen.done = done;
    seen.arg = arg;
    seen.out_call = out_call;
    seen.err = err;
    return seen.answer;
}

tern_status tern_call_result(tern_call *call, const tern_method *method, ProtobufCMessage **out_reply, tern_error *err)
{
    seen.call = call;
    seen.method = method;
    seen.err = err;
    if (seen.answer == TERN_OK) *out_reply = seen.reply;
    return seen.answer;
}

tern_status tern_service_start(tern_conn *conn, const tern_service_type *type, const void *handlers, void *arg,
                               const tern_service_options *options, tern_service **out_service, tern_error *err)
{
    (void)out_service;
    seen.conn = conn;
    seen.type = type;
    seen.handlers = handlers;
    seen.arg = arg;
    seen.options = options;
    seen.err = err;
    return seen.answer;
}

tern_status tern_request_fail(tern_request *rq, tern_status status, const char *format, ...)
{
    va_list args;

    (void)rq;
    va_start(args, format);
    vsnprintf(seen.text, sizeof seen.text, format, args);
    va_end(args);
    return status;
}

static tern_status find(tern_request *rq, const Demo__Several__V1__Query *in, Types__CommonV1__Page *out)
{
    (void)rq;
    seen.message = in;
    out->base.n_unknown_fields = 0;
    return TERN_NOT_FOUND;
}

static void table_says_what_the_proto_says(void)
{
    const tern_service_type *type = &demo_several_v1_first_type;

    CHECK(strcmp(type->name, "demo.several.v1.First") == 0);
    CHECK(type->method_count == 4);
    CHECK(type->handlers_size == sizeof(demo_several_v1_first_handlers));
    CHECK(strcmp(type->methods[0].name, "Find") == 0);
    CHECK(strcmp(type->methods[0].subject, "demo.several.v1.First.Find") == 0);
    CHECK(type->methods[0].input == &demo__several__v1__query__descriptor);
    CHECK(type->methods[0].output == &types__common_v1__page__descriptor);
    CHECK(type->methods[0].idempotency == TERN_IDEMPOTENCY_UNKNOWN);
    CHECK(type->methods[1].idempotency == TERN_IDEMPOTENT);
    CHECK(type->methods[2].idempotency == TERN_NO_SIDE_EFFECTS);
    CHECK(demo_several_v1_no_methods_type.method_count == 0);
    CHECK(strcmp(demo_small_tiny_type.methods[0].subject, "demo.small.Tiny.Shrink") == 0);
    CHECK(demo_two_two_type.methods[1].input == &demo__two__request__item__descriptor);
    CHECK(demo_two_two_type.methods[1].output == &demo__two__reply__descriptor);
}

static void invoke_runs_the_handler_or_answers_unimplemented(void)
{
    const tern_method *methods = demo_several_v1_first_type.methods;
    demo_several_v1_first_handlers handlers = { .find = find };
    Demo__Several__V1__Query in = DEMO__SEVERAL__V1__QUERY__INIT;
    Types__CommonV1__Page out = TYPES__COMMON_V1__PAGE__INIT;

    CHECK(methods[0].invoke(&handlers, NULL, &in.base, &out.base) == TERN_NOT_FOUND);
    CHECK(seen.message == &in);
    CHECK(methods[3].invoke(&handlers, NULL, &in.base, &out.base) == TERN_UNIMPLEMENTED);
    CHECK(strcmp(seen.text, "demo.several.v1.First.Ping is not implemented") == 0);
}

static void call_hands_on_and_writes_only_a_reply(void)
{
    Demo__Several__V1__Query request = DEMO__SEVERAL__V1__QUERY__INIT;
    Types__CommonV1__Page page = TYPES__COMMON_V1__PAGE__INIT;
    Types__CommonV1__Page *reply = &page;
    tern_call_options options = TERN_CALL_OPTIONS_INIT;
    tern_error err;
    tern_client *client = (tern_client *)(void *)&err;

    seen.answer = TERN_UNAVAILABLE;
    CHECK(demo_several_v1_first_find(client, &request, &options, &reply, &err) == TERN_UNAVAILABLE);
    CHECK(reply == &page);
    CHECK(seen.client == client && seen.message == &request && seen.options == &options && seen.err == &err);
    CHECK(seen.method == &demo_several_v1_first_type.methods[0]);
    seen.answer = TERN_OK;
    seen.reply = &page.base;
    reply = NULL;
    CHECK(demo_several_v1_first_find(client, &request, NULL, &reply, NULL) == TERN_OK);
    CHECK(reply == &page);
}

/* What a callback was told. */
static struct {
    tern_call *call;
    Types__CommonV1__Page *reply;
    const tern_error *err;
    void *arg;
    int count;
} told;

static void on_found(tern_call *call, Types__CommonV1__Page *reply, const tern_error *err, void *arg)
{
    told.call = call;
    told.reply = reply;
    told.err = err;
    told.arg = arg;
    told.count++;
}

static void async_hands_on_all_and_tells_nobody_itself(void)
{
    Demo__Several__V1__Query request = DEMO__SEVERAL__V1__QUERY__INIT;
    tern_call_options options = TERN_CALL_OPTIONS_INIT;
    tern_error err;
    tern_client *client = (tern_client *)(void *)&err;
    tern_call *call = NULL;

    seen.answer = TERN_RESOURCE_EXHAUSTED;
    CHECK(demo_several_v1_first_find_async(client, &request, &options, on_found, &failures, &call, &err) ==
          TERN_RESOURCE_EXHAUSTED);
    CHECK(seen.client == client && seen.message == &request && seen.options == &options && seen.err == &err);
    CHECK(seen.method == &demo_several_v1_first_type.methods[0]);
    CHECK((demo_several_v1_first_find_fn)seen.done == on_found && seen.arg == &failures && seen.out_call == &call);
    seen.answer = TERN_OK;
    CHECK(demo_several_v1_first_find_async(client, &request, NULL, NULL, NULL, NULL, NULL) == TERN_OK);
    CHECK(seen.done == NULL && seen.out_call == NULL && seen.err == NULL);
    CHECK(told.count == 0);
}

static void complete_tells_the_callback(void)
{
    const tern_method *method = &demo_several_v1_first_type.methods[0];
    Types__CommonV1__Page page = TYPES__COMMON_V1__PAGE__INIT;
    tern_error ok = { .status = TERN_OK };
    tern_error late = { .status = TERN_DEADLINE_EXCEEDED };
    tern_call *call = (tern_call *)(void *)&page;

    method->complete((tern_any_fn)on_found, call, &page.base, &ok, &failures);
    CHECK(told.count == 1 && told.call == call && told.reply == &page && told.err == &ok && told.arg == &failures);
    method->complete((tern_any_fn)on_found, call, NULL, &late, NULL);
    CHECK(told.count == 2 && told.reply == NULL && told.err == &late && told.arg == NULL);
}

static void result_hands_on_and_writes_only_a_reply(void)
{
    Demo__Two__Reply answer = DEMO__TWO__REPLY__INIT;
    Demo__Two__Reply *reply = &answer;
    tern_error err;
    tern_call *call = (tern_call *)(void *)&err;

    seen.answer = TERN_FAILED_PRECONDITION;
    seen.reply = NULL;
    CHECK(demo_two_two_ask_item_result(call, &reply, &err) == TERN_FAILED_PRECONDITION);
    CHECK(reply == &answer);
    CHECK(seen.call == call && seen.err == &err && seen.method == &demo_two_two_type.methods[1]);
    seen.answer = TERN_OK;
    seen.reply = &answer.base;
    reply = NULL;
    CHECK(demo_two_two_ask_item_result(call, &reply, NULL) == TERN_OK);
    CHECK(reply == &answer);
}

static void serve_hands_on(void)
{
    demo_several_v1_first_handlers handlers = { .find = find };
    tern_service_options options = TERN_SERVICE_OPTIONS_INIT;
    tern_error err;
    tern_conn *conn = (tern_conn *)(void *)&err;

    seen.answer = TERN_CANCELLED;
    CHECK(demo_several_v1_first_serve(conn, &handlers, &failures, &options, NULL, &err) == TERN_CANCELLED);
    CHECK(seen.conn == conn && seen.handlers == &handlers && seen.arg == &failures);
    CHECK(seen.options == &options && seen.err == &err);
    CHECK(seen.type == &demo_several_v1_first_type);
}

int main(void)
{
    table_says_what_the_proto_says();
    invoke_runs_the_handler_or_answers_unimplemented();
    call_hands_on_and_writes_only_a_reply();
    async_hands_on_all_and_tells_nobody_itself();
    complete_tells_the_callback();
    result_hands_on_and_writes_only_a_reply();
    serve_hands_on();
    return failures == 0 ? 0 : 1;
}

/* What generated code does, with stand-ins for the runtime: the tables say what the .proto says, the
 * functions hand everything on, and only a reply that came is written. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "code_size.tern.h"
#include "several.tern.h"

/* What the stand-ins saw, and what they answer. */
static struct {
    tern_client *client;
    tern_conn *conn;
    const tern_method *method;
    const tern_service_type *type;
    const void *message;
    const void *options;
    const void *handlers;
    const void *arg;
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
    serve_hands_on();
    return failures == 0 ? 0 : 1;
}

/* A service that calls another on behalf of its caller: deadline and trace pass through both. The front answers with
 * what the echo service behind it says, and with how much of the caller's time was left there. */
#include <stdio.h>
#include <string.h>

#include <tern/tern.h>

#include "examples/echo.tern.h"

/* Behind: says what it sees of the caller at the very front. */
static tern_status echo(tern_request *rq, const Examples__V1__EchoRequest *in, Examples__V1__EchoReply *out)
{
    const char *trace = tern_request_header(rq, "traceparent");
    out->text = tern_request_printf(rq, "Echo: %s (at most %u s left, trace %s)", in->text,
                                    (tern_request_remaining_ms(rq) + 999) / 1000, trace ? trace : "none");
    return TERN_OK;
}

/* In front: parent makes the call end when the caller of this one gives up, and passes the trace on. */
static tern_status relay(tern_request *rq, const Examples__V1__EchoRequest *in, Examples__V1__EchoReply *out)
{
    const tern_call_options options = { .parent = rq };
    Examples__V1__EchoReply *reply = NULL;
    tern_error err;
    tern_status st = examples_v1_echo_echo(tern_request_arg(rq), in, &options, &reply, &err);
    if (st != TERN_OK) return tern_request_fail(rq, st, "behind: %s", err.text);
    out->text = tern_request_strdup(rq, reply->text);
    tern_message_free(&reply->base);
    return TERN_OK;
}

static tern_status call_front(tern_client *client, tern_error *err)
{
    const tern_header trace = { "traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" };
    const tern_call_options options = { .timeout_ms = 2000, .metadata = &trace, .metadata_count = 1 };
    Examples__V1__EchoRequest request = EXAMPLES__V1__ECHO_REQUEST__INIT;
    Examples__V1__EchoReply *reply = NULL;
    request.text = "Hello";
    tern_status st = examples_v1_echo_echo(client, &request, &options, &reply, err);
    if (st != TERN_OK) return st;
    puts(reply->text);
    tern_message_free(&reply->base);
    return TERN_OK;
}

int main(void)
{
    const examples_v1_echo_handlers echoes = { .echo = echo }, relays = { .echo = relay };
    /* A handler that waits for another service of its process holds a thread of its pool: so they have one each. */
    tern_service_options behind = { .subject_prefix = "behind" }, front = { .subject_prefix = "front" };
    const tern_client_options to_behind = { .subject_prefix = "behind" }, to_front = { .subject_prefix = "front" };
    tern_conn *conn = NULL;
    tern_client *inner = NULL, *outer = NULL;
    tern_service *back_service = NULL, *front_service = NULL;
    tern_executor *pool = NULL;
    tern_error err;

    tern_status st = tern_connect(NULL, &conn, &err);
    if (st == TERN_OK) st = tern_pool_new(2, &pool, &err);
    front.executor = pool;
    if (st == TERN_OK) st = tern_client_new(conn, &to_behind, &inner, &err);
    if (st == TERN_OK) st = tern_client_new(conn, &to_front, &outer, &err);
    if (st == TERN_OK) st = examples_v1_echo_serve(conn, &echoes, NULL, &behind, &back_service, &err);
    if (st == TERN_OK) st = examples_v1_echo_serve(conn, &relays, inner, &front, &front_service, &err);
    if (st == TERN_OK) st = call_front(outer, &err);
    if (st != TERN_OK) fprintf(stderr, "relay: %s: %s\n", tern_status_name(st), err.text);
    tern_service_free(front_service);
    tern_service_free(back_service);
    tern_client_free(outer);
    tern_client_free(inner);
    tern_executor_free(pool);
    tern_conn_free(conn);
    return st == TERN_OK ? 0 : 1;
}

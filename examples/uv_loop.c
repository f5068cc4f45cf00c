/* Tern on a libuv loop: a timer publishes and calls; messages, requests and replies are handled on the loop's thread.
 */
#include <stdio.h>

#include <tern/tern.h>
#include <uv.h>

#include "examples/echo.tern.h"

enum { COUNT = 5, TICK_MS = 20 };

static tern_executor *queue;
static tern_conn *conn;
static tern_client *client;
static uv_poll_t readable;
static uv_timer_t timer;
static int ticks, messages, replies; /* one thread: no lock */

static void fail(const char *what, const char *why)
{
    fprintf(stderr, "uv_loop: %s: %s\n", what, why);
    uv_stop(uv_default_loop());
}

static void on_message(tern_msg *msg, void *arg)
{
    printf("%s: %.*s\n", (const char *)arg, (int)tern_msg_size(msg), (const char *)tern_msg_data(msg));
    messages++;
}

static tern_status echo(tern_request *rq, const Examples__V1__EchoRequest *in, Examples__V1__EchoReply *out)
{
    out->text = tern_request_printf(rq, "Echo: %s", in->text);
    return TERN_OK;
}

static void on_reply(tern_call *call, Examples__V1__EchoReply *reply, const tern_error *err, void *arg)
{
    (void)call;
    if (err->status != TERN_OK) fail("echo", err->text);
    else puts(reply->text);
    if (reply) tern_message_free(&reply->base);
    *(int *)arg += err->status == TERN_OK;
}

static void on_tick(uv_timer_t *handle)
{
    char text[32];
    Examples__V1__EchoRequest request = EXAMPLES__V1__ECHO_REQUEST__INIT;
    tern_error err;
    request.text = text;
    int size = snprintf(text, sizeof text, "Tick #%d", ++ticks);
    tern_status st = tern_conn_publish(conn, "uv_loop.ticks", text, (size_t)size, &err);
    if (st == TERN_OK) st = examples_v1_echo_echo_async(client, &request, NULL, on_reply, &replies, NULL, &err);
    if (st != TERN_OK) fail("tick", err.text);
    if (ticks == COUNT) uv_timer_stop(handle);
}

static void on_readable(uv_poll_t *handle, int status, int events)
{
    (void)tern_queue_dispatch(queue);
    if (status != 0 || events != UV_READABLE) fail("poll", uv_strerror(status));
    if (messages == COUNT && replies == COUNT) uv_poll_stop(handle); /* nothing is left to do: the loop ends */
}

int main(void)
{
    const examples_v1_echo_handlers handlers = { .echo = echo };
    tern_sub *sub = NULL;
    tern_service *service = NULL;
    tern_error err;
    tern_status st = tern_queue_new(&queue, &err);
    if (st == TERN_OK) st = tern_connect(NULL, &conn, &err);
    tern_sub_options on_queue = { .executor = queue };
    tern_service_options serving = { .subject_prefix = "uv_loop", .executor = queue };
    tern_client_options calling = { .subject_prefix = "uv_loop", .executor = queue };
    if (st == TERN_OK) st = tern_conn_subscribe(conn, "uv_loop.ticks", &on_queue, on_message, "Message", &sub, &err);
    if (st == TERN_OK) st = examples_v1_echo_serve(conn, &handlers, NULL, &serving, &service, &err);
    if (st == TERN_OK) st = tern_client_new(conn, &calling, &client, &err);
    if (st != TERN_OK) fail(tern_status_name(st), err.text);
    else if (uv_poll_init(uv_default_loop(), &readable, tern_queue_fd(queue)) != 0 ||
             uv_poll_start(&readable, UV_READABLE, on_readable) != 0 || uv_timer_init(uv_default_loop(), &timer) != 0 ||
             uv_timer_start(&timer, on_tick, 0, TICK_MS) != 0 || uv_run(uv_default_loop(), UV_RUN_DEFAULT) != 0)
        fail("libuv", "the loop does not run");

    tern_client_free(client);
    tern_service_free(service);
    tern_sub_free(sub);
    tern_conn_free(conn);
    tern_executor_free(queue); /* last: what uses it needs it to the end */
    return messages == COUNT && replies == COUNT ? 0 : 1;
}

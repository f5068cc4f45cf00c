/* Tern inside a program's own loop, on poll(): messages, requests and replies are all handled on the loop's thread. */
#include <poll.h>
#include <stdio.h>

#include <tern/tern.h>

#include "examples/echo.tern.h"

enum { COUNT = 3, PATIENCE_MS = 10000 };

/* What came so far. One thread: no lock. */
static int messages, requests, replies, failures;

static void on_message(tern_msg *msg, void *arg)
{
    printf("%s: %.*s\n", (const char *)arg, (int)tern_msg_size(msg), (const char *)tern_msg_data(msg));
    messages++;
}

static tern_status echo(tern_request *rq, const Examples__V1__EchoRequest *in, Examples__V1__EchoReply *out)
{
    requests++;
    out->text = tern_request_printf(rq, "Echo: %s", in->text);
    out->payload = in->payload;
    return TERN_OK;
}

static void on_reply(tern_call *call, Examples__V1__EchoReply *reply, const tern_error *err, void *arg)
{
    (void)call;
    (void)arg;
    if (err->status == TERN_OK) puts(reply->text);
    else fprintf(stderr, "poll_loop: %s: %s\n", tern_status_name(err->status), err->text);
    if (err->status == TERN_OK) tern_message_free(&reply->base);
    else failures++;
    replies++;
}

/* Begins all that the loop then hears of. */
static tern_status begin(tern_conn *conn, tern_client *client, tern_error *err)
{
    char text[32];
    tern_status st = TERN_OK;
    for (int i = 1; i <= COUNT && st == TERN_OK; i++) {
        Examples__V1__EchoRequest request = EXAMPLES__V1__ECHO_REQUEST__INIT;
        request.text = text;
        int size = snprintf(text, sizeof text, "Hello #%d", i);
        st = tern_conn_publish(conn, "poll_loop.updates", text, (size_t)size, err);
        if (st == TERN_OK) st = examples_v1_echo_echo_async(client, &request, NULL, on_reply, NULL, NULL, err);
    }
    return st;
}

int main(void)
{
    const examples_v1_echo_handlers handlers = { .echo = echo };
    tern_executor *queue = NULL;
    tern_conn *conn = NULL;
    tern_sub *subs[2] = { NULL };
    tern_service *service = NULL;
    tern_client *client = NULL;
    tern_error err;

    tern_status st = tern_queue_new(&queue, &err);
    if (st == TERN_OK) st = tern_connect(NULL, &conn, &err);
    tern_sub_options on_queue = { .executor = queue };
    tern_service_options serving = { .subject_prefix = "poll_loop", .executor = queue };
    tern_client_options calling = { .subject_prefix = "poll_loop", .executor = queue };
    if (st == TERN_OK) st = tern_conn_subscribe(conn, "poll_loop.*", &on_queue, on_message, "A", &subs[0], &err);
    if (st == TERN_OK) st = tern_conn_subscribe(conn, "poll_loop.*", &on_queue, on_message, "B", &subs[1], &err);
    if (st == TERN_OK) st = examples_v1_echo_serve(conn, &handlers, NULL, &serving, &service, &err);
    if (st == TERN_OK) st = tern_client_new(conn, &calling, &client, &err);
    if (st == TERN_OK) st = begin(conn, client, &err);
    if (st != TERN_OK) fprintf(stderr, "poll_loop: %s: %s\n", tern_status_name(st), err.text);

    /* The loop. The program's own descriptors go beside the queue's. */
    struct pollfd fds[] = { { .fd = tern_queue_fd(queue), .events = POLLIN } };
    while (st == TERN_OK && (messages < 2 * COUNT || replies < COUNT) && poll(fds, 1, PATIENCE_MS) > 0)
        (void)tern_queue_dispatch(queue);

    tern_client_free(client);
    tern_service_free(service);
    for (int i = 0; i < 2; i++) tern_sub_free(subs[i]);
    tern_conn_free(conn);
    tern_executor_free(queue); /* last: what uses it needs it to the end */
    return messages == 2 * COUNT && requests == COUNT && replies == COUNT && failures == 0 ? 0 : 1;
}

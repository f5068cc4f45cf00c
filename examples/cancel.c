/* Asks several times at once, takes the first answer and cancels the other calls. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <tern/tern.h>

#include "examples/echo.tern.h"

enum { CALLS = 3 };

/* Slow: takes as many milliseconds as the request says, below 1,000. */
static tern_status echo(tern_request *rq, const Examples__V1__EchoRequest *in, Examples__V1__EchoReply *out)
{
    const struct timespec pause = { .tv_nsec = atoi(in->text) * 1000000L };
    nanosleep(&pause, NULL);
    out->text = tern_request_printf(rq, "answered after %s ms", in->text);
    return TERN_OK;
}

static tern_status begin(tern_client *client, char *text, tern_call **out_call, tern_error *err)
{
    Examples__V1__EchoRequest request = EXAMPLES__V1__ECHO_REQUEST__INIT;
    request.text = text;
    return examples_v1_echo_echo_async(client, &request, NULL, NULL, NULL, out_call, err);
}

/* Says how a call that has ended did so, and returns its status. */
static tern_status tell(size_t number, tern_call *call)
{
    Examples__V1__EchoReply *reply = NULL;
    tern_error err;
    tern_status st = examples_v1_echo_echo_result(call, &reply, &err);
    printf("Call %zu: %s: %s\n", number, tern_status_name(st), st == TERN_OK ? reply->text : err.text);
    if (reply) tern_message_free(&reply->base);
    return st;
}

int main(void)
{
    const examples_v1_echo_handlers handlers = { .echo = echo };
    const tern_service_options options = { .subject_prefix = "cancel" };
    const tern_client_options to_it = { .subject_prefix = "cancel" };
    char *times[CALLS] = { "900", "100", "900" };
    tern_call *calls[CALLS] = { NULL };
    tern_conn *conn = NULL;
    tern_service *service = NULL;
    tern_client *client = NULL;
    tern_error err;
    size_t first = 0;
    int wrong = 0;

    tern_status st = tern_connect(NULL, &conn, &err);
    if (st == TERN_OK) st = examples_v1_echo_serve(conn, &handlers, NULL, &options, &service, &err);
    if (st == TERN_OK) st = tern_client_new(conn, &to_it, &client, &err);
    for (size_t i = 0; i < CALLS && st == TERN_OK; i++) st = begin(client, times[i], &calls[i], &err);
    if (st == TERN_OK) st = tern_call_wait_any(calls, CALLS, 0, &first, &err);
    for (size_t i = 0; i < CALLS && st == TERN_OK; i++) {
        if (i != first) tern_call_cancel(calls[i]); /* the service may go on with it, but nobody waits */
    }
    if (st == TERN_OK) st = tern_call_wait_all(calls, CALLS, 0, &err);
    for (size_t i = 0; i < CALLS && st == TERN_OK; i++)
        wrong += tell(i + 1, calls[i]) != (i == first ? TERN_OK : TERN_CANCELLED);
    if (st != TERN_OK) fprintf(stderr, "cancel: %s: %s\n", tern_status_name(st), err.text);

    for (size_t i = 0; i < CALLS; i++) tern_call_free(calls[i]);
    tern_client_free(client);
    tern_service_free(service);
    tern_conn_free(conn);
    return st == TERN_OK && wrong == 0 ? 0 : 1;
}

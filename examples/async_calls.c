/* 110 calls of examples.v1.Echo in flight at once: a hundred tell a callback how they ended, ten are asked. */
#include <stdio.h>
#include <string.h>

#include <tern/tern.h>

#include "examples/echo.tern.h"

enum { TOLD = 100, ASKED = 10, CALLS = TOLD + ASKED };

typedef struct one_call {
    char text[32];
    int right; /* the reply */
} one_call;

static one_call all[CALLS];

static void check(one_call *of, Examples__V1__EchoReply *reply)
{
    of->right = strncmp(reply->text, "Echo: ", 6) == 0 && strcmp(reply->text + 6, of->text) == 0;
    tern_message_free(&reply->base);
}

static void complain(const tern_error *err)
{
    fprintf(stderr, "async_calls: %s: %s\n", tern_status_name(err->status), err->text);
}

/* On threads of the shared pool, for several calls at the same time: each touches what is its own. */
static void on_end(tern_call *call, Examples__V1__EchoReply *reply, const tern_error *err, void *arg)
{
    (void)call;
    if (err->status == TERN_OK) check(arg, reply);
    else complain(err);
}

static tern_status begin(tern_client *client, int index, tern_call **out_call, tern_error *err)
{
    Examples__V1__EchoRequest request = EXAMPLES__V1__ECHO_REQUEST__INIT;
    snprintf(all[index].text, sizeof all[index].text, "Hello #%d", index + 1);
    request.text = all[index].text;
    return examples_v1_echo_echo_async(client, &request, NULL, index < TOLD ? on_end : NULL, &all[index], out_call,
                                       err);
}

int main(void)
{
    tern_conn *conn = NULL;
    tern_client *client = NULL;
    tern_call *calls[CALLS] = { NULL };
    Examples__V1__EchoReply *reply = NULL;
    tern_error err;
    int right = 0;

    tern_status st = tern_connect(NULL, &conn, &err);
    if (st == TERN_OK) st = tern_client_new(conn, NULL, &client, &err);
    for (int i = 0; i < CALLS && st == TERN_OK; i++) st = begin(client, i, &calls[i], &err);
    if (st == TERN_OK) st = tern_call_wait_all(calls, CALLS, 0, &err); /* callbacks included */
    for (int i = TOLD; i < CALLS && st == TERN_OK; i++) {
        st = examples_v1_echo_echo_result(calls[i], &reply, &err);
        if (st == TERN_OK) check(&all[i], reply);
    }
    if (st != TERN_OK) complain(&err);

    for (int i = 0; i < CALLS; i++) tern_call_free(calls[i]);
    tern_client_free(client); /* no callback runs any more, whatever failed above */
    tern_conn_free(conn);
    for (int i = 0; i < CALLS; i++) right += all[i].right;
    printf("%d of %d replies are right\n", right, CALLS);
    return st == TERN_OK && right == CALLS ? 0 : 1;
}

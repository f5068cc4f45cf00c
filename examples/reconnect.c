/* Calls examples.v1.Echo with each line of its input and prints the replies, across restarts of the server.
 * A call that nobody serves just now is tried again, and so is one whose reply got lost: Echo has no side effects. */
#include <stdio.h>
#include <string.h>

#include <tern/tern.h>

#include "examples/echo.tern.h"

static void on_event(tern_conn *conn, const tern_event *event, void *arg)
{
    (void)conn;
    (void)arg;
    if (event->kind == TERN_EVENT_DISCONNECTED) printf("Connection lost: %s\n", event->text);
    if (event->kind == TERN_EVENT_RECONNECTED) printf("Connected again to %s\n", event->server);
    fflush(stdout);
}

/* Returns 0 when the right reply came. */
static int call(tern_client *client, char *text)
{
    Examples__V1__EchoRequest request = EXAMPLES__V1__ECHO_REQUEST__INIT;
    Examples__V1__EchoReply *reply = NULL;
    tern_error err;
    request.text = text;
    tern_status st = examples_v1_echo_echo(client, &request, NULL, &reply, &err);
    if (st != TERN_OK) {
        fprintf(stderr, "reconnect: %s: %s\n", tern_status_name(st), err.text);
        return 1;
    }
    puts(reply->text);
    fflush(stdout);
    int wrong = strncmp(reply->text, "Echo: ", 6) != 0 || strcmp(reply->text + 6, text) != 0;
    tern_message_free(&reply->base);
    return wrong;
}

int main(void)
{
    const tern_conn_options options = { .on_event = on_event };
    const tern_client_options patient = { .timeout_ms = 20000,
                                          .retry = { .attempts = 50, .attempt_timeout_ms = 1000 } };
    tern_conn *conn = NULL;
    tern_client *client = NULL;
    tern_error err;
    char line[256];
    int failed = 0;

    tern_status st = tern_connect(&options, &conn, &err);
    if (st == TERN_OK) st = tern_client_new(conn, &patient, &client, &err);
    if (st != TERN_OK) {
        fprintf(stderr, "reconnect: %s: %s\n", tern_status_name(st), err.text);
        tern_conn_free(conn);
        return 1;
    }
    while (!failed && fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = '\0';
        failed = call(client, line);
    }
    tern_client_free(client);
    tern_conn_free(conn);
    return failed;
}

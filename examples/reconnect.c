/* Calls examples.v1.Echo with each line of its input and prints the replies, across restarts of the server.
 * A call that is lost with the server is made again: Echo has no side effects. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <tern/tern.h>

#include "examples/echo.tern.h"

enum { TRIES = 100, PAUSE_MS = 100 };

static void on_event(tern_conn *conn, const tern_event *event, void *arg)
{
    (void)conn;
    (void)arg;
    if (event->kind == TERN_EVENT_DISCONNECTED) printf("Connection lost: %s\n", event->text);
    if (event->kind == TERN_EVENT_RECONNECTED) printf("Connected again to %s\n", event->server);
    fflush(stdout);
}

/* Nobody served just now, or the reply got lost. Any other failure would only repeat itself. */
static int worth_another_try(tern_status st)
{
    return st == TERN_UNAVAILABLE || st == TERN_DEADLINE_EXCEEDED;
}

/* Returns 0 when the right reply came. */
static int call(tern_client *client, char *text)
{
    const tern_call_options options = { .timeout_ms = 1000 };
    const struct timespec pause = { .tv_nsec = PAUSE_MS * 1000000L };
    Examples__V1__EchoRequest request = EXAMPLES__V1__ECHO_REQUEST__INIT;
    Examples__V1__EchoReply *reply = NULL;
    tern_error err;
    request.text = text;
    tern_status st = examples_v1_echo_echo(client, &request, &options, &reply, &err);
    for (int i = 1; i < TRIES && worth_another_try(st); i++) {
        nanosleep(&pause, NULL);
        st = examples_v1_echo_echo(client, &request, &options, &reply, &err);
    }
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
    tern_conn *conn = NULL;
    tern_client *client = NULL;
    tern_error err;
    char line[256];
    int failed = 0;

    tern_status st = tern_connect(&options, &conn, &err);
    if (st == TERN_OK) st = tern_client_new(conn, NULL, &client, &err);
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

/* Calls secured.examples.v1.Echo with its argument; an interceptor adds the token in $ECHO_TOKEN to every call. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tern/tern.h>

#include "examples/echo.tern.h"

static tern_status add_token(tern_call *call, void *arg, tern_error *err)
{
    return tern_call_set_header(call, "authorization", arg, err);
}

int main(int argc, char **argv)
{
    const char *token = getenv("ECHO_TOKEN");
    char authorization[128];
    char hello[] = "Hello";
    const tern_client_interceptor with_token = { .before = add_token, .arg = authorization };
    const tern_client_options options = { .subject_prefix = "secured",
                                          .interceptors = &with_token,
                                          .interceptor_count = token ? 1 : 0 };
    Examples__V1__EchoRequest request = EXAMPLES__V1__ECHO_REQUEST__INIT;
    Examples__V1__EchoReply *reply = NULL;
    tern_conn *conn = NULL;
    tern_client *client = NULL;
    tern_error err;
    int right = 0;

    snprintf(authorization, sizeof authorization, "Bearer %s", token ? token : "");
    request.text = argc > 1 ? argv[1] : hello;
    tern_status st = tern_connect(NULL, &conn, &err);
    if (st == TERN_OK) st = tern_client_new(conn, &options, &client, &err);
    if (st == TERN_OK) st = examples_v1_echo_echo(client, &request, NULL, &reply, &err);
    if (st == TERN_OK) {
        puts(reply->text);
        right = strncmp(reply->text, "Echo: ", 6) == 0 && strcmp(reply->text + 6, request.text) == 0;
        tern_message_free(&reply->base);
    } else {
        fprintf(stderr, "auth_client: %s: %s\n", tern_status_name(st), err.text);
    }
    tern_client_free(client);
    tern_conn_free(conn);
    return right ? 0 : 1;
}

/* Calls examples.v1.Echo with each argument, or with Hello #1 to Hello #3, and prints the replies. */
#include <stdio.h>
#include <string.h>

#include <tern/tern.h>

#include "examples/echo.tern.h"

/* One call. Prints the reply, and returns 0 if it is the right one. */
static int call(tern_client *client, char *text)
{
    Examples__V1__EchoRequest request = EXAMPLES__V1__ECHO_REQUEST__INIT;
    Examples__V1__EchoReply *reply = NULL;
    tern_error err;
    request.text = text;
    if (examples_v1_echo_echo(client, &request, NULL, &reply, &err) != TERN_OK) {
        fprintf(stderr, "echo_client: %s: %s\n", tern_status_name(err.status), err.text);
        return 1;
    }
    puts(reply->text);
    fflush(stdout);
    int wrong = strncmp(reply->text, "Echo: ", 6) != 0 || strcmp(reply->text + 6, text) != 0;
    tern_message_free(&reply->base);
    return wrong;
}

int main(int argc, char **argv)
{
    char hello[3][16] = { "Hello #1", "Hello #2", "Hello #3" };
    tern_conn *conn = NULL;
    tern_client *client = NULL;
    tern_error err;
    int failed = 0;

    if (tern_connect(NULL, &conn, &err) != TERN_OK) goto error;
    if (tern_client_new(conn, NULL, &client, &err) != TERN_OK) goto error;
    for (int i = 1; i < argc && !failed; i++) failed = call(client, argv[i]);
    for (int i = 0; i < 3 && argc == 1 && !failed; i++) failed = call(client, hello[i]);
    tern_client_free(client);
    tern_conn_free(conn);
    return failed;
error:
    fprintf(stderr, "echo_client: %s: %s\n", tern_status_name(err.status), err.text);
    tern_conn_free(conn);
    return 1;
}

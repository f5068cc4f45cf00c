#include "test.h"

#include <tern/tern.h>

#include "examples/echo.tern.h"
#include "server.h"

static tern_status echo(tern_request *rq, const Examples__V1__EchoRequest *in, Examples__V1__EchoReply *out)
{
    out->text = tern_request_printf(rq, "Echo: %s", in->text);
    out->payload = in->payload;
    return TERN_OK;
}

Test(echo, call_gets_its_answer, .timeout = 20)
{
    struct test_server *server = server_start(NULL);
    const examples_v1_echo_handlers handlers = { .echo = echo };
    tern_conn_options options = { .url = server_url(server) };
    tern_conn *conn = NULL;
    tern_client *client = NULL;
    tern_service *service = NULL;
    Examples__V1__EchoReply *reply = NULL;
    tern_error err = { .status = TERN_OK };

    check_int(tern_connect(&options, &conn, &err), TERN_OK);
    check_int(examples_v1_echo_serve(conn, &handlers, NULL, NULL, &service, &err), TERN_OK);
    check_int(tern_client_new(conn, NULL, &client, &err), TERN_OK);
    Examples__V1__EchoRequest request = EXAMPLES__V1__ECHO_REQUEST__INIT;
    request.text = (char[]){ "hello" };
    request.payload = (ProtobufCBinaryData){ .data = (uint8_t[]){ 1, 0, 2 }, .len = 3 };
    check_int(examples_v1_echo_echo(client, &request, NULL, &reply, &err), TERN_OK);
    check_str(reply->text, "Echo: hello");
    check_bytes(reply->payload.data, reply->payload.len, "\1\0\2", 3);
    tern_message_free(&reply->base);

    tern_client_free(client);
    tern_service_free(service);
    tern_conn_free(conn);
    server_stop(server);
    test_check_leaks();
}

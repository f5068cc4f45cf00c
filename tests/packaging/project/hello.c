#include <stdio.h>

#include <tern/tern.h>

#include "greeter.tern.h"

static tern_status say_hello(tern_request *rq, const Demo__V1__HelloRequest *in, Demo__V1__HelloReply *out)
{
    if (in->name[0] == '\0') return tern_request_fail(rq, TERN_INVALID_ARGUMENT, "hello to whom?");
    out->text = tern_request_printf(rq, "Hello, %s!", in->name);
    return TERN_OK;
}

int main(void)
{
    const demo_v1_greeter_handlers handlers = { .say_hello = say_hello };
    Demo__V1__HelloRequest request = DEMO__V1__HELLO_REQUEST__INIT;
    Demo__V1__HelloReply *reply = NULL;
    tern_conn *conn = NULL;
    tern_service *service = NULL;
    tern_client *client = NULL;
    tern_error err;

    /* One connection for both sides here; as a rule they are two programs. */
    tern_status st = tern_connect(NULL, &conn, &err);
    if (st == TERN_OK) st = demo_v1_greeter_serve(conn, &handlers, NULL, NULL, &service, &err);
    if (st == TERN_OK) st = tern_client_new(conn, NULL, &client, &err);

    request.name = "world";
    if (st == TERN_OK) st = demo_v1_greeter_say_hello(client, &request, NULL, &reply, &err);
    if (st == TERN_OK) puts(reply->text);
    else fprintf(stderr, "%s: %s\n", tern_status_name(st), err.text);

    if (reply) tern_message_free(&reply->base);
    tern_client_free(client);
    tern_service_free(service);
    tern_conn_free(conn);
    return st == TERN_OK ? 0 : 1;
}

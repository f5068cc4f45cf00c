/* What goes beside request and reply: metadata both ways, and an error with a typed detail. */
#include <stdio.h>
#include <string.h>

#include <tern/tern.h>

#include "examples/echo.tern.h"

enum { TEXT_MAX = 8 };

static tern_status echo(tern_request *rq, const Examples__V1__EchoRequest *in, Examples__V1__EchoReply *out)
{
    const char *language = tern_request_header(rq, "accept-language");
    tern_status st = tern_request_set_header(rq, "content-language", language ? language : "en", NULL);
    if (st != TERN_OK) return st;
    if (strlen(in->text) > TEXT_MAX) {
        /* Any message can be the detail; this one shows what would have been taken. */
        Examples__V1__EchoRequest allowed = EXAMPLES__V1__ECHO_REQUEST__INIT;
        allowed.text = tern_request_printf(rq, "%.*s", TEXT_MAX, in->text);
        return tern_request_fail_with(rq, TERN_INVALID_ARGUMENT, &allowed.base, "text is above %d bytes", TEXT_MAX);
    }
    out->text = tern_request_printf(rq, "Echo: %s", in->text);
    return TERN_OK;
}

static void print_detail(tern_call *call)
{
    ProtobufCMessage *detail = NULL;
    tern_error err;
    if (tern_call_detail(call, &examples__v1__echo_request__descriptor, &detail, &err) == TERN_OK)
        printf("  allowed: %s\n", ((const Examples__V1__EchoRequest *)detail)->text);
    else printf("  %s\n", err.text);
    tern_message_free(detail);
}

static tern_status call(tern_client *client, char *text)
{
    const tern_header language = { "accept-language", "la" };
    tern_call *ended = NULL;
    const tern_call_options options = { .metadata = &language, .metadata_count = 1, .out_call = &ended };
    Examples__V1__EchoRequest request = EXAMPLES__V1__ECHO_REQUEST__INIT;
    Examples__V1__EchoReply *reply = NULL;
    tern_error err;
    request.text = text;
    tern_status st = examples_v1_echo_echo(client, &request, &options, &reply, &err);
    printf("%s\n", st == TERN_OK ? reply->text : err.text);
    const char *answered_in = ended ? tern_call_header(ended, "content-language") : NULL;
    printf("  content-language: %s\n", answered_in ? answered_in : "none");
    if (st != TERN_OK && ended) print_detail(ended);
    if (reply) tern_message_free(&reply->base);
    tern_call_free(ended);
    return st;
}

int main(void)
{
    const examples_v1_echo_handlers handlers = { .echo = echo };
    const tern_service_options options = { .subject_prefix = "details" };
    const tern_client_options to_it = { .subject_prefix = "details" };
    tern_conn *conn = NULL;
    tern_service *service = NULL;
    tern_client *client = NULL;
    tern_error err;
    int right = 0;

    tern_status st = tern_connect(NULL, &conn, &err);
    if (st == TERN_OK) st = examples_v1_echo_serve(conn, &handlers, NULL, &options, &service, &err);
    if (st == TERN_OK) st = tern_client_new(conn, &to_it, &client, &err);
    if (st == TERN_OK)
        right = call(client, "Salve") == TERN_OK && call(client, "Salvete omnes") == TERN_INVALID_ARGUMENT;
    else fprintf(stderr, "details: %s: %s\n", tern_status_name(st), err.text);
    tern_client_free(client);
    tern_service_free(service);
    tern_conn_free(conn);
    return right ? 0 : 1;
}

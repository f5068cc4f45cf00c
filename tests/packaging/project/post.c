/* A service whose messages hold, and are, messages of a proto that Tern ships. */
#include <stdio.h>
#include <string.h>

#include <tern/tern.h>

#include "post.tern.h"

static tern_status deliver(tern_request *rq, const Acme__Post__V1__Letter *in, Examples__V1__EchoReply *out)
{
    if (!in->content) return tern_request_fail(rq, TERN_INVALID_ARGUMENT, "nothing to send to %s", in->to);
    out->text = tern_request_printf(rq, "to %s: %s", in->to, in->content->text);
    return TERN_OK;
}

int main(void)
{
    const acme_post_v1_post_handlers handlers = { .send = deliver };
    Examples__V1__EchoRequest content = EXAMPLES__V1__ECHO_REQUEST__INIT;
    Acme__Post__V1__Letter letter = ACME__POST__V1__LETTER__INIT;
    Examples__V1__EchoReply *reply = NULL;
    tern_conn *conn = NULL;
    tern_service *service = NULL;
    tern_client *client = NULL;
    tern_error err;
    char text[] = "hi", to[] = "Ann";

    tern_status st = tern_connect(NULL, &conn, &err);
    if (st == TERN_OK) st = acme_post_v1_post_serve(conn, &handlers, NULL, NULL, &service, &err);
    if (st == TERN_OK) st = tern_client_new(conn, NULL, &client, &err);
    letter.to = to;
    if (st == TERN_OK && acme_post_v1_post_send(client, &letter, NULL, &reply, &err) != TERN_INVALID_ARGUMENT) {
        fprintf(stderr, "a letter without content was sent\n");
        return 1;
    }
    content.text = text;
    letter.content = &content;
    if (st == TERN_OK) st = acme_post_v1_post_send(client, &letter, NULL, &reply, &err);
    if (st == TERN_OK) puts(reply->text);
    else fprintf(stderr, "%s: %s\n", tern_status_name(st), err.text);

    if (reply) tern_message_free(&reply->base);
    tern_client_free(client);
    tern_service_free(service);
    tern_conn_free(conn);
    return st == TERN_OK ? 0 : 1;
}

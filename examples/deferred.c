/* A service that answers later: its handler only files the request, and another thread answers when it sees fit. A
 * hundred calls wait for their answers, and no thread of the pool waits with them. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include <tern/tern.h>

#include "examples/echo.tern.h"

enum { CALLS = 100 };

static struct ticket {
    tern_request *rq;
    const Examples__V1__EchoRequest *in;
    Examples__V1__EchoReply *out;
} tickets[CALLS]; /* lock */
static int ticket_count;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t all_here = PTHREAD_COND_INITIALIZER;

static tern_status echo(tern_request *rq, const Examples__V1__EchoRequest *in, Examples__V1__EchoReply *out)
{
    pthread_mutex_lock(&lock);
    if (ticket_count < CALLS) {
        tern_request_defer(
            rq); /* from here on whoever takes the ticket answers, and what is returned does not matter */
        tickets[ticket_count++] = (struct ticket){ rq, in, out };
        pthread_cond_signal(&all_here);
    }
    pthread_mutex_unlock(&lock);
    return TERN_RESOURCE_EXHAUSTED; /* the answer where no ticket was left */
}

static void answer_all(void)
{
    pthread_mutex_lock(&lock);
    while (ticket_count < CALLS) pthread_cond_wait(&all_here, &lock);
    pthread_mutex_unlock(&lock);
    for (int i = 0; i < CALLS; i++) {
        tickets[i].out->text = tern_request_printf(tickets[i].rq, "Echo: %s", tickets[i].in->text);
        tern_request_complete(tickets[i].rq, TERN_OK);
    }
}

static void on_end(tern_call *call, Examples__V1__EchoReply *reply, const tern_error *err, void *out_right)
{
    if (err->status != TERN_OK) fprintf(stderr, "deferred: %s\n", err->text);
    else *(int *)out_right = strcmp(reply->text, "Echo: Hello") == 0;
    if (reply) tern_message_free(&reply->base);
    (void)call;
}

int main(void)
{
    const examples_v1_echo_handlers handlers = { .echo = echo };
    const tern_service_options options = { .subject_prefix = "deferred" };
    const tern_client_options to_it = { .subject_prefix = "deferred", .timeout_ms = 30000 };
    Examples__V1__EchoRequest request = EXAMPLES__V1__ECHO_REQUEST__INIT;
    tern_call *calls[CALLS] = { NULL };
    int right[CALLS] = { 0 }, all_right = 0;
    tern_conn *conn = NULL;
    tern_service *service = NULL;
    tern_client *client = NULL;
    tern_error err;

    request.text = "Hello";
    tern_status st = tern_connect(NULL, &conn, &err);
    if (st == TERN_OK) st = examples_v1_echo_serve(conn, &handlers, NULL, &options, &service, &err);
    if (st == TERN_OK) st = tern_client_new(conn, &to_it, &client, &err);
    for (int i = 0; i < CALLS && st == TERN_OK; i++)
        st = examples_v1_echo_echo_async(client, &request, NULL, on_end, &right[i], &calls[i], &err);
    if (st == TERN_OK) answer_all();
    if (st == TERN_OK) st = tern_call_wait_all(calls, CALLS, 0, &err);
    if (st != TERN_OK) fprintf(stderr, "deferred: %s: %s\n", tern_status_name(st), err.text);
    for (int i = 0; i < CALLS; i++) tern_call_free(calls[i]);
    tern_client_free(client);
    tern_service_free(service);
    tern_conn_free(conn);
    for (int i = 0; i < CALLS; i++) all_right += right[i];
    printf("%d of %d replies are right\n", all_right, CALLS);
    return all_right == CALLS ? 0 : 1;
}

/* A service that answers later: its handler only files the request, and another thread answers when it sees fit. */
#include <pthread.h>
#include <stdio.h>

#include <tern/tern.h>

#include "examples/echo.tern.h"

enum { CALLS = 100, PATIENCE_S = 10 };

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
        tern_request_defer(rq); /* from here on whoever takes the ticket answers */
        tickets[ticket_count++] = (struct ticket){ rq, in, out };
        pthread_cond_signal(&all_here);
    }
    pthread_mutex_unlock(&lock);
    return TERN_RESOURCE_EXHAUSTED; /* the answer where no ticket was left, and only there */
}

/* Answers the requests that are here, once so many are, or some time has passed. */
static void answer(int expected)
{
    const struct timespec until = { .tv_sec = time(NULL) + PATIENCE_S };
    pthread_mutex_lock(&lock);
    while (ticket_count < expected && pthread_cond_timedwait(&all_here, &lock, &until) == 0) {
    }
    int here = ticket_count;
    ticket_count = CALLS; /* none for those that come later: nobody would answer them */
    pthread_mutex_unlock(&lock);
    for (int i = 0; i < here; i++) {
        tickets[i].out->text = tern_request_printf(tickets[i].rq, "Echo: %s", tickets[i].in->text);
        tern_request_complete(tickets[i].rq, TERN_OK);
    }
}

int main(void)
{
    const examples_v1_echo_handlers handlers = { .echo = echo };
    const tern_service_options options = { .subject_prefix = "deferred" };
    const tern_client_options to_it = { .subject_prefix = "deferred", .timeout_ms = 30000 };
    Examples__V1__EchoRequest request = EXAMPLES__V1__ECHO_REQUEST__INIT;
    Examples__V1__EchoReply *reply = NULL;
    tern_call *calls[CALLS] = { NULL };
    tern_conn *conn = NULL;
    tern_service *service = NULL;
    tern_client *client = NULL;
    tern_error err;

    request.text = "Hello";
    tern_status st = tern_connect(NULL, &conn, &err);
    if (st == TERN_OK) st = examples_v1_echo_serve(conn, &handlers, NULL, &options, &service, &err);
    if (st == TERN_OK) st = tern_client_new(conn, &to_it, &client, &err);
    for (int i = 0; i < CALLS && st == TERN_OK; i++)
        st = examples_v1_echo_echo_async(client, &request, NULL, NULL, NULL, &calls[i], &err);
    answer(st == TERN_OK ? CALLS : 0);
    if (st == TERN_OK) st = tern_call_wait_all(calls, CALLS, 0, &err);
    for (int i = 0; i < CALLS && st == TERN_OK; i++) {
        st = examples_v1_echo_echo_result(calls[i], &reply, &err);
        if (st == TERN_OK) tern_message_free(&reply->base);
    }
    if (st == TERN_OK) printf("%d replies came, each later\n", CALLS);
    else fprintf(stderr, "deferred: %s: %s\n", tern_status_name(st), err.text);
    for (int i = 0; i < CALLS; i++) tern_call_free(calls[i]);
    tern_client_free(client);
    tern_service_free(service);
    tern_conn_free(conn);
    return st == TERN_OK ? 0 : 1;
}

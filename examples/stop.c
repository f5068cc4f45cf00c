/* Two instances of a service, of which one stops while a client with retries on goes on calling: no call is lost. */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <time.h>

#include <tern/tern.h>

#include "examples/echo.tern.h"

enum { CALLS = 200 };

static int replies; /* the calling thread's, until it has ended */

static tern_status echo(tern_request *rq, const Examples__V1__EchoRequest *in, Examples__V1__EchoReply *out)
{
    nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL); /* at work */
    out->text = tern_request_printf(rq, "Echo: %s", in->text);
    return TERN_OK;
}

static void *call_steadily(void *client)
{
    Examples__V1__EchoRequest request = EXAMPLES__V1__ECHO_REQUEST__INIT;
    tern_error err;
    request.text = "Hello";
    for (int i = 0; i < CALLS; i++) {
        Examples__V1__EchoReply *reply = NULL;
        if (examples_v1_echo_echo(client, &request, NULL, &reply, &err) == TERN_OK) replies++;
        else fprintf(stderr, "stop: %s: %s\n", tern_status_name(err.status), err.text);
        if (reply) tern_message_free(&reply->base);
    }
    return NULL;
}

/* Stops one instance when both have served for a while, and waits for the calls' end. */
static tern_status stop_meanwhile(tern_client *client, tern_service *instance, tern_error *err)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, call_steadily, client) != 0) {
        *err = (tern_error){ .status = TERN_RESOURCE_EXHAUSTED, .text = "no thread to call on" };
        return err->status;
    }
    nanosleep(&(struct timespec){ .tv_nsec = 50 * 1000000 }, NULL);
    tern_status st = tern_service_stop(instance, 0, err);
    pthread_join(thread, NULL);
    return st;
}

int main(void)
{
    const examples_v1_echo_handlers handlers = { .echo = echo };
    const tern_service_options serving = { .subject_prefix = "stop" };
    const tern_client_options calling = { .subject_prefix = "stop", .retry = { .attempts = 10 } };
    tern_conn *conn = NULL;
    tern_service *leaving = NULL, *staying = NULL;
    tern_service_stats left, stayed;
    tern_client *client = NULL;
    tern_error err;

    tern_status st = tern_connect(NULL, &conn, &err);
    if (st == TERN_OK) st = examples_v1_echo_serve(conn, &handlers, NULL, &serving, &leaving, &err);
    if (st == TERN_OK) st = examples_v1_echo_serve(conn, &handlers, NULL, &serving, &staying, &err);
    if (st == TERN_OK) st = tern_client_new(conn, &calling, &client, &err);
    if (st == TERN_OK) st = stop_meanwhile(client, leaving, &err);
    if (st == TERN_OK) st = tern_service_stop(staying, 0, &err);
    if (st != TERN_OK) fprintf(stderr, "stop: %s: %s\n", tern_status_name(st), err.text);
    if (st == TERN_OK) {
        tern_service_get_stats(leaving, &left);
        tern_service_get_stats(staying, &stayed);
        printf("%" PRIu64 " requests before it stopped, %" PRIu64 " on the other\n", left.requests, stayed.requests);
    }
    printf("%d of %d calls were answered\n", replies, CALLS);

    tern_client_free(client);
    tern_service_free(leaving);
    tern_service_free(staying);
    tern_conn_free(conn);
    return st == TERN_OK && replies == CALLS ? 0 : 1;
}

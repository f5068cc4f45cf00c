/* Serves secured.examples.v1.Echo to callers that send the token in $ECHO_TOKEN, and logs every request, until SIGINT
 * or SIGTERM. Both are interceptors: the handler knows nothing of them. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tern/tern.h>

#include "examples/echo.tern.h"

static tern_status echo(tern_request *rq, const Examples__V1__EchoRequest *in, Examples__V1__EchoReply *out)
{
    out->text = tern_request_printf(rq, "Echo: %s", in->text);
    out->payload = in->payload;
    return TERN_OK;
}

/* Takes as long for any guess of the right length, so that nobody can feel their way to the token. */
static int is_same(const char *guess, const char *secret)
{
    unsigned difference = 0;
    if (strlen(guess) != strlen(secret)) return 0;
    for (; *secret; guess++, secret++) difference |= (unsigned char)*guess ^ (unsigned char)*secret;
    return difference == 0;
}

static tern_status check_token(tern_request *rq, void *arg)
{
    const char *given = tern_request_header(rq, "authorization");
    if (!given) return tern_request_fail(rq, TERN_UNAUTHENTICATED, "no header authorization");
    if (!is_same(given, arg)) return tern_request_fail(rq, TERN_UNAUTHENTICATED, "not a valid token");
    return TERN_OK;
}

static void log_request(tern_request *rq, tern_status status, void *arg)
{
    (void)arg;
    printf("%s: %s, %llu us\n", tern_request_method(rq)->subject, tern_status_name(status),
           (unsigned long long)tern_request_elapsed_us(rq));
}

int main(void)
{
    const char *token = getenv("ECHO_TOKEN");
    char expected[128];
    /* In this order, so that what the second one refuses is logged, too. */
    const tern_service_interceptor both[] = { { .after = log_request }, { .before = check_token, .arg = expected } };
    const tern_service_options options = { .subject_prefix = "secured", .interceptors = both, .interceptor_count = 2 };
    const examples_v1_echo_handlers handlers = { .echo = echo };
    tern_conn *conn = NULL;
    tern_service *service = NULL;
    tern_error err;
    sigset_t stop;
    int signal_number = 0;

    if (!token || !*token || snprintf(expected, sizeof expected, "Bearer %s", token) >= (int)sizeof expected) {
        fprintf(stderr, "auth_service: $ECHO_TOKEN must hold 1 to 120 bytes\n");
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    sigemptyset(&stop);
    sigaddset(&stop, SIGINT);
    sigaddset(&stop, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &stop, NULL); /* before any thread starts */

    tern_status st = tern_connect(NULL, &conn, &err);
    if (st == TERN_OK) st = examples_v1_echo_serve(conn, &handlers, NULL, &options, &service, &err);
    if (st == TERN_OK) st = tern_conn_flush(conn, 0, &err);
    if (st == TERN_OK) {
        puts("ready");
        sigwait(&stop, &signal_number);
        st = tern_conn_drain(conn, 0, &err);
    }
    if (st != TERN_OK) fprintf(stderr, "auth_service: %s: %s\n", tern_status_name(st), err.text);
    tern_service_free(service);
    tern_conn_free(conn);
    return st == TERN_OK ? 0 : 1;
}

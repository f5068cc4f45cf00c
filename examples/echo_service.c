/* Serves examples.v1.Echo until SIGINT or SIGTERM, then drains. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>

#include <tern/tern.h>

#include "examples/echo.tern.h"

static tern_status echo(tern_request *rq, const Examples__V1__EchoRequest *in, Examples__V1__EchoReply *out)
{
    out->text = tern_request_printf(rq, "Echo: %s", in->text);
    out->payload = in->payload;
    return TERN_OK;
}

static int fail(const char *what, const tern_error *err)
{
    fprintf(stderr, "echo_service: %s: %s\n", what, err->text);
    return 1;
}

int main(void)
{
    const examples_v1_echo_handlers handlers = { .echo = echo };
    const tern_service_options options = { .version = "1.0.0", .description = "says it back" }; /* for discovery */
    tern_conn *conn = NULL;
    tern_service *service = NULL;
    tern_error err;
    sigset_t stop;
    int signal_number = 0;

    /* Blocked before any thread starts, and waited for below. */
    sigemptyset(&stop);
    sigaddset(&stop, SIGINT);
    sigaddset(&stop, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &stop, NULL);

    if (tern_connect(NULL, &conn, &err) != TERN_OK) return fail("connect", &err);
    if (examples_v1_echo_serve(conn, &handlers, NULL, &options, &service, &err) != TERN_OK) {
        tern_conn_free(conn);
        return fail("serve", &err);
    }
    tern_status st = tern_conn_flush(conn, 0, &err); /* the server knows the subscription now */
    if (st == TERN_OK) {
        puts("ready");
        fflush(stdout);
        sigwait(&stop, &signal_number);
        st = tern_conn_drain(conn, 0, &err);
    }
    tern_service_free(service);
    tern_conn_free(conn);
    return st == TERN_OK ? 0 : fail("drain", &err);
}

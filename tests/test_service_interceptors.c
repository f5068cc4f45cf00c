/* Interceptors of a service: they see each request before its handler and after its answer. */
#include "asking.h"

#include <stdio.h>

/* What was seen, in order: "<1 <2 h >2=0 >1=0 " and so on. */
struct trace {
    pthread_mutex_t lock;  /* guards text */
    struct test_gate gate; /* counts what the first interceptor sees of the end */
    char text[1024];
    tern_request *deferred;
};

static void trace_init(struct trace *trace)
{
    *trace = (struct trace){ .text = "" };
    pthread_mutex_init(&trace->lock, NULL);
    gate_init(&trace->gate);
}

static void trace_destroy(struct trace *trace)
{
    pthread_mutex_destroy(&trace->lock);
    gate_destroy(&trace->gate);
}

static void trace_add(struct trace *trace, const char *what)
{
    pthread_mutex_lock(&trace->lock);
    size_t at = strlen(trace->text);
    (void)snprintf(trace->text + at, sizeof trace->text - at, "%s ", what);
    pthread_mutex_unlock(&trace->lock);
}

struct watcher {
    int number;
    tern_status refuses; /* OK: it does not */
    bool with_a_text;
};

static tern_status before(tern_request *rq, void *arg)
{
    const struct watcher *watcher = arg;
    char what[8], header[8];
    (void)snprintf(what, sizeof what, "<%d", watcher->number);
    trace_add(tern_request_arg(rq), what);
    tern_request_defer(rq); /* it cannot */
    (void)snprintf(header, sizeof header, "%d-Seen", watcher->number);
    (void)tern_request_set_header(rq, header, "yes", NULL);
    if (watcher->refuses == TERN_OK || !watcher->with_a_text) return watcher->refuses;
    return tern_request_fail(rq, watcher->refuses, "%d refuses %s", watcher->number, tern_request_method(rq)->name);
}

static void after(tern_request *rq, tern_status status, void *arg)
{
    const struct watcher *watcher = arg;
    struct trace *trace = tern_request_arg(rq);
    char what[16];
    (void)snprintf(what, sizeof what, ">%d=%d", watcher->number, (int)status);
    trace_add(trace, what);
    if (watcher->number == 1) gate_open(&trace->gate);
}

static tern_status handler(tern_request *rq, const Test__V1__Number *in, Test__V1__Number *out)
{
    trace_add(tern_request_arg(rq), "h");
    out->value = in->value + 1;
    return in->value == 4 ? TERN_OK : TERN_ABORTED;
}

/* The reply of a service with three interceptors, the second of which is this one; and what they saw. */
static tern_msg *watched(struct rig *rig, struct trace *trace, struct watcher second, const char *data, size_t size)
{
    tern_error err = { .status = TERN_OK };
    struct watcher first = { .number = 1 }, third = { .number = 3 };
    tern_service_interceptor interceptors[] = { { before, after, &first },
                                                { before, after, &second },
                                                { before, after, &third } };
    tern_service_options options = { .interceptors = interceptors, .interceptor_count = 3 };
    tern_msg *reply = NULL;

    rig_open(rig);
    trace_init(trace);
    tern_service *service = asking_serve(rig->conn, handler, trace, &options);
    memset(interceptors, 0, sizeof interceptors); /* they were copied */
    tern_outgoing request = { .subject = "test.v1.Calc.Increment", .data = data, .size = size };
    check_ok(tern_conn_request(rig->conn, &request, RIG_WAIT_MS, &reply, &err));
    check_true(gate_wait(&trace->gate, 1, RIG_WAIT_MS));
    check_ok(tern_service_stop(service, 0, &err));
    tern_service_free(service);
    return reply;
}

Test(service_interceptors, they_run_in_order_around_the_handler, .timeout = 60)
{
    struct rig rig;
    struct trace trace;

    tern_msg *reply = watched(&rig, &trace, (struct watcher){ .number = 2 }, "\x08\x04", 2);
    check_str(tern_msg_header(reply, "2-Seen"), "yes");
    check_answered(reply);
    check_str(trace.text, "<1 <2 <3 h >3=0 >2=0 >1=0 ");
    trace_destroy(&trace);
    rig_close(&rig);
    test_check_leaks();
}

Test(service_interceptors, they_see_the_status_of_an_error, .timeout = 60)
{
    struct rig rig;
    struct trace trace;

    check_failed(watched(&rig, &trace, (struct watcher){ .number = 2 }, "\x08\x05", 2), "10", "");
    check_str(trace.text, "<1 <2 <3 h >3=10 >2=10 >1=10 ");
    trace_destroy(&trace);
    rig_close(&rig);
    test_check_leaks();
}

Test(service_interceptors, one_that_refuses_answers_and_only_those_before_it_see_the_end, .timeout = 60)
{
    struct watcher second = { .number = 2, .refuses = TERN_UNAUTHENTICATED, .with_a_text = true };
    struct rig rig;
    struct trace trace;

    tern_msg *reply = watched(&rig, &trace, second, "\x08\x04", 2);
    check_str(tern_msg_header(reply, "1-Seen"), "yes");
    check_failed(reply, "16", "2 refuses Increment");
    check_str(trace.text, "<1 <2 >1=16 ");
    trace_destroy(&trace);
    rig_close(&rig);
    test_check_leaks();
}

Test(service_interceptors, refusal_without_a_text_gets_one, .timeout = 60)
{
    struct rig rig;
    struct trace trace;

    check_failed(watched(&rig, &trace, (struct watcher){ .number = 2, .refuses = TERN_PERMISSION_DENIED }, "", 0), "7",
                 tern_status_meaning(TERN_PERMISSION_DENIED));
    check_str(trace.text, "<1 <2 >1=7 ");
    trace_destroy(&trace);
    rig_close(&rig);
    test_check_leaks();
}

Test(service_interceptors, undecodable_request_is_seen_too, .timeout = 60)
{
    struct rig rig;
    struct trace trace;

    check_failed(watched(&rig, &trace, (struct watcher){ .number = 2 }, "\xff", 1), "3", "test.v1.Number");
    check_str(trace.text, "<1 <2 <3 >3=3 >2=3 >1=3 ");
    trace_destroy(&trace);
    rig_close(&rig);
    test_check_leaks();
}

static tern_status defers(tern_request *rq, const Test__V1__Number *in, Test__V1__Number *out)
{
    struct trace *trace = tern_request_arg(rq);
    trace_add(trace, "h");
    out->value = in->value + 1;
    tern_request_defer(rq);
    trace->deferred = rq;
    gate_open(&trace->gate);
    return TERN_OK;
}

Test(service_interceptors, deferred_request_is_seen_again_when_it_is_answered, .timeout = 60)
{
    struct watcher first = { .number = 2 };
    tern_service_interceptor interceptors[] = { { NULL, NULL, NULL },
                                                { before, after, &first },
                                                { NULL, after, &first } };
    tern_service_options options = { .interceptors = interceptors, .interceptor_count = 3 };
    struct rig rig;
    struct trace trace;

    rig_open(&rig);
    trace_init(&trace);
    tern_service *service = asking_serve(rig.conn, defers, &trace, &options);
    ask_to(rig.conn, "nobody.hears", NULL);
    check_true(gate_wait(&trace.gate, 1, RIG_WAIT_MS));
    check_str(trace.text, "<2 h ");
    tern_request_complete(trace.deferred, TERN_NOT_FOUND);
    check_str(trace.text, "<2 h >2=5 >2=5 ");
    tern_service_free(service);
    trace_destroy(&trace);
    rig_close(&rig);
    test_check_leaks();
}

Test(service_interceptors, list_that_is_not_there_is_refused, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    tern_service *service = NULL;
    struct rig rig;

    rig_open(&rig);
    check_refused(test_v1_calc_serve(rig.conn, &calc_handlers, NULL, &(tern_service_options){ .interceptor_count = 2 },
                                     &service, &err),
                  TERN_INVALID_ARGUMENT, "interceptors");
    rig_close(&rig);
    test_check_leaks();
}

/* ---- Answering in after ---- */

static void answer_again(tern_request *rq, tern_status status, void *arg)
{
    (void)status;
    tern_request_complete(rq, TERN_OK);
    tern_request_drop(rq);
    gate_open(arg);
}

static tern_status defer_and_complete(tern_request *rq, const Test__V1__Number *in, Test__V1__Number *out)
{
    out->value = in->value + 1;
    tern_request_defer(rq);
    tern_request_complete(rq, TERN_OK);
    return TERN_OK;
}

Test(service_interceptors, they_cannot_answer_a_deferred_request_again, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    struct test_gate seen;
    struct rig rig;
    tern_service_stats stats;

    rig_open(&rig);
    gate_init(&seen);
    tern_service_interceptor interceptor = { .after = answer_again, .arg = &seen };
    tern_service_options options = { .interceptors = &interceptor, .interceptor_count = 1 };
    tern_service *service = asking_serve(rig.conn, defer_and_complete, NULL, &options);
    tern_msg *reply = ask(rig.conn, NULL, NULL);
    check_answered(reply);
    check_ok(tern_service_stop(service, 0, &err));
    check_int(gate_count(&seen), 1);
    tern_service_get_stats(service, &stats);
    check_int(stats.requests, 1);
    check_int(stats.errors, 0);
    check_int(stats.deferred, 0);
    tern_service_free(service);
    gate_destroy(&seen);
    rig_close(&rig);
    test_check_leaks();
}

/* Handlers that refuse what they have not acted on, and what callers do then. */
#include "calc.h"

#include <stdatomic.h>

struct refuser {
    tern_status status;
    uint32_t retry_after_ms;
    atomic_int refusals, runs; /* refusals: so many more */
    char headers[256];         /* names of the last request's metadata */
};

static tern_status refuse_some(tern_request *rq, const Test__V1__Number *in, Test__V1__Number *out)
{
    struct refuser *refuser = tern_request_arg(rq);
    tern_header headers[8];
    size_t count = tern_request_headers(rq, headers, 8);
    atomic_fetch_add(&refuser->runs, 1);
    refuser->headers[0] = '\0';
    for (size_t i = 0; i < count; i++)
        (void)strncat(refuser->headers, headers[i].name, sizeof refuser->headers - strlen(refuser->headers) - 1);
    if (atomic_fetch_sub(&refuser->refusals, 1) > 0)
        return tern_request_refuse(rq, refuser->status, refuser->retry_after_ms, "not now, %d", (int)in->value);
    out->value = in->value + 1;
    return TERN_OK;
}

struct scene {
    struct rig rig;
    tern_service *service;
    tern_client *client;
};

static void scene_open(struct scene *scene, struct refuser *refuser, uint32_t attempts)
{
    const test_v1_calc_handlers handlers = { .increment = refuse_some };
    tern_client_options options = { .timeout_ms = 20000, .retry = { .attempts = attempts } };
    tern_error err = { .status = TERN_OK };
    rig_open(&scene->rig);
    check_ok(test_v1_calc_serve(scene->rig.conn, &handlers, refuser, NULL, &scene->service, &err));
    scene->client = calc_client(scene->rig.conn, &options);
}

static void scene_close(struct scene *scene)
{
    tern_client_free(scene->client);
    tern_service_free(scene->service);
    rig_close(&scene->rig);
    test_check_leaks();
}

Test(service_refusing, a_refused_request_is_sent_again_whatever_the_method, .timeout = 60)
{
    struct refuser refuser = { .status = TERN_UNAVAILABLE, .retry_after_ms = 150, .refusals = 2 };
    struct scene s;
    tern_error err = { .status = TERN_OK };

    scene_open(&s, &refuser, 5);
    long began = test_now_ms();
    check_int(calc_increment(s.client, 41, &err), 42);
    check_int_at_least(test_now_ms() - began, 300);
    check_int(atomic_load(&refuser.runs), 3);
    check_str(refuser.headers, ""); /* Tern-Attempt is no metadata */
    scene_close(&s);
}

Test(service_refusing, without_retries_the_caller_gets_status_and_text, .timeout = 60)
{
    struct refuser refuser = { .status = TERN_RESOURCE_EXHAUSTED, .refusals = 1 };
    struct scene s;
    tern_error err = { .status = TERN_OK };

    scene_open(&s, &refuser, 1);
    check_int(calc_increment(s.client, 7, &err), -1);
    check_int(err.status, TERN_RESOURCE_EXHAUSTED);
    check_true(err.remote);
    check_str(err.text, "not now, 7");
    check_int(calc_increment(s.client, 7, &err), 8);
    scene_close(&s);
}

static tern_status return_odd(tern_request *rq, const Test__V1__Number *in, Test__V1__Number *out)
{
    (void)rq;
    (void)out;
    return (tern_status)in->value;
}

Test(service_refusing, a_handler_that_returns_no_status_is_told_by_its_caller, .timeout = 60)
{
    const test_v1_calc_handlers handlers = { .increment = return_odd };
    tern_error err = { .status = TERN_OK };
    tern_service *service = NULL;
    struct rig rig;

    rig_open(&rig);
    check_ok(test_v1_calc_serve(rig.conn, &handlers, NULL, NULL, &service, &err));
    tern_client *client = calc_client(rig.conn, NULL);
    check_int(calc_increment(client, 99, &err), -1);
    check_int(err.status, TERN_INTERNAL);
    check_str(err.text, "the handler of \"test.v1.Calc.Increment\" returned 99, which is no status");
    tern_client_free(client);
    tern_service_free(service);
    rig_close(&rig);
    test_check_leaks();
}

Test(service_refusing, a_caller_needs_somewhere_to_put_the_reply, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    Test__V1__Number number = TEST__V1__NUMBER__INIT;
    struct refuser refuser = { .refusals = 0 };
    tern_call *call = NULL;
    char note[] = "";
    struct scene s;

    scene_open(&s, &refuser, 1);
    number.note = note;
    check_refused(test_v1_calc_increment(s.client, &number, NULL, NULL, &err), TERN_INVALID_ARGUMENT, "out_reply");
    check_int(atomic_load(&refuser.runs), 0);
    check_ok(test_v1_calc_increment_async(s.client, &number, NULL, NULL, NULL, &call, &err));
    check_ok(tern_call_wait(call, 0, &err));
    check_true(tern_call_has_ended(call));
    check_refused(test_v1_calc_increment_result(call, NULL, &err), TERN_INVALID_ARGUMENT, "out_reply");
    tern_call_free(call);
    scene_close(&s);
}

Test(service_refusing, after_a_drain_calls_and_publishes_say_closed, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    Test__V1__Number number = TEST__V1__NUMBER__INIT, *reply = NULL;
    struct refuser refuser = { .refusals = 0 };
    char note[] = "";
    struct scene s;

    scene_open(&s, &refuser, 1);
    number.note = note;
    check_ok(tern_conn_drain(s.rig.conn, RIG_WAIT_MS, &err));
    check_refused(tern_conn_publish(s.rig.conn, "a", "x", 1, &err), TERN_CANCELLED, "closed");
    check_refused(test_v1_calc_increment(s.client, &number, NULL, &reply, &err), TERN_CANCELLED, "closed");
    scene_close(&s);
}

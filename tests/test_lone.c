/* A caller that is the only one does the I/O thread's work while that sleeps; nobody else is to notice. */
#include "asking.h"
#include "numbers.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/time.h>

#include "io/conn.h"

enum { SOON_MS = 5000, LATER_MS = 60000 }; /* what is to happen at once, and the call's own timeout */

/* A connection whose only call is with a service of another one, which holds its answer back. */
struct lone {
    struct rig rig;
    tern_conn *other;
    tern_service *service;
    tern_client *client;
    struct test_gate asked, answer;
    /* The call */
    pthread_t thread;
    uint32_t timeout_ms;
    tern_status status;
    int64_t value;
    tern_error err;
    tern_call *_Atomic handle; /* from its interceptor */
};

/* A value of 0 waits for the gate. */
static tern_status answer_late(tern_request *rq, const Test__V1__Number *in, Test__V1__Number *out)
{
    struct lone *lone = tern_request_arg(rq);
    gate_open(&lone->asked);
    if (in->value == 0) (void)gate_wait(&lone->answer, 1, RIG_WAIT_MS);
    out->value = in->value + 1;
    return TERN_OK;
}

static tern_status keep_handle(tern_call *call, void *arg, tern_error *err)
{
    struct lone *lone = arg;
    (void)err;
    atomic_store(&lone->handle, call);
    return TERN_OK;
}

static bool is_offered(void *arg)
{
    tern_conn *conn = arg;
    return atomic_load(&conn->loan.state) == TERNI_LOAN_OFFERED;
}

static bool is_out(void *arg)
{
    tern_conn *conn = arg;
    return atomic_load(&conn->loan.state) == TERNI_LOAN_OUT;
}

/* Makes calls until the I/O thread offers its loop. */
static void lone_wait_offered(struct lone *lone)
{
    for (int i = 1; i < 5 || !is_offered(lone->rig.conn); i++) {
        tern_error err;
        check_int(calc_increment(lone->client, i, &err), i + 1);
        test_sleep_ms(1);
    }
    gate_reset(&lone->asked);
}

static void lone_open(struct lone *lone, const tern_conn_options *options)
{
    tern_client_interceptor interceptor = { .before = keep_handle, .arg = lone };
    tern_client_options client = TERN_CLIENT_OPTIONS_INIT;
    tern_service_options service = TERN_SERVICE_OPTIONS_INIT;
    service.concurrency = 2;
    client.interceptors = &interceptor;
    client.interceptor_count = 1;
    *lone = (struct lone){ .timeout_ms = LATER_MS };
    gate_init(&lone->asked);
    gate_init(&lone->answer);
    rig_open_with(&lone->rig, NULL, options);
    lone->other = rig_connect(&lone->rig);
    lone->service = asking_serve(lone->other, answer_late, lone, &service);
    lone->client = calc_client(lone->rig.conn, &client);
    lone_wait_offered(lone);
}

static void *make_one_call(void *arg)
{
    struct lone *lone = arg;
    Test__V1__Number number = TEST__V1__NUMBER__INIT, *reply = NULL;
    tern_call_options options = TERN_CALL_OPTIONS_INIT;
    options.timeout_ms = lone->timeout_ms;
    lone->status = test_v1_calc_increment(lone->client, &number, &options, &reply, &lone->err);
    if (lone->status == TERN_OK) lone->value = reply->value;
    if (lone->status == TERN_OK) tern_message_free(&reply->base);
    return NULL;
}

/* The call is made, and its caller has the loop. */
static void lone_call(struct lone *lone)
{
    check_int(pthread_create(&lone->thread, NULL, make_one_call, lone), 0);
    check_true(gate_wait(&lone->asked, 1, RIG_WAIT_MS));
    check_true(is_out(lone->rig.conn));
}

/* Its answer comes. */
static void lone_end(struct lone *lone)
{
    gate_open(&lone->answer);
    (void)pthread_join(lone->thread, NULL);
    cr_assert(lone->status == TERN_OK, "%s", lone->err.text);
    check_int(lone->value, 1);
}

static void lone_close(struct lone *lone)
{
    tern_client_free(lone->client);
    tern_service_free(lone->service);
    tern_conn_free(lone->other);
    rig_close(&lone->rig);
    gate_destroy(&lone->asked);
    gate_destroy(&lone->answer);
    test_check_leaks();
}

/* ---- Meanwhile ---- */

Test(lone, calls_one_after_the_other_leave_the_io_thread_asleep, .timeout = 60)
{
    struct lone lone;
    int recalled = 0;

    lone_open(&lone, NULL);
    for (int i = 1; i <= 200; i++) {
        tern_error err;
        check_int(calc_increment(lone.client, i, &err), i + 1);
        if (!is_offered(lone.rig.conn)) recalled++;
    }
    check_int_at_most(recalled, 2); /* liveness, say */
    lone_close(&lone);
}

static void open_gate(tern_msg *msg, void *arg)
{
    (void)msg;
    gate_open(arg);
}

static void receive_during_a_call(tern_executor *executor)
{
    struct lone lone;
    struct test_gate came;
    tern_sub_options options = TERN_SUB_OPTIONS_INIT;

    gate_init(&came);
    lone_open(&lone, NULL);
    options.executor = executor;
    tern_sub *sub = rig_subscribe(lone.rig.conn, "news", &options, open_gate, &came);
    lone_wait_offered(&lone);
    lone_call(&lone);
    rig_publish(lone.other, "news", "x");
    check_true(gate_wait(&came, 1, SOON_MS));
    lone_end(&lone);
    tern_sub_free(sub);
    lone_close(&lone);
    gate_destroy(&came);
}

Test(lone, messages_for_others_are_handled_meanwhile, .timeout = 60)
{
    receive_during_a_call(NULL);
}

Test(lone, inline_handlers_run_meanwhile, .timeout = 60)
{
    receive_during_a_call(tern_executor_inline());
}

static void note_thread(tern_msg *msg, void *arg)
{
    (void)msg;
    *(pthread_t *)arg = pthread_self();
}

Test(lone, inline_handlers_never_run_on_the_callers_thread, .timeout = 60)
{
    struct lone lone;
    pthread_t handler;
    tern_sub_options options = TERN_SUB_OPTIONS_INIT;

    lone_open(&lone, NULL);
    options.executor = tern_executor_inline();
    tern_sub *sub = rig_subscribe(lone.rig.conn, "news", &options, note_thread, &handler);
    lone_wait_offered(&lone);
    lone_call(&lone);
    rig_publish(lone.other, "news", "x");
    check_true(rig_wait_handled(sub, 1));
    check_false(pthread_equal(handler, lone.thread));
    lone_end(&lone);
    tern_sub_free(sub);
    lone_close(&lone);
}

Test(lone, publishes_of_others_leave_meanwhile, .timeout = 60)
{
    struct lone lone;
    struct test_gate came;

    gate_init(&came);
    lone_open(&lone, NULL);
    tern_sub *sub = rig_subscribe(lone.other, "news", NULL, open_gate, &came);
    lone_call(&lone);
    rig_publish(lone.rig.conn, "news", "x");
    check_true(gate_wait(&came, 1, SOON_MS));
    lone_end(&lone);
    tern_sub_free(sub);
    lone_close(&lone);
    gate_destroy(&came);
}

Test(lone, calls_of_others_are_answered_meanwhile, .timeout = 60)
{
    tern_error err;
    struct lone lone;

    lone_open(&lone, NULL);
    lone_call(&lone);
    for (int i = 1; i <= 20; i++) check_int(calc_increment(lone.client, i, &err), i + 1);
    lone_end(&lone);
    lone_close(&lone);
}

/* Where the first message with the subject is, from a place on; the test fails where there is none. */
static int place_of(struct inbox *inbox, const char *subject, int from)
{
    while (strcmp(inbox_get(inbox, from)->subject, subject) != 0) from++;
    return from;
}

Test(lone, request_follows_what_its_caller_has_just_published, .timeout = 60)
{
    enum { TIMES = 10 };
    tern_error err;
    struct lone lone;
    struct inbox all;
    tern_sub_options options = { .executor = tern_executor_inline() }; /* so that a flush waits for it */
    int from = 0;

    inbox_init(&all);
    lone_open(&lone, NULL);
    tern_sub *sub = rig_subscribe(lone.other, ">", &options, inbox_take, &all);
    for (int i = 1; i <= TIMES; i++) {
        lone_wait_offered(&lone);
        rig_publish(lone.rig.conn, "mark", "");
        rig_flush(lone.rig.conn);
        lone_wait_offered(&lone);
        check_ok(tern_conn_publish(lone.rig.conn, "news", "x", 1, &err));
        check_int(calc_increment(lone.client, i, &err), i + 1);
        rig_publish(lone.rig.conn, "end", "");
        rig_flush(lone.rig.conn);
        rig_flush(lone.other);
        from = place_of(&all, "mark", from);
        int news = place_of(&all, "news", from), end = place_of(&all, "end", from), last = end;
        while (strcmp(inbox_get(&all, last)->subject, "test.v1.Calc.Increment") != 0) last--;
        check_int_less(news, last); /* the last request is the one after news */
        from = end;
    }
    tern_sub_free(sub);
    lone_close(&lone);
    inbox_destroy(&all);
}

Test(lone, signals_do_not_disturb_it, .timeout = 60)
{
    struct lone lone;

    lone_open(&lone, NULL);
    (void)signal(SIGUSR1, (void (*)(int))test_sleep_ms); /* some function that returns */
    lone_call(&lone);
    for (int i = 0; i < 3; i++) {
        (void)pthread_kill(lone.thread, SIGUSR1);
        test_sleep_ms(5);
    }
    lone_end(&lone);
    lone_close(&lone);
}

/* ---- Its end ---- */

Test(lone, close_ends_it_at_once, .timeout = 60)
{
    struct lone lone;

    lone_open(&lone, NULL);
    lone_call(&lone);
    tern_conn_close(lone.rig.conn);
    (void)pthread_join(lone.thread, NULL);
    check_int(lone.status, TERN_CANCELLED);
    gate_open(&lone.answer);
    lone_close(&lone);
}

Test(lone, cancel_ends_it_at_once, .timeout = 60)
{
    struct lone lone;

    lone_open(&lone, NULL);
    lone_call(&lone);
    tern_call_cancel(atomic_load(&lone.handle)); /* it is in its caller's stack until the call returns */
    (void)pthread_join(lone.thread, NULL);
    check_int(lone.status, TERN_CANCELLED);
    gate_open(&lone.answer);
    check_true(rig_wait_late(lone.rig.conn, 1));
    lone_close(&lone);
}

Test(lone, deadline_ends_it_and_the_late_reply_is_nobodys, .timeout = 60)
{
    tern_error err;
    struct lone lone;

    lone_open(&lone, NULL);
    lone.timeout_ms = 100;
    lone_call(&lone);
    (void)pthread_join(lone.thread, NULL);
    check_int(lone.status, TERN_DEADLINE_EXCEEDED);
    check_str_has(lone.err.text, "no reply within 100 ms");
    gate_open(&lone.answer);
    for (int i = 1; i <= 20; i++) check_int(calc_increment(lone.client, i, &err), i + 1);
    check_true(rig_wait_late(lone.rig.conn, 1));
    lone_close(&lone);
}

Test(lone, server_killed_meanwhile_is_noticed_at_once, .timeout = 60)
{
    struct lone lone;

    lone_open(&lone, NULL);
    lone_call(&lone);
    server_kill(lone.rig.server);
    check_true(events_wait(&lone.rig.events, TERN_EVENT_DISCONNECTED, 1));
    server_restart(lone.rig.server);
    check_true(events_wait(&lone.rig.events, TERN_EVENT_RECONNECTED, 1));
    tern_call_cancel(atomic_load(&lone.handle));
    (void)pthread_join(lone.thread, NULL);
    check_int(lone.status, TERN_CANCELLED);
    gate_open(&lone.answer);
    check_true(rig_wait_state(lone.other, TERN_CONN_CONNECTED));
    rig_flush(lone.other);
    lone_wait_offered(&lone); /* in the new session */
    gate_reset(&lone.answer);
    lone_call(&lone);
    lone_end(&lone);
    lone_close(&lone);
}

Test(lone, a_silent_server_is_noticed, .timeout = 60)
{
    tern_conn_options options = { .liveness_interval_ms = 300 };
    struct lone lone;

    lone_open(&lone, &options);
    lone_call(&lone);
    server_pause(lone.rig.server);
    check_true(events_wait(&lone.rig.events, TERN_EVENT_DISCONNECTED, 1));
    server_resume(lone.rig.server);
    tern_call_cancel(atomic_load(&lone.handle));
    (void)pthread_join(lone.thread, NULL);
    gate_open(&lone.answer);
    lone_close(&lone);
}

/* ---- Exactness ---- */

struct publisher {
    tern_conn *conn;
    atomic_bool stop;
    uint64_t last;
    int failed;
    pthread_t thread;
};

static void *publish_numbers(void *arg)
{
    struct publisher *publisher = arg;
    tern_error err;
    for (unsigned random = 1; !atomic_load(&publisher->stop); random = random * 1664525 + 1013904223) {
        if (numbers_publish(publisher->conn, "numbers", ++publisher->last, 0, &err) != TERN_OK) publisher->failed++;
        if (random >> 30 == 0) test_sleep_ms((int)(random >> 26 & 15) * 20); /* past the pause after a recall, too */
    }
    return NULL;
}

/* The loop goes to and fro between a caller, and the I/O thread with a stream to and from the same connection. */
Test(lone, calls_and_a_stream_of_one_connection_are_exact, .timeout = 120)
{
    enum { CALL_FOR_MS = 3000 };
    tern_error err;
    struct lone lone;
    struct numbers numbers;
    struct publisher publisher = { .last = 0 };
    tern_sub_options options = TERN_SUB_OPTIONS_INIT;
    int calls = 0, lent = 0;

    numbers_init(&numbers);
    lone_open(&lone, NULL);
    options.executor = tern_executor_inline();
    tern_sub *sub = rig_subscribe(lone.rig.conn, "numbers", &options, numbers_take, &numbers);
    publisher.conn = lone.rig.conn;
    check_int(pthread_create(&publisher.thread, NULL, publish_numbers, &publisher), 0);
    for (terni_time_ms end = terni_deadline(CALL_FOR_MS); terni_now_ms() < end; calls++) {
        lent += is_offered(lone.rig.conn);
        check_int(calc_increment(lone.client, calls + 1, &err), calls + 2);
    }
    atomic_store(&publisher.stop, true);
    (void)pthread_join(publisher.thread, NULL);
    check_int(publisher.failed, 0);
    check_true(numbers_wait(&numbers, publisher.last, RIG_WAIT_MS));
    check_int(numbers.gaps, 0);
    check_int(numbers.disorder, 0);
    check_int_at_least(lent, 1);
    check_int_less(lent, calls);
    tern_sub_free(sub);
    lone_close(&lone);
    numbers_destroy(&numbers);
}

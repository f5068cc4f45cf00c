/* Services at work: sharing the load, concurrency, executors, stopping, counting. */
#include "calc.h"

#include <stdatomic.h>
#include <stdlib.h>

struct standing {
    struct test_gate entered, leave;
    atomic_int running, most, handled;
};

static void standing_init(struct standing *standing)
{
    *standing = (struct standing){ .running = 0 };
    gate_init(&standing->entered);
    gate_init(&standing->leave);
}

static void standing_destroy(struct standing *standing)
{
    gate_destroy(&standing->entered);
    gate_destroy(&standing->leave);
}

static tern_status stand_still(tern_request *rq, const Test__V1__Number *in, Test__V1__Number *out)
{
    struct standing *standing = tern_request_arg(rq);
    int running = atomic_fetch_add(&standing->running, 1) + 1, most = atomic_load(&standing->most);
    while (running > most && !atomic_compare_exchange_weak(&standing->most, &most, running)) continue;
    gate_open(&standing->entered);
    (void)gate_wait(&standing->leave, 1, RIG_WAIT_MS);
    out->value = in->value + 1;
    atomic_fetch_sub(&standing->running, 1);
    atomic_fetch_add(&standing->handled, 1);
    return TERN_OK;
}

static const test_v1_calc_handlers standing_handlers = { .increment = stand_still };

struct caller {
    tern_client *client;
    int64_t value, result;
    tern_error err;
    pthread_t thread;
};

static void *call_increment(void *arg)
{
    struct caller *caller = arg;
    caller->result = calc_increment(caller->client, caller->value, &caller->err);
    return NULL;
}

static void callers_start(struct caller *callers, int count, tern_client *client)
{
    for (int i = 0; i < count; i++) {
        callers[i] = (struct caller){ .client = client, .value = i };
        pthread_create(&callers[i].thread, NULL, call_increment, &callers[i]);
    }
}

static void callers_end(struct caller *callers, int count)
{
    for (int i = 0; i < count; i++) pthread_join(callers[i].thread, NULL);
    for (int i = 0; i < count; i++)
        cr_assert(callers[i].result == i + 1, "caller %d got %lld: %s", i, (long long)callers[i].result,
                  callers[i].err.text);
}

Test(service_load, instances_of_one_group_share_the_requests, .timeout = 60)
{
    enum { INSTANCES = 3, CALLS = 300 };
    tern_error err = { .status = TERN_OK };
    tern_conn *conns[INSTANCES];
    tern_service *services[INSTANCES];
    tern_service_stats stats;
    struct rig rig;
    uint64_t total = 0;

    rig_open(&rig);
    for (int i = 0; i < INSTANCES; i++) {
        conns[i] = rig_connect(&rig);
        services[i] = calc_serve(conns[i], NULL);
    }
    tern_client *client = calc_client(rig.conn, NULL);
    for (int i = 0; i < CALLS; i++) check_int(calc_increment(client, i, &err), i + 1);
    for (int i = 0; i < INSTANCES; i++) {
        check_ok(tern_service_stop(services[i], 0, &err));
        tern_service_get_stats(services[i], &stats);
        check_int_at_least(stats.requests, 1);
        total += stats.requests;
        tern_service_free(services[i]);
        tern_conn_free(conns[i]);
    }
    check_int(total, CALLS); /* each handled by one */
    tern_client_free(client);
    rig_close(&rig);
    test_check_leaks();
}

Test(service_load, instances_of_different_groups_each_get_every_request, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    tern_service_stats stats;
    struct rig rig;
    tern_service *services[2];

    rig_open(&rig);
    services[0] = calc_serve(rig.conn, NULL);
    services[1] = calc_serve(rig.conn, &(tern_service_options){ .queue_group = "other" });
    tern_client *client = calc_client(rig.conn, NULL);
    for (int i = 0; i < 100; i++) check_int(calc_increment(client, i, &err), i + 1);
    for (int i = 0; i < 2; i++) {
        check_ok(tern_service_stop(services[i], 0, &err));
        tern_service_get_stats(services[i], &stats);
        check_int(stats.requests, 100);
        tern_service_free(services[i]);
    }
    tern_client_free(client);
    rig_close(&rig);
    test_check_leaks();
}

static void runs_at_once(tern_service_options options, int expected)
{
    enum { CALLERS = 12 };
    tern_error err = { .status = TERN_OK };
    struct caller callers[CALLERS];
    struct standing standing;
    struct rig rig;
    tern_service *service = NULL;

    rig_open(&rig);
    standing_init(&standing);
    check_ok(test_v1_calc_serve(rig.conn, &standing_handlers, &standing, &options, &service, &err));
    tern_conn *other = rig_connect(&rig);
    rig_flush(rig.conn);
    tern_client *client = calc_client(other, &(tern_client_options){ .timeout_ms = 20000 });
    callers_start(callers, CALLERS, client);
    check_true(gate_wait(&standing.entered, expected, RIG_WAIT_MS));
    rig_flush(other);
    rig_flush(rig.conn); /* all requests have been received */
    check_int(atomic_load(&standing.running), expected);
    gate_open(&standing.leave);
    callers_end(callers, CALLERS);
    check_int(atomic_load(&standing.most), expected);
    tern_client_free(client);
    tern_service_free(service);
    tern_conn_free(other);
    standing_destroy(&standing);
    rig_close(&rig);
}

Test(service_load, concurrency_limits_the_handlers_at_once, .timeout = 60)
{
    runs_at_once((tern_service_options){ .concurrency = 2 }, 2);
    test_check_leaks();
}

Test(service_load, as_many_handlers_run_as_the_pool_has_threads, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    tern_executor *pool = NULL;
    check_ok(tern_pool_new(7, &pool, &err));
    runs_at_once((tern_service_options){ .executor = pool }, 7);
    tern_executor_free(pool);
    test_check_leaks();
}

Test(service_load, inline_service_answers, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    struct rig rig;

    rig_open(&rig);
    tern_service *service = calc_serve(rig.conn, &(tern_service_options){ .executor = tern_executor_inline() });
    tern_client *client = calc_client(rig.conn, NULL);
    for (int i = 0; i < 1000; i++) check_int(calc_increment(client, i, &err), i + 1);
    tern_client_free(client);
    tern_service_free(service);
    rig_close(&rig);
    test_check_leaks();
}

Test(service_load, statistics_count_requests_and_errors, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    Test__V1__Number number = TEST__V1__NUMBER__INIT, *reply = NULL;
    tern_service_stats stats;
    struct rig rig;

    rig_open(&rig);
    tern_service *service = calc_serve(rig.conn, NULL);
    tern_client *client = calc_client(rig.conn, NULL);
    number.value = TERN_ABORTED;
    for (int i = 0; i < 5; i++) check_int(calc_increment(client, i, &err), i + 1);
    for (int i = 0; i < 3; i++) check_status(test_v1_calc_fail(client, &number, NULL, &reply, &err), TERN_ABORTED);
    check_status(test_v1_calc_unserved(client, &number, NULL, &reply, &err), TERN_UNIMPLEMENTED);
    check_ok(tern_service_stop(service, 0, &err));
    tern_service_get_stats(service, &stats);
    check_int(stats.requests, 9);
    check_int(stats.errors, 4);
    check_int(stats.dropped, 0);
    tern_client_free(client);
    tern_service_free(service);
    rig_close(&rig);
    test_check_leaks();
}

Test(service_load, requests_over_the_pending_limit_are_refused_and_counted, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    tern_service_options options = { .concurrency = 1, .pending_limit = 3 };
    struct standing standing;
    tern_service_stats stats;
    struct rig rig;
    tern_service *service = NULL;

    rig_open(&rig);
    standing_init(&standing);
    check_ok(test_v1_calc_serve(rig.conn, &standing_handlers, &standing, &options, &service, &err));
    tern_outgoing request = { .subject = "test.v1.Calc.Increment", .reply = "nobody.hears" };
    check_ok(tern_conn_publish_outgoing(rig.conn, &request, &err));
    check_true(gate_wait(&standing.entered, 1, RIG_WAIT_MS));
    for (int i = 0; i < 10; i++) check_ok(tern_conn_publish_outgoing(rig.conn, &request, &err));
    rig_flush(rig.conn);
    tern_service_get_stats(service, &stats);
    check_int(stats.refused, 7);
    check_int(stats.dropped, 0);
    check_int(events_count(&rig.events, TERN_EVENT_SLOW_CONSUMER), 0); /* their callers are told instead */
    gate_open(&standing.leave);
    check_ok(tern_service_stop(service, 0, &err));
    tern_service_get_stats(service, &stats);
    check_int(stats.requests, 4);
    tern_service_free(service);
    standing_destroy(&standing);
    rig_close(&rig);
    test_check_leaks();
}

/* ---- Stopping ---- */

struct sent {
    tern_conn *conn;
    uint64_t at_least;
};

static bool has_sent(void *arg)
{
    struct sent *sent = arg;
    tern_conn_stats stats;
    tern_conn_get_stats(sent->conn, &stats);
    return stats.msgs_out >= sent->at_least;
}

struct stopper {
    tern_service *service;
    tern_status status;
    pthread_t thread;
};

static void *stop_it(void *arg)
{
    struct stopper *stopper = arg;
    stopper->status = tern_service_stop(stopper->service, 0, NULL);
    return NULL;
}

Test(service_load, stop_finishes_the_requests_received, .timeout = 60)
{
    enum { CALLERS = 12 };
    tern_error err = { .status = TERN_OK };
    struct caller callers[CALLERS];
    struct standing standing;
    struct rig rig;
    tern_service *service = NULL;

    rig_open(&rig);
    standing_init(&standing);
    check_ok(test_v1_calc_serve(rig.conn, &standing_handlers, &standing, &(tern_service_options){ .concurrency = 1 },
                                &service, &err));
    rig_flush(rig.conn);
    tern_conn *other = rig_connect(&rig);
    tern_client *client = calc_client(other, &(tern_client_options){ .timeout_ms = 20000 });
    callers_start(callers, CALLERS, client);
    check_true(gate_wait(&standing.entered, 1, RIG_WAIT_MS));
    tern_service_stats stats;
    struct sent sent = { other, CALLERS };
    check_true(wait_until(has_sent, &sent, RIG_WAIT_MS));
    rig_flush(other); /* all twelve are with the server */
    struct stopper stopper = { .service = service };
    pthread_create(&stopper.thread, NULL, stop_it, &stopper);
    gate_open(&standing.leave);
    pthread_join(stopper.thread, NULL);
    check_int(stopper.status, TERN_OK);
    callers_end(callers, CALLERS);
    tern_service_get_stats(service, &stats);
    check_int(stats.requests, CALLERS);
    check_int(stats.dropped, 0);
    tern_client_free(client);
    tern_service_free(service);
    tern_conn_free(other);
    standing_destroy(&standing);
    rig_close(&rig);
    test_check_leaks();
}

Test(service_load, stopped_service_is_not_there_any_more, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    struct rig rig;

    rig_open(&rig);
    tern_service *service = calc_serve(rig.conn, NULL);
    tern_client *client = calc_client(rig.conn, NULL);
    check_int(calc_increment(client, 1, &err), 2);
    check_ok(tern_service_stop(service, 0, &err));
    check_ok(tern_service_stop(service, 0, &err));
    check_int(calc_increment(client, 1, &err), -1);
    check_int(err.status, TERN_UNAVAILABLE);
    tern_service_free(service);
    service = calc_serve(rig.conn, NULL); /* and can be served again */
    check_int(calc_increment(client, 1, &err), 2);
    tern_service_free(service);
    tern_client_free(client);
    rig_close(&rig);
    test_check_leaks();
}

/* Instances that come and go: every call is answered once by one of them. */
struct changing {
    tern_client *client;
    atomic_bool stop;
    int64_t calls, failures;
    tern_error err;
    pthread_t thread;
};

static void *call_until_stopped(void *arg)
{
    struct changing *changing = arg;
    while (!atomic_load(&changing->stop)) {
        tern_error err;
        if (calc_increment(changing->client, changing->calls, &err) != changing->calls + 1) {
            if (changing->failures++ == 0) changing->err = err;
        }
        changing->calls++;
    }
    return NULL;
}

Test(service_load, stopping_instances_lose_no_call, .timeout = 60)
{
    enum { CALLERS = 8 };
    tern_error err = { .status = TERN_OK };
    struct changing callers[CALLERS];
    struct rig rig;

    rig_open(&rig);
    tern_service *stays = calc_serve(rig.conn, NULL);
    tern_conn *conn = rig_connect(&rig), *client_conn = rig_connect(&rig);
    tern_client *client = calc_client(client_conn, NULL);
    for (int i = 0; i < CALLERS; i++) {
        callers[i] = (struct changing){ .client = client };
        pthread_create(&callers[i].thread, NULL, call_until_stopped, &callers[i]);
    }
    for (int i = 0; i < 100; i++) {
        tern_service *passes = calc_serve(i % 2 == 0 ? conn : rig.conn, NULL);
        check_ok(tern_service_stop(passes, 0, &err));
        tern_service_free(passes);
    }
    for (int i = 0; i < CALLERS; i++) {
        atomic_store(&callers[i].stop, true);
        pthread_join(callers[i].thread, NULL);
    }
    for (int i = 0; i < CALLERS; i++)
        cr_assert(callers[i].failures == 0, "%lld of %lld calls failed: %s", (long long)callers[i].failures,
                  (long long)callers[i].calls, callers[i].err.text);
    tern_client_free(client);
    tern_service_free(stays);
    tern_conn_free(conn);
    tern_conn_free(client_conn);
    rig_close(&rig);
    test_check_leaks();
}

/* ---- Calls from inside a handler ---- */

static tern_status call_back(tern_request *rq, const Test__V1__Number *in, Test__V1__Number *out)
{
    tern_error err;
    tern_client *client = tern_request_arg(rq);
    int64_t value = calc_increment(client, in->value, &err);
    if (value < 0) return tern_request_fail(rq, err.status, "%s", err.text);
    out->value = value + 100;
    return TERN_OK;
}

Test(service_load, handler_may_call_another_service, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    test_v1_calc_handlers handlers = { .increment = call_back };
    struct rig rig;
    tern_service *outer = NULL;

    rig_open(&rig);
    tern_service *inner = calc_serve(rig.conn, NULL);
    tern_client *client = calc_client(rig.conn, NULL);
    tern_client *outer_client = calc_client(rig.conn, &(tern_client_options){ .subject_prefix = "outer" });
    check_ok(test_v1_calc_serve(rig.conn, &handlers, client, &(tern_service_options){ .subject_prefix = "outer" },
                                &outer, &err));
    for (int i = 0; i < 100; i++) check_int(calc_increment(outer_client, i, &err), i + 101);
    tern_client_free(client);
    tern_client_free(outer_client);
    tern_service_free(outer);
    tern_service_free(inner);
    rig_close(&rig);
    test_check_leaks();
}

struct ending {
    struct test_gate gate, go;
    tern_service *service;
    bool frees;
    tern_status status;
};

static tern_status end_service(tern_request *rq, const Test__V1__Number *in, Test__V1__Number *out)
{
    struct ending *ending = tern_request_arg(rq);
    (void)gate_wait(&ending->go, 1, RIG_WAIT_MS);
    if (ending->frees) tern_service_free(ending->service);
    else ending->status = tern_service_stop(ending->service, 0, NULL);
    out->value = in->value + 1;
    gate_open(&ending->gate);
    return TERN_OK;
}

static void handler_ends_its_service(bool frees)
{
    tern_error err = { .status = TERN_OK };
    test_v1_calc_handlers handlers = { .increment = end_service };
    struct ending ending = { .frees = frees };
    struct rig rig;

    rig_open(&rig);
    gate_init(&ending.gate);
    gate_init(&ending.go);
    check_ok(test_v1_calc_serve(rig.conn, &handlers, &ending, NULL, &ending.service, &err));
    gate_open(&ending.go);
    tern_client *client = calc_client(rig.conn, NULL);
    check_int(calc_increment(client, 1, &err), 2); /* the request that ended it is answered */
    check_true(gate_wait(&ending.gate, 1, RIG_WAIT_MS));
    check_int(ending.status, TERN_OK);
    if (!frees) check_ok(tern_service_stop(ending.service, 0, &err));
    rig_flush(rig.conn);
    check_int(calc_increment(client, 1, &err), -1);
    check_int(err.status, TERN_UNAVAILABLE);
    if (!frees) tern_service_free(ending.service);
    tern_client_free(client);
    gate_destroy(&ending.gate);
    gate_destroy(&ending.go);
    rig_close(&rig);
}

Test(service_load, handler_may_begin_to_stop_its_service, .timeout = 60)
{
    handler_ends_its_service(false);
    test_check_leaks();
}

Test(service_load, handler_may_free_its_service, .timeout = 60)
{
    handler_ends_its_service(true);
    test_check_leaks();
}

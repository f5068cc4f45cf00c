/* More requests than a service can handle: which are refused, how, and what is counted. */
#include "asking.h"

#include <stdatomic.h>
#include <stdlib.h>

enum { LIMIT = 1000000 };

/* A handler that takes 60 ms, or waits while it is told to. */
struct work {
    struct test_gate entered, leave;
    atomic_bool holds;
};

static tern_status work(tern_request *rq, const Test__V1__Number *in, Test__V1__Number *out)
{
    struct work *work = tern_request_arg(rq);
    gate_open(&work->entered);
    if (atomic_load(&work->holds)) (void)gate_wait(&work->leave, 1, RIG_WAIT_MS);
    else test_sleep_ms(60);
    out->value = in->value + 1;
    return TERN_OK;
}

struct scene {
    struct rig rig;
    struct work work;
    struct inbox inbox;
    tern_sub *sub;
    tern_conn *other;
    tern_service *service;
};

static void scene_open_with(struct scene *scene, const tern_service_options *options,
                            const tern_conn_options *conn_options)
{
    rig_open_with(&scene->rig, NULL, conn_options);
    inbox_init(&scene->inbox);
    gate_init(&scene->work.entered);
    gate_init(&scene->work.leave);
    atomic_init(&scene->work.holds, false);
    scene->other = rig_connect(&scene->rig);
    scene->sub = rig_subscribe(scene->other, "answers", NULL, inbox_take, &scene->inbox);
    scene->service = asking_serve(scene->rig.conn, work, &scene->work, options);
}

/* With one handler at a time. */
static void scene_open(struct scene *scene, size_t pending_limit)
{
    scene_open_with(scene, &(tern_service_options){ .concurrency = 1, .pending_limit = pending_limit }, NULL);
}

static void scene_close(struct scene *scene)
{
    gate_open(&scene->work.leave);
    tern_service_free(scene->service);
    tern_sub_free(scene->sub);
    tern_conn_free(scene->other);
    rig_close(&scene->rig);
    inbox_destroy(&scene->inbox);
    gate_destroy(&scene->work.entered);
    gate_destroy(&scene->work.leave);
}

/* Has one handler stand still, and so many requests wait for it. */
static void hold(struct scene *scene, int waiting)
{
    int entered = gate_count(&scene->work.entered);
    atomic_store(&scene->work.holds, true);
    ask_to(scene->other, "answers", "60000");
    check_true(gate_wait(&scene->work.entered, entered + 1, RIG_WAIT_MS));
    for (int i = 0; i < waiting; i++) ask_to(scene->other, "answers", "60000");
    check_true(asking_wait_stat(scene->service, pending, (uint64_t)waiting));
}

static void check_not_executed(tern_msg *reply, const char *code, const char *part)
{
    check_str(tern_msg_header(reply, "Tern-Not-Executed"), "1");
    check_int(tern_msg_size(reply), 0);
    check_failed(reply, code, part);
}

Test(service_overload, request_beyond_the_pending_limit_is_refused_at_once, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    tern_service_stats stats;
    struct scene scene;

    scene_open(&scene, 2);
    hold(&scene, 2);
    tern_msg *reply = ask(scene.other, NULL, NULL);
    check_str(tern_msg_header(reply, "Tern-Retry-After-Ms"), NULL); /* no handler has returned: nobody knows */
    check_int(tern_msg_headers(reply, NULL, 0), 3);
    check_not_executed(reply, "8", "test.v1.Calc");
    tern_service_get_stats(scene.service, &stats);
    check_int(stats.refused, 1);
    check_int(stats.pending, 2);
    check_int(stats.pending_limit, 2);
    check_int(stats.requests, 0);
    gate_open(&scene.work.leave);
    check_true(inbox_wait(&scene.inbox, 3));
    check_answered(ask(scene.other, NULL, NULL)); /* and it goes on */
    check_ok(tern_service_stop(scene.service, 0, &err));
    tern_service_get_stats(scene.service, &stats);
    check_int(stats.requests, 4);
    check_int(stats.errors, 0);
    check_int(stats.refused, 1);
    check_int(stats.pending, 0);
    scene_close(&scene);
    test_check_leaks();
}

Test(service_overload, request_that_would_wait_beyond_its_deadline_is_refused_at_once, .timeout = 60)
{
    enum { SPACING_MS = 400 }; /* so that there is no overload */
    struct scene scene;

    scene_open(&scene, LIMIT);
    check_answered(ask(scene.other, NULL, NULL)); /* 60 ms, at least */
    for (int i = 0; i < 4; i++) {
        test_sleep_ms(SPACING_MS);
        if (i == 0) hold(&scene, 0);
        else ask_to(scene.other, "answers", "60000");
    }
    check_true(asking_wait_stat(scene.service, pending, 3));
    test_sleep_ms(SPACING_MS);
    tern_msg *reply = ask(scene.other, "Tern-Timeout-Ms", "100");
    check_int_at_least(atoi(tern_msg_header(reply, "Tern-Retry-After-Ms")), 180);
    check_not_executed(reply, "8", "its deadline is in 100 ms");
    tern_service_stats stats;
    tern_service_get_stats(scene.service, &stats);
    check_int(stats.refused, 1);
    check_int(stats.pending_limit, LIMIT);
    scene_close(&scene);
    test_check_leaks();
}

/* ---- More than handlers can do ---- */

static bool keep_asking(void *arg)
{
    struct scene *scene = arg;
    tern_service_stats stats;
    ask_to(scene->other, "answers", "86400000");
    tern_service_get_stats(scene->service, &stats);
    return stats.pending_limit == 1 && stats.refused > 0;
}

static bool is_at_ease(void *arg)
{
    struct scene *scene = arg;
    tern_service_stats stats;
    tern_service_get_stats(scene->service, &stats);
    return stats.pending_limit == LIMIT;
}

Test(service_overload, under_overload_few_may_wait_until_it_is_over, .timeout = 60)
{
    struct scene scene;
    struct inbox *inbox = &scene.inbox;
    tern_service_stats stats;

    scene_open(&scene, LIMIT);
    check_answered(ask(scene.other, NULL, NULL));
    hold(&scene, 1);
    check_true(wait_until(keep_asking, &scene, RIG_WAIT_MS));
    check_true(inbox_wait(inbox, 1));
    check_int(inbox_get(inbox, 0)->size, 0); /* no answer: the handler stands still */
    rig_flush(scene.other);
    rig_flush(scene.rig.conn); /* none is on its way any more */
    check_true(wait_until(is_at_ease, &scene, RIG_WAIT_MS));
    tern_service_get_stats(scene.service, &stats);
    uint64_t refused = stats.refused;
    ask_to(scene.other, "answers", "86400000");
    check_true(asking_wait_stat(scene.service, pending, stats.pending + 1));
    tern_service_get_stats(scene.service, &stats);
    check_int(stats.refused, refused);
    scene_close(&scene);
    test_check_leaks();
}

/* ---- Ends ---- */

struct asker {
    tern_conn *conn;
    tern_msg *reply;
    tern_status status;
    pthread_t thread;
};

static void *ask_once(void *arg)
{
    struct asker *asker = arg;
    tern_outgoing request = { .subject = "test.v1.Calc.Increment" };
    asker->status = tern_conn_request(asker->conn, &request, RIG_WAIT_MS, &asker->reply, NULL);
    return NULL;
}

Test(service_overload, requests_that_wait_at_the_end_of_stop_are_refused_as_unavailable, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    tern_service_stats stats;
    struct scene scene;
    struct asker asker;

    scene_open(&scene, LIMIT);
    hold(&scene, 0);
    asker = (struct asker){ .conn = scene.other };
    pthread_create(&asker.thread, NULL, ask_once, &asker);
    check_true(asking_wait_stat(scene.service, pending, 1));
    check_status(tern_service_stop(scene.service, 50, &err), TERN_DEADLINE_EXCEEDED);
    pthread_join(asker.thread, NULL);
    check_int(asker.status, TERN_OK);
    check_not_executed(asker.reply, "14", "ended");
    tern_service_get_stats(scene.service, &stats);
    check_int(stats.refused, 1);
    check_int(stats.dropped, 0);
    scene_close(&scene);
    test_check_leaks();
}

static void *free_service(void *arg)
{
    tern_service_free(arg);
    return NULL;
}

Test(service_overload, requests_that_wait_when_the_service_is_freed_are_refused_as_unavailable, .timeout = 60)
{
    struct scene scene;
    struct asker asker;
    pthread_t freeing;

    scene_open(&scene, LIMIT);
    hold(&scene, 0);
    asker = (struct asker){ .conn = scene.other };
    pthread_create(&asker.thread, NULL, ask_once, &asker);
    check_true(asking_wait_stat(scene.service, pending, 1));
    pthread_create(&freeing, NULL, free_service, scene.service); /* it waits for the handler */
    pthread_join(asker.thread, NULL);
    check_int(asker.status, TERN_OK);
    check_not_executed(asker.reply, "14", "ended");
    gate_open(&scene.work.leave);
    pthread_join(freeing, NULL);
    scene.service = NULL;
    scene_close(&scene);
    test_check_leaks();
}

Test(service_overload, refusals_without_room_are_lost_and_counted, .timeout = 60)
{
    tern_conn_options conn_options = { .outage_buffer_bytes = 1 };
    tern_error err = { .status = TERN_OK };
    tern_service_stats stats;
    struct scene scene;

    scene_open_with(&scene, &(tern_service_options){ .concurrency = 1 }, &conn_options);
    hold(&scene, 5);
    server_kill(scene.rig.server);
    check_true(events_wait(&scene.rig.events, TERN_EVENT_DISCONNECTED, 1));
    check_status(tern_service_stop(scene.service, 50, &err), TERN_DEADLINE_EXCEEDED);
    tern_service_get_stats(scene.service, &stats);
    check_int(stats.refused, 1); /* the first, for the next session */
    check_int(stats.dropped, 4);
    check_int(events_count(&scene.rig.events, TERN_EVENT_MESSAGE_LOST), 0);
    server_restart(scene.rig.server);
    scene_close(&scene);
    test_check_leaks();
}

Test(service_overload, closing_the_connection_drops_those_that_wait, .timeout = 60)
{
    tern_service_stats stats;
    struct scene scene;

    scene_open(&scene, LIMIT);
    hold(&scene, 3);
    tern_conn_close(scene.rig.conn);
    tern_service_get_stats(scene.service, &stats);
    check_int(stats.refused, 0);
    check_int(stats.dropped, 3);
    check_int(stats.pending, 0);
    scene_close(&scene);
    test_check_leaks();
}

/* ---- Deferred ---- */

struct deferred {
    tern_request *requests[8];
    struct test_gate gate; /* counts them */
};

static tern_status defer(tern_request *rq, const Test__V1__Number *in, Test__V1__Number *out)
{
    struct deferred *deferred = tern_request_arg(rq);
    out->value = in->value + 1;
    tern_request_defer(rq);
    deferred->requests[gate_count(&deferred->gate)] = rq;
    gate_open(&deferred->gate);
    return TERN_OK;
}

static void deferred_count_as_pending(tern_executor *executor)
{
    tern_service_options options = { .concurrency = 1, .executor = executor, .pending_limit = 2 };
    struct deferred deferred;
    struct rig rig;

    rig_open(&rig);
    gate_init(&deferred.gate);
    tern_service *service = asking_serve(rig.conn, defer, &deferred, &options);
    for (int i = 0; i < 2; i++) {
        ask_to(rig.conn, "nobody.hears", NULL);
        check_true(gate_wait(&deferred.gate, i + 1, RIG_WAIT_MS));
    }
    check_not_executed(ask(rig.conn, NULL, NULL), "8", "test.v1.Calc");
    tern_request_complete(deferred.requests[0], TERN_OK);
    ask_to(rig.conn, "nobody.hears", NULL);
    check_true(gate_wait(&deferred.gate, 3, RIG_WAIT_MS));
    tern_request_complete(deferred.requests[1], TERN_OK);
    tern_request_complete(deferred.requests[2], TERN_OK);
    tern_service_free(service);
    gate_destroy(&deferred.gate);
    rig_close(&rig);
}

Test(service_overload, deferred_requests_count_against_the_pending_limit, .timeout = 60)
{
    deferred_count_as_pending(NULL);
    test_check_leaks();
}

Test(service_overload, deferred_requests_of_an_inline_service_count_against_it_too, .timeout = 60)
{
    deferred_count_as_pending(tern_executor_inline());
    test_check_leaks();
}

/* ---- Counting ---- */

Test(service_overload, time_of_the_handlers_is_counted, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    tern_service_stats stats;
    struct scene scene;

    scene_open(&scene, LIMIT);
    for (int i = 0; i < 3; i++) check_answered(ask(scene.other, NULL, NULL));
    check_ok(tern_service_stop(scene.service, 0, &err));
    tern_service_get_stats(scene.service, &stats);
    check_int_at_least(stats.processing_us, 3 * 60 * 1000);
    check_int_at_most(stats.processing_us, 30 * 1000 * 1000);
    scene_close(&scene);
    test_check_leaks();
}

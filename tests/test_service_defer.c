/* Requests that are answered later, by whatever thread. */
#include "asking.h"

#include <stdatomic.h>
#include <stdlib.h>

enum { DEFERRED_MAX = 512 };

/* What handlers have deferred, for others to answer. */
struct deferring {
    struct test_gate gate; /* counts them */
    pthread_mutex_t lock;  /* guards the rest */
    struct later {
        tern_request *rq;
        const Test__V1__Number *in;
        Test__V1__Number *out;
    } later[DEFERRED_MAX];
    int count, taken;
};

static void deferring_init(struct deferring *deferring)
{
    *deferring = (struct deferring){ .count = 0 };
    gate_init(&deferring->gate);
    pthread_mutex_init(&deferring->lock, NULL);
}

static void deferring_destroy(struct deferring *deferring)
{
    gate_destroy(&deferring->gate);
    pthread_mutex_destroy(&deferring->lock);
}

static tern_status defer(tern_request *rq, const Test__V1__Number *in, Test__V1__Number *out)
{
    struct deferring *deferring = tern_request_arg(rq);
    tern_request_defer(rq);
    pthread_mutex_lock(&deferring->lock);
    deferring->later[deferring->count++] = (struct later){ rq, in, out };
    pthread_mutex_unlock(&deferring->lock);
    gate_open(&deferring->gate);
    return TERN_DATA_LOSS; /* does not matter */
}

static struct later take_next(struct deferring *deferring)
{
    check_true(gate_wait(&deferring->gate, deferring->taken + 1, RIG_WAIT_MS));
    pthread_mutex_lock(&deferring->lock);
    struct later later = deferring->later[deferring->taken++];
    pthread_mutex_unlock(&deferring->lock);
    return later;
}

static void complete_next(struct deferring *deferring)
{
    struct later later = take_next(deferring);
    later.out->value = later.in->value + 1;
    tern_request_complete(later.rq, TERN_OK);
}

/* A service that defers, and where its answers go. */
struct scene {
    struct rig rig;
    struct deferring deferring;
    struct inbox inbox;
    tern_service *service;
    tern_conn *other;
    tern_sub *sub;
};

static void scene_open(struct scene *scene, const tern_service_options *options)
{
    rig_open(&scene->rig);
    deferring_init(&scene->deferring);
    inbox_init(&scene->inbox);
    scene->other = rig_connect(&scene->rig);
    scene->sub = rig_subscribe(scene->other, "answers", NULL, inbox_take, &scene->inbox);
    scene->service = asking_serve(scene->rig.conn, defer, &scene->deferring, options);
}

static void scene_close(struct scene *scene)
{
    tern_service_free(scene->service);
    tern_sub_free(scene->sub);
    tern_conn_free(scene->other);
    rig_close(&scene->rig);
    inbox_destroy(&scene->inbox);
    deferring_destroy(&scene->deferring);
}

static void check_replied(struct scene *scene, int i)
{
    check_true(inbox_wait(&scene->inbox, i + 1));
    check_bytes(inbox_get(&scene->inbox, i)->data, inbox_get(&scene->inbox, i)->size, "\x08\x05", 2);
}

Test(service_defer, deferred_request_is_answered_by_another_thread, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    struct scene scene;
    tern_service_stats stats;

    scene_open(&scene, NULL);
    ask_to(scene.other, "answers", NULL);
    check_true(gate_wait(&scene.deferring.gate, 1, RIG_WAIT_MS));
    tern_service_get_stats(scene.service, &stats);
    check_int(stats.deferred, 1);
    check_int(stats.requests, 0); /* counted when it is answered */
    check_int(gate_count(&scene.inbox.gate), 0);
    complete_next(&scene.deferring);
    check_replied(&scene, 0);
    check_ok(tern_service_stop(scene.service, 0, &err));
    tern_service_get_stats(scene.service, &stats);
    check_int(stats.deferred, 0);
    check_int(stats.requests, 1);
    check_int(stats.errors, 0);
    scene_close(&scene);
    test_check_leaks();
}

Test(service_defer, inline_handler_may_defer, .timeout = 60)
{
    struct scene scene;

    scene_open(&scene, &(tern_service_options){ .executor = tern_executor_inline() });
    for (int i = 0; i < 10; i++) ask_to(scene.other, "answers", NULL);
    for (int i = 0; i < 10; i++) {
        complete_next(&scene.deferring);
        check_replied(&scene, i);
    }
    scene_close(&scene);
    test_check_leaks();
}

Test(service_defer, deferred_request_keeps_its_headers_memory_and_time, .timeout = 60)
{
    struct scene scene;
    tern_header headers[] = { { "One", "1" }, { "Tern-Timeout-Ms", "60000" } };
    tern_error err = { .status = TERN_OK };
    tern_outgoing request = { .subject = "test.v1.Calc.Increment",
                              .reply = "answers",
                              .data = "\x08\x04\x12\x03nnn",
                              .size = 7,
                              .headers = headers,
                              .header_count = 2 };

    scene_open(&scene, NULL);
    check_ok(tern_conn_publish_outgoing(scene.other, &request, &err));
    struct later later = take_next(&scene.deferring);
    for (int i = 0; i < 5; i++) ask_to(scene.other, "answers", NULL); /* others come and go meanwhile */
    for (int i = 0; i < 5; i++) complete_next(&scene.deferring);
    check_str(tern_request_header(later.rq, "One"), "1");
    check_int_at_least(tern_request_remaining_ms(later.rq), 10000);
    check_str(later.in->note, "nnn");
    check_int(later.out->value, 0);
    later.out->note = tern_request_printf(later.rq, "%020000d", 7);
    check_ok(tern_request_set_header(later.rq, "Two", "2", &err));
    tern_request_complete(later.rq, TERN_OK);
    check_true(inbox_wait(&scene.inbox, 6));
    check_int(inbox_get(&scene.inbox, 5)->size, 20000 + 4);
    scene_close(&scene);
    test_check_leaks();
}

static void answers_with_an_error(bool drops)
{
    struct scene scene;
    tern_service_stats stats;
    struct inbox *inbox = &scene.inbox;

    scene_open(&scene, NULL);
    ask_to(scene.other, "answers", NULL);
    struct later later = take_next(&scene.deferring);
    if (drops) tern_request_drop(later.rq);
    else tern_request_complete(later.rq, tern_request_fail(later.rq, TERN_NOT_FOUND, "not there"));
    check_true(inbox_wait(inbox, 1));
    check_int(inbox_get(inbox, 0)->size, 0);
    tern_service_get_stats(scene.service, &stats);
    check_int(stats.errors, 1);
    scene_close(&scene);
}

Test(service_defer, deferred_request_may_fail, .timeout = 60)
{
    answers_with_an_error(false);
    test_check_leaks();
}

Test(service_defer, dropped_request_is_answered, .timeout = 60)
{
    answers_with_an_error(true);
    tern_request_drop(NULL);
    test_check_leaks();
}

static tern_status defer_and_end(tern_request *rq, const Test__V1__Number *in, Test__V1__Number *out)
{
    const int *how = tern_request_arg(rq);
    out->value = in->value + 1;
    tern_request_complete(rq, TERN_DATA_LOSS); /* not deferred: nothing */
    tern_request_drop(rq);
    tern_request_defer(rq);
    tern_request_defer(rq);
    if (*how == 0) tern_request_complete(rq, TERN_OK);
    else if (*how == 1) tern_request_complete(rq, TERN_ABORTED);
    else tern_request_drop(rq);
    return TERN_DATA_LOSS;
}

Test(service_defer, request_is_answered_once_before_its_handler_returns, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    int how = 0;
    tern_service_stats stats;
    struct rig rig;

    rig_open(&rig);
    tern_service *service = asking_serve(rig.conn, defer_and_end, &how, NULL);
    check_answered(ask(rig.conn, NULL, NULL));
    how = 1;
    check_failed(ask(rig.conn, NULL, NULL), "10", tern_status_meaning(TERN_ABORTED));
    how = 2;
    check_failed(ask(rig.conn, NULL, NULL), "13", "dropped");
    check_ok(tern_service_stop(service, 0, &err));
    tern_service_get_stats(service, &stats);
    check_int(stats.requests, 3);
    check_int(stats.errors, 2);
    check_int(stats.deferred, 0);
    tern_service_free(service);
    rig_close(&rig);
    test_check_leaks();
}

/* ---- Many, by several threads ---- */

struct answering {
    struct deferring *deferring;
    atomic_bool *stop;
    pthread_t thread;
};

static void *answer_all(void *arg)
{
    struct answering *answering = arg;
    struct deferring *deferring = answering->deferring;
    while (!atomic_load(answering->stop)) {
        struct later later = { .rq = NULL };
        pthread_mutex_lock(&deferring->lock);
        if (deferring->taken < deferring->count) later = deferring->later[deferring->taken++];
        pthread_mutex_unlock(&deferring->lock);
        if (later.rq == NULL) {
            test_sleep_ms(1);
            continue;
        }
        later.out->value = later.in->value + 1;
        tern_request_complete(later.rq, TERN_OK);
    }
    return NULL;
}

Test(service_defer, many_requests_answered_by_several_threads_get_one_answer_each, .timeout = 120)
{
    enum { ANSWERERS = 4, REQUESTS = DEFERRED_MAX };
    tern_error err = { .status = TERN_OK };
    struct answering answering[ANSWERERS];
    atomic_bool stop = false;
    tern_service_stats stats;
    struct scene scene;
    size_t replies = 0;

    scene_open(&scene, NULL);
    for (int i = 0; i < ANSWERERS; i++) {
        answering[i] = (struct answering){ .deferring = &scene.deferring, .stop = &stop };
        pthread_create(&answering[i].thread, NULL, answer_all, &answering[i]);
    }
    for (int i = 0; i < REQUESTS; i++) ask_to(scene.other, "answers", "60000");
    check_true(inbox_wait(&scene.inbox, REQUESTS));
    check_ok(tern_service_stop(scene.service, 0, &err));
    atomic_store(&stop, true);
    for (int i = 0; i < ANSWERERS; i++) pthread_join(answering[i].thread, NULL);
    rig_flush(scene.other);
    check_int(gate_count(&scene.inbox.gate), REQUESTS);
    for (int i = 0; i < REQUESTS; i++) replies += inbox_get(&scene.inbox, i)->size == 2;
    tern_service_get_stats(scene.service, &stats);
    check_int(stats.requests, replies);
    check_int(stats.refused, REQUESTS - replies); /* a slow machine may be overloaded */
    check_int_at_least(replies, 1);
    scene_close(&scene);
    test_check_leaks();
}

/* ---- Ends ---- */

struct ending {
    struct scene *scene;
    bool drains_connection;
    tern_status status;
    struct test_gate done;
    pthread_t thread;
};

static void *end_it(void *arg)
{
    struct ending *ending = arg;
    ending->status = ending->drains_connection ? tern_conn_drain(ending->scene->rig.conn, 0, NULL)
                                               : tern_service_stop(ending->scene->service, 0, NULL);
    gate_open(&ending->done);
    return NULL;
}

static void waits_for_the_deferred(bool drains_connection)
{
    struct scene scene;
    struct ending ending = { .scene = &scene, .drains_connection = drains_connection };

    scene_open(&scene, NULL);
    gate_init(&ending.done);
    for (int i = 0; i < 2; i++) ask_to(scene.other, "answers", NULL);
    check_true(gate_wait(&scene.deferring.gate, 2, RIG_WAIT_MS));
    pthread_create(&ending.thread, NULL, end_it, &ending);
    complete_next(&scene.deferring);
    check_replied(&scene, 0);
    check_false(gate_wait(&ending.done, 1, 200)); /* one is left */
    complete_next(&scene.deferring);
    check_true(gate_wait(&ending.done, 1, RIG_WAIT_MS));
    pthread_join(ending.thread, NULL);
    check_int(ending.status, TERN_OK);
    rig_flush(scene.other); /* the answer was with the server before the end: it is there */
    check_replied(&scene, 1);
    gate_destroy(&ending.done);
    scene_close(&scene);
}

Test(service_defer, stop_waits_for_deferred_requests, .timeout = 60)
{
    waits_for_the_deferred(false);
    test_check_leaks();
}

Test(service_defer, drain_of_the_connection_waits_for_deferred_requests, .timeout = 60)
{
    waits_for_the_deferred(true);
    test_check_leaks();
}

Test(service_defer, stop_gives_up_waiting_at_its_limit_and_the_answer_still_goes_out, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    struct scene scene;

    scene_open(&scene, NULL);
    ask_to(scene.other, "answers", NULL);
    check_true(gate_wait(&scene.deferring.gate, 1, RIG_WAIT_MS));
    check_status(tern_service_stop(scene.service, 50, &err), TERN_DEADLINE_EXCEEDED);
    complete_next(&scene.deferring);
    check_replied(&scene, 0);
    scene_close(&scene);
    test_check_leaks();
}

Test(service_defer, deferred_request_outlives_its_service, .timeout = 60)
{
    struct scene scene;

    scene_open(&scene, NULL);
    for (int i = 0; i < 3; i++) ask_to(scene.other, "answers", NULL);
    check_true(gate_wait(&scene.deferring.gate, 3, RIG_WAIT_MS));
    tern_service_free(scene.service);
    scene.service = NULL;
    for (int i = 0; i < 3; i++) {
        complete_next(&scene.deferring);
        check_replied(&scene, i);
    }
    scene_close(&scene);
    test_check_leaks();
}

Test(service_defer, deferred_request_of_a_freed_connection_is_just_freed, .timeout = 60)
{
    struct scene scene;

    scene_open(&scene, NULL);
    for (int i = 0; i < 4; i++) ask_to(scene.other, "answers", NULL);
    check_true(gate_wait(&scene.deferring.gate, 4, RIG_WAIT_MS));
    tern_conn_close(scene.rig.conn);
    complete_next(&scene.deferring);
    tern_conn_free(scene.rig.conn);
    scene.rig.conn = NULL;
    int told = gate_count(&scene.rig.events.gate);
    complete_next(&scene.deferring);
    tern_service_free(scene.service);
    scene.service = NULL;
    tern_request_drop(take_next(&scene.deferring).rq);
    complete_next(&scene.deferring); /* the last holder of all */
    check_int(gate_count(&scene.rig.events.gate), told);
    check_int(gate_count(&scene.inbox.gate), 0);
    scene_close(&scene);
    test_check_leaks();
}

Test(service_defer, close_lets_go_those_who_wait_for_deferred_requests, .timeout = 60)
{
    struct scene scene;
    struct ending ending = { .scene = &scene };

    scene_open(&scene, NULL);
    gate_init(&ending.done);
    ask_to(scene.other, "answers", NULL);
    check_true(gate_wait(&scene.deferring.gate, 1, RIG_WAIT_MS));
    pthread_create(&ending.thread, NULL, end_it, &ending);
    check_false(gate_wait(&ending.done, 1, 50));
    tern_conn_close(scene.rig.conn);
    check_true(gate_wait(&ending.done, 1, RIG_WAIT_MS)); /* long before its 30 seconds */
    pthread_join(ending.thread, NULL);
    check_int(ending.status, TERN_CANCELLED);
    complete_next(&scene.deferring);
    gate_destroy(&ending.done);
    scene_close(&scene);
    test_check_leaks();
}

/* Ends on a queue: functions that wait, called on the thread that dispatches and on others; and the queue's own end. */
#include "calc.h"

#include <poll.h>
#include <stdatomic.h>

static tern_executor *queue_new(void)
{
    tern_error err = { .status = TERN_OK };
    tern_executor *queue = NULL;
    check_ok(tern_queue_new(&queue, &err));
    return queue;
}

/* What handlers on a queue note. */
struct seen {
    pthread_t thread;
    atomic_int count, elsewhere, closed;
    int nap_ms; /* of each handler */
};

static void seen_init(struct seen *seen)
{
    *seen = (struct seen){ .thread = pthread_self() };
}

static void note_message(tern_msg *msg, void *arg)
{
    struct seen *seen = arg;
    (void)msg;
    if (seen->nap_ms > 0) test_sleep_ms(seen->nap_ms);
    if (!pthread_equal(seen->thread, pthread_self())) atomic_fetch_add(&seen->elsewhere, 1);
    atomic_fetch_add(&seen->count, 1);
}

static void note_event(tern_conn *conn, const tern_event *event, void *arg)
{
    struct seen *seen = arg;
    (void)conn;
    if (!pthread_equal(seen->thread, pthread_self())) atomic_fetch_add(&seen->elsewhere, 1);
    if (event->kind == TERN_EVENT_CLOSED) atomic_fetch_add(&seen->closed, 1);
}

/* A connection, its events and a subscription to "a" on one queue, with a rig beside it that publishes. */
struct scene {
    struct rig rig;
    tern_executor *queue;
    tern_conn *conn;
    tern_sub *sub;
    struct seen seen;
};

static void scene_open(struct scene *scene)
{
    tern_error err = { .status = TERN_OK };
    rig_open(&scene->rig);
    scene->queue = queue_new();
    seen_init(&scene->seen);
    tern_conn_options options = { .url = server_url(scene->rig.server),
                                  .on_event = note_event,
                                  .event_arg = &scene->seen,
                                  .event_executor = scene->queue };
    tern_sub_options on_queue = { .executor = scene->queue };
    check_ok(tern_connect(&options, &scene->conn, &err));
    scene->sub = rig_subscribe(scene->conn, "a", &on_queue, note_message, &scene->seen);
}

static void scene_publish(struct scene *scene, int count)
{
    for (int i = 0; i < count; i++) rig_publish(scene->rig.conn, "a", "");
    rig_flush(scene->rig.conn);
}

/* Waits until the subscription has so many messages, and its queue knows of them. */
static bool has_received(tern_conn *conn, tern_sub *sub, int count)
{
    bool received = rig_wait_received(sub, (uint64_t)count);
    rig_flush(conn); /* the I/O thread has done with them */
    return received;
}

static void scene_receive(struct scene *scene, int count)
{
    scene_publish(scene, count);
    check_true(has_received(scene->conn, scene->sub, count));
}

/* What is left of it, on the loop's thread. */
static void scene_close(struct scene *scene)
{
    tern_sub_free(scene->sub);
    tern_conn_free(scene->conn);
    tern_executor_free(scene->queue);
    rig_close(&scene->rig);
    check_int(atomic_load(&scene->seen.elsewhere), 0);
}

/* ---- On the thread that dispatches, or before any does ---- */

static void drains_a_subscription(bool dispatched)
{
    tern_error err = { .status = TERN_OK };
    struct scene scene;

    scene_open(&scene);
    if (dispatched) (void)tern_queue_dispatch(scene.queue);
    scene_publish(&scene, 500);
    check_ok(tern_sub_drain(scene.sub, RIG_WAIT_MS, &err));
    check_int(atomic_load(&scene.seen.count), 500);
    check_ok(tern_sub_drain(scene.sub, RIG_WAIT_MS, &err));          /* again */
    check_int(tern_queue_dispatch(scene.queue), dispatched ? 0 : 1); /* the connected event */
    scene_close(&scene);
}

Test(queue_ends, draining_a_subscription_runs_its_handlers, .timeout = 60)
{
    drains_a_subscription(true);
    test_check_leaks();
}

Test(queue_ends, draining_a_subscription_before_any_dispatch_runs_its_handlers, .timeout = 60)
{
    drains_a_subscription(false);
    test_check_leaks();
}

Test(queue_ends, draining_a_subscription_ends_in_time, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    struct scene scene;

    scene_open(&scene);
    scene.seen.nap_ms = 20;
    scene_receive(&scene, 5000);
    long start = test_now_ms();
    check_refused(tern_sub_drain(scene.sub, 200, &err), TERN_DEADLINE_EXCEEDED, "200 ms");
    check_int_less(test_now_ms() - start, 20000);
    int count = atomic_load(&scene.seen.count);
    check_int_at_least(count, 1);
    (void)tern_queue_dispatch(scene.queue);
    check_int(atomic_load(&scene.seen.count), count); /* the rest was dropped */
    scene_close(&scene);
    test_check_leaks();
}

Test(queue_ends, unsubscribing_drops_what_was_not_handled, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    struct scene scene;

    scene_open(&scene);
    scene_receive(&scene, 100);
    check_ok(tern_sub_unsubscribe(scene.sub, &err));
    (void)tern_queue_dispatch(scene.queue);
    check_int(atomic_load(&scene.seen.count), 0);
    struct pollfd fd = { .fd = tern_queue_fd(scene.queue), .events = POLLIN };
    check_int(poll(&fd, 1, 0), 0);
    scene_close(&scene);
    test_check_leaks();
}

Test(queue_ends, subscriptions_are_freed_with_messages_left, .timeout = 60)
{
    struct scene scene;

    scene_open(&scene);
    scene_receive(&scene, 100);
    tern_sub_free(scene.sub);
    scene.sub = NULL;
    (void)tern_queue_dispatch(scene.queue);
    check_int(atomic_load(&scene.seen.count), 0);
    scene_close(&scene);
    test_check_leaks();
}

Test(queue_ends, draining_the_connection_runs_its_handlers, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    struct scene scene;
    struct seen other;

    scene_open(&scene);
    seen_init(&other);
    tern_executor *queue = queue_new(); /* one thread may dispatch several */
    tern_sub_options options = { .executor = queue };
    tern_sub *sub = rig_subscribe(scene.conn, "a", &options, note_message, &other);
    (void)tern_queue_dispatch(scene.queue);
    (void)tern_queue_dispatch(queue);
    scene_publish(&scene, 500);
    check_ok(tern_conn_drain(scene.conn, RIG_WAIT_MS, &err));
    check_int(atomic_load(&scene.seen.count), 500);
    check_int(atomic_load(&other.count), 500);
    check_int(tern_conn_get_state(scene.conn), TERN_CONN_CLOSED);
    check_ok(tern_conn_drain(scene.conn, RIG_WAIT_MS, &err)); /* again */
    tern_sub_free(sub);
    scene_close(&scene);
    check_int(atomic_load(&scene.seen.closed), 1);
    tern_executor_free(queue);
    test_check_leaks();
}

Test(queue_ends, draining_the_connection_before_any_dispatch_runs_its_handlers, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    struct scene scene;

    scene_open(&scene);
    scene_publish(&scene, 500);
    check_ok(tern_conn_drain(scene.conn, RIG_WAIT_MS, &err));
    check_int(atomic_load(&scene.seen.count), 500);
    scene_close(&scene);
    check_int(atomic_load(&scene.seen.closed), 1);
    test_check_leaks();
}

Test(queue_ends, draining_the_connection_ends_in_time, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    struct scene scene;

    scene_open(&scene);
    scene.seen.nap_ms = 20;
    scene_receive(&scene, 200);
    long start = test_now_ms();
    check_refused(tern_conn_drain(scene.conn, 200, &err), TERN_DEADLINE_EXCEEDED, "undone");
    check_int_less(test_now_ms() - start, 20000);
    check_int_less(atomic_load(&scene.seen.count), 200);
    scene_close(&scene);
    test_check_leaks();
}

struct ending {
    tern_conn *conn;
    tern_sub *other;
    tern_status status;
};

static void drain_inside(tern_msg *msg, void *arg)
{
    struct ending *ending = arg;
    (void)msg;
    ending->status = tern_conn_drain(ending->conn, RIG_WAIT_MS, NULL);
}

Test(queue_ends, a_drain_begun_in_a_handler_is_waited_for_outside, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    struct scene scene;
    struct ending ending = { .status = TERN_INTERNAL };

    scene_open(&scene);
    ending.conn = scene.conn;
    tern_sub_options options = { .executor = scene.queue };
    tern_sub *sub = rig_subscribe(scene.conn, "end", &options, drain_inside, &ending);
    scene_receive(&scene, 500);
    rig_publish(scene.rig.conn, "end", "");
    check_true(has_received(scene.conn, sub, 1));
    check_ok(tern_sub_drain(sub, RIG_WAIT_MS, &err)); /* runs only its own handler */
    check_int(atomic_load(&scene.seen.count), 0);
    check_int(ending.status, TERN_OK);
    check_ok(tern_conn_drain(scene.conn, RIG_WAIT_MS, &err));
    check_int(atomic_load(&scene.seen.count), 500);
    tern_sub_free(sub);
    scene_close(&scene);
    test_check_leaks();
}

static void drain_another(tern_msg *msg, void *arg)
{
    struct ending *ending = arg;
    (void)msg;
    if (ending->other != NULL) ending->status = tern_sub_drain(ending->other, RIG_WAIT_MS, NULL);
    else ending->status = tern_conn_drain(ending->conn, RIG_WAIT_MS, NULL);
}

Test(queue_ends, a_handler_may_drain_another_subscription_of_the_queue, .timeout = 60)
{
    struct scene scene;
    struct ending ending = { .status = TERN_INTERNAL };

    scene_open(&scene);
    ending.other = scene.sub;
    tern_sub_options options = { .executor = scene.queue };
    tern_sub *sub = rig_subscribe(scene.conn, "end", &options, drain_another, &ending);
    rig_publish(scene.rig.conn, "end", "");
    check_true(has_received(scene.conn, sub, 1));
    scene_receive(&scene, 500);
    check_int(tern_queue_dispatch(scene.queue), 2); /* the connected event and the handler, which runs the others */
    check_int(ending.status, TERN_OK);
    check_int(atomic_load(&scene.seen.count), 500);
    tern_sub_free(sub);
    scene_close(&scene);
    test_check_leaks();
}

Test(queue_ends, a_handler_may_drain_another_connection_of_the_queue, .timeout = 60)
{
    struct scene scene;
    struct ending ending = { .status = TERN_INTERNAL };

    scene_open(&scene);
    ending.conn = scene.conn;
    tern_sub_options options = { .executor = scene.queue };
    tern_sub *sub = rig_subscribe(scene.rig.conn, "end", &options, drain_another, &ending);
    rig_publish(scene.rig.conn, "end", "");
    check_true(has_received(scene.rig.conn, sub, 1));
    scene_receive(&scene, 500);
    (void)tern_queue_dispatch(scene.queue);
    check_int(ending.status, TERN_OK);
    check_int(atomic_load(&scene.seen.count), 500);
    tern_sub_free(sub);
    scene_close(&scene);
    test_check_leaks();
}

Test(queue_ends, the_connection_is_freed_with_everything_left, .timeout = 60)
{
    struct scene scene;

    scene_open(&scene);
    scene_receive(&scene, 100);
    tern_conn_free(scene.conn);
    scene.conn = NULL;
    check_int(atomic_load(&scene.seen.count), 0);
    check_int(atomic_load(&scene.seen.closed), 1); /* it waits for the last event, which runs here */
    scene_close(&scene);
    test_check_leaks();
}

/* ---- On other threads ---- */

struct loop {
    tern_executor *queue;
    struct seen *seen;
    struct test_gate dispatched; /* once: the queue is this thread's */
    atomic_bool stop;
    pthread_t thread;
};

static void *run_loop(void *arg)
{
    struct loop *loop = arg;
    struct pollfd fd = { .fd = tern_queue_fd(loop->queue), .events = POLLIN };
    loop->seen->thread = pthread_self();
    (void)tern_queue_dispatch(loop->queue);
    gate_open(&loop->dispatched);
    while (!atomic_load(&loop->stop)) {
        (void)poll(&fd, 1, 10); /* so that stop is seen */
        (void)tern_queue_dispatch(loop->queue);
    }
    return NULL;
}

static void loop_start(struct loop *loop, struct scene *scene)
{
    *loop = (struct loop){ .queue = scene->queue, .seen = &scene->seen };
    gate_init(&loop->dispatched);
    pthread_create(&loop->thread, NULL, run_loop, loop);
    check_true(gate_wait(&loop->dispatched, 1, RIG_WAIT_MS));
}

static void loop_stop(struct loop *loop)
{
    atomic_store(&loop->stop, true);
    pthread_join(loop->thread, NULL);
    gate_destroy(&loop->dispatched);
}

Test(queue_ends, other_threads_wait_for_the_loop, .timeout = 120)
{
    tern_error err = { .status = TERN_OK };

    for (int way = 0; way < 3; way++) {
        struct scene scene;
        struct loop loop;
        scene_open(&scene);
        loop_start(&loop, &scene);
        scene_publish(&scene, 500);
        if (way == 0) check_ok(tern_sub_drain(scene.sub, RIG_WAIT_MS, &err));
        if (way == 1) check_ok(tern_conn_drain(scene.conn, RIG_WAIT_MS, &err));
        if (way < 2) check_int(atomic_load(&scene.seen.count), 500);
        tern_sub_free(scene.sub);
        tern_conn_free(scene.conn);
        check_int(atomic_load(&scene.seen.closed), 1);
        loop_stop(&loop);
        scene.sub = NULL;
        scene.conn = NULL;
        scene_close(&scene);
    }
    test_check_leaks();
}

Test(queue_ends, a_loop_that_has_ended_is_not_waited_for, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    struct scene scene;
    struct loop loop;

    scene_open(&scene);
    loop_start(&loop, &scene);
    scene_publish(&scene, 10);
    loop_stop(&loop);
    seen_init(&scene.seen); /* this thread takes its place */
    scene_publish(&scene, 500);
    check_ok(tern_conn_drain(scene.conn, RIG_WAIT_MS, &err));
    check_int_at_least(atomic_load(&scene.seen.count), 500);
    scene_close(&scene);
    check_int(atomic_load(&scene.seen.closed), 1);
    test_check_leaks();
}

static void *free_all(void *arg)
{
    struct scene *scene = arg;
    tern_sub_free(scene->sub);
    tern_conn_free(scene->conn);
    scene->sub = NULL;
    scene->conn = NULL;
    return NULL;
}

Test(queue_ends, subscriptions_come_and_go_under_load, .timeout = 240)
{
    struct scene scene;
    struct loop loop;

    scene_open(&scene);
    loop_start(&loop, &scene);
    tern_sub_options options = { .executor = scene.queue };
    for (int i = 0; i < 100; i++) {
        tern_error err = { .status = TERN_OK };
        tern_sub *sub = rig_subscribe(scene.conn, "a", &options, note_message, &scene.seen);
        scene_publish(&scene, 50);
        if (i % 3 == 0) check_ok(tern_sub_unsubscribe(sub, &err));
        if (i % 3 == 1) check_ok(tern_sub_drain(sub, RIG_WAIT_MS, &err));
        tern_sub_free(sub);
    }
    check_true(rig_wait_handled(scene.sub, 5000));
    loop_stop(&loop);
    check_int(atomic_load(&scene.seen.elsewhere), 0);
    seen_init(&scene.seen);
    scene_close(&scene);
    test_check_leaks();
}

/* ---- The queue's own end ---- */

Test(queue_ends, a_queue_freed_early_drops_what_it_holds_and_gets, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    struct scene scene;
    tern_sub_stats stats;

    scene_open(&scene);
    (void)tern_queue_dispatch(scene.queue);
    scene_receive(&scene, 100);
    tern_executor_free(scene.queue);
    scene.queue = NULL;
    tern_sub_get_stats(scene.sub, &stats);
    check_int(stats.dropped, 100);
    scene_publish(&scene, 100);
    check_true(rig_wait_dropped(scene.sub, 200));
    check_int(atomic_load(&scene.seen.count), 0);
    check_ok(tern_sub_drain(scene.sub, RIG_WAIT_MS, &err)); /* nothing is left to wait for */
    scene_close(&scene);
    check_int(atomic_load(&scene.seen.closed), 0);
    test_check_leaks();
}

Test(queue_ends, a_queue_freed_before_anything_came_drops_all, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    struct rig rig;
    struct seen seen;
    tern_executor *queue = queue_new();
    tern_sub_options options = { .executor = queue };

    rig_open(&rig);
    seen_init(&seen);
    tern_sub *sub = rig_subscribe(rig.conn, "a", &options, note_message, &seen);
    tern_executor_free(queue);
    for (int i = 0; i < 100; i++) rig_publish(rig.conn, "a", "");
    check_true(rig_wait_dropped(sub, 100));
    check_ok(tern_conn_drain(rig.conn, RIG_WAIT_MS, &err));
    check_int(atomic_load(&seen.count), 0);
    tern_sub_free(sub);
    rig_close(&rig);
    test_check_leaks();
}

static void free_the_queue(tern_msg *msg, void *arg)
{
    struct scene *scene = arg;
    (void)msg;
    tern_executor_free(scene->queue);
    scene->queue = NULL;
}

Test(queue_ends, a_handler_may_free_the_queue, .timeout = 60)
{
    struct scene scene;

    scene_open(&scene);
    tern_executor *queue = scene.queue;
    tern_sub_options options = { .executor = queue };
    tern_sub *sub = rig_subscribe(scene.conn, "end", &options, free_the_queue, &scene);
    rig_publish(scene.rig.conn, "end", "");
    rig_publish(scene.rig.conn, "end", "");
    check_true(has_received(scene.conn, sub, 2));
    scene_receive(&scene, 100);
    check_int(tern_queue_dispatch(queue), 3); /* the connected event, and both */
    check_int(atomic_load(&scene.seen.count), 0);
    tern_sub_free(sub);
    scene_close(&scene);
    test_check_leaks();
}

static void free_everything(tern_msg *msg, void *arg)
{
    struct scene *scene = arg;
    (void)msg;
    (void)free_all(scene);
    tern_executor_free(scene->queue);
    scene->queue = NULL;
}

Test(queue_ends, a_handler_may_free_everything, .timeout = 60)
{
    struct scene scene;

    scene_open(&scene);
    tern_executor *queue = scene.queue;
    tern_sub_options options = { .executor = queue };
    tern_sub_free(scene.sub);
    scene.sub = rig_subscribe(scene.conn, "end", &options, free_everything, &scene);
    rig_publish(scene.rig.conn, "end", "");
    check_true(has_received(scene.conn, scene.sub, 1));
    check_int(tern_queue_dispatch(queue), 2); /* the connected event, and this handler */
    scene_close(&scene);
    test_check_leaks();
}

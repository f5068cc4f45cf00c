/* The queue executor: what runs, when, on which thread, and what the descriptor says of it. */
#include "calc.h"

#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

static tern_executor *queue_new(void)
{
    tern_error err = { .status = TERN_OK };
    tern_executor *queue = NULL;
    check_ok(tern_queue_new(&queue, &err));
    return queue;
}

static bool readable(const tern_executor *queue, int timeout_ms)
{
    struct pollfd fd = { .fd = tern_queue_fd(queue), .events = POLLIN };
    return poll(&fd, 1, timeout_ms) == 1 && fd.revents == POLLIN;
}

/* Waits until the subscription has so many messages, and its queue knows of them. */
static bool has_received(tern_conn *conn, tern_sub *sub, uint64_t count)
{
    bool received = rig_wait_received(sub, count);
    rig_flush(conn); /* the I/O thread has done with them */
    return received;
}

/* A loop on poll until the gate has counted so many. False: nothing came in time. */
static bool loop_until(tern_executor *queue, struct test_gate *gate, int count)
{
    while (gate_count(gate) < count) {
        if (!readable(queue, RIG_WAIT_MS)) return false;
        (void)tern_queue_dispatch(queue);
    }
    return true;
}

/* What handlers note. */
struct seen {
    struct test_gate gate;
    pthread_t thread;
    atomic_int elsewhere; /* handlers on another thread */
    int last, disorder;
};

static void seen_init(struct seen *seen)
{
    *seen = (struct seen){ .thread = pthread_self(), .last = -1 };
    gate_init(&seen->gate);
}

static void note(struct seen *seen)
{
    if (!pthread_equal(seen->thread, pthread_self())) atomic_fetch_add(&seen->elsewhere, 1);
    gate_open(&seen->gate);
}

static void note_message(tern_msg *msg, void *arg)
{
    struct seen *seen = arg;
    int number = atoi(tern_msg_data(msg));
    if (number <= seen->last) seen->disorder++;
    seen->last = number;
    note(seen);
}

static void publish_numbers(tern_conn *conn, const char *subject, int count)
{
    char text[16];
    for (int i = 0; i < count; i++) {
        (void)snprintf(text, sizeof text, "%d", i);
        rig_publish(conn, subject, text);
    }
}

Test(queue, nothing_runs_until_it_is_dispatched_and_then_on_that_thread, .timeout = 60)
{
    struct rig rig;
    struct seen seen;
    tern_executor *queue = queue_new();
    tern_sub_options options = { .executor = queue };

    rig_open(&rig);
    seen_init(&seen);
    tern_sub *sub = rig_subscribe(rig.conn, "a", &options, note_message, &seen);
    publish_numbers(rig.conn, "a", 3);
    check_true(has_received(rig.conn, sub, 3));
    check_int(gate_count(&seen.gate), 0);
    check_int(tern_queue_dispatch(queue), 3);
    check_int(gate_count(&seen.gate), 3);
    check_int(atomic_load(&seen.elsewhere), 0);
    check_int(tern_queue_dispatch(queue), 0);
    tern_sub_free(sub);
    rig_close(&rig);
    tern_executor_free(queue);
    gate_destroy(&seen.gate);
    test_check_leaks();
}

Test(queue, descriptor_is_readable_exactly_while_there_is_something_to_dispatch, .timeout = 60)
{
    struct rig rig;
    struct seen seen;
    tern_executor *queue = queue_new();
    tern_sub_options options = { .executor = queue };

    rig_open(&rig);
    seen_init(&seen);
    check_false(readable(queue, 0));
    tern_sub *a = rig_subscribe(rig.conn, "a", &options, note_message, &seen);
    tern_sub *b = rig_subscribe(rig.conn, "a", &options, note_message, &seen);
    check_false(readable(queue, 0));
    for (int i = 1; i <= 20; i++) {
        rig_publish(rig.conn, "a", "1");
        rig_publish(rig.conn, "a", "2");
        check_true(readable(queue, RIG_WAIT_MS));
        check_true(has_received(rig.conn, a, 2 * (uint64_t)i) && has_received(rig.conn, b, 2 * (uint64_t)i));
        check_true(readable(queue, 0)); /* level-triggered */
        check_int(tern_queue_dispatch(queue), 4);
        check_false(readable(queue, 0));
    }
    check_int(tern_queue_dispatch(queue), 0);
    check_false(readable(queue, 0));
    tern_sub_free(a);
    tern_sub_free(b);
    rig_close(&rig);
    tern_executor_free(queue);
    gate_destroy(&seen.gate);
    test_check_leaks();
}

Test(queue, one_dispatch_runs_all_that_the_queue_holds, .timeout = 60)
{
    enum { COUNT = 1000 };
    struct rig rig;
    struct seen seen;
    tern_executor *queue = queue_new();
    tern_sub_options options = { .executor = queue };

    rig_open(&rig);
    seen_init(&seen);
    tern_sub *sub = rig_subscribe(rig.conn, "a", &options, note_message, &seen);
    publish_numbers(rig.conn, "a", COUNT);
    check_true(has_received(rig.conn, sub, COUNT));
    check_int(tern_queue_dispatch(queue), COUNT);
    check_int(seen.disorder, 0);
    check_false(readable(queue, 0));
    tern_sub_free(sub);
    rig_close(&rig);
    tern_executor_free(queue);
    gate_destroy(&seen.gate);
    test_check_leaks();
}

/* Publishes one more message, to both, and sees that they have it. */
struct chain {
    struct rig *rig;
    tern_sub *a, *b;
    int sent, handled;
    bool lost;
};

static void send_the_next(tern_msg *msg, void *arg)
{
    struct chain *chain = arg;
    (void)msg;
    if (chain->handled++ > 0) return;
    rig_publish(chain->rig->conn, "a", "");
    rig_publish(chain->rig->conn, "b", "");
    chain->lost = !has_received(chain->rig->conn, chain->a, 2) || !has_received(chain->rig->conn, chain->b, 1);
}

Test(queue, what_handlers_bring_about_is_for_the_next_dispatch, .timeout = 60)
{
    struct rig rig;
    struct chain chain = { .rig = &rig };
    tern_executor *queue = queue_new();
    tern_sub_options options = { .executor = queue };

    rig_open(&rig);
    chain.a = rig_subscribe(rig.conn, "a", &options, send_the_next, &chain);
    chain.b = rig_subscribe(rig.conn, "b", &options, send_the_next, &chain);
    rig_publish(rig.conn, "a", "");
    check_true(readable(queue, RIG_WAIT_MS));
    check_int(tern_queue_dispatch(queue), 1);
    check_false(chain.lost);
    check_true(readable(queue, 0));
    check_int(tern_queue_dispatch(queue), 2);
    check_int(chain.handled, 3);
    check_false(readable(queue, 0));
    tern_sub_free(chain.a);
    tern_sub_free(chain.b);
    rig_close(&rig);
    tern_executor_free(queue);
    test_check_leaks();
}

struct dispatcher {
    struct test_gate gate;
    tern_executor *queue;
    size_t ran;
};

static void dispatch_inside(tern_msg *msg, void *arg)
{
    struct dispatcher *dispatcher = arg;
    (void)msg;
    dispatcher->ran += tern_queue_dispatch(dispatcher->queue);
    gate_open(&dispatcher->gate);
}

Test(queue, dispatch_inside_its_own_handler_does_nothing, .timeout = 60)
{
    struct rig rig;
    struct dispatcher dispatcher = { .queue = queue_new() };
    tern_sub_options options = { .executor = dispatcher.queue };

    rig_open(&rig);
    gate_init(&dispatcher.gate);
    tern_sub *a = rig_subscribe(rig.conn, "a", &options, dispatch_inside, &dispatcher);
    tern_sub *b = rig_subscribe(rig.conn, "a", &options, dispatch_inside, &dispatcher);
    rig_publish(rig.conn, "a", "");
    rig_publish(rig.conn, "a", "");
    check_true(has_received(rig.conn, a, 2) && has_received(rig.conn, b, 2));
    check_int(tern_queue_dispatch(dispatcher.queue), 4);
    check_int(dispatcher.ran, 0);
    tern_sub_free(a);
    tern_sub_free(b);
    rig_close(&rig);
    tern_executor_free(dispatcher.queue);
    gate_destroy(&dispatcher.gate);
    test_check_leaks();
}

Test(queue, other_executors_have_no_descriptor_and_no_dispatch)
{
    tern_error err = { .status = TERN_OK };
    tern_executor *pool = NULL;

    check_ok(tern_pool_new(1, &pool, &err));
    check_int(tern_queue_fd(pool), -1);
    check_int(tern_queue_fd(tern_executor_inline()), -1);
    check_int(tern_queue_fd(NULL), -1);
    check_int(tern_queue_dispatch(pool), 0);
    check_int(tern_queue_dispatch(tern_executor_inline()), 0);
    check_int(tern_queue_dispatch(NULL), 0);
    check_refused(tern_queue_new(NULL, &err), TERN_INVALID_ARGUMENT, "out_queue");
    tern_executor_free(pool);
    tern_executor_free(NULL);
    test_check_leaks();
}

Test(queue, more_than_one_handler_at_once_is_refused, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    tern_executor *queue = queue_new();
    tern_sub_options options = { .executor = queue, .concurrency = 2 };
    tern_service_options serving = { .executor = queue, .concurrency = 3 };
    tern_sub *sub = NULL;
    tern_service *service = NULL;
    struct rig rig;
    struct seen seen;

    rig_open(&rig);
    seen_init(&seen);
    check_refused(tern_conn_subscribe(rig.conn, "a", &options, note_message, &seen, &sub, &err), TERN_INVALID_ARGUMENT,
                  "concurrency 2");
    check_true(sub == NULL);
    check_refused(test_v1_calc_serve(rig.conn, &calc_handlers, NULL, &serving, &service, &err), TERN_INVALID_ARGUMENT,
                  "concurrency 3");
    check_true(service == NULL);
    rig_close(&rig);
    tern_executor_free(queue);
    gate_destroy(&seen.gate);
    test_check_leaks();
}

/* ---- A loop with everything on it ---- */

static tern_status note_request(tern_request *rq, const Test__V1__Number *in, Test__V1__Number *out)
{
    note(tern_request_arg(rq));
    out->value = in->value + 1;
    return TERN_OK;
}

static void note_event(tern_conn *conn, const tern_event *event, void *arg)
{
    struct seen *seen = arg;
    (void)conn;
    seen->last = (int)event->kind;
    note(seen);
}

struct caller {
    tern_conn *conn;
    int calls, right;
};

static void *call_and_publish(void *arg)
{
    struct caller *caller = arg;
    tern_client *client = calc_client(caller->conn, &(tern_client_options){ .timeout_ms = RIG_WAIT_MS });
    tern_error err = { .status = TERN_OK };
    char text[16];
    for (int i = 0; i < caller->calls; i++) {
        (void)snprintf(text, sizeof text, "%d", i);
        rig_publish(caller->conn, "a", text);
        caller->right += calc_increment(client, i, &err) == i + 1;
    }
    tern_client_free(client);
    return NULL;
}

Test(queue, subscriptions_a_service_and_events_share_one_thread, .timeout = 120)
{
    enum { CALLS = 300 };
    tern_error err = { .status = TERN_OK };
    const test_v1_calc_handlers handlers = { .increment = note_request };
    struct rig rig;
    struct seen events, messages[2], requests;
    struct caller caller = { .calls = CALLS };
    tern_executor *queue = queue_new();
    tern_sub_options options = { .executor = queue };
    tern_service_options serving = { .executor = queue };
    tern_sub *subs[2];
    tern_service *service = NULL;
    tern_conn *conn = NULL;
    pthread_t thread;

    rig_open(&rig);
    seen_init(&events);
    seen_init(&requests);
    tern_conn_options connecting = {
        .url = server_url(rig.server), .on_event = note_event, .event_arg = &events, .event_executor = queue
    };
    check_ok(tern_connect(&connecting, &conn, &err));
    check_int(gate_count(&events.gate), 0);
    for (int i = 0; i < 2; i++) {
        seen_init(&messages[i]);
        subs[i] = rig_subscribe(conn, "a", &options, note_message, &messages[i]);
    }
    check_ok(test_v1_calc_serve(conn, &handlers, &requests, &serving, &service, &err));
    rig_flush(conn);
    caller.conn = rig.conn;
    pthread_create(&thread, NULL, call_and_publish, &caller);
    check_true(loop_until(queue, &requests.gate, CALLS));
    check_true(loop_until(queue, &messages[0].gate, CALLS));
    check_true(loop_until(queue, &messages[1].gate, CALLS));
    check_true(loop_until(queue, &events.gate, 1));
    pthread_join(thread, NULL);
    check_int(caller.right, CALLS);
    check_int(events.last, TERN_EVENT_CONNECTED);
    tern_service_free(service);
    for (int i = 0; i < 2; i++) {
        tern_sub_free(subs[i]);
        check_int(messages[i].disorder, 0);
        check_int(atomic_load(&messages[i].elsewhere), 0);
        gate_destroy(&messages[i].gate);
    }
    tern_conn_free(conn);
    check_int(events.last, TERN_EVENT_CLOSED);
    check_int(gate_count(&events.gate), 2);
    check_int(atomic_load(&events.elsewhere) + atomic_load(&requests.elsewhere), 0);
    gate_destroy(&events.gate);
    gate_destroy(&requests.gate);
    rig_close(&rig);
    tern_executor_free(queue);
    test_check_leaks();
}

struct publisher {
    tern_conn *conn;
    int count;
};

static void *publish_all(void *arg)
{
    struct publisher *publisher = arg;
    publish_numbers(publisher->conn, "a", publisher->count);
    return NULL;
}

Test(queue, loses_nothing_of_what_another_thread_publishes_at_full_speed, .timeout = 240)
{
    enum { COUNT = 100000 };
    struct rig rig;
    struct seen seen;
    struct publisher publisher = { .count = COUNT };
    tern_executor *queue = queue_new();
    tern_sub_options options = { .executor = queue, .pending_msgs_limit = COUNT };
    pthread_t thread;

    rig_open(&rig);
    seen_init(&seen);
    publisher.conn = rig_connect(&rig);
    tern_sub *sub = rig_subscribe(rig.conn, "a", &options, note_message, &seen);
    pthread_create(&thread, NULL, publish_all, &publisher);
    check_true(loop_until(queue, &seen.gate, COUNT));
    pthread_join(thread, NULL);
    check_int(gate_count(&seen.gate), COUNT);
    check_int(seen.disorder, 0);
    check_int(seen.last, COUNT - 1);
    check_int(atomic_load(&seen.elsewhere), 0);
    check_false(readable(queue, 0));
    tern_sub_free(sub);
    tern_conn_free(publisher.conn);
    rig_close(&rig);
    tern_executor_free(queue);
    gate_destroy(&seen.gate);
    test_check_leaks();
}

/* A message as soon as the one before it was handled: each meets a loop that is just going to sleep. */
struct echoing {
    struct test_gate gate;
    tern_conn *conn;
    int left;
};

static void send_back(tern_msg *msg, void *arg)
{
    struct echoing *echoing = arg;
    (void)msg;
    if (--echoing->left > 0) rig_publish(echoing->conn, "a", "");
    gate_open(&echoing->gate);
}

Test(queue, every_message_wakes_a_loop_that_sleeps, .timeout = 120)
{
    enum { ROUNDS = 5000 };
    struct rig rig;
    struct echoing echoing = { .left = ROUNDS };
    tern_executor *queue = queue_new();
    tern_sub_options options = { .executor = queue };

    rig_open(&rig);
    gate_init(&echoing.gate);
    echoing.conn = rig.conn;
    tern_sub *sub = rig_subscribe(rig.conn, "a", &options, send_back, &echoing);
    rig_publish(rig.conn, "a", "");
    check_true(loop_until(queue, &echoing.gate, ROUNDS));
    check_false(readable(queue, 0));
    tern_sub_free(sub);
    rig_close(&rig);
    tern_executor_free(queue);
    gate_destroy(&echoing.gate);
    test_check_leaks();
}

/* ---- Limits ---- */

Test(queue, without_a_descriptor_it_is_not_made)
{
    tern_error err = { .status = TERN_OK };
    tern_executor *queue = NULL;
    struct rlimit before, none;

    check_int(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    none.rlim_cur = 0;
    check_int(setrlimit(RLIMIT_NOFILE, &none), 0);
    tern_status st = tern_queue_new(&queue, &err);
    check_int(setrlimit(RLIMIT_NOFILE, &before), 0);
    check_int(st, TERN_RESOURCE_EXHAUSTED);
    check_str_has(err.text, "descriptor");
    check_true(queue == NULL);
    queue = queue_new();
    tern_executor_free(queue);
    test_check_leaks();
}

Test(queue, gives_its_descriptor_back)
{
    tern_executor_free(queue_new());
    int before = test_count_fds();
    for (int i = 0; i < 10; i++) tern_executor_free(queue_new());
    check_int(test_count_fds(), before);
    test_check_leaks();
}

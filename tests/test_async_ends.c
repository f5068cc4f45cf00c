/* Asynchronous calls whose client, connection, pool or queue ends around them: each ends once, and nobody waits for
 * ever. */
#include "player.h"

#include <poll.h>
#include <stdatomic.h>

static void answer(struct player *player, tern_msg *request, int nth)
{
    (void)nth;
    player_answer(player, request);
}

/* What the callbacks of a test share. */
struct ends {
    struct test_gate done; /* callbacks that have returned */
    tern_client *victim;   /* freed by the first callback; NULL: none */
    atomic_int status;     /* of the last */
};

static void ends_init(struct ends *ends)
{
    *ends = (struct ends){ .victim = NULL };
    gate_init(&ends->done);
}

static void take(tern_call *call, Test__V1__Number *reply, const tern_error *err, void *arg)
{
    struct ends *ends = arg;
    tern_client *victim = ends->victim;
    (void)call;
    ends->victim = NULL;
    atomic_store(&ends->status, err->status);
    if (reply != NULL) tern_message_free(&reply->base);
    tern_client_free(victim);
    gate_open(&ends->done);
}

static void begin(tern_client *client, test_v1_calc_increment_fn done, struct ends *ends)
{
    Test__V1__Number number = TEST__V1__NUMBER__INIT;
    tern_call_options options = { .timeout_ms = 3 * RIG_WAIT_MS };
    tern_error err = { .status = TERN_OK };
    check_ok(test_v1_calc_increment_async(client, &number, &options, done, ends, NULL, &err));
}

static tern_executor *small_pool(void)
{
    tern_error err = { .status = TERN_OK };
    tern_executor *pool = NULL;
    check_ok(tern_pool_new(1, &pool, &err));
    return pool;
}

/* ---- Pools ---- */

Test(async_ends, a_pool_lasts_as_long_as_the_client_that_names_it, .timeout = 60)
{
    struct player player;
    struct pair pair;
    struct ends ends;

    ends_init(&ends);
    tern_client_options options = { .executor = small_pool() };
    pair_open(&pair, &options);
    tern_executor_free(options.executor);
    player_start(&player, pair.other, "test.v1.Calc.Increment", answer, NULL);
    begin(pair.client, take, &ends);
    check_true(gate_wait(&ends.done, 1, RIG_WAIT_MS));
    check_int(atomic_load(&ends.status), TERN_OK);
    player_stop(&player);
    pair_close(&pair);
    gate_destroy(&ends.done);
    test_check_leaks();
}

/* A request that is never answered. */
static void say_nothing(struct player *player, tern_msg *request, int nth)
{
    (void)player;
    (void)request;
    (void)nth;
}

Test(async_ends, a_callback_on_a_pools_only_thread_may_free_another_client, .timeout = 60)
{
    struct player silent, player;
    struct pair pair;
    struct ends ends, others;

    ends_init(&ends);
    ends_init(&others);
    tern_client_options options = { .executor = small_pool() }, prefixed = options;
    prefixed.subject_prefix = "silent";
    pair_open(&pair, &options);
    ends.victim = calc_client(pair.rig.conn, &prefixed);
    player_start(&silent, pair.other, "silent.test.v1.Calc.Increment", say_nothing, NULL);
    player_start(&player, pair.other, "test.v1.Calc.Increment", answer, NULL);
    begin(ends.victim, take, &others);
    check_true(gate_wait(&silent.gate, 1, RIG_WAIT_MS));
    begin(pair.client, take, &ends);
    check_true(gate_wait(&ends.done, 1, RIG_WAIT_MS));
    check_int(gate_count(&others.done), 1);
    check_int(atomic_load(&others.status), TERN_CANCELLED);
    player_stop(&player);
    player_stop(&silent);
    pair_close(&pair);
    tern_executor_free(options.executor);
    gate_destroy(&ends.done);
    gate_destroy(&others.done);
    test_check_leaks();
}

/* ---- Queues ---- */

static tern_executor *new_queue(void)
{
    tern_error err = { .status = TERN_OK };
    tern_executor *queue = NULL;
    check_ok(tern_queue_new(&queue, &err));
    return queue;
}

static bool is_readable(void *queue)
{
    struct pollfd fd = { .fd = tern_queue_fd(queue), .events = POLLIN };
    return poll(&fd, 1, 0) == 1;
}

Test(async_ends, a_callback_dropped_with_its_queue_may_free_its_client, .timeout = 60)
{
    struct pair pair;
    struct ends ends;

    ends_init(&ends);
    tern_client_options options = { .executor = new_queue() };
    pair_open(&pair, &options);
    begin(pair.client, take, &ends); /* nobody serves it */
    check_true(wait_until(is_readable, options.executor, RIG_WAIT_MS));
    ends.victim = pair.client;
    pair.client = NULL;
    tern_executor_free(options.executor);
    check_int(gate_count(&ends.done), 1);
    check_int(atomic_load(&ends.status), TERN_UNAVAILABLE);
    pair_close(&pair);
    gate_destroy(&ends.done);
    test_check_leaks();
}

/* A loop that dispatches once, and ends a while after that. */
struct short_loop {
    tern_executor *queue;
    struct test_gate dispatched, end;
    pthread_t thread;
};

static void *loop_main(void *arg)
{
    struct short_loop *loop = arg;
    (void)tern_queue_dispatch(loop->queue);
    gate_open(&loop->dispatched);
    (void)gate_wait(&loop->end, 1, RIG_WAIT_MS);
    test_sleep_ms(50); /* for the test to wait for this thread */
    return NULL;
}

static void short_loop_start(struct short_loop *loop)
{
    loop->queue = new_queue();
    gate_init(&loop->dispatched);
    gate_init(&loop->end);
    check_int(pthread_create(&loop->thread, NULL, loop_main, loop), 0);
    check_true(gate_wait(&loop->dispatched, 1, RIG_WAIT_MS));
}

static void short_loop_end(struct short_loop *loop)
{
    pthread_join(loop->thread, NULL);
    tern_executor_free(loop->queue);
    gate_destroy(&loop->dispatched);
    gate_destroy(&loop->end);
}

Test(async_ends, a_client_is_freed_while_its_loop_ends, .timeout = 60)
{
    struct short_loop loop;
    struct pair pair;
    struct ends ends;

    ends_init(&ends);
    short_loop_start(&loop);
    tern_client_options options = { .executor = loop.queue };
    pair_open(&pair, &options);
    begin(pair.client, take, &ends);
    gate_open(&loop.end);
    tern_client_free(pair.client);
    pair.client = NULL;
    check_int(gate_count(&ends.done), 1);
    short_loop_end(&loop);
    pair_close(&pair);
    gate_destroy(&ends.done);
    test_check_leaks();
}

static void count_event(tern_conn *conn, const tern_event *event, void *arg)
{
    (void)conn;
    if (event->kind == TERN_EVENT_CLOSED) atomic_fetch_add((atomic_int *)arg, 1);
}

Test(async_ends, a_connection_is_freed_while_its_loop_ends, .timeout = 60)
{
    for (int drains = 0; drains < 2; drains++) {
        atomic_int closed = 0;
        struct short_loop loop;
        struct rig rig;
        tern_error err = { .status = TERN_OK };
        tern_conn *conn = NULL;

        rig_open(&rig);
        short_loop_start(&loop);
        tern_conn_options options = {
            .url = server_url(rig.server), .on_event = count_event, .event_arg = &closed, .event_executor = loop.queue
        };
        tern_sub_options on_queue = { .executor = loop.queue };
        struct inbox inbox;
        inbox_init(&inbox);
        check_ok(tern_connect(&options, &conn, &err));
        tern_sub *sub = rig_subscribe(conn, "a", &on_queue, inbox_take, &inbox);
        rig_publish(rig.conn, "a", "x");
        check_true(rig_wait_received(sub, 1));
        gate_open(&loop.end);
        if (drains) check_ok(tern_conn_drain(conn, RIG_WAIT_MS, &err));
        if (drains) check_int(gate_count(&inbox.gate), 1);
        tern_sub_free(sub);
        tern_conn_free(conn);
        check_int(atomic_load(&closed), 1);
        short_loop_end(&loop);
        inbox_destroy(&inbox);
        rig_close(&rig);
    }
    test_check_leaks();
}

/* ---- Connections ---- */

enum { HELD = 10 };

static void take_slowly(tern_call *call, Test__V1__Number *reply, const tern_error *err, void *arg)
{
    test_sleep_ms(20); /* so that the others still wait when the first is done */
    take(call, reply, err, arg);
}

Test(async_ends, no_callback_starts_after_its_connection_is_freed, .timeout = 60)
{
    struct player silent;
    struct pair pair;
    struct ends ends;

    ends_init(&ends);
    tern_client_options options = { .executor = small_pool() };
    pair_open(&pair, &options);
    player_start(&silent, pair.other, "test.v1.Calc.Increment", say_nothing, NULL);
    for (int i = 0; i < HELD; i++) begin(pair.client, take_slowly, &ends);
    check_true(gate_wait(&silent.gate, HELD, RIG_WAIT_MS));
    tern_conn_free(pair.rig.conn);
    pair.rig.conn = NULL;
    check_int(gate_count(&ends.done), HELD);
    check_int(atomic_load(&ends.status), TERN_CANCELLED);
    player_stop(&silent);
    pair_close(&pair);
    tern_executor_free(options.executor);
    gate_destroy(&ends.done);
    test_check_leaks();
}

/* ---- Drains ---- */

static void count_refused(tern_call *call, Test__V1__Number *reply, const tern_error *err, void *arg)
{
    struct ends *ends = arg;
    (void)call;
    (void)reply;
    if (err->status == TERN_FAILED_PRECONDITION) atomic_store(&ends->status, err->status);
    gate_open(&ends->done);
}

Test(async_ends, what_a_drain_gives_up_is_not_refused_as_new, .timeout = 60)
{
    enum { RETRIED = 1000 };
    tern_client_options options = { .retry = { .attempts = 100, .backoff_max_ms = 1, .budget = 1000000 } };
    struct pair pair;
    struct ends ends;
    tern_error err = { .status = TERN_OK };

    ends_init(&ends);
    pair_open(&pair, &options);
    for (int i = 0; i < RETRIED; i++) begin(pair.client, count_refused, &ends); /* nobody serves them */
    check_status(tern_conn_drain(pair.rig.conn, 1, &err), TERN_DEADLINE_EXCEEDED);
    check_true(gate_wait(&ends.done, RETRIED, RIG_WAIT_MS));
    check_int(atomic_load(&ends.status), TERN_OK);
    pair_close(&pair);
    gate_destroy(&ends.done);
    test_check_leaks();
}

/* ---- Interceptors ---- */

struct waiting {
    atomic_int before, after;
};

static tern_status wait_before(tern_call *call, void *arg, tern_error *err)
{
    (void)err;
    atomic_store(&((struct waiting *)arg)->before, tern_call_wait(call, RIG_WAIT_MS, NULL));
    return TERN_OK;
}

static void wait_after(tern_call *call, const tern_error *outcome, void *arg)
{
    (void)outcome;
    atomic_store(&((struct waiting *)arg)->after, tern_call_wait(call, RIG_WAIT_MS, NULL));
}

Test(async_ends, an_interceptor_cannot_wait_for_its_own_call, .timeout = 60)
{
    struct waiting waiting = { 0 };
    struct pair pair;
    struct ends ends;
    tern_error err = { .status = TERN_OK };
    tern_client_interceptor interceptor = { .before = wait_before, .after = wait_after, .arg = &waiting };
    tern_client_options options = { .interceptors = &interceptor, .interceptor_count = 1 };

    ends_init(&ends);
    pair_open(&pair, &options);
    begin(pair.client, take, &ends);
    check_true(gate_wait(&ends.done, 1, RIG_WAIT_MS));
    check_int(atomic_load(&waiting.before), TERN_FAILED_PRECONDITION);
    check_int(atomic_load(&waiting.after), TERN_FAILED_PRECONDITION);
    waiting = (struct waiting){ 0 };
    check_int(calc_increment(pair.client, 1, &err), -1);
    check_int(err.status, TERN_UNAVAILABLE);
    check_int(atomic_load(&waiting.before), TERN_FAILED_PRECONDITION);
    check_int(atomic_load(&waiting.after), TERN_FAILED_PRECONDITION);
    pair_close(&pair);
    gate_destroy(&ends.done);
    test_check_leaks();
}

static tern_status refuse_without_end(tern_call *call, void *arg, tern_error *err)
{
    (void)call;
    (void)arg;
    memset(err->text, 'x', sizeof err->text);
    return TERN_PERMISSION_DENIED;
}

Test(async_ends, a_refusal_whose_text_has_no_end_is_cut, .timeout = 60)
{
    struct pair pair;
    tern_error err = { .status = TERN_OK };
    tern_client_interceptor interceptor = { .before = refuse_without_end };
    tern_client_options options = { .interceptors = &interceptor, .interceptor_count = 1 };

    pair_open(&pair, &options);
    check_int(calc_increment(pair.client, 1, &err), -1);
    check_int(err.status, TERN_PERMISSION_DENIED);
    check_int(strlen(err.text), TERN_ERROR_TEXT_SIZE - 1);
    pair_close(&pair);
    test_check_leaks();
}

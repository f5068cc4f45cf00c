/* Pools: whose threads run handlers, and how long those threads live. */
#include "rig.h"

#include <stdatomic.h>

/* How many threads there are, with all that the shared pool starts for the events of connecting. */
static int count_threads_of(struct rig *rig)
{
    check_true(events_wait(&rig->events, TERN_EVENT_CONNECTED, 1));
    return test_count_threads();
}

struct seen_threads {
    struct test_gate gate;
    pthread_mutex_t lock;
    pthread_t ids[64];
    int count;
};

static void seen_init(struct seen_threads *seen)
{
    gate_init(&seen->gate);
    pthread_mutex_init(&seen->lock, NULL);
    seen->count = 0;
}

static void seen_destroy(struct seen_threads *seen)
{
    pthread_mutex_destroy(&seen->lock);
    gate_destroy(&seen->gate);
}

static void note_thread(tern_msg *msg, void *arg)
{
    struct seen_threads *seen = arg;
    bool known = false;
    (void)msg;
    pthread_mutex_lock(&seen->lock);
    for (int i = 0; i < seen->count; i++) known |= pthread_equal(seen->ids[i], pthread_self()) != 0;
    if (!known && seen->count < 64) seen->ids[seen->count++] = pthread_self();
    pthread_mutex_unlock(&seen->lock);
    gate_open(&seen->gate);
}

Test(pool, runs_handlers_on_no_more_threads_than_asked_for, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    tern_executor *pool = NULL;
    struct seen_threads seen;
    struct rig rig;
    tern_sub *subs[6];

    rig_open(&rig);
    seen_init(&seen);
    check_ok(tern_pool_new(3, &pool, &err));
    tern_sub_options options = { .executor = pool, .concurrency = 8 };
    for (int i = 0; i < 6; i++) subs[i] = rig_subscribe(rig.conn, "a", &options, note_thread, &seen);
    for (int i = 0; i < 500; i++) rig_publish(rig.conn, "a", "x");
    check_true(gate_wait(&seen.gate, 3000, RIG_WAIT_MS));
    for (int i = 0; i < 6; i++) tern_sub_free(subs[i]);
    check_int_at_most(seen.count, 3);
    tern_executor_free(pool);
    seen_destroy(&seen);
    rig_close(&rig);
    test_check_leaks();
}

struct standing {
    struct test_gate entered, leave;
};

static void stand_still(tern_msg *msg, void *arg)
{
    struct standing *standing = arg;
    (void)msg;
    gate_open(&standing->entered);
    (void)gate_wait(&standing->leave, 1, RIG_WAIT_MS);
}

/* So many handlers of so many subscriptions stand still at once. */
static void holds_at_once(tern_executor *pool, int count)
{
    tern_sub_options options = { .executor = pool };
    struct standing standing;
    struct rig rig;
    tern_sub *subs[16];

    rig_open(&rig);
    gate_init(&standing.entered);
    gate_init(&standing.leave);
    for (int i = 0; i < count; i++) subs[i] = rig_subscribe(rig.conn, "a", &options, stand_still, &standing);
    rig_publish(rig.conn, "a", "x");
    check_true(gate_wait(&standing.entered, count, RIG_WAIT_MS));
    gate_open(&standing.leave);
    for (int i = 0; i < count; i++) tern_sub_free(subs[i]);
    gate_destroy(&standing.entered);
    gate_destroy(&standing.leave);
    rig_close(&rig);
}

Test(pool, shared_pool_has_at_least_four_threads, .timeout = 60)
{
    holds_at_once(NULL, 4);
    test_check_leaks();
}

Test(pool, zero_threads_means_as_many_as_the_shared_pool_has, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    tern_executor *pool = NULL;

    check_ok(tern_pool_new(0, &pool, &err));
    holds_at_once(pool, 4);
    tern_executor_free(pool);
    test_check_leaks();
}

Test(pool, all_threads_asked_for_run_at_once, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    tern_executor *pool = NULL;

    check_ok(tern_pool_new(16, &pool, &err));
    holds_at_once(pool, 16);
    tern_executor_free(pool);
    test_check_leaks();
}

Test(pool, too_many_threads_are_refused)
{
    tern_error err = { .status = TERN_OK };
    tern_executor *pool = NULL;

    check_refused(tern_pool_new(1025, &pool, &err), TERN_INVALID_ARGUMENT, "1025");
    check_refused(tern_pool_new(UINT32_MAX, &pool, &err), TERN_INVALID_ARGUMENT, "4294967295");
    check_refused(tern_pool_new(1, NULL, &err), TERN_INVALID_ARGUMENT, "out_pool");
    check_true(pool == NULL);
    check_ok(tern_pool_new(1024, &pool, &err));
    tern_executor_free(pool);
    test_check_leaks();
}

Test(pool, freeing_null_and_the_inline_executor_is_fine)
{
    tern_executor_free(NULL);
    tern_executor_free(tern_executor_inline());
    tern_executor_free(tern_executor_inline());
    check_true(tern_executor_inline() == tern_executor_inline());
    test_check_leaks();
}

Test(pool, unused_pool_has_no_effect)
{
    tern_error err = { .status = TERN_OK };
    int threads = test_count_threads();

    for (int i = 0; i < 100; i++) {
        tern_executor *pool = NULL;
        check_ok(tern_pool_new(8, &pool, &err));
        tern_executor_free(pool);
    }
    check_true(test_wait_threads(threads, RIG_WAIT_MS));
    test_check_leaks();
}

Test(pool, serves_its_subscriptions_after_it_was_freed, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    tern_executor *pool = NULL;
    struct rig rig;
    struct inbox inbox;

    rig_open(&rig);
    inbox_init(&inbox);
    check_ok(tern_pool_new(2, &pool, &err));
    tern_sub_options options = { .executor = pool };
    tern_sub *sub = rig_subscribe(rig.conn, "a", &options, inbox_take, &inbox);
    tern_executor_free(pool);
    for (int i = 0; i < 100; i++) rig_publish(rig.conn, "a", "x");
    check_true(inbox_wait(&inbox, 100));
    tern_sub_free(sub);
    inbox_destroy(&inbox);
    rig_close(&rig);
    test_check_leaks();
}

Test(pool, its_threads_end_with_its_last_subscription, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    tern_executor *pool = NULL;
    struct standing standing;
    struct rig rig;

    rig_open(&rig);
    gate_init(&standing.entered);
    gate_init(&standing.leave);
    rig_flush(rig.conn);
    int threads = count_threads_of(&rig);
    check_ok(tern_pool_new(8, &pool, &err));
    tern_sub_options options = { .executor = pool, .concurrency = 8 };
    tern_sub *sub = rig_subscribe(rig.conn, "a", &options, stand_still, &standing);
    tern_executor_free(pool);
    for (int i = 0; i < 8; i++) rig_publish(rig.conn, "a", "x");
    check_true(gate_wait(&standing.entered, 8, RIG_WAIT_MS));
    check_int_at_least(test_count_threads(), threads + 8 - 4); /* the others of nats.c and the shared pool vary */
    gate_open(&standing.leave);
    tern_sub_free(sub);
    check_true(test_wait_threads(threads, RIG_WAIT_MS));
    gate_destroy(&standing.entered);
    gate_destroy(&standing.leave);
    rig_close(&rig);
    test_check_leaks();
}

Test(pool, one_pool_serves_several_connections, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    tern_executor *pool = NULL;
    tern_conn *conns[4];
    tern_sub *subs[4];
    struct rig rig;
    struct inbox inbox;

    rig_open(&rig);
    inbox_init(&inbox);
    check_ok(tern_pool_new(2, &pool, &err));
    tern_sub_options options = { .executor = pool };
    for (int i = 0; i < 4; i++) {
        conns[i] = rig_connect(&rig);
        subs[i] = rig_subscribe(conns[i], "a", &options, inbox_take, &inbox);
    }
    for (int i = 0; i < 100; i++) rig_publish(rig.conn, "a", "x");
    check_true(inbox_wait(&inbox, 400));
    for (int i = 0; i < 4; i++) {
        tern_conn_free(conns[i]);
        tern_sub_free(subs[i]);
    }
    tern_executor_free(pool);
    inbox_destroy(&inbox);
    rig_close(&rig);
    test_check_leaks();
}

struct last_holder {
    struct test_gate gate, go;
    tern_sub *sub;
    tern_executor *pool;
};

static void free_pool_and_self(tern_msg *msg, void *arg)
{
    struct last_holder *holder = arg;
    (void)msg;
    (void)gate_wait(&holder->go, 1, RIG_WAIT_MS);
    tern_executor_free(holder->pool);
    tern_sub_free(holder->sub);
    gate_open(&holder->gate);
}

Test(pool, may_be_freed_by_its_own_last_handler, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    struct last_holder holder;
    struct rig rig;

    rig_open(&rig);
    gate_init(&holder.gate);
    gate_init(&holder.go);
    int threads = count_threads_of(&rig);
    check_ok(tern_pool_new(4, &holder.pool, &err));
    tern_sub_options options = { .executor = holder.pool };
    check_ok(tern_conn_subscribe(rig.conn, "a", &options, free_pool_and_self, &holder, &holder.sub, &err));
    rig_publish(rig.conn, "a", "x");
    gate_open(&holder.go);
    check_true(gate_wait(&holder.gate, 1, RIG_WAIT_MS));
    check_true(test_wait_threads(threads, RIG_WAIT_MS));
    rig_close(&rig);
    gate_destroy(&holder.gate);
    gate_destroy(&holder.go);
    test_check_leaks();
}

Test(pool, shared_threads_end_with_the_last_connection, .timeout = 60)
{
    struct rig rig;
    struct inbox inbox;

    rig_open(&rig); /* once, for what nats.c keeps */
    tern_conn_free(rig.conn);
    rig.conn = NULL;
    check_true(test_wait_threads(test_count_threads(), RIG_WAIT_MS));
    tern_conn *conn = rig_connect(&rig);
    tern_conn_free(conn);
    int threads = test_count_threads();
    for (int i = 0; i < 5; i++) {
        inbox_init(&inbox);
        conn = rig_connect(&rig);
        tern_sub *sub = rig_subscribe(conn, "a", NULL, inbox_take, &inbox);
        rig_publish(conn, "a", "x");
        check_true(inbox_wait(&inbox, 1));
        tern_conn_free(conn);
        tern_sub_free(sub);
        check_true(test_wait_threads(threads, RIG_WAIT_MS));
        inbox_destroy(&inbox);
    }
    rig_close(&rig);
    test_check_leaks();
}

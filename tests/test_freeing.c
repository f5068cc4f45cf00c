/* Freeing while handlers run, and from inside them. */
#include "rig.h"

#include <stdatomic.h>

enum { POOL_MIN = 4 }; /* the shared pool has at least so many threads */

/* ---- A handler that frees its own subscription and goes on ---- */

struct own_freer {
    struct test_gate entered, leave;
    atomic_bool returned;
    tern_sub *sub;
};

static void free_own_and_stay(tern_msg *msg, void *arg)
{
    struct own_freer *freer = arg;
    (void)msg;
    tern_sub_free(freer->sub);
    gate_open(&freer->entered);
    (void)gate_wait(&freer->leave, 1, RIG_WAIT_MS);
    atomic_store(&freer->returned, true);
}

static void *open_soon(void *arg)
{
    test_sleep_ms(50); /* for tern_conn_free to return, if it is wrong */
    gate_open(arg);
    return NULL;
}

Test(freeing, connection_waits_for_a_handler_whose_subscription_is_freed, .timeout = 60)
{
    struct own_freer freer = { .sub = NULL };
    pthread_t opener;
    struct rig rig;

    rig_open(&rig);
    gate_init(&freer.entered);
    gate_init(&freer.leave);
    freer.sub = rig_subscribe(rig.conn, "a", NULL, free_own_and_stay, &freer);
    rig_publish(rig.conn, "a", "x");
    check_true(gate_wait(&freer.entered, 1, RIG_WAIT_MS));
    pthread_create(&opener, NULL, open_soon, &freer.leave);
    tern_conn_free(rig.conn);
    rig.conn = NULL;
    check_true(atomic_load(&freer.returned));
    pthread_join(opener, NULL);
    gate_destroy(&freer.entered);
    gate_destroy(&freer.leave);
    rig_close(&rig);
    test_check_leaks();
}

/* ---- All threads of the shared pool free connections at the same time ---- */

struct victim {
    tern_conn *conn;
    struct test_gate *entered, *freed;
};

static void ignore_event(tern_conn *conn, const tern_event *event, void *arg)
{
    (void)conn;
    (void)event;
    (void)arg;
}

static void free_victim(tern_msg *msg, void *arg)
{
    struct victim *victim = arg;
    (void)msg;
    gate_open(victim->entered);
    (void)gate_wait(victim->entered, POOL_MIN, RIG_WAIT_MS);
    tern_conn_free(victim->conn); /* its last events are for the shared pool, too */
    gate_open(victim->freed);
}

Test(freeing, handlers_on_every_thread_of_the_pool_may_free_other_connections, .timeout = 60)
{
    struct test_gate entered, freed;
    struct victim victims[POOL_MIN];
    tern_sub *subs[POOL_MIN];
    struct rig rig;
    tern_error err = { .status = TERN_OK };

    rig_open(&rig);
    gate_init(&entered);
    gate_init(&freed);
    tern_conn_options options = { .url = server_url(rig.server), .on_event = ignore_event };
    for (int i = 0; i < POOL_MIN; i++) {
        victims[i] = (struct victim){ .entered = &entered, .freed = &freed };
        check_ok(tern_connect(&options, &victims[i].conn, &err));
        subs[i] = rig_subscribe(rig.conn, "a", NULL, free_victim, &victims[i]);
    }
    rig_publish(rig.conn, "a", "x");
    check_true(gate_wait(&freed, POOL_MIN, RIG_WAIT_MS));
    for (int i = 0; i < POOL_MIN; i++) tern_sub_free(subs[i]);
    gate_destroy(&entered);
    gate_destroy(&freed);
    rig_close(&rig);
    test_check_leaks();
}

/* Members of a queue group that come and go under load: every message is handled exactly once. */
#include "rig.h"

#include <stdatomic.h>
#include <stdlib.h>

enum { COUNT_MAX = 1000000, ROUNDS = 300 };

struct tally {
    struct test_gate gate;
    atomic_int seen[COUNT_MAX];
};

static void count_it(tern_msg *msg, void *arg)
{
    struct tally *tally = arg;
    atomic_fetch_add(&tally->seen[atoi(tern_msg_data(msg))], 1);
    gate_open(&tally->gate);
}

struct publisher {
    tern_conn *conn;
    atomic_bool enough; /* set by the test */
    int published, failures;
    pthread_t thread;
};

static void *publish_all(void *arg)
{
    struct publisher *publisher = arg;
    char text[16];
    for (int i = 0; i < COUNT_MAX && !atomic_load(&publisher->enough); i++) {
        (void)snprintf(text, sizeof text, "%d", i);
        publisher->failures += tern_conn_publish(publisher->conn, "jobs", text, strlen(text), NULL) != TERN_OK;
        publisher->published++;
        if (i % 100 == 0) publisher->failures += tern_conn_flush(publisher->conn, 0, NULL) != TERN_OK;
    }
    return NULL;
}

/* Ends the publisher, and looks whether each message was handled exactly once. */
static void all_once(struct publisher *publisher, struct tally *tally)
{
    atomic_store(&publisher->enough, true);
    pthread_join(publisher->thread, NULL);
    check_int(publisher->failures, 0);
    check_true(gate_wait(&tally->gate, publisher->published, RIG_WAIT_MS));
    int lost = 0, doubled = 0;
    for (int i = 0; i < publisher->published; i++) {
        lost += atomic_load(&tally->seen[i]) == 0;
        doubled += atomic_load(&tally->seen[i]) > 1;
    }
    check_int(lost, 0);
    check_int(doubled, 0);
}

static struct tally *tally_new(void)
{
    struct tally *tally = calloc(1, sizeof *tally);
    gate_init(&tally->gate);
    return tally;
}

static void tally_free(struct tally *tally)
{
    gate_destroy(&tally->gate);
    free(tally);
}

Test(drain_group, draining_subscriptions_lose_and_double_nothing, .timeout = 120)
{
    tern_error err = { .status = TERN_OK };
    tern_sub_options options = { .queue_group = "workers", .concurrency = 2, .pending_msgs_limit = COUNT_MAX };
    struct tally *tally = tally_new();
    struct publisher publisher = { .failures = 0 };
    struct rig rig;

    rig_open(&rig);
    tern_conn *second = rig_connect(&rig);
    tern_sub *stays = rig_subscribe(rig.conn, "jobs", &options, count_it, tally);
    publisher.conn = rig_connect(&rig);
    pthread_create(&publisher.thread, NULL, publish_all, &publisher);
    for (int i = 0; i < ROUNDS; i++) {
        tern_sub *sub = rig_subscribe(i % 2 == 0 ? rig.conn : second, "jobs", &options, count_it, tally);
        check_ok(tern_sub_drain(sub, 0, &err));
        tern_sub_free(sub);
    }
    all_once(&publisher, tally);
    tern_sub_free(stays);
    tern_conn_free(second);
    tern_conn_free(publisher.conn);
    rig_close(&rig);
    tally_free(tally);
    test_check_leaks();
}

Test(drain_group, draining_connections_lose_and_double_nothing, .timeout = 120)
{
    tern_error err = { .status = TERN_OK };
    tern_sub_options options = { .queue_group = "workers", .concurrency = 2, .pending_msgs_limit = COUNT_MAX };
    struct tally *tally = tally_new();
    struct publisher publisher = { .failures = 0 };
    struct rig rig;

    rig_open(&rig);
    tern_sub *stays = rig_subscribe(rig.conn, "jobs", &options, count_it, tally);
    publisher.conn = rig_connect(&rig);
    pthread_create(&publisher.thread, NULL, publish_all, &publisher);
    for (int i = 0; i < ROUNDS / 2; i++) {
        tern_conn *conn = rig_connect(&rig);
        tern_sub *sub = rig_subscribe(conn, "jobs", &options, count_it, tally);
        check_ok(tern_conn_drain(conn, 0, &err));
        tern_sub_free(sub);
        tern_conn_free(conn);
    }
    all_once(&publisher, tally);
    tern_sub_free(stays);
    tern_conn_free(publisher.conn);
    rig_close(&rig);
    tally_free(tally);
    test_check_leaks();
}

Test(drain_group, plain_subscriptions_that_pass_get_a_span_without_gaps, .timeout = 120)
{
    tern_error err = { .status = TERN_OK };
    tern_sub_options options = { .pending_msgs_limit = COUNT_MAX };
    struct tally *tally = tally_new();
    struct publisher publisher = { .failures = 0 };
    struct rig rig;
    int seen = 0;

    rig_open(&rig);
    tern_sub *stays = rig_subscribe(rig.conn, "jobs", &options, count_it, tally);
    publisher.conn = rig_connect(&rig);
    pthread_create(&publisher.thread, NULL, publish_all, &publisher);
    for (int i = 0; i < ROUNDS; i++) {
        struct inbox inbox;
        inbox_init(&inbox);
        tern_sub *sub = rig_subscribe(rig.conn, "jobs", &options, inbox_take, &inbox);
        check_ok(tern_sub_drain(sub, 0, &err));
        tern_sub_free(sub);
        for (int j = 1; j < inbox.count; j++) check_int(atoi(inbox.items[j].data), atoi(inbox.items[j - 1].data) + 1);
        seen += inbox.count;
        inbox_destroy(&inbox);
    }
    all_once(&publisher, tally);
    check_int_at_least(seen, 1);
    tern_sub_free(stays);
    tern_conn_free(publisher.conn);
    rig_close(&rig);
    tally_free(tally);
    test_check_leaks();
}

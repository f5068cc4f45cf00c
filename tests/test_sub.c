/* Subscriptions: who gets what, in which order, on which thread, and within which limits. */
#include "rig.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "test/v1/calc.tern.h"

/* ---- Who gets what ---- */

Test(sub, star_stands_for_one_token, .timeout = 60)
{
    struct rig rig;
    struct inbox inbox;

    rig_open(&rig);
    inbox_init(&inbox);
    tern_sub *sub = rig_subscribe(rig.conn, "a.*.c", NULL, inbox_take, &inbox);
    static const char *const subjects[] = { "a.c", "a.x.y.c", "a.b", "b.x.c", "a.x.c", "a.y.c" };
    for (size_t i = 0; i < 6; i++) rig_publish(rig.conn, subjects[i], "");
    check_true(inbox_wait(&inbox, 2));
    rig_flush(rig.conn);
    check_str(inbox_get(&inbox, 0)->subject, "a.x.c");
    check_str(inbox_get(&inbox, 1)->subject, "a.y.c");
    check_int(gate_count(&inbox.gate), 2);
    tern_sub_free(sub);
    inbox_destroy(&inbox);
    rig_close(&rig);
    test_check_leaks();
}

Test(sub, greater_than_stands_for_all_further_tokens, .timeout = 60)
{
    struct rig rig;
    struct inbox inbox;

    rig_open(&rig);
    inbox_init(&inbox);
    tern_sub *sub = rig_subscribe(rig.conn, "a.>", NULL, inbox_take, &inbox);
    static const char *const subjects[] = { "a", "b.a", "a.b", "a.b.c.d" };
    for (size_t i = 0; i < 4; i++) rig_publish(rig.conn, subjects[i], "");
    check_true(inbox_wait(&inbox, 2));
    check_str(inbox_get(&inbox, 0)->subject, "a.b");
    check_str(inbox_get(&inbox, 1)->subject, "a.b.c.d");
    tern_sub_free(sub);
    inbox_destroy(&inbox);
    rig_close(&rig);
    test_check_leaks();
}

Test(sub, two_of_one_subject_both_get_each_message, .timeout = 60)
{
    struct rig rig;
    struct inbox inboxes[2];
    tern_sub *subs[2];

    rig_open(&rig);
    for (int i = 0; i < 2; i++) {
        inbox_init(&inboxes[i]);
        subs[i] = rig_subscribe(rig.conn, "a", NULL, inbox_take, &inboxes[i]);
    }
    for (int i = 0; i < 100; i++) rig_publish(rig.conn, "a", "x");
    for (int i = 0; i < 2; i++) {
        check_true(inbox_wait(&inboxes[i], 100));
        tern_sub_free(subs[i]);
        inbox_destroy(&inboxes[i]);
    }
    rig_close(&rig);
    test_check_leaks();
}

Test(sub, what_its_own_connection_publishes_next_reaches_it, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    struct rig rig;
    struct inbox inbox;
    tern_sub *sub = NULL;

    rig_open(&rig);
    inbox_init(&inbox);
    check_ok(tern_conn_subscribe(rig.conn, "a", NULL, inbox_take, &inbox, &sub, &err)); /* and no flush */
    rig_publish(rig.conn, "a", "x");
    check_true(inbox_wait(&inbox, 1));
    tern_sub_free(sub);
    inbox_destroy(&inbox);
    rig_close(&rig);
    test_check_leaks();
}

Test(sub, queue_group_shares_and_doubles_nothing, .timeout = 60)
{
    enum { MEMBERS = 4, COUNT = 4000 };
    tern_sub_options options = { .queue_group = "workers" };
    struct rig rig;
    struct inbox inboxes[MEMBERS];
    tern_conn *conns[MEMBERS];
    tern_sub *subs[MEMBERS];
    static int seen[COUNT];
    char text[16];

    rig_open(&rig);
    for (int i = 0; i < MEMBERS; i++) {
        inbox_init(&inboxes[i]);
        conns[i] = i % 2 == 0 ? rig_connect(&rig) : conns[i - 1]; /* two on each connection */
        subs[i] = rig_subscribe(conns[i], "jobs", &options, inbox_take, &inboxes[i]);
    }
    for (int i = 0; i < COUNT; i++) {
        (void)snprintf(text, sizeof text, "%d", i);
        rig_publish(rig.conn, "jobs", text);
    }
    rig_flush(rig.conn);
    for (int i = 0; i < MEMBERS; i++) {
        rig_flush(conns[i]);
        tern_error err = { .status = TERN_OK };
        check_ok(tern_sub_drain(subs[i], 0, &err));
        check_int_at_least(inboxes[i].count, 1);
        for (int j = 0; j < inboxes[i].count; j++) seen[atoi(inboxes[i].items[j].data)]++;
        tern_sub_free(subs[i]);
        inbox_destroy(&inboxes[i]);
    }
    for (int i = 0; i < COUNT; i++) check_int(seen[i], 1);
    for (int i = 0; i < MEMBERS; i += 2) tern_conn_free(conns[i]);
    rig_close(&rig);
    test_check_leaks();
}

/* ---- Typed ---- */

struct numbers {
    struct test_gate gate;
    int64_t sum;
    char subject[32];
};

static void add_number(const ProtobufCMessage *message, tern_msg *msg, void *arg)
{
    struct numbers *numbers = arg;
    numbers->sum += ((const Test__V1__Number *)message)->value;
    (void)snprintf(numbers->subject, sizeof numbers->subject, "%s", tern_msg_subject(msg));
    gate_open(&numbers->gate);
}

Test(sub, typed_subscription_gets_decoded_messages, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    struct numbers numbers = { .sum = 0 };
    struct rig rig;
    tern_sub *sub = NULL;

    rig_open(&rig);
    gate_init(&numbers.gate);
    check_ok(tern_conn_subscribe_message(rig.conn, "n.*", &test__v1__number__descriptor, NULL, add_number, &numbers,
                                         &sub, &err));
    for (int64_t i = 1; i <= 10; i++) {
        Test__V1__Number number = TEST__V1__NUMBER__INIT;
        number.value = i;
        check_ok(tern_conn_publish_message(rig.conn, "n.a", &number.base, &err));
    }
    check_true(gate_wait(&numbers.gate, 10, RIG_WAIT_MS));
    check_int(numbers.sum, 55);
    check_str(numbers.subject, "n.a");
    tern_sub_free(sub);
    gate_destroy(&numbers.gate);
    rig_close(&rig);
    test_check_leaks();
}

Test(sub, typed_subscription_drops_and_counts_what_is_no_such_message, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    struct numbers numbers = { .sum = 0 };
    tern_sub_stats stats;
    tern_conn_stats conn_stats;
    struct rig rig;
    tern_sub *sub = NULL;

    rig_open(&rig);
    gate_init(&numbers.gate);
    check_ok(tern_conn_subscribe_message(rig.conn, "n", &test__v1__number__descriptor, NULL, add_number, &numbers, &sub,
                                         &err));
    rig_publish(rig.conn, "n", "\xff\xff");
    rig_publish(rig.conn, "n", "\x08\x07");
    check_true(gate_wait(&numbers.gate, 1, RIG_WAIT_MS));
    check_int(numbers.sum, 7);
    check_true(events_wait(&rig.events, TERN_EVENT_MESSAGE_LOST, 1));
    const struct told *told = events_get(&rig.events, TERN_EVENT_MESSAGE_LOST, 0);
    check_int(told->status, TERN_INVALID_ARGUMENT);
    check_str(told->subject, "n");
    check_str_has(told->text, "test.v1.Number");
    check_true(rig_wait_handled(sub, 1));
    tern_sub_get_stats(sub, &stats);
    check_int(stats.received, 2);
    check_int(stats.handled, 1);
    check_int(stats.dropped, 1);
    tern_conn_get_stats(rig.conn, &conn_stats);
    check_int(conn_stats.dropped_in, 1);
    tern_sub_free(sub);
    gate_destroy(&numbers.gate);
    rig_close(&rig);
    test_check_leaks();
}

/* ---- Order and concurrency ---- */

struct orderly {
    struct test_gate gate;
    atomic_int running, most;
    int next, wrong;
};

static void expect_next(tern_msg *msg, void *arg)
{
    struct orderly *orderly = arg;
    int running = atomic_fetch_add(&orderly->running, 1) + 1;
    if (running > atomic_load(&orderly->most)) atomic_store(&orderly->most, running);
    if (atoi(tern_msg_data(msg)) != orderly->next) orderly->wrong++;
    orderly->next++;
    atomic_fetch_sub(&orderly->running, 1);
    gate_open(&orderly->gate);
}

Test(sub, plain_subscription_keeps_its_order_on_the_pool, .timeout = 60)
{
    enum { COUNT = 20000 };
    struct orderly orderly = { .next = 0 };
    struct rig rig;
    char text[16];

    rig_open(&rig);
    gate_init(&orderly.gate);
    tern_sub *sub = rig_subscribe(rig.conn, "a", NULL, expect_next, &orderly);
    for (int i = 0; i < COUNT; i++) {
        (void)snprintf(text, sizeof text, "%d", i);
        rig_publish(rig.conn, "a", text);
    }
    check_true(gate_wait(&orderly.gate, COUNT, RIG_WAIT_MS));
    check_int(orderly.wrong, 0);
    check_int(atomic_load(&orderly.most), 1);
    tern_sub_free(sub);
    gate_destroy(&orderly.gate);
    rig_close(&rig);
    test_check_leaks();
}

struct crowd {
    struct test_gate entered, leave;
    atomic_int running, most;
};

static void stand_in_crowd(tern_msg *msg, void *arg)
{
    struct crowd *crowd = arg;
    (void)msg;
    int running = atomic_fetch_add(&crowd->running, 1) + 1;
    int most = atomic_load(&crowd->most);
    while (running > most && !atomic_compare_exchange_weak(&crowd->most, &most, running)) continue;
    gate_open(&crowd->entered);
    (void)gate_wait(&crowd->leave, 1, RIG_WAIT_MS);
    atomic_fetch_sub(&crowd->running, 1);
}

Test(sub, concurrency_runs_so_many_handlers_at_once_and_no_more, .timeout = 60)
{
    enum { CONCURRENCY = 5, COUNT = 200 };
    tern_error err = { .status = TERN_OK };
    struct crowd crowd = { .running = 0 };
    tern_executor *pool = NULL;
    struct rig rig;

    rig_open(&rig);
    gate_init(&crowd.entered);
    gate_init(&crowd.leave);
    check_ok(tern_pool_new(16, &pool, &err));
    tern_sub_options options = { .executor = pool, .concurrency = CONCURRENCY };
    tern_sub *sub = rig_subscribe(rig.conn, "a", &options, stand_in_crowd, &crowd);
    for (int i = 0; i < COUNT; i++) rig_publish(rig.conn, "a", "x");
    check_true(gate_wait(&crowd.entered, CONCURRENCY, RIG_WAIT_MS)); /* all at once: none has left */
    check_true(rig_wait_received(sub, COUNT));
    check_int(atomic_load(&crowd.running), CONCURRENCY);
    gate_open(&crowd.leave);
    check_true(rig_wait_handled(sub, COUNT));
    check_int(atomic_load(&crowd.most), CONCURRENCY);
    tern_sub_free(sub);
    tern_executor_free(pool);
    gate_destroy(&crowd.entered);
    gate_destroy(&crowd.leave);
    rig_close(&rig);
    test_check_leaks();
}

Test(sub, a_stuck_handler_does_not_hold_up_other_subscriptions, .timeout = 60)
{
    struct crowd crowd = { .running = 0 };
    struct rig rig;
    struct inbox inbox;

    rig_open(&rig);
    inbox_init(&inbox);
    gate_init(&crowd.entered);
    gate_init(&crowd.leave);
    tern_sub *stuck = rig_subscribe(rig.conn, "stuck", NULL, stand_in_crowd, &crowd);
    tern_sub *other = rig_subscribe(rig.conn, "other", NULL, inbox_take, &inbox);
    rig_publish(rig.conn, "stuck", "x");
    check_true(gate_wait(&crowd.entered, 1, RIG_WAIT_MS));
    for (int i = 0; i < 1000; i++) rig_publish(rig.conn, "other", "x");
    check_true(inbox_wait(&inbox, 1000));
    gate_open(&crowd.leave);
    tern_sub_free(stuck);
    tern_sub_free(other);
    gate_destroy(&crowd.entered);
    gate_destroy(&crowd.leave);
    inbox_destroy(&inbox);
    rig_close(&rig);
    test_check_leaks();
}

/* ---- Messages that outlive the handler ---- */

struct kept {
    struct test_gate gate;
    tern_msg *msgs[10];
};

static void keep(tern_msg *msg, void *arg)
{
    struct kept *kept = arg;
    tern_msg_keep(msg);
    tern_msg_keep(msg); /* twice is once */
    kept->msgs[gate_count(&kept->gate)] = msg;
    gate_open(&kept->gate);
}

Test(sub, kept_message_is_whole_after_its_subscription_and_connection, .timeout = 60)
{
    struct kept kept;
    struct rig rig;
    char text[16];

    rig_open(&rig);
    gate_init(&kept.gate);
    tern_sub *sub = rig_subscribe(rig.conn, "keep", NULL, keep, &kept);
    for (int i = 0; i < 10; i++) {
        (void)snprintf(text, sizeof text, "kept %d", i);
        rig_publish(rig.conn, "keep", text);
    }
    check_true(gate_wait(&kept.gate, 10, RIG_WAIT_MS));
    tern_sub_free(sub);
    tern_conn_free(rig.conn);
    rig.conn = NULL;
    for (int i = 0; i < 10; i++) {
        (void)snprintf(text, sizeof text, "kept %d", i);
        check_str(tern_msg_data(kept.msgs[i]), text);
        check_str(tern_msg_subject(kept.msgs[i]), "keep");
        tern_msg_free(kept.msgs[i]);
    }
    tern_msg_free(NULL);
    gate_destroy(&kept.gate);
    rig_close(&rig);
    test_check_leaks();
}

static void keep_and_free(tern_msg *msg, void *arg)
{
    tern_msg_keep(msg);
    tern_msg_free(msg);
    gate_open(arg);
}

Test(sub, kept_message_may_be_freed_inside_its_handler, .timeout = 60)
{
    struct test_gate gate;
    struct rig rig;

    rig_open(&rig);
    gate_init(&gate);
    tern_sub *sub = rig_subscribe(rig.conn, "keep", NULL, keep_and_free, &gate);
    for (int i = 0; i < 100; i++) rig_publish(rig.conn, "keep", "x");
    check_true(gate_wait(&gate, 100, RIG_WAIT_MS));
    tern_sub_free(sub);
    gate_destroy(&gate);
    rig_close(&rig);
    test_check_leaks();
}

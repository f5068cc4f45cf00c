/* Pending limits: what is dropped, what is counted, and what is told. */
#include "rig.h"

/* A handler that stands still until it is let go. */
struct stand {
    struct test_gate entered, go;
    struct rig *rig;
};

static void stand_still(tern_msg *msg, void *arg)
{
    struct stand *stand = arg;
    (void)msg;
    gate_open(&stand->entered);
    (void)gate_wait(&stand->go, 1, RIG_WAIT_MS);
}

static tern_sub *stand_open(struct stand *stand, struct rig *rig, const tern_sub_options *options)
{
    rig_open(rig);
    gate_init(&stand->entered);
    gate_init(&stand->go);
    tern_sub *sub = rig_subscribe(rig->conn, "a", options, stand_still, stand);
    rig_publish(rig->conn, "a", "0123456789");
    check_true(gate_wait(&stand->entered, 1, RIG_WAIT_MS));
    return sub;
}

static void stand_close(struct stand *stand, struct rig *rig, tern_sub *sub)
{
    gate_open(&stand->go);
    tern_sub_free(sub);
    rig_close(rig);
    gate_destroy(&stand->entered);
    gate_destroy(&stand->go);
}

Test(sub_limits, messages_over_the_limit_are_dropped_and_counted, .timeout = 60)
{
    tern_sub_options options = { .pending_msgs_limit = 10 };
    tern_sub_stats stats;
    tern_conn_stats conn_stats;
    struct stand stand;
    struct rig rig;

    tern_sub *sub = stand_open(&stand, &rig, &options);
    for (int i = 0; i < 25; i++) rig_publish(rig.conn, "a", "x");
    check_true(rig_wait_received(sub, 26));
    tern_sub_get_stats(sub, &stats);
    check_int(stats.received, 26);
    check_int(stats.handled, 0); /* its handler has not returned */
    check_int(stats.pending_msgs, 10);
    check_int(stats.dropped, 15);
    rig_flush(rig.conn);
    tern_conn_get_stats(rig.conn, &conn_stats);
    check_int(conn_stats.dropped_in, 15);
    gate_open(&stand.go);
    check_true(rig_wait_handled(sub, 11));
    tern_sub_get_stats(sub, &stats);
    check_int(stats.handled, 11);
    check_int(stats.pending_msgs, 0);
    check_int(stats.pending_bytes, 0);
    stand_close(&stand, &rig, sub);
    test_check_leaks();
}

Test(sub_limits, bytes_over_the_limit_are_dropped_and_counted, .timeout = 60)
{
    tern_sub_options options = { .pending_bytes_limit = 100 };
    tern_sub_stats stats;
    struct stand stand;
    struct rig rig;

    tern_sub *sub = stand_open(&stand, &rig, &options);
    for (int i = 0; i < 25; i++) rig_publish(rig.conn, "a", "0123456789");
    check_true(rig_wait_received(sub, 26));
    tern_sub_get_stats(sub, &stats);
    check_int(stats.pending_msgs, 10);
    check_int(stats.pending_bytes, 100);
    check_int(stats.dropped, 15);
    stand_close(&stand, &rig, sub);
    test_check_leaks();
}

Test(sub_limits, headers_count_towards_the_bytes, .timeout = 60)
{
    tern_sub_options options = { .pending_bytes_limit = 1 << 20 };
    tern_error err = { .status = TERN_OK };
    tern_header header = { "Name", "0123456789012345678901234567890123456789" };
    tern_sub_stats stats;
    struct stand stand;
    struct rig rig;

    tern_sub *sub = stand_open(&stand, &rig, &options);
    check_ok(tern_conn_publish_outgoing(
        rig.conn, &(tern_outgoing){ .subject = "a", .data = "xx", .size = 2, .headers = &header, .header_count = 1 },
        &err));
    check_true(rig_wait_received(sub, 2));
    tern_sub_get_stats(sub, &stats);
    check_int_at_least(stats.pending_bytes, 2 + 44); /* "their payloads and headers" */
    stand_close(&stand, &rig, sub);
    test_check_leaks();
}

Test(sub_limits, newest_messages_are_the_ones_dropped, .timeout = 60)
{
    tern_sub_options options = { .pending_msgs_limit = 3 };
    struct test_gate go, entered;
    struct rig rig;
    struct inbox inbox;
    char text[8];

    rig_open(&rig);
    inbox_init(&inbox);
    gate_init(&go);
    gate_init(&entered);
    struct stand stand = { .rig = &rig };
    gate_init(&stand.entered);
    gate_init(&stand.go);
    /* One thread for both: while the other subscription's handler stands still, nothing is taken. */
    tern_executor *pool = NULL;
    tern_error err = { .status = TERN_OK };
    check_ok(tern_pool_new(1, &pool, &err));
    tern_sub_options other = { .executor = pool };
    options.executor = pool;
    tern_sub *blocker = rig_subscribe(rig.conn, "block", &other, stand_still, &stand);
    tern_sub *sub = rig_subscribe(rig.conn, "a", &options, inbox_take, &inbox);
    rig_publish(rig.conn, "block", "");
    check_true(gate_wait(&stand.entered, 1, RIG_WAIT_MS));
    for (int i = 0; i < 10; i++) {
        (void)snprintf(text, sizeof text, "%d", i);
        rig_publish(rig.conn, "a", text);
    }
    check_true(rig_wait_received(sub, 10));
    gate_open(&stand.go);
    check_true(inbox_wait(&inbox, 3));
    for (int i = 0; i < 3; i++) {
        (void)snprintf(text, sizeof text, "%d", i);
        check_str(inbox_get(&inbox, i)->data, text);
    }
    tern_sub_free(blocker);
    tern_sub_free(sub);
    tern_executor_free(pool);
    check_int(inbox.count, 3);
    gate_destroy(&stand.entered);
    gate_destroy(&stand.go);
    gate_destroy(&go);
    gate_destroy(&entered);
    inbox_destroy(&inbox);
    rig_close(&rig);
    test_check_leaks();
}

Test(sub_limits, one_slow_consumer_event_for_an_episode, .timeout = 60)
{
    tern_sub_options options = { .pending_msgs_limit = 5 };
    struct stand stand;
    struct rig rig;

    tern_sub *sub = stand_open(&stand, &rig, &options);
    for (int i = 0; i < 100; i++) rig_publish(rig.conn, "a", "x");
    check_true(events_wait(&rig.events, TERN_EVENT_SLOW_CONSUMER, 1));
    const struct told *told = events_get(&rig.events, TERN_EVENT_SLOW_CONSUMER, 0);
    check_str(told->subject, "a");
    check_int(told->status, TERN_RESOURCE_EXHAUSTED);
    check_str_has(told->text, "\"a\"");
    check_true(rig_wait_dropped(sub, 95));
    gate_open(&stand.go);
    check_true(rig_wait_handled(sub, 6));
    tern_sub_free(sub);
    tern_conn_free(rig.conn); /* every event has been told */
    rig.conn = NULL;
    check_int(events_count(&rig.events, TERN_EVENT_SLOW_CONSUMER), 1);
    stand_close(&stand, &rig, NULL);
    test_check_leaks();
}

Test(sub_limits, next_episode_tells_of_a_slow_consumer_again, .timeout = 60)
{
    enum { EPISODES = 5, LIMIT = 5 };
    tern_sub_options options = { .pending_msgs_limit = LIMIT };
    struct stand stand;
    struct rig rig;

    tern_sub *sub = stand_open(&stand, &rig, &options);
    for (uint64_t episode = 1; episode <= EPISODES; episode++) {
        for (int i = 0; i < 50; i++) rig_publish(rig.conn, "a", "x");
        check_true(rig_wait_dropped(sub, episode * (50 - LIMIT)));
        gate_open(&stand.go);
        check_true(rig_wait_handled(sub, episode * (LIMIT + 1)));
        gate_reset(&stand.go);
        gate_reset(&stand.entered);
        if (episode == EPISODES) break;
        rig_publish(rig.conn, "a", "first of the next");
        check_true(gate_wait(&stand.entered, 1, RIG_WAIT_MS));
    }
    tern_sub_free(sub);
    tern_conn_free(rig.conn);
    rig.conn = NULL;
    check_int(events_count(&rig.events, TERN_EVENT_SLOW_CONSUMER), EPISODES);
    stand_close(&stand, &rig, NULL);
    test_check_leaks();
}

Test(sub_limits, a_message_above_the_byte_limit_alone_is_handled, .timeout = 60)
{
    tern_sub_options options = { .pending_bytes_limit = 4 };
    struct stand stand;
    struct rig rig;

    tern_sub *sub = stand_open(&stand, &rig, &options); /* its ten bytes passed */
    gate_open(&stand.go);
    check_true(rig_wait_handled(sub, 1));
    stand_close(&stand, &rig, sub);
    test_check_leaks();
}

Test(sub_limits, unsubscribing_drops_and_counts_what_waits, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    tern_sub_stats stats;
    struct stand stand;
    struct rig rig;

    tern_sub *sub = stand_open(&stand, &rig, NULL);
    for (int i = 0; i < 25; i++) rig_publish(rig.conn, "a", "x");
    check_true(rig_wait_received(sub, 26));
    gate_open(&stand.go);
    check_ok(tern_sub_unsubscribe(sub, &err));
    tern_sub_get_stats(sub, &stats);
    check_int(stats.received, 26);
    check_int(stats.handled + stats.dropped, 26);
    check_int(stats.pending_msgs, 0);
    check_int(stats.pending_bytes, 0);
    stand_close(&stand, &rig, sub);
    test_check_leaks();
}

/* What a connection sends keeps its order, whichever way it takes: messages without headers go to the socket past
 * nats.c, many at once, subscriptions, fences and messages with headers through its buffer. */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "rig.h"

enum { ROUNDS = 150, FILLERS = 40, FILLER_SIZE = 1024 };

static void publish_fillers(tern_conn *conn)
{
    static char filler[FILLER_SIZE];
    tern_error err;
    for (int i = 0; i < FILLERS; i++) check_ok(tern_conn_publish(conn, "filler", filler, sizeof filler, &err));
}

/* A sender, and a receiver with an inbox of its own. */
struct route {
    struct rig rig; /* the sender is its connection */
    struct inbox inbox;
    tern_conn *receiver;
    tern_sub *sub;
};

static void route_open(struct route *route, const char *subject)
{
    rig_open(&route->rig);
    inbox_init(&route->inbox);
    route->receiver = rig_connect(&route->rig);
    route->sub = rig_subscribe(route->receiver, subject, NULL, inbox_take, &route->inbox);
}

static void route_close(struct route *route)
{
    tern_sub_free(route->sub);
    tern_conn_free(route->receiver);
    inbox_destroy(&route->inbox);
    rig_close(&route->rig);
    test_check_leaks();
}

/* Some messages have a header: those take the other way. */
static void publish_number(tern_conn *conn, const char *subject, int number, size_t size)
{
    const tern_header header = { .name = "Kind", .value = "other" };
    char *data = calloc(1, size + 16);
    tern_error err;
    check_true(data != NULL);
    (void)snprintf(data, 16, "%d", number);
    tern_outgoing out = { .subject = subject, .data = data, .size = size + 16 };
    if (number % 7 == 3) {
        out.headers = &header;
        out.header_count = 1;
    }
    check_ok(tern_conn_publish_outgoing(conn, &out, &err));
    free(data);
}

Test(order, a_subscription_gets_what_follows_it_and_nothing_before, .timeout = 120)
{
    struct rig rig;
    struct inbox inboxes[ROUNDS];
    tern_sub *subs[ROUNDS];
    tern_error err;

    rig_open(&rig);
    for (int i = 0; i < ROUNDS; i++) {
        char subject[16];
        (void)snprintf(subject, sizeof subject, "s.%d", i);
        inbox_init(&inboxes[i]);
        publish_fillers(rig.conn);
        rig_publish(rig.conn, subject, "before");
        check_ok(tern_conn_subscribe(rig.conn, subject, NULL, inbox_take, &inboxes[i], &subs[i], &err));
        rig_publish(rig.conn, subject, "after");
        if (i % 3 == 0) continue;
        check_ok(tern_sub_drain(subs[i], 0, &err));
        rig_publish(rig.conn, subject, "too late");
    }
    rig_flush(rig.conn);
    for (int i = 0; i < ROUNDS; i++) {
        check_true(inbox_wait(&inboxes[i], 1));
        tern_sub_free(subs[i]);
        check_int(inboxes[i].count, 1);
        check_str(inbox_get(&inboxes[i], 0)->data, "after");
        inbox_destroy(&inboxes[i]);
    }
    rig_close(&rig);
    test_check_leaks();
}

Test(order, messages_of_all_sizes_with_headers_and_without_come_in_order, .timeout = 120)
{
    static const size_t sizes[] = { 0, 1, 100, 4000, 70000, 0, 400000, 10, 300 };
    enum { MESSAGES = 600 };
    struct route route;

    route_open(&route, "numbers");
    for (int i = 0; i < MESSAGES; i++)
        publish_number(route.rig.conn, "numbers", i, sizes[(size_t)i % (sizeof sizes / sizeof *sizes)]);
    check_true(inbox_wait(&route.inbox, MESSAGES));
    for (int i = 0; i < MESSAGES; i++) {
        check_int(atoi(inbox_get(&route.inbox, i)->data), i);
        check_int(inbox_get(&route.inbox, i)->size, sizes[(size_t)i % (sizeof sizes / sizeof *sizes)] + 16);
    }
    route_close(&route);
}

/* An inline handler publishes numbers; in every other round after another thread has published one, which waits in the
 * queue while the I/O thread is in the handler. */
struct relay {
    tern_conn *conn;
    struct test_gate begun, may_go;
    int rounds, number;
};

static void relay_numbers(tern_msg *msg, void *arg)
{
    static const size_t sizes[] = { 0, 200, 60000, 100, 200000, 10, 0 };
    struct relay *relay = arg;
    (void)msg;
    gate_open(&relay->begun);
    check_true(gate_wait(&relay->may_go, ++relay->rounds, RIG_WAIT_MS));
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        publish_number(relay->conn, "numbers", relay->number++, sizes[i]);
}

Test(order, what_an_inline_handler_publishes_follows_what_is_queued, .timeout = 120)
{
    enum { HANDLED = 200 };
    tern_error err;
    tern_sub *sub = NULL;
    tern_sub_options options = { .executor = tern_executor_inline() };
    struct route route;

    route_open(&route, "numbers");
    struct relay relay = { .conn = route.rig.conn };
    gate_init(&relay.begun);
    gate_init(&relay.may_go);
    check_ok(tern_conn_subscribe(relay.conn, "go", &options, relay_numbers, &relay, &sub, &err));
    for (int i = 0; i < HANDLED; i++) {
        rig_flush(relay.conn); /* there is room, so that nobody waits for any while the handler waits */
        rig_publish(route.receiver, "go", "");
        check_true(gate_wait(&relay.begun, i + 1, RIG_WAIT_MS));
        if (i % 2 == 0) publish_number(relay.conn, "numbers", relay.number++, (size_t)i);
        gate_open(&relay.may_go);
    }
    check_true(gate_wait(&relay.begun, HANDLED, RIG_WAIT_MS));
    rig_flush(relay.conn); /* behind the last handler */
    check_true(inbox_wait(&route.inbox, relay.number));
    for (int i = 0; i < relay.number; i++) check_int(atoi(inbox_get(&route.inbox, i)->data), i);
    tern_sub_free(sub);
    gate_destroy(&relay.begun);
    gate_destroy(&relay.may_go);
    route_close(&route);
}

/* Held together during the outage, they then go one by one, since one of them is too large. */
Test(order, what_was_held_goes_to_a_server_that_takes_less, .timeout = 60)
{
    enum { MESSAGES = 300, LARGE = 150 };
    static char data[2000];
    struct rig rig;
    struct inbox inbox;
    tern_conn_stats before, after;
    tern_error err;

    rig_open(&rig);
    inbox_init(&inbox);
    tern_sub *sub = rig_subscribe(rig.conn, "numbers", NULL, inbox_take, &inbox);
    server_kill(rig.server);
    check_true(events_wait(&rig.events, TERN_EVENT_DISCONNECTED, 1));
    tern_conn_get_stats(rig.conn, &before);
    for (int i = 0; i < MESSAGES; i++) {
        (void)snprintf(data, sizeof data, "%d", i);
        tern_outgoing out = { .subject = "numbers", .data = data, .size = i == LARGE ? sizeof data : 16 };
        if (i % 3 == 0) out.reply = "to.me";
        check_ok(tern_conn_publish_outgoing(rig.conn, &out, &err));
    }
    server_set_config(rig.server, "max_payload: 1000\n");
    server_restart(rig.server);
    check_true(inbox_wait(&inbox, MESSAGES - 1));
    for (int i = 0; i < MESSAGES - 1; i++) {
        int number = i < LARGE ? i : i + 1;
        check_int(atoi(inbox_get(&inbox, i)->data), number);
        check_int(inbox_get(&inbox, i)->has_reply, number % 3 == 0);
        if (number % 3 == 0) check_str(inbox_get(&inbox, i)->reply, "to.me");
    }
    check_true(events_wait(&rig.events, TERN_EVENT_MESSAGE_LOST, 1));
    check_str(events_get(&rig.events, TERN_EVENT_MESSAGE_LOST, 0)->subject, "numbers");
    check_str_has(events_get(&rig.events, TERN_EVENT_MESSAGE_LOST, 0)->text, "2000 bytes, the server takes 1000");
    rig_flush(rig.conn);
    tern_conn_get_stats(rig.conn, &after);
    check_int(after.msgs_out - before.msgs_out, MESSAGES - 1);
    check_int(after.bytes_out - before.bytes_out, (MESSAGES - 1) * 16);
    check_int(after.dropped_out - before.dropped_out, 1);
    check_int(after.buffered_bytes, 0);
    tern_sub_free(sub);
    inbox_destroy(&inbox);
    rig_close(&rig);
    test_check_leaks();
}

/* A stream, in which the I/O thread waits a moment for more, and what comes after its end. */
Test(order, the_last_of_a_stream_needs_no_other_to_follow, .timeout = 60)
{
    enum { STREAMS = 300, STREAM = 200 };
    struct route route;

    route_open(&route, "numbers");
    for (int i = 0; i < STREAMS; i++) {
        for (int j = 0; j < STREAM; j++) rig_publish(route.rig.conn, "numbers", "");
        check_true(inbox_wait(&route.inbox, (i + 1) * STREAM));
    }
    check_int(route.inbox.count, STREAMS * STREAM);
    route_close(&route);
}

struct holder {
    struct test_gate inside, released;
};

static void hold_io_thread(tern_msg *msg, void *arg)
{
    struct holder *holder = arg;
    (void)msg;
    gate_open(&holder->inside);
    (void)gate_wait(&holder->released, 1, RIG_WAIT_MS);
}

static uint64_t msgs_out(tern_conn *conn)
{
    tern_conn_stats stats;
    tern_conn_get_stats(conn, &stats);
    return stats.msgs_out;
}

/* More than goes out at once gathers while the I/O thread is held up; the last message comes while it sends that. It
 * leaves at once, and not when the I/O thread next has something else to do. */
Test(order, what_comes_while_much_is_sent_needs_no_other_to_follow, .timeout = 60)
{
    enum { ROUNDS_OF_THIS = 15, MESSAGES = 30, AT_ONCE_MS = 1500 }; /* liveness: 10 s */
    static char data[5000];
    struct route route;
    struct holder holder;

    route_open(&route, "data");
    gate_init(&holder.inside);
    gate_init(&holder.released);
    tern_sub_options on_io = { .executor = tern_executor_inline() };
    tern_sub *holding = rig_subscribe(route.rig.conn, "hold", &on_io, hold_io_thread, &holder);
    for (int i = 1; i <= ROUNDS_OF_THIS; i++) {
        rig_publish(route.receiver, "hold", "");
        check_true(gate_wait(&holder.inside, i, RIG_WAIT_MS));
        for (int j = 0; j < MESSAGES; j++)
            check_int(tern_conn_publish(route.rig.conn, "data", data, sizeof data, NULL), TERN_OK);
        uint64_t before = msgs_out(route.rig.conn);
        gate_open(&holder.released);
        while (msgs_out(route.rig.conn) == before) continue;
        rig_publish(route.rig.conn, "data", "last");
        check_true(gate_wait(&route.inbox.gate, i * (MESSAGES + 1), AT_ONCE_MS));
        gate_reset(&holder.released);
    }
    tern_sub_free(holding);
    route_close(&route);
    gate_destroy(&holder.inside);
    gate_destroy(&holder.released);
}

/* How often threads of this process have gone to sleep. */
static long count_sleeps(void)
{
    struct rusage usage;
    (void)getrusage(RUSAGE_SELF, &usage);
    return usage.ru_nvcsw;
}

struct streamer {
    tern_conn *conn;
    atomic_bool over;
};

static void *stream_on(void *arg)
{
    struct streamer *streamer = arg;
    while (!atomic_load(&streamer->over)) {
        for (int i = 0; i < 100; i++) (void)tern_conn_publish(streamer->conn, "numbers", "", 0, NULL);
        (void)nanosleep(&(struct timespec){ .tv_nsec = 20000 }, NULL); /* so that the socket is seldom full */
    }
    return NULL;
}

/* After a stream the I/O thread sleeps, with its server, and without one that was lost meanwhile. */
Test(order, nothing_runs_after_a_stream, .timeout = 60)
{
    enum { LOSSES = 6, STREAM_MS = 50, IDLE_MS = 300, SLEEPS_MAX = 1000 };
    pthread_t thread;
    struct rig rig;

    rig_open(&rig);
    for (int lost = 0; lost <= LOSSES; lost++) {
        struct streamer streamer = { .conn = rig.conn };
        pthread_create(&thread, NULL, stream_on, &streamer);
        test_sleep_ms(STREAM_MS);
        if (lost > 0) server_kill(rig.server);
        if (lost > 0) check_true(events_wait(&rig.events, TERN_EVENT_DISCONNECTED, lost));
        atomic_store(&streamer.over, true);
        pthread_join(thread, NULL);
        if (lost == 0) rig_flush(rig.conn);
        long before = count_sleeps();
        test_sleep_ms(IDLE_MS);
        check_int_less(count_sleeps() - before, SLEEPS_MAX); /* some are for trying to connect */
        if (lost > 0) server_restart(rig.server);
        if (lost > 0) check_true(events_wait(&rig.events, TERN_EVENT_RECONNECTED, lost));
    }
    rig_close(&rig);
    test_check_leaks();
}

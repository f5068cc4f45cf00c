/* Many subscriptions, many connections, and no growth. */
#include "calc.h"

#include <malloc.h>
#include <stdlib.h>

enum { SUBS = 1000 };

struct own {
    int number, count, wrong;
    struct test_gate *gate;
};

static void expect_own(tern_msg *msg, void *arg)
{
    struct own *own = arg;
    char subject[32];
    (void)snprintf(subject, sizeof subject, "s.%d", own->number);
    if (strcmp(tern_msg_subject(msg), subject) != 0) own->wrong++;
    if (atoi(tern_msg_data(msg)) != own->number * 10 + own->count) own->wrong++;
    own->count++;
    gate_open(own->gate);
}

static void thousand_subscriptions(tern_executor *executor)
{
    tern_error err = { .status = TERN_OK };
    static struct own owns[SUBS];
    static tern_sub *subs[SUBS];
    tern_sub_options options = { .executor = executor };
    struct test_gate gate;
    struct rig rig;
    char subject[32], text[32];

    rig_open(&rig);
    gate_init(&gate);
    for (int i = 0; i < SUBS; i++) {
        owns[i] = (struct own){ .number = i, .gate = &gate };
        (void)snprintf(subject, sizeof subject, "s.%d", i);
        check_ok(tern_conn_subscribe(rig.conn, subject, &options, expect_own, &owns[i], &subs[i], &err));
    }
    for (int round = 0; round < 10; round++) {
        for (int i = 0; i < SUBS; i++) {
            (void)snprintf(subject, sizeof subject, "s.%d", i);
            (void)snprintf(text, sizeof text, "%d", i * 10 + round);
            rig_publish(rig.conn, subject, text);
        }
    }
    check_true(gate_wait(&gate, SUBS * 10, RIG_WAIT_MS));
    rig_flush(rig.conn);
    for (int i = 0; i < SUBS; i++) {
        check_int(owns[i].wrong, 0);
        check_int(owns[i].count, 10);
        if (i % 2 == 0) check_ok(tern_sub_unsubscribe(subs[i], &err));
        tern_sub_free(subs[i]);
    }
    gate_destroy(&gate);
    rig_close(&rig);
}

Test(scale, a_thousand_subscriptions_each_get_their_own_messages, .timeout = 60)
{
    thousand_subscriptions(NULL);
    test_check_leaks();
}

Test(scale, a_thousand_inline_subscriptions_each_get_their_own_messages, .timeout = 60)
{
    thousand_subscriptions(tern_executor_inline());
    test_check_leaks();
}

Test(scale, a_thousand_subscriptions_drain_with_their_connection, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    static tern_sub *subs[SUBS];
    struct rig rig;
    struct inbox inbox;

    rig_open(&rig);
    inbox_init(&inbox);
    for (int i = 0; i < SUBS; i++)
        check_ok(tern_conn_subscribe(rig.conn, "a", NULL, inbox_take, &inbox, &subs[i], &err));
    for (int i = 0; i < 20; i++) rig_publish(rig.conn, "a", "x");
    rig_flush(rig.conn);
    check_ok(tern_conn_drain(rig.conn, 0, &err));
    check_int(inbox.count, 20 * SUBS);
    for (int i = 0; i < SUBS; i++) tern_sub_free(subs[i]);
    inbox_destroy(&inbox);
    rig_close(&rig);
    test_check_leaks();
}

/* ---- No growth ---- */

static int cycles(int ordinary, int soak)
{
    const char *wanted = getenv("TERN_SOAK");
    return wanted != NULL && *wanted != '\0' ? soak : ordinary;
}

/* The sanitizers keep freed memory for a while, and count in their own way; they look for leaks instead. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { MEASURES_MEMORY = 0 };
#else
enum { MEASURES_MEMORY = 1 };
#endif

static size_t heap_bytes(void)
{
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

static bool heap_fits(void *limit)
{
    return heap_bytes() <= *(const size_t *)limit;
}

/* What was freed is gone only when the pool, the I/O thread and nats.c's own threads have let go of it. */
static void check_heap(size_t limit)
{
    if (!MEASURES_MEMORY) return;
    (void)wait_until(heap_fits, &limit, RIG_WAIT_MS);
    check_int_at_most(heap_bytes(), limit);
}

static void ignore(tern_msg *msg, void *arg)
{
    (void)msg;
    (void)arg;
}

/* A connection's life, with a little of everything. Each has a queue group of its own: the server may not have seen
 * yet that the last connection is gone, and would hand its service the request. */
static void live(struct test_server *server, int i)
{
    tern_error err = { .status = TERN_OK };
    tern_conn_options options = { .url = server_url(server) };
    tern_conn *conn = NULL;
    tern_sub *sub = NULL;
    char group[16];

    check_ok(tern_connect(&options, &conn, &err));
    if (i % 4 != 0) {
        (void)snprintf(group, sizeof group, "g%d", i);
        tern_client *client = calc_client(conn, NULL);
        tern_service *service = calc_serve(conn, &(tern_service_options){ .queue_group = group });
        check_ok(tern_conn_subscribe(conn, "a", NULL, ignore, NULL, &sub, &err));
        rig_publish(conn, "a", "x");
        check_int(calc_increment(client, i, &err), i + 1);
        tern_client_free(client);
        if (i % 4 == 1) check_ok(tern_conn_drain(conn, 0, &err));
        tern_service_free(service);
        if (i % 4 == 2) tern_sub_free(sub);
    }
    tern_conn_free(conn);
    if (i % 4 == 1 || i % 4 == 3) tern_sub_free(sub);
}

Test(scale, connections_come_and_go_without_growth, .timeout = 1800)
{
    const int count = cycles(300, 10000), settled = 60;
    struct test_server *server = server_start(NULL);

    for (int i = 0; i < settled; i++) live(server, i);
    check_true(test_wait_threads(test_count_threads(), RIG_WAIT_MS));
    int threads = test_count_threads(), fds = test_count_fds();
    size_t heap = heap_bytes(), rss = test_rss_bytes();
    for (int i = 0; i < count; i++) live(server, i);
    check_true(test_wait_threads(threads, RIG_WAIT_MS));
    check_int_at_most(test_count_fds(), fds);
    check_heap(heap + 48 * 1024); /* what threads keep in their malloc caches counts as used */
    if (MEASURES_MEMORY) check_int_at_most(test_rss_bytes(), rss + 2 * 1024 * 1024);
    server_stop(server);
    test_check_leaks();
}

/* What is kept to be destroyed together is kept for a moment only, though the connection is never idle for long. */
Test(scale, handled_messages_do_not_pile_up_where_few_come, .timeout = 60)
{
    enum { COUNT = 20, SIZE = 150 * 1024, APART_MS = 60, WITHIN_MS = 3000 };
    static const char payload[SIZE];
    tern_error err = { .status = TERN_OK };
    tern_sub_options options = { .executor = tern_executor_inline() };
    tern_sub *sub = NULL;
    struct rig rig;
    size_t limit = 0;

    rig_open(&rig);
    check_ok(tern_conn_subscribe(rig.conn, "a", &options, ignore, NULL, &sub, &err));
    for (int i = 0; i <= COUNT; i++) {
        check_ok(tern_conn_publish(rig.conn, "a", payload, SIZE, &err));
        rig_flush(rig.conn); /* it has been handled */
        if (i == 0) limit = heap_bytes() + 3 * SIZE;
        test_sleep_ms(APART_MS);
    }
    if (MEASURES_MEMORY) check_true(wait_until(heap_fits, &limit, WITHIN_MS)); /* well before the connection is idle */
    tern_sub_free(sub);
    rig_close(&rig);
    test_check_leaks();
}

Test(scale, subscriptions_come_and_go_without_growth, .timeout = 600)
{
    const int count = cycles(3000, 100000), settled = 500;
    tern_error err = { .status = TERN_OK };
    struct rig rig;
    size_t heap = 0;

    rig_open(&rig);
    int fds = test_count_fds();
    for (int i = 0; i < settled + count; i++) {
        tern_sub *sub = NULL;
        check_ok(tern_conn_subscribe(rig.conn, "a", NULL, ignore, NULL, &sub, &err));
        rig_publish(rig.conn, "a", "x");
        if (i % 3 == 0) check_ok(tern_sub_drain(sub, 0, &err));
        if (i % 3 == 1) check_ok(tern_sub_unsubscribe(sub, &err));
        tern_sub_free(sub);
        if (i == settled) rig_flush(rig.conn);
        if (i == settled) heap = heap_bytes();
    }
    rig_flush(rig.conn);
    check_heap(heap + 128 * 1024);
    check_int_at_most(test_count_fds(), fds);
    rig_close(&rig);
    test_check_leaks();
}

/* As many calls at once as there can be inboxes and calls kept for use: from then on nothing is left to grow. */
static void fill_caches(tern_client *client)
{
    enum { CALLS = 400 };
    Test__V1__Number number = TEST__V1__NUMBER__INIT;
    tern_error err = { .status = TERN_OK };
    tern_call *calls[CALLS];
    char note[] = "";
    number.note = note;
    for (int i = 0; i < CALLS; i++)
        check_ok(test_v1_calc_increment_async(client, &number, NULL, NULL, NULL, &calls[i], &err));
    check_ok(tern_call_wait_all(calls, CALLS, RIG_WAIT_MS, &err));
    for (int i = 0; i < CALLS; i++) tern_call_free(calls[i]);
}

Test(scale, timed_out_calls_leave_no_growth, .timeout = 600)
{
    const int count = cycles(500, 20000), settled = 100;
    tern_error err = { .status = TERN_OK };
    struct rig rig;
    size_t heap = 0;

    rig_open(&rig);
    tern_sub *silent = rig_subscribe(rig.conn, "test.v1.Calc.*", NULL, ignore, NULL);
    tern_client *client = calc_client(rig.conn, &(tern_client_options){ .timeout_ms = 1 });
    fill_caches(client);
    for (int i = 0; i < settled + count; i++) {
        check_int(calc_increment(client, i, &err), -1);
        check_int(err.status, TERN_DEADLINE_EXCEEDED);
        if (i == settled) rig_flush(rig.conn);
        if (i == settled) heap = heap_bytes();
    }
    rig_flush(rig.conn);
    check_heap(heap + 64 * 1024);
    tern_client_free(client);
    tern_sub_free(silent);
    rig_close(&rig);
    test_check_leaks();
}

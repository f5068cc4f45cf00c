/* A server that is stopped (SIGSTOP): its connections stay open and silent. */
#include "test.h"

#include <stdatomic.h>

#include <tern/tern.h>

#include "echoing.h"
#include "numbers.h"
#include "rig.h"
#include "server.h"
#include "trail.h"

enum { WAIT_MS = 15000, AT_ONCE_MS = 1500, NEVER_MS = 600000 };

static struct test_server *server;
static struct trail events;
static tern_conn *conn;
static tern_error err;

static void begin_at(const char *url, tern_conn_options options)
{
    trail_init(&events);
    options.url = url;
    options.reconnect_min_ms = 1;
    options.reconnect_max_ms = 20;
    options.on_event = trail_take;
    options.event_arg = &events;
    check_ok(tern_connect(&options, &conn, &err));
}

static void begin(tern_conn_options options)
{
    server = server_start(NULL);
    begin_at(server_url(server), options);
}

/* Close and free must not wait for a server that says nothing. */
static void finish(void)
{
    long start_ms = test_now_ms();
    tern_conn_close(conn);
    tern_conn_free(conn);
    check_int_less(test_now_ms() - start_ms, AT_ONCE_MS);
    check_int(trail_count(&events, TERN_EVENT_CLOSED), 1);
    check_trail_in_order(&events);
    trail_destroy(&events);
    server_stop(server);
}

Test(liveness, silent_server_is_left_for_the_second_of_the_list, .timeout = 30)
{
    struct test_server *second = server_start(NULL);
    struct numbers numbers;
    struct event_seen seen;
    tern_sub *sub = NULL;
    char urls[256];

    server = server_start(NULL);
    snprintf(urls, sizeof urls, "%s,%s", server_url(server), server_url(second));
    begin_at(urls, (tern_conn_options){ .liveness_interval_ms = 300 });
    numbers_init(&numbers);
    check_ok(tern_conn_subscribe(conn, "moves", NULL, numbers_take, &numbers, &sub, &err));
    check_ok(tern_conn_flush(conn, WAIT_MS, &err));
    server_pause(server);
    check_true(trail_wait_for(&events, TERN_EVENT_DISCONNECTED, 1, WAIT_MS, &seen));
    check_str(seen.server, server_url(server));
    check_int(seen.status, TERN_UNAVAILABLE);
    check_str_has(seen.text, "no sign of life");
    check_true(trail_wait_for(&events, TERN_EVENT_RECONNECTED, 1, WAIT_MS, &seen));
    check_str(seen.server, server_url(second));
    for (uint64_t n = 1; n <= 10; n++) check_ok(numbers_publish(conn, "moves", n, 0, &err));
    check_true(numbers_wait(&numbers, 10, WAIT_MS));
    check_int(numbers.disorder, 0);
    tern_sub_free(sub);
    finish();
    numbers_destroy(&numbers);
    server_stop(second);
    test_check_leaks();
}

Test(liveness, calls_go_on_at_the_second_server, .timeout = 30)
{
    struct test_server *second = server_start(NULL);
    tern_service *service = NULL, *other = NULL;
    tern_client *client = NULL;
    tern_conn *service_conn = NULL;
    char urls[256];

    server = server_start(NULL);
    snprintf(urls, sizeof urls, "%s,%s", server_url(server), server_url(second));
    begin_at(urls, (tern_conn_options){ .liveness_interval_ms = 300 });
    check_ok(examples_v1_echo_serve(conn, &echo_handlers, NULL, NULL, &service, &err));
    tern_conn_options options = { .url = server_url(second) };
    check_ok(tern_connect(&options, &service_conn, &err));
    check_ok(examples_v1_echo_serve(service_conn, &echo_handlers, NULL, NULL, &other, &err));
    check_ok(tern_client_new(conn, NULL, &client, &err));
    check_true(echo_works(client, 1, WAIT_MS));
    server_pause(server);
    check_true(trail_wait(&events, TERN_EVENT_RECONNECTED, 1, WAIT_MS));
    check_true(echo_works(client, 3, WAIT_MS));
    tern_client_free(client);
    tern_service_free(service);
    tern_service_free(other);
    tern_conn_free(service_conn);
    finish();
    server_stop(second);
    test_check_leaks();
}

/* The server's log shows a fence for each sign of life that was asked for. */
Test(liveness, idle_connection_is_asked_and_stays, .timeout = 30)
{
    server = server_start(&(struct test_server_options){ .debug = true });
    begin_at(server_url(server), (tern_conn_options){ .liveness_interval_ms = 250 });
    check_true(server_wait_log(server, "[PUB _INBOX.", WAIT_MS));
    while (server_count_log(server, "[PUB _INBOX.") < 4) test_sleep_ms(5);
    check_int(trail_count(&events, TERN_EVENT_DISCONNECTED), 0);
    check_int(tern_conn_get_state(conn), TERN_CONN_CONNECTED);
    finish();
    test_check_leaks();
}

/* ---- What the program's threads see meanwhile ---- */

static void ignore(tern_msg *msg, void *arg)
{
    (void)msg;
    (void)arg;
}

/* Runs a statement and checks how long it takes beyond its own timeout. */
#define check_takes(timeout_ms, statement)                                                                             \
    do {                                                                                                               \
        long took_ms_ = test_now_ms();                                                                                 \
        statement;                                                                                                     \
        took_ms_ = test_now_ms() - took_ms_;                                                                           \
        cr_assert(took_ms_ < (timeout_ms) + AT_ONCE_MS, "%s took %ld ms", #statement, took_ms_);                       \
    } while (0)

Test(liveness, calls_of_the_api_keep_their_timeouts_while_the_server_is_stopped, .timeout = 30)
{
    tern_sub *before = NULL, *meanwhile = NULL;
    tern_client *client = NULL;
    tern_msg *reply = NULL;
    tern_outgoing request = { .subject = "anybody" };
    tern_conn_stats stats;
    char at[128];
    bool own = false;

    begin((tern_conn_options){ .liveness_interval_ms = NEVER_MS });
    check_ok(tern_conn_subscribe(conn, "before", NULL, ignore, NULL, &before, &err));
    check_ok(tern_conn_flush(conn, WAIT_MS, &err));
    server_pause(server);
    for (int i = 0; i < 100; i++) check_takes(0, check_ok(tern_conn_publish(conn, "x", "1", 1, &err)));
    check_takes(0, check_ok(tern_conn_subscribe(conn, "meanwhile", NULL, ignore, NULL, &meanwhile, &err)));
    check_takes(200, check_status(tern_conn_request(conn, &request, 200, &reply, &err), TERN_DEADLINE_EXCEEDED));
    check_str_has(err.text, "anybody");
    check_takes(200, check_status(tern_conn_flush(conn, 200, &err), TERN_DEADLINE_EXCEEDED));
    check_str_has(err.text, "200 ms");
    check_takes(0, check_ok(tern_client_new(conn, NULL, &client, &err)));
    check_takes(200, check_status(echo_call(client, 1, 200, &own, &err), TERN_DEADLINE_EXCEEDED));
    check_takes(0, tern_conn_get_stats(conn, &stats));
    check_takes(0, tern_conn_server(conn, at, sizeof at));
    check_str(at, server_url(server));
    check_takes(0, check_int(tern_conn_get_state(conn), TERN_CONN_CONNECTED));
    check_takes(200, check_status(tern_sub_drain(before, 200, &err), TERN_DEADLINE_EXCEEDED));
    check_takes(0, check_ok(tern_sub_unsubscribe(meanwhile, &err)));
    check_takes(0, tern_sub_free(before));
    check_takes(0, tern_sub_free(meanwhile));
    check_takes(300, check_status(tern_conn_drain(conn, 300, &err), TERN_DEADLINE_EXCEEDED));
    tern_client_free(client);
    finish();
    test_check_leaks();
}

/* ---- The outbound limit ---- */

enum { LIMIT = 1024 * 1024, PIECE = 64 * 1024 };

struct publisher {
    pthread_t thread;
    uint64_t pieces; /* to publish; all statuses must be OK */
    atomic_uint_fast64_t done;
    tern_status st; /* of the last one */
    tern_error err;
};

static void *publisher_main(void *arg)
{
    struct publisher *publisher = arg;
    while (publisher->st == TERN_OK && atomic_load(&publisher->done) < publisher->pieces) {
        publisher->st = numbers_publish(conn, "big", atomic_load(&publisher->done) + 1, PIECE, &publisher->err);
        if (publisher->st == TERN_OK) atomic_fetch_add(&publisher->done, 1);
    }
    return NULL;
}

/* There is no room for one more piece. */
static bool is_full(void *arg)
{
    tern_conn_stats stats;
    tern_conn_get_stats(arg, &stats);
    return stats.buffered_bytes + PIECE > LIMIT;
}

Test(liveness, publish_at_the_outbound_limit_waits_until_the_server_takes_more, .timeout = 60)
{
    struct publisher publisher = { .pieces = 512 }; /* 32 MiB: more than sockets hold */
    struct numbers numbers;
    tern_conn *other = NULL;
    tern_sub *sub = NULL;
    tern_conn_stats stats;

    begin((tern_conn_options){ .liveness_interval_ms = NEVER_MS, .outbound_limit_bytes = LIMIT });
    numbers_init(&numbers);
    tern_conn_options options = { .url = server_url(server), .liveness_interval_ms = NEVER_MS };
    check_ok(tern_connect(&options, &other, &err));
    check_ok(tern_conn_subscribe(other, "big", NULL, numbers_take, &numbers, &sub, &err));
    check_ok(tern_conn_flush(other, WAIT_MS, &err));
    server_pause(server);
    pthread_create(&publisher.thread, NULL, publisher_main, &publisher);
    check_true(wait_until(is_full, conn, WAIT_MS));
    check_int_less(atomic_load(&publisher.done), publisher.pieces);
    tern_conn_get_stats(conn, &stats);
    check_int_at_most(stats.buffered_bytes, LIMIT);
    server_resume(server);
    pthread_join(publisher.thread, NULL);
    cr_assert(publisher.st == TERN_OK, "a publish failed: %s", publisher.err.text);
    check_true(numbers_wait(&numbers, publisher.pieces, WAIT_MS));
    check_int(gate_count(&numbers.gate), (int)publisher.pieces);
    check_int(numbers.disorder, 0);
    check_int(trail_count(&events, TERN_EVENT_DISCONNECTED), 0);
    tern_sub_free(sub);
    tern_conn_free(other);
    finish();
    numbers_destroy(&numbers);
    test_check_leaks();
}

Test(liveness, publish_that_waits_for_room_fails_when_the_session_is_lost, .timeout = 60)
{
    struct publisher publisher = { .pieces = 100000 };

    begin((tern_conn_options){
        .liveness_interval_ms = 300, .outbound_limit_bytes = LIMIT, .outage_buffer_bytes = LIMIT });
    server_pause(server);
    pthread_create(&publisher.thread, NULL, publisher_main, &publisher);
    check_true(trail_wait(&events, TERN_EVENT_DISCONNECTED, 1, WAIT_MS));
    pthread_join(publisher.thread, NULL);
    check_int(publisher.st, TERN_RESOURCE_EXHAUSTED);
    check_str_has(publisher.err.text, "no session");
    check_str_has(publisher.err.text, "1048576");
    finish();
    test_check_leaks();
}

Test(liveness, publish_that_waits_for_room_is_cancelled_by_a_close, .timeout = 60)
{
    struct publisher publisher = { .pieces = 100000 };

    begin((tern_conn_options){ .liveness_interval_ms = NEVER_MS, .outbound_limit_bytes = LIMIT });
    server_pause(server);
    pthread_create(&publisher.thread, NULL, publisher_main, &publisher);
    check_true(wait_until(is_full, conn, WAIT_MS));
    tern_conn_close(conn);
    pthread_join(publisher.thread, NULL);
    check_int(publisher.st, TERN_CANCELLED);
    check_str_has(publisher.err.text, "closed");
    finish();
    test_check_leaks();
}

Test(liveness, request_that_finds_no_room_keeps_its_timeout, .timeout = 60)
{
    struct publisher publisher = { .pieces = 100000 };
    tern_msg *reply = NULL;
    static char data[PIECE];
    tern_outgoing request = { .subject = "anybody", .data = data, .size = sizeof data };

    begin((tern_conn_options){ .liveness_interval_ms = NEVER_MS, .outbound_limit_bytes = LIMIT });
    server_pause(server);
    pthread_create(&publisher.thread, NULL, publisher_main, &publisher);
    check_true(wait_until(is_full, conn, WAIT_MS));
    check_takes(200, check_status(tern_conn_request(conn, &request, 200, &reply, &err), TERN_DEADLINE_EXCEEDED));
    tern_conn_close(conn);
    pthread_join(publisher.thread, NULL);
    finish();
    test_check_leaks();
}

/* More is queued than the socket and the server's system take. */
Test(liveness, request_that_is_still_queued_at_its_deadline_says_so, .timeout = 60)
{
    enum { QUEUED = 64 * 1024 * 1024 };
    tern_msg *reply = NULL;
    static char data[PIECE];
    tern_outgoing request = { .subject = "anybody" };

    begin((tern_conn_options){ .liveness_interval_ms = NEVER_MS, .outbound_limit_bytes = 2 * QUEUED });
    server_pause(server);
    for (int i = 0; i < QUEUED / PIECE; i++) check_ok(tern_conn_publish(conn, "x", data, sizeof data, &err));
    check_takes(200, check_status(tern_conn_request(conn, &request, 200, &reply, &err), TERN_DEADLINE_EXCEEDED));
    check_str(err.text, "request to \"anybody\": not sent within 200 ms: it is still queued");
    finish();
    test_check_leaks();
}

/* An inline handler publishes until it may not: nothing leaves before it returns. */
struct inline_publisher {
    struct test_gate done;
    uint64_t accepted;
    tern_status st;
    tern_error err;
    long took_ms;
};

static void publish_until_full(tern_msg *msg, void *arg)
{
    struct inline_publisher *publisher = arg;
    (void)msg;
    long start_ms = test_now_ms();
    while (publisher->st == TERN_OK && publisher->accepted < 1000) {
        publisher->st = numbers_publish(conn, "big", publisher->accepted + 1, PIECE, &publisher->err);
        publisher->accepted += publisher->st == TERN_OK;
    }
    publisher->took_ms = test_now_ms() - start_ms;
    gate_open(&publisher->done);
}

Test(liveness, publish_inside_an_inline_handler_fails_at_once_at_the_outbound_limit, .timeout = 30)
{
    struct inline_publisher publisher = { .st = TERN_OK };
    struct numbers numbers;
    tern_sub *sub = NULL, *big = NULL;
    tern_sub_options inline_options = { .executor = tern_executor_inline() };

    begin((tern_conn_options){ .outbound_limit_bytes = LIMIT });
    gate_init(&publisher.done);
    numbers_init(&numbers);
    check_ok(tern_conn_subscribe(conn, "go", &inline_options, publish_until_full, &publisher, &sub, &err));
    check_ok(tern_conn_subscribe(conn, "big", NULL, numbers_take, &numbers, &big, &err));
    check_ok(tern_conn_publish(conn, "go", "", 0, &err));
    check_true(gate_wait(&publisher.done, 1, WAIT_MS));
    check_int(publisher.st, TERN_RESOURCE_EXHAUSTED);
    check_str_has(publisher.err.text, "I/O thread");
    check_int_less(publisher.took_ms, AT_ONCE_MS);
    check_int_at_most(publisher.accepted, LIMIT / PIECE);
    check_int_at_least(publisher.accepted, LIMIT / PIECE / 2);
    check_true(numbers_wait(&numbers, publisher.accepted, WAIT_MS)); /* what was accepted arrives */
    check_int(gate_count(&numbers.gate), (int)publisher.accepted);
    check_int(numbers.disorder, 0);
    tern_sub_free(sub);
    tern_sub_free(big);
    finish();
    gate_destroy(&publisher.done);
    numbers_destroy(&numbers);
    test_check_leaks();
}

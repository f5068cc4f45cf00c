/* An outage: what is kept, in which order it goes out, and what fails and how soon. */
#include "test.h"

#include <stdatomic.h>

#include <tern/tern.h>

#include "echoing.h"
#include "numbers.h"
#include "proxy.h"
#include "rig.h"
#include "server.h"
#include "trail.h"

enum { WAIT_MS = 15000, AT_ONCE_MS = 1500 }; /* at once: with room for a busy machine */

static struct test_server *server;
static struct trail events;
static tern_conn *conn;
static tern_error err;

/* Connects with fast reconnects; what is zero in options stays as it is. */
static void begin(const char *url, tern_conn_options options)
{
    trail_init(&events);
    options.url = url;
    options.reconnect_min_ms = 1;
    options.reconnect_max_ms = 20;
    options.on_event = trail_take;
    options.event_arg = &events;
    check_ok(tern_connect(&options, &conn, &err));
}

static void finish(void)
{
    tern_conn_close(conn);
    check_true(trail_wait(&events, TERN_EVENT_CLOSED, 1, WAIT_MS));
    tern_conn_free(conn);
    check_trail_in_order(&events);
    trail_destroy(&events);
    server_stop(server);
}

static void outage_begins(void)
{
    server_kill(server);
    check_true(trail_wait(&events, TERN_EVENT_DISCONNECTED, 1, WAIT_MS));
}

static void outage_ends(void)
{
    server_restart(server);
    check_true(trail_wait(&events, TERN_EVENT_RECONNECTED, 1, WAIT_MS));
}

Test(reconnect, events_and_state_tell_of_an_outage_in_order, .timeout = 30)
{
    struct event_seen seen;
    char at[128];
    tern_conn_stats stats;

    server = server_start(NULL);
    begin(server_url(server), (tern_conn_options){ 0 });
    check_true(trail_wait_for(&events, TERN_EVENT_CONNECTED, 1, WAIT_MS, &seen));
    check_str(seen.server, server_url(server));
    check_int(seen.status, TERN_OK);
    tern_conn_last_error(conn, &err);
    check_int(err.status, TERN_OK);

    server_kill(server);
    check_true(trail_wait_for(&events, TERN_EVENT_DISCONNECTED, 1, WAIT_MS, &seen));
    check_str(seen.server, server_url(server));
    check_int(seen.status, TERN_UNAVAILABLE);
    check_str_has(seen.text, "connection"); /* closed, reset, broken */
    check_int(tern_conn_get_state(conn), TERN_CONN_RECONNECTING);
    tern_conn_server(conn, at, sizeof at);
    check_str(at, "");
    check_true(trail_wait_for(&events, TERN_EVENT_CONNECT_FAILED, 1, WAIT_MS, &seen));
    check_str(seen.server, server_url(server));
    check_int(seen.status, TERN_UNAVAILABLE);
    check_str_has(seen.text, server_url(server));
    tern_conn_last_error(conn, &err);
    check_int(err.status, TERN_UNAVAILABLE);

    server_restart(server);
    check_true(trail_wait_for(&events, TERN_EVENT_RECONNECTED, 1, WAIT_MS, &seen));
    check_str(seen.server, server_url(server));
    check_int(tern_conn_get_state(conn), TERN_CONN_CONNECTED);
    tern_conn_server(conn, at, sizeof at);
    check_str(at, server_url(server));
    tern_conn_get_stats(conn, &stats);
    check_int(stats.reconnects, 1);

    tern_conn_close(conn);
    check_int(tern_conn_get_state(conn), TERN_CONN_CLOSED);
    check_true(trail_wait_for(&events, TERN_EVENT_CLOSED, 1, WAIT_MS, &seen));
    check_int(seen.status, TERN_OK);
    finish();
    test_check_leaks();
}

Test(reconnect, subscriptions_are_back_before_what_was_buffered_goes_out, .timeout = 30)
{
    enum { SUBS = 3, MESSAGES = 2000 };
    static const char *const subjects[SUBS] = { "out.a", "out.b", "out.*" };
    struct numbers numbers[SUBS];
    tern_sub *subs[SUBS];

    server = server_start(NULL);
    begin(server_url(server), (tern_conn_options){ 0 });
    for (int i = 0; i < SUBS; i++) {
        numbers_init(&numbers[i]);
        check_ok(tern_conn_subscribe(conn, subjects[i], NULL, numbers_take, &numbers[i], &subs[i], &err));
    }
    outage_begins();
    for (uint64_t n = 1; n <= MESSAGES; n++) check_ok(numbers_publish(conn, subjects[n % 2], n, 50, &err));
    outage_ends();

    for (int i = 0; i < SUBS; i++) {
        int expected = i == 2 ? MESSAGES : MESSAGES / 2;
        check_true(gate_wait(&numbers[i].gate, expected, WAIT_MS));
        check_ok(tern_conn_flush(conn, WAIT_MS, &err));
        check_int(gate_count(&numbers[i].gate), expected);
        check_int(numbers[i].disorder, 0);
    }
    for (int i = 0; i < SUBS; i++) tern_sub_free(subs[i]);
    finish();
    for (int i = 0; i < SUBS; i++) numbers_destroy(&numbers[i]);
    test_check_leaks();
}

Test(reconnect, subscription_made_during_an_outage_is_there_for_what_is_published_after_it, .timeout = 30)
{
    struct numbers numbers;
    tern_sub *sub = NULL;

    server = server_start(NULL);
    begin(server_url(server), (tern_conn_options){ 0 });
    numbers_init(&numbers);
    outage_begins();
    check_ok(tern_conn_subscribe(conn, "late", NULL, numbers_take, &numbers, &sub, &err));
    for (uint64_t n = 1; n <= 100; n++) check_ok(numbers_publish(conn, "late", n, 0, &err));
    outage_ends();
    check_true(gate_wait(&numbers.gate, 100, WAIT_MS));
    check_int(numbers.disorder, 0);
    check_int(numbers.gaps, 0);
    tern_sub_free(sub);
    finish();
    numbers_destroy(&numbers);
    test_check_leaks();
}

Test(reconnect, subscription_ended_during_an_outage_does_not_come_back, .timeout = 30)
{
    struct numbers ended, stays;
    tern_sub *sub = NULL, *other = NULL;

    server = server_start(NULL);
    begin(server_url(server), (tern_conn_options){ 0 });
    numbers_init(&ended);
    numbers_init(&stays);
    check_ok(tern_conn_subscribe(conn, "news", NULL, numbers_take, &ended, &sub, &err));
    check_ok(tern_conn_subscribe(conn, "news", NULL, numbers_take, &stays, &other, &err));
    outage_begins();
    check_ok(tern_sub_unsubscribe(sub, &err));
    outage_ends();
    check_ok(numbers_publish(conn, "news", 1, 0, &err));
    check_true(gate_wait(&stays.gate, 1, WAIT_MS));
    check_ok(tern_conn_flush(conn, WAIT_MS, &err));
    check_int(gate_count(&ended.gate), 0);
    tern_sub_free(sub);
    tern_sub_free(other);
    finish();
    numbers_destroy(&ended);
    numbers_destroy(&stays);
    test_check_leaks();
}

Test(reconnect, publish_beyond_the_outage_buffer_fails_at_once, .timeout = 30)
{
    enum { LIMIT = 256 * 1024, SIZE = 1000 };
    struct numbers numbers;
    tern_sub *sub = NULL;
    tern_conn_stats stats;
    uint64_t accepted = 0;
    tern_status st;

    server = server_start(NULL);
    begin(server_url(server), (tern_conn_options){ .outage_buffer_bytes = LIMIT });
    numbers_init(&numbers);
    check_ok(tern_conn_subscribe(conn, "much", NULL, numbers_take, &numbers, &sub, &err));
    outage_begins();
    long start_ms = test_now_ms();
    while ((st = numbers_publish(conn, "much", accepted + 1, SIZE, &err)) == TERN_OK) accepted++;
    check_int_less(test_now_ms() - start_ms, AT_ONCE_MS);
    check_int(st, TERN_RESOURCE_EXHAUSTED);
    check_str_has(err.text, "262144");
    check_str_has(err.text, "no session");
    check_int_at_most(accepted, LIMIT / SIZE);
    check_int_at_least(accepted, LIMIT / SIZE / 2); /* some of the room goes to what is kept beside the payload */
    tern_conn_get_stats(conn, &stats);
    check_int_at_most(stats.buffered_bytes, LIMIT);
    check_int_at_least(stats.buffered_bytes, accepted * SIZE);

    outage_ends();
    check_true(numbers_wait(&numbers, accepted, WAIT_MS));
    check_int(gate_count(&numbers.gate), (int)accepted);
    check_int(numbers.disorder, 0);
    check_ok(numbers_publish(conn, "much", accepted + 1, SIZE, &err));
    check_true(numbers_wait(&numbers, accepted + 1, WAIT_MS));
    tern_sub_free(sub);
    finish();
    numbers_destroy(&numbers);
    test_check_leaks();
}

/* ---- Calls ---- */

static atomic_int served; /* requests that reached the handler */

static tern_status count_and_echo(tern_request *rq, const Examples__V1__EchoRequest *in, Examples__V1__EchoReply *out)
{
    atomic_fetch_add(&served, 1);
    return echo_handler(rq, in, out);
}

static const examples_v1_echo_handlers counting = { .echo = count_and_echo };

Test(reconnect, call_that_expires_unsent_is_never_sent, .timeout = 30)
{
    tern_conn *service_conn = NULL;
    tern_service *service = NULL;
    tern_client *client = NULL;
    bool own = false;
    tern_conn_stats stats;

    server = server_start(NULL);
    struct proxy *proxy = proxy_start(server_port(server));
    begin(proxy_url(proxy), (tern_conn_options){ 0 });
    tern_conn_options options = { .url = server_url(server) };
    check_ok(tern_connect(&options, &service_conn, &err));
    check_ok(examples_v1_echo_serve(service_conn, &counting, NULL, NULL, &service, &err));
    check_ok(tern_conn_flush(service_conn, WAIT_MS, &err));
    check_ok(tern_client_new(conn, NULL, &client, &err));
    check_ok(echo_call(client, 1, WAIT_MS, &own, &err));
    check_int(atomic_load(&served), 1);

    proxy_set_mode(proxy, PROXY_REFUSE);
    proxy_cut_all(proxy, PROXY_RESET);
    check_true(trail_wait(&events, TERN_EVENT_DISCONNECTED, 1, WAIT_MS));
    for (uint64_t i = 2; i <= 6; i++) {
        long start_ms = test_now_ms();
        check_status(echo_call(client, i, 50, &own, &err), TERN_DEADLINE_EXCEEDED);
        check_int_at_least(test_now_ms() - start_ms, 50);
        check_int_less(test_now_ms() - start_ms, 50 + AT_ONCE_MS);
        check_false(err.remote);
        check_str_has(err.text, "examples.v1.Echo.Echo");
        check_str_has(err.text, "not sent");
    }
    proxy_set_mode(proxy, PROXY_FORWARD);
    check_true(trail_wait(&events, TERN_EVENT_RECONNECTED, 1, WAIT_MS));
    check_ok(echo_call(client, 7, WAIT_MS, &own, &err)); /* sent after anything buffered */
    check_true(own);
    check_int(atomic_load(&served), 2);
    tern_conn_get_stats(conn, &stats);
    check_int(stats.dropped_out, 5);

    tern_client_free(client);
    tern_service_free(service);
    tern_conn_free(service_conn);
    finish();
    proxy_stop(proxy);
    test_check_leaks();
}

static void *restart_main(void *arg)
{
    tern_conn_stats stats = { 0 };
    while (stats.buffered_bytes == 0) { /* until the call waits */
        tern_conn_get_stats(conn, &stats);
        test_sleep_ms(1);
    }
    server_restart(server);
    return arg;
}

Test(reconnect, call_made_during_an_outage_goes_out_after_it, .timeout = 30)
{
    tern_service *service = NULL;
    tern_client *client = NULL;

    server = server_start(NULL);
    begin(server_url(server), (tern_conn_options){ 0 });
    check_ok(examples_v1_echo_serve(conn, &counting, NULL, NULL, &service, &err));
    check_ok(tern_client_new(conn, NULL, &client, &err));
    outage_begins();
    bool own = false;
    pthread_t thread;
    pthread_create(&thread, NULL, restart_main, NULL);
    check_ok(echo_call(client, 1, WAIT_MS, &own, &err));
    pthread_join(thread, NULL);
    check_true(own);
    tern_client_free(client);
    tern_service_free(service);
    finish();
    test_check_leaks();
}

/* A handler that begins before an outage, and ends after it. */
static struct test_gate handler_began, handler_may_end;

static tern_status echo_when_told(tern_request *rq, const Examples__V1__EchoRequest *in, Examples__V1__EchoReply *out)
{
    gate_open(&handler_began);
    if (!gate_wait(&handler_may_end, 1, 2 * WAIT_MS)) return tern_request_fail(rq, TERN_INTERNAL, "never told to end");
    return echo_handler(rq, in, out);
}

struct slow_call {
    tern_client *client;
    tern_status st;
    tern_error err;
    bool own;
};

static void *slow_call_main(void *arg)
{
    struct slow_call *call = arg;
    call->st = echo_call(call->client, 77, 2 * WAIT_MS, &call->own, &call->err);
    return NULL;
}

Test(reconnect, call_in_service_gets_its_reply_though_the_server_went_meanwhile, .timeout = 60)
{
    static const examples_v1_echo_handlers handlers = { .echo = echo_when_told };
    struct trail service_events;
    tern_conn *service_conn = NULL;
    tern_service *service = NULL;
    struct slow_call call = { .own = false };
    pthread_t thread;

    gate_init(&handler_began);
    gate_init(&handler_may_end);
    server = server_start(NULL);
    begin(server_url(server), (tern_conn_options){ 0 });
    trail_init(&service_events);
    tern_conn_options options = { .url = server_url(server),
                                  .reconnect_min_ms = 1,
                                  .reconnect_max_ms = 20,
                                  .on_event = trail_take,
                                  .event_arg = &service_events };
    check_ok(tern_connect(&options, &service_conn, &err));
    check_ok(examples_v1_echo_serve(service_conn, &handlers, NULL, NULL, &service, &err));
    check_ok(tern_conn_flush(service_conn, WAIT_MS, &err));
    check_ok(tern_client_new(conn, NULL, &call.client, &err));
    pthread_create(&thread, NULL, slow_call_main, &call);
    check_true(gate_wait(&handler_began, 1, WAIT_MS));
    outage_begins();
    check_true(trail_wait(&service_events, TERN_EVENT_DISCONNECTED, 1, WAIT_MS));
    outage_ends();
    check_true(trail_wait(&service_events, TERN_EVENT_RECONNECTED, 1, WAIT_MS));
    check_ok(tern_conn_flush(conn, WAIT_MS, &err)); /* the inbox of the call is at the server again */
    gate_open(&handler_may_end);
    pthread_join(thread, NULL);
    cr_assert(call.st == TERN_OK, "the call ended with %s, %s", tern_status_name(call.st), call.err.text);
    check_true(call.own);
    check_int(gate_count(&handler_began), 1);

    tern_client_free(call.client);
    tern_service_free(service);
    tern_conn_free(service_conn);
    trail_destroy(&service_events);
    finish();
    gate_destroy(&handler_began);
    gate_destroy(&handler_may_end);
    test_check_leaks();
}

/* ---- Flush ---- */

Test(reconnect, flush_during_an_outage_waits_for_its_end, .timeout = 30)
{
    pthread_t thread;

    server = server_start(NULL);
    begin(server_url(server), (tern_conn_options){ 0 });
    outage_begins();
    check_ok(numbers_publish(conn, "kept", 1, 0, &err));
    pthread_create(&thread, NULL, restart_main, NULL);
    check_ok(tern_conn_flush(conn, WAIT_MS, &err));
    pthread_join(thread, NULL);
    check_int(trail_count(&events, TERN_EVENT_DISCONNECTED), 1);
    check_int(tern_conn_get_state(conn), TERN_CONN_CONNECTED);
    finish();
    test_check_leaks();
}

Test(reconnect, flush_during_an_outage_keeps_its_timeout, .timeout = 30)
{
    server = server_start(NULL);
    begin(server_url(server), (tern_conn_options){ 0 });
    outage_begins();
    long start_ms = test_now_ms();
    check_status(tern_conn_flush(conn, 100, &err), TERN_DEADLINE_EXCEEDED);
    check_int_at_least(test_now_ms() - start_ms, 100);
    check_int_less(test_now_ms() - start_ms, 100 + AT_ONCE_MS);
    check_str_has(err.text, "100 ms");
    finish();
    test_check_leaks();
}

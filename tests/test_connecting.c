/* The way to the first session, and the end of a connection that has none. */
#include "test.h"

#include <sys/resource.h>
#include <tern/tern.h>

#include "numbers.h"
#include "proxy.h"
#include "rig.h"
#include "server.h"
#include "trail.h"

enum { WAIT_MS = 15000, AT_ONCE_MS = 1500 };

static struct trail events;
static tern_conn *conn;
static tern_error err;

static tern_conn_options fast_options(const char *url)
{
    trail_init(&events);
    return (tern_conn_options){
        .url = url, .reconnect_min_ms = 1, .reconnect_max_ms = 20, .on_event = trail_take, .event_arg = &events
    };
}

static void check_closes_at_once(void)
{
    long start_ms = test_now_ms();
    tern_conn_close(conn);
    check_int_less(test_now_ms() - start_ms, AT_ONCE_MS);
    check_int(tern_conn_get_state(conn), TERN_CONN_CLOSED);
    start_ms = test_now_ms();
    tern_conn_free(conn);
    check_int_less(test_now_ms() - start_ms, AT_ONCE_MS);
    check_int(trail_count(&events, TERN_EVENT_CLOSED), 1);
    check_trail_in_order(&events);
    trail_destroy(&events);
}

/* A server on a port of its own that does not run. */
static struct test_server *server_down(void)
{
    struct test_server *server = server_start(NULL);
    server_kill(server);
    return server;
}

Test(connecting, connect_in_background_returns_at_once_and_gets_through_later, .timeout = 30)
{
    struct test_server *server = server_down();
    struct numbers numbers;
    tern_sub *sub = NULL;
    tern_conn_options options = fast_options(server_url(server));
    options.connect_in_background = true;
    numbers_init(&numbers);

    long start_ms = test_now_ms();
    check_ok(tern_connect(&options, &conn, &err));
    check_int_less(test_now_ms() - start_ms, AT_ONCE_MS);
    check_int(tern_conn_get_state(conn), TERN_CONN_CONNECTING);
    check_ok(tern_conn_subscribe(conn, "early", NULL, numbers_take, &numbers, &sub, &err));
    for (uint64_t n = 1; n <= 100; n++) check_ok(numbers_publish(conn, "early", n, 0, &err));
    check_true(trail_wait(&events, TERN_EVENT_CONNECT_FAILED, 3, WAIT_MS));
    check_int(tern_conn_get_state(conn), TERN_CONN_CONNECTING);
    server_restart(server);
    check_true(trail_wait(&events, TERN_EVENT_CONNECTED, 1, WAIT_MS));
    check_true(gate_wait(&numbers.gate, 100, WAIT_MS));
    check_int(numbers.disorder, 0);
    check_int(trail_count(&events, TERN_EVENT_RECONNECTED), 0);

    tern_sub_free(sub);
    check_closes_at_once();
    numbers_destroy(&numbers);
    server_stop(server);
    test_check_leaks();
}

Test(connecting, connect_tries_until_the_server_is_there, .timeout = 30)
{
    struct test_server *first = server_down(), *second = server_start(NULL);
    char urls[256];
    snprintf(urls, sizeof urls, "%s, %s", server_url(first), server_url(second));
    tern_conn_options options = fast_options(urls);
    struct event_seen seen;

    check_ok(tern_connect(&options, &conn, &err));
    check_true(trail_wait_for(&events, TERN_EVENT_CONNECTED, 1, WAIT_MS, &seen));
    check_str(seen.server, server_url(second));
    check_true(trail_get(&events, TERN_EVENT_CONNECT_FAILED, 1, &seen));
    check_str(seen.server, server_url(first));
    check_closes_at_once();
    server_stop(first);
    server_stop(second);
    test_check_leaks();
}

Test(connecting, connect_names_the_server_that_nobody_answers_at, .timeout = 30)
{
    struct test_server *server = server_down();
    tern_conn_options options = fast_options(server_url(server));
    options.connect_timeout_ms = 200;
    conn = NULL;
    long start_ms = test_now_ms();
    check_status(tern_connect(&options, &conn, &err), TERN_UNAVAILABLE);
    check_int_at_least(test_now_ms() - start_ms, 200);
    check_int_less(test_now_ms() - start_ms, 200 + AT_ONCE_MS);
    check_str_has(err.text, server_url(server));
    check_true(conn == NULL);
    trail_destroy(&events);
    server_stop(server);
    test_check_leaks();
}

Test(connecting, connect_timeout_holds_over_a_list_of_black_holes, .timeout = 30)
{
    enum { HOLES = 3, TIMEOUT_MS = 700 };
    struct proxy *holes[HOLES];
    char urls[256] = "";
    for (int i = 0; i < HOLES; i++) {
        holes[i] = proxy_start(1);
        proxy_set_mode(holes[i], PROXY_BLACK_HOLE);
        snprintf(urls + strlen(urls), sizeof urls - strlen(urls), "%s%s", i == 0 ? "" : ",", proxy_url(holes[i]));
    }
    tern_conn_options options = fast_options(urls);
    options.connect_timeout_ms = TIMEOUT_MS;
    conn = NULL;
    long start_ms = test_now_ms();
    check_status(tern_connect(&options, &conn, &err), TERN_UNAVAILABLE);
    check_int_at_least(test_now_ms() - start_ms, TIMEOUT_MS);
    check_int_less(test_now_ms() - start_ms, TIMEOUT_MS + AT_ONCE_MS);
    check_str_has(err.text, "not connected within 700 ms: ");
    check_true(conn == NULL);
    trail_destroy(&events);
    for (int i = 0; i < HOLES; i++) proxy_stop(holes[i]);
    test_check_leaks();
}

Test(connecting, black_hole_at_the_head_of_the_list_does_not_hide_the_server_behind_it, .timeout = 30)
{
    struct proxy *hole = proxy_start(1);
    struct test_server *server = server_start(NULL);
    char urls[256], at[128];
    proxy_set_mode(hole, PROXY_BLACK_HOLE);
    snprintf(urls, sizeof urls, "%s,%s", proxy_url(hole), server_url(server));
    tern_conn_options options = fast_options(urls); /* with the default connect timeout: 5 s */
    check_ok(tern_connect(&options, &conn, &err));
    tern_conn_server(conn, at, sizeof at);
    check_str(at, server_url(server));
    check_closes_at_once();
    server_stop(server);
    proxy_stop(hole);
    test_check_leaks();
}

Test(connecting, close_and_free_return_at_once_while_connecting, .timeout = 30)
{
    struct proxy *hole = proxy_start(1);
    proxy_set_mode(hole, PROXY_BLACK_HOLE);
    tern_conn_options options = fast_options(proxy_url(hole));
    options.connect_in_background = true;
    check_ok(tern_connect(&options, &conn, &err));
    check_true(proxy_wait_accepted(hole, 1, WAIT_MS));
    check_closes_at_once();
    proxy_stop(hole); /* lets the attempt end */
    test_check_leaks();
}

Test(connecting, close_and_free_return_at_once_while_reconnecting, .timeout = 30)
{
    struct test_server *server = server_start(NULL);
    struct proxy *proxy = proxy_start(server_port(server));
    tern_conn_options options = fast_options(proxy_url(proxy));
    check_ok(tern_connect(&options, &conn, &err));
    check_ok(numbers_publish(conn, "lost", 1, 0, &err));
    proxy_set_mode(proxy, PROXY_BLACK_HOLE);
    proxy_cut_all(proxy, PROXY_RESET);
    check_true(proxy_wait_accepted(proxy, 2, WAIT_MS)); /* the attempt that will get no answer */
    check_int(tern_conn_get_state(conn), TERN_CONN_RECONNECTING);
    check_closes_at_once();
    proxy_stop(proxy);
    server_stop(server);
    test_check_leaks();
}

/* ---- The limit ---- */

struct waiting_call {
    tern_status st;
    tern_error err;
};

static void *request_main(void *arg)
{
    struct waiting_call *call = arg;
    tern_msg *reply = NULL;
    tern_outgoing message = { .subject = "anybody" };
    call->st = tern_conn_request(conn, &message, 2 * WAIT_MS, &reply, &call->err);
    tern_msg_free(reply);
    return NULL;
}

static bool is_buffered(void *arg)
{
    tern_conn_stats stats;
    tern_conn_get_stats(arg, &stats);
    return stats.buffered_bytes > 0;
}

Test(connecting, reconnect_limit_closes_the_connection, .timeout = 30)
{
    struct test_server *server = server_start(NULL);
    struct proxy *proxy = proxy_start(server_port(server));
    tern_conn_options options = fast_options(proxy_url(proxy));
    struct waiting_call call = { .st = TERN_OK };
    struct event_seen seen;
    pthread_t thread;
    options.reconnect_limit = 3;
    options.reconnect_max_ms = 400; /* a call gets in before it is over */
    options.reconnect_min_ms = 400;

    check_ok(tern_connect(&options, &conn, &err));
    proxy_set_mode(proxy, PROXY_BLACK_HOLE);
    proxy_cut_all(proxy, PROXY_RESET);
    check_true(trail_wait(&events, TERN_EVENT_DISCONNECTED, 1, WAIT_MS));
    pthread_create(&thread, NULL, request_main, &call);
    check_true(wait_until(is_buffered, conn, WAIT_MS));
    proxy_set_mode(proxy, PROXY_REFUSE);
    proxy_cut_all(proxy, PROXY_RESET); /* ends an attempt that is in the black hole */
    check_true(trail_wait_for(&events, TERN_EVENT_CLOSED, 1, WAIT_MS, &seen));
    check_int(seen.status, TERN_UNAVAILABLE);
    check_str_has(seen.text, proxy_url(proxy));
    check_int(trail_count(&events, TERN_EVENT_CONNECT_FAILED), 3);
    check_int(tern_conn_get_state(conn), TERN_CONN_CLOSED);
    pthread_join(thread, NULL);
    check_int(call.st, TERN_CANCELLED);
    check_str_has(call.err.text, "closed");
    check_status(tern_conn_publish(conn, "x", "", 0, &err), TERN_CANCELLED);
    check_status(tern_conn_flush(conn, WAIT_MS, &err), TERN_CANCELLED);
    check_closes_at_once();
    proxy_stop(proxy);
    server_stop(server);
    test_check_leaks();
}

Test(connecting, reconnect_limit_ends_a_first_connect_too, .timeout = 30)
{
    struct test_server *server = server_down();
    tern_conn_options options = fast_options(server_url(server));
    options.reconnect_limit = 2;
    conn = NULL;
    check_status(tern_connect(&options, &conn, &err), TERN_UNAVAILABLE);
    check_str_has(err.text, server_url(server));
    check_int(trail_count(&events, TERN_EVENT_CONNECT_FAILED), 2);
    check_true(conn == NULL);
    trail_destroy(&events);
    server_stop(server);
    test_check_leaks();
}

/* ---- Extremes ---- */

Test(connecting, largest_backoff_is_a_backoff, .timeout = 30)
{
    tern_conn_options options = fast_options(rig_dead_url());
    options.connect_timeout_ms = 200;
    options.reconnect_min_ms = options.reconnect_max_ms = UINT32_MAX;
    check_refused(tern_connect(&options, &conn, &err), TERN_UNAVAILABLE, "no server answers");
    trail_destroy(&events);
    test_check_leaks();
}

Test(connecting, host_that_does_not_resolve_is_named, .timeout = 30)
{
    tern_conn_options options = fast_options("nats://no-such-host.invalid:4222");
    options.connect_timeout_ms = 500;
    check_refused(tern_connect(&options, &conn, &err), TERN_UNAVAILABLE, "no-such-host.invalid");
    check_int(trail_count(&events, TERN_EVENT_CLOSED), 1);
    trail_destroy(&events);
    test_check_leaks();
}

Test(connecting, lack_of_descriptors_is_named, .timeout = 30)
{
    struct test_server *server = server_start(NULL);
    struct rlimit limit, few;
    tern_conn_options options = fast_options(server_url(server));
    options.connect_timeout_ms = 1000;

    check_ok(tern_connect(&options, &conn, &err));
    check_int(getrlimit(RLIMIT_NOFILE, &limit), 0);
    few = (struct rlimit){ .rlim_cur = 3, .rlim_max = limit.rlim_max };
    check_int(setrlimit(RLIMIT_NOFILE, &few), 0);
    server_kill(server);
    bool told = trail_wait(&events, TERN_EVENT_CONNECT_FAILED, 1, WAIT_MS);
    check_int(setrlimit(RLIMIT_NOFILE, &limit), 0);
    check_true(told);
    tern_conn_last_error(conn, &err);
    check_int(err.status, TERN_RESOURCE_EXHAUSTED);
    check_str_has(err.text, "descriptor");
    server_restart(server);
    check_true(trail_wait(&events, TERN_EVENT_RECONNECTED, 1, WAIT_MS));
    tern_conn_free(conn);
    trail_destroy(&events);
    server_stop(server);
    test_check_leaks();
}

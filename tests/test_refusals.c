/* Servers that do not let a connection come about: broken ones, slow ones, full ones. */
#include "test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <tern/tern.h>

#include "fake.h"
#include "rig.h"
#include "server.h"
#include "trail.h"

enum { WAIT_MS = 15000, AT_ONCE_MS = 1500 };

static struct trail events;
static tern_conn *conn;
static tern_error err;

static tern_conn_options fast_options(const char *url, uint32_t connect_timeout_ms)
{
    trail_init(&events);
    conn = NULL;
    return (tern_conn_options){ .url = url,
                                .connect_timeout_ms = connect_timeout_ms,
                                .reconnect_min_ms = 1,
                                .reconnect_max_ms = 20,
                                .on_event = trail_take,
                                .event_arg = &events };
}

static void finish(void)
{
    long start_ms = test_now_ms();
    tern_conn_close(conn);
    tern_conn_free(conn);
    check_int_less(test_now_ms() - start_ms, AT_ONCE_MS);
    check_trail_in_order(&events);
    trail_destroy(&events);
}

/* ---- Fakes: what every kind of them must lead to ---- */

enum { TIMEOUT_MS = 2000 }; /* an attempt has half of it */

/* tern_connect gives up in its time and names the server and the cause. */
static void connect_fails(const struct fake_script *script, tern_status status, const char *cause)
{
    struct fake *fake = fake_start(script);
    tern_conn_options options = fast_options(fake_url(fake), TIMEOUT_MS);
    long start_ms = test_now_ms();
    check_status(tern_connect(&options, &conn, &err), status);
    check_int_less(test_now_ms() - start_ms, TIMEOUT_MS + AT_ONCE_MS);
    check_true(conn == NULL);
    check_str_has(err.text, fake_url(fake));
    check_str_has(err.text, cause);
    check_int_at_least(fake_accepted(fake), 1);
    finish();
    fake_stop(fake);
}

/* With a sound server behind it in the list the connection comes up there. */
static void next_server_is_tried(const struct fake_script *script)
{
    struct fake *fake = fake_start(script);
    struct test_server *server = server_start(NULL);
    struct event_seen seen;
    char urls[256], at[128];
    snprintf(urls, sizeof urls, "%s,%s", fake_url(fake), server_url(server));
    tern_conn_options options = fast_options(urls, 2000);
    options.connect_in_background = true;
    check_ok(tern_connect(&options, &conn, &err));
    check_true(trail_wait(&events, TERN_EVENT_CONNECTED, 1, WAIT_MS));
    tern_conn_server(conn, at, sizeof at);
    check_str(at, server_url(server));
    check_true(trail_get(&events, TERN_EVENT_CONNECT_FAILED, 1, &seen));
    check_str(seen.server, fake_url(fake));
    check_str_has(seen.text, fake_url(fake));
    finish();
    server_stop(server);
    fake_stop(fake);
}

/* Close and free do not wait for the attempt. */
static void close_does_not_wait(const struct fake_script *script)
{
    struct fake *fake = fake_start(script);
    tern_conn_options options = fast_options(fake_url(fake), WAIT_MS);
    options.connect_in_background = true;
    check_ok(tern_connect(&options, &conn, &err));
    check_true(fake_wait_accepted(fake, 1, WAIT_MS));
    finish();
    fake_stop(fake);
}

/* When the server mends its ways, the connection comes up by itself. */
static void recovers(const struct fake_script *script)
{
    static const struct fake_script good = { .kind = FAKE_HANDSHAKE, .text = "PONG\r\n" };
    struct fake *fake = fake_start(script);
    tern_conn_options options = fast_options(fake_url(fake), 2000);
    options.connect_in_background = true;
    check_ok(tern_connect(&options, &conn, &err));
    check_true(trail_wait(&events, TERN_EVENT_CONNECT_FAILED, 3, 3 * WAIT_MS));
    fake_set_script(fake, &good);
    check_true(trail_wait(&events, TERN_EVENT_CONNECTED, 1, WAIT_MS));
    finish();
    fake_stop(fake);
}

static const struct fake_script closing = { .kind = FAKE_CLOSE };
static const struct fake_script silent = { .kind = FAKE_SILENT };
static const struct fake_script stalling = { .kind = FAKE_SEND, .text = FAKE_INFO };
static const struct fake_script half_info = { .kind = FAKE_SEND, .text = "INFO {\"server_id\":\"FA" };
static const struct fake_script half_info_closing = { .kind = FAKE_SEND_CLOSE, .text = "INFO {\"server_id\":\"FA" };
static const struct fake_script not_nats = { .kind = FAKE_SEND_CLOSE, .text = "HTTP/1.1 400 Bad Request\r\n\r\n" };
static const struct fake_script full = { .kind = FAKE_HANDSHAKE_CLOSE,
                                         .text = "-ERR 'maximum connections exceeded'\r\n" };
static const struct fake_script full_behind_info = { .kind = FAKE_SEND_CLOSE,
                                                     .text = FAKE_INFO "-ERR 'maximum connections exceeded'\r\n" };
static const struct fake_script odd_error = { .kind = FAKE_HANDSHAKE_CLOSE, .text = "-ERR 'the moon is full'\r\n" };

Test(refusals, accept_then_close_is_named_when_connect_gives_up, .timeout = 30)
{
    connect_fails(&closing, TERN_UNAVAILABLE, "closed the connection");
    test_check_leaks();
}

Test(refusals, accept_then_close_does_not_hide_the_next_server, .timeout = 30)
{
    next_server_is_tried(&closing);
    test_check_leaks();
}

Test(refusals, accept_then_close_may_end_at_any_time, .timeout = 30)
{
    recovers(&closing);
    test_check_leaks();
}

Test(refusals, server_without_info_is_named_when_connect_gives_up, .timeout = 30)
{
    connect_fails(&silent, TERN_UNAVAILABLE, "did not answer in time");
    test_check_leaks();
}

Test(refusals, server_without_info_does_not_hide_the_next_server, .timeout = 30)
{
    next_server_is_tried(&silent);
    test_check_leaks();
}

Test(refusals, server_without_info_does_not_hold_up_a_close, .timeout = 30)
{
    close_does_not_wait(&silent);
    test_check_leaks();
}

Test(refusals, stall_after_info_is_named_when_connect_gives_up, .timeout = 30)
{
    connect_fails(&stalling, TERN_UNAVAILABLE, "did not answer in time");
    test_check_leaks();
}

Test(refusals, stall_after_info_does_not_hide_the_next_server, .timeout = 30)
{
    next_server_is_tried(&stalling);
    test_check_leaks();
}

Test(refusals, stall_after_info_does_not_hold_up_a_close, .timeout = 30)
{
    close_does_not_wait(&stalling);
    test_check_leaks();
}

Test(refusals, stall_inside_info_does_not_hide_the_next_server, .timeout = 30)
{
    next_server_is_tried(&half_info);
    test_check_leaks();
}

Test(refusals, end_inside_info_is_named_when_connect_gives_up, .timeout = 30)
{
    connect_fails(&half_info_closing, TERN_UNAVAILABLE, "");
    test_check_leaks();
}

Test(refusals, something_that_is_not_nats_does_not_hide_the_next_server, .timeout = 30)
{
    next_server_is_tried(&not_nats);
    test_check_leaks();
}

Test(refusals, error_line_at_connect_is_told_in_the_servers_words, .timeout = 30)
{
    connect_fails(&odd_error, TERN_UNAVAILABLE, "the moon is full");
    test_check_leaks();
}

Test(refusals, error_line_at_connect_may_end_at_any_time, .timeout = 30)
{
    recovers(&odd_error);
    test_check_leaks();
}

Test(refusals, full_server_is_told_in_the_servers_words, .timeout = 30)
{
    connect_fails(&full, TERN_UNAVAILABLE, "maximum connections exceeded");
    test_check_leaks();
}

/* As real servers do it: in one segment with INFO. */
Test(refusals, error_line_right_behind_info_is_told, .timeout = 30)
{
    connect_fails(&full_behind_info, TERN_UNAVAILABLE, "maximum connections exceeded");
    test_check_leaks();
}

Test(refusals, full_server_does_not_hide_the_next_server, .timeout = 30)
{
    next_server_is_tried(&full);
    test_check_leaks();
}

/* ---- A real server that is full ---- */

Test(refusals, full_server_takes_the_connection_when_a_place_is_free, .timeout = 30)
{
    struct test_server *server = server_start(&(struct test_server_options){ .config = "max_connections: 1\n" });
    tern_conn_options first_options = { .url = server_url(server) };
    tern_conn_options options = fast_options(server_url(server), WAIT_MS);
    struct event_seen seen;
    tern_conn *first = NULL;

    check_ok(tern_connect(&first_options, &first, &err));
    options.connect_in_background = true;
    check_ok(tern_connect(&options, &conn, &err));
    check_true(trail_wait_for(&events, TERN_EVENT_CONNECT_FAILED, 2, WAIT_MS, &seen));
    check_int(seen.status, TERN_UNAVAILABLE);
    check_str_has(seen.text, "maximum connections exceeded");
    check_int(tern_conn_get_state(conn), TERN_CONN_CONNECTING);
    tern_conn_free(first);
    check_true(trail_wait(&events, TERN_EVENT_CONNECTED, 1, WAIT_MS));
    finish();
    server_stop(server);
    test_check_leaks();
}

/* An error line in a session ends it; the connection comes back, also where nats.c itself would give up. */
Test(refusals, error_line_in_a_session_is_told_and_survived, .timeout = 30)
{
    static const struct fake_script dying = { .kind = FAKE_HANDSHAKE_CLOSE,
                                              .text = "PONG\r\n-ERR 'the moon is full'\r\n" };
    static const struct fake_script good = { .kind = FAKE_HANDSHAKE, .text = "PONG\r\n" };
    struct fake *fake = fake_start(&dying);
    struct event_seen seen;
    tern_conn_options options = fast_options(fake_url(fake), WAIT_MS);

    options.connect_in_background = true;
    check_ok(tern_connect(&options, &conn, &err));
    check_true(trail_wait_for(&events, TERN_EVENT_DISCONNECTED, 1, WAIT_MS, &seen));
    check_int(seen.status, TERN_UNAVAILABLE);
    check_str_has(seen.text, "the moon is full");
    fake_set_script(fake, &good);
    check_true(trail_wait(&events, TERN_EVENT_RECONNECTED, 1, WAIT_MS));
    finish();
    fake_stop(fake);
    test_check_leaks();
}

/* ---- What a stalled connect must not cost ---- */

static struct sockaddr_in address_of(const char *host, uint16_t port)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
    check_int(inet_pton(AF_INET, host, &address.sin_addr), 1);
    return address;
}

/* A listener of the program's own, and a connection to it that says nothing. */
static void open_own(const char *host, uint16_t port, int *out_listener, int *out_own)
{
    struct sockaddr_in address = address_of(host, port);
    *out_listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    *out_own = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    check_int(bind(*out_listener, (struct sockaddr *)&address, sizeof address), 0);
    check_int(listen(*out_listener, 1), 0);
    check_int(connect(*out_own, (struct sockaddr *)&address, sizeof address), 0);
}

Test(refusals, stalled_connect_is_broken_and_nothing_else, .timeout = 30)
{
    tern_conn_options options = fast_options(rig_dead_url(), TIMEOUT_MS);
    int listener, own;
    char byte;

    check_status(tern_connect(&options, &conn, &err), TERN_UNAVAILABLE); /* nats.c's own threads run now */
    finish();
    struct fake *fake = fake_start(&(struct fake_script){ .kind = FAKE_SEND, .text = FAKE_INFO });
    int threads = test_count_threads();
    options = fast_options(fake_url(fake), TIMEOUT_MS);
    options.connect_in_background = true;
    check_ok(tern_connect(&options, &conn, &err));
    check_true(fake_wait_accepted(fake, 1, WAIT_MS));
    open_own("127.0.0.2", fake_port(fake), &listener, &own); /* the same port, on another host */
    check_true(trail_wait(&events, TERN_EVENT_CONNECT_FAILED, 3, WAIT_MS));
    finish();
    check_true(test_wait_threads(threads, WAIT_MS)); /* the connectors and the janitor have ended */
    check_int(recv(own, &byte, 1, MSG_DONTWAIT), -1);
    check_int(errno, EAGAIN);
    close(own);
    close(listener);
    fake_stop(fake);
    test_check_leaks();
}

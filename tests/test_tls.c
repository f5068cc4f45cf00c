/* TLS: certificates that are as they should be, and those that are not. */
#include "test.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <tern/tern.h>

#include "numbers.h"
#include "outcomes.h"
#include "rig.h"
#include "server.h"
#include "tls.h"
#include "trail.h"

#include "io/conn.h"

enum { WAIT_MS = 15000, TIMEOUT_MS = 4000, AT_ONCE_MS = 5000 }; /* an attempt may take half of the timeout */

static struct tls_files files;
static struct test_server *server;
static char plain_url[64]; /* with the scheme that says nothing of TLS */
static tern_conn *conn;
static tern_error err;

static void begin(enum tls_server kind, bool verify)
{
    char config[2048];
    tls_make(&files);
    server = server_start(
        &(struct test_server_options){ .config = tls_config(&files, kind, verify, config, sizeof config) });
    snprintf(plain_url, sizeof plain_url, "nats://127.0.0.1:%d", server_port(server));
}

static void finish(void)
{
    server_stop(server);
    tls_remove(&files);
}

static void is_good(tern_conn_options options)
{
    struct numbers numbers;
    tern_sub *sub = NULL;
    numbers_init(&numbers);
    if (options.url == NULL) options.url = plain_url;
    check_ok(tern_connect(&options, &conn, &err));
    check_ok(tern_conn_subscribe(conn, "secret", NULL, numbers_take, &numbers, &sub, &err));
    for (uint64_t n = 1; n <= 50; n++) check_ok(numbers_publish(conn, "secret", n, 5000, &err));
    check_true(gate_wait(&numbers.gate, 50, WAIT_MS));
    check_int(numbers.disorder, 0);
    tern_sub_free(sub);
    tern_conn_free(conn);
    numbers_destroy(&numbers);
}

/* tern_connect fails in its time, and says one of two things: OpenSSL's words change from version to version. */
static void is_bad(tern_conn_options options, const char *cause, const char *or_cause)
{
    options.url = plain_url;
    options.connect_timeout_ms = TIMEOUT_MS;
    conn = NULL;
    long start_ms = test_now_ms();
    check_status(tern_connect(&options, &conn, &err), TERN_UNAVAILABLE);
    check_int_less(test_now_ms() - start_ms, TIMEOUT_MS + AT_ONCE_MS);
    check_true(conn == NULL);
    check_str_has(err.text, plain_url);
    cr_assert(strstr(err.text, cause) != NULL || strstr(err.text, or_cause) != NULL,
              "the text is \"%s\", wanted \"%s\" or \"%s\" in it", err.text, cause, or_cause);
}

Test(tls, server_with_a_certificate_of_the_ca_is_good, .timeout = 30)
{
    begin(TLS_GOOD, false);
    is_good((tern_conn_options){ .tls_ca_file = files.ca });
    finish();
    test_check_leaks();
}

Test(tls, url_that_says_tls_switches_it_on, .timeout = 30)
{
    char url[64];
    begin(TLS_GOOD, false);
    snprintf(url, sizeof url, "tls://127.0.0.1:%d", server_port(server));
    is_good((tern_conn_options){ .url = url, .tls_ca_file = files.ca });
    snprintf(url, sizeof url, "tls://localhost:%d", server_port(server));
    is_good((tern_conn_options){ .url = url, .tls_ca_file = files.ca });
    finish();
    test_check_leaks();
}

Test(tls, many_small_messages_come_whole_and_in_order, .timeout = 30)
{
    enum { MESSAGES = 3000 };
    struct inbox inbox;
    tern_sub *sub = NULL;
    char text[64];
    begin(TLS_GOOD, false);
    inbox_init(&inbox);
    check_ok(tern_connect(&(tern_conn_options){ .url = plain_url, .tls_ca_file = files.ca }, &conn, &err));
    check_ok(tern_conn_subscribe(conn, "secret", NULL, inbox_take, &inbox, &sub, &err));
    for (int i = 0; i < MESSAGES; i++) {
        (void)snprintf(text, sizeof text, "%d", i);
        tern_outgoing out = { .subject = "secret", .data = text, .size = strlen(text) };
        if (i % 2 == 0) out.reply = "to.me";
        check_ok(tern_conn_publish_outgoing(conn, &out, &err));
    }
    check_true(inbox_wait(&inbox, MESSAGES));
    for (int i = 0; i < MESSAGES; i++) {
        check_int(atoi(inbox_get(&inbox, i)->data), i);
        check_int(inbox_get(&inbox, i)->has_reply, i % 2 == 0);
    }
    tern_sub_free(sub);
    tern_conn_free(conn);
    inbox_destroy(&inbox);
    finish();
    test_check_leaks();
}

/* nats.c waits for a full socket: what the kernel has room for is to go there. */
Test(tls, deadlines_are_kept_while_the_server_stands_still, .timeout = 30)
{
    enum { CALL_MS = 300 };
    char piece[10000] = "";
    struct outcomes all;

    begin(TLS_GOOD, false);
    outcomes_init(&all, 1);
    check_ok(tern_connect(&(tern_conn_options){ .url = plain_url, .tls_ca_file = files.ca }, &conn, &err));
    tern_client *client = calc_client(conn, NULL);
    server_pause(server);
    for (int i = 0; i < 60; i++) check_ok(tern_conn_publish(conn, "a", piece, sizeof piece, &err));
    outcomes_begin(client, increment_method(), &all, &(tern_call_options){ .timeout_ms = CALL_MS });
    check_true(gate_wait(&all.gate, 1, AT_ONCE_MS));
    check_outcomes(&all, TERN_DEADLINE_EXCEEDED);
    server_resume(server);
    tern_client_free(client);
    tern_conn_free(conn);
    outcomes_destroy(&all);
    finish();
    test_check_leaks();
}

static void count_msg(tern_msg *msg, void *gate)
{
    (void)msg;
    gate_open(gate);
}

/* What it publishes comes back, so that neither side must wait to write without reading. */
Test(tls, much_that_comes_back_does_not_stall, .timeout = 60)
{
    enum { MESSAGES = 3000, SIZE = 32 * 1024 };
    static char piece[SIZE];
    struct trail events;
    struct test_gate came;
    tern_sub *sub = NULL;

    begin(TLS_GOOD, false);
    trail_init(&events);
    gate_init(&came);
    tern_conn_options options = {
        .url = plain_url, .tls_ca_file = files.ca, .on_event = trail_take, .event_arg = &events
    };
    tern_sub_options inline_handler = { .executor = tern_executor_inline() };
    check_ok(tern_connect(&options, &conn, &err));
    check_ok(tern_conn_subscribe(conn, "a", &inline_handler, count_msg, &came, &sub, &err));
    for (int i = 0; i < MESSAGES; i++) check_ok(tern_conn_publish(conn, "a", piece, SIZE, &err));
    check_true(gate_wait(&came, MESSAGES, WAIT_MS));
    check_int(trail_count(&events, TERN_EVENT_DISCONNECTED), 0);
    tern_sub_free(sub);
    tern_conn_free(conn);
    trail_destroy(&events);
    gate_destroy(&came);
    finish();
    test_check_leaks();
}

static void *stop_and_go(void *stop)
{
    while (!atomic_load((atomic_bool *)stop)) {
        server_pause(server);
        test_sleep_ms(5);
        server_resume(server);
        test_sleep_ms(5);
    }
    return NULL;
}

/* The socket is full again and again, within records, while what waits for it grows, and nats.c has something to write,
 * too. */
Test(tls, messages_stay_whole_while_the_server_stops_and_goes, .timeout = 60)
{
    enum { MESSAGES = 6000, EACH_MS = 20000 };
    struct numbers numbers;
    struct inbox inbox;
    pthread_t stopper;
    atomic_bool stop = false;
    tern_conn *other = NULL;
    tern_sub *sub = NULL, *passing = NULL;

    begin(TLS_GOOD, false);
    numbers_init(&numbers);
    inbox_init(&inbox);
    tern_conn_options options = { .url = plain_url, .tls_ca_file = files.ca };
    check_ok(tern_connect(&options, &conn, &err));
    check_ok(tern_connect(&options, &other, &err));
    tern_sub_options inline_handler = { .executor = tern_executor_inline() };
    check_ok(tern_conn_subscribe(other, "n", &inline_handler, numbers_take, &numbers, &sub, &err));
    check_ok(tern_conn_flush(other, WAIT_MS, &err));
    pthread_create(&stopper, NULL, stop_and_go, &stop);
    for (uint64_t n = 1; n <= MESSAGES; n++) {
        check_ok(numbers_publish(conn, "n", n, 16 + n * 7919 % 40000, &err));
        if (n % 100 == 0) check_ok(tern_conn_subscribe(conn, "passing", NULL, inbox_take, &inbox, &passing, &err));
        if (n % 100 == 50) tern_sub_free(passing);
    }
    check_ok(tern_conn_flush(conn, EACH_MS, &err));
    atomic_store(&stop, true);
    pthread_join(stopper, NULL);
    check_true(gate_wait(&numbers.gate, MESSAGES, EACH_MS));
    check_int(numbers.disorder, 0);
    check_int(numbers.gaps, 0);
    tern_sub_free(passing);
    tern_sub_free(sub);
    tern_conn_free(conn);
    tern_conn_free(other);
    numbers_destroy(&numbers);
    inbox_destroy(&inbox);
    finish();
    test_check_leaks();
}

/* OpenSSL's writes may raise SIGPIPE, and what it says of an error stays with the thread: not with the program's. */
Test(tls, a_lone_caller_leaves_the_loop_to_the_io_thread, .timeout = 30)
{
    enum { CALLS = 30 };
    tern_conn *other = NULL;
    begin(TLS_GOOD, false);
    tern_conn_options options = { .url = plain_url, .tls_ca_file = files.ca };
    check_ok(tern_connect(&options, &conn, &err));
    check_ok(tern_connect(&options, &other, &err));
    tern_service *service = calc_serve(other, NULL);
    tern_client *client = calc_client(conn, NULL);
    for (int i = 0; i < CALLS; i++) {
        check_int(calc_increment(client, i, &err), i + 1);
        test_sleep_ms(1);
        check_int(atomic_load(&conn->loan.state), TERNI_LOAN_KEPT);
    }
    tern_client_free(client);
    tern_service_free(service);
    tern_conn_free(conn);
    tern_conn_free(other);
    finish();
    test_check_leaks();
}

Test(tls, connection_comes_back_with_tls, .timeout = 30)
{
    struct trail events;
    begin(TLS_GOOD, false);
    trail_init(&events);
    tern_conn_options options = { .url = plain_url,
                                  .tls_ca_file = files.ca,
                                  .reconnect_min_ms = 1,
                                  .reconnect_max_ms = 20,
                                  .on_event = trail_take,
                                  .event_arg = &events };
    check_ok(tern_connect(&options, &conn, &err));
    for (int i = 1; i <= 3; i++) {
        server_kill(server);
        server_restart(server);
        check_true(trail_wait(&events, TERN_EVENT_RECONNECTED, i, WAIT_MS));
        check_ok(tern_conn_flush(conn, WAIT_MS, &err));
    }
    tern_conn_free(conn);
    check_trail_in_order(&events);
    trail_destroy(&events);
    finish();
    test_check_leaks();
}

Test(tls, server_with_a_certificate_of_another_ca_is_bad, .timeout = 30)
{
    begin(TLS_OTHER_CA, false);
    is_bad((tern_conn_options){ .tls_ca_file = files.ca }, "certificate verify failed", "unable to get local issuer");
    finish();
    test_check_leaks();
}

Test(tls, server_that_the_systems_trust_store_does_not_know_is_bad, .timeout = 30)
{
    begin(TLS_GOOD, false);
    is_bad((tern_conn_options){ .tls = true }, "certificate verify failed", "unable to get local issuer");
    finish();
    test_check_leaks();
}

Test(tls, expired_certificate_is_bad, .timeout = 30)
{
    begin(TLS_EXPIRED, false);
    is_bad((tern_conn_options){ .tls_ca_file = files.ca }, "expired", "certificate verify failed");
    finish();
    test_check_leaks();
}

Test(tls, wrong_host_name_is_bad, .timeout = 30)
{
    begin(TLS_WRONG_HOST, false);
    is_bad((tern_conn_options){ .tls_ca_file = files.ca }, "mismatch", "certificate verify failed");
    finish();
    test_check_leaks();
}

Test(tls, expected_host_name_goes_before_the_urls, .timeout = 30)
{
    begin(TLS_WRONG_HOST, false);
    is_good((tern_conn_options){ .tls_ca_file = files.ca, .tls_expected_host = "wrong.example" });
    finish();
    test_check_leaks();
}

Test(tls, unexpected_host_name_is_bad, .timeout = 30)
{
    begin(TLS_GOOD, false);
    is_bad((tern_conn_options){ .tls_ca_file = files.ca, .tls_expected_host = "other.example" }, "mismatch",
           "certificate verify failed");
    finish();
    test_check_leaks();
}

Test(tls, client_certificate_of_the_ca_is_taken, .timeout = 30)
{
    begin(TLS_GOOD, true);
    is_good((tern_conn_options){
        .tls_ca_file = files.ca, .tls_cert_file = files.client_cert, .tls_key_file = files.client_key });
    finish();
    test_check_leaks();
}

Test(tls, missing_client_certificate_is_bad, .timeout = 30)
{
    begin(TLS_GOOD, true);
    is_bad((tern_conn_options){ .tls_ca_file = files.ca }, "certificate required", "certificate");
    finish();
    test_check_leaks();
}

Test(tls, client_certificate_of_another_ca_is_bad, .timeout = 30)
{
    begin(TLS_GOOD, true);
    is_bad((tern_conn_options){ .tls_ca_file = files.ca,
                                .tls_cert_file = files.other_client_cert,
                                .tls_key_file = files.other_client_key },
           "bad certificate", "certificate");
    finish();
    test_check_leaks();
}

Test(tls, server_without_tls_is_bad_where_tls_is_asked_for, .timeout = 30)
{
    tls_make(&files);
    server = server_start(NULL);
    snprintf(plain_url, sizeof plain_url, "nats://127.0.0.1:%d", server_port(server));
    is_bad((tern_conn_options){ .tls_ca_file = files.ca }, "TLS", "TLS");
    finish();
    test_check_leaks();
}

Test(tls, server_that_requires_tls_is_bad_where_it_is_not_asked_for, .timeout = 30)
{
    begin(TLS_GOOD, false);
    is_bad((tern_conn_options){ .tls = false }, "TLS", "SSL"); /* nats.c may try TLS all the same, and fail in that */
    finish();
    test_check_leaks();
}

Test(tls, connection_gets_through_when_the_certificate_is_mended, .timeout = 30)
{
    struct trail events;
    struct event_seen seen;
    char config[2048];
    begin(TLS_EXPIRED, false);
    trail_init(&events);
    tern_conn_options options = { .url = plain_url,
                                  .tls_ca_file = files.ca,
                                  .connect_in_background = true,
                                  .reconnect_min_ms = 1,
                                  .reconnect_max_ms = 20,
                                  .on_event = trail_take,
                                  .event_arg = &events };
    check_ok(tern_connect(&options, &conn, &err));
    check_true(trail_wait_for(&events, TERN_EVENT_CONNECT_FAILED, 2, WAIT_MS, &seen));
    check_int(seen.status, TERN_UNAVAILABLE);
    server_set_config(server, tls_config(&files, TLS_GOOD, false, config, sizeof config));
    server_restart(server);
    check_true(trail_wait(&events, TERN_EVENT_CONNECTED, 1, WAIT_MS));
    tern_conn_free(conn);
    check_trail_in_order(&events);
    trail_destroy(&events);
    finish();
    test_check_leaks();
}

/* Subjects that the server refuses to a connection: for a subscription, a publish, a request, and the connection's own
 * inbox. Each is told, by an event or by the call, and the connection lives on. */
#include "test.h"

#include <tern/tern.h>

#include "echoing.h"
#include "numbers.h"
#include "rig.h"
#include "server.h"
#include "trail.h"

enum { WAIT_MS = 15000, AT_ONCE_MS = 2000 };

static struct test_server *server;
static struct trail events;
static tern_conn *conn;
static tern_error err;

/* permissions: of user ann, who is the connection. Anybody else may do everything. */
static void begin_with(const char *permissions, uint32_t liveness_interval_ms, bool debug)
{
    char config[1024];
    snprintf(
        config, sizeof config,
        "authorization { users: [ { user: ann, password: a, permissions: { %s } }, { user: bob, password: b } ] }\n",
        permissions);
    server = server_start(&(struct test_server_options){ .config = config, .debug = debug });
    trail_init(&events);
    tern_conn_options options = { .url = server_url(server),
                                  .user = "ann",
                                  .password = "a",
                                  .reconnect_min_ms = 1,
                                  .reconnect_max_ms = 20,
                                  .liveness_interval_ms = liveness_interval_ms,
                                  .on_event = trail_take,
                                  .event_arg = &events };
    check_ok(tern_connect(&options, &conn, &err));
}

static void begin(const char *permissions)
{
    begin_with(permissions, 0, false);
}

static tern_conn *connect_bob(void)
{
    tern_conn_options options = { .url = server_url(server), .user = "bob", .password = "b" };
    tern_conn *bob = NULL;
    check_ok(tern_connect(&options, &bob, &err));
    return bob;
}

/* The connection was never lost. */
static void finish(void)
{
    if (trail_count(&events, TERN_EVENT_DISCONNECTED) > 0) trail_dump(&events);
    check_int(tern_conn_get_state(conn), TERN_CONN_CONNECTED);
    check_int(trail_count(&events, TERN_EVENT_DISCONNECTED), 0);
    tern_conn_free(conn);
    check_trail_in_order(&events);
    trail_destroy(&events);
    server_stop(server);
}

static void check_refusal(int nth, const char *subject, const char *what)
{
    struct event_seen seen;
    check_true(trail_wait_for(&events, TERN_EVENT_PERMISSION_REFUSED, nth, WAIT_MS, &seen));
    check_str(seen.subject, subject);
    check_int(seen.status, TERN_PERMISSION_DENIED);
    check_str_has(seen.text, subject);
    check_str_has(seen.text, what);
    check_str(seen.server, server_url(server));
}

/* A message of the connection to itself still goes round. */
static void check_works(const char *subject)
{
    struct numbers numbers;
    tern_sub *sub = NULL;
    numbers_init(&numbers);
    check_ok(tern_conn_subscribe(conn, subject, NULL, numbers_take, &numbers, &sub, &err));
    check_ok(numbers_publish(conn, subject, 1, 0, &err));
    check_true(numbers_wait(&numbers, 1, WAIT_MS));
    tern_sub_free(sub);
    numbers_destroy(&numbers);
}

Test(permissions, refused_subscription_is_told_by_its_subject, .timeout = 30)
{
    struct numbers numbers;
    tern_sub *sub = NULL, *group = NULL;
    tern_sub_options options = { .queue_group = "workers" };

    begin("subscribe: { deny: \"secret.>\" }");
    numbers_init(&numbers);
    check_ok(tern_conn_subscribe(conn, "secret.plans", NULL, numbers_take, &numbers, &sub, &err));
    check_refusal(1, "secret.plans", "Subscription");
    check_ok(tern_conn_subscribe(conn, "secret.jobs", &options, numbers_take, &numbers, &group, &err));
    check_refusal(2, "secret.jobs", "Subscription");
    tern_conn_last_error(conn, &err);
    check_int(err.status, TERN_PERMISSION_DENIED);
    check_str_has(err.text, "secret.jobs");
    check_ok(numbers_publish(conn, "secret.plans", 1, 0, &err));
    check_works("open.plans");
    check_int(gate_count(&numbers.gate), 0);
    check_ok(tern_sub_unsubscribe(sub, &err));
    check_ok(tern_sub_drain(group, WAIT_MS, &err));
    tern_sub_free(sub);
    tern_sub_free(group);
    finish();
    numbers_destroy(&numbers);
    test_check_leaks();
}

Test(permissions, refused_subscription_is_tried_again_in_the_next_session, .timeout = 30)
{
    struct numbers numbers;
    tern_sub *sub = NULL;

    begin("subscribe: { deny: \"secret.>\" }");
    numbers_init(&numbers);
    check_ok(tern_conn_subscribe(conn, "secret.plans", NULL, numbers_take, &numbers, &sub, &err));
    check_refusal(1, "secret.plans", "Subscription");
    server_kill(server);
    check_true(trail_wait(&events, TERN_EVENT_DISCONNECTED, 1, WAIT_MS));
    server_set_config(server, "authorization { user: ann, password: a }\n");
    server_restart(server);
    check_true(trail_wait(&events, TERN_EVENT_RECONNECTED, 1, WAIT_MS));
    check_ok(numbers_publish(conn, "secret.plans", 1, 0, &err));
    check_true(numbers_wait(&numbers, 1, WAIT_MS));
    tern_sub_free(sub);
    tern_conn_free(conn);
    check_trail_in_order(&events);
    trail_destroy(&events);
    server_stop(server);
    numbers_destroy(&numbers);
    test_check_leaks();
}

Test(permissions, refused_publish_is_told_by_its_subject, .timeout = 30)
{
    begin("publish: { deny: \"secret.>\" }");
    check_ok(tern_conn_publish(conn, "secret.plans", "1", 1, &err));
    check_refusal(1, "secret.plans", "Publish");
    check_ok(tern_conn_publish(conn, "secret.jobs", "1", 1, &err));
    check_refusal(2, "secret.jobs", "Publish");
    check_ok(tern_conn_flush(conn, WAIT_MS, &err));
    check_works("open.plans");
    finish();
    test_check_leaks();
}

/* ---- Calls ---- */

Test(permissions, refused_request_fails_at_once_not_at_its_deadline, .timeout = 30)
{
    tern_client *client = NULL;
    tern_msg *reply = NULL;
    tern_outgoing request = { .subject = "secret.ask" };
    bool own = false;

    begin("publish: { deny: [\"secret.>\", \"examples.>\"] }");
    check_ok(tern_client_new(conn, NULL, &client, &err));
    for (int i = 1; i <= 3; i++) {
        long start_ms = test_now_ms();
        check_status(tern_conn_request(conn, &request, WAIT_MS, &reply, &err), TERN_PERMISSION_DENIED);
        check_int_less(test_now_ms() - start_ms, AT_ONCE_MS);
        check_false(err.remote);
        check_str_has(err.text, "secret.ask");
        check_str_has(err.text, "Permissions Violation");
        start_ms = test_now_ms();
        check_status(echo_call(client, (uint64_t)i, WAIT_MS, &own, &err), TERN_PERMISSION_DENIED);
        check_int_less(test_now_ms() - start_ms, AT_ONCE_MS);
        check_str_has(err.text, "examples.v1.Echo.Echo");
    }
    check_works("open.plans");
    tern_client_free(client);
    finish();
    test_check_leaks();
}

Test(permissions, refused_request_leaves_other_calls_alone, .timeout = 30)
{
    tern_service *service = NULL;
    tern_client *client = NULL;
    tern_msg *reply = NULL;
    tern_outgoing request = { .subject = "secret.ask" };
    bool own = false;

    begin("publish: { deny: \"secret.>\" }");
    check_ok(examples_v1_echo_serve(conn, &echo_handlers, NULL, NULL, &service, &err));
    check_ok(tern_client_new(conn, NULL, &client, &err));
    for (uint64_t i = 1; i <= 20; i++) {
        check_status(tern_conn_request(conn, &request, WAIT_MS, &reply, &err), TERN_PERMISSION_DENIED);
        check_ok(echo_call(client, i, WAIT_MS, &own, &err));
        check_true(own);
    }
    tern_client_free(client);
    tern_service_free(service);
    finish();
    test_check_leaks();
}

Test(permissions, call_without_a_permitted_inbox_fails_at_once, .timeout = 30)
{
    tern_service *service = NULL;
    tern_client *client = NULL;
    tern_msg *reply = NULL;
    tern_outgoing request = { .subject = "anybody" };
    bool own = false;

    begin("subscribe: { deny: \"_INBOX.>\" }");
    tern_conn *bob = connect_bob();
    check_ok(examples_v1_echo_serve(bob, &echo_handlers, NULL, NULL, &service, &err));
    check_ok(tern_conn_flush(bob, WAIT_MS, &err));
    check_ok(tern_client_new(conn, NULL, &client, &err));
    for (int i = 1; i <= 3; i++) {
        long start_ms = test_now_ms();
        check_status(tern_conn_request(conn, &request, WAIT_MS, &reply, &err), TERN_PERMISSION_DENIED);
        check_str_has(err.text, "_INBOX.");
        check_status(echo_call(client, (uint64_t)i, WAIT_MS, &own, &err), TERN_PERMISSION_DENIED);
        check_int_less(test_now_ms() - start_ms, AT_ONCE_MS);
        check_false(err.remote);
    }
    check_works("open.plans");
    tern_client_free(client);
    tern_service_free(service);
    tern_conn_free(bob);
    finish();
    test_check_leaks();
}

Test(permissions, flush_without_a_permitted_inbox_says_so_at_once, .timeout = 30)
{
    begin("subscribe: { deny: \"_INBOX.>\" }");
    for (int i = 0; i < 3; i++) {
        long start_ms = test_now_ms();
        check_status(tern_conn_flush(conn, WAIT_MS, &err), TERN_PERMISSION_DENIED);
        check_int_less(test_now_ms() - start_ms, AT_ONCE_MS);
        check_str_has(err.text, "_INBOX.");
    }
    check_works("open.plans");
    finish();
    test_check_leaks();
}

Test(permissions, flush_whose_inbox_publish_is_refused_ends_well_at_once, .timeout = 30)
{
    begin("publish: { deny: \"_INBOX.>\" }");
    for (int i = 0; i < 3; i++) {
        long start_ms = test_now_ms();
        check_ok(tern_conn_flush(conn, WAIT_MS, &err)); /* the refusal proves as much as the fence */
        check_int_less(test_now_ms() - start_ms, AT_ONCE_MS);
    }
    check_works("open.plans");
    finish();
    test_check_leaks();
}

Test(permissions, call_whose_inbox_publish_is_refused_still_gets_its_reply, .timeout = 30)
{
    tern_service *service = NULL;
    tern_client *client = NULL;
    bool own = false;

    begin("publish: { deny: \"_INBOX.>\" }"); /* the replies are bob's to publish */
    tern_conn *bob = connect_bob();
    check_ok(examples_v1_echo_serve(bob, &echo_handlers, NULL, NULL, &service, &err));
    check_ok(tern_conn_flush(bob, WAIT_MS, &err));
    check_ok(tern_client_new(conn, NULL, &client, &err));
    for (uint64_t i = 1; i <= 5; i++) {
        check_ok(echo_call(client, i, WAIT_MS, &own, &err));
        check_true(own);
    }
    tern_client_free(client);
    tern_service_free(service);
    tern_conn_free(bob);
    finish();
    test_check_leaks();
}

/* A fence cannot come back, or cannot go: neither is silence of the server. The server's log shows that the liveness
 * interval has passed many times. */
Test(permissions, liveness_is_content_when_inbox_publishes_are_refused, .timeout = 30)
{
    begin_with("publish: { deny: \"_INBOX.>\" }", 250, true);
    check_true(server_wait_log(server, "Permissions Violation", WAIT_MS));
    while (server_count_log(server, "Permissions Violation") < 4) test_sleep_ms(5);
    check_works("open.plans");
    finish();
    test_check_leaks();
}

Test(permissions, liveness_is_content_when_inbox_subscriptions_are_refused, .timeout = 30)
{
    begin_with("subscribe: { deny: \"_INBOX.>\" }", 20, false);
    check_true(trail_wait(&events, TERN_EVENT_PERMISSION_REFUSED, 1, WAIT_MS));
    long begin_ms = test_now_ms();
    while (test_now_ms() - begin_ms < 200) check_works("open.plans"); /* ten intervals, with nothing to wait for */
    finish();
    test_check_leaks();
}

Test(permissions, inbox_prefix_that_is_permitted_makes_calls_work, .timeout = 30)
{
    tern_service *service = NULL;
    tern_client *client = NULL;
    bool own = false;

    begin("subscribe: { deny: \"_INBOX.>\" }");
    tern_conn_options options = {
        .url = server_url(server), .user = "ann", .password = "a", .inbox_prefix = "_INBOX_ann"
    };
    tern_conn *own_prefix = NULL;
    check_ok(tern_connect(&options, &own_prefix, &err));
    check_ok(examples_v1_echo_serve(own_prefix, &echo_handlers, NULL, NULL, &service, &err));
    check_ok(tern_client_new(own_prefix, NULL, &client, &err));
    check_ok(echo_call(client, 1, WAIT_MS, &own, &err));
    check_true(own);
    check_ok(tern_conn_flush(own_prefix, WAIT_MS, &err));
    tern_client_free(client);
    tern_service_free(service);
    tern_conn_free(own_prefix);
    finish();
    test_check_leaks();
}

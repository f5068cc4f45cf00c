/* Connecting: which options are taken, what they do, and which are refused. */
#include "rig.h"

#include <stdlib.h>

#include <tern/nats.h>

#include "creds.h"
#include "nkey.h"

/* ---- Which server ---- */

Test(options, connects_to_nats_url_when_no_url_is_given, .timeout = 60)
{
    struct test_server *server = server_start(NULL);
    tern_error err = { .status = TERN_OK };
    tern_conn *conn = NULL;
    char url[128];

    setenv("NATS_URL", server_url(server), 1);
    check_ok(tern_connect(NULL, &conn, &err));
    tern_conn_server(conn, url, sizeof url);
    check_str(url, server_url(server));
    tern_conn_free(conn);
    unsetenv("NATS_URL");
    server_stop(server);
    test_check_leaks();
}

Test(options, url_goes_before_the_environment, .timeout = 60)
{
    struct test_server *server = server_start(NULL);
    tern_error err = { .status = TERN_OK };
    tern_conn_options options = { .url = server_url(server) };
    tern_conn *conn = NULL;

    setenv("NATS_URL", rig_dead_url(), 1);
    check_ok(tern_connect(&options, &conn, &err));
    tern_conn_free(conn);
    server_stop(server);
    test_check_leaks();
}

Test(options, tries_the_next_url_of_a_list, .timeout = 60)
{
    struct test_server *server = server_start(NULL);
    tern_error err = { .status = TERN_OK };
    char urls[300], url[128];
    tern_conn_options options = { .url = urls };
    tern_conn *conn = NULL;

    (void)snprintf(urls, sizeof urls, "%s, %s", rig_dead_url(), server_url(server));
    check_ok(tern_connect(&options, &conn, &err));
    tern_conn_server(conn, url, sizeof url);
    check_str(url, server_url(server));
    tern_conn_free(conn);
    server_stop(server);
    test_check_leaks();
}

Test(options, url_needs_no_scheme, .timeout = 60)
{
    struct test_server *server = server_start(NULL);
    tern_error err = { .status = TERN_OK };
    tern_conn_options options = { .url = server_url(server) + strlen("nats://") };
    tern_conn *conn = NULL;

    check_ok(tern_connect(&options, &conn, &err));
    tern_conn_free(conn);
    server_stop(server);
    test_check_leaks();
}

Test(options, unreachable_server_is_unavailable_within_the_connect_timeout, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    tern_conn_options options = { .url = rig_dead_url(), .connect_timeout_ms = 200 };
    tern_conn *conn = NULL;
    long start = test_now_ms();

    check_refused(tern_connect(&options, &conn, &err), TERN_UNAVAILABLE, "127.0.0.1");
    check_int_at_least(test_now_ms() - start, 199);
    check_true(conn == NULL);
    test_check_leaks();
}

Test(options, background_connect_returns_before_any_session, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    tern_conn_options options = { .url = rig_dead_url(), .connect_in_background = true };
    tern_conn *conn = NULL;
    char url[16] = "untouched";

    check_ok(tern_connect(&options, &conn, &err));
    check_int(tern_conn_get_state(conn), TERN_CONN_CONNECTING);
    check_int(tern_conn_max_payload(conn), 0);
    tern_conn_server(conn, url, sizeof url);
    check_str(url, "");
    tern_conn_close(conn);
    check_int(tern_conn_get_state(conn), TERN_CONN_CLOSED);
    tern_conn_free(conn);
    test_check_leaks();
}

/* ---- Identity ---- */

static void connects_with(const char *config, tern_conn_options options, const char *user_info)
{
    struct test_server_options server_options = { .config = config };
    struct test_server *server = server_start(&server_options);
    tern_error err = { .status = TERN_OK };
    tern_conn *conn = NULL;
    char url[256], shown[256];

    (void)snprintf(url, sizeof url, "nats://%s%s", user_info, server_url(server) + strlen("nats://"));
    options.url = url;
    check_ok(tern_connect(&options, &conn, &err));
    tern_conn_server(conn, shown, sizeof shown);
    check_str(shown, server_url(server)); /* without credentials */
    tern_conn_free(conn);
    server_stop(server);
}

#define USER_CONFIG "authorization { users: [ { user: \"ann\", password: \"p@ss:w/d\" } ] }\n"

Test(options, user_and_password_open_the_server, .timeout = 60)
{
    connects_with(USER_CONFIG, (tern_conn_options){ .user = "ann", .password = "p@ss:w/d" }, "");
    test_check_leaks();
}

Test(options, url_holds_user_and_password_percent_encoded, .timeout = 60)
{
    connects_with(USER_CONFIG, (tern_conn_options){ 0 }, "ann:p%40ss%3Aw%2fd@");
    test_check_leaks();
}

Test(options, url_user_goes_before_the_options_user, .timeout = 60)
{
    connects_with(USER_CONFIG, (tern_conn_options){ .user = "bob", .password = "x" }, "ann:p%40ss%3Aw%2fd@");
    test_check_leaks();
}

Test(options, token_opens_the_server, .timeout = 60)
{
    connects_with("authorization { token: \"s3cr3t\" }\n", (tern_conn_options){ .token = "s3cr3t" }, "");
    test_check_leaks();
}

Test(options, url_without_a_colon_holds_a_token, .timeout = 60)
{
    connects_with("authorization { token: \"s3 cr3t\" }\n", (tern_conn_options){ 0 }, "s3%20cr3t@");
    test_check_leaks();
}

Test(options, nkey_seed_file_opens_the_server, .timeout = 60)
{
    struct tempdir dir;
    struct nkey key;
    char config[256], path[320];

    tempdir_make(&dir);
    nkey_new(&key, NKEY_USER);
    nkey_write_seed(&key, &dir, "user.nk");
    (void)snprintf(path, sizeof path, "%s/user.nk", dir.path);
    (void)snprintf(config, sizeof config, "authorization { users: [ { nkey: %s } ] }\n", key.public_key);
    connects_with(config, (tern_conn_options){ .nkey_seed_file = path }, "");
    tempdir_remove(&dir);
    test_check_leaks();
}

Test(options, credentials_file_opens_the_server, .timeout = 60)
{
    struct tempdir dir;
    struct creds creds;

    tempdir_make(&dir);
    creds_make(&creds, &dir, "user.creds");
    connects_with(creds.server_config, (tern_conn_options){ .credentials_file = creds.path }, "");
    tempdir_remove(&dir);
    test_check_leaks();
}

Test(options, server_hears_the_clients_name, .timeout = 60)
{
    struct test_server_options server = { .debug = true };
    tern_conn_options options = { .name = "the-name" };
    struct rig rig;

    rig_open_with(&rig, &server, &options);
    check_true(server_wait_log(rig.server, "\"name\":\"the-name\"", RIG_WAIT_MS));
    rig_close(&rig);
    test_check_leaks();
}

/* ---- What shows of a connection ---- */

static void respond_with_reply_subject(tern_msg *msg, void *arg)
{
    (void)arg;
    const char *reply = tern_msg_reply(msg);
    (void)tern_msg_respond(msg, reply, strlen(reply), NULL);
}

Test(options, inbox_prefix_begins_every_reply_subject, .timeout = 60)
{
    tern_conn_options options = { .inbox_prefix = "my.box" };
    tern_error err = { .status = TERN_OK };
    struct rig rig;
    tern_msg *reply = NULL;

    rig_open_with(&rig, NULL, &options);
    tern_sub *sub = rig_subscribe(rig.conn, "ask", NULL, respond_with_reply_subject, NULL);
    check_ok(tern_conn_request(rig.conn, &(tern_outgoing){ .subject = "ask" }, 0, &reply, &err));
    check_int(strncmp(tern_msg_data(reply), "my.box.", 7), 0);
    tern_msg_free(reply);
    tern_sub_free(sub);
    rig_close(&rig);
    test_check_leaks();
}

Test(options, server_url_is_cut_at_the_buffers_size, .timeout = 60)
{
    struct rig rig;
    char url[8];

    rig_open(&rig);
    memset(url, 'x', sizeof url);
    tern_conn_server(rig.conn, url, 5);
    check_bytes(url, sizeof url, "nats\0xxx", 8);
    tern_conn_server(rig.conn, url, 0);
    tern_conn_server(rig.conn, NULL, 5);
    check_bytes(url, sizeof url, "nats\0xxx", 8);
    rig_close(&rig);
    test_check_leaks();
}

Test(options, a_new_connection_is_connected_without_error, .timeout = 60)
{
    tern_error last = { .status = TERN_INTERNAL };
    struct rig rig;

    rig_open(&rig);
    check_int(tern_conn_get_state(rig.conn), TERN_CONN_CONNECTED);
    tern_conn_last_error(rig.conn, &last);
    check_int(last.status, TERN_OK);
    check_int(tern_conn_max_payload(rig.conn), 1024 * 1024);
    rig_close(&rig);
    test_check_leaks();
}

Test(options, connected_is_the_first_event_and_closed_the_last, .timeout = 60)
{
    struct rig rig;

    rig_open(&rig);
    check_true(events_wait(&rig.events, TERN_EVENT_CONNECTED, 1));
    check_str(events_get(&rig.events, TERN_EVENT_CONNECTED, 0)->server, server_url(rig.server));
    tern_conn_free(rig.conn);
    rig.conn = NULL;
    check_int(rig.events.count, 2);
    check_int(rig.events.told[0].kind, TERN_EVENT_CONNECTED);
    check_int(rig.events.told[1].kind, TERN_EVENT_CLOSED);
    check_int(rig.events.told[1].status, TERN_OK);
    rig_close(&rig);
    test_check_leaks();
}

struct nats_seen {
    struct test_gate gate;
    char url[128];
    tern_conn *conn;
    tern_status flush_status;
};

static void see_nats(natsConnection *nc, void *arg)
{
    struct nats_seen *seen = arg;
    (void)natsConnection_GetConnectedUrl(nc, seen->url, sizeof seen->url);
    seen->flush_status = tern_conn_flush(seen->conn, 1000, NULL);
    gate_open(&seen->gate);
}

Test(options, escape_hatch_runs_on_the_io_thread, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    struct nats_seen seen = { .flush_status = TERN_OK };
    struct rig rig;

    rig_open(&rig);
    gate_init(&seen.gate);
    seen.conn = rig.conn;
    check_ok(tern_conn_nats(rig.conn, see_nats, &seen, &err));
    check_int(gate_count(&seen.gate), 1);
    check_str(seen.url, server_url(rig.server));
    check_int(seen.flush_status, TERN_FAILED_PRECONDITION);
    tern_conn_close(rig.conn);
    check_refused(tern_conn_nats(rig.conn, see_nats, &seen, &err), TERN_CANCELLED, "closed");
    check_int(gate_count(&seen.gate), 1);
    gate_destroy(&seen.gate);
    rig_close(&rig);
    test_check_leaks();
}

Test(options, statistics_count_what_passed, .timeout = 60)
{
    struct rig rig;
    struct inbox inbox;
    tern_conn_stats stats;

    rig_open(&rig);
    inbox_init(&inbox);
    tern_sub *sub = rig_subscribe(rig.conn, "a", NULL, inbox_take, &inbox);
    for (int i = 0; i < 10; i++) rig_publish(rig.conn, "a", "12345");
    check_true(inbox_wait(&inbox, 10));
    rig_flush(rig.conn);
    tern_conn_get_stats(rig.conn, &stats);
    check_int(stats.msgs_out, 10);
    check_int(stats.bytes_out, 50);
    check_int(stats.msgs_in, 10);
    check_int(stats.bytes_in, 50);
    check_int(stats.reconnects, 0);
    check_int(stats.dropped_in, 0);
    check_int(stats.dropped_out, 0);
    check_int(stats.late_replies, 0);
    check_int(stats.buffered_bytes, 0);
    tern_sub_free(sub);
    inbox_destroy(&inbox);
    rig_close(&rig);
    test_check_leaks();
}

Test(options, bytes_of_a_message_with_headers_count_the_same_out_and_in, .timeout = 60)
{
    tern_header header = { "Name", "value" };
    tern_error err = { .status = TERN_OK };
    tern_conn_stats before, after;
    struct rig rig;
    struct inbox inbox;

    rig_open(&rig);
    inbox_init(&inbox);
    tern_sub *sub = rig_subscribe(rig.conn, "a", NULL, inbox_take, &inbox);
    tern_conn_get_stats(rig.conn, &before);
    check_ok(tern_conn_publish_outgoing(
        rig.conn, &(tern_outgoing){ .subject = "a", .data = "12345", .size = 5, .headers = &header, .header_count = 1 },
        &err));
    check_true(inbox_wait(&inbox, 1));
    check_true(rig_wait_handled(sub, 1));
    tern_conn_get_stats(rig.conn, &after);
    check_int(after.bytes_in - before.bytes_in, after.bytes_out - before.bytes_out);
    tern_sub_free(sub);
    inbox_destroy(&inbox);
    rig_close(&rig);
    test_check_leaks();
}

/* ---- Names ---- */

Test(options, every_state_event_and_status_has_a_name, .timeout = 60)
{
    check_str(tern_conn_state_name(TERN_CONN_CONNECTING), "CONNECTING");
    check_str(tern_conn_state_name(TERN_CONN_CONNECTED), "CONNECTED");
    check_str(tern_conn_state_name(TERN_CONN_RECONNECTING), "RECONNECTING");
    check_str(tern_conn_state_name(TERN_CONN_DRAINING), "DRAINING");
    check_str(tern_conn_state_name(TERN_CONN_CLOSED), "CLOSED");
    check_str(tern_conn_state_name((tern_conn_state)5), "UNKNOWN");
    check_str(tern_event_kind_name(TERN_EVENT_CONNECTED), "CONNECTED");
    check_str(tern_event_kind_name(TERN_EVENT_DISCONNECTED), "DISCONNECTED");
    check_str(tern_event_kind_name(TERN_EVENT_RECONNECTED), "RECONNECTED");
    check_str(tern_event_kind_name(TERN_EVENT_CONNECT_FAILED), "CONNECT_FAILED");
    check_str(tern_event_kind_name(TERN_EVENT_LAME_DUCK), "LAME_DUCK");
    check_str(tern_event_kind_name(TERN_EVENT_SLOW_CONSUMER), "SLOW_CONSUMER");
    check_str(tern_event_kind_name(TERN_EVENT_PERMISSION_REFUSED), "PERMISSION_REFUSED");
    check_str(tern_event_kind_name(TERN_EVENT_MESSAGE_LOST), "MESSAGE_LOST");
    check_str(tern_event_kind_name(TERN_EVENT_CLOSED), "CLOSED");
    check_str(tern_event_kind_name((tern_event_kind)9), "UNKNOWN");
    check_str(tern_status_name(TERN_OK), "OK");
    check_str(tern_status_name(TERN_DEADLINE_EXCEEDED), "DEADLINE_EXCEEDED");
    check_str(tern_status_name(TERN_UNAUTHENTICATED), "UNAUTHENTICATED");
    check_str(tern_status_name((tern_status)17), "UNKNOWN");
    for (int i = 0; i <= TERN_UNAUTHENTICATED; i++) check_int_not(strlen(tern_status_meaning((tern_status)i)), 0);
}

Test(options, default_of_one_backoff_gives_way_to_the_other, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    tern_conn *conn = NULL;
    tern_conn_options low = { .url = rig_dead_url(), .connect_in_background = true, .reconnect_max_ms = 50 };
    tern_conn_options high = { .url = rig_dead_url(), .connect_in_background = true, .reconnect_min_ms = 60000 };

    check_ok(tern_connect(&low, &conn, &err));
    tern_conn_free(conn);
    check_ok(tern_connect(&high, &conn, &err));
    tern_conn_free(conn);
    test_check_leaks();
}

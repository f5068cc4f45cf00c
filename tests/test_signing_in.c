/* Credentials of every kind, right and wrong. */
#include "test.h"

#include <tern/tern.h>

#include "creds.h"
#include "nkey.h"
#include "rig.h"
#include "server.h"
#include "tempdir.h"
#include "trail.h"

enum { WAIT_MS = 15000, AT_ONCE_MS = 2500 }; /* at once: well before the connect timeout of 5 s */

static tern_conn *conn;
static tern_error err;

/* The credentials are right: a message goes round. */
static void signs_in(const tern_conn_options *options)
{
    check_ok(tern_connect(options, &conn, &err));
    check_ok(tern_conn_flush(conn, WAIT_MS, &err));
    tern_conn_free(conn);
}

/* They are wrong: said so at once, not at the connect timeout. */
static void is_refused(const tern_conn_options *options, const char *server)
{
    long start_ms = test_now_ms();
    conn = NULL;
    check_status(tern_connect(options, &conn, &err), TERN_UNAUTHENTICATED);
    check_int_less(test_now_ms() - start_ms, AT_ONCE_MS);
    check_true(conn == NULL);
    check_false(err.remote);
    check_str_has(err.text, server);
    check_str_has(err.text, "uthorization");
}

/* The URL with something between its scheme and its host. */
static const char *with_userinfo(const struct test_server *server, const char *userinfo)
{
    static char url[256];
    snprintf(url, sizeof url, "nats://%s@127.0.0.1:%d", userinfo, server_port(server));
    return url;
}

static struct test_server *server_with(const char *config)
{
    return server_start(&(struct test_server_options){ .config = config });
}

#define PASSWORD_CONFIG "authorization { user: ann, password: \"se:cr@t/\" }\n"
#define TOKEN_CONFIG "authorization { token: \"tok%20en\" }\n"

Test(signing_in, right_password_is_taken, .timeout = 30)
{
    struct test_server *server = server_with(PASSWORD_CONFIG);
    signs_in(&(tern_conn_options){ .url = server_url(server), .user = "ann", .password = "se:cr@t/" });
    server_stop(server);
    test_check_leaks();
}

Test(signing_in, right_password_in_the_url_is_taken, .timeout = 30)
{
    struct test_server *server = server_with(PASSWORD_CONFIG);
    signs_in(&(tern_conn_options){ .url = with_userinfo(server, "ann:se%3Acr%40t%2F") });
    server_stop(server);
    test_check_leaks();
}

Test(signing_in, password_in_the_url_goes_before_the_one_in_the_options, .timeout = 30)
{
    struct test_server *server = server_with(PASSWORD_CONFIG);
    signs_in(
        &(tern_conn_options){ .url = with_userinfo(server, "ann:se%3Acr%40t%2F"), .user = "bob", .password = "wrong" });
    server_stop(server);
    test_check_leaks();
}

Test(signing_in, wrong_password_is_refused_at_once, .timeout = 30)
{
    struct test_server *server = server_with(PASSWORD_CONFIG);
    is_refused(&(tern_conn_options){ .url = server_url(server), .user = "ann", .password = "wrong" },
               server_url(server));
    cr_assert(strstr(err.text, "wrong") == NULL, "the text gives the password away: %s", err.text);
    server_stop(server);
    test_check_leaks();
}

Test(signing_in, missing_password_is_refused_at_once, .timeout = 30)
{
    struct test_server *server = server_with(PASSWORD_CONFIG);
    is_refused(&(tern_conn_options){ .url = server_url(server) }, server_url(server));
    server_stop(server);
    test_check_leaks();
}

Test(signing_in, wrong_password_in_the_url_is_refused_without_being_told, .timeout = 30)
{
    struct test_server *server = server_with(PASSWORD_CONFIG);
    is_refused(&(tern_conn_options){ .url = with_userinfo(server, "ann:hidden") }, server_url(server));
    cr_assert(strstr(err.text, "hidden") == NULL, "the text gives the password away: %s", err.text);
    server_stop(server);
    test_check_leaks();
}

Test(signing_in, right_token_is_taken, .timeout = 30)
{
    struct test_server *server = server_with(TOKEN_CONFIG);
    signs_in(&(tern_conn_options){ .url = server_url(server), .token = "tok%20en" });
    server_stop(server);
    test_check_leaks();
}

Test(signing_in, right_token_in_the_url_is_taken, .timeout = 30)
{
    struct test_server *server = server_with(TOKEN_CONFIG);
    signs_in(&(tern_conn_options){ .url = with_userinfo(server, "tok%2520en") });
    server_stop(server);
    test_check_leaks();
}

Test(signing_in, wrong_token_is_refused_at_once, .timeout = 30)
{
    struct test_server *server = server_with(TOKEN_CONFIG);
    is_refused(&(tern_conn_options){ .url = server_url(server), .token = "wrong" }, server_url(server));
    server_stop(server);
    test_check_leaks();
}

Test(signing_in, refusal_by_one_server_does_not_hide_the_next, .timeout = 30)
{
    struct test_server *refusing = server_with(PASSWORD_CONFIG), *open = server_start(NULL);
    char urls[256], at[128];
    snprintf(urls, sizeof urls, "%s,%s", server_url(refusing), server_url(open));
    tern_conn_options options = { .url = urls };
    check_ok(tern_connect(&options, &conn, &err));
    tern_conn_server(conn, at, sizeof at);
    check_str(at, server_url(open));
    tern_conn_free(conn);
    server_stop(refusing);
    server_stop(open);
    test_check_leaks();
}

Test(signing_in, connection_in_the_background_gets_in_when_the_server_has_learned_the_password, .timeout = 30)
{
    struct test_server *server = server_with(PASSWORD_CONFIG);
    struct trail events;
    struct event_seen seen;
    trail_init(&events);
    tern_conn_options options = { .url = server_url(server),
                                  .user = "bob",
                                  .password = "b",
                                  .connect_in_background = true,
                                  .reconnect_min_ms = 1,
                                  .reconnect_max_ms = 20,
                                  .on_event = trail_take,
                                  .event_arg = &events };
    check_ok(tern_connect(&options, &conn, &err));
    check_true(trail_wait_for(&events, TERN_EVENT_CONNECT_FAILED, 3, WAIT_MS, &seen));
    check_int(seen.status, TERN_UNAUTHENTICATED);
    check_str_has(seen.text, "uthorization");
    server_set_config(server, "authorization { user: bob, password: b }\n");
    server_reload(server);
    check_true(trail_wait(&events, TERN_EVENT_CONNECTED, 1, WAIT_MS));
    /* And out again: the connection goes on trying, now saying why it fails. */
    int failed = trail_count(&events, TERN_EVENT_CONNECT_FAILED);
    server_set_config(server, PASSWORD_CONFIG);
    server_reload(server);
    check_true(trail_wait(&events, TERN_EVENT_DISCONNECTED, 1, WAIT_MS));
    check_true(trail_wait_for(&events, TERN_EVENT_CONNECT_FAILED, failed + 3, WAIT_MS, &seen));
    check_int(seen.status, TERN_UNAUTHENTICATED);
    server_set_config(server, "authorization { user: bob, password: b }\n");
    server_reload(server);
    check_true(trail_wait(&events, TERN_EVENT_RECONNECTED, 1, WAIT_MS));
    tern_conn_free(conn);
    check_trail_in_order(&events);
    trail_destroy(&events);
    server_stop(server);
    test_check_leaks();
}

/* ---- Keys ---- */

Test(signing_in, right_nkey_seed_is_taken, .timeout = 30)
{
    struct tempdir dir;
    struct nkey key;
    char config[256], path[320];
    tempdir_make(&dir);
    nkey_new(&key, NKEY_USER);
    nkey_write_seed(&key, &dir, "user.nk");
    snprintf(path, sizeof path, "%s/user.nk", dir.path);
    snprintf(config, sizeof config, "authorization { users: [ { nkey: %s } ] }\n", key.public_key);
    struct test_server *server = server_with(config);
    for (int i = 0; i < 10; i++) /* each signs another nonce */
        signs_in(&(tern_conn_options){ .url = server_url(server), .nkey_seed_file = path });
    server_stop(server);
    tempdir_remove(&dir);
    test_check_leaks();
}

Test(signing_in, strangers_nkey_seed_is_refused_at_once, .timeout = 30)
{
    struct tempdir dir;
    struct nkey key, stranger;
    char config[256], path[320];
    tempdir_make(&dir);
    nkey_new(&key, NKEY_USER);
    nkey_new(&stranger, NKEY_USER);
    nkey_write_seed(&stranger, &dir, "user.nk");
    snprintf(path, sizeof path, "%s/user.nk", dir.path);
    snprintf(config, sizeof config, "authorization { users: [ { nkey: %s } ] }\n", key.public_key);
    struct test_server *server = server_with(config);
    is_refused(&(tern_conn_options){ .url = server_url(server), .nkey_seed_file = path }, server_url(server));
    server_stop(server);
    tempdir_remove(&dir);
    test_check_leaks();
}

Test(signing_in, right_creds_file_is_taken, .timeout = 30)
{
    struct tempdir dir;
    struct creds creds;
    tempdir_make(&dir);
    creds_make(&creds, &dir, "user.creds");
    struct test_server *server = server_with(creds.server_config);
    signs_in(&(tern_conn_options){ .url = server_url(server), .credentials_file = creds.path });
    server_stop(server);
    tempdir_remove(&dir);
    test_check_leaks();
}

Test(signing_in, creds_file_of_another_operator_is_refused_at_once, .timeout = 30)
{
    struct tempdir dir;
    struct creds creds, others;
    tempdir_make(&dir);
    creds_make(&creds, &dir, "user.creds");
    creds_make(&others, &dir, "others.creds");
    struct test_server *server = server_with(creds.server_config);
    is_refused(&(tern_conn_options){ .url = server_url(server), .credentials_file = others.path }, server_url(server));
    server_stop(server);
    tempdir_remove(&dir);
    test_check_leaks();
}

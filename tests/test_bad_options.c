/* Wrong options of a connection: each is refused with INVALID_ARGUMENT and a text that names it. */
#include "rig.h"

#include <stdlib.h>

static void refuses(tern_conn_options options, const char *part)
{
    tern_error err = { .status = TERN_OK };
    tern_conn *conn = NULL;
    if (options.url == NULL) options.url = rig_dead_url();
    options.connect_timeout_ms = 50;
    check_refused(tern_connect(&options, &conn, &err), TERN_INVALID_ARGUMENT, part);
    options.connect_in_background = true;
    check_refused(tern_connect(&options, &conn, &err), TERN_INVALID_ARGUMENT, part);
    check_true(conn == NULL);
}

Test(bad_options, malformed_urls_are_refused_by_their_text, .timeout = 60)
{
    static const struct {
        const char *url, *part;
    } bad[] = {
        { "nats://127.0.0.1:0", "127.0.0.1:0" },
        { "nats://127.0.0.1:65536", "65536" },
        { "nats://127.0.0.1:99999999999999999999", "99999999999999999999" },
        { "nats://127.0.0.1:", "127.0.0.1:" },
        { "nats://127.0.0.1:x", "127.0.0.1:x" },
        { "nats://127.0.0.1:42x", "127.0.0.1:42x" },
        { "nats://127.0.0.1:-1", "127.0.0.1:-1" },
        { "nats://127.0.0.1:+1", "127.0.0.1:+1" },
        { "nats://127.0.0.1: 1", "127.0.0.1: 1" },
        { "http://127.0.0.1:4222", "http" },
        { "ws://127.0.0.1", "ws" },
        { "://127.0.0.1", "scheme" },
        { "nats://", "host" },
        { "nats://:4222", ":4222" },
        { "nats://user:pw@", "host" },
        { "nats://ho st:4222", "ho st" },
        { "nats://host/path", "host/path" },
        { "nats://host?x=1", "host?x=1" },
        { "nats://[::1", "[::1" },
        { "nats://[::1]x", "[::1]x" },
        { "nats://[::1]:x", "[::1]:x" },
        { "nats://host\r\n", "host\\x0d\\x0a" },
        { "nats://a,,nats://b", "host" },
        { "nats://a,", "host" },
        { ",", "host" },
        { "nats://::1:4222", "::1" },
        { "nats://[]:4222", "[]" },
        { " ", "host" },
        { "nats://nats://a", "nats" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        refuses((tern_conn_options){ .url = bad[i].url }, bad[i].part);
    test_check_leaks();
}

Test(bad_options, text_of_a_refused_url_does_not_show_the_password, .timeout = 60)
{
    static const char *const urls[] = { "nats://user:secret@host:x", "http://user:secret@host", "nats://user:secret@" };
    for (size_t i = 0; i < 3; i++) {
        tern_error err = { .status = TERN_OK };
        tern_conn *conn = NULL;
        check_refused(tern_connect(&(tern_conn_options){ .url = urls[i] }, &conn, &err), TERN_INVALID_ARGUMENT, "url");
        check_true(strstr(err.text, "secret") == NULL);
    }
    test_check_leaks();
}

Test(bad_options, url_from_the_environment_is_checked_too, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    tern_conn *conn = NULL;

    setenv("NATS_URL", "nats://127.0.0.1:99999", 1);
    check_refused(tern_connect(NULL, &conn, &err), TERN_INVALID_ARGUMENT, "99999");
    unsetenv("NATS_URL");
    test_check_leaks();
}

Test(bad_options, well_formed_urls_are_taken, .timeout = 60)
{
    static const char *const good[] = {
        "nats://[::1]:1",
        "[::1]",
        "[::1]:1",
        "nats://127.0.0.1:1/",
        "NATS://127.0.0.1:1",
        "tls://127.0.0.1:1",
        "127.0.0.1:1",
        "nats://u:p@127.0.0.1:1",
        "nats://u:@127.0.0.1:1",
        "nats://t@127.0.0.1:1",
        " nats://127.0.0.1:1 , nats://127.0.0.1:2",
        "nats://u:p%40%2Fx@127.0.0.1:1",
        "nats://u:p%zz@127.0.0.1:1",
        "nats://u:p@ss@127.0.0.1:1",
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        tern_error err = { .status = TERN_OK };
        tern_conn *conn = NULL;
        tern_conn_options options = { .url = good[i], .connect_in_background = true };
        check_ok(tern_connect(&options, &conn, &err));
        tern_conn_free(conn);
    }
    test_check_leaks();
}

Test(bad_options, user_and_password_go_together, .timeout = 60)
{
    refuses((tern_conn_options){ .user = "ann" }, "password");
    refuses((tern_conn_options){ .password = "x" }, "user");
    test_check_leaks();
}

Test(bad_options, only_one_way_to_identify_is_possible, .timeout = 60)
{
    refuses((tern_conn_options){ .user = "u", .password = "p", .token = "t" }, "token");
    refuses((tern_conn_options){ .token = "t", .credentials_file = "/etc/passwd" }, "credentials_file");
    refuses((tern_conn_options){ .credentials_file = "/etc/passwd", .nkey_seed_file = "/etc/passwd" },
            "nkey_seed_file");
    test_check_leaks();
}

Test(bad_options, certificate_and_key_go_together, .timeout = 60)
{
    refuses((tern_conn_options){ .tls_cert_file = "/etc/passwd" }, "tls_key_file");
    refuses((tern_conn_options){ .tls_key_file = "/etc/passwd" }, "tls_cert_file");
    test_check_leaks();
}

Test(bad_options, files_must_be_there, .timeout = 60)
{
    refuses((tern_conn_options){ .credentials_file = "/no/such.creds" }, "/no/such.creds");
    refuses((tern_conn_options){ .nkey_seed_file = "/no/such.nk" }, "/no/such.nk");
    refuses((tern_conn_options){ .tls_ca_file = "/no/ca.pem" }, "/no/ca.pem");
    refuses((tern_conn_options){ .tls_cert_file = "/no/c.pem", .tls_key_file = "/etc/passwd" }, "/no/c.pem");
    refuses((tern_conn_options){ .tls_cert_file = "/etc/passwd", .tls_key_file = "/no/k.pem" }, "/no/k.pem");
    test_check_leaks();
}

Test(bad_options, seed_file_must_hold_a_user_seed, .timeout = 60)
{
    struct tempdir dir;
    char path[320];

    tempdir_make(&dir);
    (void)snprintf(path, sizeof path, "%s/bad.nk", dir.path);
    static const char *const texts[] = { "", "hello", "SUAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                                         "UAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "\xff\xfe\n" };
    for (size_t i = 0; i < 5; i++) {
        tempdir_write(&dir, "bad.nk", texts[i]);
        refuses((tern_conn_options){ .nkey_seed_file = path }, "bad.nk");
    }
    tempdir_remove(&dir);
    test_check_leaks();
}

Test(bad_options, backoff_bounds_must_be_in_order, .timeout = 60)
{
    refuses((tern_conn_options){ .reconnect_min_ms = 2000, .reconnect_max_ms = 1000 }, "2000");
    test_check_leaks();
}

Test(bad_options, prefixes_must_be_subjects, .timeout = 60)
{
    char *prefix = calloc(1, 70000);

    refuses((tern_conn_options){ .inbox_prefix = "a b" }, "a b");
    refuses((tern_conn_options){ .inbox_prefix = "a." }, "inbox_prefix");
    refuses((tern_conn_options){ .inbox_prefix = "a.>" }, "inbox_prefix");
    refuses((tern_conn_options){ .inbox_prefix = "a\r\n" }, "inbox_prefix");
    memset(prefix, 'a', 65536);
    refuses((tern_conn_options){ .inbox_prefix = prefix }, "inbox_prefix");
    refuses((tern_conn_options){ .discovery_prefix = prefix }, "discovery_prefix");
    refuses((tern_conn_options){ .discovery_prefix = "$SRV.>" }, "discovery_prefix");
    free(prefix);
    test_check_leaks();
}

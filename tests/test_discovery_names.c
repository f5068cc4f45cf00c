/* Names, versions and metadata that discovery forbids: refused when a service starts, with a text that quotes them. */
#include "calc.h"
#include "micro.h"

static tern_error err;

static tern_status serve(struct rig *rig, const tern_service_options *options, tern_service **out_service)
{
    return test_v1_calc_serve(rig->conn, &calc_handlers, NULL, options, out_service, &err);
}

static void check_serve_refused(struct rig *rig, const tern_service_options *options, const char *text)
{
    tern_service *service = NULL;
    check_refused(serve(rig, options, &service), TERN_INVALID_ARGUMENT, text);
    check_str(err.text, text);
    check_true(service == NULL);
}

/* Nothing of what was refused is left at the server. */
static void check_nobody(struct rig *rig)
{
    struct micro micro;
    rig_flush(rig->conn);
    micro_open(&micro, rig->server);
    micro_check_nobody(&micro, "PING");
    micro_close(&micro);
}

Test(discovery_names, name_of_other_characters_is_refused, .timeout = 60)
{
    static const char *const names[] = { "a b", "a.b", ".", "*", ">", "\xc3\xbc", "a/b", "a:b", " a", "a " };
    static char longest[1026];
    char text[256];
    struct rig rig;

    rig_open(&rig);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        (void)snprintf(text, sizeof text, "service name \"%s\": has other characters than letters, digits, - and _",
                       names[i]);
        check_serve_refused(&rig, &(tern_service_options){ .name = names[i] }, text);
    }
    check_serve_refused(&rig, &(tern_service_options){ .name = "a\n" },
                        "service name \"a\\x0a\": has other characters than letters, digits, - and _");
    check_serve_refused(&rig, &(tern_service_options){ .name = "" }, "service name is empty");
    memset(longest, 'n', sizeof longest - 1);
    tern_service *service = NULL;
    check_refused(serve(&rig, &(tern_service_options){ .name = longest }, &service), TERN_INVALID_ARGUMENT,
                  "is longer than 1024 bytes");
    check_nobody(&rig);
    longest[1024] = '\0';
    check_ok(serve(&rig, &(tern_service_options){ .name = longest }, &service));
    tern_service_free(service);
    rig_close(&rig);
    test_check_leaks();
}

Test(discovery_names, version_that_is_not_semantic_is_refused, .timeout = 60)
{
    /* With those of semver.org's own list. */
    static const char *const versions[] = { "",           "1",          "1.2",          "1.2.3.4",    "v1.2.3",
                                            "01.1.1",     "1.01.1",     "1.1.01",       "00.0.0",     "1.2.3-",
                                            "1.2.3+",     "1.2.3-+b",   "1.2.3-0123",   "1.2.3-a.01", "1.2.3-a..b",
                                            "1.2.3-.a",   "1.2.3-a.",   "1.2.3+a..b",   "1.2.3+a+b",  "1.2.3-a_b",
                                            "1.2.3 ",     " 1.2.3",     "-1.2.3",       "+1.2.3",     "1.2.-3",
                                            "a.b.c",      "1.2.3-\xc3", "1.2.3.DEV",    "1.2-SNAP",   "1..3",
                                            "1.2.3-a+b+", "alpha",      "1.0.0-a_beta", "1.2.",       ".1.2",
                                            "1.2.3+\xbc" };
    char text[256];
    struct rig rig;

    rig_open(&rig);
    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
        (void)snprintf(text, sizeof text, "service version \"%s\": is no semantic version (semver.org 2.0.0)",
                       versions[i]);
        check_serve_refused(&rig, &(tern_service_options){ .version = versions[i] }, text);
    }
    check_serve_refused(&rig, &(tern_service_options){ .version = "1.2.3\n" },
                        "service version \"1.2.3\\x0a\": is no semantic version (semver.org 2.0.0)");
    check_nobody(&rig);
    rig_close(&rig);
    test_check_leaks();
}

Test(discovery_names, every_semantic_version_is_taken, .timeout = 60)
{
    static const char *const versions[] = { "0.0.0",
                                            "0.0.4",
                                            "10.20.30",
                                            "1.1.2-prerelease+meta",
                                            "1.1.2+meta",
                                            "1.0.0-alpha.beta.1",
                                            "1.0.0-alpha0.valid",
                                            "1.0.0-alpha.0valid",
                                            "1.0.0-0",
                                            "1.0.0-0a.00b",
                                            "1.0.0--",
                                            "1.2.3----RC-SNAPSHOT.12.9.1--.12+788",
                                            "2.0.0+build.1848.00",
                                            "1.0.0-rc.1+build.1",
                                            "1.2.3-beta-1+--",
                                            "1.0.0-0A.is.legal",
                                            "99999999999999999999999.999999999999999999.99999999999999999" };
    struct rig rig;
    struct micro micro;

    rig_open(&rig);
    micro_open(&micro, rig.server);
    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
        tern_service *service = calc_serve(rig.conn, &(tern_service_options){ .version = versions[i] });
        json_t *ping = micro_ask_one(&micro, "PING");
        check_str(micro_text(ping, "version"), versions[i]);
        json_decref(ping);
        tern_service_free(service);
        rig_flush(rig.conn);
    }
    micro_close(&micro);
    rig_close(&rig);
    test_check_leaks();
}

Test(discovery_names, metadata_without_a_name_or_value_or_twice_is_refused, .timeout = 60)
{
    static const tern_header no_name[] = { { "a", "1" }, { NULL, "2" } }, no_value[] = { { "zo\"ne", NULL } },
                             twice[] = { { "a", "1" }, { "b", "1" }, { "a", "2" } };
    struct rig rig;

    rig_open(&rig);
    check_serve_refused(&rig, &(tern_service_options){ .metadata = no_name, .metadata_count = 2 },
                        "metadata[1]: name is NULL");
    check_serve_refused(&rig, &(tern_service_options){ .metadata = no_value, .metadata_count = 1 },
                        "metadata \"zo\\x22ne\": value is NULL");
    check_serve_refused(&rig, &(tern_service_options){ .metadata = twice, .metadata_count = 3 },
                        "metadata \"a\": is there twice");
    check_serve_refused(&rig, &(tern_service_options){ .metadata_count = 3 }, "metadata is NULL, metadata_count 3");
    check_nobody(&rig);
    rig_close(&rig);
    test_check_leaks();
}

Test(discovery_names, service_that_cannot_start_is_not_told_of, .timeout = 60)
{
    struct rig rig;
    tern_service *service = NULL;

    rig_open(&rig);
    check_refused(serve(&rig, &(tern_service_options){ .queue_group = "a b" }, &service), TERN_INVALID_ARGUMENT,
                  "queue group \"a b\"");
    check_refused(serve(&rig, &(tern_service_options){ .concurrency = 1000000 }, &service), TERN_INVALID_ARGUMENT,
                  "concurrency 1000000");
    check_nobody(&rig);
    tern_conn_close(rig.conn);
    check_refused(serve(&rig, NULL, &service), TERN_CANCELLED, "closed");
    check_true(service == NULL);
    rig_close(&rig);
    test_check_leaks();
}

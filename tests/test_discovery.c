/* What discovery tells of a service: asked and checked by a bare socket (support/micro.h). */
#include "calc.h"
#include "micro.h"

#include <stdlib.h>

static tern_error err;

struct scene {
    struct rig rig;
    struct micro micro;
};

static void scene_open_with(struct scene *scene, const struct test_server_options *options)
{
    rig_open_with(&scene->rig, options, NULL);
    micro_open(&scene->micro, scene->rig.server);
}

static void scene_open(struct scene *scene)
{
    scene_open_with(scene, NULL);
}

static void scene_close(struct scene *scene)
{
    micro_close(&scene->micro);
    rig_close(&scene->rig);
}

/* "<verb>.<name>.<id>" of an instance, in storage of the callee. */
static const char *address(const char *verb, const json_t *answer)
{
    static char text[256];
    (void)snprintf(text, sizeof text, "%s.%s.%s", verb, micro_text(answer, "name"), micro_text(answer, "id"));
    return text;
}

/* ---- What is told ---- */

Test(discovery, defaults_are_told, .timeout = 60)
{
    struct scene s;

    scene_open(&s);
    tern_service *service = calc_serve(s.rig.conn, NULL);
    json_t *ping = micro_ask_one(&s.micro, "PING");
    check_str(micro_text(ping, "name"), "test-v1-Calc");
    check_str(micro_text(ping, "version"), "0.0.0");
    check_int(json_object_size(json_object_get(ping, "metadata")), 0);
    json_t *info = micro_ask_one(&s.micro, "INFO");
    check_str(micro_text(info, "id"), micro_text(ping, "id"));
    check_str(micro_text(info, "description"), "");
    check_int(json_array_size(json_object_get(info, "endpoints")), 4);
    const json_t *increment = micro_endpoint(info, "Increment");
    check_str(micro_text(increment, "subject"), "test.v1.Calc.Increment");
    check_str(micro_text(increment, "queue_group"), "q");
    const json_t *types = json_object_get(increment, "metadata");
    check_int(json_object_size(types), 2);
    check_str(micro_text(types, "request_type"), "test.v1.Number");
    check_str(micro_text(types, "reply_type"), "test.v1.Number");
    json_decref(ping);
    json_decref(info);
    tern_service_free(service);
    scene_close(&s);
    test_check_leaks();
}

Test(discovery, prefix_can_be_another, .timeout = 60)
{
    struct rig rig;
    struct micro micro;

    rig_open_with(&rig, NULL, &(tern_conn_options){ .discovery_prefix = "my.services" });
    tern_service *service = calc_serve(rig.conn, NULL);
    micro_open(&micro, rig.server);
    micro_check_nobody(&micro, "PING");
    micro.prefix = "my.services";
    json_t *ping = micro_ask_one(&micro, "PING.test-v1-Calc");
    check_str(micro_text(ping, "name"), "test-v1-Calc");
    json_decref(ping);
    micro_close(&micro);
    tern_service_free(service);
    rig_close(&rig);
    test_check_leaks();
}

Test(discovery, options_are_told, .timeout = 60)
{
    struct scene s;
    tern_header metadata[] = { { "zone", "b" }, { "", "\"quoted\"\n" }, { "a name", "" } };
    tern_service_options options = { .subject_prefix = "eu.west",
                                     .queue_group = "group",
                                     .name = "calc_1-A",
                                     .version = "1.2.3-rc.1+build.5",
                                     .description = "counts \xc3\xbc",
                                     .metadata = metadata,
                                     .metadata_count = 3 };

    scene_open(&s);
    tern_service *service = calc_serve(s.rig.conn, &options);
    json_t *info = micro_ask_one(&s.micro, "INFO.calc_1-A");
    check_str(micro_text(info, "name"), "calc_1-A");
    check_str(micro_text(info, "version"), "1.2.3-rc.1+build.5");
    check_str(micro_text(info, "description"), "counts \xc3\xbc");
    const json_t *told = json_object_get(info, "metadata");
    check_int(json_object_size(told), 3);
    check_str(micro_text(told, "zone"), "b");
    check_str(micro_text(told, ""), "\"quoted\"\n");
    check_str(micro_text(told, "a name"), "");
    check_str(micro_text(micro_endpoint(info, "Wait"), "subject"), "eu.west.test.v1.Calc.Wait");
    check_str(micro_text(micro_endpoint(info, "Wait"), "queue_group"), "group");
    json_t *ping = micro_ask_one(&s.micro, address("PING", info)), *stats = micro_ask_one(&s.micro, "STATS");
    check_true(json_equal(json_object_get(ping, "metadata"), told));
    check_true(json_equal(json_object_get(stats, "metadata"), told));
    check_str(micro_text(micro_endpoint(stats, "Fail"), "subject"), "eu.west.test.v1.Calc.Fail");
    check_str(micro_text(micro_endpoint(stats, "Fail"), "queue_group"), "group");
    json_decref(info);
    json_decref(ping);
    json_decref(stats);
    tern_service_free(service);
    scene_close(&s);
    test_check_leaks();
}

/* A lone continuation, one cut short, a surrogate, too long a form, one beyond the last, no byte of any. */
#define NOT_UTF8 "<\x80|\xe2\x82|\xed\xa0\x80|\xc0\xaf|\xf4\x90\x80\x80|\xff>"
#define ONE "\xef\xbf\xbd"
#define REPAIRED "<" ONE "|" ONE ONE "|" ONE ONE ONE "|" ONE ONE "|" ONE ONE ONE ONE "|" ONE ">"

Test(discovery, texts_that_are_not_utf8_are_repaired, .timeout = 60)
{
    struct scene s;
    tern_header metadata[] = { { NOT_UTF8, NOT_UTF8 } };
    tern_service_options options = { .description = NOT_UTF8, .metadata = metadata, .metadata_count = 1 };

    scene_open(&s);
    tern_service *service = calc_serve(s.rig.conn, &options);
    json_t *info = micro_ask_one(&s.micro, "INFO");
    check_str(micro_text(info, "description"), REPAIRED);
    check_str(micro_text(json_object_get(info, "metadata"), REPAIRED), REPAIRED);
    json_decref(info);
    tern_service_free(service);
    scene_close(&s);
    test_check_leaks();
}

/* ---- Counters ---- */

/* Asks until the method has had so many requests: a call may return before its handler is counted. */
static json_t *stats_of(struct micro *micro, const char *method, long long requests)
{
    for (long deadline_ms = test_now_ms() + RIG_WAIT_MS;;) {
        json_t *stats = micro_ask_one(micro, "STATS");
        if (micro_number(micro_endpoint(stats, method), "num_requests") >= requests) return stats;
        json_decref(stats);
        check_int_less(test_now_ms(), deadline_ms);
    }
}

static void check_counted(const json_t *stats, const char *method, int requests, int errors, const char *last_error)
{
    const json_t *endpoint = micro_endpoint(stats, method);
    check_int(micro_number(endpoint, "num_requests"), requests);
    check_int(micro_number(endpoint, "num_errors"), errors);
    check_str(micro_text(endpoint, "last_error"), last_error);
    check_int(micro_number(endpoint, "processing_time") > 0, requests > 0);
}

static void fail_with(tern_client *client, tern_status status, const char *note)
{
    Test__V1__Number number = TEST__V1__NUMBER__INIT, *reply = NULL;
    number.value = status;
    number.note = (char *)(uintptr_t)note;
    check_status(test_v1_calc_fail(client, &number, NULL, &reply, &err), status);
}

Test(discovery, calls_are_counted_for_their_method, .timeout = 60)
{
    struct scene s;

    scene_open(&s);
    tern_service *service = calc_serve(s.rig.conn, NULL);
    tern_client *client = calc_client(s.rig.conn, NULL);
    for (int i = 0; i < 5; i++) check_int(calc_increment(client, i, &err), i + 1);
    json_t *stats = stats_of(&s.micro, "Increment", 5);
    check_counted(stats, "Increment", 5, 0, "");
    check_counted(stats, "Fail", 0, 0, "");
    check_counted(stats, "Wait", 0, 0, "");
    check_counted(stats, "Unserved", 0, 0, "");
    json_decref(stats);
    tern_client_free(client);
    tern_service_free(service);
    scene_close(&s);
    test_check_leaks();
}

Test(discovery, errors_are_counted_and_the_last_is_told, .timeout = 60)
{
    struct scene s;
    Test__V1__Number number = TEST__V1__NUMBER__INIT, *reply = NULL;

    scene_open(&s);
    tern_service *service = calc_serve(s.rig.conn, NULL);
    tern_client *client = calc_client(s.rig.conn, NULL);
    fail_with(client, TERN_NOT_FOUND, "gone");
    json_decref(stats_of(&s.micro, "Fail", 1));
    fail_with(client, TERN_ABORTED, "lost\nagainst \"another\"");
    json_t *stats = stats_of(&s.micro, "Fail", 2);
    check_counted(stats, "Fail", 2, 2, "10:lost against \"another\"");
    check_counted(stats, "Increment", 0, 0, "");
    json_decref(stats);
    check_status(test_v1_calc_unserved(client, &number, NULL, &reply, &err), TERN_UNIMPLEMENTED);
    fail_with(client, TERN_NOT_FOUND, NOT_UTF8);
    stats = stats_of(&s.micro, "Fail", 3);
    check_counted(stats, "Fail", 3, 3, "5:" REPAIRED);
    json_decref(stats);
    stats = stats_of(&s.micro, "Unserved", 1);
    check_int(micro_number(micro_endpoint(stats, "Unserved"), "num_errors"), 1);
    check_str_has(micro_text(micro_endpoint(stats, "Unserved"), "last_error"), "12:");
    json_decref(stats);
    tern_client_free(client);
    tern_service_free(service);
    scene_close(&s);
    test_check_leaks();
}

Test(discovery, time_in_handlers_is_told, .timeout = 60)
{
    struct scene s;
    Test__V1__Number number = TEST__V1__NUMBER__INIT, *reply = NULL;

    scene_open(&s);
    tern_service *service = calc_serve(s.rig.conn, NULL);
    tern_client *client = calc_client(s.rig.conn, NULL);
    number.value = 20;
    for (int i = 0; i < 2; i++) {
        check_ok(test_v1_calc_wait(client, &number, NULL, &reply, &err));
        tern_message_free(&reply->base);
    }
    json_t *stats = stats_of(&s.micro, "Wait", 2);
    check_int_at_least(micro_number(micro_endpoint(stats, "Wait"), "processing_time"), 40 * 1000000);
    check_int_at_least(micro_number(micro_endpoint(stats, "Wait"), "average_processing_time"), 20 * 1000000);
    json_decref(stats);
    tern_client_free(client);
    tern_service_free(service);
    scene_close(&s);
    test_check_leaks();
}

Test(discovery, questions_are_not_counted, .timeout = 60)
{
    static const char *const verbs[] = { "PING", "INFO", "STATS" };
    struct scene s;
    tern_service_stats counted;

    scene_open(&s);
    tern_service *service = calc_serve(s.rig.conn, NULL);
    json_t *first = micro_ask_one(&s.micro, "STATS");
    for (int i = 0; i < 3; i++) json_decref(micro_ask_one(&s.micro, verbs[i]));
    json_t *second = micro_ask_one(&s.micro, "STATS");
    check_true(json_equal(first, second));
    tern_service_get_stats(service, &counted);
    check_int(counted.requests, 0);
    check_int(counted.dropped, 0);
    json_decref(first);
    json_decref(second);
    tern_service_free(service);
    scene_close(&s);
    test_check_leaks();
}

/* ---- Data ---- */

static char *give_data(const char *method, void *arg)
{
    if (strcmp(arg, "arg") != 0) return NULL;
    if (strcmp(method, "Increment") == 0) return strdup("{\"depth\": [1, null, \"\\u0000\", true], \"x\": -2.5}");
    if (strcmp(method, "Fail") == 0) return strdup(" 7 ");
    if (strcmp(method, "Wait") == 0) return strdup("{\"not\": json}");
    return NULL;
}

Test(discovery, data_of_an_endpoint_is_told_if_it_is_json, .timeout = 60)
{
    struct scene s;
    char arg[] = "arg";
    tern_service_options options = { .endpoint_data = give_data, .endpoint_data_arg = arg };

    scene_open(&s);
    tern_service *service = calc_serve(s.rig.conn, &options);
    json_t *stats = micro_ask_one(&s.micro, "STATS");
    const json_t *data = json_object_get(micro_endpoint(stats, "Increment"), "data");
    check_int(json_array_size(json_object_get(data, "depth")), 4);
    check_true(json_real_value(json_object_get(data, "x")) == -2.5);
    check_int(micro_number(micro_endpoint(stats, "Fail"), "data"), 7);
    check_true(json_object_get(micro_endpoint(stats, "Wait"), "data") == NULL);
    check_true(json_object_get(micro_endpoint(stats, "Unserved"), "data") == NULL);
    json_decref(stats);
    tern_service_free(service);
    scene_close(&s);
    test_check_leaks();
}

/* ---- Who is told of ---- */

static size_t count_named(const json_t *answers, const char *name)
{
    size_t i, count = 0;
    json_t *answer;
    json_array_foreach(answers, i, answer) if (strcmp(micro_text(answer, "name"), name) == 0) count++;
    return count;
}

Test(discovery, instances_are_asked_by_all_by_name_and_by_id, .timeout = 60)
{
    static const char *const verbs[] = { "PING", "INFO", "STATS" };
    struct scene s;
    char subject[64];

    scene_open(&s);
    tern_conn *other = rig_connect(&s.rig);
    tern_service *services[] = { calc_serve(s.rig.conn, &(tern_service_options){ .name = "a" }),
                                 calc_serve(s.rig.conn, &(tern_service_options){ .name = "b" }),
                                 calc_serve(s.rig.conn, &(tern_service_options){ .name = "a" }),
                                 calc_serve(other, &(tern_service_options){ .name = "a" }) };
    for (int i = 0; i < 3; i++) {
        json_t *all = micro_ask(&s.micro, verbs[i], 4);
        check_int(count_named(all, "a"), 3);
        check_int(count_named(all, "b"), 1);
        (void)snprintf(subject, sizeof subject, "%s.a", verbs[i]);
        json_t *named = micro_ask(&s.micro, subject, 3);
        check_int(count_named(named, "a"), 3);
        for (size_t k = 0; k < 4; k++) {
            json_t *one = micro_ask_one(&s.micro, address(verbs[i], json_array_get(all, k)));
            check_str(micro_text(one, "id"), micro_text(json_array_get(all, k), "id"));
            for (size_t j = 0; j < k; j++)
                check_true(strcmp(micro_text(one, "id"), micro_text(json_array_get(all, j), "id")) != 0);
            json_decref(one);
        }
        json_decref(all);
        json_decref(named);
        (void)snprintf(subject, sizeof subject, "%s.c", verbs[i]);
        micro_check_nobody(&s.micro, subject);
        (void)snprintf(subject, sizeof subject, "%s.a.0123456789012345678901", verbs[i]);
        micro_check_nobody(&s.micro, subject);
    }
    rig_flush(s.rig.conn);
    rig_flush(other);
    micro_check_no_more(&s.micro);
    for (size_t i = 0; i < 4; i++) tern_service_free(services[i]);
    tern_conn_free(other);
    scene_close(&s);
    test_check_leaks();
}

Test(discovery, question_without_a_reply_subject_is_passed_over, .timeout = 60)
{
    struct scene s;

    scene_open(&s);
    tern_service *service = calc_serve(s.rig.conn, NULL);
    rig_publish(s.rig.conn, "$SRV.PING", "");
    rig_publish(s.rig.conn, "$SRV.STATS.test-v1-Calc", "");
    json_decref(micro_ask_one(&s.micro, "PING"));
    micro_check_nobody(&s.micro, "NOTHING");
    micro_check_nobody(&s.micro, "ping");
    tern_service_free(service);
    scene_close(&s);
    test_check_leaks();
}

static void check_silent(struct scene *s, const char *ping)
{
    rig_flush(s->rig.conn);
    micro_check_nobody(&s->micro, "PING");
    micro_check_nobody(&s->micro, "INFO.test-v1-Calc");
    micro_check_nobody(&s->micro, ping);
}

Test(discovery, stopped_or_freed_service_is_not_told_of, .timeout = 60)
{
    struct scene s;
    char own[256];

    scene_open(&s);
    tern_service *first = calc_serve(s.rig.conn, NULL);
    json_t *ping = micro_ask_one(&s.micro, "PING");
    (void)snprintf(own, sizeof own, "%s", address("STATS", ping));
    tern_service *second = calc_serve(s.rig.conn, NULL);
    check_ok(tern_service_stop(first, 0, &err));
    rig_flush(s.rig.conn);
    micro_check_nobody(&s.micro, own);
    json_t *rest = micro_ask_one(&s.micro, "PING.test-v1-Calc");
    check_true(strcmp(micro_text(rest, "id"), micro_text(ping, "id")) != 0);
    check_ok(tern_service_stop(first, 0, &err)); /* again */
    tern_service_free(second);
    check_silent(&s, address("PING", rest));
    tern_service_free(first);
    tern_service *third = calc_serve(s.rig.conn, NULL); /* all is there again for a new one */
    json_decref(micro_ask_one(&s.micro, "PING.test-v1-Calc"));
    tern_service_free(third);
    check_silent(&s, own);
    json_decref(ping);
    json_decref(rest);
    scene_close(&s);
    test_check_leaks();
}

/* ---- The connection ---- */

Test(discovery, all_nine_subjects_are_back_after_a_reconnect, .timeout = 60)
{
    static const char *const verbs[] = { "PING", "INFO", "STATS" };
    struct scene s;
    char named[64];

    scene_open(&s);
    tern_service *service = calc_serve(s.rig.conn, NULL);
    json_t *before = micro_ask_one(&s.micro, "STATS");
    micro_close(&s.micro);
    server_kill(s.rig.server);
    check_true(events_wait(&s.rig.events, TERN_EVENT_DISCONNECTED, 1));
    tern_service *late = NULL; /* begun in the outage */
    check_ok(
        test_v1_calc_serve(s.rig.conn, &calc_handlers, NULL, &(tern_service_options){ .name = "late" }, &late, &err));
    server_restart(s.rig.server);
    check_true(events_wait(&s.rig.events, TERN_EVENT_RECONNECTED, 1));
    rig_flush(s.rig.conn);
    micro_open(&s.micro, s.rig.server);
    for (int i = 0; i < 3; i++) {
        json_decref(micro_ask(&s.micro, verbs[i], 2));
        (void)snprintf(named, sizeof named, "%s.test-v1-Calc", verbs[i]);
        json_decref(micro_ask_one(&s.micro, named));
        json_decref(micro_ask_one(&s.micro, address(verbs[i], before)));
        (void)snprintf(named, sizeof named, "%s.late", verbs[i]);
        json_decref(micro_ask_one(&s.micro, named));
    }
    json_t *after = micro_ask_one(&s.micro, address("STATS", before));
    check_true(json_equal(before, after)); /* its start and id, too */
    rig_flush(s.rig.conn);
    micro_check_no_more(&s.micro);
    json_decref(before);
    json_decref(after);
    tern_service_free(service);
    tern_service_free(late);
    scene_close(&s);
    test_check_leaks();
}

Test(discovery, answer_above_the_servers_maximum_is_an_error, .timeout = 60)
{
    struct scene s;
    char description[4000];

    memset(description, 'd', sizeof description);
    description[sizeof description - 1] = '\0';
    scene_open_with(&s, &(struct test_server_options){ .config = "max_payload: 2000\n" });
    tern_service *service = calc_serve(s.rig.conn, &(tern_service_options){ .description = description });
    micro_check_error(&s.micro, "INFO", "8:the server takes 2000");
    json_decref(micro_ask_one(&s.micro, "PING"));
    json_decref(micro_ask_one(&s.micro, "STATS"));
    tern_service_free(service);
    scene_close(&s);
    test_check_leaks();
}

Test(discovery, user_who_may_not_be_asked_serves_all_the_same, .timeout = 60)
{
    struct scene s;
    struct test_server_options options = {
        .config =
            "authorization { users: [ { user: ann, password: a, permissions: { subscribe: { deny: \"$SRV.>\" } } }, "
            "{ user: bob, password: b } ] }\nno_auth_user: bob\n"
    };

    rig_open_with(&s.rig, &options, &(tern_conn_options){ .user = "ann", .password = "a" });
    micro_open(&s.micro, s.rig.server);
    tern_service *service = calc_serve(s.rig.conn, NULL);
    check_true(events_wait(&s.rig.events, TERN_EVENT_PERMISSION_REFUSED, 9));
    check_str(events_get(&s.rig.events, TERN_EVENT_PERMISSION_REFUSED, 0)->subject, "$SRV.PING");
    tern_client *client = calc_client(s.rig.conn, NULL);
    check_int(calc_increment(client, 1, &err), 2);
    micro_check_nobody(&s.micro, "PING");
    check_int(events_count(&s.rig.events, TERN_EVENT_DISCONNECTED), 0);
    tern_client_free(client);
    tern_service_free(service);
    scene_close(&s);
    test_check_leaks();
}

/* Discovery of many instances, while they come and go, and from inside their own callbacks. */
#include "calc.h"
#include "cluster.h"
#include "member.h"
#include "micro.h"

#include <stdatomic.h>
#include <stdlib.h>

static tern_error err;

static tern_service *serve_named(tern_conn *conn, const char *name)
{
    tern_service *service = NULL;
    check_ok(test_v1_calc_serve(conn, &calc_handlers, NULL, &(tern_service_options){ .name = name }, &service, &err));
    return service;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* All answers are of different instances. */
static void check_distinct(const json_t *answers)
{
    size_t count = json_array_size(answers);
    const char **ids = calloc(count, sizeof *ids);
    for (size_t i = 0; i < count; i++) ids[i] = micro_text(json_array_get(answers, i), "id");
    qsort(ids, count, sizeof *ids, by_text);
    for (size_t i = 1; i < count; i++) cr_assert(strcmp(ids[i - 1], ids[i]) != 0, "%s has answered twice", ids[i]);
    free(ids);
}

/* ---- Many ---- */

enum { MANY = 2000 };

static void inline_echo(tern_msg *msg, void *arg)
{
    (void)arg;
    (void)tern_msg_respond(msg, "x", 1, NULL);
}

Test(discovery_scale, two_thousand_instances_on_a_connection_answer_completely, .timeout = 200)
{
    static tern_service *services[MANY];
    struct rig rig;
    struct micro micro;

    rig_open(&rig);
    micro_open(&micro, rig.server);
    for (int i = 0; i < MANY; i++) services[i] = serve_named(rig.conn, i < MANY / 2 ? "a" : "b");
    rig_flush(rig.conn);
    json_t *all = micro_ask(&micro, "PING", MANY);
    check_distinct(all);
    json_t *stats = micro_ask(&micro, "STATS", MANY), *named = micro_ask(&micro, "INFO.b", MANY / 2);
    check_distinct(stats);
    check_distinct(named);
    micro_check_no_more(&micro);
    json_decref(all);
    json_decref(stats);
    json_decref(named);
    for (int i = 0; i < MANY; i++) tern_service_free(services[i]);
    rig_flush(rig.conn);
    micro_check_nobody(&micro, "PING");
    micro_close(&micro);
    rig_close(&rig);
    test_check_leaks();
}

/* The same, over what the connection would hold for sending, and with its other traffic going on. */
Test(discovery_scale, answers_of_many_need_no_room_for_all_at_once, .timeout = 120)
{
    enum { SOME = 300 };
    static tern_service *services[SOME];
    struct rig rig;
    struct micro micro;

    rig_open_with(&rig, NULL, &(tern_conn_options){ .outbound_limit_bytes = 2048 });
    micro_open(&micro, rig.server);
    tern_conn *caller = rig_connect(&rig);
    tern_sub *echo =
        rig_subscribe(rig.conn, "echo", &(tern_sub_options){ .executor = tern_executor_inline() }, inline_echo, NULL);
    for (int i = 0; i < SOME; i++) services[i] = serve_named(rig.conn, "many");
    rig_flush(rig.conn);
    for (int i = 0; i < 3; i++) {
        json_t *stats = micro_ask(&micro, "STATS", SOME);
        check_distinct(stats);
        json_decref(stats);
        tern_msg *reply = NULL;
        check_ok(tern_conn_request(caller, &(tern_outgoing){ .subject = "echo" }, RIG_WAIT_MS, &reply, &err));
        tern_msg_free(reply);
    }
    for (int i = 0; i < SOME; i++) tern_service_free(services[i]);
    check_int(events_count(&rig.events, TERN_EVENT_MESSAGE_LOST), 0);
    tern_sub_free(echo);
    tern_conn_free(caller);
    micro_close(&micro);
    rig_close(&rig);
    test_check_leaks();
}

Test(discovery_scale, many_instances_drain_with_their_connection, .timeout = 120)
{
    enum { SOME = 500 };
    static tern_service *services[SOME];
    struct rig rig;

    rig_open(&rig);
    for (int i = 0; i < SOME; i++) services[i] = serve_named(rig.conn, i % 2 == 0 ? "a" : "b");
    rig_flush(rig.conn);
    check_ok(tern_conn_drain(rig.conn, RIG_WAIT_MS, &err));
    for (int i = 0; i < SOME; i++) tern_service_free(services[i]);
    rig_close(&rig);
    test_check_leaks();
}

/* ---- Coming and going ---- */

struct churn {
    pthread_t thread;
    tern_conn *conn;
    atomic_bool *stop;
    const char *name;
    int failed;
};

static char *some_data(const char *method, void *arg)
{
    (void)arg;
    char *text = malloc(64);
    if (text != NULL) (void)snprintf(text, 64, "\"%s\"", method);
    return text;
}

static void *churn_main(void *arg)
{
    struct churn *churn = arg;
    tern_service_options options = { .name = churn->name, .endpoint_data = some_data };
    for (int i = 0; !atomic_load(churn->stop); i++) {
        tern_service *service = NULL;
        if (test_v1_calc_serve(churn->conn, &calc_handlers, NULL, &options, &service, NULL) != TERN_OK) churn->failed++;
        if (i % 3 == 0 && service != NULL) (void)tern_service_stop(service, 0, NULL);
        tern_service_free(service);
    }
    return NULL;
}

Test(discovery_scale, services_that_come_and_go_disturb_no_answer, .timeout = 120)
{
    enum { CHURNS = 3, STEADY = 40, ROUNDS = 30 };
    static tern_service *services[STEADY];
    struct churn churns[CHURNS];
    atomic_bool stop = false;
    struct rig rig;
    struct micro micro;

    rig_open(&rig);
    micro_open(&micro, rig.server);
    for (int i = 0; i < STEADY; i++) services[i] = serve_named(rig.conn, "steady");
    rig_flush(rig.conn);
    json_t *before = micro_ask(&micro, "PING", STEADY);
    check_distinct(before);
    for (int i = 0; i < CHURNS; i++) {
        churns[i] = (struct churn){ .conn = rig.conn, .stop = &stop, .name = i == 0 ? "steady" : "fleeting" };
        pthread_create(&churns[i].thread, NULL, churn_main, &churns[i]);
    }
    for (int i = 0; i < ROUNDS; i++) {
        json_decref(micro_ask(&micro, "STATS.steady", STEADY));
        json_t *now = micro_ask(&micro, "PING", STEADY); /* those that began first answer first */
        check_true(json_equal(now, before));
        json_decref(now);
    }
    atomic_store(&stop, true);
    for (int i = 0; i < CHURNS; i++) {
        pthread_join(churns[i].thread, NULL);
        check_int(churns[i].failed, 0);
    }
    rig_flush(rig.conn);
    json_t *after = micro_ask(&micro, "PING", STEADY);
    check_true(json_equal(after, before));
    micro_check_no_more(&micro);
    json_decref(before);
    json_decref(after);
    for (int i = 0; i < STEADY; i++) tern_service_free(services[i]);
    micro_close(&micro);
    rig_close(&rig);
    test_check_leaks();
}

Test(discovery_scale, connection_that_closes_while_asked_ends_in_order, .timeout = 120)
{
    enum { SOME = 50, ROUNDS = 20 };
    tern_service *services[SOME];
    struct rig rig;

    rig_open(&rig);
    for (int round = 0; round < ROUNDS; round++) {
        tern_conn *conn = rig_connect(&rig);
        for (int i = 0; i < SOME; i++) services[i] = serve_named(conn, "closing");
        rig_flush(conn);
        for (int i = 0; i < 10; i++)
            check_ok(tern_conn_publish_outgoing(rig.conn,
                                                &(tern_outgoing){ .subject = "$SRV.STATS", .reply = "nobody" }, &err));
        rig_flush(rig.conn);
        if (round % 3 == 0) tern_conn_close(conn);
        if (round % 3 == 1) check_ok(tern_conn_drain(conn, RIG_WAIT_MS, &err));
        if (round % 2 == 0) tern_conn_free(conn);
        for (int i = 0; i < SOME; i++) tern_service_free(services[i]);
        if (round % 2 == 1) tern_conn_free(conn);
    }
    rig_close(&rig);
    test_check_leaks();
}

/* ---- endpoint_data ---- */

struct data_calls {
    struct test_gate entered;
    atomic_bool ended; /* the service is gone: no call may come */
    atomic_int running, late;
    tern_service *service;
    tern_conn *conn;
};

static char *slow_data(const char *method, void *arg)
{
    struct data_calls *calls = arg;
    (void)method;
    if (atomic_load(&calls->ended)) atomic_fetch_add(&calls->late, 1);
    atomic_store(&calls->running, 1);
    gate_open(&calls->entered);
    test_sleep_ms(20);
    atomic_store(&calls->running, 0);
    return NULL;
}

Test(discovery_scale, free_waits_for_endpoint_data, .timeout = 60)
{
    struct rig rig;
    struct data_calls calls = { .ended = false };
    tern_service_options options = { .endpoint_data = slow_data, .endpoint_data_arg = &calls };

    rig_open(&rig);
    gate_init(&calls.entered);
    tern_conn *asker = rig_connect(&rig);
    tern_service *service = calc_serve(rig.conn, &options);
    check_ok(tern_conn_publish_outgoing(asker, &(tern_outgoing){ .subject = "$SRV.STATS", .reply = "nobody" }, &err));
    check_true(gate_wait(&calls.entered, 1, RIG_WAIT_MS));
    tern_service_free(service);
    check_int(atomic_load(&calls.running), 0);
    atomic_store(&calls.ended, true);
    rig_flush(rig.conn);
    check_int(atomic_load(&calls.late), 0);
    tern_conn_free(asker);
    gate_destroy(&calls.entered);
    rig_close(&rig);
    test_check_leaks();
}

static char *free_own_service(const char *method, void *arg)
{
    struct data_calls *calls = arg;
    (void)method;
    tern_service_free(calls->service);
    calls->service = NULL;
    gate_open(&calls->entered);
    return NULL;
}

Test(discovery_scale, service_is_freed_in_its_own_endpoint_data, .timeout = 60)
{
    struct rig rig;
    struct micro micro;
    struct data_calls calls = { .ended = false };
    tern_service_options options = { .endpoint_data = free_own_service, .endpoint_data_arg = &calls };

    rig_open(&rig);
    gate_init(&calls.entered);
    micro_open(&micro, rig.server);
    calls.service = calc_serve(rig.conn, &options);
    tern_service *other = serve_named(rig.conn, "other");
    rig_flush(rig.conn);
    json_decref(micro_ask(&micro, "STATS", 2)); /* the freed one's answer was on its way */
    check_true(gate_wait(&calls.entered, 1, RIG_WAIT_MS));
    rig_flush(rig.conn);
    json_decref(micro_ask_one(&micro, "STATS"));
    tern_service_free(other);
    micro_close(&micro);
    gate_destroy(&calls.entered);
    rig_close(&rig);
    test_check_leaks();
}

static char *close_own_connection(const char *method, void *arg)
{
    struct data_calls *calls = arg;
    (void)method;
    tern_conn_close(calls->conn);
    gate_open(&calls->entered);
    return NULL;
}

Test(discovery_scale, connection_is_closed_in_endpoint_data, .timeout = 60)
{
    struct rig rig;
    struct data_calls calls = { .ended = false };
    tern_service_options options = { .endpoint_data = close_own_connection, .endpoint_data_arg = &calls };

    rig_open(&rig);
    gate_init(&calls.entered);
    tern_conn *asker = rig_connect(&rig);
    calls.conn = rig.conn;
    tern_service *service = calc_serve(rig.conn, &options);
    check_ok(tern_conn_publish_outgoing(asker, &(tern_outgoing){ .subject = "$SRV.STATS", .reply = "nobody" }, &err));
    check_true(gate_wait(&calls.entered, 1, RIG_WAIT_MS));
    check_true(events_wait(&rig.events, TERN_EVENT_CLOSED, 1));
    tern_service_free(service);
    tern_conn_free(asker);
    rig_close(&rig);
    gate_destroy(&calls.entered);
    test_check_leaks();
}

/* ---- A lame duck ---- */

Test(discovery_scale, discovery_moves_with_its_connection, .timeout = 90)
{
    static struct test_cluster cluster;
    struct member member;
    struct micro micro;

    cluster_start(&cluster, &(struct test_server_options){ .config = SERVER_QUICK_LAME_DUCK });
    member_open(&member, cluster.urls);
    tern_service *services[] = { serve_named(member.conn, "a"), serve_named(member.conn, "b") };
    rig_flush(member.conn);
    server_lame_duck(cluster.nodes[0]);
    check_true(trail_wait(&member.events, TERN_EVENT_RECONNECTED, 1, RIG_WAIT_MS));
    rig_flush(member.conn);
    char url[128];
    tern_conn_server(member.conn, url, sizeof url);
    int at = strcmp(url, server_url(cluster.nodes[1])) == 0 ? 1 : 2;
    micro_open(&micro, cluster.nodes[at]);
    json_t *answers = micro_ask(&micro, "PING", 2);
    check_distinct(answers);
    rig_flush(member.conn);
    micro_check_no_more(&micro);
    json_decref(answers);
    check_true(server_wait_end(cluster.nodes[0], RIG_WAIT_MS));
    json_decref(micro_ask(&micro, "STATS", 2));
    micro_close(&micro);
    for (int i = 0; i < 2; i++) tern_service_free(services[i]);
    member_close(&member);
    cluster_stop(&cluster);
    test_check_leaks();
}

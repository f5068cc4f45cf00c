/* Out of memory: each single allocation of Tern's own fails once, and nothing crashes, hangs or leaks. */
#include "failing.h"

#include <stdio.h>
#include <stdlib.h>

enum { N_MAX = 400 };
enum { LOST_MS = 4000 }; /* how long is waited for what was lost: longer than a busy machine takes for what was not */

Test(memory, connect_survives_each_failed_allocation, .timeout = 120)
{
    struct test_server *server = server_start(NULL);
    tern_conn_options options = { .url = server_url(server),
                                  .name = "name",
                                  .user = "u",
                                  .password = "p",
                                  .inbox_prefix = "my.box",
                                  .connect_timeout_ms = 20000 };
    int n = 1;

    for (bool more = true; more && n < N_MAX; n++) {
        tern_error err = { .status = TERN_OK };
        tern_conn *conn = NULL;
        fail_nth(n);
        tern_status st = tern_connect(&options, &conn, &err);
        more = stop_failing();
        check_survived(st, &err, "tern_connect", n);
        check_int(st == TERN_OK, conn != NULL);
        tern_conn_free(conn);
    }
    check_int_at_least(n, 10);
    check_int_less(n, N_MAX);
    server_stop(server);
    test_check_leaks();
}

Test(memory, first_connection_with_events_survives_each_failed_allocation, .timeout = 120)
{
    struct test_server *server = server_start(NULL);
    int n = 1;

    for (bool more = true; more && n < N_MAX; n++) {
        tern_error err = { .status = TERN_OK };
        struct events events;
        tern_conn *conn = NULL;
        events_init(&events);
        tern_conn_options options = { .url = server_url(server), .on_event = events_take, .event_arg = &events };
        fail_nth(n);
        tern_status st = tern_connect(&options, &conn, &err);
        more = stop_failing();
        check_survived(st, &err, "tern_connect", n);
        tern_conn_free(conn);
        events_destroy(&events);
    }
    check_int_less(n, N_MAX);
    server_stop(server);
    test_check_leaks();
}

/* One step with a connection of its own, each allocation of which fails once. */
static void each_failing(const char *what, tern_status (*step)(struct rig *rig, tern_error *err), int at_least)
{
    int n = 1;
    struct rig rig;

    rig_open(&rig);
    for (bool more = true; more && n < N_MAX; n++) {
        tern_error err = { .status = TERN_OK };
        fail_nth(n);
        tern_status st = step(&rig, &err);
        more = stop_failing();
        check_survived(st, &err, what, n);
        rig_flush(rig.conn); /* the connection goes on */
    }
    check_int_at_least(n, at_least);
    check_int_less(n, N_MAX);
    rig_close(&rig);
}

static void ignore(tern_msg *msg, void *arg)
{
    (void)msg;
    (void)arg;
}

static tern_status do_subscribe(struct rig *rig, tern_error *err)
{
    tern_sub *sub = NULL;
    tern_sub_options options = { .queue_group = "q" };
    tern_status st = tern_conn_subscribe(rig->conn, "a", &options, ignore, NULL, &sub, err);
    tern_sub_free(sub);
    return st;
}

Test(memory, subscribe_survives_each_failed_allocation, .timeout = 120)
{
    each_failing("tern_conn_subscribe", do_subscribe, 3);
    test_check_leaks();
}

static tern_status do_pool(struct rig *rig, tern_error *err)
{
    tern_executor *pool = NULL;
    tern_sub *sub = NULL;
    tern_status st = tern_pool_new(3, &pool, err);
    if (st != TERN_OK) return st;
    tern_sub_options options = { .executor = pool };
    st = tern_conn_subscribe(rig->conn, "a", &options, ignore, NULL, &sub, err);
    tern_sub_free(sub);
    tern_executor_free(pool);
    return st;
}

Test(memory, pool_survives_each_failed_allocation, .timeout = 120)
{
    each_failing("tern_pool_new", do_pool, 4);
    test_check_leaks();
}

static tern_status do_queue(struct rig *rig, tern_error *err)
{
    tern_executor *queue = NULL;
    tern_sub *sub = NULL;
    tern_status st = tern_queue_new(&queue, err);
    if (st != TERN_OK) return st;
    tern_sub_options options = { .executor = queue };
    st = tern_conn_subscribe(rig->conn, "a", &options, ignore, NULL, &sub, err);
    if (st == TERN_OK) st = tern_conn_publish(rig->conn, "a", "x", 1, err);
    (void)tern_queue_dispatch(queue);
    if (st == TERN_OK) st = tern_sub_drain(sub, 20000, err);
    tern_sub_free(sub);
    tern_executor_free(queue);
    return st;
}

Test(memory, queue_survives_each_failed_allocation, .timeout = 120)
{
    each_failing("tern_queue_new", do_queue, 4);
    test_check_leaks();
}

static tern_status do_publish(struct rig *rig, tern_error *err)
{
    static const char big[100000];
    tern_header header = { "A", "1" };
    tern_status st = tern_conn_publish(rig->conn, "a", "x", 1, err);
    if (st == TERN_OK) st = tern_conn_publish(rig->conn, "a", big, sizeof big, err);
    if (st == TERN_OK)
        st = tern_conn_publish_outgoing(rig->conn,
                                        &(tern_outgoing){ .subject = "a", .headers = &header, .header_count = 1 }, err);
    return st;
}

Test(memory, publish_survives_each_failed_allocation, .timeout = 120)
{
    each_failing("tern_conn_publish", do_publish, 2);
    test_check_leaks();
}

static tern_status do_flush(struct rig *rig, tern_error *err)
{
    return tern_conn_flush(rig->conn, 0, err);
}

Test(memory, flush_survives_each_failed_allocation, .timeout = 120)
{
    each_failing("tern_conn_flush", do_flush, 2);
    test_check_leaks();
}

static tern_status do_client(struct rig *rig, tern_error *err)
{
    tern_client *client = NULL;
    tern_status st = tern_client_new(rig->conn, &(tern_client_options){ .subject_prefix = "a.b" }, &client, err);
    tern_client_free(client);
    return st;
}

Test(memory, client_survives_each_failed_allocation, .timeout = 120)
{
    each_failing("tern_client_new", do_client, 3);
    test_check_leaks();
}

static tern_status do_serve(struct rig *rig, tern_error *err)
{
    static const tern_header metadata[] = { { "zone", "\xff" } };
    tern_service *service = NULL;
    tern_service_interceptor interceptor = { .arg = NULL };
    tern_service_options options = { .subject_prefix = "a.b",
                                     .interceptors = &interceptor,
                                     .interceptor_count = 1,
                                     .metadata = metadata,
                                     .metadata_count = 1 };
    tern_status st = test_v1_calc_serve(rig->conn, &calc_handlers, NULL, &options, &service, err);
    if (st == TERN_OK) st = tern_service_stop(service, 0, err);
    tern_service_free(service);
    return st;
}

Test(memory, service_survives_each_failed_allocation, .timeout = 120)
{
    each_failing("tern_service_start", do_serve, 6);
    test_check_leaks();
}

static tern_status ask_stats(struct rig *rig, uint32_t timeout_ms, bool *out_error)
{
    tern_msg *reply = NULL;
    tern_status st =
        tern_conn_request(rig->conn, &(tern_outgoing){ .subject = "$SRV.STATS" }, timeout_ms, &reply, NULL);
    if (st != TERN_OK) return st;
    *out_error = tern_msg_header(reply, "Nats-Service-Error-Code") != NULL;
    check_int(*out_error, tern_msg_size(reply) == 0);
    tern_msg_free(reply);
    return st;
}

Test(memory, discovery_survives_each_failed_allocation, .timeout = 240)
{
    int n = 1, errors = 0, unanswered = 0;
    struct rig rig;

    for (bool more = true; more && n < N_MAX; n++) {
        bool error = false;
        rig_open(&rig); /* afresh, so that nothing is there to be used again */
        tern_service *service = calc_serve(rig.conn, NULL);
        fail_nth(n);
        tern_status st = ask_stats(&rig, LOST_MS, &error);
        more = stop_failing();
        errors += error;
        unanswered += st == TERN_DEADLINE_EXCEEDED;
        check_int(ask_stats(&rig, RIG_WAIT_MS, &error), TERN_OK); /* and all goes on */
        check_false(error);
        tern_service_free(service);
        rig_close(&rig);
    }
    check_int_less(n, N_MAX);
    check_int_at_least(errors, 1);
    check_int_at_most(unanswered, 2); /* the question, and the answer */
    test_check_leaks();
}

static tern_status do_drain(struct rig *rig, tern_error *err)
{
    tern_sub *sub = NULL;
    tern_conn *conn = NULL;
    tern_conn_options options = { .url = server_url(rig->server) };
    int n = failing_pause(); /* only the drain itself */
    tern_status st = tern_connect(&options, &conn, err);
    if (st == TERN_OK) st = tern_conn_subscribe(conn, "a", NULL, ignore, NULL, &sub, err);
    if (st == TERN_OK) st = tern_conn_flush(conn, 0, err);
    failing_resume(n);
    if (st == TERN_OK) st = tern_conn_drain(conn, 20000, err);
    tern_conn_free(conn);
    tern_sub_free(sub);
    return st;
}

Test(memory, drain_survives_each_failed_allocation, .timeout = 120)
{
    each_failing("tern_conn_drain", do_drain, 3);
    test_check_leaks();
}

/* ---- Calls: the service may fail, too; then the caller hears of it, or its deadline passes ---- */

static void calls_survive(bool large)
{
    int n = 1, unanswered = 0;
    struct rig rig;
    char note[20001];

    memset(note, 'n', 20000);
    note[large ? 20000 : 10] = '\0';
    for (bool more = true; more && n < N_MAX; n++) {
        tern_error err = { .status = TERN_OK };
        Test__V1__Number number = TEST__V1__NUMBER__INIT, *reply = NULL;
        number.note = note;
        rig_open(&rig); /* afresh, so that nothing is there to be used again */
        tern_service *service = calc_serve(rig.conn, NULL);
        tern_client *client = calc_client(rig.conn, &(tern_client_options){ .timeout_ms = LOST_MS });
        fail_nth(n);
        tern_status st = test_v1_calc_increment(client, &number, NULL, &reply, &err);
        more = stop_failing();
        if (st == TERN_DEADLINE_EXCEEDED) unanswered++; /* the one message was lost for want of memory */
        else check_survived(st, &err, "test_v1_calc_increment", n);
        check_int(st == TERN_OK, reply != NULL);
        if (st == TERN_OK) tern_message_free(&reply->base);
        check_int(calc_increment(client, 1, &err), 2); /* and all goes on */
        tern_client_free(client);
        tern_service_free(service);
        rig_close(&rig);
    }
    check_int_less(n, N_MAX);
    check_int_at_most(unanswered, 2); /* the received request, and the reply */
}

Test(memory, call_survives_each_failed_allocation, .timeout = 240)
{
    calls_survive(false);
    test_check_leaks();
}

Test(memory, large_call_survives_each_failed_allocation, .timeout = 240)
{
    calls_survive(true);
    test_check_leaks();
}

Test(memory, unpack_survives_each_failed_allocation, .timeout = 120)
{
    uint8_t bytes[9000];
    int n = 1;

    for (size_t i = 0; i < sizeof bytes; i += 2) memcpy(bytes + i, "\x18\x01", 2);
    for (bool more = true; more && n < N_MAX; n++) {
        tern_error err = { .status = TERN_OK };
        ProtobufCMessage *message = NULL;
        fail_nth(n);
        tern_status st = tern_message_unpack(&test__v1__number__descriptor, bytes, sizeof bytes, &message, &err);
        more = stop_failing();
        check_survived(st, &err, "tern_message_unpack", n);
        check_int(st == TERN_OK, message != NULL);
        tern_message_free(message);
    }
    check_int_at_least(n, 2);
    check_int_less(n, N_MAX);
    test_check_leaks();
}

/* ---- A whole life ---- */

static void whole_life(struct test_server *server, struct inbox *inbox)
{
    tern_conn_options options = { .url = server_url(server), .connect_timeout_ms = 20000 };
    Test__V1__Number number = TEST__V1__NUMBER__INIT, *reply = NULL;
    tern_conn *conn = NULL;
    tern_sub *sub = NULL;
    tern_service *service = NULL;
    tern_client *client = NULL;
    tern_msg *raw = NULL;
    tern_call_options timeout = { .timeout_ms = 500 };

    if (tern_connect(&options, &conn, NULL) != TERN_OK) return;
    (void)tern_conn_subscribe(conn, "a", NULL, inbox == NULL ? ignore : inbox_take, inbox, &sub, NULL);
    (void)test_v1_calc_serve(conn, &calc_handlers, NULL, NULL, &service, NULL);
    (void)tern_client_new(conn, NULL, &client, NULL);
    (void)tern_conn_publish(conn, "a", "x", 1, NULL);
    (void)tern_conn_flush(conn, 5000, NULL);
    if (client != NULL && test_v1_calc_increment(client, &number, &timeout, &reply, NULL) == TERN_OK)
        tern_message_free(&reply->base);
    if (tern_conn_request(conn, &(tern_outgoing){ .subject = "nobody" }, 500, &raw, NULL) == TERN_OK)
        tern_msg_free(raw);
    if (sub != NULL) (void)tern_sub_drain(sub, 5000, NULL);
    (void)tern_conn_drain(conn, 5000, NULL);
    tern_client_free(client);
    tern_service_free(service);
    tern_sub_free(sub);
    tern_conn_free(conn);
}

Test(memory, a_connections_whole_life_survives_each_failed_allocation, .timeout = 240)
{
    struct test_server *server = server_start(NULL);
    int n = 1;

    whole_life(server, NULL);
    int threads = test_count_threads(), fds = test_count_fds();
    for (bool more = true; more && n < N_MAX; n++) {
        fail_nth(n);
        whole_life(server, NULL);
        more = stop_failing();
    }
    check_int_at_least(n, 30);
    check_int_less(n, N_MAX);
    check_true(test_wait_threads(threads, RIG_WAIT_MS));
    check_int_at_most(test_count_fds(), fds);
    server_stop(server);
    test_check_leaks();
}

/* ---- Requests with all that may come with them and go back ---- */

static tern_status let_through(tern_request *rq, void *arg)
{
    (void)arg;
    return tern_request_set_header(rq, "Seen", "yes", NULL);
}

static tern_status defer_with_all(tern_request *rq, const Test__V1__Number *in, Test__V1__Number *out)
{
    tern_request **deferred = tern_request_arg(rq);
    tern_header headers[4];
    (void)out;
    (void)tern_request_headers(rq, headers, 4);
    tern_request_defer(rq);
    for (int i = 0; i < 200; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "%03d-Name", i);
        (void)tern_request_set_header(rq, name, "some value, and not too short a one", NULL);
    }
    *deferred = rq;
    tern_request_complete(rq, tern_request_fail_with(rq, TERN_NOT_FOUND, &in->base, "%s", in->note));
    return TERN_OK;
}

static tern_status do_request_with_all(tern_conn *conn, tern_error *err)
{
    tern_header headers[] = { { "One", "1" }, { "Tern-Timeout-Ms", "4000" }, { "Tern-Attempt", "2" } };
    tern_outgoing request = { .subject = "test.v1.Calc.Increment",
                              .data = "\x08\x04\x12\x03nnn",
                              .size = 7,
                              .headers = headers,
                              .header_count = 3 };
    tern_msg *reply = NULL;
    tern_status st = tern_conn_request(conn, &request, LOST_MS, &reply, err);
    if (st == TERN_OK) tern_msg_free(reply);
    return st;
}

Test(memory, deferred_request_with_headers_and_detail_survives_each_failed_allocation, .timeout = 240)
{
    int n = 1, unanswered = 0;
    struct rig rig;

    for (bool more = true; more && n < N_MAX; n++) {
        tern_error err = { .status = TERN_OK };
        tern_request *deferred = NULL;
        tern_service *service = NULL;
        test_v1_calc_handlers handlers = { .increment = defer_with_all };
        tern_service_interceptor interceptor = { .before = let_through };
        tern_service_options options = { .interceptors = &interceptor, .interceptor_count = 1 };
        rig_open(&rig); /* afresh, so that nothing is there to be used again */
        check_ok(test_v1_calc_serve(rig.conn, &handlers, &deferred, &options, &service, &err));
        rig_flush(rig.conn);
        fail_nth(n);
        tern_status st = do_request_with_all(rig.conn, &err);
        more = stop_failing();
        if (st == TERN_DEADLINE_EXCEEDED) unanswered++; /* a message was lost for want of memory */
        else check_survived(st, &err, "tern_conn_request", n);
        check_ok(do_request_with_all(rig.conn, &err)); /* and all goes on */
        check_ok(tern_service_stop(service, 0, &err));
        tern_service_free(service);
        rig_close(&rig);
    }
    check_int_at_least(n, 6);
    check_int_less(n, N_MAX);
    check_int_at_most(unanswered, 2); /* the received request, and the reply */
    test_check_leaks();
}

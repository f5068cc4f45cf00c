/* Typed calls, the caller's side: replies, deadlines, errors. */
#include "calc.h"

#include <stdlib.h>

Test(call, reply_is_the_callers_own, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    Test__V1__Number number = TEST__V1__NUMBER__INIT, *reply = NULL;
    struct rig rig;

    rig_open(&rig);
    tern_service *service = calc_serve(rig.conn, NULL);
    tern_client *client = calc_client(rig.conn, NULL);
    number.value = 41;
    number.note = (char[]){ "note" };
    number.many = (int64_t[]){ 7, 8, 9 };
    number.n_many = 3;
    check_ok(test_v1_calc_increment(client, &number, NULL, &reply, &err));
    tern_client_free(client);
    tern_service_free(service);
    rig_close(&rig);
    check_int(reply->value, 42); /* whole, after all else is gone */
    check_str(reply->note, "note");
    check_int(reply->n_many, 3);
    check_int(reply->many[2], 9);
    tern_message_free(&reply->base);
    test_check_leaks();
}

Test(call, reply_goes_with_protobuf_cs_own_free_function, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    Test__V1__Number number = TEST__V1__NUMBER__INIT, *reply = NULL;
    struct rig rig;

    rig_open(&rig);
    tern_service *service = calc_serve(rig.conn, NULL);
    tern_client *client = calc_client(rig.conn, NULL);
    check_ok(test_v1_calc_increment(client, &number, NULL, &reply, &err));
    test__v1__number__free_unpacked(reply, tern_message_allocator());
    tern_client_free(client);
    tern_service_free(service);
    rig_close(&rig);
    test_check_leaks();
}

Test(call, needs_no_error_struct, .timeout = 60)
{
    Test__V1__Number number = TEST__V1__NUMBER__INIT, *reply = NULL;
    struct rig rig;

    rig_open(&rig);
    tern_service *service = calc_serve(rig.conn, NULL);
    tern_client *client = calc_client(rig.conn, NULL);
    number.value = TERN_NOT_FOUND;
    number.note = (char[]){ "none" };
    check_int(test_v1_calc_fail(client, &number, NULL, &reply, NULL), TERN_NOT_FOUND);
    check_int(test_v1_calc_unserved(client, &number, NULL, &reply, NULL), TERN_UNIMPLEMENTED);
    check_int(test_v1_calc_fail(client, NULL, NULL, &reply, NULL), TERN_INVALID_ARGUMENT);
    check_true(reply == NULL);
    tern_client_free(client);
    tern_service_free(service);
    rig_close(&rig);
    test_check_leaks();
}

/* ---- Sizes ---- */

/* A Number of exactly so many bytes on the wire: field 2, of three or four bytes of size. */
static char *note_of(size_t bytes, size_t head)
{
    char *note = malloc(bytes - head + 1);
    for (size_t i = 0; i < bytes - head; i++) note[i] = (char)('a' + (i * 7 + i / 100) % 26);
    note[bytes - head] = '\0';
    return note;
}

Test(call, request_and_reply_of_the_servers_maximum_pass, .timeout = 60)
{
    const size_t max = 1024 * 1024;
    tern_error err = { .status = TERN_OK };
    Test__V1__Number number = TEST__V1__NUMBER__INIT, *reply = NULL;
    struct rig rig;

    rig_open(&rig);
    tern_service *service = calc_serve(rig.conn, NULL);
    tern_client *client = calc_client(rig.conn, NULL);
    number.value = 1; /* 2 bytes, and 2 again in the reply */
    number.note = note_of(max, 2 + 4);
    check_int(test__v1__number__get_packed_size(&number), max);
    check_ok(test_v1_calc_increment(client, &number, NULL, &reply, &err));
    check_int(reply->value, 2);
    check_str(reply->note, number.note);
    tern_message_free(&reply->base);
    free(number.note);
    tern_client_free(client);
    tern_service_free(service);
    rig_close(&rig);
    test_check_leaks();
}

Test(call, request_above_the_servers_maximum_is_refused_with_both_sizes, .timeout = 60)
{
    const size_t max = 1024 * 1024;
    tern_error err = { .status = TERN_OK };
    Test__V1__Number number = TEST__V1__NUMBER__INIT, *reply = NULL;
    struct rig rig;

    rig_open(&rig);
    tern_service *service = calc_serve(rig.conn, NULL);
    tern_client *client = calc_client(rig.conn, NULL);
    number.value = 1;
    number.note = note_of(max + 1, 2 + 4);
    check_refused(test_v1_calc_increment(client, &number, NULL, &reply, &err), TERN_INVALID_ARGUMENT, "1048577");
    check_str_has(err.text, "1048576");
    check_true(reply == NULL);
    free(number.note);
    check_int(calc_increment(client, 1, &err), 2); /* the connection is unharmed */
    tern_client_free(client);
    tern_service_free(service);
    rig_close(&rig);
    test_check_leaks();
}

/* ---- No answer ---- */

Test(call, fails_at_once_when_nobody_serves, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    Test__V1__Number number = TEST__V1__NUMBER__INIT, *reply = NULL;
    tern_call_options options = { .timeout_ms = 30000 };
    struct rig rig;

    rig_open(&rig);
    tern_client *client = calc_client(rig.conn, NULL);
    for (int i = 0; i < 100; i++) {
        check_refused(test_v1_calc_increment(client, &number, &options, &reply, &err), TERN_UNAVAILABLE,
                      "test.v1.Calc.Increment");
        check_str_has(err.text, "nobody serves");
    }
    tern_client_free(client);
    rig_close(&rig);
    test_check_leaks();
}

static void hear(tern_msg *msg, void *arg)
{
    (void)msg;
    gate_open(arg);
}

Test(call, without_a_reply_it_ends_at_its_deadline, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    Test__V1__Number number = TEST__V1__NUMBER__INIT, *reply = NULL;
    tern_call_options options = { .timeout_ms = 150 };
    struct test_gate gate;
    struct rig rig;

    rig_open(&rig);
    gate_init(&gate);
    tern_sub *silent = rig_subscribe(rig.conn, "test.v1.Calc.*", NULL, hear, &gate);
    tern_client *client = calc_client(rig.conn, NULL);
    long start = test_now_ms();
    check_refused(test_v1_calc_increment(client, &number, &options, &reply, &err), TERN_DEADLINE_EXCEEDED,
                  "test.v1.Calc.Increment");
    check_int_at_least(test_now_ms() - start, 149);
    check_int_less(test_now_ms() - start, 4000);
    check_int(gate_count(&gate), 1);
    check_true(reply == NULL);
    tern_client_free(client);
    tern_sub_free(silent);
    gate_destroy(&gate);
    rig_close(&rig);
    test_check_leaks();
}

Test(call, clients_timeout_holds_where_the_call_names_none, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    tern_client_options options = { .timeout_ms = 100 };
    struct test_gate gate;
    struct rig rig;

    rig_open(&rig);
    gate_init(&gate);
    tern_sub *silent = rig_subscribe(rig.conn, "test.v1.Calc.*", NULL, hear, &gate);
    tern_client *client = calc_client(rig.conn, &options);
    long start = test_now_ms();
    check_int(calc_increment(client, 1, &err), -1);
    check_int(err.status, TERN_DEADLINE_EXCEEDED);
    check_int_less(test_now_ms() - start, 4000);
    tern_client_free(client);
    tern_sub_free(silent);
    gate_destroy(&gate);
    rig_close(&rig);
    test_check_leaks();
}

struct latecomer {
    struct test_gate heard, answer, answered;
};

static void answer_late(tern_msg *msg, void *arg)
{
    struct latecomer *latecomer = arg;
    gate_open(&latecomer->heard);
    (void)gate_wait(&latecomer->answer, 1, RIG_WAIT_MS);
    (void)tern_msg_respond(msg, "\x08\x63", 2, NULL); /* value 99 */
    gate_open(&latecomer->answered);
}

static bool counts_late_replies(void *arg)
{
    tern_conn_stats stats;
    tern_conn_get_stats(arg, &stats);
    return stats.late_replies >= 1;
}

Test(call, late_reply_is_dropped_and_counted, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    Test__V1__Number number = TEST__V1__NUMBER__INIT, *reply = NULL;
    tern_call_options options = { .timeout_ms = 100 };
    struct latecomer latecomer;
    tern_conn_stats stats;
    struct rig rig;

    rig_open(&rig);
    gate_init(&latecomer.heard);
    gate_init(&latecomer.answer);
    gate_init(&latecomer.answered);
    tern_conn *other = rig_connect(&rig);
    tern_sub *late = rig_subscribe(other, "test.v1.Calc.Wait", NULL, answer_late, &latecomer);
    tern_service *service = calc_serve(other, &(tern_service_options){ .subject_prefix = "good" });
    tern_client *client = calc_client(rig.conn, NULL);
    tern_client *good = calc_client(rig.conn, &(tern_client_options){ .subject_prefix = "good" });
    check_status(test_v1_calc_wait(client, &number, &options, &reply, &err), TERN_DEADLINE_EXCEEDED);
    gate_open(&latecomer.answer);
    check_true(gate_wait(&latecomer.answered, 1, RIG_WAIT_MS));
    for (int i = 0; i < 100; i++) check_int(calc_increment(good, i, &err), i + 1);
    check_true(wait_until(counts_late_replies, rig.conn, 5000));
    tern_conn_get_stats(rig.conn, &stats);
    check_int(stats.late_replies, 1);
    tern_client_free(client);
    tern_client_free(good);
    tern_service_free(service);
    tern_sub_free(late);
    tern_conn_free(other);
    gate_destroy(&latecomer.heard);
    gate_destroy(&latecomer.answer);
    gate_destroy(&latecomer.answered);
    rig_close(&rig);
    test_check_leaks();
}

/* Two calls: the first one's callback holds up the I/O thread, with the second one's reply already read, until the
 * second one's caller has left at its deadline. */
struct held_up {
    tern_msg *first;
    struct test_gate asked, left;
};

static void answer_both(tern_msg *msg, void *arg)
{
    struct held_up *held_up = arg;
    if (held_up->first == NULL) {
        tern_msg_keep(msg);
        held_up->first = msg;
        gate_open(&held_up->asked);
        return;
    }
    (void)tern_msg_respond(held_up->first, "\x08\x01", 2, NULL);
    (void)tern_msg_respond(msg, "\x08\x02", 2, NULL);
    tern_msg_free(held_up->first);
}

static void hold_up(tern_call *call, Test__V1__Number *reply, const tern_error *err, void *arg)
{
    struct held_up *held_up = arg;
    (void)call;
    check_int(err->status, TERN_OK);
    tern_message_free(&reply->base);
    (void)gate_wait(&held_up->left, 1, RIG_WAIT_MS);
}

Test(call, reply_that_is_read_after_the_caller_left_is_late, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    Test__V1__Number number = TEST__V1__NUMBER__INIT, *reply = NULL;
    tern_call_options options = { .timeout_ms = 1000 };
    struct held_up held_up = { .first = NULL };
    struct rig rig;

    rig_open(&rig);
    gate_init(&held_up.asked);
    gate_init(&held_up.left);
    tern_conn *other = rig_connect(&rig);
    tern_sub_options on_io = { .executor = tern_executor_inline() };
    tern_sub *sub = rig_subscribe(other, "test.v1.Calc.Wait", &on_io, answer_both, &held_up);
    tern_client *client = calc_client(rig.conn, &(tern_client_options){ .executor = tern_executor_inline() });
    check_ok(test_v1_calc_wait_async(client, &number, NULL, hold_up, &held_up, NULL, &err));
    check_true(gate_wait(&held_up.asked, 1, RIG_WAIT_MS));
    check_status(test_v1_calc_wait(client, &number, &options, &reply, &err), TERN_DEADLINE_EXCEEDED);
    check_str_has(err.text, "no reply within 1000 ms");
    gate_open(&held_up.left);
    check_true(wait_until(counts_late_replies, rig.conn, 5000));
    tern_client_free(client);
    tern_sub_free(sub);
    tern_conn_free(other);
    gate_destroy(&held_up.asked);
    gate_destroy(&held_up.left);
    rig_close(&rig);
    test_check_leaks();
}

static void answer_twice(tern_msg *msg, void *arg)
{
    (void)arg;
    (void)tern_msg_respond(msg, "\x08\x01", 2, NULL);
    (void)tern_msg_respond(msg, "\x08\x02", 2, NULL);
}

Test(call, second_reply_is_dropped_and_counted, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    tern_conn_stats stats;
    struct rig rig;

    rig_open(&rig);
    tern_sub *twice = rig_subscribe(rig.conn, "test.v1.Calc.*", NULL, answer_twice, NULL);
    tern_client *client = calc_client(rig.conn, NULL);
    for (int i = 0; i < 500; i++) check_int(calc_increment(client, 0, &err), 1);
    tern_sub_free(twice);
    rig_flush(rig.conn);
    rig_flush(rig.conn);
    tern_conn_get_stats(rig.conn, &stats);
    check_int(stats.late_replies, 500);
    tern_client_free(client);
    rig_close(&rig);
    test_check_leaks();
}

/* ---- Prefix ---- */

Test(call, prefix_of_client_and_service_must_agree, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    struct rig rig;

    rig_open(&rig);
    tern_service *service = calc_serve(rig.conn, &(tern_service_options){ .subject_prefix = "eu.west" });
    tern_client *same = calc_client(rig.conn, &(tern_client_options){ .subject_prefix = "eu.west" });
    tern_client *other = calc_client(rig.conn, &(tern_client_options){ .subject_prefix = "eu" });
    tern_client *none = calc_client(rig.conn, NULL);
    check_int(calc_increment(same, 1, &err), 2);
    check_int(calc_increment(other, 1, &err), -1);
    check_int(err.status, TERN_UNAVAILABLE);
    check_str_has(err.text, "eu.test.v1.Calc.Increment");
    check_int(calc_increment(none, 1, &err), -1);
    check_int(err.status, TERN_UNAVAILABLE);
    tern_client_free(same);
    tern_client_free(other);
    tern_client_free(none);
    tern_service_free(service);
    rig_close(&rig);
    test_check_leaks();
}

/* ---- Ends ---- */

struct caller {
    tern_client *client;
    tern_status status;
    tern_error err;
    pthread_t thread;
};

static void *call_wait(void *arg)
{
    struct caller *caller = arg;
    Test__V1__Number number = TEST__V1__NUMBER__INIT, *reply = NULL;
    tern_call_options options = { .timeout_ms = 60000 };
    caller->status = test_v1_calc_wait(caller->client, &number, &options, &reply, &caller->err);
    if (caller->status == TERN_OK) tern_message_free(&reply->base);
    return NULL;
}

Test(call, close_cancels_every_pending_call, .timeout = 60)
{
    enum { CALLERS = 16 };
    struct caller callers[CALLERS];
    struct test_gate gate;
    struct rig rig;
    tern_error err = { .status = TERN_OK };

    rig_open(&rig);
    gate_init(&gate);
    tern_conn *other = rig_connect(&rig);
    tern_sub *silent = rig_subscribe(other, "test.v1.Calc.*", NULL, hear, &gate);
    tern_client *client = calc_client(rig.conn, NULL);
    for (int i = 0; i < CALLERS; i++) {
        callers[i] = (struct caller){ .client = client };
        pthread_create(&callers[i].thread, NULL, call_wait, &callers[i]);
    }
    check_true(gate_wait(&gate, CALLERS, RIG_WAIT_MS));
    tern_conn_close(rig.conn);
    for (int i = 0; i < CALLERS; i++) {
        pthread_join(callers[i].thread, NULL);
        check_int(callers[i].status, TERN_CANCELLED);
        check_str_has(callers[i].err.text, "closed");
    }
    check_int(calc_increment(client, 1, &err), -1); /* and every later one */
    check_int(err.status, TERN_CANCELLED);
    tern_conn_free(rig.conn);
    rig.conn = NULL;
    check_int(calc_increment(client, 1, &err), -1); /* also after the connection's free */
    check_int(err.status, TERN_CANCELLED);
    tern_client_free(client);
    tern_sub_free(silent);
    tern_conn_free(other);
    gate_destroy(&gate);
    rig_close(&rig);
    test_check_leaks();
}

Test(call, without_a_session_it_ends_at_its_deadline_and_is_never_sent, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    tern_conn_options options = { .url = rig_dead_url(), .connect_in_background = true };
    tern_conn *conn = NULL;
    tern_conn_stats stats;

    check_ok(tern_connect(&options, &conn, &err));
    tern_client *client = calc_client(conn, &(tern_client_options){ .timeout_ms = 100 });
    check_int(calc_increment(client, 1, &err), -1);
    check_int(err.status, TERN_DEADLINE_EXCEEDED);
    check_str_has(err.text, "not sent");
    tern_conn_get_stats(conn, &stats);
    check_int(stats.msgs_out, 0);
    tern_client_free(client);
    tern_conn_free(conn);
    test_check_leaks();
}

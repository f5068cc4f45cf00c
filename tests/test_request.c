/* Raw requests: one reply, or the reason why there is none. */
#include "rig.h"

static void echo(tern_msg *msg, void *arg)
{
    (void)arg;
    (void)tern_msg_respond(msg, tern_msg_data(msg), tern_msg_size(msg), NULL);
}

static void ignore(tern_msg *msg, void *arg)
{
    (void)msg;
    if (arg != NULL) gate_open(arg);
}

Test(request, gets_its_reply, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    tern_msg *reply = NULL;
    struct rig rig;

    rig_open(&rig);
    tern_sub *sub = rig_subscribe(rig.conn, "echo", NULL, echo, NULL);
    check_ok(
        tern_conn_request(rig.conn, &(tern_outgoing){ .subject = "echo", .data = "a\0b", .size = 3 }, 0, &reply, &err));
    check_bytes(tern_msg_data(reply), tern_msg_size(reply), "a\0b", 3);
    tern_msg_free(reply);
    tern_sub_free(sub);
    rig_close(&rig);
    test_check_leaks();
}

Test(request, reply_outlives_the_connection, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    tern_msg *reply = NULL;
    struct rig rig;

    rig_open(&rig);
    tern_sub *sub = rig_subscribe(rig.conn, "echo", NULL, echo, NULL);
    check_ok(
        tern_conn_request(rig.conn, &(tern_outgoing){ .subject = "echo", .data = "abc", .size = 3 }, 0, &reply, &err));
    tern_sub_free(sub);
    tern_conn_free(rig.conn);
    rig.conn = NULL;
    check_str(tern_msg_data(reply), "abc");
    tern_msg_free(reply);
    rig_close(&rig);
    test_check_leaks();
}

static void echo_header(tern_msg *msg, void *arg)
{
    const char *value = tern_msg_header(msg, "Ask");
    tern_header header = { "Answer", value == NULL ? "none" : value };
    (void)tern_conn_publish_outgoing(
        arg, &(tern_outgoing){ .subject = tern_msg_reply(msg), .headers = &header, .header_count = 1 }, NULL);
}

Test(request, headers_go_both_ways, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    tern_header header = { "Ask", "why" };
    tern_msg *reply = NULL;
    struct rig rig;

    rig_open(&rig);
    tern_sub *sub = rig_subscribe(rig.conn, "echo", NULL, echo_header, rig.conn);
    check_ok(tern_conn_request(rig.conn, &(tern_outgoing){ .subject = "echo", .headers = &header, .header_count = 1 },
                               0, &reply, &err));
    check_str(tern_msg_header(reply, "Answer"), "why");
    check_int(tern_msg_size(reply), 0);
    tern_msg_free(reply);
    tern_sub_free(sub);
    rig_close(&rig);
    test_check_leaks();
}

Test(request, fails_at_once_when_nobody_serves_the_subject, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    tern_msg *reply = NULL;
    struct rig rig;

    rig_open(&rig);
    for (int i = 0; i < 100; i++) {
        check_refused(tern_conn_request(rig.conn, &(tern_outgoing){ .subject = "no.one" }, 30000, &reply, &err),
                      TERN_UNAVAILABLE, "no.one");
        check_true(reply == NULL);
    }
    rig_close(&rig);
    test_check_leaks();
}

Test(request, without_a_reply_it_ends_at_its_deadline, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    tern_msg *reply = NULL;
    struct test_gate gate;
    struct rig rig;

    rig_open(&rig);
    gate_init(&gate);
    tern_sub *sub = rig_subscribe(rig.conn, "ask", NULL, ignore, &gate);
    long start = test_now_ms();
    check_refused(tern_conn_request(rig.conn, &(tern_outgoing){ .subject = "ask" }, 100, &reply, &err),
                  TERN_DEADLINE_EXCEEDED, "ask");
    check_int_at_least(test_now_ms() - start, 99);
    check_int(gate_count(&gate), 1);
    tern_sub_free(sub);
    gate_destroy(&gate);
    rig_close(&rig);
    test_check_leaks();
}

static void answer_with_error(tern_msg *msg, void *arg)
{
    tern_header headers[] = { { "Nats-Service-Error", "broken" }, { "Nats-Service-Error-Code", "500" } };
    (void)tern_conn_publish_outgoing(
        arg, &(tern_outgoing){ .subject = tern_msg_reply(msg), .headers = headers, .header_count = 2 }, NULL);
}

Test(request, reply_that_carries_an_error_is_a_reply, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    tern_msg *reply = NULL;
    struct rig rig;

    rig_open(&rig);
    tern_sub *sub = rig_subscribe(rig.conn, "ask", NULL, answer_with_error, rig.conn);
    check_ok(tern_conn_request(rig.conn, &(tern_outgoing){ .subject = "ask" }, 0, &reply, &err));
    check_str(tern_msg_header(reply, "Nats-Service-Error"), "broken");
    check_str(tern_msg_header(reply, "Nats-Service-Error-Code"), "500");
    tern_msg_free(reply);
    tern_sub_free(sub);
    rig_close(&rig);
    test_check_leaks();
}

Test(request, own_reply_subject_is_refused, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    tern_msg *reply = NULL;
    struct rig rig;

    rig_open(&rig);
    check_refused(tern_conn_request(rig.conn, &(tern_outgoing){ .subject = "a", .reply = "my.inbox" }, 0, &reply, &err),
                  TERN_INVALID_ARGUMENT, "reply");
    rig_close(&rig);
    test_check_leaks();
}

Test(request, on_a_closed_connection_is_cancelled, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    tern_msg *reply = NULL;
    struct rig rig;

    rig_open(&rig);
    tern_conn_close(rig.conn);
    check_refused(tern_conn_request(rig.conn, &(tern_outgoing){ .subject = "a" }, 0, &reply, &err), TERN_CANCELLED,
                  "closed");
    rig_close(&rig);
    test_check_leaks();
}

Test(request, every_reply_subject_is_different, .timeout = 60)
{
    enum { COUNT = 200 };
    tern_error err = { .status = TERN_OK };
    struct rig rig;
    struct inbox inbox;

    rig_open(&rig);
    inbox_init(&inbox);
    tern_conn *other = rig_connect(&rig);
    tern_sub *see = rig_subscribe(other, "echo", NULL, inbox_take, &inbox);
    tern_sub *sub = rig_subscribe(rig.conn, "echo", NULL, echo, NULL);
    for (int i = 0; i < COUNT; i++) {
        tern_msg *reply = NULL;
        check_ok(tern_conn_request(rig.conn, &(tern_outgoing){ .subject = "echo" }, 0, &reply, &err));
        tern_msg_free(reply);
    }
    check_true(inbox_wait(&inbox, COUNT));
    for (int i = 0; i < COUNT; i++) {
        check_int(strncmp(inbox_get(&inbox, i)->reply, "_INBOX.", 7), 0);
        for (int j = 0; j < i; j++) check_int_not(strcmp(inbox_get(&inbox, i)->reply, inbox_get(&inbox, j)->reply), 0);
    }
    tern_sub_free(see);
    tern_sub_free(sub);
    tern_conn_free(other);
    inbox_destroy(&inbox);
    rig_close(&rig);
    test_check_leaks();
}

static void respond_without_reply_subject(tern_msg *msg, void *arg)
{
    tern_error *err = arg;
    if (tern_msg_respond(msg, "x", 1, err) == TERN_OK) err->status = TERN_OK;
}

Test(request, responding_needs_a_reply_subject, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    struct rig rig;

    rig_open(&rig);
    tern_sub *sub = rig_subscribe(rig.conn, "no.reply", NULL, respond_without_reply_subject, &err);
    rig_publish(rig.conn, "no.reply", "x");
    check_true(rig_wait_handled(sub, 1));
    tern_sub_free(sub);
    check_int(err.status, TERN_FAILED_PRECONDITION);
    check_str_has(err.text, "no.reply");
    rig_close(&rig);
    test_check_leaks();
}

struct kept {
    struct test_gate gate;
    tern_msg *msg;
};

static void keep(tern_msg *msg, void *arg)
{
    struct kept *kept = arg;
    tern_msg_keep(msg);
    kept->msg = msg;
    gate_open(&kept->gate);
}

static void *respond_from_afar(void *arg)
{
    struct kept *kept = arg;
    tern_status st = TERN_INTERNAL;
    if (gate_wait(&kept->gate, 1, RIG_WAIT_MS)) st = tern_msg_respond(kept->msg, "later", 5, NULL);
    tern_msg_free(kept->msg);
    return st == TERN_OK ? kept : NULL;
}

Test(request, kept_message_is_answered_from_another_thread, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    struct kept kept;
    struct rig rig;
    tern_msg *reply = NULL;
    pthread_t thread;
    void *answered = NULL;

    rig_open(&rig);
    gate_init(&kept.gate);
    tern_sub *sub = rig_subscribe(rig.conn, "ask", NULL, keep, &kept);
    pthread_create(&thread, NULL, respond_from_afar, &kept);
    check_ok(tern_conn_request(rig.conn, &(tern_outgoing){ .subject = "ask" }, RIG_WAIT_MS, &reply, &err));
    pthread_join(thread, &answered);
    check_true(answered != NULL);
    check_str(tern_msg_data(reply), "later");
    tern_msg_free(reply);
    tern_sub_free(sub);
    gate_destroy(&kept.gate);
    rig_close(&rig);
    test_check_leaks();
}

static void ask_inside(tern_msg *msg, void *arg)
{
    tern_msg *reply = NULL;
    tern_status st =
        tern_conn_request(arg, &(tern_outgoing){ .subject = "echo", .data = "in", .size = 2 }, 5000, &reply, NULL);
    (void)tern_msg_respond(msg, st == TERN_OK ? tern_msg_data(reply) : tern_status_name(st), 2, NULL);
    tern_msg_free(reply);
}

Test(request, handler_on_the_pool_may_ask_itself, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    struct rig rig;
    tern_msg *reply = NULL;

    rig_open(&rig);
    tern_sub *echoes = rig_subscribe(rig.conn, "echo", NULL, echo, NULL);
    tern_sub *asks = rig_subscribe(rig.conn, "ask", NULL, ask_inside, rig.conn);
    check_ok(tern_conn_request(rig.conn, &(tern_outgoing){ .subject = "ask" }, 0, &reply, &err));
    check_str(tern_msg_data(reply), "in");
    tern_msg_free(reply);
    tern_sub_free(asks);
    tern_sub_free(echoes);
    rig_close(&rig);
    test_check_leaks();
}

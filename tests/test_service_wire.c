/* What a service and a caller say on the network, as WIRE.md has it; seen and answered by raw messages. */
#include "calc.h"
#include "wire.h"

#include <stdlib.h>

/* Sends raw bytes to a method of Calc, and gives the raw reply. */
static tern_msg *ask(tern_conn *conn, const char *subject, const void *data, size_t size)
{
    tern_error err = { .status = TERN_OK };
    tern_msg *reply = NULL;
    check_ok(tern_conn_request(conn, &(tern_outgoing){ .subject = subject, .data = data, .size = size }, RIG_WAIT_MS,
                               &reply, &err));
    return reply;
}

static void check_error_reply(tern_msg *reply, const char *code, const char *text_part)
{
    tern_header headers[8];
    check_int(tern_msg_headers(reply, headers, 8), 2);
    check_str(tern_msg_header(reply, "Nats-Service-Error-Code"), code);
    check_str_has(tern_msg_header(reply, "Nats-Service-Error"), text_part);
    check_int(tern_msg_size(reply), 0);
    tern_msg_free(reply);
}

Test(service_wire, reply_is_the_bare_protobuf_message, .timeout = 60)
{
    struct rig rig;

    rig_open(&rig);
    tern_service *service = calc_serve(rig.conn, NULL);
    tern_msg *reply = ask(rig.conn, "test.v1.Calc.Increment", "\x08\x04", 2);
    check_bytes(tern_msg_data(reply), tern_msg_size(reply), "\x08\x05", 2);
    check_int(tern_msg_headers(reply, NULL, 0), 0);
    tern_msg_free(reply);
    tern_service_free(service);
    rig_close(&rig);
    test_check_leaks();
}

Test(service_wire, error_reply_has_code_and_text_in_headers_and_no_body, .timeout = 60)
{
    struct rig rig;

    rig_open(&rig);
    tern_service *service = calc_serve(rig.conn, NULL);
    check_error_reply(ask(rig.conn, "test.v1.Calc.Fail", "\x08\x05\x12\x04gone", 8), "5", "gone");
    tern_service_free(service);
    rig_close(&rig);
    test_check_leaks();
}

Test(service_wire, error_text_is_never_empty, .timeout = 60)
{
    struct rig rig;

    rig_open(&rig);
    tern_service *service = calc_serve(rig.conn, NULL);
    check_error_reply(ask(rig.conn, "test.v1.Calc.Fail", "\x08\x05", 2), "5", tern_status_meaning(TERN_NOT_FOUND));
    tern_service_free(service);
    rig_close(&rig);
    test_check_leaks();
}

/* All that nats.c skips before a value. */
Test(service_wire, error_text_of_white_space_alone_is_replaced, .timeout = 60)
{
    struct rig rig;

    rig_open(&rig);
    tern_service *service = calc_serve(rig.conn, NULL);
    for (const char *space = " \t\v\f\r\n"; *space != '\0'; space++) {
        const char request[] = { 0x08, 5, 0x12, 1, *space };
        tern_msg *reply = ask(rig.conn, "test.v1.Calc.Fail", request, sizeof request);
        check_error_reply(reply, "5", tern_status_meaning(TERN_NOT_FOUND));
    }
    tern_service_free(service);
    rig_close(&rig);
    test_check_leaks();
}

Test(service_wire, undecodable_request_is_answered_and_the_service_goes_on, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    struct rig rig;

    rig_open(&rig);
    tern_service *service = calc_serve(rig.conn, NULL);
    tern_client *client = calc_client(rig.conn, NULL);
    for (int i = 0; i < 100; i++) {
        check_error_reply(ask(rig.conn, "test.v1.Calc.Increment", "\xff\xff\xff", 3), "3", "test.v1.Number");
        check_int(calc_increment(client, i, &err), i + 1);
    }
    tern_client_free(client);
    tern_service_free(service);
    rig_close(&rig);
    test_check_leaks();
}

Test(service_wire, undecodable_request_of_many_fields_is_answered, .timeout = 60)
{
    char bytes[4002];
    struct rig rig;

    for (size_t i = 0; i < 4000; i += 2) memcpy(bytes + i, "\x18\x01", 2);
    memcpy(bytes + 4000, "\x18\x80", 2);
    rig_open(&rig);
    tern_service *service = calc_serve(rig.conn, NULL);
    for (int i = 0; i < 20; i++)
        check_error_reply(ask(rig.conn, "test.v1.Calc.Increment", bytes, sizeof bytes), "3", "4002 bytes");
    tern_service_free(service);
    rig_close(&rig);
    test_check_leaks();
}

Test(service_wire, deeply_nested_request_is_refused, .timeout = 60)
{
    enum { DEPTH = 5000 };
    char *bytes = malloc(DEPTH * 5), *end = bytes + DEPTH * 5, *at = end;
    size_t size = 0;
    struct rig rig;

    for (int i = 0; i < DEPTH; i++) {
        if (size >= 16384)
            *--at = (char)(size >> 14), *--at = (char)(0x80 | (size >> 7 & 0x7f)), *--at = (char)(0x80 | (size & 0x7f));
        else if (size >= 128) *--at = (char)(size >> 7), *--at = (char)(0x80 | (size & 0x7f));
        else *--at = (char)size;
        *--at = 0x22;
        size = (size_t)(end - at);
    }
    rig_open(&rig);
    tern_service *service = calc_serve(rig.conn, NULL);
    check_error_reply(ask(rig.conn, "test.v1.Calc.Increment", at, size), "3", "100");
    free(bytes);
    tern_service_free(service);
    rig_close(&rig);
    test_check_leaks();
}

Test(service_wire, method_without_a_handler_is_unimplemented, .timeout = 60)
{
    struct rig rig;

    rig_open(&rig);
    tern_service *service = calc_serve(rig.conn, NULL);
    check_error_reply(ask(rig.conn, "test.v1.Calc.Unserved", "", 0), "12", "test.v1.Calc.Unserved");
    tern_service_free(service);
    rig_close(&rig);
    test_check_leaks();
}

Test(service_wire, method_the_service_does_not_know_is_unimplemented, .timeout = 60)
{
    struct rig rig;

    rig_open(&rig);
    tern_service *service = calc_serve(rig.conn, NULL);
    check_error_reply(ask(rig.conn, "test.v1.Calc.Divide", "", 0), "12", "Divide");
    check_error_reply(ask(rig.conn, "test.v1.Calc.increment", "", 0), "12", "increment");
    tern_service_free(service);
    rig_close(&rig);
    test_check_leaks();
}

Test(service_wire, request_without_reply_subject_is_dropped_and_counted, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    tern_service_stats stats;
    struct rig rig;

    rig_open(&rig);
    tern_service *service = calc_serve(rig.conn, NULL);
    tern_client *client = calc_client(rig.conn, NULL);
    rig_publish(rig.conn, "test.v1.Calc.Increment", "\x08\x04");
    rig_publish(rig.conn, "test.v1.Calc.Increment", "\xff");
    rig_publish(rig.conn, "test.v1.Calc.Divide", "");
    for (int i = 0; i < 10; i++) check_int(calc_increment(client, 1, &err), 2);
    check_ok(tern_service_stop(service, 0, &err));
    tern_service_get_stats(service, &stats);
    check_int(stats.dropped, 3);
    check_int(stats.requests, 10);
    check_int(stats.errors, 0);
    tern_client_free(client);
    tern_service_free(service);
    rig_close(&rig);
    test_check_leaks();
}

Test(service_wire, prefix_goes_before_the_subject, .timeout = 60)
{
    struct rig rig;

    rig_open(&rig);
    tern_service *service = calc_serve(rig.conn, &(tern_service_options){ .subject_prefix = "eu.west" });
    tern_msg *reply = ask(rig.conn, "eu.west.test.v1.Calc.Increment", "\x08\x04", 2);
    check_bytes(tern_msg_data(reply), tern_msg_size(reply), "\x08\x05", 2);
    tern_msg_free(reply);
    tern_service_free(service);
    rig_close(&rig);
    test_check_leaks();
}

/* ---- The caller's side: raw answers to typed calls ---- */

struct answer {
    tern_conn *conn;
    tern_header headers[2];
    size_t header_count;
    const char *body;
    size_t body_size;
};

static void give_answer(tern_msg *msg, void *arg)
{
    const struct answer *answer = arg;
    (void)tern_conn_publish_outgoing(answer->conn,
                                     &(tern_outgoing){ .subject = tern_msg_reply(msg),
                                                       .data = answer->body,
                                                       .size = answer->body_size,
                                                       .headers = answer->headers,
                                                       .header_count = answer->header_count },
                                     NULL);
}

/* What a typed call makes of the answer. */
static tern_status call_answered_by(struct rig *rig, struct answer *answer, tern_error *err)
{
    Test__V1__Number number = TEST__V1__NUMBER__INIT, *reply = NULL;
    answer->conn = rig->conn;
    tern_sub *sub = rig_subscribe(rig->conn, "test.v1.Calc.Increment", NULL, give_answer, answer);
    tern_client *client = calc_client(rig->conn, NULL);
    memset(err, 0x55, sizeof *err);
    tern_status st = test_v1_calc_increment(client, &number, NULL, &reply, err);
    if (st == TERN_OK) tern_message_free(&reply->base);
    else check_true(reply == NULL);
    tern_client_free(client);
    tern_sub_free(sub);
    return st;
}

Test(service_wire, foreign_codes_map_as_http_does, .timeout = 60)
{
    static const struct {
        const char *code;
        tern_status status;
    } codes[] = {
        { "400", TERN_INVALID_ARGUMENT },
        { "401", TERN_UNAUTHENTICATED },
        { "403", TERN_PERMISSION_DENIED },
        { "404", TERN_NOT_FOUND },
        { "408", TERN_DEADLINE_EXCEEDED },
        { "409", TERN_ABORTED },
        { "412", TERN_FAILED_PRECONDITION },
        { "418", TERN_INVALID_ARGUMENT },
        { "429", TERN_RESOURCE_EXHAUSTED },
        { "499", TERN_CANCELLED },
        { "500", TERN_INTERNAL },
        { "501", TERN_UNIMPLEMENTED },
        { "503", TERN_UNAVAILABLE },
        { "504", TERN_DEADLINE_EXCEEDED },
        { "599", TERN_INTERNAL },
        { "1", TERN_CANCELLED },
        { "16", TERN_UNAUTHENTICATED },
        { "17", TERN_UNKNOWN },
    };
    tern_error err;
    struct rig rig;

    rig_open(&rig);
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        struct answer answer = {
            .headers = { { "Nats-Service-Error", "no such thing" }, { "Nats-Service-Error-Code", codes[i].code } },
            .header_count = 2,
        };
        check_status(call_answered_by(&rig, &answer, &err), codes[i].status);
        check_int(err.status, codes[i].status);
        check_true(err.remote);
        check_int(err.remote_code, atoi(codes[i].code));
        check_str(err.text, "no such thing");
    }
    rig_close(&rig);
    test_check_leaks();
}

Test(service_wire, error_code_that_is_no_number_is_unknown, .timeout = 60)
{
    static const char *const codes[] = { "abc", "-5", "99999999999999999999", "0", "2000" };
    tern_error err;
    struct rig rig;

    rig_open(&rig);
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        struct answer answer = {
            .headers = { { "Nats-Service-Error", "odd" }, { "Nats-Service-Error-Code", codes[i] } },
            .header_count = 2,
        };
        check_status(call_answered_by(&rig, &answer, &err), TERN_UNKNOWN);
        check_true(err.remote);
        check_str(err.text, "odd");
    }
    rig_close(&rig);
    test_check_leaks();
}

Test(service_wire, error_code_alone_is_an_error, .timeout = 60)
{
    tern_error err;
    struct rig rig;
    struct answer answer = { .headers = { { "Nats-Service-Error-Code", "404" } }, .header_count = 1 };

    rig_open(&rig);
    check_status(call_answered_by(&rig, &answer, &err), TERN_NOT_FOUND);
    check_int_not(err.text[0], '\0');
    rig_close(&rig);
    test_check_leaks();
}

Test(service_wire, error_text_alone_is_an_error, .timeout = 60)
{
    tern_error err;
    struct rig rig;
    struct answer answer = { .headers = { { "Nats-Service-Error", "alone" } }, .header_count = 1 };

    rig_open(&rig);
    check_status(call_answered_by(&rig, &answer, &err), TERN_UNKNOWN);
    check_str(err.text, "alone");
    check_true(err.remote);
    rig_close(&rig);
    test_check_leaks();
}

Test(service_wire, error_reply_with_a_body_is_still_an_error, .timeout = 60)
{
    tern_error err;
    struct rig rig;
    struct answer answer = { .headers = { { "Nats-Service-Error", "x" }, { "Nats-Service-Error-Code", "6" } },
                             .header_count = 2,
                             .body = "\x08\x01",
                             .body_size = 2 };

    rig_open(&rig);
    check_status(call_answered_by(&rig, &answer, &err), TERN_ALREADY_EXISTS);
    rig_close(&rig);
    test_check_leaks();
}

Test(service_wire, reply_that_is_not_the_message_is_internal, .timeout = 60)
{
    tern_error err;
    struct rig rig;
    struct answer answer = { .body = "garbage!", .body_size = 8 };

    rig_open(&rig);
    check_status(call_answered_by(&rig, &answer, &err), TERN_INTERNAL);
    check_false(err.remote);
    check_str_has(err.text, "test.v1.Number");
    check_str_has(err.text, "test.v1.Calc.Increment");
    rig_close(&rig);
    test_check_leaks();
}

Test(service_wire, other_headers_on_a_reply_do_no_harm, .timeout = 60)
{
    tern_error err;
    struct rig rig;
    struct answer answer = {
        .headers = { { "traceparent", "00-0-0-00" } }, .header_count = 1, .body = "\x08\x01", .body_size = 2
    };

    rig_open(&rig);
    check_status(call_answered_by(&rig, &answer, &err), TERN_OK);
    rig_close(&rig);
    test_check_leaks();
}

/* ---- Replies that only a bare socket sends ---- */

struct raw_call {
    struct rig *rig;
    tern_status status;
    tern_error err;
};

static void *raw_call_main(void *arg)
{
    struct raw_call *call = arg;
    tern_client *client = calc_client(call->rig->conn, NULL);
    Test__V1__Number number = TEST__V1__NUMBER__INIT, *reply = NULL;
    call->status = test_v1_calc_increment(client, &number, NULL, &reply, &call->err);
    if (call->status == TERN_OK) tern_message_free(&reply->base);
    tern_client_free(client);
    return NULL;
}

/* Calls, with a bare socket that answers with this header block and an empty payload. */
static void call_answered_raw(struct raw_call *call, const char *block)
{
    static struct wire wire;
    char line[512], reply[256] = "";
    pthread_t thread;

    check_true(wire_connect(&wire, server_port(call->rig->server), RIG_WAIT_MS));
    check_true(wire_print(&wire, "SUB test.v1.Calc.Increment 1\r\n"));
    check_true(wire_flush(&wire, RIG_WAIT_MS));
    pthread_create(&thread, NULL, raw_call_main, call);
    check_true(wire_line(&wire, line, sizeof line, RIG_WAIT_MS));
    check_int(sscanf(line, "MSG %*s 1 %255s", reply), 1);
    size_t size = strlen(block);
    check_true(wire_print(&wire, "HPUB %s %zu %zu\r\n%s\r\n", reply, size, size, block));
    pthread_join(thread, NULL);
    wire_close(&wire);
}

Test(service_wire, nats_status_is_no_reply, .timeout = 60)
{
    struct rig rig;
    struct raw_call call = { .rig = &rig };

    rig_open(&rig);
    call_answered_raw(&call, "NATS/1.0 404 Not Found\r\n\r\n");
    check_int(call.status, TERN_NOT_FOUND);
    check_true(call.err.remote);
    check_int(call.err.remote_code, 404);
    check_str_has(call.err.text, "NATS status");
    rig_close(&rig);
    test_check_leaks();
}

Test(service_wire, code_behind_an_empty_error_text_is_read, .timeout = 60)
{
    struct rig rig;
    struct raw_call call = { .rig = &rig };

    rig_open(&rig);
    call_answered_raw(&call, "NATS/1.0\r\nNats-Service-Error: \r\nNats-Service-Error-Code: 5\r\n\r\n");
    check_int(call.status, TERN_NOT_FOUND);
    check_int(call.err.remote_code, 5);
    rig_close(&rig);
    test_check_leaks();
}

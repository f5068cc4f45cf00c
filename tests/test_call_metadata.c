/* What goes with a call besides its message: headers both ways, details of errors, the deadline, and what it inherits
 * from the request it is made for. */
#include "asking.h"
#include "outcomes.h"
#include "player.h"

#include <stdio.h>
#include <stdlib.h>

#define CALC "test.v1.Calc.*"

static tern_status call_with(tern_client *client, const tern_call_options *options, tern_error *err)
{
    Test__V1__Number number = TEST__V1__NUMBER__INIT, *reply = NULL;
    tern_status st = test_v1_calc_increment(client, &number, options, &reply, err);
    if (st == TERN_OK) tern_message_free(&reply->base);
    return st;
}

/* ---- Headers ---- */

/* Answers with what it was asked with, and fails where arg says so. */
static tern_status give_back(tern_request *rq, const Test__V1__Number *in, Test__V1__Number *out)
{
    tern_status *answer = tern_request_arg(rq);
    tern_header headers[8];
    size_t count = tern_request_headers(rq, headers, 8);
    for (size_t i = 0; i < count && i < 8; i++)
        if (strncmp(headers[i].name, "Tern-", 5) != 0)
            (void)tern_request_set_header(rq, headers[i].name, headers[i].value, NULL);
    out->value = in->value + 1;
    return *answer == TERN_OK ? TERN_OK : tern_request_fail(rq, *answer, "on purpose");
}

static void read_callback(tern_call *call, Test__V1__Number *reply, const tern_error *err, void *arg)
{
    const char *one = tern_call_header(call, "One");
    (void)err;
    (void)snprintf(arg, 32, "%s", one == NULL ? "none" : one);
    if (reply != NULL) tern_message_free(&reply->base);
}

Test(call_metadata, goes_out_and_comes_in_with_replies_and_errors, .timeout = 60)
{
    static const tern_header metadata[] = { { "One", "1" }, { "Two", "two words" }, { "One", "uno" } };
    struct pair pair;
    tern_status answer = TERN_OK;
    tern_error err = { .status = TERN_OK };
    tern_call *call = NULL;
    tern_call_options options = { .metadata = metadata, .metadata_count = 3, .out_call = &call };
    tern_header seen[4];

    pair_open(&pair, NULL);
    tern_service *service = asking_serve(pair.other, give_back, &answer, NULL);
    for (int i = 0; i < 2; i++) {
        check_status(call_with(pair.client, &options, &err), answer);
        check_str(tern_call_header(call, "One"), "uno");
        check_str(tern_call_header(call, "Two"), "two words");
        check_str(tern_call_header(call, "one"), NULL);
        check_str(tern_call_header(call, ""), NULL);
        check_str(tern_call_header(call, NULL), NULL);
        size_t count = tern_call_headers(call, seen, 1); /* no more than there is room for */
        check_int(count, 2);                             /* the error's own are no metadata */
        check_int(tern_call_headers(call, NULL, 0), count);
        tern_call_free(call);

        char one[32] = "";
        Test__V1__Number number = TEST__V1__NUMBER__INIT;
        options.out_call = NULL;
        check_ok(test_v1_calc_increment_async(pair.client, &number, &options, read_callback, one, &call, &err));
        check_ok(tern_call_wait(call, RIG_WAIT_MS, &err));
        check_str(one, "uno");
        check_str(tern_call_header(call, "One"), "uno"); /* the handle can be read on */
        tern_call_free(call);
        options.out_call = &call;
        answer = TERN_NOT_FOUND;
    }
    tern_service_free(service);
    pair_close(&pair);
    test_check_leaks();
}

Test(call_metadata, headers_of_64_KiB_go_both_ways, .timeout = 60)
{
    static char big[65537], many[800][12];
    static tern_header metadata[801], seen[900];
    struct pair pair;
    tern_status answer = TERN_OK;
    tern_error err = { .status = TERN_OK };
    tern_call *call = NULL;
    tern_call_options options = { .metadata = metadata, .metadata_count = 1, .out_call = &call };

    memset(big, 'v', 65536);
    metadata[0] = (tern_header){ "Big", big };
    pair_open(&pair, NULL);
    tern_service *service = asking_serve(pair.other, give_back, &answer, NULL);
    for (int i = 0; i < 2; i++) {
        check_status(call_with(pair.client, &options, &err), answer);
        check_true(strcmp(tern_call_header(call, "Big"), big) == 0);
        tern_call_free(call);
        answer = TERN_ABORTED;
    }
    tern_service_free(service);
    rig_flush(pair.other); /* the server knows */
    /* 64 KiB in 800 headers; nobody serves it, and the call is as good as any. */
    for (int i = 0; i < 800; i++) {
        (void)snprintf(many[i], sizeof many[i], "Name-%03d", i);
        metadata[i] =
            (tern_header){ many[i], i % 2 == 0 ? "some seventy bytes of a value that is as good as any other" : "x" };
    }
    options.metadata_count = 800;
    check_status(call_with(pair.client, &options, &err), TERN_UNAVAILABLE);
    check_int(tern_call_headers(call, seen, 900), 0);
    tern_call_free(call);
    pair_close(&pair);
    test_check_leaks();
}

/* Header and payload just fit; what Tern itself adds when the request leaves does not. */
Test(call_metadata, headers_above_the_servers_maximum_are_refused, .timeout = 60)
{
    struct pair pair;
    tern_error err = { .status = TERN_OK };

    pair_open(&pair, NULL);
    tern_service *service = calc_serve(pair.other, NULL);
    size_t limit = tern_conn_max_payload(pair.rig.conn), room = limit - strlen("NATS/1.0\r\nBig: \r\n\r\n");
    char *big = malloc(room + 2);
    memset(big, 'v', room + 1);
    tern_header metadata = { "Big", big };
    tern_call_options options = { .metadata = &metadata, .metadata_count = 1 };
    big[room + 1] = '\0';
    check_refused(call_with(pair.client, &options, &err), TERN_INVALID_ARGUMENT, "the server takes");
    big[room] = '\0';
    options.timeout_ms = 60000; /* Tern-Timeout-Ms does not fit, and stays behind */
    check_ok(call_with(pair.client, &options, &err));
    options.timeout_ms = 0;
    check_ok(call_with(pair.client, &options, &err));
    check_int(events_count(&pair.rig.events, TERN_EVENT_DISCONNECTED), 0);
    free(big);
    tern_service_free(service);
    pair_close(&pair);
    test_check_leaks();
}

Test(call_metadata, what_may_not_be_sent_is_refused_by_name, .timeout = 60)
{
    static const struct {
        tern_header header;
        const char *text;
    } cases[] = { { { "Tern-Timeout-Ms", "1" }, "header \"Tern-Timeout-Ms\": is one of Tern's own" },
                  { { "tern-anything", "1" }, "tern-anything" },
                  { { "Nats-Service-Error", "x" }, "Nats-Service-Error" },
                  { { "nats-service-error-code", "5" }, "nats-service-error-code" },
                  { { "Status", "503" }, "Status" },
                  { { "Description", "x" }, "Description" },
                  { { "Name", "a\nB: c" }, "contains CR or LF" },
                  { { "Name", "a\r" }, "contains CR or LF" },
                  { { "Na\nme", "a" }, "no token has" },
                  { { "Na me", "a" }, "\"Na me\"" },
                  { { "Name:", "a" }, "no token has" },
                  { { "", "a" }, "header name is empty" },
                  { { NULL, "a" }, "header name is NULL" },
                  { { "Name", NULL }, "value is NULL" },
                  { { "Name", " " }, "value is empty" } };
    static struct player player;
    struct pair pair;
    tern_error err = { .status = TERN_OK };
    tern_call *call = NULL;
    Test__V1__Number number = TEST__V1__NUMBER__INIT;

    pair_open(&pair, &(tern_client_options){ .retry = { .attempts = 3 } });
    player_start(&player, pair.other, CALC, NULL, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        tern_header metadata[] = { { "Fine", "x" }, cases[i].header };
        tern_call_options options = { .metadata = metadata, .metadata_count = 2, .out_call = &call };
        call = (tern_call *)1;
        check_refused(call_with(pair.client, &options, &err), TERN_INVALID_ARGUMENT, cases[i].text);
        check_true(call == NULL);
        options.out_call = NULL;
        check_refused(test_v1_calc_increment_async(pair.client, &number, &options, NULL, NULL, &call, &err),
                      TERN_INVALID_ARGUMENT, cases[i].text);
        check_true(call == NULL);
    }
    check_refused(call_with(pair.client, &(tern_call_options){ .metadata_count = 1 }, &err), TERN_INVALID_ARGUMENT,
                  "metadata is NULL, metadata_count 1");
    pair_settle(&pair);
    check_int(gate_count(&player.gate), 0);
    player_stop(&player);
    pair_close(&pair);
    test_check_leaks();
}

Test(call_metadata, out_call_comes_with_every_end_of_a_call, .timeout = 60)
{
    struct pair pair;
    tern_error err = { .status = TERN_OK };
    tern_call *call = NULL;
    Test__V1__Number number = TEST__V1__NUMBER__INIT, *reply = NULL;
    tern_call_options options = { .out_call = &call };

    pair_open(&pair, NULL);
    check_status(call_with(pair.client, &options, &err), TERN_UNAVAILABLE);
    check_true(tern_call_method(call) == increment_method());
    check_int(tern_call_attempts(call), 1);
    check_ok(tern_call_wait(call, 1, &err));
    check_refused(tern_call_result(call, increment_method(), (ProtobufCMessage **)&reply, &err),
                  TERN_FAILED_PRECONDITION, "went to its caller");
    tern_call_cancel(call); /* without effect */
    tern_call_free(call);
    /* A call for which there was no time to be sent. */
    server_pause(pair.rig.server);
    options.timeout_ms = 50;
    check_status(call_with(pair.client, &options, &err), TERN_DEADLINE_EXCEEDED);
    check_str(tern_call_header(call, "Any"), NULL);
    server_resume(pair.rig.server);
    tern_call_free(call);
    call = (tern_call *)1;
    check_refused(test_v1_calc_increment_async(pair.client, &number, &options, NULL, NULL, NULL, &err),
                  TERN_INVALID_ARGUMENT, "nobody would hear");
    check_refused(test_v1_calc_increment_async(pair.client, &number, &options, read_callback, NULL, NULL, &err),
                  TERN_INVALID_ARGUMENT, "options.out_call is for blocking calls");
    check_refused(test_v1_calc_increment(pair.client, NULL, &options, &reply, &err), TERN_INVALID_ARGUMENT, "request");
    check_true(call == NULL);
    tern_conn_close(pair.rig.conn);
    check_status(call_with(pair.client, &options, &err), TERN_CANCELLED);
    tern_call_free(call);
    pair_close(&pair);
    test_check_leaks();
}

/* ---- Details of errors ---- */

/* Fails with a body, which arg says it is. */
struct detail {
    const char *type; /* NULL: none */
    const char *body;
};

static void fail_with_detail(struct player *player, tern_msg *request, int nth)
{
    const struct detail *detail = player->arg;
    tern_header headers[] = { { "Nats-Service-Error", "no" },
                              { "Nats-Service-Error-Code", "5" },
                              { "Tern-Detail-Type", detail->type } };
    (void)nth;
    player_send(player, tern_msg_reply(request), headers, detail->type == NULL ? 2 : 3, detail->body,
                strlen(detail->body));
}

static void check_detail(struct pair *pair, const struct detail *detail, tern_status expected, const char *text)
{
    static struct player player;
    tern_error err = { .status = TERN_OK };
    tern_call *call = NULL;
    ProtobufCMessage *message = NULL;
    player_start(&player, pair->other, CALC, fail_with_detail, (void *)(uintptr_t)detail);
    check_status(call_with(pair->client, &(tern_call_options){ .out_call = &call }, &err), TERN_NOT_FOUND);
    check_str(tern_call_detail_type(call), detail->type);
    for (int i = 0; i < 2; i++) { /* as often as wanted */
        check_status(tern_call_detail(call, &test__v1__number__descriptor, &message, &err), expected);
        check_int(message != NULL, expected == TERN_OK);
        if (expected == TERN_OK) check_int(((Test__V1__Number *)message)->value, 5);
        else check_str_has(err.text, text);
        tern_message_free(message);
        message = NULL;
    }
    check_refused(tern_call_detail(call, NULL, &message, &err), TERN_INVALID_ARGUMENT, "type is NULL");
    check_refused(tern_call_detail(call, &test__v1__number__descriptor, NULL, &err), TERN_INVALID_ARGUMENT,
                  "out_detail is NULL");
    tern_call_free(call);
    player_stop(&player);
}

Test(call_metadata, detail_is_read_as_what_it_is, .timeout = 60)
{
    static const struct {
        struct detail detail;
        tern_status status;
        const char *text;
    } cases[] = {
        { { "test.v1.Number", "\x08\x05" }, TERN_OK, "" },
        { { "test.v1.Order", "\x08\x05" }, TERN_NOT_FOUND, "the detail is a test.v1.Order, not a test.v1.Number" },
        { { "test.v1.Numbers", "\x08\x05" }, TERN_NOT_FOUND, "test.v1.Numbers" },
        { { "\x7f\x01\"", "\x08\x05" }, TERN_NOT_FOUND, "\\x7f" },
        { { NULL, "\x08\x05" }, TERN_NOT_FOUND, "no detail" },
        { { NULL, "" }, TERN_NOT_FOUND, "no detail" },
        { { "test.v1.Number", "\x08" }, TERN_INVALID_ARGUMENT, "test.v1.Number" }
    };
    struct pair pair;
    tern_error err = { .status = TERN_OK };
    tern_call *call = NULL;
    ProtobufCMessage *message = NULL;

    pair_open(&pair, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check_detail(&pair, &cases[i].detail, cases[i].status, cases[i].text);
    check_status(call_with(pair.client, &(tern_call_options){ .out_call = &call }, &err), TERN_UNAVAILABLE);
    check_refused(tern_call_detail(call, &test__v1__number__descriptor, &message, &err), TERN_NOT_FOUND, "no detail");
    tern_call_free(call);
    check_refused(tern_call_detail(NULL, &test__v1__number__descriptor, &message, &err), TERN_INVALID_ARGUMENT,
                  "call is NULL");
    pair_close(&pair);
    test_check_leaks();
}

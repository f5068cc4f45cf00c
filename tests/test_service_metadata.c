/* What goes with requests, replies and errors besides their message: headers and error details. */
#include "asking.h"

#include <stdio.h>
#include <stdlib.h>

/* One request to a service of this handler, and its reply. */
static tern_msg *asked(struct rig *rig, increment_fn handler, void *arg, const tern_header *headers, size_t count)
{
    rig_open(rig);
    tern_service *service = asking_serve(rig->conn, handler, arg, NULL);
    tern_msg *reply = ask_with(rig->conn, headers, count);
    tern_service_free(service);
    return reply;
}

/* ---- Of the request ---- */

struct seen {
    char one[64], missing[64], method[64];
    tern_header headers[4];
    size_t count;
    uint32_t attempt;
    uint64_t elapsed_us;
};

static tern_status look(tern_request *rq, const Test__V1__Number *in, Test__V1__Number *out)
{
    struct seen *seen = tern_request_arg(rq);
    const char *one = tern_request_header(rq, "One"), *missing = tern_request_header(rq, "one");
    (void)snprintf(seen->one, sizeof seen->one, "%s", one == NULL ? "none" : one);
    (void)snprintf(seen->missing, sizeof seen->missing, "%s", missing == NULL ? "none" : missing);
    (void)snprintf(seen->method, sizeof seen->method, "%s", tern_request_method(rq)->subject);
    seen->count = tern_request_headers(rq, seen->headers, 4);
    seen->attempt = tern_request_attempt(rq);
    out->value = in->value + 1;
    return TERN_OK;
}

Test(service_metadata, handler_sees_the_headers_of_the_request, .timeout = 60)
{
    static const tern_header headers[] = { { "One", "1" }, { "Two", "some words" }, { "One", "another" } };
    struct seen seen = { .count = 0 };
    struct rig rig;

    check_answered(asked(&rig, look, &seen, headers, 3));
    check_str(seen.one, "1");
    check_str(seen.missing, "none");
    check_str(seen.method, "test.v1.Calc.Increment");
    check_int(seen.count, 2);
    check_int(seen.attempt, 1);
    rig_close(&rig);
    test_check_leaks();
}

Test(service_metadata, request_without_headers_has_none, .timeout = 60)
{
    struct seen seen = { .count = 7 };
    struct rig rig;

    check_answered(asked(&rig, look, &seen, NULL, 0));
    check_str(seen.one, "none");
    check_int(seen.count, 0);
    rig_close(&rig);
    test_check_leaks();
}

Test(service_metadata, attempt_is_what_the_request_says_or_the_first, .timeout = 60)
{
    static const struct {
        const char *value;
        uint32_t attempt;
    } attempts[] = { { "2", 2 },  { "17", 17 }, { "0", 1 }, { "-3", 1 }, { "two", 1 },
                     { "2x", 1 }, { "1", 1 },   { " ", 1 }, { "", 1 },   { "99999999999999999999", UINT32_MAX } };
    struct seen seen = { .count = 0 };
    struct rig rig;

    rig_open(&rig);
    tern_service *service = asking_serve(rig.conn, look, &seen, NULL);
    for (size_t i = 0; i < sizeof attempts / sizeof *attempts; i++) {
        if (attempts[i].value[strspn(attempts[i].value, " ")] == '\0') continue; /* cannot be sent */
        check_answered(ask(rig.conn, "Tern-Attempt", attempts[i].value));
        check_int(seen.attempt, attempts[i].attempt);
    }
    tern_service_free(service);
    rig_close(&rig);
    test_check_leaks();
}

static tern_status size_of_header(tern_request *rq, const Test__V1__Number *in, Test__V1__Number *out)
{
    (void)in;
    out->value = (int64_t)strlen(tern_request_header(rq, "Big")) - 65536 + 5;
    return TERN_OK;
}

Test(service_metadata, header_of_64_KiB_reaches_the_handler, .timeout = 60)
{
    char *value = malloc(65537);
    struct rig rig;

    memset(value, 'v', 65536);
    value[65536] = '\0';
    check_answered(asked(&rig, size_of_header, NULL, &(tern_header){ "Big", value }, 1));
    free(value);
    rig_close(&rig);
    test_check_leaks();
}

/* ---- Of the answer ---- */

static tern_status set_some(tern_request *rq, const Test__V1__Number *in, Test__V1__Number *out)
{
    const tern_status *answer = tern_request_arg(rq);
    char value[] = "red";
    if (tern_request_set_header(rq, "Colour", value, NULL) != TERN_OK) return TERN_DATA_LOSS;
    if (tern_request_set_header(rq, "Size", "7", NULL) != TERN_OK) return TERN_DATA_LOSS;
    memset(value, 'x', 3); /* it was copied */
    if (tern_request_set_header(rq, "Size", "8", NULL) != TERN_OK) return TERN_DATA_LOSS;
    out->value = in->value + 1;
    return *answer == TERN_OK ? TERN_OK : tern_request_fail(rq, *answer, "the answer");
}

Test(service_metadata, headers_go_with_the_reply, .timeout = 60)
{
    tern_status answer = TERN_OK;
    struct rig rig;

    tern_msg *reply = asked(&rig, set_some, &answer, NULL, 0);
    check_int(tern_msg_headers(reply, NULL, 0), 2);
    check_str(tern_msg_header(reply, "Colour"), "red");
    check_str(tern_msg_header(reply, "Size"), "8");
    check_answered(reply);
    rig_close(&rig);
    test_check_leaks();
}

Test(service_metadata, headers_go_with_an_error, .timeout = 60)
{
    tern_status answer = TERN_NOT_FOUND;
    struct rig rig;

    tern_msg *reply = asked(&rig, set_some, &answer, NULL, 0);
    check_int(tern_msg_headers(reply, NULL, 0), 4);
    check_str(tern_msg_header(reply, "Colour"), "red");
    check_str(tern_msg_header(reply, "Size"), "8");
    check_int(tern_msg_size(reply), 0);
    check_failed(reply, "5", "the answer");
    rig_close(&rig);
    test_check_leaks();
}

static tern_status set_many(tern_request *rq, const Test__V1__Number *in, Test__V1__Number *out)
{
    for (int i = 0; i < 200; i++) {
        char name[16], value[64];
        (void)snprintf(name, sizeof name, "%03d-Name", i); /* none begins with another */
        (void)snprintf(value, sizeof value, "%050d", i);
        if (tern_request_set_header(rq, name, value, NULL) != TERN_OK) return TERN_DATA_LOSS;
    }
    out->value = in->value + 1;
    return TERN_OK;
}

Test(service_metadata, many_headers_go_with_a_reply, .timeout = 60)
{
    struct rig rig;

    tern_msg *reply = asked(&rig, set_many, NULL, NULL, 0);
    check_int(tern_msg_headers(reply, NULL, 0), 200);
    check_str(tern_msg_header(reply, "199-Name"), "00000000000000000000000000000000000000000000000199");
    check_answered(reply);
    rig_close(&rig);
    test_check_leaks();
}

static tern_status set_wrong(tern_request *rq, const Test__V1__Number *in, Test__V1__Number *out)
{
    static const struct {
        const char *name, *value, *part;
    } wrong[] = {
        { NULL, "v", "NULL" },
        { "", "v", "empty" },
        { "two words", "v", "two words" },
        { "Colon:", "v", "Colon:" },
        { "N", NULL, "NULL" },
        { "N", "", "empty" },
        { "N", "a\r\nB: c", "CR or LF" },
        { "N", "a\nb", "CR or LF" },
        { "Nats-Service-Error", "v", "Tern's own" },
        { "Nats-Service-Error-Code", "5", "Tern's own" },
        { "nats-service-error-code", "5", "Tern's own" },
        { "Tern-Detail-Type", "v", "Tern's own" },
        { "Tern-Not-Executed", "1", "Tern's own" },
        { "tern-anything", "v", "Tern's own" },
        { "Status", "503", "Tern's own" },
        { "Description", "v", "Tern's own" },
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        tern_error err = { .status = TERN_OK };
        tern_status st = tern_request_set_header(rq, wrong[i].name, wrong[i].value, &err);
        if (st != TERN_INVALID_ARGUMENT || err.status != st || strstr(err.text, wrong[i].part) == NULL)
            return tern_request_fail(rq, TERN_DATA_LOSS, "header %zu: %s", i, err.text);
    }
    if (tern_request_set_header(rq, NULL, "v", NULL) != TERN_INVALID_ARGUMENT) return TERN_DATA_LOSS;
    out->value = in->value + 1;
    return TERN_OK;
}

Test(service_metadata, headers_that_may_not_be_sent_are_refused, .timeout = 60)
{
    struct rig rig;

    tern_msg *reply = asked(&rig, set_wrong, NULL, NULL, 0);
    check_int(tern_msg_headers(reply, NULL, 0), 0);
    check_answered(reply);
    rig_close(&rig);
    test_check_leaks();
}

static tern_status set_huge(tern_request *rq, const Test__V1__Number *in, Test__V1__Number *out)
{
    const size_t size = 2 * 1024 * 1024;
    char *value = tern_request_alloc(rq, size + 1);
    memset(value, 'v', size);
    out->value = in->value + 1;
    return tern_request_set_header(rq, "Huge", value, NULL);
}

Test(service_metadata, reply_whose_headers_are_above_the_servers_maximum_is_internal, .timeout = 60)
{
    struct rig rig;

    check_failed(asked(&rig, set_huge, NULL, NULL, 0), "13", "1048576");
    rig_close(&rig);
    test_check_leaks();
}

/* ---- Details ---- */

static tern_status fail_with_detail(tern_request *rq, const Test__V1__Number *in, Test__V1__Number *out)
{
    Test__V1__Number detail = TEST__V1__NUMBER__INIT;
    size_t *note_size = tern_request_arg(rq);
    (void)out;
    detail.value = in->value;
    detail.note = tern_request_alloc(rq, *note_size + 1);
    memset(detail.note, 'n', *note_size);
    tern_status st = tern_request_fail_with(rq, TERN_ABORTED, &detail.base, "with %s", "a detail");
    detail.value = 99; /* it was packed at once */
    return st;
}

Test(service_metadata, detail_is_the_errors_body_and_its_type_a_header, .timeout = 60)
{
    size_t note_size = 3;
    struct rig rig;

    tern_msg *reply = asked(&rig, fail_with_detail, &note_size, NULL, 0);
    check_str(tern_msg_header(reply, "Tern-Detail-Type"), "test.v1.Number");
    check_bytes(tern_msg_data(reply), tern_msg_size(reply), "\x08\x04\x12\x03nnn", 7);
    check_failed(reply, "10", "with a detail");
    rig_close(&rig);
    test_check_leaks();
}

Test(service_metadata, detail_above_the_servers_maximum_stays_behind, .timeout = 60)
{
    size_t note_size = 2 * 1024 * 1024;
    struct rig rig;

    tern_msg *reply = asked(&rig, fail_with_detail, &note_size, NULL, 0);
    check_str(tern_msg_header(reply, "Tern-Detail-Type"), NULL);
    check_int(tern_msg_size(reply), 0);
    check_failed(reply, "10", "with a detail");
    rig_close(&rig);
    test_check_leaks();
}

static tern_status fail_twice(tern_request *rq, const Test__V1__Number *in, Test__V1__Number *out)
{
    Test__V1__Number detail = TEST__V1__NUMBER__INIT;
    (void)in;
    (void)out;
    (void)tern_request_fail_with(rq, TERN_ABORTED, &detail.base, "first");
    return tern_request_fail(rq, TERN_NOT_FOUND, "second");
}

Test(service_metadata, failing_again_takes_the_detail_back, .timeout = 60)
{
    struct rig rig;

    tern_msg *reply = asked(&rig, fail_twice, NULL, NULL, 0);
    check_str(tern_msg_header(reply, "Tern-Detail-Type"), NULL);
    check_failed(reply, "5", "second");
    rig_close(&rig);
    test_check_leaks();
}

static tern_status fail_with_nothing(tern_request *rq, const Test__V1__Number *in, Test__V1__Number *out)
{
    (void)in;
    (void)out;
    return tern_request_fail_with(rq, TERN_ABORTED, NULL, "bare");
}

Test(service_metadata, failing_with_no_detail_is_just_failing, .timeout = 60)
{
    struct rig rig;

    tern_msg *reply = asked(&rig, fail_with_nothing, NULL, NULL, 0);
    check_str(tern_msg_header(reply, "Tern-Detail-Type"), NULL);
    check_failed(reply, "10", "bare");
    rig_close(&rig);
    test_check_leaks();
}

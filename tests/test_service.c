/* Services: handlers, their failures, and how instances share the load. */
#include "calc.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "test/v1/legacy.tern.h"

/* ---- Failures ---- */

Test(service, every_status_reaches_the_caller, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    struct rig rig;

    rig_open(&rig);
    tern_service *service = calc_serve(rig.conn, NULL);
    tern_client *client = calc_client(rig.conn, NULL);
    for (int status = 1; status <= TERN_UNAUTHENTICATED; status++) {
        Test__V1__Number number = TEST__V1__NUMBER__INIT, *reply = NULL;
        number.value = status;
        number.note = (char[]){ "the \"text\", with 100% of it" };
        check_status(test_v1_calc_fail(client, &number, NULL, &reply, &err), (tern_status)status);
        check_int(err.status, status);
        check_true(err.remote);
        check_int(err.remote_code, status);
        check_str(err.text, "the \"text\", with 100% of it");
        check_true(reply == NULL);
    }
    tern_client_free(client);
    tern_service_free(service);
    rig_close(&rig);
    test_check_leaks();
}

static void fails_as_internal(int64_t value)
{
    tern_error err = { .status = TERN_OK };
    Test__V1__Number number = TEST__V1__NUMBER__INIT, *reply = NULL;
    struct rig rig;

    rig_open(&rig);
    tern_service *service = calc_serve(rig.conn, NULL);
    tern_client *client = calc_client(rig.conn, NULL);
    number.value = value;
    number.note = (char[]){ "odd" };
    check_status(test_v1_calc_fail(client, &number, NULL, &reply, &err), TERN_INTERNAL);
    check_str(err.text, "odd");
    check_true(err.remote);
    tern_client_free(client);
    tern_service_free(service);
    rig_close(&rig);
}

Test(service, failing_with_ok_is_internal, .timeout = 60)
{
    fails_as_internal(TERN_OK);
    test_check_leaks();
}

Test(service, failing_with_a_number_that_is_no_status_is_internal, .timeout = 60)
{
    fails_as_internal(99);
    test_check_leaks();
}

/* A service whose Increment is what the test gives. */
typedef tern_status (*handler_fn)(tern_request *rq, const Test__V1__Number *in, Test__V1__Number *out);

static tern_status call_handler(handler_fn handler, void *arg, Test__V1__Number **out_reply, tern_error *err)
{
    test_v1_calc_handlers handlers = { .increment = handler };
    Test__V1__Number number = TEST__V1__NUMBER__INIT;
    struct rig rig;
    tern_service *service = NULL;

    rig_open(&rig);
    tern_status st = test_v1_calc_serve(rig.conn, &handlers, arg, NULL, &service, err);
    check_int(st, TERN_OK);
    memset(&handlers, 0, sizeof handlers); /* it was copied */
    tern_client *client = calc_client(rig.conn, NULL);
    number.value = 5;
    st = test_v1_calc_increment(client, &number, NULL, out_reply, err);
    tern_client_free(client);
    tern_service_free(service);
    rig_close(&rig);
    return st;
}

static tern_status bare_status(tern_request *rq, const Test__V1__Number *in, Test__V1__Number *out)
{
    (void)rq;
    (void)in;
    (void)out;
    return TERN_ALREADY_EXISTS;
}

Test(service, status_without_a_text_gets_one, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    Test__V1__Number *reply = NULL;
    check_status(call_handler(bare_status, NULL, &reply, &err), TERN_ALREADY_EXISTS);
    check_true(err.remote);
    check_str(err.text, tern_status_meaning(TERN_ALREADY_EXISTS));
    test_check_leaks();
}

static tern_status failed_and_ok(tern_request *rq, const Test__V1__Number *in, Test__V1__Number *out)
{
    (void)in;
    (void)out;
    (void)tern_request_fail(rq, TERN_ABORTED, "changed its mind");
    return TERN_OK;
}

Test(service, failed_request_fails_whatever_the_handler_returns, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    Test__V1__Number *reply = NULL;
    check_status(call_handler(failed_and_ok, NULL, &reply, &err), TERN_ABORTED);
    check_str(err.text, "changed its mind");
    test_check_leaks();
}

static tern_status many_lines(tern_request *rq, const Test__V1__Number *in, Test__V1__Number *out)
{
    (void)in;
    (void)out;
    return tern_request_fail(rq, TERN_DATA_LOSS, "one\r\ntwo\nNats-Service-Error-Code: 5\r\n\r\nthree");
}

Test(service, error_text_of_many_lines_becomes_one_line, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    Test__V1__Number *reply = NULL;
    check_status(call_handler(many_lines, NULL, &reply, &err), TERN_DATA_LOSS);
    check_int(err.remote_code, TERN_DATA_LOSS);
    check_str_has(err.text, "one");
    check_str_has(err.text, "three");
    check_true(strpbrk(err.text, "\r\n") == NULL);
    test_check_leaks();
}

static tern_status long_text(tern_request *rq, const Test__V1__Number *in, Test__V1__Number *out)
{
    (void)in;
    (void)out;
    return tern_request_fail(rq, TERN_NOT_FOUND, "%02000d", 7);
}

Test(service, long_error_text_is_cut, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    Test__V1__Number *reply = NULL;
    check_status(call_handler(long_text, NULL, &reply, &err), TERN_NOT_FOUND);
    check_int(strlen(err.text), TERN_ERROR_TEXT_SIZE - 1);
    test_check_leaks();
}

static tern_status empty_text(tern_request *rq, const Test__V1__Number *in, Test__V1__Number *out)
{
    (void)in;
    (void)out;
    return tern_request_fail(rq, TERN_NOT_FOUND, "%s", "");
}

Test(service, empty_error_text_is_replaced, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    Test__V1__Number *reply = NULL;
    check_status(call_handler(empty_text, NULL, &reply, &err), TERN_NOT_FOUND);
    check_str(err.text, tern_status_meaning(TERN_NOT_FOUND));
    test_check_leaks();
}

static tern_status spaces_only(tern_request *rq, const Test__V1__Number *in, Test__V1__Number *out)
{
    (void)in;
    (void)out;
    return tern_request_fail(rq, TERN_NOT_FOUND, "\n \n");
}

Test(service, error_text_of_white_space_still_carries_its_status, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    Test__V1__Number *reply = NULL;
    check_status(call_handler(spaces_only, NULL, &reply, &err), TERN_NOT_FOUND);
    check_int(err.remote_code, TERN_NOT_FOUND);
    check_int_not(err.text[0], '\0');
    test_check_leaks();
}

static tern_status huge_reply(tern_request *rq, const Test__V1__Number *in, Test__V1__Number *out)
{
    const size_t size = 2 * 1024 * 1024;
    (void)in;
    out->note = tern_request_alloc(rq, size + 1);
    memset(out->note, 'x', size);
    return TERN_OK;
}

Test(service, reply_above_the_servers_maximum_is_internal_with_both_sizes, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    Test__V1__Number *reply = NULL;
    check_status(call_handler(huge_reply, NULL, &reply, &err), TERN_INTERNAL);
    check_true(err.remote);
    check_str_has(err.text, "1048576");
    check_str_has(err.text, "20971");
    test_check_leaks();
}

/* ---- The request's own memory ---- */

static tern_status arena(tern_request *rq, const Test__V1__Number *in, Test__V1__Number *out)
{
    int *arg = tern_request_arg(rq);
    if (tern_request_conn(rq) == NULL || *arg != 77) return TERN_INTERNAL;
    if (tern_request_strdup(rq, NULL) != NULL) return TERN_INTERNAL;
    for (int i = 0; i < 1000; i++) {
        size_t size = (size_t)i * 13 % 3000;
        unsigned char *memory = tern_request_alloc(rq, size);
        if (memory == NULL || (uintptr_t)memory % 16 != 0) return TERN_INTERNAL;
        for (size_t j = 0; j < size; j++)
            if (memory[j] != 0) return TERN_DATA_LOSS;
        memset(memory, 0xa5, size);
    }
    out->value = in->value;
    out->note = tern_request_printf(rq, "%s %0500d", "printed", 1);
    return TERN_OK;
}

Test(service, request_memory_is_zeroed_aligned_and_freed, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    Test__V1__Number *reply = NULL;
    int arg = 77;
    check_status(call_handler(arena, &arg, &reply, &err), TERN_OK);
    check_int(reply->value, 5);
    check_int(strlen(reply->note), strlen("printed ") + 500);
    tern_message_free(&reply->base);
    test_check_leaks();
}

static tern_status too_much_memory(tern_request *rq, const Test__V1__Number *in, Test__V1__Number *out)
{
    (void)in;
    (void)out;
    return tern_request_alloc(rq, SIZE_MAX - 100) == NULL ? TERN_OK : TERN_INTERNAL;
}

Test(service, reply_without_its_memory_is_resource_exhausted, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    Test__V1__Number *reply = NULL;
    check_status(call_handler(too_much_memory, NULL, &reply, &err), TERN_RESOURCE_EXHAUSTED);
    check_true(err.remote);
    test_check_leaks();
}

/* ---- proto2 ---- */

static tern_status place(tern_request *rq, const Test__V1__Order *in, Test__V1__Order *out)
{
    (void)rq;
    if (in->count >= 0) out->customer = in->customer;
    out->count = in->count;
    return TERN_OK;
}

Test(service, reply_without_a_required_field_is_internal, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    test_v1_legacy_handlers handlers = { .place = place };
    Test__V1__Order order = TEST__V1__ORDER__INIT, *reply = NULL;
    tern_service *service = NULL;
    struct rig rig;

    rig_open(&rig);
    check_ok(test_v1_legacy_serve(rig.conn, &handlers, NULL, NULL, &service, &err));
    tern_client *client = calc_client(rig.conn, NULL);
    order.customer = (char[]){ "ann" };
    order.count = -1;
    check_status(test_v1_legacy_place(client, &order, NULL, &reply, &err), TERN_INTERNAL);
    check_true(err.remote);
    check_str_has(err.text, "test.v1.Order");
    order.count = 3; /* the service goes on */
    check_ok(test_v1_legacy_place(client, &order, NULL, &reply, &err));
    check_str(reply->customer, "ann");
    tern_message_free(&reply->base);
    tern_client_free(client);
    tern_service_free(service);
    rig_close(&rig);
    test_check_leaks();
}

Test(service, request_without_a_required_field_is_refused_before_it_is_sent, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    Test__V1__Order order = TEST__V1__ORDER__INIT, *reply = NULL;
    tern_conn_stats stats;
    struct rig rig;

    rig_open(&rig);
    tern_client *client = calc_client(rig.conn, NULL);
    check_refused(test_v1_legacy_place(client, &order, NULL, &reply, &err), TERN_INVALID_ARGUMENT, "test.v1.Order");
    tern_conn_get_stats(rig.conn, &stats);
    check_int(stats.msgs_out, 0);
    tern_client_free(client);
    rig_close(&rig);
    test_check_leaks();
}

#include "calc.h"

static tern_status increment(tern_request *rq, const Test__V1__Number *in, Test__V1__Number *out)
{
    out->value = in->value + 1;
    out->note = tern_request_strdup(rq, in->note);
    out->many = in->many;
    out->n_many = in->n_many;
    return TERN_OK;
}

static tern_status fail(tern_request *rq, const Test__V1__Number *in, Test__V1__Number *out)
{
    (void)out;
    return tern_request_fail(rq, (tern_status)in->value, "%s", in->note);
}

static tern_status wait_ms(tern_request *rq, const Test__V1__Number *in, Test__V1__Number *out)
{
    (void)rq;
    test_sleep_ms((int)in->value);
    out->value = in->value;
    return TERN_OK;
}

const test_v1_calc_handlers calc_handlers = { .increment = increment, .fail = fail, .wait = wait_ms };

tern_service *calc_serve(tern_conn *conn, const tern_service_options *options)
{
    tern_error err = { .status = TERN_OK };
    tern_service *service = NULL;
    check_ok(test_v1_calc_serve(conn, &calc_handlers, NULL, options, &service, &err));
    rig_flush(conn);
    return service;
}

tern_client *calc_client(tern_conn *conn, const tern_client_options *options)
{
    tern_error err = { .status = TERN_OK };
    tern_client *client = NULL;
    check_ok(tern_client_new(conn, options, &client, &err));
    return client;
}

int64_t calc_increment(tern_client *client, int64_t value, tern_error *err)
{
    Test__V1__Number number = TEST__V1__NUMBER__INIT, *reply = NULL;
    number.value = value;
    if (test_v1_calc_increment(client, &number, NULL, &reply, err) != TERN_OK) return -1;
    value = reply->value;
    tern_message_free(&reply->base);
    return value;
}

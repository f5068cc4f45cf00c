#include "asking.h"

tern_service *asking_serve(tern_conn *conn, increment_fn handler, void *arg, const tern_service_options *options)
{
    tern_error err = { .status = TERN_OK };
    test_v1_calc_handlers handlers = { .increment = handler };
    tern_service *service = NULL;
    check_ok(test_v1_calc_serve(conn, &handlers, arg, options, &service, &err));
    rig_flush(conn);
    return service;
}

tern_msg *ask_with(tern_conn *conn, const tern_header *headers, size_t count)
{
    tern_error err = { .status = TERN_OK };
    tern_msg *reply = NULL;
    tern_outgoing request = {
        .subject = "test.v1.Calc.Increment", .data = "\x08\x04", .size = 2, .headers = headers, .header_count = count
    };
    check_ok(tern_conn_request(conn, &request, RIG_WAIT_MS, &reply, &err));
    return reply;
}

tern_msg *ask(tern_conn *conn, const char *name, const char *value)
{
    return ask_with(conn, &(tern_header){ name, value }, name == NULL ? 0 : 1);
}

void ask_to(tern_conn *conn, const char *reply, const char *timeout)
{
    tern_error err = { .status = TERN_OK };
    tern_header header = { "Tern-Timeout-Ms", timeout };
    tern_outgoing request = { .subject = "test.v1.Calc.Increment",
                              .reply = reply,
                              .data = "\x08\x04",
                              .size = 2,
                              .headers = &header,
                              .header_count = timeout == NULL ? 0 : 1 };
    check_ok(tern_conn_publish_outgoing(conn, &request, &err));
}

void check_answered(tern_msg *reply)
{
    check_str(tern_msg_header(reply, "Nats-Service-Error"), NULL);
    check_bytes(tern_msg_data(reply), tern_msg_size(reply), "\x08\x05", 2);
    tern_msg_free(reply);
}

void check_failed(tern_msg *reply, const char *code, const char *text_part)
{
    check_str(tern_msg_header(reply, "Nats-Service-Error-Code"), code);
    check_str_has(tern_msg_header(reply, "Nats-Service-Error"), text_part);
    tern_msg_free(reply);
}

struct wanted {
    const tern_service *service;
    size_t offset, size;
    uint64_t at_least;
};

static bool is_reached(void *arg)
{
    const struct wanted *wanted = arg;
    tern_service_stats stats;
    uint64_t value = 0;
    tern_service_get_stats(wanted->service, &stats);
    memcpy(&value, (const char *)&stats + wanted->offset, wanted->size); /* little-endian */
    return value >= wanted->at_least;
}

bool asking_wait_stat_(const tern_service *service, size_t offset, size_t size, uint64_t at_least)
{
    struct wanted wanted = { service, offset, size, at_least };
    return wait_until(is_reached, &wanted, RIG_WAIT_MS);
}

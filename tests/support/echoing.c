#include "echoing.h"

#include <inttypes.h>
#include <stdio.h>

enum { ECHO_PAYLOAD_MAX = 400 };

tern_status echo_handler(tern_request *rq, const Examples__V1__EchoRequest *in, Examples__V1__EchoReply *out)
{
    out->text = tern_request_printf(rq, "Echo: %s", in->text);
    out->payload = in->payload;
    return TERN_OK;
}

const examples_v1_echo_handlers echo_handlers = { .echo = echo_handler };

/* The payload of call number: its size and its bytes. */
static size_t echo_payload(uint64_t number, uint8_t bytes[ECHO_PAYLOAD_MAX])
{
    uint64_t random = number * UINT64_C(0x9e3779b97f4a7c15) + 1;
    size_t size = (size_t)(random >> 33) % ECHO_PAYLOAD_MAX;
    for (size_t i = 0; i < size; i++) {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        bytes[i] = (uint8_t)random;
    }
    return size;
}

tern_status echo_call(tern_client *client, uint64_t number, uint32_t timeout_ms, bool *out_own, tern_error *err)
{
    uint8_t bytes[ECHO_PAYLOAD_MAX];
    char text[48], answer[64];
    tern_call_options options = { .timeout_ms = timeout_ms };
    Examples__V1__EchoRequest request = EXAMPLES__V1__ECHO_REQUEST__INIT;
    Examples__V1__EchoReply *reply = NULL;
    snprintf(text, sizeof text, "call %" PRIu64, number);
    snprintf(answer, sizeof answer, "Echo: %s", text);
    request.text = text;
    request.payload.data = bytes;
    request.payload.len = echo_payload(number, bytes);
    tern_status st = examples_v1_echo_echo(client, &request, &options, &reply, err);
    if (st != TERN_OK) return st;
    *out_own = strcmp(reply->text, answer) == 0 && reply->payload.len == request.payload.len &&
               (reply->payload.len == 0 || memcmp(reply->payload.data, bytes, reply->payload.len) == 0);
    tern_message_free(&reply->base);
    return TERN_OK;
}

bool echo_works(tern_client *client, uint64_t number, int timeout_ms)
{
    long deadline_ms = test_now_ms() + timeout_ms;
    bool own = false;
    tern_error err;
    while (test_now_ms() < deadline_ms) {
        if (echo_call(client, number, 1000, &own, &err) == TERN_OK) return own;
        test_sleep_ms(2);
    }
    return false;
}

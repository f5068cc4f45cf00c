/* A request's headers: those that came with it, and those that go with its answer. */
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/subject.h"
#include "msg/msg.h"
#include "rpc/request.h"
#include "rpc/wire.h"

const tern_method *tern_request_method(const tern_request *rq)
{
    return rq->method;
}

const char *tern_request_header(tern_request *rq, const char *name)
{
    return tern_msg_header(rq->msg, name);
}

size_t tern_request_headers(tern_request *rq, tern_header *out_headers, size_t capacity)
{
    return terni_msg_headers(rq->msg, terni_header_is_reserved, out_headers, capacity);
}

uint32_t tern_request_attempt(const tern_request *rq)
{
    return terni_attempt_from_header(tern_msg_header(rq->msg, TERNI_HEADER_ATTEMPT));
}

terni_time_ms terni_request_deadline(tern_msg *msg)
{
    return msg->received + terni_timeout_from_header(tern_msg_header(msg, TERNI_HEADER_TIMEOUT));
}

uint32_t tern_request_remaining_ms(const tern_request *rq)
{
    terni_time_ms left = rq->deadline - terni_now_ms();
    return left > 0 ? (uint32_t)left : 0;
}

uint64_t tern_request_elapsed_us(const tern_request *rq)
{
    return (uint64_t)(terni_now_ns() - rq->started_ns) / 1000;
}

static tern_header *find_header(tern_request *rq, const char *name)
{
    for (size_t i = 0; i < rq->header_count; i++)
        if (strcmp(rq->headers[i].name, name) == 0) return &rq->headers[i];
    return NULL;
}

/* Makes room for one more. */
static bool reserve(tern_request *rq)
{
    if (rq->header_count < rq->header_capacity) return true;
    size_t capacity = rq->header_capacity == 0 ? 4 : 2 * rq->header_capacity;
    tern_header *headers = tern_request_alloc(rq, (capacity + TERNI_OWN_HEADERS) * sizeof *headers);
    if (headers == NULL) return false;
    if (rq->header_count > 0) memcpy(headers, rq->headers, rq->header_count * sizeof *headers);
    rq->headers = headers;
    rq->header_capacity = capacity;
    return true;
}

tern_status tern_request_set_header(tern_request *rq, const char *name, const char *value, tern_error *err)
{
    tern_status st = terni_header_check(name, value, err);
    if (st != TERN_OK) return st;
    if (terni_header_is_reserved(name))
        return terni_fail(err, TERN_INVALID_ARGUMENT, "header \"%s\": is one of Tern's own", terni_quote(name).text);
    tern_header *header = find_header(rq, name);
    const char *name_copy = header != NULL ? header->name : tern_request_strdup(rq, name);
    const char *value_copy = tern_request_strdup(rq, value);
    if (name_copy == NULL || value_copy == NULL || (header == NULL && !reserve(rq))) return terni_fail_memory(err);
    if (header == NULL) header = &rq->headers[rq->header_count++];
    *header = (tern_header){ .name = name_copy, .value = value_copy };
    return TERN_OK;
}

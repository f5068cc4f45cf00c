/* The request that a handler answers, and its memory. */
#ifndef TERNI_REQUEST_H
#define TERNI_REQUEST_H

#include <tern/service.h>

#include "core/clock.h"

enum { TERNI_OWN_HEADERS = 4 }; /* at most so many of an answer's headers are Tern's own */

typedef struct terni_arena_block {
    struct terni_arena_block *next;
    size_t capacity, used;
} terni_arena_block;

struct tern_request {
    tern_request *next_spare;
    tern_service *service;
    const tern_method *method;
    tern_msg *msg;          /* what came */
    int64_t started_ns;     /* of terni_now_ns */
    terni_time_ms deadline; /* of its caller */
    ProtobufCMessage *out;
    size_t passed;           /* interceptors that have let it through */
    bool *defers;            /* inside the handler: where to say that it defers; NULL: elsewhere, or it has */
    bool is_deferred;        /* tern_request_complete answers it */
    tern_status status;      /* of tern_request_fail; TERN_OK: it was not called */
    bool no_memory;          /* an allocation failed */
    bool refuses;            /* the failure is a refusal: the request has not run */
    uint32_t retry_after_ms; /* of a refusal; 0: not said */
    char text[TERN_ERROR_TEXT_SIZE];
    const char *detail_type; /* of the message to go with the error; NULL: none */
    const void *detail;
    size_t detail_size;
    tern_header *headers; /* to go with the answer; behind them is room for TERNI_OWN_HEADERS */
    size_t header_count, header_capacity;
    terni_arena_block *further; /* blocks that did not fit below; the first is the current one */
    size_t used;
    _Alignas(16) char memory[4096];
};

/* Makes one. NULL: no memory. */
tern_request *terni_request_new(void);

/* Begins the request that came with msg, with empty memory. The times are the caller's to set. */
void terni_request_begin(tern_request *rq, tern_service *service, const tern_method *method, tern_msg *msg);

/* When the caller of the request that came with msg gives up. */
terni_time_ms terni_request_deadline(tern_msg *msg);

/* Frees what the handler allocated beyond the request's own memory. */
void terni_request_end(tern_request *rq);

/* An allocator for protobuf-c that takes from the request's memory. */
ProtobufCAllocator terni_request_allocator(tern_request *rq);

#endif

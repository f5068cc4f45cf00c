/* The request that a handler answers, and its memory. */
#ifndef TERNI_REQUEST_H
#define TERNI_REQUEST_H

#include <tern/service.h>

typedef struct terni_arena_block {
    struct terni_arena_block *next;
    size_t capacity, used;
} terni_arena_block;

struct tern_request {
    tern_request *next_spare;
    tern_conn *conn;
    void *arg;
    tern_status status; /* of tern_request_fail; TERN_OK: it was not called */
    bool no_memory;     /* an allocation failed */
    char text[TERN_ERROR_TEXT_SIZE];
    terni_arena_block *further; /* blocks that did not fit below; the first is the current one */
    size_t used;
    _Alignas(16) char memory[4096];
};

/* Makes one. NULL: no memory. */
tern_request *terni_request_new(void);

/* Begins a request with empty memory. */
void terni_request_begin(tern_request *rq, tern_conn *conn, void *arg);

/* Frees what the handler allocated beyond the request's own memory. */
void terni_request_end(tern_request *rq);

/* An allocator for protobuf-c that takes from the request's memory. */
ProtobufCAllocator terni_request_allocator(tern_request *rq);

#endif

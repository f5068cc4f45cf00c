#include "rpc/request.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rpc/service.h"

enum { ALIGNMENT = 16, BLOCK_MIN = 16 * 1024 };

#define BLOCK_HEAD ((sizeof(terni_arena_block) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT)

tern_request *terni_request_new(void)
{
    tern_request *rq = malloc(sizeof *rq);
    if (rq != NULL) {
        rq->next_spare = NULL;
        rq->further = NULL;
    }
    return rq;
}

void terni_request_begin(tern_request *rq, tern_service *service, const tern_method *method, tern_msg *msg)
{
    rq->service = service;
    rq->method = method;
    rq->msg = msg;
    rq->out = NULL;
    rq->passed = 0;
    rq->defers = NULL;
    rq->is_deferred = false;
    rq->refuses = false;
    rq->status = TERN_OK;
    rq->no_memory = false;
    rq->text[0] = '\0';
    rq->detail_type = NULL;
    rq->detail_size = 0;
    rq->headers = NULL;
    rq->header_count = rq->header_capacity = 0;
    rq->used = 0;
}

void terni_request_end(tern_request *rq)
{
    while (rq->further != NULL) {
        terni_arena_block *block = rq->further;
        rq->further = block->next;
        free(block);
    }
}

static void *take_from_block(tern_request *rq, size_t size)
{
    terni_arena_block *block = rq->further;
    if (block == NULL || block->capacity - block->used < size) {
        size_t capacity = size > BLOCK_MIN ? size : BLOCK_MIN;
        block = malloc(BLOCK_HEAD + capacity);
        if (block == NULL) {
            rq->no_memory = true;
            return NULL;
        }
        *block = (terni_arena_block){ .next = rq->further, .capacity = capacity };
        rq->further = block;
    }
    void *memory = (char *)block + BLOCK_HEAD + block->used;
    block->used += size;
    return memory;
}

/* Memory that is not zeroed. */
static void *take(tern_request *rq, size_t size)
{
    if (size > SIZE_MAX / 2) {
        rq->no_memory = true;
        return NULL;
    }
    size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (sizeof rq->memory - rq->used < size) return take_from_block(rq, size);
    void *memory = rq->memory + rq->used;
    rq->used += size;
    return memory;
}

static void *allocator_alloc(void *data, size_t size)
{
    return take(data, size);
}

static void allocator_free(void *data, void *pointer)
{
    (void)data;
    (void)pointer; /* all goes at once, with the request */
}

ProtobufCAllocator terni_request_allocator(tern_request *rq)
{
    return (ProtobufCAllocator){ .alloc = allocator_alloc, .free = allocator_free, .allocator_data = rq };
}

void *tern_request_arg(const tern_request *rq)
{
    return rq->service->arg;
}

tern_conn *tern_request_conn(const tern_request *rq)
{
    return rq->service->conn;
}

void *tern_request_alloc(tern_request *rq, size_t size)
{
    void *memory = take(rq, size);
    return memory == NULL ? NULL : memset(memory, 0, size);
}

char *tern_request_strdup(tern_request *rq, const char *text)
{
    if (text == NULL) return NULL;
    size_t size = strlen(text) + 1;
    char *copy = take(rq, size);
    return copy == NULL ? NULL : memcpy(copy, text, size);
}

char *tern_request_printf(tern_request *rq, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int size = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *text = size < 0 ? NULL : take(rq, (size_t)size + 1);
    if (text != NULL) (void)vsnprintf(text, (size_t)size + 1, format, again);
    va_end(again);
    return text;
}

static tern_status fail(tern_request *rq, tern_status status, const char *format, va_list args) TERN_PRINTF(3, 0);

static tern_status fail(tern_request *rq, tern_status status, const char *format, va_list args)
{
    (void)vsnprintf(rq->text, sizeof rq->text, format, args);
    for (char *at = rq->text; *at != '\0'; at++) /* a header value, as which it is sent, is one line */
        if (*at == '\r' || *at == '\n') *at = ' ';
    rq->status = status > TERN_OK && status <= TERN_UNAUTHENTICATED ? status : TERN_INTERNAL;
    rq->refuses = false;
    rq->detail_type = NULL;
    rq->detail_size = 0;
    return rq->status;
}

tern_status tern_request_fail(tern_request *rq, tern_status status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    status = fail(rq, status, format, args);
    va_end(args);
    return status;
}

/* What cannot be packed, or named, does not go along: the error matters more. */
static void set_detail(tern_request *rq, const ProtobufCMessage *detail)
{
    if (detail == NULL || detail->descriptor == NULL || detail->descriptor->name == NULL) return;
    if (!protobuf_c_message_check(detail)) return;
    size_t size = protobuf_c_message_get_packed_size(detail);
    uint8_t *bytes = take(rq, size);
    if (bytes == NULL) return;
    rq->detail_type = detail->descriptor->name;
    rq->detail = bytes;
    rq->detail_size = protobuf_c_message_pack(detail, bytes);
}

tern_status tern_request_refuse(tern_request *rq, tern_status status, uint32_t retry_after_ms, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)fail(rq, status, format, args);
    va_end(args);
    rq->refuses = true;
    rq->retry_after_ms = retry_after_ms;
    return rq->status;
}

tern_status tern_request_fail_with(tern_request *rq, tern_status status, const ProtobufCMessage *detail,
                                   const char *format, ...)
{
    va_list args;
    va_start(args, format);
    status = fail(rq, status, format, args);
    va_end(args);
    set_detail(rq, detail);
    return status;
}

/* Decoded protobuf messages in a single allocation: protobuf-c asks for each string, array and inner
 * message by itself; the arena behind it hands out pieces of one block, sized by a guess from the
 * encoded size. Where the guess falls short, further blocks are chained to the first.
 *
 * protobuf-c decodes by recursion with no limit, so a small hostile payload of a recursive type could
 * use up the stack. The nesting is measured first, with protobuf's usual limit of 100.
 *
 * Layout of a block: header, then pieces, each behind a word that says whether it is the block's first
 * piece. So freeing needs nothing but the pointer: freeing the first piece of the first block, which
 * protobuf-c does last, frees them all; any other free does nothing. */
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "msg/message.h"

enum { ALIGNMENT = 16, FIRST_PIECE = 0x7e47, INNER_PIECE = 0x7e48, GROWTH_MIN = 1024 };

typedef struct block {
    struct block *next; /* further blocks, in the first one only */
    size_t used, capacity;
} block;

typedef struct piece_head {
    _Alignas(ALIGNMENT) uint64_t mark;
} piece_head;

typedef struct arena {
    block *first, *current;
    bool no_memory;
} arena;

static size_t round_up(size_t size)
{
    return (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

#define BLOCK_HEAD ((sizeof(block) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT)

static block *block_new(size_t capacity)
{
    block *b = malloc(BLOCK_HEAD + capacity);
    if (b != NULL) *b = (block){ .capacity = capacity };
    return b;
}

static bool grow(arena *a, size_t need)
{
    block *b = block_new(need > GROWTH_MIN ? need : GROWTH_MIN);
    if (b == NULL) return false;
    b->next = a->first->next;
    a->first->next = b;
    a->current = b;
    return true;
}

static void *arena_alloc(void *data, size_t size)
{
    arena *a = data;
    size_t need = sizeof(piece_head) + round_up(size);
    bool fits = size <= SIZE_MAX / 2 && (a->current->capacity - a->current->used >= need || grow(a, need));
    if (!fits) {
        a->no_memory = true;
        return NULL;
    }
    block *b = a->current;
    piece_head *head = (piece_head *)(void *)((char *)b + BLOCK_HEAD + b->used);
    head->mark = INNER_PIECE;
    b->used += need;
    return head + 1;
}

static void free_blocks(block *b)
{
    while (b != NULL) {
        block *next = b->next;
        free(b);
        b = next;
    }
}

/* While decoding, nothing is freed: on an error protobuf-c frees the message before other pieces. */
static void keep(void *data, void *pointer)
{
    (void)data;
    (void)pointer;
}

static void arena_free(void *data, void *pointer)
{
    (void)data;
    if (pointer == NULL) return;
    piece_head *head = (piece_head *)pointer - 1;
    if (head->mark != FIRST_PIECE) return;
    free_blocks((block *)(void *)((char *)head - BLOCK_HEAD));
}

/* For freeing only: allocating needs an arena. */
static void *no_alloc(void *data, size_t size)
{
    (void)data;
    (void)size;
    return NULL;
}

ProtobufCAllocator *tern_message_allocator(void)
{
    static ProtobufCAllocator allocator = { .alloc = no_alloc, .free = arena_free };
    return &allocator;
}

void tern_message_free(ProtobufCMessage *message)
{
    arena_free(NULL, message);
}

/* ---- Nesting ---- */

enum { DEPTH_MAX = 100, TAG_AND_SIZE = 2, WIRE_VARINT = 0, WIRE_64 = 1, WIRE_BYTES = 2, WIRE_32 = 5 };

typedef struct cursor {
    const uint8_t *at, *end;
} cursor;

static bool read_varint(cursor *c, uint64_t *out_value)
{
    *out_value = 0;
    for (int shift = 0; shift < 64 && c->at < c->end; shift += 7) {
        uint8_t byte = *c->at++;
        *out_value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) return true;
    }
    return false;
}

static bool skip(cursor *c, uint64_t size)
{
    if (size > (uint64_t)(c->end - c->at)) return false;
    c->at += size;
    return true;
}

static const ProtobufCMessageDescriptor *inner_type(const ProtobufCMessageDescriptor *type, uint64_t number)
{
    if (number > UINT32_MAX) return NULL;
    const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field(type, (unsigned)number);
    return field != NULL && field->type == PROTOBUF_C_TYPE_MESSAGE ? field->descriptor : NULL;
}

/* Are messages nested no deeper than depth? Bytes that are no message pass: decoding refuses them. */
static bool nested_within(const ProtobufCMessageDescriptor *type, cursor c, int depth)
{
    if (depth == 0) return false;
    uint64_t tag, size;
    while (c.at < c.end) {
        if (!read_varint(&c, &tag)) return true;
        switch (tag & 7) {
        case WIRE_VARINT:
            if (!read_varint(&c, &size)) return true;
            break;
        case WIRE_64:
            if (!skip(&c, 8)) return true;
            break;
        case WIRE_32:
            if (!skip(&c, 4)) return true;
            break;
        case WIRE_BYTES: {
            if (!read_varint(&c, &size)) return true;
            cursor inner = { .at = c.at };
            if (!skip(&c, size)) return true;
            inner.end = c.at;
            const ProtobufCMessageDescriptor *within = inner_type(type, tag >> 3);
            if (within != NULL && !nested_within(within, inner, depth - 1)) return false;
            break;
        }
        default: return true;
        }
    }
    return true;
}

tern_status terni_message_depth_check(const ProtobufCMessageDescriptor *type, const void *data, size_t size,
                                      tern_error *err)
{
    if (size <= DEPTH_MAX * TAG_AND_SIZE) return TERN_OK; /* no room for so many */
    cursor c = { .at = data, .end = (const uint8_t *)data + size };
    if (nested_within(type, c, DEPTH_MAX)) return TERN_OK;
    return terni_fail(err, TERN_INVALID_ARGUMENT, "%s: messages nested deeper than %d", terni_message_name(type),
                      DEPTH_MAX);
}

/* What decoding size bytes into a message of the type mostly takes. */
static size_t guess(const ProtobufCMessageDescriptor *type, size_t size)
{
    return 4 * sizeof(piece_head) + round_up(type->sizeof_message) + 3 * round_up(size) + 8 * ALIGNMENT;
}

tern_status tern_message_unpack(const ProtobufCMessageDescriptor *type, const void *data, size_t size,
                                ProtobufCMessage **out_message, tern_error *err)
{
    if (type == NULL || out_message == NULL || (data == NULL && size > 0))
        return terni_fail(err, TERN_INVALID_ARGUMENT, "%s is NULL",
                          type == NULL          ? "type"
                          : out_message == NULL ? "out_message"
                                                : "data");
    tern_status st = terni_message_depth_check(type, data, size, err);
    if (st != TERN_OK) return st;
    arena a = { 0 };
    a.first = a.current = block_new(guess(type, size));
    if (a.first == NULL) return terni_fail_memory(err);
    ProtobufCAllocator allocator = { .alloc = arena_alloc, .free = keep, .allocator_data = &a };
    ProtobufCMessage *message = protobuf_c_message_unpack(type, &allocator, size, data);
    if (message != NULL) {
        ((piece_head *)message - 1)->mark = FIRST_PIECE; /* protobuf-c begins with it */
        *out_message = message;
        return TERN_OK;
    }
    free_blocks(a.first);
    if (a.no_memory) return terni_fail_memory(err);
    return terni_fail(err, TERN_INVALID_ARGUMENT, "%zu bytes that are not a %s", size, terni_message_name(type));
}

const char *terni_message_name(const ProtobufCMessageDescriptor *type)
{
    return type->name != NULL ? type->name : "message of the promised type"; /* CODE_SIZE drops the names */
}

void terni_message_fill(const void *message, size_t size, uint8_t *out)
{
    (void)size;
    (void)protobuf_c_message_pack(message, out);
}

tern_status terni_message_check(const char *what, const ProtobufCMessage *message, tern_error *err)
{
    if (message == NULL) return terni_fail(err, TERN_INVALID_ARGUMENT, "%s is NULL", what);
    if (message->descriptor == NULL || !protobuf_c_message_check(message))
        return terni_fail(err, TERN_INVALID_ARGUMENT, "%s, a %s: a required field is not set", what,
                          message->descriptor == NULL ? "message without a type"
                                                      : terni_message_name(message->descriptor));
    return TERN_OK;
}

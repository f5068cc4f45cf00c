/* Decoding: tern_message_unpack, and the two ways to free what it gives. */
#include "rig.h"

#include <stdlib.h>

#include "examples/echo.pb-c.h"
#include "test/v1/calc.pb-c.h"
#include "test/v1/legacy.pb-c.h"

static const ProtobufCMessageDescriptor *const number_type = &test__v1__number__descriptor;

/* The bytes of a Number inside so many others; to be freed. */
static uint8_t *nested(int depth, size_t *out_size)
{
    Test__V1__Number *numbers = calloc((size_t)depth, sizeof *numbers);
    for (int i = 0; i < depth; i++) {
        test__v1__number__init(&numbers[i]);
        numbers[i].value = i;
        if (i + 1 < depth) numbers[i].inner = &numbers[i + 1];
    }
    *out_size = test__v1__number__get_packed_size(numbers);
    uint8_t *bytes = malloc(*out_size);
    (void)test__v1__number__pack(numbers, bytes);
    free(numbers);
    return bytes;
}

/* A Number with more fields than protobuf-c scans without allocating; to be freed. */
static uint8_t *many_fields(int64_t count, size_t *out_size)
{
    uint8_t *bytes = malloc((size_t)count * 3), *at = bytes;
    for (int64_t i = 0; i < count; i++) {
        *at++ = 3 << 3; /* many, not packed */
        if (i % 200 >= 128) *at++ = (uint8_t)(i % 200);
        if (i % 200 >= 128) *at++ = 1;
        else *at++ = (uint8_t)(i % 200);
    }
    *out_size = (size_t)(at - bytes);
    return bytes;
}

Test(message, decodes_every_kind_of_field)
{
    tern_error err = { .status = TERN_OK };
    Test__V1__Number number = TEST__V1__NUMBER__INIT, inner = TEST__V1__NUMBER__INIT;
    ProtobufCMessage *message = NULL;
    uint8_t packed[256];

    number.value = -5;
    number.note = (char[]){ "a note" };
    number.many = (int64_t[]){ 1, -2, 3 };
    number.n_many = 3;
    inner.note = (char[]){ "inner" };
    number.inner = &inner;
    size_t size = test__v1__number__pack(&number, packed);
    check_ok(tern_message_unpack(number_type, packed, size, &message, &err));
    memset(packed, 0, sizeof packed); /* nothing points there */
    Test__V1__Number *got = (Test__V1__Number *)message;
    check_int(got->value, -5);
    check_str(got->note, "a note");
    check_int(got->n_many, 3);
    check_int(got->many[1], -2);
    check_str(got->inner->note, "inner");
    check_true(got->inner->inner == NULL);
    tern_message_free(message);
    test_check_leaks();
}

Test(message, no_bytes_are_an_empty_message)
{
    tern_error err = { .status = TERN_OK };
    ProtobufCMessage *message = NULL;

    check_ok(tern_message_unpack(number_type, NULL, 0, &message, &err));
    check_int(((Test__V1__Number *)message)->value, 0);
    check_str(((Test__V1__Number *)message)->note, "");
    tern_message_free(message);
    test_check_leaks();
}

Test(message, protobuf_cs_own_free_function_frees_it)
{
    tern_error err = { .status = TERN_OK };
    ProtobufCMessage *message = NULL;
    size_t size;
    uint8_t *bytes = nested(50, &size);

    check_ok(tern_message_unpack(number_type, bytes, size, &message, &err));
    test__v1__number__free_unpacked((Test__V1__Number *)message, tern_message_allocator());
    free(bytes);
    test_check_leaks();
}

Test(message, protobuf_cs_own_free_function_frees_a_large_one)
{
    tern_error err = { .status = TERN_OK };
    ProtobufCMessage *message = NULL;
    size_t size;
    uint8_t *bytes = many_fields(100000, &size);

    check_ok(tern_message_unpack(number_type, bytes, size, &message, &err));
    test__v1__number__free_unpacked((Test__V1__Number *)message, tern_message_allocator());
    free(bytes);
    test_check_leaks();
}

Test(message, freeing_null_is_fine)
{
    tern_message_free(NULL);
    test__v1__number__free_unpacked(NULL, tern_message_allocator());
    check_true(tern_message_allocator() == tern_message_allocator());
    test_check_leaks();
}

Test(message, many_fields_are_decoded)
{
    tern_error err = { .status = TERN_OK };
    ProtobufCMessage *message = NULL;
    size_t size;
    uint8_t *bytes = many_fields(100000, &size);

    check_ok(tern_message_unpack(number_type, bytes, size, &message, &err));
    Test__V1__Number *got = (Test__V1__Number *)message;
    check_int(got->n_many, 100000);
    for (int i = 0; i < 100000; i++) check_int(got->many[i], i % 200);
    tern_message_free(message);
    free(bytes);
    test_check_leaks();
}

Test(message, unknown_fields_are_kept)
{
    tern_error err = { .status = TERN_OK };
    Examples__V1__EchoRequest request = EXAMPLES__V1__ECHO_REQUEST__INIT;
    ProtobufCMessage *message = NULL;
    uint8_t packed[64];

    request.text = (char[]){ "t" };
    request.payload = (ProtobufCBinaryData){ .data = (uint8_t[]){ 'a', 'b', 'c' }, .len = 3 };
    size_t size = examples__v1__echo_request__pack(&request, packed);
    packed[size++] = 0x7a; /* field 15, bytes */
    packed[size++] = 1;
    packed[size++] = 'z';
    check_ok(tern_message_unpack(&examples__v1__echo_request__descriptor, packed, size, &message, &err));
    check_int(message->n_unknown_fields, 1);
    uint8_t again[64];
    check_bytes(again, protobuf_c_message_pack(message, again), packed, size);
    tern_message_free(message);
    test_check_leaks();
}

/* ---- Nesting ---- */

Test(message, a_hundred_levels_are_decoded)
{
    tern_error err = { .status = TERN_OK };
    ProtobufCMessage *message = NULL;
    size_t size;
    uint8_t *bytes = nested(100, &size);

    check_ok(tern_message_unpack(number_type, bytes, size, &message, &err));
    int depth = 0;
    for (Test__V1__Number *at = (Test__V1__Number *)message; at != NULL; at = at->inner) check_int(at->value, depth++);
    check_int(depth, 100);
    tern_message_free(message);
    free(bytes);
    test_check_leaks();
}

Test(message, more_than_a_hundred_levels_are_refused)
{
    static const int depths[] = { 101, 102, 1000, 10000 };
    for (size_t i = 0; i < sizeof depths / sizeof *depths; i++) {
        tern_error err = { .status = TERN_OK };
        ProtobufCMessage *message = NULL;
        size_t size;
        uint8_t *bytes = nested(depths[i], &size);
        check_refused(tern_message_unpack(number_type, bytes, size, &message, &err), TERN_INVALID_ARGUMENT, "100");
        check_str_has(err.text, "test.v1.Number");
        check_true(message == NULL);
        free(bytes);
    }
    test_check_leaks();
}

Test(message, bare_nesting_of_the_smallest_size_is_refused_too)
{
    tern_error err = { .status = TERN_OK };
    ProtobufCMessage *message = NULL;
    uint8_t bytes[2 * 101]; /* 102 levels: each only the tag and size of the next */
    uint8_t *at = bytes + sizeof bytes;

    size_t size = 0;
    while (at - bytes >= 3 || (at > bytes && size < 128 && at - bytes >= 2)) {
        if (size >= 128) *--at = (uint8_t)(size >> 7), *--at = (uint8_t)(size | 0x80);
        else *--at = (uint8_t)size;
        *--at = (4 << 3) | 2;
        size = (size_t)(bytes + sizeof bytes - at);
    }
    tern_status st = tern_message_unpack(number_type, at, size, &message, &err);
    int depth = 0;
    for (Test__V1__Number *n = (Test__V1__Number *)message; n != NULL; n = n->inner) depth++;
    check_int_at_most(depth, 100);
    if (st != TERN_OK) check_int(st, TERN_INVALID_ARGUMENT);
    tern_message_free(message);
    test_check_leaks();
}

/* ---- What is no such message ---- */

Test(message, bytes_that_are_no_message_are_refused)
{
    tern_error err = { .status = TERN_OK };
    ProtobufCMessage *message = NULL;

    check_refused(tern_message_unpack(number_type, "\xff\xff\xff", 3, &message, &err), TERN_INVALID_ARGUMENT,
                  "3 bytes that are not a test.v1.Number");
    check_true(message == NULL);
    test_check_leaks();
}

Test(message, a_missing_required_field_is_refused)
{
    tern_error err = { .status = TERN_OK };
    ProtobufCMessage *message = NULL;

    check_refused(tern_message_unpack(&test__v1__order__descriptor, "\x0a\1x", 3, &message, &err),
                  TERN_INVALID_ARGUMENT, "test.v1.Order");
    check_true(message == NULL);
    test_check_leaks();
}

Test(message, null_arguments_are_refused_by_name)
{
    tern_error err = { .status = TERN_OK };
    ProtobufCMessage *message = NULL;

    check_refused(tern_message_unpack(NULL, "", 0, &message, &err), TERN_INVALID_ARGUMENT, "type");
    check_refused(tern_message_unpack(number_type, NULL, 1, &message, &err), TERN_INVALID_ARGUMENT, "data");
    check_refused(tern_message_unpack(number_type, "", 0, NULL, &err), TERN_INVALID_ARGUMENT, "out_message");
    check_int(tern_message_unpack(NULL, "", 0, &message, NULL), TERN_INVALID_ARGUMENT);
    test_check_leaks();
}

Test(message, many_fields_with_a_broken_end_are_refused)
{
    tern_error err = { .status = TERN_OK };
    static const int counts[] = { 15, 16, 17, 33, 100, 1000, 5000 };
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        ProtobufCMessage *message = NULL;
        size_t size;
        uint8_t *bytes = many_fields(counts[i], &size);
        bytes[size - 1] |= 0x80; /* a number without an end */
        check_refused(tern_message_unpack(number_type, bytes, size, &message, &err), TERN_INVALID_ARGUMENT, "bytes");
        check_true(message == NULL);
        free(bytes);
    }
    test_check_leaks();
}

Test(message, many_fields_of_which_one_cannot_be_parsed_are_refused)
{
    tern_error err = { .status = TERN_OK };
    static const int counts[] = { 15, 16, 17, 33, 100, 1000, 5000 };
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        ProtobufCMessage *message = NULL;
        size_t size;
        uint8_t *bytes = many_fields(counts[i], &size);
        uint8_t *more = realloc(bytes, size + 4);
        memcpy(more + size, "\x22\2\xff\xff", 4); /* inner: scanned as bytes, and then no message */
        check_refused(tern_message_unpack(number_type, more, size + 4, &message, &err), TERN_INVALID_ARGUMENT, "bytes");
        check_true(message == NULL);
        free(more);
    }
    test_check_leaks();
}

Test(message, every_truncation_is_either_decoded_or_refused, .timeout = 60)
{
    size_t size;
    uint8_t *whole = nested(40, &size);
    for (size_t cut = 0; cut < size; cut++) {
        tern_error err = { .status = TERN_OK };
        ProtobufCMessage *message = NULL;
        uint8_t *bytes = malloc(cut + (cut == 0)); /* of the exact size, for AddressSanitizer */
        memcpy(bytes, whole, cut);
        tern_status st = tern_message_unpack(number_type, bytes, cut, &message, &err);
        check_int(st == TERN_OK, message != NULL);
        if (st != TERN_OK) check_int(st, TERN_INVALID_ARGUMENT);
        tern_message_free(message);
        free(bytes);
    }
    free(whole);
    test_check_leaks();
}

Test(message, random_bytes_never_break_it, .timeout = 60)
{
    uint32_t random = 12345;
    int decoded = 0;
    for (int round = 0; round < 50000; round++) {
        tern_error err = { .status = TERN_OK };
        ProtobufCMessage *message = NULL;
        size_t size = (size_t)round % 97;
        uint8_t *bytes = malloc(size + (size == 0));
        for (size_t i = 0; i < size; i++) {
            random = random * 1664525 + 1013904223;
            static const uint8_t likely[] = { 0x08, 0x12, 0x18, 0x1a, 0x22, 1, 2, 5, 10, 0x80 };
            uint8_t any = (uint8_t)(random >> 24);
            bytes[i] = any < 200 ? likely[any % sizeof likely] : any;
        }
        tern_status st = tern_message_unpack(number_type, bytes, size, &message, &err);
        check_int(st == TERN_OK, message != NULL);
        if (round % 2 == 0) tern_message_free(message);
        else protobuf_c_message_free_unpacked(message, tern_message_allocator());
        decoded += st == TERN_OK;
        free(bytes);
    }
    check_int_at_least(decoded, 100);
    test_check_leaks();
}

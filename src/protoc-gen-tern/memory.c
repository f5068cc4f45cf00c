#include "memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

_Noreturn void fail(const char *format, ...)
{
    va_list args;

    fputs("protoc-gen-tern: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    exit(EXIT_FAILURE);
}

void *memory_array(size_t count, size_t size)
{
    void *block = calloc(count == 0 ? 1 : count, size);

    if (block == NULL) fail("no memory for %zu times %zu bytes", count, size);
    return block;
}

void *memory_resize(void *block, size_t size)
{
    void *resized = realloc(block, size);

    if (resized == NULL) fail("no memory for %zu bytes", size);
    return resized;
}

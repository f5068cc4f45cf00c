#include "text.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Makes room for size more bytes and a NUL. */
static void reserve(text *t, size_t size)
{
    size_t wanted;

    if (size > SIZE_MAX / 4 - t->size) fail("no memory for %zu bytes of text", size);
    wanted = t->size + size + 1;
    if (wanted <= t->capacity) return;
    t->capacity = wanted < 64 ? 64 : 2 * wanted;
    t->data = memory_resize(t->data, t->capacity);
}

void text_add_bytes(text *to, const void *bytes, size_t size)
{
    reserve(to, size);
    if (size > 0) memcpy(to->data + to->size, bytes, size);
    to->size += size;
    to->data[to->size] = '\0';
}

void text_add(text *to, const char *string)
{
    text_add_bytes(to, string, strlen(string));
}

void text_add_char(text *to, char c)
{
    text_add_bytes(to, &c, 1);
}

static void add_format(text *to, const char *format, va_list args)
{
    va_list again;
    int size;

    va_copy(again, args);
    size = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (size < 0) fail("cannot format \"%s\"", format);
    reserve(to, (size_t)size);
    vsnprintf(to->data + to->size, (size_t)size + 1, format, args);
    to->size += (size_t)size;
}

void text_printf(text *to, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    add_format(to, format, args);
    va_end(args);
}

char *text_take(text *from)
{
    char *string;

    text_add(from, ""); /* gives an empty one its NUL */
    string = from->data;
    *from = (text)TEXT_INIT;
    return string;
}

void text_free(text *t)
{
    free(t->data);
    *t = (text)TEXT_INIT;
}

char *string_printf(const char *format, ...)
{
    text t = TEXT_INIT;
    va_list args;

    va_start(args, format);
    add_format(&t, format, args);
    va_end(args);
    return text_take(&t);
}

char *string_copy(const char *string)
{
    text t = TEXT_INIT;

    text_add(&t, string);
    return text_take(&t);
}

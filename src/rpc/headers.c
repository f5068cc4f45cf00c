#include "rpc/headers.h"

#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/subject.h"
#include "rpc/wire.h"

/* Name and value in one block, which begins with the name. */
static bool copy(const char *name, const char *value, tern_header *out_header)
{
    size_t name_size = strlen(name) + 1, value_size = strlen(value) + 1;
    char *block = malloc(name_size + value_size);
    if (block == NULL) return false;
    out_header->name = memcpy(block, name, name_size);
    out_header->value = memcpy(block + name_size, value, value_size);
    return true;
}

static void free_item(const tern_header *item)
{
    free((char *)(uintptr_t)item->name);
}

static bool grow(terni_headers *headers)
{
    size_t capacity = headers->capacity == 0 ? 4 : 2 * headers->capacity;
    tern_header *items = realloc(headers->items, capacity * sizeof *items);
    if (items == NULL) return false;
    headers->items = items;
    headers->capacity = capacity;
    return true;
}

tern_status terni_headers_set_own(terni_headers *headers, const char *name, const char *value, tern_error *err)
{
    tern_header item;
    size_t at = 0;
    while (at < headers->count && strcmp(headers->items[at].name, name) != 0) at++;
    if (at == headers->capacity && !grow(headers)) return terni_fail_memory(err);
    if (!copy(name, value, &item)) return terni_fail_memory(err);
    if (at < headers->count) free_item(&headers->items[at]);
    else headers->count++;
    headers->items[at] = item;
    return TERN_OK;
}

tern_status terni_headers_set(terni_headers *headers, const char *name, const char *value, tern_error *err)
{
    tern_status st = terni_header_check(name, value, err);
    if (st == TERN_OK && terni_header_is_reserved(name))
        st = terni_fail(err, TERN_INVALID_ARGUMENT, "header \"%s\": is one of Tern's own", terni_quote(name).text);
    return st == TERN_OK ? terni_headers_set_own(headers, name, value, err) : st;
}

void terni_headers_clear(terni_headers *headers)
{
    for (size_t i = 0; i < headers->count; i++) free_item(&headers->items[i]);
    free(headers->items);
    *headers = (terni_headers){ 0 };
}

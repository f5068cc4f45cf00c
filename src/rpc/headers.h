/* A list of headers with texts of its own. */
#ifndef TERNI_HEADERS_H
#define TERNI_HEADERS_H

#include <tern/msg.h>

/* Zeroed: empty. */
typedef struct terni_headers {
    tern_header *items;
    size_t count, capacity;
} terni_headers;

/* Adds a copy, in place of one of the same name. INVALID_ARGUMENT: name or value, or the name is one of Tern's own.
 * RESOURCE_EXHAUSTED: no memory. */
tern_status terni_headers_set(terni_headers *headers, const char *name, const char *value, tern_error *err);

/* The same for Tern's own. */
tern_status terni_headers_set_own(terni_headers *headers, const char *name, const char *value, tern_error *err);

void terni_headers_clear(terni_headers *headers);

#endif

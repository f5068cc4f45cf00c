/* A growing text: what is generated, and names on their way to be put together. */
#ifndef GEN_TEXT_H
#define GEN_TEXT_H

#include <stddef.h>

#include "memory.h"

typedef struct text {
    char *data;      /* size bytes and a NUL; NULL before the first addition */
    size_t size;     /* bytes, without the NUL */
    size_t capacity; /* bytes, with the NUL */
} text;

#define TEXT_INIT                                                                                                      \
    {                                                                                                                  \
        NULL, 0, 0                                                                                                     \
    }

void text_add_bytes(text *to, const void *bytes, size_t size);
void text_add(text *to, const char *string);
void text_add_char(text *to, char c);
void text_printf(text *to, const char *format, ...) GEN_PRINTF(2, 3);

/* The text as a string, never NULL: the caller's, for free(). The text is empty afterwards. */
char *text_take(text *from);

void text_free(text *t);

/* printf into a new string: the caller's, for free(). */
char *string_printf(const char *format, ...) GEN_PRINTF(1, 2);

char *string_copy(const char *string);

#endif

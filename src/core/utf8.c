#include "core/utf8.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* How many bytes the character at text has; 0: there is none. The NUL that ends text is no continuation, so
 * nothing behind it is looked at. */
static size_t character_size(const unsigned char *text)
{
    unsigned char first = text[0], low = 0x80, high = 0xbf; /* bounds of the second byte */
    if (first < 0x80) return 1;
    if (first < 0xc2 || first > 0xf4) return 0;
    size_t size = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if (first == 0xe0) low = 0xa0;  /* below: too long a form */
    if (first == 0xed) high = 0x9f; /* above: surrogates */
    if (first == 0xf0) low = 0x90;
    if (first == 0xf4) high = 0x8f; /* above: beyond U+10FFFF */
    if (text[1] < low || text[1] > high) return 0;
    for (size_t i = 2; i < size; i++)
        if (text[i] < 0x80 || text[i] > 0xbf) return 0;
    return size;
}

char *terni_utf8_repair(const char *text)
{
    static const char replacement[] = "\xef\xbf\xbd";
    char *copy = malloc(3 * strlen(text) + 1), *at = copy;
    if (copy == NULL) return NULL;
    while (*text != '\0') {
        size_t size = character_size((const unsigned char *)text);
        const char *from = size > 0 ? text : replacement;
        size_t written = size > 0 ? size : sizeof replacement - 1;
        memcpy(at, from, written);
        at += written;
        text += size > 0 ? size : 1;
    }
    *at = '\0';
    return copy;
}

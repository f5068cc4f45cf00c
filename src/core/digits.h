/* Numbers as text, where printf would cost more than all else that a message takes. */
#ifndef TERNI_DIGITS_H
#define TERNI_DIGITS_H

#include <stdint.h>
#include <string.h>

enum { TERNI_DIGITS_MAX = 20 };

/* Writes number to base 10 or 16, at most TERNI_DIGITS_MAX digits. Returns what follows; there is no NUL. */
static inline char *terni_put_number(char *at, uint64_t number, unsigned base)
{
    char digits[TERNI_DIGITS_MAX];
    size_t first = sizeof digits;
    do digits[--first] = "0123456789abcdef"[number % base];
    while ((number /= base) > 0);
    memcpy(at, digits + first, sizeof digits - first);
    return at + (sizeof digits - first);
}

#endif

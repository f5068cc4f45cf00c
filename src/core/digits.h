/* Numbers as text, where printf would cost more than all else that a message takes. */
#ifndef TERNI_DIGITS_H
#define TERNI_DIGITS_H

#include <stddef.h>
#include <stdint.h>

enum { TERNI_DIGITS_MAX = 20 };

/* How many digits number has, to base 10 or 16: at most TERNI_DIGITS_MAX. */
static inline size_t terni_digits(uint64_t number, unsigned base)
{
    size_t count = 1;
    for (; number >= (uint64_t)base * base; number /= (uint64_t)base * base) count += 2;
    return number >= base ? count + 1 : count;
}

/* Writes number, which has count digits. Returns what follows; there is no NUL. */
static inline char *terni_put_digits(char *at, size_t count, uint64_t number, unsigned base)
{
    static const char digits[] = "0123456789abcdef";
    char *end = at + count, *digit = end;
    for (; number >= base; number /= base) *--digit = digits[number % base];
    *--digit = digits[number];
    return end;
}

static inline char *terni_put_number(char *at, uint64_t number, unsigned base)
{
    return terni_put_digits(at, terni_digits(number, base), number, base);
}

#endif

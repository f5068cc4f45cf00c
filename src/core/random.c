#include "core/random.h"

#include <assert.h>
#include <errno.h>
#include <sys/random.h>

static bool fill(void *bytes, size_t size)
{
    ssize_t got;
    do {
        got = getrandom(bytes, size, 0);
    } while (got < 0 && errno == EINTR);
    return got == (ssize_t)size;
}

bool terni_random_token(char *out_token, size_t length)
{
    static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    uint32_t numbers[TERNI_TOKEN_MAX]; /* 32 bits for each, so that the remainder is even enough */
    assert(length <= TERNI_TOKEN_MAX);
    if (!fill(numbers, length * sizeof *numbers)) return false;
    for (size_t i = 0; i < length; i++) out_token[i] = digits[numbers[i] % 62];
    out_token[length] = '\0';
    return true;
}

uint32_t terni_random_below(uint32_t bound)
{
    uint32_t number = 0;
    (void)fill(&number, sizeof number); /* without randomness: 0, a backoff with no jitter */
    return number % bound;
}

/* Randomness from the kernel. */
#ifndef TERNI_RANDOM_H
#define TERNI_RANDOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TERNI_TOKEN_MAX = 22 };

/* Writes length characters of [0-9A-Za-z], of nearly 6 bits each, and a NUL. length: at most TERNI_TOKEN_MAX. False:
 * the kernel gave no randomness. */
bool terni_random_token(char *out_token, size_t length);

/* A number from 0 to bound - 1; bound > 0. Without randomness: 0. */
uint32_t terni_random_below(uint32_t bound);

#endif

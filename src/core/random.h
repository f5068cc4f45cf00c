/* Randomness from the kernel. */
#ifndef TERNI_RANDOM_H
#define TERNI_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

enum { TERNI_TOKEN_SIZE = 23 };

/* Writes 22 characters of [0-9A-Za-z] (131 bits) and a NUL. False: the kernel gave none. */
bool terni_random_token(char out_token[TERNI_TOKEN_SIZE]);

/* A number from 0 to bound - 1; bound > 0. */
uint32_t terni_random_below(uint32_t bound);

#endif

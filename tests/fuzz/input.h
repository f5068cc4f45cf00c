/* The fuzzer's bytes, taken apart. At their end everything is zero and empty. */
#ifndef FUZZ_INPUT_H
#define FUZZ_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct input {
    const uint8_t *at, *end;
};

struct piece {
    const uint8_t *bytes;
    size_t size;
};

bool input_is_over(const struct input *input);

uint8_t input_byte(struct input *input);

/* A size, as one byte, or 255 and two bytes, the larger one first; then so many bytes, as far as there are. */
struct piece input_piece(struct input *input);

/* A piece as a text of at most size - 1 bytes, up to its first NUL. */
void input_text(struct input *input, char *text, size_t size);

/* The same as one token of a subject: what the server would refuse there is replaced. */
void input_token(struct input *input, char *text, size_t size);

/* The same as a subject, never empty. */
void input_subject(struct input *input, char *text, size_t size);

#endif

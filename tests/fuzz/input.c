#include "input.h"

#include <string.h>

bool input_is_over(const struct input *input)
{
    return input->at == input->end;
}

uint8_t input_byte(struct input *input)
{
    return input_is_over(input) ? 0 : *input->at++;
}

struct piece input_piece(struct input *input)
{
    size_t size = input_byte(input);
    if (size == 255) {
        size = input_byte(input);
        size = size << 8 | input_byte(input);
    }
    size_t left = (size_t)(input->end - input->at);
    struct piece piece = { input->at, size < left ? size : left };
    input->at += piece.size;
    return piece;
}

void input_text(struct input *input, char *text, size_t size)
{
    struct piece piece = input_piece(input);
    size_t length = piece.size < size - 1 ? piece.size : size - 1;
    if (length > 0) memcpy(text, piece.bytes, length);
    text[length] = '\0';
}

static void replace(char *text, const char *unwanted)
{
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        if (c <= ' ' || c == 0x7f || strchr(unwanted, c) != NULL) *text = '_';
    }
}

void input_token(struct input *input, char *text, size_t size)
{
    input_text(input, text, size);
    replace(text, ".");
}

void input_subject(struct input *input, char *text, size_t size)
{
    input_text(input, text, size);
    replace(text, "");
    if (*text == '\0') memcpy(text, "x", sizeof "x");
}

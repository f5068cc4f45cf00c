#include "names.h"

#include <stdlib.h>
#include <string.h>

#include "keywords.h"
#include "text.h"

typedef void (*convert_fn)(text *to, const char *piece, size_t size);

/* The C locale's, whatever the locale. */
static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static char to_lower(char c)
{
    return is_upper(c) ? (char)(c - 'A' + 'a') : c;
}

static char to_upper(char c)
{
    return is_lower(c) ? (char)(c - 'a' + 'A') : c;
}

static void add_snake(text *to, const char *piece, size_t size)
{
    bool after_upper = true; /* no "_" at the start */

    for (size_t i = 0; i < size; i++) {
        if (is_upper(piece[i]) && !after_upper) text_add_char(to, '_');
        text_add_char(to, to_lower(piece[i]));
        after_upper = is_upper(piece[i]);
    }
}

static void add_camel(text *to, const char *piece, size_t size)
{
    bool raise = true;

    for (size_t i = 0; i < size; i++) {
        if (piece[i] == '_') {
            raise = true;
        } else {
            text_add_char(to, raise ? to_upper(piece[i]) : piece[i]);
            raise = false;
        }
    }
}

/* Puts c_package in the package's place. */
static char *override_package(const char *full_name, const package *of)
{
    size_t skip = strlen(of->name);

    if (of->c_name == NULL) return string_copy(full_name);
    if (skip > strlen(full_name)) skip = strlen(full_name);
    return string_printf("%s%s%s", of->c_name, skip == 0 ? "." : "", full_name + skip);
}

/* Converts every piece between the dots, and joins those that are not empty. */
static char *convert(const char *full_name, const package *of, convert_fn piece, const char *joint)
{
    char *name = override_package(full_name, of);
    const char *at = name;
    text converted = TEXT_INIT;

    while (*at != '\0') {
        size_t size = strcspn(at, ".");

        if (size > 0) {
            if (converted.size > 0) text_add(&converted, joint);
            piece(&converted, at, size);
        }
        at += size;
        if (*at == '.') at++;
    }
    free(name);
    return text_take(&converted);
}

char *name_of_type(const char *full_name, const package *of)
{
    return convert(full_name, of, add_camel, "__");
}

char *name_of_descriptor(const char *full_name, const package *of)
{
    char *lower = convert(full_name, of, add_snake, "__");
    char *name = string_printf("%s__descriptor", lower);

    free(lower);
    return name;
}

char *name_of_service(const char *full_name, const package *of)
{
    return convert(full_name, of, add_snake, "_");
}

char *name_in_snake(const char *name)
{
    text snake = TEXT_INIT;

    add_snake(&snake, name, strlen(name));
    return text_take(&snake);
}

char *name_made_safe_take(char *name)
{
    char *safe;

    if (!keyword_is_reserved(name)) return name;
    safe = string_printf("%s_", name);
    free(name);
    return safe;
}

char *name_of_guard(const char *file_name)
{
    text guard = TEXT_INIT;

    for (const char *c = file_name; *c != '\0'; c++) {
        if (is_upper(*c) || is_lower(*c) || (*c >= '0' && *c <= '9')) text_add_char(&guard, *c);
        else text_printf(&guard, "_%x", (unsigned)(unsigned char)*c);
    }
    return text_take(&guard);
}

char *name_of_stem(const char *file_name)
{
    static const char *const endings[] = { ".protodevel", ".proto" };
    char *stem = string_copy(file_name);
    size_t size = strlen(stem);

    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        size_t end = strlen(endings[i]);

        if (size >= end && strcmp(stem + size - end, endings[i]) == 0) {
            stem[size - end] = '\0';
            break;
        }
    }
    return stem;
}

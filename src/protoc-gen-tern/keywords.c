#include "keywords.h"

#include <stddef.h>
#include <string.h>

/* Only those that a name in lower snake can be. */
static const char *const c_words[] = {
    "asm",    "auto",   "break",    "case",     "char",   "const",    "continue", "default",  "do",
    "double", "else",   "enum",     "extern",   "float",  "for",      "goto",     "if",       "inline",
    "int",    "long",   "register", "restrict", "return", "short",    "signed",   "sizeof",   "static",
    "struct", "switch", "typedef",  "typeof",   "union",  "unsigned", "void",     "volatile", "while",
};

/* Of C23, C++ up to 23, and macros. */
static const char *const other_words[] = {
    "alignas",   "alignof",       "and",         "and_eq",    "bitand",   "bitor",
    "bool",      "catch",         "char8_t",     "char16_t",  "char32_t", "class",
    "co_await",  "co_return",     "co_yield",    "compl",     "concept",  "const_cast",
    "consteval", "constexpr",     "constinit",   "decltype",  "delete",   "dynamic_cast",
    "explicit",  "export",        "false",       "friend",    "mutable",  "namespace",
    "new",       "noexcept",      "not",         "not_eq",    "nullptr",  "operator",
    "or",        "or_eq",         "private",     "protected", "public",   "reinterpret_cast",
    "requires",  "static_assert", "static_cast", "template",  "this",     "thread_local",
    "throw",     "true",          "try",         "typeid",    "typename", "typeof_unqual",
    "using",     "virtual",       "wchar_t",     "xor",       "xor_eq",   "complex",
    "errno",     "i386",          "imaginary",   "linux",     "noreturn", "stderr",
    "stdin",     "stdout",        "unix",
};

static bool is_among(const char *name, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(name, words[i]) == 0) return true;
    return false;
}

bool keyword_is_c(const char *name)
{
    return is_among(name, c_words, sizeof c_words / sizeof c_words[0]);
}

bool keyword_is_reserved(const char *name)
{
    return keyword_is_c(name) || is_among(name, other_words, sizeof other_words / sizeof other_words[0]);
}

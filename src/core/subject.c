#include "core/subject.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "core/error.h"

terni_quoted terni_quote(const char *text)
{
    terni_quoted quoted;
    size_t at = 0;
    const size_t room = sizeof quoted.text - 4; /* for "..." and NUL */
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        bool plain = c >= 0x20 && c != 0x7f && c != '"' && c != '\\';
        if (at + (plain ? 1 : 4) > room) {
            memcpy(quoted.text + at, "...", 3);
            at += 3;
            break;
        }
        if (plain) quoted.text[at++] = (char)c;
        else at += (size_t)snprintf(quoted.text + at, 5, "\\x%02x", c);
    }
    quoted.text[at] = '\0';
    return quoted;
}

static tern_status refuse(tern_error *err, const char *what, const char *value, const char *why)
{
    return terni_fail(err, TERN_INVALID_ARGUMENT, "%s \"%s\": %s", what, terni_quote(value).text, why);
}

/* What is wrong with the token of length size, or NULL. */
static const char *token_fault(const char *token, size_t size, bool last, bool wildcards)
{
    if (size == 0) return "has an empty token";
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)token[i];
        if (c == ' ') return "contains a space";
        if (c < 0x20 || c == 0x7f) return "contains a control character";
    }
    if (size != 1 || (*token != '*' && *token != '>')) return NULL;
    if (!wildcards) return "contains a wildcard";
    return *token == '>' && !last ? "has '>' before its end" : NULL;
}

/* Is there nothing special about the subject? Most are so, and every message's is looked at. */
static bool is_ordinary(const char *subject)
{
    size_t size = 0;
    char before = '.';
    for (char c; (c = subject[size]) != '\0' && size <= TERNI_SUBJECT_MAX; size++, before = c) {
        bool ordinary = (unsigned char)c > ' ' && c != '*' && c != '>' && c != 0x7f;
        if (!ordinary || (c == '.' && before == '.')) return false;
    }
    return before != '.' && size <= TERNI_SUBJECT_MAX;
}

static tern_status check(const char *what, const char *subject, bool wildcards, tern_error *err)
{
    if (subject == NULL) return terni_fail(err, TERN_INVALID_ARGUMENT, "%s is NULL", what);
    if (is_ordinary(subject)) return TERN_OK;
    if (*subject == '\0') return terni_fail(err, TERN_INVALID_ARGUMENT, "%s is empty", what);
    for (const char *token = subject;;) {
        size_t size = strcspn(token, ".");
        bool last = token[size] == '\0';
        const char *fault = token_fault(token, size, last, wildcards);
        if (fault != NULL) return refuse(err, what, subject, fault);
        if (last) {
            if ((size_t)(token + size - subject) <= TERNI_SUBJECT_MAX) return TERN_OK;
            return terni_fail(err, TERN_INVALID_ARGUMENT, "%s \"%s\": %zu bytes, the limit is %d", what,
                              terni_quote(subject).text, strlen(subject), TERNI_SUBJECT_MAX);
        }
        token += size + 1;
    }
}

tern_status terni_subject_check(const char *what, const char *subject, tern_error *err)
{
    return check(what, subject, false, err);
}

tern_status terni_pattern_check(const char *what, const char *subject, tern_error *err)
{
    return check(what, subject, true, err);
}

tern_status terni_token_check(const char *what, const char *name, tern_error *err)
{
    return check(what, name, false, err);
}

tern_status terni_header_check(const char *name, const char *value, tern_error *err)
{
    static const char token_chars[] = "!#$%&'*+-.^_`|~0123456789"
                                      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    if (name == NULL || *name == '\0')
        return terni_fail(err, TERN_INVALID_ARGUMENT, "header name is %s", name == NULL ? "NULL" : "empty");
    if (name[strspn(name, token_chars)] != '\0')
        return refuse(err, "header name", name, "contains a character that no token has (RFC 9110)");
    if (value == NULL)
        return terni_fail(err, TERN_INVALID_ARGUMENT, "header \"%s\": value is NULL", terni_quote(name).text);
    if (value[strcspn(value, "\r\n")] != '\0') return refuse(err, "header value", value, "contains CR or LF");
    if (value[strspn(value, " \t\v\f")] == '\0') /* nats.c would read the next line as the value */
        return terni_fail(err, TERN_INVALID_ARGUMENT, "header \"%s\": value is empty", terni_quote(name).text);
    return TERN_OK;
}

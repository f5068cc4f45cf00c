/* What may stand in a subject, a queue group and a header (NATS protocol, ADR-6 and ADR-4). */
#ifndef TERNI_SUBJECT_H
#define TERNI_SUBJECT_H

#include <stddef.h>

#include <tern/status.h>

enum { TERNI_SUBJECT_MAX = 4000 }; /* below the server's control line of 4,096, with room for the rest */

/* Each of these returns OK, or INVALID_ARGUMENT with a text that begins with what (the argument's
 * name) and quotes the value. */
tern_status terni_subject_check(const char *what, const char *subject, tern_error *err);
tern_status terni_pattern_check(const char *what, const char *subject, tern_error *err); /* wildcards may be */
tern_status terni_token_check(const char *what, const char *name, tern_error *err);      /* a queue group */
tern_status terni_header_check(const char *name, const char *value, tern_error *err);

/* The first characters of text with control characters as \xNN, for error texts. */
typedef struct terni_quoted {
    char text[96];
} terni_quoted;
terni_quoted terni_quote(const char *text);

#endif

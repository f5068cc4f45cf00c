/* Texts that may not be UTF-8 (RFC 3629). */
#ifndef TERNI_UTF8_H
#define TERNI_UTF8_H

/* A copy of text from malloc with U+FFFD for each byte that is no part of a character. NULL: no memory. */
char *terni_utf8_repair(const char *text);

#endif

/* Filling a tern_error. */
#ifndef TERNI_ERROR_H
#define TERNI_ERROR_H

#include <tern/status.h>

/* Writes status and the formatted text to err, if there is one, and returns status. */
tern_status terni_fail(tern_error *err, tern_status status, const char *format, ...) TERN_PRINTF(3, 4);

/* RESOURCE_EXHAUSTED: "out of memory". */
tern_status terni_fail_memory(tern_error *err);

#endif

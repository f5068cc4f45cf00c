/* Memory and the way out: the program is short-lived, so it ends where it cannot go on. */
#ifndef GEN_MEMORY_H
#define GEN_MEMORY_H

#include <stddef.h>

#if defined(__GNUC__)
#define GEN_PRINTF(format_index, first) __attribute__((format(printf, format_index, first)))
#else
#define GEN_PRINTF(format_index, first)
#endif

/* Writes "protoc-gen-tern: <text>" to stderr and exits with 1. For what is wrong with the call or
 * the machine; what is wrong with a .proto is a problem in the response (see check.h). */
_Noreturn void fail(const char *format, ...) GEN_PRINTF(1, 2);

/* count zeroed elements of size bytes, never NULL; count 0 gives room for one. Ends the program when
 * there is no memory. The caller's, for free(). */
void *memory_array(size_t count, size_t size);

/* block with room for size bytes instead. Ends the program when there is no memory. */
void *memory_resize(void *block, size_t size);

#endif

/* Status codes and errors: what every call of Tern that can fail returns. */
#ifndef TERN_STATUS_H
#define TERN_STATUS_H

#include <stdbool.h>

#if defined(__GNUC__)
#define TERN_API __attribute__((visibility("default")))
#define TERN_PRINTF(format_index, first) __attribute__((format(printf, format_index, first)))
#else
#define TERN_API
#define TERN_PRINTF(format_index, first)
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* gRPC's codes, numbers and names (grpc/doc/statuscodes.md): X(name, number, what it means). */
#define TERN_STATUS_LIST(X)                                                                                            \
    X(OK, 0, "no error")                                                                                               \
    X(CANCELLED, 1, "given up, because the caller or a close asked for it")                                            \
    X(UNKNOWN, 2, "failed for a reason nobody knows")                                                                  \
    X(INVALID_ARGUMENT, 3, "an argument is wrong in itself")                                                           \
    X(DEADLINE_EXCEEDED, 4, "the time was over")                                                                       \
    X(NOT_FOUND, 5, "what was asked for does not exist")                                                               \
    X(ALREADY_EXISTS, 6, "what should be made exists")                                                                 \
    X(PERMISSION_DENIED, 7, "the caller may not do this")                                                              \
    X(RESOURCE_EXHAUSTED, 8, "a limit is reached: memory, a buffer, a quota")                                          \
    X(FAILED_PRECONDITION, 9, "not in this state, or not from this thread")                                            \
    X(ABORTED, 10, "lost against somebody else; the whole may be tried again")                                         \
    X(OUT_OF_RANGE, 11, "past the end")                                                                                \
    X(UNIMPLEMENTED, 12, "the service does not know the method")                                                       \
    X(INTERNAL, 13, "something broke its own contract")                                                                \
    X(UNAVAILABLE, 14, "nobody is there now; trying again may help")                                                   \
    X(DATA_LOSS, 15, "data are lost for good")                                                                         \
    X(UNAUTHENTICATED, 16, "the credentials are missing or wrong")

typedef enum tern_status {
#define TERN_STATUS_ENUM(name, number, meaning) TERN_##name = number,
    TERN_STATUS_LIST(TERN_STATUS_ENUM)
#undef TERN_STATUS_ENUM
} tern_status;

enum { TERN_ERROR_TEXT_SIZE = 512 };

/* What went wrong, in the caller's own storage: nothing to free. Every function that takes a
 * tern_error accepts NULL, writes it only when it fails, and then always writes all of it. An output
 * (out_…) is untouched on failure. */
typedef struct tern_error {
    tern_status status;
    bool remote;                     /* true: a service answered so; false: found on this side */
    int remote_code;                 /* the number as the service sent it; 0 when not remote */
    char text[TERN_ERROR_TEXT_SIZE]; /* a sentence that names the thing and the value at fault */
} tern_error;

/* The status's name as gRPC writes it ("DEADLINE_EXCEEDED"), or "UNKNOWN" for any other number.
 * Static storage; any thread. */
TERN_API const char *tern_status_name(tern_status status);

/* What the status means, in a few words; "not a status of this library" for any other number. Static
 * storage; any thread. */
TERN_API const char *tern_status_meaning(tern_status status);

#ifdef __cplusplus
}
#endif

#endif

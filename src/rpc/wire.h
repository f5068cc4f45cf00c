/* What calls look like on the wire beyond their payload. */
#ifndef TERNI_WIRE_H
#define TERNI_WIRE_H

#include <stdbool.h>
#include <stdint.h>

#include <tern/status.h>

/* An error reply's headers, as in NATS services (nats-io ADR-32). */
#define TERNI_HEADER_ERROR "Nats-Service-Error"
#define TERNI_HEADER_ERROR_CODE "Nats-Service-Error-Code"

/* The full name of the message that is an error reply's body. */
#define TERNI_HEADER_DETAIL_TYPE "Tern-Detail-Type"

/* How many milliseconds the caller waits from now on; left out where it is TERNI_TIMEOUT_DEFAULT_MS. A value that is
 * not a positive number counts as left out, one above TERNI_TIMEOUT_MAX_MS, a day, as that. */
#define TERNI_HEADER_TIMEOUT "Tern-Timeout-Ms"
enum { TERNI_TIMEOUT_DEFAULT_MS = 5000, TERNI_TIMEOUT_MAX_MS = 24 * 60 * 60 * 1000 };

/* A refusal of a request that has not run: "1". And when it may be sent again, milliseconds from now. */
#define TERNI_HEADER_NOT_EXECUTED "Tern-Not-Executed"
#define TERNI_HEADER_RETRY_AFTER "Tern-Retry-After-Ms"

/* The number of the attempt, from 2 on. */
#define TERNI_HEADER_ATTEMPT "Tern-Attempt"

/* W3C Trace Context: passed from a request to the calls made on its behalf. */
#define TERNI_HEADER_TRACEPARENT "traceparent"
#define TERNI_HEADER_TRACESTATE "tracestate"

/* The status of an error reply with this code: gRPC's own numbers, or HTTP's from 100 on. */
tern_status terni_status_from_code(long code);

/* The milliseconds that TERNI_HEADER_TIMEOUT's value says; NULL: there is no such header. */
uint32_t terni_timeout_from_header(const char *value);

/* The attempt that TERNI_HEADER_ATTEMPT's value says, or 1: value is NULL or no such number. */
uint32_t terni_attempt_from_header(const char *value);

/* Is the header's name, in whatever case, one of those above that only Tern sends, or what nats.c shows of a
 * status line? */
bool terni_header_is_reserved(const char *name);

#endif

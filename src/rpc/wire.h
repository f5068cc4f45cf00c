/* What calls look like on the wire beyond their payload. */
#ifndef TERNI_WIRE_H
#define TERNI_WIRE_H

#include <tern/status.h>

/* An error reply's headers, as in NATS services (nats-io ADR-32). */
#define TERNI_HEADER_ERROR "Nats-Service-Error"
#define TERNI_HEADER_ERROR_CODE "Nats-Service-Error-Code"

/* The full name of the message that is an error reply's body. */
#define TERNI_HEADER_DETAIL_TYPE "Tern-Detail-Type"

/* How many milliseconds the caller waits from now on; left out where it is TERNI_TIMEOUT_DEFAULT_MS. */
#define TERNI_HEADER_TIMEOUT "Tern-Timeout-Ms"
enum { TERNI_TIMEOUT_DEFAULT_MS = 5000 };

/* A refusal of a request that has not run: "1". And when it may be sent again, milliseconds from now. */
#define TERNI_HEADER_NOT_EXECUTED "Tern-Not-Executed"
#define TERNI_HEADER_RETRY_AFTER "Tern-Retry-After-Ms"

/* The number of the attempt, from 2 on. */
#define TERNI_HEADER_ATTEMPT "Tern-Attempt"

/* W3C Trace Context: passed from a request to the calls made on its behalf. */
#define TERNI_HEADER_TRACEPARENT "traceparent"
#define TERNI_HEADER_TRACESTATE "tracestate"

/* Has a header of this name a meaning in calls, so that programs cannot set it? Case does not matter. */
bool terni_header_is_own(const char *name);

/* The status of an error reply with this code: gRPC's own numbers, or HTTP's from 100 on. */
tern_status terni_status_from_code(long code);

#endif

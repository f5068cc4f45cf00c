/* What calls look like on the wire beyond their payload. */
#ifndef TERNI_WIRE_H
#define TERNI_WIRE_H

#include <tern/status.h>

/* An error reply's headers, as in NATS services (nats-io ADR-32). */
#define TERNI_HEADER_ERROR "Nats-Service-Error"
#define TERNI_HEADER_ERROR_CODE "Nats-Service-Error-Code"

/* The status of an error reply with this code: gRPC's own numbers, or HTTP's from 100 on. */
tern_status terni_status_from_code(long code);

#endif

/* Keeping nats.c's TLS from blocking the I/O thread. nats.c waits inside its read until the TLS record is
 * complete, and inside its write until the socket has room. */
#ifndef TERNI_TLS_H
#define TERNI_TLS_H

#include <stdbool.h>
#include <stdint.h>

/* Has a whole record arrived (or the end of the stream)? If not, poll says so again when it has. low_water: kept
 * between calls, 0 at first. */
bool terni_tls_readable(int fd, int *low_water);

/* Has the kernel end the connection when the peer takes nothing for so long, so that a write ends too. */
void terni_tls_limit_writes(int fd, uint32_t timeout_ms);

#endif

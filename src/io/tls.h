/* Keeping nats.c's TLS from blocking the I/O thread. nats.c waits inside its read until the TLS record is complete, and
 * inside its write until the socket has room. So it reads when a record is complete, and writes where there is room, or
 * nearly: and no frames, which are written here, to the TLS connection that nats.c has made and does not show. */
#ifndef TERNI_TLS_H
#define TERNI_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* OpenSSL's SSL. */
typedef struct ssl_st terni_tls;

/* Has a whole record arrived (or the end of the stream)? If not, poll says so again when it has. low_water: kept
 * between calls, 0 at first. */
bool terni_tls_readable(int fd, int *low_water);

/* Has this thread remember the TLS connections that are made on it. */
void terni_tls_watch(void);

/* The last of them, if it is over this socket. NULL: nats.c has not made it, or with another OpenSSL than Tern's. */
terni_tls *terni_tls_over(int fd);

/* As send without waiting, errno included; but after EAGAIN, what follows begins with the same bytes, and at least as
 * many. On the thread that reads, with SIGPIPE blocked. */
ssize_t terni_tls_send(terni_tls *tls, const void *bytes, size_t size);

/* Has the socket room for a good deal, so that a write of nats.c's does not wait? */
bool terni_tls_has_room(int fd);

/* Has the kernel end the connection when the peer takes nothing for so long, so that a write of nats.c's ends, too. */
void terni_tls_limit_writes(int fd, uint32_t timeout_ms);

#endif

/* A bare socket that speaks NATS: for support code and for tests that look at the protocol itself. */
#ifndef TEST_WIRE_H
#define TEST_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One thread at a time. */
struct wire {
    int fd;            /* -1 when not connected */
    size_t held_bytes; /* read and not yet taken */
    char held[65536];
};

/* Connects to 127.0.0.1; false when refused. Sends nothing. */
bool wire_open(struct wire *wire, uint16_t port);

/* Closes: in the orderly way, or with a reset. Both take a wire that is not connected. */
void wire_close(struct wire *wire);
void wire_reset(struct wire *wire);

/* Sends all of the bytes; false when the connection is broken. */
bool wire_send(struct wire *wire, const void *bytes, size_t size_bytes);
bool wire_print(struct wire *wire, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Takes the next line, without its CR LF; false at end-of-file, at an error, or when timeout_ms passes first. */
bool wire_line(struct wire *wire, char *line, size_t line_bytes, int timeout_ms);

/* Whether there is something to take, or the other side has closed, within timeout_ms. */
bool wire_readable(const struct wire *wire, int timeout_ms);

/* Takes exactly so many bytes; false as wire_line. */
bool wire_bytes(struct wire *wire, void *bytes, size_t size_bytes, int timeout_ms);

/* Reads and drops everything until the other side closes; false when timeout_ms passes first. */
bool wire_wait_closed(struct wire *wire, int timeout_ms);

/* wire_open, then INFO, CONNECT, PING, PONG; false when any of it fails. It says protocol 1, so further INFO lines may
 * come at any time. */
bool wire_connect(struct wire *wire, uint16_t port, int timeout_ms);

/* Sends PING and takes lines until PONG: what was sent before it has been through the server. Messages that come
 * meanwhile are dropped. */
bool wire_flush(struct wire *wire, int timeout_ms);

#endif

#include "wire.h"

#include "check.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

bool wire_open(struct wire *wire, uint16_t port)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
    int on = 1;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    wire->held_bytes = 0;
    wire->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (wire->fd < 0) return false;
    if (connect(wire->fd, (struct sockaddr *)&address, sizeof address) != 0) {
        wire_close(wire);
        return false;
    }
    setsockopt(wire->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return true;
}

void wire_close(struct wire *wire)
{
    if (wire->fd >= 0) close(wire->fd);
    wire->fd = -1;
}

void wire_reset(struct wire *wire)
{
    struct linger reset = { .l_onoff = 1, .l_linger = 0 };

    if (wire->fd >= 0) setsockopt(wire->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    wire_close(wire);
}

bool wire_send(struct wire *wire, const void *bytes, size_t size_bytes)
{
    const char *from = bytes;
    ssize_t sent;

    while (size_bytes > 0) {
        sent = send(wire->fd, from, size_bytes, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent <= 0) return false;
        from += sent;
        size_bytes -= (size_t)sent;
    }
    return true;
}

bool wire_print(struct wire *wire, const char *format, ...)
{
    char text[8192];
    va_list args;
    int length;

    va_start(args, format);
    length = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return length >= 0 && (size_t)length < sizeof text && wire_send(wire, text, (size_t)length);
}

bool wire_readable(const struct wire *wire, int timeout_ms)
{
    struct pollfd polled = { .fd = wire->fd, .events = POLLIN };

    return wire->held_bytes > 0 || poll(&polled, 1, timeout_ms) > 0;
}

/* Reads once into held; false at end-of-file, error, deadline, or when held is full. */
static bool fill(struct wire *wire, long deadline_ms)
{
    struct pollfd polled = { .fd = wire->fd, .events = POLLIN };
    long left_ms = deadline_ms - test_now_ms();
    ssize_t got;

    if (wire->held_bytes == sizeof wire->held) return false;
    if (poll(&polled, 1, left_ms > 0 ? (int)left_ms : 0) <= 0) return false;
    got = recv(wire->fd, wire->held + wire->held_bytes, sizeof wire->held - wire->held_bytes, 0);
    if (got <= 0) return false;
    wire->held_bytes += (size_t)got;
    return true;
}

static void drop(struct wire *wire, size_t size_bytes)
{
    wire->held_bytes -= size_bytes;
    memmove(wire->held, wire->held + size_bytes, wire->held_bytes);
}

bool wire_line(struct wire *wire, char *line, size_t line_bytes, int timeout_ms)
{
    long deadline_ms = test_now_ms() + timeout_ms;
    char *end;
    size_t length;

    while ((end = memmem(wire->held, wire->held_bytes, "\r\n", 2)) == NULL) {
        if (!fill(wire, deadline_ms)) return false;
    }
    length = (size_t)(end - wire->held);
    if (length >= line_bytes) return false;
    memcpy(line, wire->held, length);
    line[length] = '\0';
    drop(wire, length + 2);
    return true;
}

bool wire_bytes(struct wire *wire, void *bytes, size_t size_bytes, int timeout_ms)
{
    long deadline_ms = test_now_ms() + timeout_ms;
    char *to = bytes;
    size_t part;

    while (size_bytes > 0) {
        if (wire->held_bytes == 0 && !fill(wire, deadline_ms)) return false;
        part = wire->held_bytes < size_bytes ? wire->held_bytes : size_bytes;
        memcpy(to, wire->held, part);
        drop(wire, part);
        to += part;
        size_bytes -= part;
    }
    return true;
}

bool wire_wait_closed(struct wire *wire, int timeout_ms)
{
    long deadline_ms = test_now_ms() + timeout_ms;

    do wire->held_bytes = 0;
    while (fill(wire, deadline_ms));
    return test_now_ms() < deadline_ms;
}

bool wire_connect(struct wire *wire, uint16_t port, int timeout_ms)
{
    char line[4096];

    if (!wire_open(wire, port)) return false;
    if (wire_line(wire, line, sizeof line, timeout_ms) && strncmp(line, "INFO ", 5) == 0 &&
        wire_print(wire, "CONNECT {\"verbose\":false,\"protocol\":1,\"headers\":true,\"no_responders\":true}\r\n") &&
        wire_flush(wire, timeout_ms)) {
        return true;
    }
    wire_close(wire);
    return false;
}

bool wire_flush(struct wire *wire, int timeout_ms)
{
    long deadline_ms = test_now_ms() + timeout_ms;
    char line[4096];

    if (!wire_print(wire, "PING\r\n")) return false;
    while (wire_line(wire, line, sizeof line, (int)(deadline_ms - test_now_ms()))) {
        if (strcmp(line, "PONG") == 0) return true;
        if (strncmp(line, "-ERR", 4) == 0) return false;
    }
    return false;
}

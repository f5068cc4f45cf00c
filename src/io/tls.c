#include "io/tls.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

enum { RECORD_HEAD = 5 }; /* type, version, and in two bytes the size of what follows (RFC 8446, 5.1) */

/* From now on poll finds fd readable when so many bytes have come. */
static void set_low_water(int fd, int *low_water, int bytes)
{
    if (*low_water == bytes) return;
    *low_water = bytes;
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &bytes, sizeof bytes);
}

bool terni_tls_readable(int fd, int *low_water)
{
    uint8_t head[RECORD_HEAD];
    int arrived = 0, needed = RECORD_HEAD;
    ssize_t got = recv(fd, head, sizeof head, MSG_PEEK | MSG_DONTWAIT);
    if (got <= 0 || ioctl(fd, FIONREAD, &arrived) != 0) return true; /* the end, or an error: for nats.c to see */
    if (got == RECORD_HEAD) needed += head[3] << 8 | head[4];
    bool whole = got == RECORD_HEAD && arrived >= needed;
    /* Found readable below the low water: the receive window is full, and more comes only when some is read. */
    bool full = !whole && *low_water == needed;
    set_low_water(fd, low_water, whole || full ? 1 : needed);
    return whole || full;
}

void terni_tls_limit_writes(int fd, uint32_t timeout_ms)
{
    unsigned int timeout = timeout_ms;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout, sizeof timeout);
}

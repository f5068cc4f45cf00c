/* OpenSSL tells whoever asks of each SSL that is made in the process, on the thread that makes it: a new index for data
 * of the program's has a function that is called so. nats.c makes one inside its connect, and uses it on the threads
 * that connect, read and write, which of a session are one after the other. */
#include "io/tls.h"

#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

static int made_index = -1;
static _Thread_local bool watching;
static _Thread_local SSL *last_made;

static void on_made(void *ssl, void *data, CRYPTO_EX_DATA *all, int index, long number, void *pointer)
{
    (void)data, (void)all, (void)index, (void)number, (void)pointer;
    if (watching) last_made = ssl;
}

static void begin_watching(void)
{
    made_index = SSL_get_ex_new_index(0, NULL, on_made, NULL, NULL); /* where it fails, no SSL is ever told of */
}

/* OpenSSL may outlive this code, where that is part of something that is unloaded. */
static __attribute__((destructor)) void end_watching(void)
{
    if (made_index >= 0) (void)CRYPTO_free_ex_index(CRYPTO_EX_INDEX_SSL, made_index);
}

void terni_tls_watch(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, begin_watching);
    watching = true;
}

terni_tls *terni_tls_over(int fd)
{
    if (last_made == NULL || SSL_get_fd(last_made) != fd) return NULL;
    (void)SSL_set_mode(last_made, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    return last_made;
}

ssize_t terni_tls_send(terni_tls *tls, const void *bytes, size_t size)
{
    ERR_clear_error(); /* SSL_get_error looks there, too */
    int wrote = SSL_write(tls, bytes, size > INT_MAX ? INT_MAX : (int)size);
    if (wrote > 0) return wrote;
    int error = SSL_get_error(tls, wrote);
    errno = error == SSL_ERROR_WANT_WRITE || error == SSL_ERROR_WANT_READ ? EAGAIN : EIO;
    return -1;
}

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

bool terni_tls_has_room(int fd)
{
    struct pollfd socket = { .fd = fd, .events = POLLOUT };
    return poll(&socket, 1, 0) != 0; /* an error, too, is for nats.c to see */
}

void terni_tls_limit_writes(int fd, uint32_t timeout_ms)
{
    unsigned int timeout = timeout_ms;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout, sizeof timeout);
}

#include "io/probe.h"

#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/clock.h"

bool terni_address_split(const char *address, char *host, size_t size, const char **out_port)
{
    const char *at = strstr(address, "://"), *colon = strrchr(address, ':');
    if (at == NULL || colon == NULL || colon < at + 3) return false;
    at += 3;
    size_t length = (size_t)(colon - at);
    if (*at == '[' && length >= 2) {
        at++;
        length -= 2;
    }
    if (length >= size) return false;
    memcpy(host, at, length);
    host[length] = '\0';
    *out_port = colon + 1;
    return true;
}

static bool wait_for(int fd, short events, terni_time_ms deadline)
{
    struct pollfd poll_fd = { .fd = fd, .events = events };
    terni_time_ms left = deadline - terni_now_ms();
    return left > 0 && poll(&poll_fd, 1, (int)left) > 0;
}

static int open_socket(const char *host, const char *port, terni_time_ms deadline)
{
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *found = NULL;
    if (getaddrinfo(host, port, &hints, &found) != 0) return -1;
    int fd = socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd >= 0) {
        (void)connect(fd, found->ai_addr, found->ai_addrlen); /* a failure shows when reading */
        if (!wait_for(fd, POLLOUT, deadline)) {
            (void)close(fd);
            fd = -1;
        }
    }
    freeaddrinfo(found);
    return fd;
}

/* Takes the words out of: -ERR 'maximum connections exceeded' */
static bool refusal_in(const char *text, char *out_text, size_t size)
{
    const char *words = strncmp(text, "-ERR", 4) == 0 ? text : strstr(text, "\n-ERR");
    if (words == NULL || strchr(words + 1, '\n') == NULL) return false;
    words += strcspn(words, "'\r");
    if (*words == '\'') words++;
    (void)snprintf(out_text, size, "%.*s", (int)strcspn(words, "'\r\n"), words);
    return true;
}

bool terni_probe_refusal(const char *address, int timeout_ms, char *out_text, size_t size)
{
    char host[256], text[8192];
    const char *port = NULL;
    size_t used = 0;
    bool found = false;
    terni_time_ms deadline = terni_now_ms() + timeout_ms;
    int fd = terni_address_split(address, host, sizeof host, &port) ? open_socket(host, port, deadline) : -1;
    if (fd < 0) return false;
    while (!found && used + 1 < sizeof text && wait_for(fd, POLLIN, deadline)) {
        ssize_t got = recv(fd, text + used, sizeof text - 1 - used, 0);
        if (got <= 0) break;
        used += (size_t)got;
        text[used] = '\0';
        found = refusal_in(text, out_text, size);
    }
    (void)close(fd);
    return found;
}

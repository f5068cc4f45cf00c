#include "io/stall.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/probe.h"

/* The inode of a descriptor that is a socket, or 0: from its link "socket:[4711]", so that descriptors that
 * are somebody else's business are not touched. */
static ino_t socket_inode(DIR *dir, const char *fd)
{
    char link[64];
    unsigned long long inode = 0;
    ssize_t size = readlinkat(dirfd(dir), fd, link, sizeof link - 1);
    if (size < 0) return 0;
    link[size] = '\0';
    return sscanf(link, "socket:[%llu]", &inode) == 1 ? (ino_t)inode : 0;
}

static bool append(terni_stall *stall, ino_t inode, size_t *capacity)
{
    if (stall->before_count == *capacity) {
        size_t grown = *capacity == 0 ? 32 : *capacity * 2;
        ino_t *before = realloc(stall->before, grown * sizeof *before);
        if (before == NULL) return false;
        stall->before = before;
        *capacity = grown;
    }
    stall->before[stall->before_count++] = inode;
    return true;
}

void terni_stall_note(terni_stall *stall, terni_time_ms until)
{
    DIR *dir = opendir("/proc/self/fd");
    size_t capacity = 0;
    bool ok = dir != NULL;
    *stall = (terni_stall){ .until = until };
    for (struct dirent *entry; ok && (entry = readdir(dir)) != NULL;) {
        ino_t inode = socket_inode(dir, entry->d_name);
        if (inode != 0) ok = append(stall, inode, &capacity);
    }
    if (dir != NULL) (void)closedir(dir);
    stall->complete = ok;
}

struct addrinfo *terni_stall_resolve(const char *address)
{
    char host[256];
    const char *port = NULL;
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *found = NULL;
    if (!terni_address_split(address, host, sizeof host, &port)) return NULL;
    return getaddrinfo(host, port, &hints, &found) == 0 ? found : NULL;
}

void terni_stall_free(terni_stall *stall)
{
    free(stall->before);
    if (stall->addresses != NULL) freeaddrinfo(stall->addresses);
    *stall = (terni_stall){ 0 };
}

static bool was_there(const terni_stall *stall, ino_t inode)
{
    for (size_t i = 0; i < stall->before_count; i++)
        if (stall->before[i] == inode) return true;
    return false;
}

/* Compares port and host, and nothing else of a sockaddr. */
static bool same_peer(const struct sockaddr *a, const struct sockaddr *b)
{
    if (a->sa_family != b->sa_family) return false;
    if (a->sa_family == AF_INET) {
        const struct sockaddr_in *a4 = (const void *)a, *b4 = (const void *)b;
        return a4->sin_port == b4->sin_port && a4->sin_addr.s_addr == b4->sin_addr.s_addr;
    }
    const struct sockaddr_in6 *a6 = (const void *)a, *b6 = (const void *)b;
    return a->sa_family == AF_INET6 && a6->sin6_port == b6->sin6_port &&
           memcmp(&a6->sin6_addr, &b6->sin6_addr, sizeof a6->sin6_addr) == 0;
}

static bool leads_to(int fd, const struct addrinfo *addresses)
{
    struct sockaddr_storage peer = { 0 };
    socklen_t size = sizeof peer;
    if (getpeername(fd, (struct sockaddr *)&peer, &size) != 0) return false;
    for (; addresses != NULL; addresses = addresses->ai_next)
        if (same_peer((struct sockaddr *)&peer, addresses->ai_addr)) return true;
    return false;
}

static bool silent(int fd, int silent_ms)
{
    struct tcp_info info = { 0 };
    socklen_t size = sizeof info;
    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return false;
    return info.tcpi_last_data_recv >= (uint32_t)silent_ms;
}

/* Shuts the socket down through a descriptor of our own: its number cannot become another's meanwhile. */
static void break_if_stalled(const terni_stall *stall, DIR *dir, const char *name, int silent_ms)
{
    char held_name[16];
    ino_t inode = socket_inode(dir, name);
    if (inode == 0 || was_there(stall, inode) || !leads_to(atoi(name), stall->addresses)) return;
    int held = fcntl(atoi(name), F_DUPFD_CLOEXEC, 0);
    if (held < 0) return;
    (void)snprintf(held_name, sizeof held_name, "%d", held);
    if (socket_inode(dir, held_name) == inode && silent(held, silent_ms)) (void)shutdown(held, SHUT_RDWR);
    (void)close(held);
}

static bool is_known(int fd, const int *known, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (known[i] == fd) return true;
    return false;
}

void terni_stall_break(const terni_stall *stall, int silent_ms, const int *known, size_t count)
{
    DIR *dir = !stall->complete || stall->addresses == NULL ? NULL : opendir("/proc/self/fd");
    if (dir == NULL) return;
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;)
        if (!is_known(atoi(entry->d_name), known, count)) break_if_stalled(stall, dir, entry->d_name, silent_ms);
    (void)closedir(dir);
}

#include "proxy_loop.h"

#include "tempdir.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct sockaddr_in proxy_address(uint16_t port)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

static int connect_to(uint16_t port)
{
    struct sockaddr_in address = proxy_address(port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) != 0 && errno != EINPROGRESS) {
        close(fd);
        return -1;
    }
    return fd;
}

static void choose_cut(struct proxy *proxy, struct proxy_link *link, uint64_t index)
{
    struct proxy_cut cut = proxy->next_cut;

    proxy->next_cut = (struct proxy_cut){ 0 };
    if (cut.kind == PROXY_CUT_NONE && proxy->choose != NULL) proxy->choose(proxy->choose_arg, index, &cut);
    if (cut.kind != PROXY_CUT_NONE) cutter_arm(&link->cutter, &cut);
}

static void accept_one(struct proxy *proxy)
{
    int client_fd = accept4(proxy->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    struct proxy_link *link;
    int server_fd = -1;

    if (client_fd < 0) return;
    proxy->stats.accepted++;
    if (proxy->mode == PROXY_REFUSE) {
        close(client_fd);
        return;
    }
    if (proxy->mode == PROXY_FORWARD) server_fd = connect_to(proxy->target_port);
    link = link_new(client_fd, server_fd);
    link->next = proxy->links;
    proxy->links = link;
    if (proxy->mode == PROXY_FORWARD && server_fd < 0) {
        link_end(link, PROXY_RESET);
        return;
    }
    choose_cut(proxy, link, proxy->stats.accepted - 1);
}

static void sweep(struct proxy *proxy)
{
    struct proxy_link **at = &proxy->links;
    struct proxy_link *link;

    proxy->stats.open = 0;
    while ((link = *at) != NULL) {
        if (link->state == LINK_CLOSED) {
            *at = link->next;
            free(link);
            continue;
        }
        if (link->state != LINK_LINGERING) proxy->stats.open++;
        at = &link->next;
    }
}

static void obey(struct proxy *proxy)
{
    struct proxy_link *link;

    for (link = proxy->links; link != NULL; link = link->next) {
        if (proxy->live_cut.kind != PROXY_CUT_NONE) cutter_arm(&link->cutter, &proxy->live_cut);
        if (proxy->ending_all) link_end(link, proxy->end_all);
    }
    proxy->live_cut = (struct proxy_cut){ 0 };
    proxy->ending_all = false;
    proxy->done = proxy->asked;
}

/* Polls with the lock released; *polled grows as needed: wake, listener, then two for each link. */
static void poll_all(struct proxy *proxy, struct pollfd **polled, size_t *room)
{
    struct proxy_link *link;
    size_t count = 2;

    for (link = proxy->links; link != NULL; link = link->next) count += 2;
    if (count > *room) {
        *room = count * 2;
        *polled = realloc(*polled, *room * sizeof **polled);
        if (*polled == NULL) test_abort("out of memory");
    }
    (*polled)[0] = (struct pollfd){ .fd = proxy->wake_fd, .events = POLLIN };
    (*polled)[1] = (struct pollfd){ .fd = proxy->listen_fd, .events = POLLIN };
    count = 2;
    for (link = proxy->links; link != NULL; link = link->next, count += 2) {
        link_poll_for(link, proxy->stalled, &(*polled)[count], &(*polled)[count + 1]);
    }
    pthread_mutex_unlock(&proxy->lock);
    if (poll(*polled, count, -1) < 0 && errno != EINTR) test_abort("the proxy's poll failed");
    pthread_mutex_lock(&proxy->lock);
}

void *proxy_run(void *arg)
{
    struct proxy *proxy = arg;
    struct pollfd *polled = NULL;
    struct proxy_link *link;
    uint64_t wakes;
    size_t room = 0, i;

    pthread_mutex_lock(&proxy->lock);
    while (!proxy->stopping) {
        poll_all(proxy, &polled, &room);
        if (polled[0].revents != 0 && read(proxy->wake_fd, &wakes, sizeof wakes) < 0) test_abort("eventfd");
        /* What was asked for holds before any byte is forwarded. */
        obey(proxy);
        for (link = proxy->links, i = 2; link != NULL; link = link->next, i += 2) {
            link_pump(link, proxy->stalled, polled[i].revents != 0, polled[i + 1].revents != 0, &proxy->stats);
        }
        if (polled[1].revents != 0) accept_one(proxy);
        sweep(proxy);
        pthread_cond_broadcast(&proxy->changed);
    }
    for (link = proxy->links; link != NULL; link = link->next) link_end(link, PROXY_RESET);
    sweep(proxy);
    pthread_mutex_unlock(&proxy->lock);
    free(polled);
    return NULL;
}

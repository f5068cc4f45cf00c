/* The lock is held by the proxy's thread except while it polls, so a caller that has it sees whole states. A caller
 * never touches a socket: it sets what it wants, wakes the thread, and waits until the thread has come round. */
#include "proxy_loop.h"

#include "tempdir.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct proxy *proxy_start(uint16_t target_port)
{
    struct sockaddr_in address = proxy_address(0);
    socklen_t size = sizeof address;
    struct proxy *proxy = calloc(1, sizeof *proxy);
    pthread_condattr_t attr;

    if (proxy == NULL) test_abort("out of memory");
    proxy->target_port = target_port;
    proxy->wake_fd = eventfd(0, EFD_CLOEXEC);
    proxy->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (bind(proxy->listen_fd, (struct sockaddr *)&address, size) != 0 || listen(proxy->listen_fd, 1024) != 0 ||
        getsockname(proxy->listen_fd, (struct sockaddr *)&address, &size) != 0) {
        test_abort("the proxy cannot listen");
    }
    proxy->port = ntohs(address.sin_port);
    snprintf(proxy->url, sizeof proxy->url, "nats://127.0.0.1:%d", proxy->port);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&proxy->changed, &attr);
    pthread_condattr_destroy(&attr);
    pthread_mutex_init(&proxy->lock, NULL);
    if (pthread_create(&proxy->thread, NULL, proxy_run, proxy) != 0) test_abort("the proxy has no thread");
    return proxy;
}

static void wake(struct proxy *proxy)
{
    uint64_t one = 1;

    proxy->asked++;
    if (write(proxy->wake_fd, &one, sizeof one) < 0) test_abort("eventfd");
}

/* Ends a change that was made under the lock: returns when the thread has seen it. */
static void finish_change(struct proxy *proxy)
{
    uint64_t mine;

    wake(proxy);
    mine = proxy->asked;
    while (proxy->done < mine) pthread_cond_wait(&proxy->changed, &proxy->lock);
    pthread_mutex_unlock(&proxy->lock);
}

void proxy_stop(struct proxy *proxy)
{
    if (proxy == NULL) return;
    pthread_mutex_lock(&proxy->lock);
    proxy->stopping = true;
    wake(proxy);
    pthread_mutex_unlock(&proxy->lock);
    pthread_join(proxy->thread, NULL);
    close(proxy->listen_fd);
    close(proxy->wake_fd);
    pthread_cond_destroy(&proxy->changed);
    pthread_mutex_destroy(&proxy->lock);
    free(proxy);
}

uint16_t proxy_port(const struct proxy *proxy)
{
    return proxy->port;
}

const char *proxy_url(const struct proxy *proxy)
{
    return proxy->url;
}

void proxy_set_mode(struct proxy *proxy, enum proxy_mode mode)
{
    pthread_mutex_lock(&proxy->lock);
    proxy->mode = mode;
    finish_change(proxy);
}

void proxy_set_target(struct proxy *proxy, uint16_t target_port)
{
    pthread_mutex_lock(&proxy->lock);
    proxy->target_port = target_port;
    finish_change(proxy);
}

void proxy_stall(struct proxy *proxy, int directions)
{
    pthread_mutex_lock(&proxy->lock);
    proxy->stalled = directions;
    finish_change(proxy);
}

void proxy_cut_all(struct proxy *proxy, enum proxy_end end)
{
    pthread_mutex_lock(&proxy->lock);
    proxy->ending_all = true;
    proxy->end_all = end;
    finish_change(proxy);
}

void proxy_cut_next(struct proxy *proxy, const struct proxy_cut *cut)
{
    pthread_mutex_lock(&proxy->lock);
    proxy->next_cut = *cut;
    finish_change(proxy);
}

void proxy_cut_live(struct proxy *proxy, const struct proxy_cut *cut)
{
    pthread_mutex_lock(&proxy->lock);
    proxy->live_cut = *cut;
    finish_change(proxy);
}

void proxy_cut_at(struct proxy *proxy, enum proxy_cut_kind kind, uint64_t seed)
{
    proxy_cut_next(proxy, &(struct proxy_cut){ .kind = kind, .seed = seed });
}

void proxy_cut_each(struct proxy *proxy, proxy_chooser choose, void *arg)
{
    pthread_mutex_lock(&proxy->lock);
    proxy->choose = choose;
    proxy->choose_arg = arg;
    finish_change(proxy);
}

struct proxy_stats proxy_stats(struct proxy *proxy)
{
    struct proxy_stats stats;

    pthread_mutex_lock(&proxy->lock);
    stats = proxy->stats;
    pthread_mutex_unlock(&proxy->lock);
    return stats;
}

/* Waits until low <= *count <= high. */
static bool wait_count(struct proxy *proxy, const uint64_t *count, uint64_t low, uint64_t high, int timeout_ms)
{
    struct timespec deadline;
    bool reached;
    int rc = 0;

    clock_gettime(CLOCK_MONOTONIC, &deadline);
    deadline.tv_sec += timeout_ms / 1000;
    deadline.tv_nsec += timeout_ms % 1000 * 1000000L;
    deadline.tv_sec += deadline.tv_nsec / 1000000000L;
    deadline.tv_nsec %= 1000000000L;
    pthread_mutex_lock(&proxy->lock);
    while ((*count < low || *count > high) && rc == 0) {
        rc = pthread_cond_timedwait(&proxy->changed, &proxy->lock, &deadline);
    }
    reached = *count >= low && *count <= high;
    pthread_mutex_unlock(&proxy->lock);
    return reached;
}

bool proxy_wait_accepted(struct proxy *proxy, uint64_t at_least, int timeout_ms)
{
    return wait_count(proxy, &proxy->stats.accepted, at_least, UINT64_MAX, timeout_ms);
}

bool proxy_wait_cuts(struct proxy *proxy, uint64_t at_least, int timeout_ms)
{
    return wait_count(proxy, &proxy->stats.cuts, at_least, UINT64_MAX, timeout_ms);
}

bool proxy_wait_open(struct proxy *proxy, uint64_t at_most, int timeout_ms)
{
    return wait_count(proxy, &proxy->stats.open, 0, at_most, timeout_ms);
}

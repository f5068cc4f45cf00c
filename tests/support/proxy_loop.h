/* The proxy's state and its thread. */
#ifndef TEST_PROXY_LOOP_H
#define TEST_PROXY_LOOP_H

#include "proxy.h"
#include "proxy_link.h"

#include <netinet/in.h>
#include <pthread.h>

struct proxy {
    pthread_t thread;
    uint16_t port;
    char url[64];
    int listen_fd;
    int wake_fd;

    pthread_mutex_t lock;
    pthread_cond_t changed; /* asked, done or stats */
    /* all below guarded by lock */
    uint64_t asked; /* changes asked for; done counts those the thread has seen */
    uint64_t done;
    bool stopping;
    bool ending_all; /* asked for, with end_all */
    enum proxy_end end_all;
    enum proxy_mode mode;
    uint16_t target_port;
    int stalled;
    struct proxy_cut next_cut;
    struct proxy_cut live_cut; /* asked for all present links, unless none */
    proxy_chooser choose;
    void *choose_arg;
    struct proxy_stats stats;
    struct proxy_link *links; /* the thread's own */
};

/* 127.0.0.1 with the port. */
struct sockaddr_in proxy_address(uint16_t port);

/* The thread's function; arg is the struct proxy. */
void *proxy_run(void *arg);

#endif

/* One connection through the proxy: two sockets, and a buffer for each direction. Used on the proxy's thread only. */
#ifndef TEST_PROXY_LINK_H
#define TEST_PROXY_LINK_H

#include "cut.h"
#include "proxy.h"

#include <poll.h>

struct proxy_pipe {
    size_t start; /* bytes [start, end) wait to be sent */
    size_t end;
    bool eof;  /* the sender has closed its side */
    bool shut; /* and the receiver has been told */
    char bytes[65536];
};

struct proxy_link {
    struct proxy_link *next;
    int client_fd;
    int server_fd; /* -1: in the black hole, or cut */
    enum {
        LINK_OPEN,      /* forwards */
        LINK_HOLE,      /* ignored until closed */
        LINK_LINGERING, /* cut with PROXY_FIN: reads on until the client closes, else the close would reset */
        LINK_CLOSED     /* to be freed */
    } state;
    uint64_t sent_to_client;
    struct cutter cutter;
    struct proxy_pipe up;   /* client to server */
    struct proxy_pipe down; /* server to client */
};

/* Takes over both descriptors. server_fd -1 makes a black hole. */
struct proxy_link *link_new(int client_fd, int server_fd);

/* What to poll for; an fd of -1 means nothing. */
void link_poll_for(const struct proxy_link *link, int stalled, struct pollfd *out_client, struct pollfd *out_server);

/* Forwards what it can, and cuts where it must. Adds to *stats. */
void link_pump(struct proxy_link *link, int stalled, bool client_ready, bool server_ready, struct proxy_stats *stats);

/* Ends both sides. */
void link_end(struct proxy_link *link, enum proxy_end end);

#endif

/* A TCP proxy between clients and a server, for faults in the network. One thread of its own.
 *
 *     struct proxy *proxy = proxy_start(server_port(server));
 *     ... connect to proxy_url(proxy) ...
 *     proxy_cut_live(proxy, &(struct proxy_cut){.kind = PROXY_CUT_MSG_PAYLOAD, .nth = 3});
 *     proxy_stop(proxy);
 *
 * Functions may be called from any thread but the proxy's own (a chooser's). Each has taken effect when it returns. */
#ifndef TEST_PROXY_H
#define TEST_PROXY_H

#include "cut.h"

#include <stdbool.h>
#include <stdint.h>

struct proxy;

enum proxy_mode {
    PROXY_FORWARD,   /* connects each client to the target; resets it when the target refuses */
    PROXY_REFUSE,    /* accepts and closes at once */
    PROXY_BLACK_HOLE /* accepts, and then neither reads nor sends */
};

enum { PROXY_TO_CLIENT = 1, PROXY_TO_SERVER = 2, PROXY_BOTH = 3 };

struct proxy_stats {
    uint64_t accepted; /* connections accepted, in any mode */
    uint64_t cuts;     /* armed cuts that have happened */
    uint64_t open;     /* connections now forwarding or held in the black hole */
    uint64_t bytes_to_client;
    uint64_t bytes_to_server;
};

/* Listens on a free port of 127.0.0.1 and forwards to target_port there. */
struct proxy *proxy_start(uint16_t target_port);

/* Resets all connections, ends the thread, frees. Takes NULL. */
void proxy_stop(struct proxy *proxy);

uint16_t proxy_port(const struct proxy *proxy);
const char *proxy_url(const struct proxy *proxy); /* "nats://127.0.0.1:PORT" */

/* For connections accepted from now on. */
void proxy_set_mode(struct proxy *proxy, enum proxy_mode mode);
void proxy_set_target(struct proxy *proxy, uint16_t target_port);

/* Stops forwarding in the directions (PROXY_TO_CLIENT, PROXY_TO_SERVER, PROXY_BOTH) and lets the bytes wait;
 * 0 resumes. For all connections, present and future. */
void proxy_stall(struct proxy *proxy, int directions);

/* Closes all connections now, those of the black hole too. */
void proxy_cut_all(struct proxy *proxy, enum proxy_end end);

/* Arms a cut of the server's stream: of the next connection accepted; or of all present ones, counting from what
 * the proxy has read by now. A later arming replaces an earlier one. */
void proxy_cut_next(struct proxy *proxy, const struct proxy_cut *cut);
void proxy_cut_live(struct proxy *proxy, const struct proxy_cut *cut);

/* proxy_cut_next with a reset at a place of the kind that the seed chooses. */
void proxy_cut_at(struct proxy *proxy, enum proxy_cut_kind kind, uint64_t seed);

/* Chooses a cut for every connection accepted from now on that proxy_cut_next does not decide: index counts
 * connections from 0. Runs on the proxy's thread; *cut comes as none. NULL: no cuts. */
typedef void (*proxy_chooser)(void *arg, uint64_t index, struct proxy_cut *cut);
void proxy_cut_each(struct proxy *proxy, proxy_chooser choose, void *arg);

/* Counts so far, and waiting until they have reached a number (false when timeout_ms passes first). */
struct proxy_stats proxy_stats(struct proxy *proxy);
bool proxy_wait_accepted(struct proxy *proxy, uint64_t at_least, int timeout_ms);
bool proxy_wait_cuts(struct proxy *proxy, uint64_t at_least, int timeout_ms);
bool proxy_wait_open(struct proxy *proxy, uint64_t at_most, int timeout_ms);

#endif

/* Three nats-servers that form one cluster, each a struct test_server of its own. */
#ifndef TEST_CLUSTER_H
#define TEST_CLUSTER_H

#include "server.h"

#define CLUSTER_NODES 3

/* Configuration text that makes lame duck mode last about a second: with clients connected the server waits the
 * grace period, then lets them go one by one over the duration, which may not be shorter than the server allows. */
#define SERVER_QUICK_LAME_DUCK "lame_duck_grace_period: \"1s\"\nlame_duck_duration: \"30s\"\n"

struct test_cluster {
    struct test_server *nodes[CLUSTER_NODES]; /* named n1, n2, n3; to be killed, restarted, paused one by one */
    char urls[512];                           /* all client URLs, comma-separated */
};

/* Starts three nodes with the options (NULL: none; name, cluster, routes and port are ignored), and waits until
 * every node has a route to every other. Aborts the test when that takes more than 20 s. */
void cluster_start(struct test_cluster *cluster, const struct test_server_options *options);

/* Waits until the node tells its clients of at_least nodes of the cluster, itself included; false when timeout_ms
 * passes first. It reads the INFO line that the server sends to each new client. */
bool cluster_wait_node(const struct test_server *node, int at_least, int timeout_ms);

/* Waits until every node that runs tells of all the others that run. */
bool cluster_wait(struct test_cluster *cluster, int timeout_ms);

/* Stops all nodes and removes their folders. */
void cluster_stop(struct test_cluster *cluster);

#endif

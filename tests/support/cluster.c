/* The first node starts alone with a route port of the server's choice; the others name it as their route. A node
 * that is restarted gets routes to both of the others, since its own start knew only what ran then. */
#include "cluster.h"

#include "check.h"
#include "wire.h"

#include <signal.h>
#include <stdlib.h>

#define FORM_TIMEOUT_MS 20000

static void set_routes(struct test_cluster *cluster, int of)
{
    char routes[512] = "";
    int i;

    for (i = 0; i < CLUSTER_NODES; i++) {
        if (i == of) continue;
        if (routes[0] != '\0') strcat(routes, ", ");
        strcat(routes, cluster->nodes[i]->cluster_url);
    }
    free(cluster->nodes[of]->routes);
    cluster->nodes[of]->routes = strdup(routes);
}

void cluster_start(struct test_cluster *cluster, const struct test_server_options *options)
{
    struct test_server_options own = { 0 };
    char name[16];
    int i;

    if (options != NULL) own = *options;
    own.cluster = "test";
    own.routes = NULL;
    own.port = 0;
    own.name = name;
    cluster->urls[0] = '\0';
    for (i = 0; i < CLUSTER_NODES; i++) {
        snprintf(name, sizeof name, "n%d", i + 1);
        cluster->nodes[i] = server_start(&own);
        own.routes = cluster->nodes[0]->cluster_url;
        if (i > 0) strcat(cluster->urls, ",");
        strcat(cluster->urls, server_url(cluster->nodes[i]));
    }
    for (i = 0; i < CLUSTER_NODES; i++) set_routes(cluster, i);
    if (cluster_wait(cluster, FORM_TIMEOUT_MS)) return;
    for (i = 0; i < CLUSTER_NODES; i++) server_dump_log(cluster->nodes[i]);
    test_abort("the cluster did not form");
}

/* How many URLs the connect_urls array of the node's INFO line holds. */
static int count_known(const struct test_server *node)
{
    struct wire *wire = malloc(sizeof *wire);
    char line[8192];
    const char *at = NULL;
    const char *end = NULL;
    int count = 0;

    if (wire == NULL) test_abort("out of memory");
    if (wire_open(wire, server_port(node)) && wire_line(wire, line, sizeof line, 1000)) {
        at = strstr(line, "\"connect_urls\":[");
        end = at != NULL ? strchr(at, ']') : NULL;
    }
    for (; at != NULL && at < end; at++) count += *at == ',' || *at == '[';
    wire_close(wire);
    free(wire);
    return count;
}

bool cluster_wait_node(const struct test_server *node, int at_least, int timeout_ms)
{
    long deadline_ms = test_now_ms() + timeout_ms;

    while (count_known(node) < at_least) {
        if (test_now_ms() >= deadline_ms) return false;
        test_sleep_ms(5);
    }
    return true;
}

bool cluster_wait(struct test_cluster *cluster, int timeout_ms)
{
    long deadline_ms = test_now_ms() + timeout_ms;
    int running = 0;
    int i;

    for (i = 0; i < CLUSTER_NODES; i++) running += child_is_running(&cluster->nodes[i]->child);
    for (i = 0; i < CLUSTER_NODES; i++) {
        if (server_pid(cluster->nodes[i]) == 0) continue;
        if (!cluster_wait_node(cluster->nodes[i], running, (int)(deadline_ms - test_now_ms()))) return false;
    }
    return true;
}

void cluster_stop(struct test_cluster *cluster)
{
    int i;

    for (i = 0; i < CLUSTER_NODES; i++) child_signal(&cluster->nodes[i]->child, SIGTERM);
    for (i = 0; i < CLUSTER_NODES; i++) {
        server_stop(cluster->nodes[i]);
        cluster->nodes[i] = NULL;
    }
}

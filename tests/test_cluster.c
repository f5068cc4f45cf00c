/* Three servers that form a cluster, and the connected one dies. */
#include "test.h"

#include <tern/tern.h>

#include "cluster.h"
#include "echoing.h"
#include "member.h"
#include "numbers.h"
#include "rig.h"
#include "server.h"
#include "trail.h"

enum { WAIT_MS = 20000 };

static struct test_cluster cluster;
static tern_error err;

static bool reaches_the_service(void *client)
{
    return echo_works(client, 1, 200);
}

/* urls: what the client is told; the cluster tells it the rest. */
static void node_dies_under(const char *urls)
{
    struct member client, service, publisher;
    struct numbers numbers;
    tern_service *echo = NULL;
    tern_client *caller = NULL;
    tern_sub *sub = NULL;
    struct event_seen seen;

    numbers_init(&numbers);
    member_open(&service, server_url(cluster.nodes[1]));
    member_open(&publisher, server_url(cluster.nodes[1]));
    member_open(&client, urls);
    check_is_at(&client, server_url(cluster.nodes[0]));
    check_ok(examples_v1_echo_serve(service.conn, &echo_handlers, NULL, NULL, &echo, &err));
    check_ok(tern_conn_subscribe(client.conn, "across", NULL, numbers_take, &numbers, &sub, &err));
    check_ok(tern_client_new(client.conn, NULL, &caller, &err));
    check_true(wait_until(reaches_the_service, caller, WAIT_MS));

    server_kill(cluster.nodes[0]);
    check_true(trail_wait_for(&client.events, TERN_EVENT_DISCONNECTED, 1, WAIT_MS, &seen));
    check_str(seen.server, server_url(cluster.nodes[0]));
    check_true(trail_wait_for(&client.events, TERN_EVENT_RECONNECTED, 1, WAIT_MS, &seen));
    check_is_not_at(&client, server_url(cluster.nodes[0]));
    check_true(wait_until(reaches_the_service, caller, WAIT_MS));
    uint64_t n = 0; /* the interest of the client spreads through the cluster in its own time */
    while (gate_count(&numbers.gate) == 0 && n < WAIT_MS) {
        check_ok(numbers_publish(publisher.conn, "across", ++n, 0, &err));
        test_sleep_ms(1);
    }
    for (int i = 0; i < 100; i++) check_ok(numbers_publish(publisher.conn, "across", ++n, 0, &err));
    check_true(numbers_wait(&numbers, n, WAIT_MS));
    check_int(numbers.disorder, 0);

    tern_client_free(caller);
    tern_service_free(echo);
    tern_sub_free(sub);
    member_close(&client);
    member_close(&service);
    member_close(&publisher);
    numbers_destroy(&numbers);
}

Test(cluster, client_moves_to_a_listed_node_when_its_own_dies, .timeout = 60)
{
    cluster_start(&cluster, NULL);
    node_dies_under(cluster.urls);
    cluster_stop(&cluster);
    test_check_leaks();
}

Test(cluster, client_moves_to_a_node_it_has_only_learned_of, .timeout = 60)
{
    cluster_start(&cluster, NULL);
    node_dies_under(server_url(cluster.nodes[0]));
    cluster_stop(&cluster);
    test_check_leaks();
}

/* The third node is only known from what the second tells after the first has died. */
Test(cluster, client_outlives_the_death_of_two_nodes, .timeout = 60)
{
    struct member client;
    cluster_start(&cluster, NULL);
    member_open(&client, server_url(cluster.nodes[0]));
    server_kill(cluster.nodes[0]);
    check_true(trail_wait(&client.events, TERN_EVENT_RECONNECTED, 1, WAIT_MS));
    char at[128];
    tern_conn_server(client.conn, at, sizeof at);
    int second = strcmp(at, server_url(cluster.nodes[1])) == 0 ? 1 : 2;
    check_str(at, server_url(cluster.nodes[second]));
    server_kill(cluster.nodes[second]);
    check_true(trail_wait(&client.events, TERN_EVENT_RECONNECTED, 2, WAIT_MS));
    check_is_at(&client, server_url(cluster.nodes[3 - second]));
    check_ok(tern_conn_flush(client.conn, WAIT_MS, &err));
    member_close(&client);
    cluster_stop(&cluster);
    test_check_leaks();
}

/* The connection that was there from the beginning hears of a node that joins, and of nothing else, without asking. */
Test(cluster, node_that_joined_after_the_connect_is_learned_of, .timeout = 60)
{
    struct member client;
    cluster_start(&cluster, NULL);
    server_kill(cluster.nodes[1]);
    server_kill(cluster.nodes[2]);
    check_true(cluster_wait(&cluster, WAIT_MS));
    member_open(&client, server_url(cluster.nodes[0]));
    server_restart(cluster.nodes[1]);
    check_true(cluster_wait(&cluster, WAIT_MS));
    check_ok(tern_conn_flush(client.conn, WAIT_MS, &err)); /* what the server told before has been read */
    server_kill(cluster.nodes[0]);
    check_true(trail_wait(&client.events, TERN_EVENT_RECONNECTED, 1, WAIT_MS));
    check_is_at(&client, server_url(cluster.nodes[1]));
    member_close(&client);
    cluster_stop(&cluster);
    test_check_leaks();
}

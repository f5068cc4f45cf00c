/* Tests of the test support itself: the servers, with bare sockets that speak NATS. */
#include "test.h"

#include "cluster.h"
#include "server.h"
#include "wire.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#define WAIT_MS 5000

static void expect_line(struct wire *wire, const char *expected)
{
    char line[4096];

    do cr_assert(wire_line(wire, line, sizeof line, WAIT_MS), "no line came, wanted \"%s\"", expected);
    while (strncmp(line, "INFO ", 5) == 0);
    check_str(line, expected);
}

/* What is published on one connection arrives on the other. */
static void exchange(uint16_t sub_port, uint16_t pub_port)
{
    struct wire *sub = malloc(sizeof *sub);
    struct wire *pub = malloc(sizeof *pub);
    char payload[8] = "";

    check_true(wire_connect(sub, sub_port, WAIT_MS));
    check_true(wire_connect(pub, pub_port, WAIT_MS));
    check_true(wire_print(sub, "SUB greet 7\r\n"));
    check_true(wire_flush(sub, WAIT_MS));
    /* Between nodes the interest travels on its own time: publish until it is there. */
    do check_true(wire_print(pub, "PUB greet 5\r\nhello\r\n"));
    while (!wire_readable(sub, sub_port == pub_port ? WAIT_MS : 20));
    expect_line(sub, "MSG greet 7 5");
    check_true(wire_bytes(sub, payload, 7, WAIT_MS));
    check_str(payload, "hello\r\n");
    wire_close(sub);
    wire_close(pub);
    free(sub);
    free(pub);
}

static bool can_connect(uint16_t port)
{
    struct wire *wire = malloc(sizeof *wire);
    bool connected = wire_connect(wire, port, 300);

    wire_close(wire);
    free(wire);
    return connected;
}

Test(server, starts_on_a_free_port_and_delivers, .timeout = 30)
{
    int fds = test_count_fds();
    struct test_server *server = server_start(NULL);
    char expected[64];

    snprintf(expected, sizeof expected, "nats://127.0.0.1:%d", server_port(server));
    check_str(server_url(server), expected);
    exchange(server_port(server), server_port(server));
    server_stop(server);
    check_int(test_count_fds(), fds);
    test_check_leaks();
}

Test(server, leaves_no_folder_and_no_process, .timeout = 30)
{
    struct test_server *server = server_start(&(struct test_server_options){ .jetstream = true });
    char path[256];
    pid_t pid = server_pid(server);

    snprintf(path, sizeof path, "%s", server->dir.path);
    check_int(access(path, F_OK), 0);
    server_stop(server);
    check_int(access(path, F_OK), -1);
    check_int(kill(pid, 0), -1);
    test_check_leaks();
}

Test(server, comes_back_on_its_port_after_a_kill, .timeout = 60)
{
    struct test_server *server = server_start(NULL);
    uint16_t port = server_port(server);
    int i;

    for (i = 0; i < 5; i++) {
        server_kill(server);
        check_int(server_pid(server), 0);
        check_false(can_connect(port));
        server_restart(server);
        check_int(server_port(server), port);
        exchange(port, port);
    }
    server_stop(server);
    test_check_leaks();
}

static void *restart_and_end(void *arg)
{
    server_restart(arg);
    return NULL;
}

Test(server, outlives_the_thread_that_started_it, .timeout = 30)
{
    struct test_server *server = server_start(NULL);
    pthread_t thread;

    pthread_create(&thread, NULL, restart_and_end, server);
    pthread_join(thread, NULL);
    check_false(server_wait_end(server, 100));
    exchange(server_port(server), server_port(server));
    server_stop(server);
    test_check_leaks();
}

/* The child of a fork stands for a test that crashes. */
Test(server, dies_with_its_test_and_leaves_no_folder, .timeout = 30)
{
    struct {
        pid_t pid;
        char path[256];
    } seen;
    int fds[2], i;
    pid_t crasher;

    check_int(pipe(fds), 0);
    crasher = fork();
    if (crasher == 0) {
        struct test_server *server = server_start(&(struct test_server_options){ .jetstream = true });

        seen.pid = server_pid(server);
        snprintf(seen.path, sizeof seen.path, "%s", server->dir.path);
        if (write(fds[1], &seen, sizeof seen) < 0) _exit(1);
        raise(SIGKILL);
    }
    check_int(read(fds[0], &seen, sizeof seen), sizeof seen);
    for (i = 0; i < WAIT_MS && (kill(seen.pid, 0) == 0 || access(seen.path, F_OK) == 0); i++) test_sleep_ms(1);
    check_int(kill(seen.pid, 0), -1);
    check_int(access(seen.path, F_OK), -1);
    test_check_leaks();
}

Test(server, is_silent_while_paused, .timeout = 30)
{
    struct test_server *server = server_start(NULL);
    struct wire *wire = malloc(sizeof *wire);
    char line[64];

    check_true(wire_connect(wire, server_port(server), WAIT_MS));
    server_pause(server);
    check_true(wire_print(wire, "PING\r\n"));
    check_false(wire_line(wire, line, sizeof line, 100));
    server_resume(server);
    expect_line(wire, "PONG");
    server_pause(server);
    server_stop(server);
    check_true(wire_wait_closed(wire, WAIT_MS));
    wire_close(wire);
    free(wire);
    test_check_leaks();
}

Test(server, tells_its_clients_of_lame_duck_mode, .timeout = 30)
{
    struct test_server *server = server_start(&(struct test_server_options){ .config = SERVER_QUICK_LAME_DUCK });
    struct wire *wire = malloc(sizeof *wire);
    char line[4096];

    check_true(wire_connect(wire, server_port(server), WAIT_MS));
    check_true(wire_flush(wire, WAIT_MS)); /* see server_lame_duck */
    server_lame_duck(server);
    check_true(wire_line(wire, line, sizeof line, WAIT_MS));
    check_str_has(line, "\"ldm\":true");
    check_true(wire_wait_closed(wire, WAIT_MS));
    check_true(server_wait_end(server, WAIT_MS));
    server_stop(server);
    wire_close(wire);
    free(wire);
    test_check_leaks();
}

Test(server, takes_a_new_configuration, .timeout = 30)
{
    struct test_server *server = server_start(&(struct test_server_options){ .monitor = true, .debug = true });

    check_str_has(server_monitor_url(server), "http://127.0.0.1:");
    check_true(can_connect(server_port(server)));
    server_set_config(server, "authorization { user: a, password: b }\n");
    server_reload(server);
    check_false(can_connect(server_port(server)));
    check_true(server_wait_log(server, "authentication error", WAIT_MS));
    server_set_config(server, NULL);
    server_restart(server);
    check_true(can_connect(server_port(server)));
    server_stop(server);
    test_check_leaks();
}

Test(cluster, delivers_between_nodes_and_heals, .timeout = 60)
{
    struct test_cluster cluster;
    int i;

    cluster_start(&cluster, NULL);
    exchange(server_port(cluster.nodes[0]), server_port(cluster.nodes[2]));
    for (i = 0; i < CLUSTER_NODES; i++) {
        server_kill(cluster.nodes[i]);
        server_restart(cluster.nodes[i]);
        check_true(cluster_wait(&cluster, 10000));
    }
    exchange(server_port(cluster.nodes[1]), server_port(cluster.nodes[0]));
    cluster_stop(&cluster);
    test_check_leaks();
}

static void *count_up(void *arg)
{
    int i;

    for (i = 0; i < 100; i++) gate_open(arg);
    return NULL;
}

Test(check, gate_waits_for_its_count, .timeout = 10)
{
    struct test_gate gate;
    int threads = test_count_threads();
    int fds = test_count_fds();
    pthread_t thread;

    gate_init(&gate);
    check_false(gate_wait(&gate, 1, 10));
    pthread_create(&thread, NULL, count_up, &gate);
    check_true(gate_wait(&gate, 100, WAIT_MS));
    pthread_join(thread, NULL);
    check_true(test_wait_threads(threads, WAIT_MS));
    check_int(gate_count(&gate), 100);
    gate_reset(&gate);
    check_int(gate_count(&gate), 0);
    gate_destroy(&gate);
    check_int(test_count_fds(), fds);
    check_int_at_least(test_rss_bytes(), 100000);
    test_check_leaks();
}

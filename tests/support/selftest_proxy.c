/* Tests of the proxy: what a client behind it sees of a real server. */
#include "test.h"

#include "proxy.h"
#include "server.h"
#include "wire.h"

#include <stdio.h>
#include <stdlib.h>

#define WAIT_MS 5000
#define MESSAGES 20

/* A payload that looks like protocol, for a scanner that does not count. */
static const char payload[] = "MSG bait 1 99\r\nHMSG bait 1 12 99\r\nINFO {}\r\n";
#define HEADER "MSG t 1 43\r\n"

static struct test_server *server;
static struct proxy *proxy;
static struct wire *wire;
static struct wire *pub;
static int fds_before;
static int threads_before;

static void begin(void)
{
    fds_before = test_count_fds();
    threads_before = test_count_threads();
    server = server_start(NULL);
    proxy = proxy_start(server_port(server));
    wire = calloc(1, sizeof *wire);
    pub = calloc(1, sizeof *pub);
    wire->fd = pub->fd = -1;
}

static void finish(void)
{
    wire_close(wire);
    wire_close(pub);
    free(wire);
    free(pub);
    proxy_stop(proxy);
    server_stop(server);
    server = NULL;
    check_true(test_wait_threads(threads_before, WAIT_MS));
    check_int(test_count_fds(), fds_before);
    test_check_leaks();
}

/* All bytes until the other side closes. */
static size_t read_all(char *bytes, size_t room)
{
    size_t count = 0;

    while (count < room && wire_bytes(wire, bytes + count, 1, WAIT_MS)) count++;
    return count;
}

/* A subscriber behind the proxy, and a publisher beside it. */
static void subscribe(void)
{
    check_true(wire_connect(wire, proxy_port(proxy), WAIT_MS));
    check_true(wire_print(wire, "SUB t 1\r\n"));
    check_true(wire_flush(wire, WAIT_MS));
    if (pub->fd < 0) check_true(wire_connect(pub, server_port(server), WAIT_MS));
}

static void publish(int count)
{
    while (count-- > 0) check_true(wire_print(pub, "PUB t %zu\r\n%s\r\n", sizeof payload - 1, payload));
    check_true(wire_flush(pub, WAIT_MS));
}

Test(proxy, forwards_both_ways_and_counts, .timeout = 30)
{
    static char bytes[4096];
    struct proxy_stats stats;

    begin();
    subscribe();
    publish(MESSAGES);
    check_true(wire_bytes(wire, bytes, MESSAGES * (sizeof HEADER + sizeof payload), WAIT_MS));
    stats = proxy_stats(proxy);
    check_int(stats.accepted, 1);
    check_int(stats.open, 1);
    check_int(stats.cuts, 0);
    check_int_at_least(stats.bytes_to_client, MESSAGES * (sizeof HEADER + sizeof payload));
    check_int_at_least(stats.bytes_to_server, 60);
    wire_close(wire);
    check_true(proxy_wait_open(proxy, 0, WAIT_MS));
    finish();
}

Test(proxy, cuts_after_exactly_so_many_bytes, .timeout = 60)
{
    static char bytes[4096];
    int i;

    begin();
    for (i = 0; i < 200; i++) {
        struct proxy_cut cut = { .kind = PROXY_CUT_AFTER_BYTES, .bytes = (uint64_t)i };

        cut.end = i % 2 == 0 ? PROXY_RESET : PROXY_FIN;
        proxy_cut_next(proxy, &cut);
        check_true(wire_open(wire, proxy_port(proxy)));
        check_int(read_all(bytes, sizeof bytes), i);
        wire_close(wire);
        check_true(proxy_wait_cuts(proxy, (uint64_t)i + 1, WAIT_MS));
    }
    check_true(wire_connect(wire, proxy_port(proxy), WAIT_MS));
    finish();
}

Test(proxy, cuts_inside_the_info_line, .timeout = 60)
{
    static char bytes[4096];
    uint64_t seed;
    size_t count;

    begin();
    for (seed = 0; seed < 50; seed++) {
        proxy_cut_at(proxy, PROXY_CUT_INFO_LINE, seed);
        check_true(wire_open(wire, proxy_port(proxy)));
        count = read_all(bytes, sizeof bytes);
        check_int_at_least(count, 1);
        check_true(memchr(bytes, '\n', count) == NULL);
        check_int(bytes[0], 'I');
        wire_close(wire);
    }
    finish();
}

/* Cuts a live subscriber's stream; gives how many bytes of the item that was cut came. */
static size_t cut_live(enum proxy_cut_kind kind, uint64_t seed, int nth)
{
    static char bytes[4096];
    struct proxy_cut cut = { .kind = kind, .end = seed % 2 ? PROXY_FIN : PROXY_RESET, .seed = seed, .nth = nth };
    size_t item = sizeof HEADER - 1 + sizeof payload - 1 + 2;
    size_t count;

    subscribe();
    proxy_cut_live(proxy, &cut);
    publish(MESSAGES);
    count = read_all(bytes, sizeof bytes);
    if (nth > 0) check_int(count / item, nth - 1);
    else check_int_at_most(count / item, 7);
    wire_close(wire);
    return count % item;
}

Test(proxy, cuts_inside_a_message_header_line, .timeout = 60)
{
    uint64_t seed;
    size_t part;

    begin();
    for (seed = 0; seed < 60; seed++) {
        part = cut_live(PROXY_CUT_MSG_LINE, seed, (int)(seed % 15));
        check_int_at_least(part, 1);
        check_int_less(part, sizeof HEADER - 1);
    }
    finish();
}

Test(proxy, cuts_inside_a_payload, .timeout = 60)
{
    uint64_t seed;
    size_t part;

    begin();
    for (seed = 0; seed < 60; seed++) {
        part = cut_live(PROXY_CUT_MSG_PAYLOAD, seed, (int)(seed % 15));
        check_int_at_least(part, sizeof HEADER);
    }
    finish();
}

Test(proxy, stalls_and_resumes_each_direction, .timeout = 30)
{
    char line[256];

    begin();
    subscribe();
    proxy_stall(proxy, PROXY_TO_CLIENT);
    publish(1);
    check_false(wire_readable(wire, 50));
    proxy_stall(proxy, 0);
    check_true(wire_line(wire, line, sizeof line, WAIT_MS));
    check_str(line, "MSG t 1 43");
    check_true(wire_flush(wire, WAIT_MS));
    proxy_stall(proxy, PROXY_TO_SERVER);
    check_true(wire_print(wire, "PING\r\n"));
    check_false(wire_readable(wire, 50));
    publish(1);
    check_true(wire_line(wire, line, sizeof line, WAIT_MS));
    proxy_stall(proxy, 0);
    check_true(wire_flush(wire, WAIT_MS));
    finish();
}

Test(proxy, refuses_holds_and_changes_its_target, .timeout = 30)
{
    struct test_server *other;
    uint16_t other_port;
    char line[4096], port[32];

    begin();
    other = server_start(NULL);
    other_port = server_port(other);
    proxy_set_mode(proxy, PROXY_REFUSE);
    check_true(wire_open(wire, proxy_port(proxy)));
    check_true(wire_wait_closed(wire, WAIT_MS));
    wire_close(wire);
    proxy_set_mode(proxy, PROXY_BLACK_HOLE);
    check_true(wire_open(wire, proxy_port(proxy)));
    check_false(wire_readable(wire, 50));
    check_true(proxy_wait_accepted(proxy, 2, WAIT_MS));
    proxy_cut_all(proxy, PROXY_FIN);
    check_true(wire_wait_closed(wire, WAIT_MS));
    wire_close(wire);
    proxy_set_mode(proxy, PROXY_FORWARD);
    proxy_set_target(proxy, other_port);
    check_true(wire_open(wire, proxy_port(proxy)));
    check_true(wire_line(wire, line, sizeof line, WAIT_MS));
    snprintf(port, sizeof port, "\"port\":%d,", other_port);
    check_str_has(line, port);
    proxy_cut_all(proxy, PROXY_RESET);
    check_true(wire_wait_closed(wire, WAIT_MS));
    wire_close(wire);
    server_stop(other);
    check_true(wire_open(wire, proxy_port(proxy)));
    check_true(wire_wait_closed(wire, WAIT_MS));
    finish();
}

static void choose(void *arg, uint64_t index, struct proxy_cut *cut)
{
    gate_open(arg);
    *cut = (struct proxy_cut){ .kind = PROXY_CUT_ANY_OFFSET, .seed = index, .bytes = 600 };
    cut->end = index % 2 ? PROXY_FIN : PROXY_RESET;
}

Test(proxy, cuts_every_connection_somewhere, .timeout = 60)
{
    static char bytes[4096];
    struct test_gate chosen;
    uint64_t i;

    begin();
    gate_init(&chosen);
    proxy_cut_each(proxy, choose, &chosen);
    for (i = 0; i < 200; i++) {
        check_true(wire_open(wire, proxy_port(proxy)));
        (void)wire_print(wire, "CONNECT {\"verbose\":true}\r\nSUB t 1\r\n");
        while (proxy_stats(proxy).cuts <= i && wire_print(wire, "PUB t 2\r\nhi\r\n")) test_sleep_ms(0);
        check_int_at_most(read_all(bytes, sizeof bytes), 600);
        wire_close(wire);
    }
    check_int(gate_count(&chosen), 200);
    check_int(proxy_stats(proxy).cuts, 200);
    finish();
    gate_destroy(&chosen);
}

/* The connection is cut over and over, at random places of the server's stream: what reaches a handler is whole, at
 * most once and in order, and what reaches a caller is its own.
 *
 * The ordinary run makes a few hundred cuts, with TERN_SOAK in the environment thousands. The seed is printed;
 * TERN_SEED in the environment repeats it. */
#include "test.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <tern/tern.h>

#include "echoing.h"
#include "proxy.h"
#include "rig.h"
#include "server.h"
#include "trail.h"

enum { WAIT_MS = 20000, SOAK_WAIT_MS = 600000, CUTS = 150, SOAK_CUTS = 4000, BODY_MAX = 6000 };
enum { REACH_BYTES = 20000, PUBLISHERS_REACH_BYTES = 2000 };

static struct test_server *server;
static struct proxy *proxy;
static struct trail events;
static uint64_t seed;
static atomic_bool stop;

static bool soaks(void)
{
    return getenv("TERN_SOAK") != NULL;
}

static uint64_t mix(uint64_t a)
{
    a = (a ^ (a >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    a = (a ^ (a >> 27)) * UINT64_C(0x94d049bb133111eb);
    return a ^ (a >> 31);
}

/* ---- Messages that know what they are ---- */

/* Number n's message: its subject "cut.<n>", a body of a size and of bytes that n chooses, and, in two of three, a
 * header with n. Bodies hold what looks like protocol. */
static size_t make_body(uint64_t n, char *body)
{
    static const char *const baits[] = { "\r\nMSG cut.1 1 5\r\nabcde\r\n", "\r\nHMSG cut.2 1 12 20\r\n",
                                         "\r\nINFO {}\r\n", "\r\nPING\r\n", "\r\n-ERR 'x'\r\n" };
    uint64_t random = mix(n + 1);
    size_t size = (size_t)(random % (random % 5 == 0 ? BODY_MAX : 200));
    for (size_t i = 0; i < size; i++) {
        if (i % 64 == 0) random = mix(random);
        body[i] = (char)('a' + (random >> (i % 32)) % 26);
    }
    const char *bait = baits[random % 5];
    if (size > strlen(bait)) memcpy(body + (random >> 8) % (size - strlen(bait)), bait, strlen(bait));
    return size;
}

static tern_status publish_numbered(tern_conn *conn, uint64_t n, tern_error *err)
{
    static _Thread_local char body[BODY_MAX];
    char subject[40], number[24];
    snprintf(subject, sizeof subject, "cut.%" PRIu64, n);
    snprintf(number, sizeof number, "%" PRIu64, n);
    tern_header header = { .name = "Number", .value = number };
    tern_outgoing message = { .subject = subject, .data = body, .size = make_body(n, body) };
    if (n % 3 != 0) {
        message.headers = &header;
        message.header_count = 1;
    }
    return tern_conn_publish_outgoing(conn, &message, err);
}

/* What a subscriber saw. gate counts the good messages; the handler alone touches the rest until the end. */
struct witness {
    struct test_gate gate;
    uint64_t last;
    uint64_t bad, disorder;
    char first_bad[200];
};

static bool is_whole(tern_msg *msg, uint64_t n)
{
    static _Thread_local char body[BODY_MAX];
    char number[24];
    size_t size = make_body(n, body);
    const char *header = tern_msg_header(msg, "Number");
    snprintf(number, sizeof number, "%" PRIu64, n);
    if (tern_msg_size(msg) != size || memcmp(tern_msg_data(msg), body, size) != 0) return false;
    if (n % 3 == 0) return header == NULL;
    return header != NULL && strcmp(header, number) == 0;
}

static void witness_take(tern_msg *msg, void *arg)
{
    struct witness *witness = arg;
    const char *subject = tern_msg_subject(msg);
    uint64_t n = strncmp(subject, "cut.", 4) == 0 ? strtoull(subject + 4, NULL, 10) : 0;
    if (n == 0 || !is_whole(msg, n)) {
        if (witness->bad++ == 0)
            snprintf(witness->first_bad, sizeof witness->first_bad,
                     "after %" PRIu64 ": subject \"%s\", %zu bytes: %.60s", witness->last, subject, tern_msg_size(msg),
                     (const char *)tern_msg_data(msg));
        return;
    }
    if (n <= witness->last) witness->disorder++;
    witness->last = n;
    gate_open(&witness->gate);
}

static void check_witness(struct witness *witness)
{
    cr_assert(witness->bad == 0, "seed %" PRIu64 ": %" PRIu64 " bad messages, the first %s", seed, witness->bad,
              witness->first_bad);
    cr_assert(witness->disorder == 0, "seed %" PRIu64 ": %" PRIu64 " messages twice or out of order", seed,
              witness->disorder);
}

/* ---- The cuts ---- */

/* Most connections live for a few messages, some end while they are being made. Those that are cut at any offset
 * live for arg's number of bytes of the server's stream at most. Runs on the proxy's thread. */
static void choose_cut(void *arg, uint64_t index, struct proxy_cut *cut)
{
    const uint64_t *reach_bytes = arg;
    uint64_t random = mix(seed + index * 2);
    cut->seed = mix(seed + index * 2 + 1);
    cut->end = random % 3 == 0 ? PROXY_FIN : PROXY_RESET;
    cut->nth = 1 + (int)(random / 8 % 30);
    switch (random / 3 % 8) {
    case 0:
        cut->kind = PROXY_CUT_INFO_LINE;
        cut->nth = 1;
        break;
    case 1:
    case 2: cut->kind = PROXY_CUT_MSG_LINE; break;
    case 3:
    case 4:
    case 5: cut->kind = PROXY_CUT_MSG_PAYLOAD; break;
    default:
        cut->kind = PROXY_CUT_ANY_OFFSET;
        cut->bytes = *reach_bytes;
        break;
    }
}

static void begin(void)
{
    const char *given = getenv("TERN_SEED");
    seed = given != NULL ? strtoull(given, NULL, 10) : (uint64_t)test_now_us();
    fprintf(stderr, "cuts: TERN_SEED=%" PRIu64 "\n", seed);
    trail_init(&events);
    server = server_start(NULL);
    proxy = proxy_start(server_port(server));
}

/* A connection through the proxy, or straight to the server. */
static tern_conn *connect_to(const char *url, bool cut)
{
    tern_conn_options options = { .url = url, .reconnect_min_ms = 1, .reconnect_max_ms = 2 };
    tern_conn *conn = NULL;
    tern_error err;
    if (cut) {
        options.on_event = trail_take;
        options.event_arg = &events;
    }
    tern_status st = tern_connect(&options, &conn, &err);
    cr_assert(st == TERN_OK, "not connected: %s", err.text);
    return conn;
}

static void cut_many(uint64_t reach_bytes)
{
    uint64_t before = proxy_stats(proxy).cuts;
    proxy_cut_each(proxy, choose_cut, &reach_bytes);
    proxy_cut_all(proxy, PROXY_RESET);
    bool made = proxy_wait_cuts(proxy, before + (soaks() ? SOAK_CUTS : CUTS), soaks() ? SOAK_WAIT_MS : 4 * WAIT_MS);
    cr_assert(made, "seed %" PRIu64 ": only %" PRIu64 " cuts", seed, proxy_stats(proxy).cuts - before);
    proxy_cut_each(proxy, NULL, NULL);
    proxy_cut_all(proxy, PROXY_RESET);
}

static void finish(void)
{
    proxy_stop(proxy);
    server_stop(server);
    check_trail_in_order(&events);
    trail_destroy(&events);
}

/* ---- Publishing ---- */

struct publisher {
    tern_conn *conn;
    pthread_t thread;
    uint64_t last;
    uint64_t failures;
};

/* As fast as the buffers of both sides take it without loss: a flush after every few. */
static void *publisher_main(void *arg)
{
    struct publisher *publisher = arg;
    while (!atomic_load(&stop)) {
        for (int i = 0; i < 50; i++)
            publisher->failures += publish_numbered(publisher->conn, ++publisher->last, NULL) != TERN_OK;
        (void)tern_conn_flush(publisher->conn, 100, NULL);
    }
    return NULL;
}

/* Publishes one more until the witness has seen one of them. */
static bool gets_through(struct publisher *publisher, struct witness *witness)
{
    int before = gate_count(&witness->gate);
    long deadline_ms = test_now_ms() + WAIT_MS;
    while (test_now_ms() < deadline_ms) {
        (void)publish_numbered(publisher->conn, ++publisher->last, NULL);
        if (gate_wait(&witness->gate, before + 1, 20)) return true;
    }
    return false;
}

static void cut_between(bool publisher_is_cut)
{
    struct publisher publisher = { .failures = 0 };
    struct witness witness = { .last = 0 };
    tern_sub *sub = NULL;
    tern_error err;
    gate_init(&witness.gate);
    begin();
    publisher.conn = connect_to(publisher_is_cut ? proxy_url(proxy) : server_url(server), publisher_is_cut);
    tern_conn *conn = connect_to(publisher_is_cut ? server_url(server) : proxy_url(proxy), !publisher_is_cut);
    check_ok(tern_conn_subscribe(conn, "cut.*", NULL, witness_take, &witness, &sub, &err));
    check_ok(tern_conn_flush(conn, WAIT_MS, &err));
    pthread_create(&publisher.thread, NULL, publisher_main, &publisher);
    /* A publisher's server sends one short message for each flush. */
    cut_many(publisher_is_cut ? PUBLISHERS_REACH_BYTES : REACH_BYTES);
    atomic_store(&stop, true);
    pthread_join(publisher.thread, NULL);
    check_true(gets_through(&publisher, &witness));
    tern_sub_free(sub);
    tern_conn_free(conn);
    tern_conn_free(publisher.conn);
    check_witness(&witness);
    check_int(publisher.failures, 0);
    check_int_at_least(gate_count(&witness.gate), CUTS / 4);
    gate_destroy(&witness.gate);
    finish();
}

Test(cuts, subscriber_sees_only_whole_messages_in_order, .timeout = 900)
{
    cut_between(false);
    test_check_leaks();
}

Test(cuts, publisher_sends_only_whole_messages_in_order, .timeout = 900)
{
    cut_between(true);
    test_check_leaks();
}

/* ---- Calls ---- */

enum { CALLERS = 4 };

struct caller {
    tern_client *client;
    pthread_t thread;
    uint64_t next, good, foreign, odd;
    tern_error odd_error;
};

static void *caller_main(void *arg)
{
    struct caller *caller = arg;
    while (!atomic_load(&stop)) {
        bool own = false;
        tern_error err;
        tern_status st = echo_call(caller->client, caller->next++, 50, &own, &err);
        if (st == TERN_OK && own) caller->good++;
        else if (st == TERN_OK) caller->foreign++;
        else if (st != TERN_UNAVAILABLE && st != TERN_DEADLINE_EXCEEDED && caller->odd++ == 0) caller->odd_error = err;
    }
    return NULL;
}

static void check_callers(struct caller *callers)
{
    for (int i = 0; i < CALLERS; i++) {
        cr_assert(callers[i].foreign == 0, "seed %" PRIu64 ": %" PRIu64 " calls got another call's reply", seed,
                  callers[i].foreign);
        cr_assert(callers[i].odd == 0, "seed %" PRIu64 ": %" PRIu64 " odd failures, the first: %s, %s", seed,
                  callers[i].odd, tern_status_name(callers[i].odd_error.status), callers[i].odd_error.text);
        check_int_at_least(callers[i].good, 1);
    }
}

static void call_between(bool service_is_cut)
{
    struct caller callers[CALLERS];
    tern_service *service = NULL;
    tern_client *client = NULL;
    tern_error err;
    begin();
    tern_conn *service_conn = connect_to(service_is_cut ? proxy_url(proxy) : server_url(server), service_is_cut);
    tern_conn *conn = connect_to(service_is_cut ? server_url(server) : proxy_url(proxy), !service_is_cut);
    check_ok(examples_v1_echo_serve(service_conn, &echo_handlers, NULL, NULL, &service, &err));
    check_ok(tern_conn_flush(service_conn, WAIT_MS, &err));
    check_ok(tern_client_new(conn, NULL, &client, &err));
    for (int i = 0; i < CALLERS; i++) {
        callers[i] = (struct caller){ .client = client, .next = (uint64_t)(i + 1) << 32 };
        pthread_create(&callers[i].thread, NULL, caller_main, &callers[i]);
    }
    cut_many(REACH_BYTES);
    atomic_store(&stop, true);
    for (int i = 0; i < CALLERS; i++) pthread_join(callers[i].thread, NULL);
    check_true(echo_works(client, 1, WAIT_MS));
    tern_client_free(client);
    tern_service_free(service);
    tern_conn_free(conn);
    tern_conn_free(service_conn);
    check_callers(callers);
    finish();
}

Test(cuts, caller_gets_its_own_reply_or_none, .timeout = 900)
{
    call_between(false);
    test_check_leaks();
}

Test(cuts, service_answers_each_request_as_it_was_sent, .timeout = 900)
{
    call_between(true);
    test_check_leaks();
}

/* The deadline of a call on the network, and what a call takes over from the request on whose behalf it is made. */
#include "asking.h"
#include "outcomes.h"
#include "player.h"
#include "wire.h"

#include <stdio.h>
#include <stdlib.h>

#define CALC "test.v1.Calc.*"

static tern_status call_with(tern_client *client, const tern_call_options *options, tern_error *err)
{
    Test__V1__Number number = TEST__V1__NUMBER__INIT, *reply = NULL;
    tern_status st = test_v1_calc_increment(client, &number, options, &reply, err);
    if (st == TERN_OK) tern_message_free(&reply->base);
    return st;
}

static void play_answer(struct player *player, tern_msg *request, int nth)
{
    (void)nth;
    player_answer(player, request);
}

/* ---- Tern-Timeout-Ms ---- */

static int timeout_sent(struct player *player, tern_client *client, uint32_t timeout_ms)
{
    tern_error err = { .status = TERN_OK };
    int nth = gate_count(&player->gate);
    check_ok(call_with(client, &(tern_call_options){ .timeout_ms = timeout_ms }, &err));
    const char *sent = player->seen[nth].timeout;
    check_int(sent[strspn(sent, "0123456789")], '\0');
    return *sent == '\0' ? 0 : atoi(sent);
}

#define check_within(value, low, high)                                                                                 \
    do {                                                                                                               \
        long value_ = (value);                                                                                         \
        check_int_at_least(value_, low);                                                                               \
        check_int_at_most(value_, high);                                                                               \
    } while (0)

Test(call_inherits, timeout_is_sent_where_it_is_not_what_both_sides_assume, .timeout = 60)
{
    static struct player player;
    struct pair pair;

    pair_open(&pair, NULL);
    player_start(&player, pair.other, CALC, play_answer, NULL);
    /* On a slow machine some of the time is over when it leaves. */
    int sent = timeout_sent(&player, pair.client, 0);
    if (sent != 0) check_within(sent, 1, 4900);
    sent = timeout_sent(&player, pair.client, 5000);
    if (sent != 0) check_within(sent, 1, 4900);
    check_within(timeout_sent(&player, pair.client, 4000), 1, 4000);
    check_within(timeout_sent(&player, pair.client, 60000), 50001, 60000);
    tern_client *client = calc_client(pair.rig.conn, &(tern_client_options){ .timeout_ms = 70000 });
    check_within(timeout_sent(&player, client, 0), 60001, 70000);
    tern_client_free(client);
    player_stop(&player);
    pair_close(&pair);
    test_check_leaks();
}

Test(call_inherits, timeout_is_what_is_left_after_waiting_for_a_session, .timeout = 60)
{
    static struct player player;
    struct rig rig;
    struct outcomes all;

    rig_open_with(&rig, NULL, &(tern_conn_options){ .reconnect_max_ms = 50 });
    outcomes_init(&all, 20);
    /* On the same connection: its subscriptions are back before what it held goes out. */
    player_start(&player, rig.conn, CALC, play_answer, NULL);
    tern_client *client = calc_client(rig.conn, NULL);
    server_kill(rig.server);
    check_true(events_wait(&rig.events, TERN_EVENT_DISCONNECTED, 1));
    long began = test_now_ms();
    outcomes_begin(client, increment_method(), &all, &(tern_call_options){ .timeout_ms = 30000 });
    while (test_now_ms() - began < 600) test_sleep_ms(10);
    server_restart(rig.server);
    check_outcomes(&all, TERN_OK);
    long took = test_now_ms() - began;
    for (int i = 0; i < 20; i++) {
        check_int_at_least(atoi(player.seen[i].timeout), 30000 - took - 1);
        check_int_at_most(atoi(player.seen[i].timeout), 29400);
    }
    tern_client_free(client);
    player_stop(&player);
    outcomes_destroy(&all);
    rig_close(&rig);
    test_check_leaks();
}

/* ---- Parents ---- */

/* A service whose handler calls another, which is played, on behalf of its request. */
struct relay {
    struct pair pair;
    struct player player;
    tern_service *service;
    tern_client *onward; /* to "inner" */
    tern_call_options options;
    bool async, late; /* late: calls when the caller has given up */
    struct test_gate gate;
    tern_error err; /* of the last call */
    tern_call *call;
};

static bool is_over(void *arg)
{
    return tern_request_remaining_ms(arg) == 0;
}

static tern_status relay_on(tern_request *rq, const Test__V1__Number *in, Test__V1__Number *out)
{
    struct relay *relay = tern_request_arg(rq);
    tern_call_options options = relay->options;
    options.parent = rq;
    (void)out;
    if (relay->late) (void)wait_until(is_over, rq, RIG_WAIT_MS);
    relay->err = (tern_error){ .status = TERN_OK };
    if (relay->async)
        (void)test_v1_calc_increment_async(relay->onward, in, &options, NULL, NULL, &relay->call, &relay->err);
    else (void)call_with(relay->onward, &options, &relay->err);
    gate_open(&relay->gate);
    return TERN_OK;
}

static void relay_open(struct relay *relay)
{
    *relay = (struct relay){ .async = false };
    gate_init(&relay->gate);
    pair_open(&relay->pair, NULL);
    player_start(&relay->player, relay->pair.other, "inner." CALC, play_answer, NULL);
    relay->onward = calc_client(relay->pair.rig.conn, &(tern_client_options){ .subject_prefix = "inner" });
    relay->service = asking_serve(relay->pair.rig.conn, relay_on, relay, NULL);
}

static void relay_close(struct relay *relay)
{
    tern_service_free(relay->service);
    tern_client_free(relay->onward);
    player_stop(&relay->player);
    gate_destroy(&relay->gate);
    pair_close(&relay->pair);
}

/* Makes an outer call; true: the inner one got through. */
static bool relayed(struct relay *relay, const tern_header *headers, size_t count, uint32_t timeout_ms)
{
    tern_error err = { .status = TERN_OK };
    tern_call_options options = { .metadata = headers, .metadata_count = count, .timeout_ms = timeout_ms };
    int before = gate_count(&relay->gate);
    (void)call_with(relay->pair.client, &options, &err);
    check_true(gate_wait(&relay->gate, before + 1, RIG_WAIT_MS));
    return relay->err.status == TERN_OK;
}

static const struct player_request *last_relayed(struct relay *relay)
{
    return &relay->player.seen[gate_count(&relay->player.gate) - 1];
}

Test(call_inherits, what_is_left_of_the_parents_time, .timeout = 60)
{
    static struct relay relay;

    relay_open(&relay);
    relay.options.timeout_ms = 100000;
    check_true(relayed(&relay, NULL, 0, 40000));
    check_within(atoi(last_relayed(&relay)->timeout), 20000, 40000);
    relay.options.timeout_ms = 0; /* the client's, 5,000, is less */
    check_true(relayed(&relay, NULL, 0, 40000));
    check_true(*last_relayed(&relay)->timeout == '\0' || atoi(last_relayed(&relay)->timeout) <= 4900);
    relay.options.timeout_ms = 30000;
    check_true(relayed(&relay, NULL, 0, 0)); /* the parent's, that nobody said, is less */
    check_true(*last_relayed(&relay)->timeout == '\0' || atoi(last_relayed(&relay)->timeout) <= 4900);
    relay_close(&relay);
    test_check_leaks();
}

Test(call_inherits, nothing_is_called_when_the_parents_time_is_over, .timeout = 60)
{
    static struct relay relay;

    relay_open(&relay);
    relay.late = true;
    check_false(relayed(&relay, NULL, 0, 200));
    check_int(relay.err.status, TERN_DEADLINE_EXCEEDED);
    check_false(relay.err.remote);
    check_str_has(relay.err.text, "the parent's deadline has passed");
    relay.async = true;
    check_false(relayed(&relay, NULL, 0, 200));
    check_str_has(relay.err.text, "the parent's deadline has passed");
    check_true(relay.call == NULL);
    pair_settle(&relay.pair);
    check_int(gate_count(&relay.player.gate), 0);
    relay_close(&relay);
    test_check_leaks();
}

/* Ends with the parent's deadline, though its own is long. */
Test(call_inherits, the_call_ends_when_the_caller_gives_up, .timeout = 60)
{
    static struct relay relay;

    relay_open(&relay);
    relay.player.play = NULL;
    relay.options.timeout_ms = 100000;
    check_false(relayed(&relay, NULL, 0, 400));
    check_int(relay.err.status, TERN_DEADLINE_EXCEEDED);
    check_int(gate_count(&relay.player.gate), 1);
    relay_close(&relay);
    test_check_leaks();
}

struct traces {
    char parent[64], state[64], other[64];
};

static void note_traces(struct player *player, tern_msg *request, int nth)
{
    struct traces *traces = player->arg;
    const char *parent = tern_msg_header(request, "traceparent"), *state = tern_msg_header(request, "tracestate"),
               *other = tern_msg_header(request, "Other");
    (void)nth;
    (void)snprintf(traces->parent, sizeof traces->parent, "%s", parent == NULL ? "none" : parent);
    (void)snprintf(traces->state, sizeof traces->state, "%s", state == NULL ? "none" : state);
    (void)snprintf(traces->other, sizeof traces->other, "%s", other == NULL ? "none" : other);
    player_answer(player, request);
}

Test(call_inherits, traceparent_and_tracestate_and_nothing_else, .timeout = 60)
{
    static const char trace[] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    static const tern_header headers[] = { { "traceparent", trace }, { "tracestate", "a=1,b=2" }, { "Other", "x" } };
    static const tern_header own = { "traceparent", "mine" };
    static struct relay relay;
    struct traces traces;

    relay_open(&relay);
    relay.player.play = note_traces;
    relay.player.arg = &traces;
    check_true(relayed(&relay, headers, 3, 30000));
    check_str(traces.parent, trace);
    check_str(traces.state, "a=1,b=2");
    check_str(traces.other, "none");
    check_true(relayed(&relay, headers, 1, 30000));
    check_str(traces.parent, trace);
    check_str(traces.state, "none");
    check_true(relayed(&relay, NULL, 0, 30000));
    check_str(traces.parent, "none");
    relay.options.metadata = &own; /* the call's own word goes before it */
    relay.options.metadata_count = 1;
    check_true(relayed(&relay, headers, 3, 30000));
    check_str(traces.parent, "mine");
    check_str(traces.state, "a=1,b=2");
    relay_close(&relay);
    test_check_leaks();
}

/* A request with headers that could not be sent on does not fail the calls made for it. */
Test(call_inherits, what_cannot_be_passed_on_stays_behind, .timeout = 60)
{
    static const char *const blocks[] = { "NATS/1.0\r\ntraceparent: \r\ntracestate: x=1\r\n\r\n",
                                          "NATS/1.0\r\ntraceparent:  \t \r\n\r\n", "NATS/1.0\r\ntraceparent:\r\n\r\n",
                                          "NATS/1.0\r\ntracestate: a\rb\r\n\r\n",
                                          "NATS/1.0\r\ntraceparent: a\r\n b\r\n\r\n" };
    static struct relay relay;
    static struct wire wire;

    relay_open(&relay);
    check_true(wire_connect(&wire, server_port(relay.pair.rig.server), RIG_WAIT_MS));
    for (int i = 0; i < (int)(sizeof blocks / sizeof *blocks); i++) {
        size_t size = strlen(blocks[i]);
        check_true(wire_print(&wire, "HPUB test.v1.Calc.Increment nowhere %zu %zu\r\n%s\r\n", size, size, blocks[i]));
        check_true(gate_wait(&relay.gate, i + 1, RIG_WAIT_MS));
        cr_assert(relay.err.status == TERN_OK, "headers %d: %s", i, relay.err.text);
        check_int(gate_count(&relay.player.gate), i + 1);
    }
    wire_close(&wire);
    relay_close(&relay);
    test_check_leaks();
}

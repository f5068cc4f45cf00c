/* Replies as no sound service sends them: to the wrong call, twice, too late, or not to be understood. No call takes
 * another's reply, and none ends but by its own. */
#include "outcomes.h"
#include "player.h"
#include "wire.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define CALC "test.v1.Calc.*"

enum { HELD_MAX = 1000 };
static const tern_call_options long_call = { .timeout_ms = 200000 };

/* Requests that wait for the test to answer them. */
static tern_msg *held[HELD_MAX]; /* what the player has played may be read */

static void hold(struct player *player, tern_msg *request, int nth)
{
    (void)player;
    if (nth > HELD_MAX) return;
    tern_msg_keep(request);
    held[nth - 1] = request;
}

static void let_go(int count)
{
    for (int i = 0; i < count; i++) tern_msg_free(held[i]);
}

/* Asynchronous calls whose requests are held. Where the held ones are is not their order. */
static void hold_calls(struct pair *pair, struct player *player, struct outcomes *all, int count)
{
    pair_open(pair, NULL);
    outcomes_init(all, count);
    player_start(player, pair->other, CALC, hold, NULL);
    outcomes_begin(pair->client, increment_method(), all, &long_call);
    check_true(gate_wait(&player->played, count, RIG_WAIT_MS));
}

/* Exactly so many late replies come, and no call has ended. */
static void check_late(struct pair *pair, uint64_t count, struct outcomes *all)
{
    pair_check_late(pair, count);
    if (all != NULL) check_int(gate_count(&all->gate), 0);
}

static void answer_held(struct player *player, int count)
{
    for (int i = 0; i < count; i++) player_answer(player, held[i]);
}

static void end_calls(struct pair *pair, struct player *player, struct outcomes *all)
{
    int count = all->count;
    player_stop(player);
    let_go(count);
    outcomes_destroy(all);
    pair_close(pair);
}

/* ---- To the wrong call ---- */

/* Sends a wrong reply to "<before the last dot>.<token>". */
static void send_to_token(struct player *player, const char *reply, const char *token)
{
    char subject[256];
    int size = (int)(strrchr(reply, '.') - reply) + 1;
    (void)snprintf(subject, sizeof subject, "%.*s%s", size, reply, token);
    player_send(player, subject, NULL, 0, "\x08\x7f", 2);
}

Test(bad_replies, on_the_wrong_token_of_the_right_slot, .timeout = 60)
{
    static const char *const forms[] = {
        "0", "+%s", "-%s", "0x%s", "00%s", "%sx", "%s-0", "%s%%s", "x", "1%s", "%s0", "*%s", "10000000000000000%s"
    };
    static struct player player;
    struct pair pair;
    struct outcomes all;
    enum { FORMS = sizeof forms / sizeof *forms };

    hold_calls(&pair, &player, &all, 1);
    const char *reply = tern_msg_reply(held[0]);
    for (int i = 0; i < FORMS; i++) {
        const char *token = strrchr(reply, '.') + 1, *place = strstr(forms[i], "%s");
        char text[64];
        int before = place == NULL ? (int)strlen(forms[i]) : (int)(place - forms[i]);
        (void)snprintf(text, sizeof text, "%.*s%s%s", before, forms[i], place == NULL ? "" : token,
                       place == NULL ? "" : place + 2);
        send_to_token(&player, reply, text);
    }
    check_late(&pair, FORMS, &all);
    answer_held(&player, 1);
    check_outcomes(&all, TERN_OK);
    end_calls(&pair, &player, &all);
    test_check_leaks();
}

/* The number that the text begins with, and what follows it. */
static unsigned long number_at(const char *text, const char **out_rest)
{
    char *end = NULL;
    unsigned long number = strtoul(text, &end, 16);
    *out_rest = end;
    return number;
}

Test(bad_replies, on_another_calls_slot, .timeout = 60)
{
    static struct player player;
    struct pair pair;
    struct outcomes all;
    tern_error err = { .status = TERN_OK };

    pair_open(&pair, NULL);
    outcomes_init(&all, 2);
    tern_service *service = calc_serve(pair.other, NULL);
    for (int i = 0; i < 5; i++) check_int(calc_increment(pair.client, i, &err), i + 1); /* the first slot's tokens */
    tern_service_free(service);
    player_start(&player, pair.other, CALC, hold, NULL);
    outcomes_begin(pair.client, increment_method(), &all, &long_call);
    check_true(gate_wait(&player.played, 2, RIG_WAIT_MS));
    const char *one = tern_msg_reply(held[0]), *other = tern_msg_reply(held[1]);
    cr_assert(strcmp(strrchr(one, '.'), strrchr(other, '.')) != 0, "both have the same token: %s, %s", one, other);
    send_to_token(&player, one, strrchr(other, '.') + 1);
    send_to_token(&player, other, strrchr(one, '.') + 1);
    check_late(&pair, 2, &all);
    answer_held(&player, 2);
    check_outcomes(&all, TERN_OK);
    end_calls(&pair, &player, &all);
    test_check_leaks();
}

/* More calls than slots: the others share the bulk inbox, where a token is "<cell>-<generation>". */
Test(bad_replies, on_the_wrong_cell_or_generation_of_the_bulk_inbox, .timeout = 60)
{
    enum { CALLS = 700 };
    static const char *const odd[] = { "0",     "-",    "-0",   "0-",    "x-0",        "0-0x0",       "+0-0",
                                       "0x0-0", "00-0", "0-00", "0-0-0", "ffffffff-0", "100000000-0", "0-100000000" };
    enum { ODD = sizeof odd / sizeof *odd };
    static struct player player;
    struct pair pair;
    struct outcomes all;
    uint64_t sent = 0;

    hold_calls(&pair, &player, &all, CALLS);
    const char *slot = NULL, *bulk = NULL;
    for (int i = 0; i < CALLS; i++) {
        const char *reply = tern_msg_reply(held[i]), *rest;
        if (strchr(reply, '-') == NULL) {
            slot = reply;
            continue;
        }
        char text[64];
        bulk = reply;
        unsigned long cell = number_at(strrchr(reply, '.') + 1, &rest), generation = number_at(rest + 1, &rest);
        (void)snprintf(text, sizeof text, "%lx-%lx", cell, generation + 1);
        send_to_token(&player, reply, text);
        (void)snprintf(text, sizeof text, "%lx-%lx", cell + 100000, generation);
        send_to_token(&player, reply, text);
        sent += 2;
    }
    check_true(slot != NULL && bulk != NULL);
    for (int i = 0; i < ODD; i++) send_to_token(&player, bulk, odd[i]);
    send_to_token(&player, slot, strrchr(bulk, '.') + 1);
    send_to_token(&player, bulk, strrchr(slot, '.') + 1);
    check_late(&pair, sent + ODD + 2, &all);
    answer_held(&player, CALLS);
    check_outcomes(&all, TERN_OK);
    check_int(pair_late_replies(&pair), sent + ODD + 2);
    end_calls(&pair, &player, &all);
    test_check_leaks();
}

/* ---- Twice, and too late ---- */

static void answer_thrice(struct player *player, tern_msg *request, int nth)
{
    (void)nth;
    player_answer(player, request);
    player_send(player, tern_msg_reply(request), NULL, 0, "\x08\x7f", 2);
    player_fail(player, request, "5", "gone", NULL, 0);
}

Test(bad_replies, the_first_counts_and_the_others_are_counted, .timeout = 60)
{
    enum { CALLS = 700 };
    static struct player player;
    struct pair pair;
    struct outcomes all;

    pair_open(&pair, NULL);
    player_start(&player, pair.other, CALC, answer_thrice, NULL);
    for (int round = 0; round < 3; round++) {
        outcomes_init(&all, CALLS);
        outcomes_begin(pair.client, increment_method(), &all, &long_call);
        check_outcomes(&all, TERN_OK);
        check_late(&pair, (uint64_t)(round + 1) * 2 * CALLS, NULL);
        outcomes_destroy(&all);
    }
    player_stop(&player);
    pair_close(&pair);
    test_check_leaks();
}

Test(bad_replies, to_cancelled_calls_while_others_have_their_places, .timeout = 60)
{
    enum { CALLS = 450 };
    static struct player player;
    struct pair pair;
    struct outcomes first, second;
    tern_call *calls[CALLS];
    tern_error err = { .status = TERN_OK };

    pair_open(&pair, NULL);
    outcomes_init(&first, CALLS);
    outcomes_init(&second, CALLS);
    player_start(&player, pair.other, CALC, hold, NULL);
    for (int i = 0; i < CALLS; i++)
        check_ok(outcome_begin(pair.client, increment_method(), &first.items[i], &long_call, &calls[i], &err));
    check_true(gate_wait(&player.played, CALLS, RIG_WAIT_MS));
    for (int i = 0; i < CALLS; i++) tern_call_cancel(calls[i]);
    check_outcomes(&first, TERN_CANCELLED);
    outcomes_begin(pair.client, increment_method(), &second, &long_call);
    check_true(gate_wait(&player.played, 2 * CALLS, RIG_WAIT_MS));
    for (int i = 0; i < CALLS; i++) player_send(&player, tern_msg_reply(held[i]), NULL, 0, "\x08\x7f", 2);
    check_late(&pair, CALLS, &second);
    for (int i = CALLS; i < 2 * CALLS; i++) player_answer(&player, held[i]);
    check_outcomes(&second, TERN_OK);
    for (int i = 0; i < CALLS; i++) {
        check_int(tern_call_attempts(calls[i]), 1);
        check_str(tern_call_header(calls[i], "Any"), NULL);
        tern_call_free(calls[i]);
    }
    outcomes_destroy(&second);
    player_stop(&player);
    let_go(2 * CALLS);
    outcomes_destroy(&first);
    pair_close(&pair);
    test_check_leaks();
}

/* ---- Not to be understood ---- */

/* The status that WIRE.md gives an error code. */
static tern_status wanted_status(int code)
{
    static const struct {
        int code;
        tern_status status;
    } http[] = { { 401, TERN_UNAUTHENTICATED },     { 403, TERN_PERMISSION_DENIED },  { 404, TERN_NOT_FOUND },
                 { 408, TERN_DEADLINE_EXCEEDED },   { 504, TERN_DEADLINE_EXCEEDED },  { 409, TERN_ABORTED },
                 { 412, TERN_FAILED_PRECONDITION }, { 429, TERN_RESOURCE_EXHAUSTED }, { 499, TERN_CANCELLED },
                 { 501, TERN_UNIMPLEMENTED },       { 503, TERN_UNAVAILABLE } };
    if (code >= 1 && code <= 16) return (tern_status)code;
    for (size_t i = 0; i < sizeof http / sizeof *http; i++)
        if (http[i].code == code) return http[i].status;
    if (code >= 400 && code < 500) return TERN_INVALID_ARGUMENT;
    return code >= 500 && code < 600 ? TERN_INTERNAL : TERN_UNKNOWN;
}

/* Fails with the request's value as the code. */
static void fail_as_asked(struct player *player, tern_msg *request, int nth)
{
    char code[16];
    Test__V1__Number *in = test__v1__number__unpack(NULL, tern_msg_size(request), tern_msg_data(request));
    (void)nth;
    (void)snprintf(code, sizeof code, "%d", (int)in->value);
    test__v1__number__free_unpacked(in, NULL);
    player_fail(player, request, code, player->arg, NULL, 0);
}

/* Each alone and, as they come all at once, in slots and in the bulk inbox. */
Test(bad_replies, every_error_code_is_an_error_with_its_status, .timeout = 60)
{
    enum { CODES = 1000 };
    static struct player player;
    struct pair pair;
    struct outcomes all;
    char text[] = "no such thing";

    pair_open(&pair, NULL);
    for (int with_text = 0; with_text < 2; with_text++) {
        outcomes_init(&all, CODES);
        player_start(&player, pair.other, CALC, fail_as_asked, with_text ? text : NULL);
        outcomes_begin(pair.client, increment_method(), &all, &long_call);
        check_true(gate_wait(&all.gate, CODES, RIG_WAIT_MS));
        for (int code = 0; code < CODES; code++) {
            struct outcome *outcome = &all.items[code];
            cr_assert(outcome->status == wanted_status(code), "code %d is %s, wanted %s", code,
                      tern_status_name(outcome->status), tern_status_name(wanted_status(code)));
            check_true(outcome->remote);
            check_str(outcome->text, with_text ? text : tern_status_meaning(outcome->status));
        }
        player_stop(&player);
        outcomes_destroy(&all);
    }
    pair_close(&pair);
    test_check_leaks();
}

/* A reply sent by a bare socket: what no client's library would send. */
struct raw_reply {
    const char *headers; /* all of the header block; NULL: none */
    const char *body;
    size_t body_size;
    tern_status status;
    const char *text; /* part of the error's */
};

static void send_raw(struct wire *wire, const char *subject, const struct raw_reply *raw)
{
    char line[400];
    size_t headers = raw->headers == NULL ? 0 : strlen(raw->headers);
    if (headers == 0) (void)snprintf(line, sizeof line, "PUB %s %zu\r\n", subject, raw->body_size);
    else (void)snprintf(line, sizeof line, "HPUB %s %zu %zu\r\n", subject, headers, headers + raw->body_size);
    check_true(wire_send(wire, line, strlen(line)));
    check_true(wire_send(wire, raw->headers, headers));
    check_true(wire_send(wire, raw->body, raw->body_size));
    check_true(wire_send(wire, "\r\n", 2));
}

/* One call with this reply. */
static void check_raw(struct pair *pair, struct player *player, struct wire *wire, const struct raw_reply *raw)
{
    struct outcomes one;
    int nth = gate_count(&player->played);
    outcomes_init(&one, 1);
    one.items[0].value = 4;
    outcomes_begin(pair->client, increment_method(), &one, &long_call);
    check_true(gate_wait(&player->played, nth + 1, RIG_WAIT_MS));
    send_raw(wire, tern_msg_reply(held[nth]), raw);
    check_true(gate_wait(&one.gate, 1, RIG_WAIT_MS));
    cr_assert(one.items[0].status == raw->status, "%s: %s (%s), wanted %s", raw->headers == NULL ? "" : raw->headers,
              tern_status_name(one.items[0].status), one.items[0].text, tern_status_name(raw->status));
    check_int(one.items[0].right, raw->status == TERN_OK);
    check_str_has(one.items[0].text, raw->text);
    outcomes_destroy(&one);
}

Test(bad_replies, what_no_library_would_send, .timeout = 60)
{
#define CODE "Nats-Service-Error-Code"
    static const struct raw_reply replies[] = {
        { NULL, "\x08\x05", 2, TERN_OK, "" },
        { NULL, "\x08", 1, TERN_INTERNAL, "test.v1.Calc.Increment" },
        { NULL, "\x0a\xff\xff\xff\xff\x0f", 6, TERN_INTERNAL, "6 bytes" },
        { NULL, "\x1a\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80", 12, TERN_INTERNAL, "test.v1.Number" },
        { NULL, "{\"value\":5}", 11, TERN_INTERNAL, "test.v1.Number" },
        { "NATS/1.0\r\n\r\n", "\x08\x05", 2, TERN_OK, "" },
        { "NATS/1.0\r\nNo colon\r\n\r\n", "\x08\x05", 2, TERN_INTERNAL, "headers cannot be read" },
        { "NATS/1.0\r\n" CODE ": 5\r\nNo colon\r\n\r\n", "", 0, TERN_NOT_FOUND, "does not exist" },
        { "NATS/1.0\r\n: no name\r\n\r\n", "\x08\x05", 2, TERN_OK, "" },
        { "NATS/1.0\r\n" CODE ": 5\r\n\r\n", "", 0, TERN_NOT_FOUND, "does not exist" },
        { "NATS/1.0\r\n" CODE ":5\r\n" CODE ": 7\r\n\r\n", "\x08\x05", 2, TERN_NOT_FOUND, "" },
        { "NATS/1.0\r\n" CODE ": \r\nNats-Service-Error: \r\n\r\n", "\x08\x05", 2, TERN_UNKNOWN, "nobody knows" },
        { "NATS/1.0\r\n" CODE ": five\r\n\r\n", "", 0, TERN_UNKNOWN, "nobody knows" },
        { "NATS/1.0\r\n" CODE ": -5\r\n\r\n", "", 0, TERN_UNKNOWN, "nobody knows" },
        { "NATS/1.0\r\n" CODE ": 99999999999999999999\r\nNats-Service-Error: x\r\n\r\n", "", 0, TERN_UNKNOWN, "x" },
        { "NATS/1.0\r\nNats-Service-Error: only a text\r\n\r\n", "\x08\x05", 2, TERN_UNKNOWN, "only a text" },
        { "NATS/1.0\r\nNats-Service-Errors: no error\r\n\r\n", "\x08\x05", 2, TERN_OK, "" },
        { "NATS/1.0\r\nTern-Not-Executed: 1\r\n\r\n", "\x08\x05", 2, TERN_OK, "" },
        { "NATS/1.0\r\nTern-Detail-Type: test.v1.Number\r\n\r\n", "\x08\x05", 2, TERN_OK, "" },
        { "NATS/1.0 404 No Messages\r\n\r\n", "", 0, TERN_NOT_FOUND, "NATS status" },
        { "NATS/1.0 100 Idle Heartbeat\r\n\r\n", "", 0, TERN_UNKNOWN, "NATS status" },
    };
#undef CODE
    static struct player player;
    static struct wire wire;
    struct pair pair;
    int count = sizeof replies / sizeof *replies;

    pair_open(&pair, NULL);
    check_true(wire_connect(&wire, server_port(pair.rig.server), RIG_WAIT_MS));
    player_start(&player, pair.other, CALC, hold, NULL);
    for (int i = 0; i < count; i++) check_raw(&pair, &player, &wire, &replies[i]);
    check_int(pair_late_replies(&pair), 0);
    wire_close(&wire);
    player_stop(&player);
    let_go(count);
    pair_close(&pair);
    test_check_leaks();
}

/* Answers with random bytes; half of the time a sound message with one of them changed. */
static void answer_garbage(struct player *player, tern_msg *request, int nth)
{
    unsigned seed = (unsigned)nth * 2654435761u;
    uint8_t bytes[64] = "\x08\x05\x12\x04note\x1a\x03\x01\x02\x03\x22\x02\x08\x01";
    size_t size = nth % 2 == 0 ? 17 : (size_t)rand_r(&seed) % sizeof bytes;
    if (nth % 2 == 0) bytes[(size_t)rand_r(&seed) % size] = (uint8_t)rand_r(&seed);
    else
        for (size_t i = 0; i < size; i++) bytes[i] = (uint8_t)rand_r(&seed);
    player_send(player, tern_msg_reply(request), NULL, 0, bytes, size);
}

Test(bad_replies, garbage_is_a_message_or_INTERNAL, .timeout = 60)
{
    static struct player player;
    struct pair pair;
    struct outcomes all;

    pair_open(&pair, NULL);
    outcomes_init(&all, 3000);
    player_start(&player, pair.other, CALC, answer_garbage, NULL);
    outcomes_begin(pair.client, increment_method(), &all, &long_call);
    check_true(gate_wait(&all.gate, all.count, RIG_WAIT_MS));
    for (int i = 0; i < all.count; i++) {
        check_true(all.items[i].status == TERN_OK || all.items[i].status == TERN_INTERNAL);
        check_false(all.items[i].remote);
    }
    player_stop(&player);
    outcomes_destroy(&all);
    pair_close(&pair);
    test_check_leaks();
}

Test(bad_replies, a_method_that_the_service_does_not_know_is_UNIMPLEMENTED, .timeout = 60)
{
    struct pair pair;
    struct outcomes all;
    tern_method unknown = *increment_method();

    unknown.subject = "test.v1.Calc.Nope";
    pair_open(&pair, NULL);
    outcomes_init(&all, 400);
    tern_service *service = calc_serve(pair.other, NULL);
    outcomes_begin(pair.client, &unknown, &all, &long_call);
    check_outcomes(&all, TERN_UNIMPLEMENTED);
    check_true(all.items[0].remote);
    check_str_has(all.items[0].text, "\"Nope\"");
    tern_service_free(service);
    outcomes_destroy(&all);
    pair_close(&pair);
    test_check_leaks();
}

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
static tern_msg *held[HELD_MAX]; /* what the player's gate counts may be read */

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
    check_true(gate_wait(&player->gate, count, RIG_WAIT_MS));
}

static bool has_late(void *arg)
{
    uint64_t *wanted = ((void **)arg)[1];
    return pair_late_replies(((void **)arg)[0]) >= *wanted;
}

/* Exactly so many late replies come, and no call has ended. */
static void check_late(struct pair *pair, uint64_t count, struct outcomes *all)
{
    check_true(wait_until(has_late, (void *[]){ pair, &count }, RIG_WAIT_MS));
    pair_settle(pair);
    check_int(pair_late_replies(pair), count);
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
    check_true(gate_wait(&player.gate, 2, RIG_WAIT_MS));
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
        if (strstr(reply, ".bulk.") == NULL) {
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
    check_true(gate_wait(&player.gate, CALLS, RIG_WAIT_MS));
    for (int i = 0; i < CALLS; i++) tern_call_cancel(calls[i]);
    check_outcomes(&first, TERN_CANCELLED);
    outcomes_begin(pair.client, increment_method(), &second, &long_call);
    check_true(gate_wait(&player.gate, 2 * CALLS, RIG_WAIT_MS));
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

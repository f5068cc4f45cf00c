/* Retries: what is tried again and what is not, how often, when, and for how long. */
#include "echoing.h"
#include "outcomes.h"
#include "player.h"

#include <stdio.h>
#include <stdlib.h>

#define CALC "test.v1.Calc.*"

static const tern_retry_options quick = { .attempts = 4, .backoff_min_ms = 1, .backoff_max_ms = 2 };

static void open_retrying(struct pair *pair, const tern_retry_options *retry)
{
    pair_open(pair, &(tern_client_options){ .retry = *retry });
}

/* One blocking call of method with 41. Its attempts; and its status and error. */
static uint32_t call_41(struct pair *pair, const tern_method *method, uint32_t timeout_ms, tern_status *out_status,
                        tern_error *err)
{
    tern_call *call = NULL;
    tern_call_options options = { .timeout_ms = timeout_ms, .out_call = &call };
    Test__V1__Number number = TEST__V1__NUMBER__INIT;
    ProtobufCMessage *reply = NULL;
    number.value = 41;
    *out_status = tern_client_call(pair->client, method, &number.base, &options, &reply, err);
    if (*out_status == TERN_OK && ((Test__V1__Number *)reply)->value != 42) *out_status = TERN_DATA_LOSS;
    tern_message_free(reply);
    check_true(call != NULL);
    uint32_t attempts = tern_call_attempts(call);
    tern_call_free(call);
    return attempts;
}

/* ---- Tried again ---- */

/* Refuses the first arg requests. */
static void refuse_first(struct player *player, tern_msg *request, int nth)
{
    const int *refusals = player->arg;
    if (nth <= *refusals) player_refuse(player, request, "8", NULL);
    else player_answer(player, request);
}

Test(retry, refused_unrun_is_tried_again_until_it_is_served, .timeout = 60)
{
    static const char *const numbers[] = { "", "2", "3" };
    int refusals = 2;
    struct pair pair;
    static struct player player;
    tern_error err = { .status = TERN_OK };
    tern_status st = TERN_OK;

    open_retrying(&pair, &quick);
    player_start(&player, pair.other, CALC, refuse_first, &refusals);
    check_int(call_41(&pair, increment_method(), 0, &st, &err), 3);
    check_int(st, TERN_OK);
    check_int(gate_count(&player.gate), 3);
    for (int i = 0; i < 3; i++) check_str(player.seen[i].attempt, numbers[i]);
    player_stop(&player);
    pair_close(&pair);
    test_check_leaks();
}

struct counted {
    atomic_uint attempt;
};

static tern_status note_attempt(tern_request *rq, const Test__V1__Number *in, Test__V1__Number *out)
{
    struct counted *counted = tern_request_arg(rq);
    atomic_store(&counted->attempt, tern_request_attempt(rq));
    out->value = in->value + 1;
    return TERN_OK;
}

static bool has_failed_once(void *arg)
{
    return tern_call_attempts(arg) >= 3; /* the third is under way: two found nobody */
}

Test(retry, nobody_serves_it_until_somebody_does, .timeout = 60)
{
    struct counted counted = { 0 };
    struct pair pair;
    tern_error err = { .status = TERN_OK };
    test_v1_calc_handlers handlers = { .increment = note_attempt };
    tern_service *service = NULL;
    tern_call *call = NULL;
    Test__V1__Number number = TEST__V1__NUMBER__INIT, *reply = NULL;

    open_retrying(&pair, &(tern_retry_options){ .attempts = 100, .backoff_min_ms = 100, .budget = 1000 });
    number.value = 41;
    check_ok(test_v1_calc_increment_async(pair.client, &number, &(tern_call_options){ .timeout_ms = 50000 }, NULL, NULL,
                                          &call, &err));
    check_true(wait_until(has_failed_once, call, RIG_WAIT_MS));
    check_ok(test_v1_calc_serve(pair.other, &handlers, &counted, NULL, &service, &err));
    check_ok(tern_call_wait(call, RIG_WAIT_MS, &err));
    check_ok(test_v1_calc_increment_result(call, &reply, &err));
    check_int(reply->value, 42);
    tern_message_free(&reply->base);
    check_int(atomic_load(&counted.attempt), tern_call_attempts(call));
    tern_call_free(call);
    tern_service_free(service);
    pair_close(&pair);
    test_check_leaks();
}

Test(retry, asynchronous_calls_are_tried_again_alike, .timeout = 60)
{
    int refusals = 300;
    struct pair pair;
    struct outcomes all;
    static struct player player;

    open_retrying(&pair,
                  &(tern_retry_options){ .attempts = 50, .backoff_min_ms = 1, .backoff_max_ms = 20, .budget = 9999 });
    outcomes_init(&all, 500);
    player_start(&player, pair.other, CALC, refuse_first, &refusals);
    outcomes_begin(pair.client, increment_method(), &all, &(tern_call_options){ .timeout_ms = 50000 });
    check_outcomes(&all, TERN_OK);
    int attempts = 0;
    for (int i = 0; i < all.count; i++) attempts += (int)all.items[i].attempts;
    check_int(attempts, 800);
    check_int(gate_count(&player.gate), 800);
    player_stop(&player);
    outcomes_destroy(&all);
    pair_close(&pair);
    test_check_leaks();
}

Test(retry, attempts_are_limited, .timeout = 60)
{
    int refusals = 1000;
    struct pair pair;
    static struct player player;
    tern_error err = { .status = TERN_OK };
    tern_status st = TERN_OK;

    open_retrying(&pair, &quick);
    player_start(&player, pair.other, CALC, refuse_first, &refusals);
    check_int(call_41(&pair, increment_method(), 0, &st, &err), 4);
    check_int(st, TERN_RESOURCE_EXHAUSTED);
    check_true(err.remote);
    check_int(err.remote_code, 8);
    check_str(err.text, "refused");
    check_int(gate_count(&player.gate), 4);
    player_stop(&player);
    check_int(call_41(&pair, increment_method(), 0, &st, &err), 4);
    check_int(st, TERN_UNAVAILABLE);
    check_false(err.remote);
    check_str(err.text, "request to \"test.v1.Calc.Increment\": nobody serves it (attempt 4 of 4)");
    pair_close(&pair);
    test_check_leaks();
}

Test(retry, without_options_nothing_is_tried_again, .timeout = 60)
{
    int refusals = 1000;
    struct pair pair;
    static struct player player;
    tern_error err = { .status = TERN_OK };
    tern_status st = TERN_OK;

    open_retrying(&pair, &(tern_retry_options){ .attempt_timeout_ms = 1 });
    check_int(call_41(&pair, increment_method(), 0, &st, &err), 1);
    check_int(st, TERN_UNAVAILABLE);
    player_start(&player, pair.other, CALC, refuse_first, &refusals);
    check_int(call_41(&pair, idempotent_method(), 0, &st, &err), 1);
    check_int(st, TERN_RESOURCE_EXHAUSTED);
    check_int(gate_count(&player.gate), 1);
    player_stop(&player);
    pair_close(&pair);
    test_check_leaks();
}

/* ---- By status ---- */

/* Fails every request with a code. */
struct failing {
    char code[16];
    bool marked;
};

static void fail_all(struct player *player, tern_msg *request, int nth)
{
    const struct failing *failing = player->arg;
    (void)nth;
    if (failing->marked) player_refuse(player, request, failing->code, NULL);
    else player_fail(player, request, failing->code, "on purpose", NULL, 0);
}

static void check_attempts(struct pair *pair, const tern_method *method, struct failing *failing, int code,
                           uint32_t expected)
{
    tern_error err = { .status = TERN_OK };
    tern_status st = TERN_OK;
    (void)snprintf(failing->code, sizeof failing->code, "%d", code);
    uint32_t attempts = call_41(pair, method, 0, &st, &err);
    cr_assert(attempts == expected, "code %d, marked %d: %u attempts, wanted %u", code, failing->marked, attempts,
              expected);
    check_int(err.remote_code, code);
}

Test(retry, without_the_mark_only_INTERNAL_is_and_only_where_it_is_idempotent, .timeout = 60)
{
    struct failing failing = { .marked = false };
    struct pair pair;
    static struct player player;
    tern_retry_options retry = quick;

    retry.budget = 1000;
    open_retrying(&pair, &retry);
    player_start(&player, pair.other, CALC, fail_all, &failing);
    for (int code = 1; code <= 16; code++) {
        check_attempts(&pair, increment_method(), &failing, code, 1);
        check_attempts(&pair, idempotent_method(), &failing, code, code == TERN_INTERNAL ? 4 : 1);
    }
    check_attempts(&pair, idempotent_method(), &failing, 500, 4);
    check_attempts(&pair, idempotent_method(), &failing, 503, 1);
    check_attempts(&pair, idempotent_method(), &failing, 429, 1);
    failing.marked = true;
    for (int code = 1; code <= 16; code++) check_attempts(&pair, increment_method(), &failing, code, 4);
    player_stop(&player);
    pair_close(&pair);
    test_check_leaks();
}

static void answer_no_message(struct player *player, tern_msg *request, int nth)
{
    (void)nth;
    player_send(player, tern_msg_reply(request), NULL, 0, "\x08", 1);
}

/* INTERNAL that this side finds is no failed attempt: it has its reply. */
Test(retry, a_reply_that_does_not_decode_is_the_end, .timeout = 60)
{
    struct pair pair;
    static struct player player;
    tern_error err = { .status = TERN_OK };
    tern_status st = TERN_OK;

    open_retrying(&pair, &quick);
    player_start(&player, pair.other, CALC, answer_no_message, NULL);
    check_int(call_41(&pair, idempotent_method(), 0, &st, &err), 1);
    check_int(st, TERN_INTERNAL);
    check_false(err.remote);
    player_stop(&player);
    pair_close(&pair);
    test_check_leaks();
}

/* ---- Missing replies ---- */

static void ignore_first(struct player *player, tern_msg *request, int nth)
{
    const int *ignored = player->arg;
    if (nth > *ignored) player_answer(player, request);
}

Test(retry, a_missing_reply_is_asked_for_again_where_it_is_idempotent, .timeout = 60)
{
    int ignored = 2;
    struct pair pair;
    static struct player player;
    tern_error err = { .status = TERN_OK };
    tern_status st = TERN_OK;
    tern_retry_options retry = quick;

    retry.attempt_timeout_ms = 200;
    open_retrying(&pair, &retry);
    player_start(&player, pair.other, CALC, ignore_first, &ignored);
    check_int_at_least(call_41(&pair, idempotent_method(), 30000, &st, &err), 3);
    check_int(st, TERN_OK);
    /* The time that is left goes with each. */
    check_str(player.seen[0].attempt, "");
    check_str(player.seen[2].attempt, "3");
    check_int_at_most(atoi(player.seen[0].timeout), 30000);
    /* By an attempt's 200 ms; a thread may lose some between looking at the clock for that and for the header. */
    check_int_at_most(atoi(player.seen[1].timeout), atoi(player.seen[0].timeout) - 150);
    check_int_at_most(atoi(player.seen[2].timeout), atoi(player.seen[1].timeout) - 150);
    ignored = 1000;
    int before = gate_count(&player.gate);
    check_int(call_41(&pair, increment_method(), 600, &st, &err), 1);
    check_int(st, TERN_DEADLINE_EXCEEDED);
    check_int(gate_count(&player.gate), before + 1);
    player_stop(&player);
    pair_close(&pair);
    test_check_leaks();
}

/* Ignores as many as ignore_first, and takes three attempts' time for the others. */
static void answer_slowly(struct player *player, tern_msg *request, int nth)
{
    const int *ignored = player->arg;
    if (nth <= *ignored) return;
    test_sleep_ms(600);
    player_answer(player, request);
}

Test(retry, the_last_attempt_has_all_the_time_that_is_left, .timeout = 60)
{
    int ignored = 1;
    struct pair pair;
    static struct player player;
    tern_error err = { .status = TERN_OK };
    tern_status st = TERN_OK;

    open_retrying(&pair, &(tern_retry_options){ .attempts = 2, .backoff_max_ms = 1, .attempt_timeout_ms = 200 });
    player_start(&player, pair.other, CALC, answer_slowly, &ignored);
    check_int(call_41(&pair, idempotent_method(), 30000, &st, &err), 2);
    check_int(st, TERN_OK);
    check_int(gate_count(&player.gate), 2);
    ignored = 1000;
    check_int(call_41(&pair, idempotent_method(), 2500, &st, &err), 2);
    check_int(st, TERN_DEADLINE_EXCEEDED);
    check_str_has(err.text, "no reply within 2500 ms (attempt 2 of 2)");
    player_stop(&player);
    pair_close(&pair);
    test_check_leaks();
}

static void fail_slowly(struct player *player, tern_msg *request, int nth)
{
    const int *slow = player->arg;
    if (nth <= *slow) test_sleep_ms(300);
    player_fail(player, request, "13", "x", NULL, 0);
}

/* Of 12 tokens, two calls of which both attempts get overdue leave 8; a third one's failure then leaves more than 6. */
Test(retry, an_attempt_that_waits_on_pays_once, .timeout = 60)
{
    int slow = 4;
    struct pair pair;
    static struct player player;
    tern_error err = { .status = TERN_OK };
    tern_status st = TERN_OK;

    open_retrying(&pair,
                  &(tern_retry_options){ .attempts = 2, .budget = 12, .backoff_max_ms = 1, .attempt_timeout_ms = 100 });
    player_start(&player, pair.other, CALC, fail_slowly, &slow);
    for (int i = 0; i < 3; i++) {
        check_int(call_41(&pair, idempotent_method(), 30000, &st, &err), 2);
        check_int(st, TERN_INTERNAL);
    }
    check_int(call_41(&pair, idempotent_method(), 30000, &st, &err), 1);
    check_int(st, TERN_INTERNAL);
    player_stop(&player);
    pair_close(&pair);
    test_check_leaks();
}

/* A bucket of one token has no retry in it. */
Test(retry, with_the_budget_spent_an_attempt_waits_on_and_failures_say_so, .timeout = 60)
{
    int ignored = 0;
    struct pair pair;
    static struct player player;
    tern_error err = { .status = TERN_OK };
    tern_status st = TERN_OK;

    open_retrying(&pair, &(tern_retry_options){ .attempts = 5, .budget = 1, .attempt_timeout_ms = 200 });
    player_start(&player, pair.other, CALC, answer_slowly, &ignored);
    check_int(call_41(&pair, idempotent_method(), 30000, &st, &err), 1);
    check_int(st, TERN_OK);
    ignored = 1000;
    check_int(call_41(&pair, idempotent_method(), 2500, &st, &err), 1);
    check_int(st, TERN_DEADLINE_EXCEEDED);
    check_str_has(err.text, "no reply within 2500 ms (attempt 1 of 5; the retry budget is spent)");
    /* Of one that may not run twice no other attempt was wanted. */
    check_int(call_41(&pair, increment_method(), 300, &st, &err), 1);
    check_int(st, TERN_DEADLINE_EXCEEDED);
    check_str(err.text, "request to \"test.v1.Calc.Increment\": no reply within 300 ms");
    player_stop(&player);
    check_int(call_41(&pair, increment_method(), 0, &st, &err), 1);
    check_int(st, TERN_UNAVAILABLE);
    check_str_has(err.text, "nobody serves it (attempt 1 of 5; the retry budget is spent)");
    pair_close(&pair);
    test_check_leaks();
}

/* The .proto says that Echo has no side effects. */
static void ignore_an_echo(struct player *player, tern_msg *request, int nth)
{
    static const tern_header internal[] = { { "Nats-Service-Error", "x" }, { "Nats-Service-Error-Code", "13" } };
    if (nth == 2) player_send(player, tern_msg_reply(request), internal, 2, NULL, 0);
    if (nth == 3) player_send(player, tern_msg_reply(request), NULL, 0, "\x0a\x02ok", 4);
}

Test(retry, the_protos_own_word_decides, .timeout = 60)
{
    struct pair pair;
    static struct player player;
    tern_error err = { .status = TERN_OK };
    Examples__V1__EchoRequest request = EXAMPLES__V1__ECHO_REQUEST__INIT;
    Examples__V1__EchoReply *reply = NULL;
    tern_retry_options retry = quick;

    retry.attempt_timeout_ms = 300;
    open_retrying(&pair, &retry);
    player_start(&player, pair.other, "examples.v1.Echo.Echo", ignore_an_echo, NULL);
    check_ok(examples_v1_echo_echo(pair.client, &request, &(tern_call_options){ .timeout_ms = 30000 }, &reply, &err));
    check_str(reply->text, "ok");
    tern_message_free(&reply->base);
    check_int(gate_count(&player.gate), 3);
    player_stop(&player);
    pair_close(&pair);
    test_check_leaks();
}

Test(retry, one_deadline_holds_for_all_attempts, .timeout = 60)
{
    int ignored = 1000;
    struct pair pair;
    static struct player player;
    tern_error err = { .status = TERN_OK };
    tern_status st = TERN_OK;

    open_retrying(
        &pair,
        &(tern_retry_options){
            .attempts = 100, .backoff_min_ms = 1, .backoff_max_ms = 5, .budget = 1000, .attempt_timeout_ms = 50 });
    player_start(&player, pair.other, CALC, ignore_first, &ignored);
    long began = test_now_ms();
    check_int_at_least(call_41(&pair, idempotent_method(), 700, &st, &err), 2);
    check_int(st, TERN_DEADLINE_EXCEEDED);
    check_false(err.remote);
    check_int_at_least(test_now_ms() - began, 600); /* or one attempt, and its backoff, less */
    check_int_less(test_now_ms() - began, 15000);
    player_stop(&player);
    /* Nobody there: it ends when the next backoff would end too late. */
    began = test_now_ms();
    check_int_at_least(call_41(&pair, increment_method(), 200, &st, &err), 2);
    check_true(st == TERN_UNAVAILABLE || st == TERN_DEADLINE_EXCEEDED);
    check_int_less(test_now_ms() - began, 15000);
    pair_close(&pair);
    test_check_leaks();
}

/* ---- Late replies of earlier attempts ---- */

struct held {
    tern_msg *first[1000]; /* by value */
};

/* Keeps a call's first request; at its second one answers the first, wrongly, and then the second. */
static void answer_both(struct player *player, tern_msg *request, int nth)
{
    struct held *held = player->arg;
    Test__V1__Number *in = test__v1__number__unpack(NULL, tern_msg_size(request), tern_msg_data(request));
    int64_t value = in->value;
    test__v1__number__free_unpacked(in, NULL);
    (void)nth;
    tern_msg *first = held->first[value];
    if (first == NULL) {
        tern_msg_keep(request);
        held->first[value] = request;
        return;
    }
    player_send(player, tern_msg_reply(first), NULL, 0, "\x08\x7f\x12\x05wrong", 9);
    player_answer(player, request);
}

/* 600 at once: with slots of their own, and in the bulk inbox. */
Test(retry, a_late_reply_of_an_earlier_attempt_is_dropped_and_counted, .timeout = 120)
{
    static struct held held;
    struct pair pair;
    struct outcomes all;
    static struct player player;

    open_retrying(
        &pair,
        &(tern_retry_options){
            .attempts = 2, .backoff_min_ms = 1, .backoff_max_ms = 1, .budget = 9999, .attempt_timeout_ms = 3000 });
    outcomes_init(&all, 600);
    player_start(&player, pair.other, CALC, answer_both, &held);
    outcomes_begin(pair.client, idempotent_method(), &all, &(tern_call_options){ .timeout_ms = 100000 });
    check_outcomes(&all, TERN_OK);
    check_int(gate_count(&player.gate), 1200);
    pair_check_late(&pair, 600);
    player_stop(&player);
    for (int i = 0; i < 600; i++) tern_msg_free(held.first[i]);
    outcomes_destroy(&all);
    pair_close(&pair);
    test_check_leaks();
}

/* ---- Options ---- */

Test(retry, bad_options_are_refused_by_name, .timeout = 60)
{
    static const struct {
        tern_retry_options options;
        const char *text; /* NULL: fine */
    } cases[] = {
        { { .attempts = 101 }, "retry.attempts 101: the limit is 100" },
        { { .attempts = UINT32_MAX }, "retry.attempts 4294967295" },
        { { .budget = 1000001 }, "retry.budget 1000001: the limit is 1000000" },
        { { .backoff_min_ms = 20, .backoff_max_ms = 19 }, "retry.backoff_min_ms 20 is above backoff_max_ms 19" },
        { { .attempts = 100, .budget = 1000000 }, NULL },
        { { .backoff_min_ms = UINT32_MAX }, NULL },
        { { .backoff_max_ms = 1 }, NULL },
        { { .backoff_min_ms = 5, .backoff_max_ms = 5, .attempt_timeout_ms = UINT32_MAX }, NULL },
    };
    struct rig rig;
    tern_error err = { .status = TERN_OK };

    rig_open(&rig);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        tern_client *client = NULL;
        tern_client_options options = { .retry = cases[i].options };
        if (cases[i].text == NULL) check_ok(tern_client_new(rig.conn, &options, &client, &err));
        else check_refused(tern_client_new(rig.conn, &options, &client, &err), TERN_INVALID_ARGUMENT, cases[i].text);
        check_int(client == NULL, cases[i].text != NULL);
        tern_client_free(client);
    }
    rig_close(&rig);
    test_check_leaks();
}

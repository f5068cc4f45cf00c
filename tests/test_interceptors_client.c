/* A client's interceptors: what they see, what they may change, in which order and on whose thread. */
#include "outcomes.h"
#include "player.h"

#include <stdio.h>
#include <stdlib.h>

#define CALC "test.v1.Calc.*"

static pthread_mutex_t seen_lock = PTHREAD_MUTEX_INITIALIZER;

/* What the interceptors of one test saw; guarded by seen_lock while a call runs. */
struct seen {
    char order[256];
    tern_error outcome; /* of the last after */
    char reply_header[32];
    uint32_t attempts;
    uint64_t elapsed_us;
    pthread_t before_thread, after_thread;
    int befores, afters;
};

struct one {
    struct seen *seen;
    const char *name;
    tern_status refuses; /* OK: lets through */
    const char *text;    /* of the refusal; NULL: none */
    bool cancels;
};

static tern_status before(tern_call *call, void *arg, tern_error *err)
{
    struct one *one = arg;
    pthread_mutex_lock(&seen_lock);
    strcat(strcat(strcat(one->seen->order, "+"), one->name), tern_call_header(call, "Colour") == NULL ? " " : "? ");
    one->seen->before_thread = pthread_self();
    one->seen->befores++;
    one->seen->attempts = tern_call_attempts(call);
    pthread_mutex_unlock(&seen_lock);
    if (one->cancels) tern_call_cancel(call);
    if (one->text != NULL) (void)snprintf(err->text, sizeof err->text, "%s", one->text);
    return one->refuses;
}

static void after(tern_call *call, const tern_error *outcome, void *arg)
{
    struct one *one = arg;
    struct seen *seen = one->seen;
    const char *colour = tern_call_header(call, "Colour");
    pthread_mutex_lock(&seen_lock);
    strcat(strcat(strcat(seen->order, "-"), one->name), " ");
    seen->outcome = *outcome;
    (void)snprintf(seen->reply_header, sizeof seen->reply_header, "%s", colour == NULL ? "none" : colour);
    seen->attempts = tern_call_attempts(call);
    seen->elapsed_us = tern_call_elapsed_us(call);
    seen->after_thread = pthread_self();
    seen->afters++;
    pthread_mutex_unlock(&seen_lock);
}

enum { ONES = 3 };

/* Three of these, and a pair whose client has them. */
struct trio {
    struct pair pair;
    struct seen seen;
    struct one ones[ONES];
};

static void trio_open(struct trio *trio, const tern_client_options *options)
{
    static const char *const names[] = { "1", "2", "3" };
    tern_client_interceptor interceptors[ONES];
    tern_client_options filled = options == NULL ? (tern_client_options)TERN_CLIENT_OPTIONS_INIT : *options;
    memset(&trio->seen, 0, sizeof trio->seen);
    for (int i = 0; i < ONES; i++) {
        trio->ones[i] = (struct one){ .seen = &trio->seen, .name = names[i] };
        interceptors[i] = (tern_client_interceptor){ .before = before, .after = after, .arg = &trio->ones[i] };
    }
    filled.interceptors = interceptors;
    filled.interceptor_count = ONES;
    pair_open(&trio->pair, &filled);
    memset(interceptors, 0, sizeof interceptors); /* they were copied */
}

static void trio_close(struct trio *trio)
{
    pair_close(&trio->pair);
}

static void trio_reset(struct trio *trio)
{
    trio->seen = (struct seen){ .befores = 0 };
}

static tern_status call_with(tern_client *client, const tern_call_options *options, tern_error *err)
{
    Test__V1__Number number = TEST__V1__NUMBER__INIT, *reply = NULL;
    tern_status st = test_v1_calc_increment(client, &number, options, &reply, err);
    if (st == TERN_OK) tern_message_free(&reply->base);
    return st;
}

/* One asynchronous call, until its callback has returned; or its refusal. */
static tern_status call_async(tern_client *client, struct outcome *out, tern_error *err)
{
    struct outcomes all;
    tern_call *call = NULL;
    outcomes_init(&all, 1);
    tern_status st = outcome_begin(client, increment_method(), &all.items[0], NULL, &call, err);
    if (st == TERN_OK) check_int(tern_call_wait(call, RIG_WAIT_MS, err), TERN_OK);
    check_int(atomic_load(&all.items[0].ends), st == TERN_OK ? 1 : 0);
    tern_call_free(call);
    *out = all.items[0];
    outcomes_destroy(&all);
    return st == TERN_OK ? out->status : st;
}

static void play_answer(struct player *player, tern_msg *request, int nth)
{
    static const tern_header colour = { "Colour", "red" };
    (void)nth;
    player_send(player, tern_msg_reply(request), &colour, 1, "\x08\x01", 2);
}

/* ---- Order ---- */

Test(interceptors_client, before_in_order_and_after_in_reverse, .timeout = 60)
{
    static struct trio trio;
    static struct player player;
    struct outcome outcome;
    tern_error err = { .status = TERN_OK };

    trio_open(&trio, NULL);
    player_start(&player, trio.pair.other, CALC, play_answer, NULL);
    check_ok(call_with(trio.pair.client, NULL, &err));
    check_str(trio.seen.order, "+1 +2 +3 -3 -2 -1 ");
    check_int(trio.seen.outcome.status, TERN_OK);
    check_str(trio.seen.outcome.text, "");
    check_str(trio.seen.reply_header, "red");
    check_true(pthread_equal(trio.seen.before_thread, pthread_self()));
    check_true(pthread_equal(trio.seen.after_thread, pthread_self()));
    trio_reset(&trio);
    check_ok(call_async(trio.pair.client, &outcome, &err));
    check_str(trio.seen.order, "+1 +2 +3 -3 -2 -1 ");
    check_str(trio.seen.reply_header, "red");
    check_true(pthread_equal(trio.seen.before_thread, pthread_self()));
    check_false(pthread_equal(trio.seen.after_thread, pthread_self()));
    player_stop(&player);
    trio_close(&trio);
    test_check_leaks();
}

Test(interceptors_client, either_end_may_be_missing, .timeout = 60)
{
    struct pair pair;
    struct seen seen = { .befores = 0 };
    struct one one = { .seen = &seen, .name = "1" };
    tern_client_interceptor interceptors[] = { { .before = before, .arg = &one },
                                               { .after = after, .arg = &one },
                                               { 0 } };
    tern_error err = { .status = TERN_OK };

    pair_open(&pair, &(tern_client_options){ .interceptors = interceptors, .interceptor_count = 3 });
    check_status(call_with(pair.client, NULL, &err), TERN_UNAVAILABLE);
    check_str(seen.order, "+1 -1 ");
    pair_close(&pair);
    test_check_leaks();
}

/* ---- Refusing ---- */

Test(interceptors_client, a_refusal_is_the_outcome_and_nothing_is_sent, .timeout = 60)
{
    static struct trio trio;
    static struct player player;
    struct outcome outcome;
    tern_error err = { .status = TERN_OK };
    tern_call *call = NULL;

    trio_open(&trio, &(tern_client_options){ .retry = { .attempts = 5 } });
    player_start(&player, trio.pair.other, CALC, play_answer, NULL);
    trio.ones[1].refuses = TERN_UNAVAILABLE;
    trio.ones[1].text = "no token for 100% \"of\" you";
    check_refused(call_with(trio.pair.client, &(tern_call_options){ .out_call = &call }, &err), TERN_UNAVAILABLE, "");
    check_str(err.text, "no token for 100% \"of\" you");
    check_str(trio.seen.order, "+1 +2 -1 ");
    check_int(trio.seen.outcome.status, TERN_UNAVAILABLE);
    check_str(trio.seen.outcome.text, err.text);
    check_int(tern_call_attempts(call), 0);
    check_str(tern_call_header(call, "Colour"), NULL);
    tern_call_free(call);
    /* Without a text the status's meaning stands there. */
    trio_reset(&trio);
    trio.ones[1].text = NULL;
    trio.ones[1].refuses = TERN_UNAUTHENTICATED;
    check_status(call_async(trio.pair.client, &outcome, &err), TERN_UNAUTHENTICATED);
    check_str(err.text, tern_status_meaning(TERN_UNAUTHENTICATED));
    check_str(trio.seen.order, "+1 +2 -1 ");
    pair_settle(&trio.pair);
    check_int(gate_count(&player.gate), 0);
    /* And the next call is let through. */
    trio.ones[1].refuses = TERN_OK;
    check_ok(call_with(trio.pair.client, NULL, &err));
    player_stop(&player);
    trio_close(&trio);
    test_check_leaks();
}

Test(interceptors_client, a_cancel_inside_before_ends_the_call, .timeout = 60)
{
    static struct trio trio;
    static struct player player;
    struct outcome outcome;
    tern_error err = { .status = TERN_OK };

    trio_open(&trio, NULL);
    player_start(&player, trio.pair.other, CALC, play_answer, NULL);
    trio.ones[0].cancels = true;
    for (int i = 0; i < 50; i++) {
        trio_reset(&trio);
        check_refused(call_with(trio.pair.client, NULL, &err), TERN_CANCELLED, "cancelled");
        check_str(trio.seen.order, "+1 +2 +3 -3 -2 -1 ");
        check_status(call_async(trio.pair.client, &outcome, &err), TERN_CANCELLED);
    }
    pair_settle(&trio.pair);
    check_int(gate_count(&player.gate), 0);
    player_stop(&player);
    trio_close(&trio);
    test_check_leaks();
}

/* ---- Outcomes ---- */

static void play_kind(struct player *player, tern_msg *request, int nth)
{
    const char *kind = player->arg;
    (void)nth;
    if (strcmp(kind, "bad") == 0) player_send(player, tern_msg_reply(request), NULL, 0, "\x08", 1);
    if (strcmp(kind, "error") == 0)
        player_fail(player, request, "404", "not here", &(tern_header){ "Colour", "blue" }, 1);
    if (strcmp(kind, "refused") == 0) player_refuse(player, request, "8", NULL);
}

Test(interceptors_client, each_kind_of_outcome_is_observed, .timeout = 60)
{
    static const struct {
        char kind[8];
        tern_status status;
        bool remote;
        int code;
        const char *text, *header;
        uint32_t attempts;
    } cases[] = { { "none", TERN_UNAVAILABLE, false, 0, "nobody serves it", "none", 2 },
                  { "bad", TERN_INTERNAL, false, 0, "test.v1.Number", "none", 1 },
                  { "error", TERN_NOT_FOUND, true, 404, "not here", "blue", 1 },
                  { "refused", TERN_RESOURCE_EXHAUSTED, true, 8, "refused", "none", 2 },
                  { "silent", TERN_DEADLINE_EXCEEDED, false, 0, "no reply within 300 ms", "none", 1 } };
    static struct trio trio;
    static struct player player;
    tern_error err = { .status = TERN_OK };

    trio_open(&trio, &(tern_client_options){ .retry = { .attempts = 2, .backoff_max_ms = 1 }, .timeout_ms = 300 });
    for (size_t i = 0; i < 2 * (sizeof cases / sizeof *cases); i++) {
        size_t at = i / 2;
        struct outcome outcome;
        char kind[8];
        memcpy(kind, cases[at].kind, sizeof kind);
        trio_reset(&trio);
        if (at > 0) player_start(&player, trio.pair.other, CALC, play_kind, kind);
        check_status(i % 2 == 0 ? call_with(trio.pair.client, NULL, &err)
                                : call_async(trio.pair.client, &outcome, &err),
                     cases[at].status);
        check_str(trio.seen.order, "+1 +2 +3 -3 -2 -1 ");
        check_int(trio.seen.outcome.status, cases[at].status);
        check_int(trio.seen.outcome.remote, cases[at].remote);
        check_int(trio.seen.outcome.remote_code, cases[at].code);
        check_str_has(trio.seen.outcome.text, cases[at].text);
        check_str(trio.seen.outcome.text, i % 2 == 0 ? err.text : outcome.text);
        check_str(trio.seen.reply_header, cases[at].header);
        check_int(trio.seen.attempts, cases[at].attempts);
        if (at > 0) player_stop(&player);
    }
    trio_close(&trio);
    test_check_leaks();
}

/* ---- Threads and time ---- */

static void note_thread(tern_call *call, Test__V1__Number *reply, const tern_error *err, void *arg)
{
    (void)call;
    (void)err;
    *(pthread_t *)arg = pthread_self();
    if (reply != NULL) tern_message_free(&reply->base);
}

/* Where a callback ran, and where after did. */
static void threads_of(struct trio *trio, pthread_t *out_callback, pthread_t *out_after)
{
    tern_error err = { .status = TERN_OK };
    Test__V1__Number number = TEST__V1__NUMBER__INIT;
    tern_call *call = NULL;
    check_ok(test_v1_calc_increment_async(trio->pair.client, &number, NULL, out_callback == NULL ? NULL : note_thread,
                                          out_callback, &call, &err));
    check_ok(tern_call_wait(call, RIG_WAIT_MS, &err));
    tern_call_free(call);
    *out_after = trio->seen.after_thread;
}

Test(interceptors_client, after_runs_where_the_callback_does, .timeout = 60)
{
    static struct trio trio;
    pthread_t callback, io_thread, at;

    trio_open(&trio, &(tern_client_options){ .executor = tern_executor_inline() });
    tern_service *service = calc_serve(trio.pair.other, NULL);
    threads_of(&trio, &io_thread, &at);
    check_true(pthread_equal(io_thread, at));
    threads_of(&trio, NULL, &at);
    check_true(pthread_equal(io_thread, at));
    tern_service_free(service);
    trio_close(&trio);

    trio_open(&trio, NULL);
    service = calc_serve(trio.pair.other, NULL);
    threads_of(&trio, &callback, &at);
    check_true(pthread_equal(callback, at));
    check_false(pthread_equal(callback, pthread_self()));
    threads_of(&trio, NULL, &at);
    check_false(pthread_equal(callback, at)); /* the I/O thread, without a callback */
    check_false(pthread_equal(at, pthread_self()));
    tern_service_free(service);
    trio_close(&trio);
    test_check_leaks();
}

Test(interceptors_client, elapsed_grows_until_the_end_and_then_stays, .timeout = 60)
{
    static struct trio trio;
    Test__V1__Number number = TEST__V1__NUMBER__INIT, *reply = NULL;
    tern_error err = { .status = TERN_OK };
    tern_call *call = NULL;

    trio_open(&trio, NULL);
    tern_service *service = calc_serve(trio.pair.other, NULL);
    number.value = 300;
    check_ok(test_v1_calc_wait_async(trio.pair.client, &number, NULL, NULL, NULL, &call, &err));
    uint64_t last = 0;
    while (tern_call_wait(call, 1, NULL) != TERN_OK) {
        check_int_at_least(tern_call_elapsed_us(call), last);
        last = tern_call_elapsed_us(call);
    }
    check_int_at_least(tern_call_elapsed_us(call), 299000);
    check_int(tern_call_elapsed_us(call), trio.seen.elapsed_us);
    last = tern_call_elapsed_us(call);
    test_sleep_ms(5);
    check_int(tern_call_elapsed_us(call), last);
    check_ok(test_v1_calc_wait_result(call, &reply, &err));
    tern_message_free(&reply->base);
    tern_call_free(call);
    tern_service_free(service);
    trio_close(&trio);
    test_check_leaks();
}

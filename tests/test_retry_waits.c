/* Retries that wait: the service's own word about when, the budget, and what ends a call that waits for its next
 * attempt. */
#include "outcomes.h"
#include "player.h"

#include <stdio.h>
#include <stdlib.h>

#define CALC "test.v1.Calc.*"

static const tern_retry_options quick = { .attempts = 4, .backoff_min_ms = 1, .backoff_max_ms = 2 };

static tern_status make_call(tern_client *client, uint32_t timeout_ms, tern_error *err)
{
    tern_call_options options = { .timeout_ms = timeout_ms };
    Test__V1__Number number = TEST__V1__NUMBER__INIT, *reply = NULL;
    tern_status st = test_v1_calc_increment(client, &number, &options, &reply, err);
    if (st == TERN_OK) tern_message_free(&reply->base);
    return st;
}

/* ---- Tern-Retry-After-Ms ---- */

/* Refuses the first request, with what arg says. */
static void refuse_one(struct player *player, tern_msg *request, int nth)
{
    if (nth == 1) player_refuse(player, request, "8", player->arg);
    else player_answer(player, request);
}

Test(retry_waits, at_least_as_long_as_the_service_says, .timeout = 60)
{
    char after[] = "400";
    struct pair pair;
    static struct player player;
    tern_error err = { .status = TERN_OK };

    pair_open(&pair, &(tern_client_options){ .retry = quick });
    player_start(&player, pair.other, CALC, refuse_one, after);
    check_ok(make_call(pair.client, 50000, &err));
    check_int(gate_count(&player.gate), 2);
    check_int_at_least(player.seen[1].came_ms - player.seen[0].came_ms, 399); /* clocks are cut to whole ms */
    player_stop(&player);
    pair_close(&pair);
    test_check_leaks();
}

Test(retry_waits, no_longer_than_the_service_says, .timeout = 60)
{
    char after[] = "0";
    struct pair pair;
    static struct player player;
    tern_error err = { .status = TERN_OK };
    tern_retry_options slow = { .attempts = 2, .backoff_min_ms = 1000000, .backoff_max_ms = 1000000 };

    pair_open(&pair, &(tern_client_options){ .retry = slow });
    player_start(&player, pair.other, CALC, refuse_one, after);
    check_ok(make_call(pair.client, 2000000, &err));
    check_int(gate_count(&player.gate), 2);
    player_stop(&player);
    pair_close(&pair);
    test_check_leaks();
}

/* Then there is nothing to wait for. */
Test(retry_waits, not_beyond_the_deadline, .timeout = 60)
{
    static const char *const afters[] = { "50000", "4294967295", "4294967296", "99999999999999999999999" };
    struct pair pair;
    static struct player player;
    tern_error err = { .status = TERN_OK };

    pair_open(&pair, &(tern_client_options){ .retry = quick });
    for (size_t i = 0; i < sizeof afters / sizeof *afters; i++) {
        char after[32];
        (void)snprintf(after, sizeof after, "%s", afters[i]);
        player_start(&player, pair.other, CALC, refuse_one, after);
        long began = test_now_ms();
        check_status(make_call(pair.client, 45000, &err), TERN_RESOURCE_EXHAUSTED);
        check_true(err.remote);
        check_int_less(test_now_ms() - began, 30000);
        check_int(gate_count(&player.gate), 1);
        player_stop(&player);
    }
    pair_close(&pair);
    test_check_leaks();
}

Test(retry_waits, what_is_no_number_counts_as_not_said, .timeout = 60)
{
    static const char *const afters[] = { "-1", "soon", "12x", "+1000000" };
    struct pair pair;
    static struct player player;
    tern_error err = { .status = TERN_OK };

    pair_open(&pair, &(tern_client_options){ .retry = quick });
    for (size_t i = 0; i < sizeof afters / sizeof *afters; i++) {
        char after[32];
        (void)snprintf(after, sizeof after, "%s", afters[i]);
        player_start(&player, pair.other, CALC, refuse_one, after);
        check_ok(make_call(pair.client, 45000, &err));
        check_int(gate_count(&player.gate), 2);
        player_stop(&player);
    }
    pair_close(&pair);
    test_check_leaks();
}

/* ---- Budget ---- */

/* Refuses everything, while arg says so. */
static void refuse_while(struct player *player, tern_msg *request, int nth)
{
    atomic_bool *full = player->arg;
    (void)nth;
    if (atomic_load(full)) player_refuse(player, request, "8", "0");
    else player_answer(player, request);
}

Test(retry_waits, a_burst_of_failures_is_not_multiplied, .timeout = 60)
{
    atomic_bool full = true;
    struct pair pair;
    struct outcomes all;
    static struct player player;
    tern_error err = { .status = TERN_OK };

    pair_open(&pair, &(tern_client_options){ .retry = { .attempts = 100, .budget = 10 } });
    outcomes_init(&all, 500);
    player_start(&player, pair.other, CALC, refuse_while, &full);
    outcomes_begin(pair.client, increment_method(), &all, &(tern_call_options){ .timeout_ms = 50000 });
    check_outcomes(&all, TERN_RESOURCE_EXHAUSTED);
    /* Ten tokens: four failures leave more than five. */
    check_int(gate_count(&player.gate), 504);

    /* A success gives a tenth of a token back, from none: 59 are not enough for one failure, and 69 are. */
    atomic_store(&full, false);
    for (int i = 0; i < 59; i++) check_ok(make_call(pair.client, 50000, &err));
    atomic_store(&full, true);
    check_status(make_call(pair.client, 50000, &err), TERN_RESOURCE_EXHAUSTED);
    check_int(gate_count(&player.gate), 504 + 59 + 1);
    atomic_store(&full, false);
    for (int i = 0; i < 20; i++) check_ok(make_call(pair.client, 50000, &err));
    atomic_store(&full, true);
    check_status(make_call(pair.client, 50000, &err), TERN_RESOURCE_EXHAUSTED);
    check_int(gate_count(&player.gate), 504 + 59 + 1 + 20 + 2);
    player_stop(&player);
    outcomes_destroy(&all);
    pair_close(&pair);
    test_check_leaks();
}

/* ---- What ends a call that waits ---- */

static void refuse_all(struct player *player, tern_msg *request, int nth)
{
    (void)nth;
    player_refuse(player, request, "8", player->arg);
}

/* A pair with calls in flight that wait for their second attempt, for as long as after says. */
struct waiting {
    struct pair pair;
    struct player player;
    struct outcomes all;
    tern_call *calls[200];
    player_fn play;    /* NULL: refuse_all */
    uint32_t attempts; /* 0: 3 */
};

static void waiting_open(struct waiting *waiting, char *after, int count, uint32_t timeout_ms)
{
    tern_call_options options = { .timeout_ms = timeout_ms };
    tern_error err = { .status = TERN_OK };
    tern_retry_options retry = { .attempts = waiting->attempts != 0 ? waiting->attempts : 3, .budget = 9999 };
    pair_open(&waiting->pair, &(tern_client_options){ .retry = retry });
    outcomes_init(&waiting->all, count);
    player_start(&waiting->player, waiting->pair.other, CALC, waiting->play != NULL ? waiting->play : refuse_all,
                 after);
    for (int i = 0; i < count; i++)
        check_ok(outcome_begin(waiting->pair.client, increment_method(), &waiting->all.items[i], &options,
                               &waiting->calls[i], &err));
    check_true(gate_wait(&waiting->player.played, count, RIG_WAIT_MS));
    pair_settle(&waiting->pair);
}

static void waiting_close(struct waiting *waiting)
{
    for (int i = 0; i < waiting->all.count; i++) tern_call_free(waiting->calls[i]);
    player_stop(&waiting->player);
    outcomes_destroy(&waiting->all);
    pair_close(&waiting->pair);
}

static char long_after[] = "900000";
enum { LONG_MS = 1000000 };

static void check_ended_waiting(struct waiting *waiting)
{
    check_outcomes(&waiting->all, TERN_CANCELLED);
    for (int i = 0; i < waiting->all.count; i++) check_int(waiting->all.items[i].attempts, 1);
    check_int(gate_count(&waiting->player.gate), waiting->all.count);
}

Test(retry_waits, cancel_ends_it_at_once, .timeout = 60)
{
    static struct waiting waiting;
    tern_error err = { .status = TERN_OK };

    waiting_open(&waiting, long_after, 200, LONG_MS);
    check_int(gate_count(&waiting.all.gate), 0);
    for (int i = 0; i < 200; i++) tern_call_cancel(waiting.calls[i]);
    check_ok(tern_call_wait_all(waiting.calls, 200, RIG_WAIT_MS, &err));
    check_ended_waiting(&waiting);
    waiting_close(&waiting);
    test_check_leaks();
}

Test(retry_waits, freeing_the_client_ends_it_at_once, .timeout = 60)
{
    static struct waiting waiting;

    waiting_open(&waiting, long_after, 200, LONG_MS);
    tern_client_free(waiting.pair.client);
    waiting.pair.client = NULL;
    check_int(gate_count(&waiting.all.gate), 200);
    check_ended_waiting(&waiting);
    waiting_close(&waiting);
    test_check_leaks();
}

Test(retry_waits, closing_ends_it_at_once, .timeout = 60)
{
    static struct waiting waiting;

    waiting_open(&waiting, long_after, 200, LONG_MS);
    tern_conn_close(waiting.pair.rig.conn);
    check_ended_waiting(&waiting);
    check_str_has(waiting.all.items[0].text, "closed");
    waiting_close(&waiting);
    test_check_leaks();
}

Test(retry_waits, a_drain_lets_it_have_its_attempts, .timeout = 60)
{
    static struct waiting waiting;
    char after[] = "700";
    tern_error err = { .status = TERN_OK };

    waiting_open(&waiting, after, 100, LONG_MS);
    check_ok(tern_conn_drain(waiting.pair.rig.conn, RIG_WAIT_MS, &err));
    check_outcomes(&waiting.all, TERN_RESOURCE_EXHAUSTED);
    check_int(gate_count(&waiting.player.gate), 300);
    waiting_close(&waiting);
    test_check_leaks();
}

/* The next attempt has to be sent while there is no session. */
Test(retry_waits, the_deadline_ends_it_while_there_is_no_session, .timeout = 60)
{
    static struct waiting waiting;
    char after[] = "200";

    waiting_open(&waiting, after, 200, 2500);
    server_kill(waiting.pair.rig.server);
    check_true(gate_wait(&waiting.all.gate, 200, RIG_WAIT_MS));
    server_restart(waiting.pair.rig.server);
    for (int i = 0; i < 200; i++) {
        tern_status st = waiting.all.items[i].status;
        check_int(atomic_load(&waiting.all.items[i].ends), 1);
        check_true(st == TERN_DEADLINE_EXCEEDED || st == TERN_RESOURCE_EXHAUSTED); /* the other: all was over by then */
    }
    waiting_close(&waiting);
    test_check_leaks();
}

/* Refuses each call's first attempt, and answers what comes later. */
static void refuse_first(struct player *player, tern_msg *request, int nth)
{
    (void)nth;
    if (tern_msg_header(request, "Tern-Attempt") == NULL) player_refuse(player, request, "8", player->arg);
    else player_answer(player, request);
}

/* The server is gone before the first of them would be sent again, and comes back when all are due. They may come
 * before the player's subscription does; then nobody serves them, and they are retried. */
Test(retry_waits, the_next_attempt_goes_into_the_next_session, .timeout = 60)
{
    enum { AFTER_MS = 5000 };
    static struct waiting waiting = { .play = refuse_first, .attempts = 100 };
    char after[] = "5000";

    waiting_open(&waiting, after, 100, LONG_MS);
    server_kill(waiting.pair.rig.server);
    long since_first_ms = test_now_ms() - waiting.player.seen[0].came_ms;
    check_int_less(since_first_ms, AFTER_MS);
    test_sleep_ms(AFTER_MS - (int)since_first_ms + 500);
    check_int(gate_count(&waiting.all.gate), 0);
    server_restart(waiting.pair.rig.server);
    check_outcomes(&waiting.all, TERN_OK);
    for (int i = 0; i < 100; i++) check_int_at_least(waiting.all.items[i].attempts, 2);
    waiting_close(&waiting);
    test_check_leaks();
}

/* ---- Blocking callers ---- */

struct caller {
    pthread_t thread;
    tern_client *client;
    uint32_t timeout_ms;
    tern_status status;
    tern_error err;
};

static void *call_blocking(void *arg)
{
    struct caller *caller = arg;
    caller->status = make_call(caller->client, caller->timeout_ms, &caller->err);
    return NULL;
}

/* Refuses, and then has the caller's I/O thread stopped. */
static void refuse_and_stop(struct player *player, tern_msg *request, int nth)
{
    tern_error err;
    (void)nth;
    player_refuse(player, request, "8", "300");
    check_ok(tern_conn_publish(player->conn, "stop", NULL, 0, &err));
}

static void stop_until_open(tern_msg *msg, void *arg)
{
    (void)msg;
    check_true(gate_wait(arg, 1, RIG_WAIT_MS));
}

/* The next attempt's time and then the deadline pass while the I/O thread can do nothing. */
Test(retry_waits, no_attempt_follows_a_caller_that_has_left, .timeout = 60)
{
    struct pair pair;
    static struct player player;
    struct test_gate go;
    tern_call *call = NULL;
    tern_sub *sub = NULL;
    tern_error err = { .status = TERN_OK };
    tern_sub_options on_io_thread = { .executor = tern_executor_inline() };
    Test__V1__Number number = TEST__V1__NUMBER__INIT, *reply = NULL;

    pair_open(&pair, &(tern_client_options){ .retry = { .attempts = 9 } });
    gate_init(&go);
    check_ok(tern_conn_subscribe(pair.rig.conn, "stop", &on_io_thread, stop_until_open, &go, &sub, &err));
    check_ok(tern_conn_flush(pair.rig.conn, RIG_WAIT_MS, &err));
    player_start(&player, pair.other, CALC, refuse_and_stop, NULL);
    check_status(test_v1_calc_increment(pair.client, &number,
                                        &(tern_call_options){ .timeout_ms = 1500, .out_call = &call }, &reply, &err),
                 TERN_DEADLINE_EXCEEDED);
    uint32_t attempts = tern_call_attempts(call);
    gate_open(&go);
    check_ok(tern_conn_flush(pair.rig.conn, RIG_WAIT_MS, &err));
    check_true(gate_wait(&player.played, (int)attempts, RIG_WAIT_MS));
    check_int(tern_call_attempts(call), attempts);
    check_int(gate_count(&player.gate), attempts);
    tern_call_free(call);
    tern_sub_free(sub);
    player_stop(&player);
    gate_destroy(&go);
    pair_close(&pair);
    test_check_leaks();
}

Test(retry_waits, closing_ends_blocking_callers_at_once, .timeout = 60)
{
    static struct waiting waiting;
    struct caller callers[8];

    waiting_open(&waiting, long_after, 1, LONG_MS);
    for (int i = 0; i < 8; i++) {
        callers[i] = (struct caller){ .client = waiting.pair.client, .timeout_ms = LONG_MS };
        pthread_create(&callers[i].thread, NULL, call_blocking, &callers[i]);
    }
    check_true(gate_wait(&waiting.player.gate, 9, RIG_WAIT_MS));
    pair_settle(&waiting.pair);
    tern_conn_close(waiting.pair.rig.conn);
    for (int i = 0; i < 8; i++) {
        pthread_join(callers[i].thread, NULL);
        check_int(callers[i].status, TERN_CANCELLED);
        check_str_has(callers[i].err.text, "closed");
    }
    check_outcomes(&waiting.all, TERN_CANCELLED);
    waiting_close(&waiting);
    test_check_leaks();
}

Test(retry_waits, a_blocking_caller_leaves_at_its_deadline, .timeout = 60)
{
    static struct waiting waiting;
    char after[] = "4500"; /* it is refused, and the server killed, before it would be sent again */
    struct caller caller;

    waiting_open(&waiting, long_after, 1, LONG_MS);
    waiting.player.arg = after;
    caller = (struct caller){ .client = waiting.pair.client, .timeout_ms = 5000 };
    pthread_create(&caller.thread, NULL, call_blocking, &caller);
    check_true(gate_wait(&waiting.player.gate, 2, RIG_WAIT_MS));
    pair_settle(&waiting.pair);
    server_kill(waiting.pair.rig.server);
    pthread_join(caller.thread, NULL);
    check_int(caller.status, TERN_DEADLINE_EXCEEDED);
    server_restart(waiting.pair.rig.server);
    check_true(events_wait(&waiting.pair.rig.events, TERN_EVENT_RECONNECTED, 1));
    tern_call_cancel(waiting.calls[0]);
    check_outcomes(&waiting.all, TERN_CANCELLED);
    waiting_close(&waiting);
    test_check_leaks();
}

/* Exactness in bulk: thousands of calls in flight, of all fates at once. Each ends once, with its own answer or with a
 * status that its fate allows. */
#include "calc.h"
#include "player.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

enum { IN_FLIGHT = 4096, RUN_MS = 3000, LATE_MS = 300, LONG_MS = 200000 };

enum fate {
    SERVED,    /* by a service */
    UNSERVED,  /* nobody there: the server's 503 */
    LATE,      /* answered around its deadline */
    SILENT,    /* never answered */
    CANCELLED, /* served, and cancelled at some time */
    FATES
};

static const char *const fate_names[FATES] = { "served", "unserved", "late", "silent", "cancelled" };

/* A call after the other, each of a random fate. lock guards what follows it. */
struct place {
    struct run *run;
    pthread_mutex_t lock;
    tern_call *call; /* to cancel; NULL: none */
    uint64_t random;
    enum fate fate;
    int64_t value;
    bool in_flight;
};

struct run {
    tern_client *clients[FATES];
    struct place places[IN_FLIGHT];
    atomic_bool stop;
    atomic_long ok[FATES], failed[FATES], wrong; /* failed: as allowed */
    struct test_gate done;                       /* counts places that have stopped */
    pthread_mutex_t lock;
    char first_wrong[300]; /* lock */
};

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static bool is_allowed(enum fate fate, tern_status status)
{
    switch (fate) {
    case SERVED: return status == TERN_OK;
    case UNSERVED: return status == TERN_UNAVAILABLE;
    case LATE: return status == TERN_OK || status == TERN_DEADLINE_EXCEEDED;
    case SILENT: return status == TERN_DEADLINE_EXCEEDED;
    case CANCELLED: return status == TERN_OK || status == TERN_CANCELLED;
    default: return false;
    }
}

static void judge(struct run *run, const struct place *place, const Test__V1__Number *reply, const tern_error *err)
{
    bool own = err->status != TERN_OK || (reply != NULL && reply->value == place->value + 1);
    if (own && place->in_flight && is_allowed(place->fate, err->status)) {
        atomic_fetch_add(err->status == TERN_OK ? &run->ok[place->fate] : &run->failed[place->fate], 1);
        return;
    }
    if (atomic_fetch_add(&run->wrong, 1) > 0) return;
    pthread_mutex_lock(&run->lock);
    (void)snprintf(run->first_wrong, sizeof run->first_wrong, "%s, in flight %d, own %d: %s (%.150s)",
                   fate_names[place->fate], place->in_flight, own, tern_status_name(err->status), err->text);
    pthread_mutex_unlock(&run->lock);
}

static void go_on(struct place *place);

static void take(tern_call *call, Test__V1__Number *reply, const tern_error *err, void *arg)
{
    struct place *place = arg;
    struct run *run = place->run;
    (void)call;
    pthread_mutex_lock(&place->lock);
    judge(run, place, reply, err);
    if (reply != NULL) tern_message_free(&reply->base);
    tern_call_free(place->call);
    place->call = NULL;
    place->in_flight = false;
    bool stop = atomic_load(&run->stop);
    if (!stop) go_on(place);
    pthread_mutex_unlock(&place->lock);
    if (stop) gate_open(&run->done);
}

/* Begins the place's next call; its lock is held. */
static void go_on(struct place *place)
{
    Test__V1__Number number = TEST__V1__NUMBER__INIT;
    tern_call_options options = { .timeout_ms = LONG_MS };
    tern_error err;
    place->fate = (enum fate)(next_random(&place->random) % FATES);
    place->value = (int64_t)(next_random(&place->random) >> 16);
    number.value = place->value;
    if (place->fate == LATE || place->fate == SILENT) options.timeout_ms = LATE_MS;
    place->in_flight = true;
    tern_status st = test_v1_calc_increment_async(place->run->clients[place->fate], &number, &options, take, place,
                                                  place->fate == CANCELLED ? &place->call : NULL, &err);
    if (st != TERN_OK) test_abort("a call does not begin: %s", err.text);
}

/* ---- Answers around the deadline ---- */

struct latecomer {
    tern_msg *msg;
    long due_ms;
};

static struct {
    pthread_mutex_t lock;
    struct latecomer items[2 * IN_FLIGHT];
    unsigned head, tail; /* lock */
    atomic_bool stop;
    atomic_long answered;
} late = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void hold(struct player *player, tern_msg *request, int nth)
{
    enum { SIZE = sizeof late.items / sizeof *late.items };
    (void)player;
    pthread_mutex_lock(&late.lock);
    if (late.tail - late.head < SIZE) {
        tern_msg_keep(request);
        late.items[late.tail++ % SIZE] =
            (struct latecomer){ .msg = request, .due_ms = test_now_ms() + LATE_MS - 200 + nth % 300 };
    }
    pthread_mutex_unlock(&late.lock);
}

static tern_msg *next_due(void)
{
    tern_msg *msg = NULL;
    pthread_mutex_lock(&late.lock);
    struct latecomer *first = &late.items[late.head % (sizeof late.items / sizeof *late.items)];
    if (late.head != late.tail && first->due_ms <= test_now_ms()) {
        msg = first->msg;
        late.head++;
    }
    pthread_mutex_unlock(&late.lock);
    return msg;
}

static void *answer_late(void *arg)
{
    while (!atomic_load(&late.stop)) {
        tern_msg *msg = next_due();
        if (msg == NULL) {
            test_sleep_ms(1);
            continue;
        }
        player_answer(arg, msg);
        tern_msg_free(msg);
        atomic_fetch_add(&late.answered, 1);
    }
    return NULL;
}

static void drop_late(void)
{
    for (; late.head != late.tail; late.head++)
        tern_msg_free(late.items[late.head % (sizeof late.items / sizeof *late.items)].msg);
}

/* ---- The whole ---- */

static void *cancel_some(void *arg)
{
    struct run *run = arg;
    uint64_t random = 99;
    while (!atomic_load(&run->stop)) {
        for (int i = 0; i < 64; i++) {
            struct place *place = &run->places[next_random(&random) % IN_FLIGHT];
            pthread_mutex_lock(&place->lock);
            if (place->call != NULL) tern_call_cancel(place->call);
            pthread_mutex_unlock(&place->lock);
        }
        test_sleep_ms(1);
    }
    return NULL;
}

static void run_init(struct run *run)
{
    gate_init(&run->done);
    pthread_mutex_init(&run->lock, NULL);
    for (int i = 0; i < IN_FLIGHT; i++) {
        run->places[i] = (struct place){ .run = run, .random = (uint64_t)i * 7919 + 1 };
        pthread_mutex_init(&run->places[i].lock, NULL);
    }
}

static void run_destroy(struct run *run)
{
    for (int i = 0; i < IN_FLIGHT; i++) pthread_mutex_destroy(&run->places[i].lock);
    pthread_mutex_destroy(&run->lock);
    gate_destroy(&run->done);
}

static void run_places(struct run *run)
{
    long until_ms = test_now_ms() + RUN_MS;
    for (int i = 0; i < IN_FLIGHT; i++) {
        pthread_mutex_lock(&run->places[i].lock);
        go_on(&run->places[i]);
        pthread_mutex_unlock(&run->places[i].lock);
    }
    while (test_now_ms() < until_ms) test_sleep_ms(20);
    atomic_store(&run->stop, true);
    check_true(gate_wait(&run->done, IN_FLIGHT, 120000));
}

static void check_run(struct run *run)
{
    for (int i = 0; i < FATES; i++)
        cr_log_info("%s: %ld OK, %ld failed as they may", fate_names[i], atomic_load(&run->ok[i]),
                    atomic_load(&run->failed[i]));
    cr_assert(atomic_load(&run->wrong) == 0, "%ld calls went wrong, the first: %s", atomic_load(&run->wrong),
              run->first_wrong);
    check_int_at_least(atomic_load(&run->ok[SERVED]), 1000);
    check_int_at_least(atomic_load(&run->failed[UNSERVED]), 1000);
    check_int_at_least(atomic_load(&run->failed[CANCELLED]), 1);
    check_int_at_least(atomic_load(&run->ok[LATE]) + atomic_load(&run->failed[LATE]), 1000);
    check_int_at_least(atomic_load(&run->failed[SILENT]), 1000);
    check_int(gate_count(&run->done), IN_FLIGHT);
}

Test(async_exact, each_of_thousands_ends_once_as_its_fate_allows, .timeout = 240)
{
    static struct run run;
    static struct player late_player, silent_player;
    struct pair pair;
    pthread_t answerer, canceller;

    pair_open(&pair, NULL);
    run_init(&run);
    tern_service *service = calc_serve(pair.other, NULL);
    player_start(&late_player, pair.other, "late.test.v1.Calc.*", hold, NULL);
    player_start(&silent_player, pair.other, "silent.test.v1.Calc.*", NULL, NULL);
    for (int i = 0; i < FATES; i++) {
        bool plain = i == SERVED || i == CANCELLED;
        run.clients[i] =
            calc_client(pair.rig.conn, &(tern_client_options){ .subject_prefix = plain ? NULL : fate_names[i] });
    }
    pthread_create(&answerer, NULL, answer_late, &late_player);
    pthread_create(&canceller, NULL, cancel_some, &run);
    run_places(&run);
    pthread_join(canceller, NULL);
    atomic_store(&late.stop, true);
    pthread_join(answerer, NULL);
    check_run(&run);
    for (int i = 0; i < FATES; i++) tern_client_free(run.clients[i]);
    check_int(gate_count(&run.done), IN_FLIGHT);
    player_stop(&late_player);
    player_stop(&silent_player);
    drop_late();
    tern_service_free(service);
    run_destroy(&run);
    pair_close(&pair);
    test_check_leaks();
}

/* ---- Freeing a client whose callbacks call on ---- */

struct chain {
    tern_client *client;
    atomic_long begun, ended, refused;
};

static void call_on(tern_call *call, Test__V1__Number *reply, const tern_error *err, void *arg)
{
    struct chain *chain = arg;
    Test__V1__Number number = TEST__V1__NUMBER__INIT;
    (void)call;
    (void)err;
    if (reply != NULL) tern_message_free(&reply->base);
    tern_status st = test_v1_calc_increment_async(chain->client, &number, NULL, call_on, chain, NULL, NULL);
    if (st == TERN_OK) atomic_fetch_add(&chain->begun, 1);
    else if (st == TERN_CANCELLED) atomic_fetch_add(&chain->refused, 1);
    atomic_fetch_add(&chain->ended, 1);
}

static bool runs(void *arg)
{
    return atomic_load(&((struct chain *)arg)->ended) > 500;
}

static void free_while_they_call_on(tern_executor *executor)
{
    enum { CHAINS = 300 };
    static struct chain chain;
    struct pair pair;
    Test__V1__Number number = TEST__V1__NUMBER__INIT;
    tern_error err = { .status = TERN_OK };

    chain = (struct chain){ .begun = CHAINS };
    pair_open(&pair, NULL);
    tern_service *service = calc_serve(pair.other, NULL);
    chain.client = calc_client(pair.rig.conn, &(tern_client_options){ .executor = executor });
    for (int i = 0; i < CHAINS; i++)
        check_ok(test_v1_calc_increment_async(chain.client, &number, NULL, call_on, &chain, NULL, &err));
    check_true(wait_until(runs, &chain, RIG_WAIT_MS));
    tern_client_free(chain.client);
    check_int(atomic_load(&chain.ended), atomic_load(&chain.begun));
    check_int(atomic_load(&chain.refused), CHAINS);
    tern_service_free(service);
    pair_close(&pair);
}

Test(async_exact, a_client_that_is_freed_ends_chains_of_calls, .timeout = 60)
{
    free_while_they_call_on(NULL);
    free_while_they_call_on(tern_executor_inline());
    test_check_leaks();
}

/* ---- Freeing a client whose callbacks begin calls that nobody else would end ---- */

struct strays {
    tern_client *client;
    atomic_long begun, ended;
};

static void answer_increment(struct player *player, tern_msg *request, int nth)
{
    (void)nth;
    if (strstr(tern_msg_subject(request), "Increment") != NULL) player_answer(player, request);
}

static void count_stray(tern_call *call, Test__V1__Number *reply, const tern_error *err, void *arg)
{
    struct strays *strays = arg;
    (void)call;
    (void)err;
    if (reply != NULL) tern_message_free(&reply->base);
    atomic_fetch_add(&strays->ended, 1);
}

/* Begins one that is never answered, and one that is, and then goes on so. */
static void begin_strays(tern_call *call, Test__V1__Number *reply, const tern_error *err, void *arg)
{
    struct strays *strays = arg;
    Test__V1__Number number = TEST__V1__NUMBER__INIT;
    tern_call_options options = { .timeout_ms = LONG_MS };
    bool begins =
        test_v1_calc_unserved_async(strays->client, &number, &options, count_stray, strays, NULL, NULL) == TERN_OK;
    if (begins) atomic_fetch_add(&strays->begun, 1);
    begins =
        test_v1_calc_increment_async(strays->client, &number, &options, begin_strays, strays, NULL, NULL) == TERN_OK;
    if (begins) atomic_fetch_add(&strays->begun, 1);
    count_stray(call, reply, err, arg);
}

static bool have_begun(void *arg)
{
    return atomic_load(&((struct strays *)arg)->begun) > 50;
}

Test(async_exact, a_client_that_is_freed_ends_calls_that_begin_meanwhile, .timeout = 120)
{
    enum { ROUNDS = 200, CHAINS = 4 };
    static struct strays strays;
    struct player player;
    struct pair pair;

    pair_open(&pair, NULL);
    player_start(&player, pair.other, "test.v1.Calc.*", answer_increment, NULL);
    for (int round = 0; round < ROUNDS; round++) {
        strays = (struct strays){ .client = calc_client(pair.rig.conn, NULL), .begun = CHAINS };
        for (int i = 0; i < CHAINS; i++) {
            Test__V1__Number number = TEST__V1__NUMBER__INIT;
            tern_error err = { .status = TERN_OK };
            check_ok(test_v1_calc_increment_async(strays.client, &number, NULL, begin_strays, &strays, NULL, &err));
        }
        check_true(wait_until(have_begun, &strays, RIG_WAIT_MS));
        tern_client_free(strays.client);
        check_int(atomic_load(&strays.ended), atomic_load(&strays.begun));
    }
    player_stop(&player);
    pair_close(&pair);
    test_check_leaks();
}

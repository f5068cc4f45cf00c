/* Out of memory in calls: each single allocation of Tern's own fails once, and each call ends exactly once all the
 * same, nothing leaks and nothing hangs. */
#include "failing.h"
#include "outcomes.h"

#include <stdlib.h>

enum { N_MAX = 4000, TIMEOUT_MS = 3000 };

/* A connection of its own for each try, so that nothing is there to be used again; the other side is served on it,
 * too, and may fail as well: then a call hears of it, or its deadline passes. */
struct scene {
    tern_conn *conn;
    tern_sub *sub;
    tern_client *client;
    tern_executor *pool;
    struct outcomes all;
    int begun;
    tern_call *calls[400];
};

/* Refuses a call's first attempt, unrun, and answers the others; with a detail where the number is negative. */
static void play(tern_msg *msg, void *arg)
{
    struct scene *scene = arg;
    static const tern_header refusal[] = { { "Nats-Service-Error", "full" },
                                           { "Nats-Service-Error-Code", "8" },
                                           { "Tern-Not-Executed", "1" } };
    static const tern_header failure[] = { { "Nats-Service-Error", "negative" },
                                           { "Nats-Service-Error-Code", "11" },
                                           { "Tern-Detail-Type", "test.v1.Number" } };
    uint8_t packed[64];
    tern_outgoing answer = { .subject = tern_msg_reply(msg), .headers = refusal, .header_count = 3 };
    Test__V1__Number *in = test__v1__number__unpack(NULL, tern_msg_size(msg), tern_msg_data(msg));
    if (in == NULL) return;
    in->value++;
    if (tern_msg_header(msg, "Tern-Attempt") != NULL) {
        answer.data = packed;
        answer.size = test__v1__number__pack(in, packed);
        answer.headers = failure;
        answer.header_count = in->value < 0 ? 3 : 0;
    }
    test__v1__number__free_unpacked(in, NULL);
    (void)tern_conn_publish_outgoing(scene->conn, &answer, NULL);
}

static tern_status add_header(tern_call *call, void *arg, tern_error *err)
{
    (void)arg;
    return tern_call_set_header(call, "Token", "secret", err);
}

static void scene_open(struct scene *scene, const struct rig *rig, int count)
{
    static const tern_client_interceptor interceptor = { .before = add_header };
    tern_error err = { .status = TERN_OK };
    scene->conn = rig_connect(rig);
    scene->sub = rig_subscribe(scene->conn, "test.v1.Calc.*", NULL, play, scene);
    check_ok(tern_pool_new(2, &scene->pool, &err));
    tern_client_options options = {
        .timeout_ms = TIMEOUT_MS,
        .executor = scene->pool,
        .retry = { .attempts = 5, .backoff_max_ms = 1, .budget = 9999, .attempt_timeout_ms = 600 },
        .interceptors = &interceptor,
        .interceptor_count = 1
    };
    scene->client = calc_client(scene->conn, &options);
    outcomes_init(&scene->all, count);
    scene->begun = 0;
    memset(scene->calls, 0, sizeof scene->calls);
}

static void scene_close(struct scene *scene)
{
    for (int i = 0; i < scene->all.count; i++) tern_call_free(scene->calls[i]);
    tern_client_free(scene->client);
    check_int(gate_count(&scene->all.gate), scene->begun);
    tern_sub_free(scene->sub);
    tern_executor_free(scene->pool);
    outcomes_destroy(&scene->all);
    tern_conn_free(scene->conn);
}

static const tern_header metadata[] = { { "One", "1" }, { "Two", "2" } };
static const tern_call_options with_metadata = { .metadata = metadata, .metadata_count = 2 };

/* Tries what with each allocation failing in turn, every step-th from the hundredth on. */
static void each_failing(const char *what, int count, int step,
                         void (*try)(struct scene *scene, const char *what, int n))
{
    static struct scene scene;
    struct rig rig;
    int n = 1;
    bool more = true;

    rig_open(&rig);
    for (; more && n < N_MAX; n += n < 100 ? 1 : step) {
        scene_open(&scene, &rig, count);
        fail_nth(n);
        try(&scene, what, n);
        more = stop_failing();
        /* And all goes on. */
        tern_error err = { .status = TERN_OK };
        check_int(calc_increment(scene.client, 1, &err), 2);
        scene_close(&scene);
    }
    check_int_at_least(n, 10);
    check_int_less(n, N_MAX);
    rig_close(&rig);
    test_check_leaks();
}

/* The calls that have begun end, each once, well or for want of memory, their own or the other side's. */
static void check_ends(struct scene *scene, const char *what, int n)
{
    check_true(gate_wait(&scene->all.gate, scene->begun, RIG_WAIT_MS));
    int late = 0;
    for (int i = 0; i < scene->all.count; i++) {
        struct outcome *outcome = &scene->all.items[i];
        int ends = atomic_load(&outcome->ends);
        check_int(ends, scene->calls[i] == NULL ? 0 : 1);
        if (ends == 0) continue;
        bool fine = outcome->status == TERN_OK || outcome->status == TERN_RESOURCE_EXHAUSTED ||
                    outcome->status == TERN_DEADLINE_EXCEEDED;
        cr_assert(fine, "%s, allocation %d fails, call %d: %s (%s)", what, n, i, tern_status_name(outcome->status),
                  outcome->text);
        check_int(outcome->right, outcome->status == TERN_OK);
        late += outcome->status == TERN_DEADLINE_EXCEEDED;
    }
    check_int_at_most(late, 1); /* one message was lost */
}

static void try_callbacks(struct scene *scene, const char *what, int n)
{
    for (int i = 0; i < scene->all.count; i++) {
        tern_error err = { .status = TERN_OK };
        tern_status st = outcome_begin(scene->client, increment_method(), &scene->all.items[i], &with_metadata,
                                       &scene->calls[i], &err);
        check_survived(st, &err, what, n);
        check_int(st == TERN_OK, scene->calls[i] != NULL);
        if (st == TERN_OK) scene->begun++;
    }
    check_ends(scene, what, n);
}

Test(memory_calls, asynchronous_call_survives_each_failed_allocation, .timeout = 240)
{
    each_failing("an asynchronous call", 1, 1, try_callbacks);
}

/* More calls than slots: the bulk inbox, its cells and its mailbox. */
Test(memory_calls, many_calls_survive_each_failed_allocation, .timeout = 240)
{
    each_failing("many asynchronous calls", 300, 61, try_callbacks);
}

static void try_idempotent(struct scene *scene, const char *what, int n)
{
    tern_error err = { .status = TERN_OK };
    tern_status st =
        outcome_begin(scene->client, idempotent_method(), &scene->all.items[0], &with_metadata, &scene->calls[0], &err);
    check_survived(st, &err, what, n);
    scene->begun = st == TERN_OK ? 1 : 0;
    check_true(gate_wait(&scene->all.gate, scene->begun, RIG_WAIT_MS));
    if (st == TERN_OK)
        check_survived(scene->all.items[0].status, &err, what, n); /* a lost message is asked for again */
}

Test(memory_calls, a_lost_message_of_an_idempotent_call_is_made_up_for, .timeout = 240)
{
    each_failing("an idempotent call", 1, 1, try_idempotent);
}

static void try_result(struct scene *scene, const char *what, int n)
{
    Test__V1__Number number = TEST__V1__NUMBER__INIT, *reply = NULL;
    tern_error err = { .status = TERN_OK };
    size_t at = 0;
    tern_status st =
        test_v1_calc_increment_async(scene->client, &number, &with_metadata, NULL, NULL, &scene->calls[0], &err);
    check_survived(st, &err, what, n);
    if (st != TERN_OK) return;
    check_ok(tern_call_wait_any(scene->calls, 1, RIG_WAIT_MS, &at, &err));
    check_ok(tern_call_wait(scene->calls[0], RIG_WAIT_MS, &err));
    st = test_v1_calc_increment_result(scene->calls[0], &reply, &err);
    if (st != TERN_DEADLINE_EXCEEDED) check_survived(st, &err, what, n);
    check_int(st == TERN_OK, reply != NULL);
    if (st == TERN_OK) check_int(reply->value, 1);
    if (st == TERN_OK) tern_message_free(&reply->base);
}

Test(memory_calls, result_survives_each_failed_allocation, .timeout = 240)
{
    each_failing("a call without a callback", 1, 1, try_result);
}

static void try_blocking(struct scene *scene, const char *what, int n)
{
    Test__V1__Number number = TEST__V1__NUMBER__INIT, *reply = NULL;
    ProtobufCMessage *detail = NULL;
    tern_error err = { .status = TERN_OK };
    tern_call_options options = with_metadata;
    tern_header headers[8];
    options.out_call = &scene->calls[0];
    number.value = -7;
    tern_status st = test_v1_calc_increment(scene->client, &number, &options, &reply, &err);
    check_true(reply == NULL);
    check_true(st == TERN_OUT_OF_RANGE || st == TERN_RESOURCE_EXHAUSTED || st == TERN_DEADLINE_EXCEEDED);
    if (st != TERN_OUT_OF_RANGE) return;
    (void)tern_call_headers(scene->calls[0], headers, 8);
    st = tern_call_detail(scene->calls[0], &test__v1__number__descriptor, &detail, &err);
    check_survived(st, &err, what, n);
    if (st == TERN_OK) check_int(((Test__V1__Number *)detail)->value, -6);
    tern_message_free(detail);
}

Test(memory_calls, blocking_call_and_its_detail_survive_each_failed_allocation, .timeout = 240)
{
    each_failing("a blocking call", 1, 1, try_blocking);
}

/* Ended before they have got anywhere. */
static void try_cancelling(struct scene *scene, const char *what, int n)
{
    for (int i = 0; i < scene->all.count; i++) {
        tern_error err = { .status = TERN_OK };
        tern_status st = outcome_begin(scene->client, increment_method(), &scene->all.items[i], &with_metadata,
                                       &scene->calls[i], &err);
        check_survived(st, &err, what, n);
        if (st == TERN_OK) scene->begun++;
        tern_call_cancel(scene->calls[i]);
    }
    check_true(gate_wait(&scene->all.gate, scene->begun, RIG_WAIT_MS));
    for (int i = 0; i < scene->all.count; i++)
        check_int(atomic_load(&scene->all.items[i].ends), scene->calls[i] == NULL ? 0 : 1);
}

Test(memory_calls, cancelled_calls_survive_each_failed_allocation, .timeout = 240)
{
    each_failing("cancelled calls", 20, 7, try_cancelling);
}

/* Each call gets its own answer, always: many callers, late replies and no-responders all at once. */
#include "calc.h"

#include <stdatomic.h>
#include <stdlib.h>

enum { CALLERS = 64 };

struct tally {
    atomic_int right, wrong, unavailable, late, other;
};

struct caller {
    tern_client *client;
    struct tally *tally;
    int number, calls;
    int first_other; /* status of the first unexpected failure */
    char text[512];
    pthread_t thread;
};

static uint32_t next_random(uint32_t *state)
{
    return *state = *state * 1664525 + 1013904223;
}

static void *call_many(void *arg)
{
    struct caller *caller = arg;
    uint32_t random = (uint32_t)caller->number;
    for (int i = 0; i < caller->calls; i++) {
        Test__V1__Number number = TEST__V1__NUMBER__INIT, *reply = NULL;
        tern_error err;
        char note[64];
        number.value = (int64_t)caller->number * 1000000 + i;
        (void)snprintf(note, sizeof note, "caller %d call %d %.*s", caller->number, i,
                       (int)(next_random(&random) >> 28), "abcdefghijklmnop");
        number.note = note;
        tern_status st = test_v1_calc_increment(caller->client, &number, NULL, &reply, &err);
        if (st != TERN_OK) {
            if (atomic_fetch_add(&caller->tally->other, 1) == 0) {
                caller->first_other = (int)st;
                (void)snprintf(caller->text, sizeof caller->text, "%s", err.text);
            }
            continue;
        }
        bool right = reply->value == number.value + 1 && strcmp(reply->note, note) == 0;
        atomic_fetch_add(right ? &caller->tally->right : &caller->tally->wrong, 1);
        tern_message_free(&reply->base);
    }
    return NULL;
}

static void run_callers(struct caller *callers, void *(*run)(void *), tern_client **clients, int client_count,
                        struct tally *tally, int calls)
{
    for (int i = 0; i < CALLERS; i++) {
        callers[i] =
            (struct caller){ .client = clients[i % client_count], .tally = tally, .number = i, .calls = calls };
        pthread_create(&callers[i].thread, NULL, run, &callers[i]);
    }
    for (int i = 0; i < CALLERS; i++) pthread_join(callers[i].thread, NULL);
    for (int i = 0; i < CALLERS; i++)
        if (callers[i].text[0] != '\0') cr_log_warn("caller %d: %d %s", i, callers[i].first_other, callers[i].text);
}

Test(call_exact, many_callers_of_one_connection_each_get_their_own_answer, .timeout = 120)
{
    enum { CALLS = 1000 };
    struct caller callers[CALLERS];
    struct tally tally = { 0 };
    struct rig rig;

    rig_open(&rig);
    tern_conn *other = rig_connect(&rig);
    tern_service *service = calc_serve(other, NULL);
    tern_client *client = calc_client(rig.conn, &(tern_client_options){ .timeout_ms = 60000 });
    run_callers(callers, call_many, &client, 1, &tally, CALLS);
    check_int(tally.wrong, 0);
    check_int(tally.other, 0);
    check_int(tally.right, CALLERS * CALLS);
    tern_client_free(client);
    tern_service_free(service);
    tern_conn_free(other);
    rig_close(&rig);
    test_check_leaks();
}

Test(call_exact, service_and_callers_may_share_one_connection, .timeout = 120)
{
    enum { CALLS = 300 };
    struct caller callers[CALLERS];
    struct tally tally = { 0 };
    struct rig rig;

    rig_open(&rig);
    tern_service *service = calc_serve(rig.conn, &(tern_service_options){ .executor = tern_executor_inline() });
    tern_client *clients[2] = { calc_client(rig.conn, &(tern_client_options){ .timeout_ms = 60000 }),
                                calc_client(rig.conn, &(tern_client_options){ .timeout_ms = 60000 }) };
    run_callers(callers, call_many, clients, 2, &tally, CALLS);
    check_int(tally.wrong, 0);
    check_int(tally.other, 0);
    check_int(tally.right, CALLERS * CALLS);
    tern_client_free(clients[0]);
    tern_client_free(clients[1]);
    tern_service_free(service);
    rig_close(&rig);
    test_check_leaks();
}

/* ---- Under fire ---- */

/* Keeps messages and answers them out of order and late, each with its own content. */
struct dawdler {
    pthread_mutex_t lock;
    tern_msg *held[256];
    int count;
    uint32_t random;
};

static void answer_kept(tern_msg *msg)
{
    Test__V1__Number *in = test__v1__number__unpack(NULL, tern_msg_size(msg), tern_msg_data(msg));
    uint8_t packed[256];
    in->value++;
    (void)tern_msg_respond(msg, packed, test__v1__number__pack(in, packed), NULL);
    test__v1__number__free_unpacked(in, NULL);
    tern_msg_free(msg);
}

static void dawdle(tern_msg *msg, void *arg)
{
    struct dawdler *dawdler = arg;
    tern_msg *out = NULL;
    tern_msg_keep(msg);
    pthread_mutex_lock(&dawdler->lock);
    if (dawdler->count < 256) {
        dawdler->held[dawdler->count++] = msg;
        if (dawdler->count > 48) { /* more than a batch of callers can hold: some have long given up */
            uint32_t pick = next_random(&dawdler->random) % (uint32_t)dawdler->count;
            out = dawdler->held[pick];
            dawdler->held[pick] = dawdler->held[--dawdler->count];
        }
    } else {
        out = msg;
    }
    pthread_mutex_unlock(&dawdler->lock);
    if (out != NULL) answer_kept(out);
}

static void *call_under_fire(void *arg)
{
    struct caller *caller = arg;
    uint32_t random = (uint32_t)caller->number * 77 + 1;
    for (int i = 0; i < caller->calls; i++) {
        Test__V1__Number number = TEST__V1__NUMBER__INIT, *reply = NULL;
        tern_call_options options = { .timeout_ms = 1 + (next_random(&random) >> 27) }; /* 1 to 32 ms */
        tern_error err;
        char note[64];
        bool served = (next_random(&random) >> 30) != 0; /* a quarter is not */
        number.value = (int64_t)caller->number * 1000000 + i;
        (void)snprintf(note, sizeof note, "caller %d call %d", caller->number, i);
        number.note = note;
        tern_status st = served ? test_v1_calc_increment(caller->client, &number, &options, &reply, &err)
                                : test_v1_calc_unserved(caller->client, &number, &options, &reply, &err);
        if (st == TERN_OK) {
            bool right = served && reply->value == number.value + 1 && strcmp(reply->note, note) == 0;
            atomic_fetch_add(right ? &caller->tally->right : &caller->tally->wrong, 1);
            tern_message_free(&reply->base);
        } else if (st == TERN_UNAVAILABLE && !served) {
            atomic_fetch_add(&caller->tally->unavailable, 1);
        } else if (st == TERN_DEADLINE_EXCEEDED) {
            atomic_fetch_add(&caller->tally->late, 1);
        } else if (atomic_fetch_add(&caller->tally->other, 1) == 0) { /* UNAVAILABLE of a served call, above all */
            caller->first_other = (int)st;
            (void)snprintf(caller->text, sizeof caller->text, "%s", err.text);
        }
    }
    return NULL;
}

Test(call_exact, under_late_replies_and_no_responders_each_call_gets_its_own_answer, .timeout = 120)
{
    enum { CALLS = 250 };
    struct caller callers[CALLERS];
    struct tally tally = { 0 };
    struct dawdler dawdler = { .count = 0, .random = 5 };
    tern_conn_stats stats;
    struct rig rig;

    rig_open(&rig);
    pthread_mutex_init(&dawdler.lock, NULL);
    tern_conn *other = rig_connect(&rig);
    tern_sub *sub = rig_subscribe(other, "test.v1.Calc.Increment", NULL, dawdle, &dawdler);
    tern_client *client = calc_client(rig.conn, NULL);
    run_callers(callers, call_under_fire, &client, 1, &tally, CALLS);
    check_int(tally.wrong, 0);
    check_int(tally.other, 0);
    check_int(tally.right + tally.unavailable + tally.late, CALLERS * CALLS);
    check_int_at_least(tally.right, 1);
    check_int_at_least(tally.unavailable, 1);
    check_int_at_least(tally.late, 1);
    tern_sub_free(sub);
    for (int i = 0; i < dawdler.count; i++) answer_kept(dawdler.held[i]);
    rig_flush(other);
    tern_service *service = calc_serve(other, &(tern_service_options){ .subject_prefix = "now" });
    tern_client *now = calc_client(rig.conn, &(tern_client_options){ .subject_prefix = "now" });
    tern_error err = { .status = TERN_OK };
    for (int i = 0; i < 1000; i++) check_int(calc_increment(now, i, &err), i + 1);
    tern_conn_get_stats(rig.conn, &stats);
    cr_log_info("right %d, unavailable %d, late %d, late replies %llu", tally.right, tally.unavailable, tally.late,
                (unsigned long long)stats.late_replies);
    tern_client_free(now);
    tern_service_free(service);
    tern_client_free(client);
    tern_conn_free(other);
    pthread_mutex_destroy(&dawdler.lock);
    rig_close(&rig);
    test_check_leaks();
}

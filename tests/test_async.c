/* Asynchronous calls: each ends exactly once, with its own answer, whatever happens. */
#include "outcomes.h"
#include "wire.h"

#include <malloc.h>
#include <stdlib.h>

static const tern_method *method_of(const char *name)
{
    size_t i = 0;
    while (i < test_v1_calc_type.method_count && strcmp(test_v1_calc_type.methods[i].name, name) != 0) i++;
    return &test_v1_calc_type.methods[i];
}

static void begin_all(tern_client *client, const char *method, struct outcomes *all, uint32_t timeout_ms)
{
    outcomes_begin(client, method_of(method), all, &(tern_call_options){ .timeout_ms = timeout_ms });
}

static tern_status begin(tern_client *client, struct outcome *outcome, uint32_t timeout_ms, tern_call **out_call,
                         tern_error *err)
{
    tern_call_options options = { .timeout_ms = timeout_ms };
    return outcome_begin(client, increment_method(), outcome, &options, out_call, err);
}

/* ---- Holding requests ---- */

struct holder {
    pthread_mutex_t lock;
    struct test_gate gate; /* counts requests */
    tern_msg **held;
    int count, capacity;
};

static void holder_init(struct holder *holder, int capacity)
{
    pthread_mutex_init(&holder->lock, NULL);
    gate_init(&holder->gate);
    holder->held = calloc((size_t)capacity, sizeof(tern_msg *));
    if (holder->held == NULL) test_abort("no memory");
    holder->count = 0;
    holder->capacity = capacity;
}

static void hold(tern_msg *msg, void *arg)
{
    struct holder *holder = arg;
    pthread_mutex_lock(&holder->lock);
    if (holder->count < holder->capacity) {
        tern_msg_keep(msg);
        holder->held[holder->count++] = msg;
    }
    pthread_mutex_unlock(&holder->lock);
    gate_open(&holder->gate);
}

static void answer(tern_msg *msg)
{
    Test__V1__Number *in = test__v1__number__unpack(NULL, tern_msg_size(msg), tern_msg_data(msg));
    uint8_t packed[256];
    in->value++;
    (void)tern_msg_respond(msg, packed, test__v1__number__pack(in, packed), NULL);
    test__v1__number__free_unpacked(in, NULL);
}

static void holder_destroy(struct holder *holder)
{
    for (int i = 0; i < holder->count; i++) tern_msg_free(holder->held[i]);
    free(holder->held);
    gate_destroy(&holder->gate);
    pthread_mutex_destroy(&holder->lock);
}

/* ---- Where callbacks run ---- */

Test(async, callback_gets_the_reply_on_the_pool, .timeout = 60)
{
    struct outcomes all;
    struct rig rig;

    rig_open(&rig);
    outcomes_init(&all, 1000);
    tern_service *service = calc_serve(rig.conn, NULL);
    tern_client *client = calc_client(rig.conn, NULL);
    begin_all(client, "Increment", &all, 60000);
    check_outcomes(&all, TERN_OK);
    check_false(pthread_equal(all.items[0].thread, pthread_self()));
    tern_client_free(client);
    tern_service_free(service);
    outcomes_destroy(&all);
    rig_close(&rig);
    test_check_leaks();
}

Test(async, inline_callbacks_run_on_one_thread_and_may_call_on, .timeout = 60)
{
    struct outcomes all;
    struct rig rig;

    rig_open(&rig);
    outcomes_init(&all, 1000);
    tern_service *service = calc_serve(rig.conn, NULL);
    tern_client *client = calc_client(rig.conn, &(tern_client_options){ .executor = tern_executor_inline() });
    begin_all(client, "Increment", &all, 60000);
    check_outcomes(&all, TERN_OK);
    for (int i = 0; i < all.count; i++) check_true(pthread_equal(all.items[i].thread, all.items[0].thread));
    tern_client_free(client);
    tern_service_free(service);
    outcomes_destroy(&all);
    rig_close(&rig);
    test_check_leaks();
}

struct chain {
    struct test_gate gate;
    tern_client *client;
    int left;
    tern_status failed;
};

static void call_next(tern_call *call, Test__V1__Number *reply, const tern_error *err, void *arg)
{
    struct chain *chain = arg;
    (void)call;
    chain->failed = err->status;
    if (reply != NULL && --chain->left > 0) {
        Test__V1__Number number = TEST__V1__NUMBER__INIT, *none = NULL;
        tern_error why;
        char note[] = "";
        number.value = reply->value;
        number.note = note;
        chain->failed = test_v1_calc_increment_async(chain->client, &number, NULL, call_next, chain, NULL, NULL);
        /* A call that would wait is refused on this thread. */
        if (test_v1_calc_increment(chain->client, &number, NULL, &none, &why) != TERN_FAILED_PRECONDITION)
            chain->failed = TERN_UNKNOWN;
    }
    if (reply != NULL) tern_message_free(&reply->base);
    if (chain->failed != TERN_OK || chain->left == 0) gate_open(&chain->gate);
}

Test(async, an_inline_callback_makes_the_next_call, .timeout = 60)
{
    struct chain chain = { .left = 500 };
    struct rig rig;
    tern_error err = { .status = TERN_OK };
    Test__V1__Number number = TEST__V1__NUMBER__INIT;
    char note[] = "";

    rig_open(&rig);
    gate_init(&chain.gate);
    number.note = note;
    tern_service *service = calc_serve(rig.conn, NULL);
    chain.client = calc_client(rig.conn, &(tern_client_options){ .executor = tern_executor_inline() });
    check_ok(test_v1_calc_increment_async(chain.client, &number, NULL, call_next, &chain, NULL, &err));
    check_true(gate_wait(&chain.gate, 1, RIG_WAIT_MS));
    check_int(chain.failed, TERN_OK);
    check_int(chain.left, 0);
    tern_client_free(chain.client);
    tern_service_free(service);
    gate_destroy(&chain.gate);
    rig_close(&rig);
    test_check_leaks();
}

/* ---- Ends ---- */

/* 1,000 at once: some have a slot of their own, most share the bulk inbox. */
struct many_at_once {
    tern_client *client;
    struct outcomes all;
    int failed;
};

/* Begins every call where it runs. */
static void begin_many(tern_msg *msg, void *arg)
{
    struct many_at_once *many = arg;
    tern_error err;
    (void)msg;
    for (int i = 0; i < many->all.count; i++)
        many->failed +=
            outcome_begin(many->client, increment_method(), &many->all.items[i], NULL, NULL, &err) != TERN_OK;
}

/* Each needs an inbox that the server does not know yet; that is to reach it before the request, which it answers. */
Test(async, the_first_calls_of_all_may_begin_in_an_inline_handler, .timeout = 60)
{
    struct many_at_once many = { .failed = 0 };
    tern_sub_options options = { .executor = tern_executor_inline() };
    struct rig rig;

    rig_open(&rig);
    many.client = calc_client(rig.conn, NULL);
    outcomes_init(&many.all, 400); /* those beyond 256 share one */
    tern_sub *sub = rig_subscribe(rig.conn, "begin", &options, begin_many, &many);
    rig_publish(rig.conn, "begin", "");
    check_outcomes(&many.all, TERN_UNAVAILABLE);
    check_int(many.failed, 0);
    tern_sub_free(sub);
    tern_client_free(many.client);
    outcomes_destroy(&many.all);
    rig_close(&rig);
    test_check_leaks();
}

Test(async, nobody_serves_and_every_call_says_so, .timeout = 60)
{
    struct outcomes all;
    struct rig rig;

    rig_open(&rig);
    outcomes_init(&all, 1000);
    tern_client *client = calc_client(rig.conn, NULL);
    begin_all(client, "Unserved", &all, 60000);
    check_outcomes(&all, TERN_UNAVAILABLE);
    check_str_has(all.items[999].text, "test.v1.Calc.Unserved");
    check_false(all.items[999].remote);
    tern_client_free(client);
    outcomes_destroy(&all);
    rig_close(&rig);
    test_check_leaks();
}

Test(async, a_call_without_reply_ends_at_its_deadline, .timeout = 60)
{
    struct outcomes all;
    struct holder holder;
    struct rig rig;
    tern_conn_stats stats;

    rig_open(&rig);
    outcomes_init(&all, 1000);
    holder_init(&holder, 1000);
    tern_conn *other = rig_connect(&rig);
    tern_sub *sub = rig_subscribe(other, "test.v1.Calc.Increment", NULL, hold, &holder);
    tern_client *client = calc_client(rig.conn, NULL);
    long began = test_now_ms();
    begin_all(client, "Increment", &all, 300);
    check_outcomes(&all, TERN_DEADLINE_EXCEEDED);
    check_int_at_least(test_now_ms() - began, 300);
    check_str_has(all.items[0].text, "no reply within 300 ms");
    /* What comes after that is late, counted, and nobody's. */
    check_true(gate_wait(&holder.gate, 1000, RIG_WAIT_MS));
    for (int i = 0; i < holder.count; i++) answer(holder.held[i]);
    rig_flush(other);
    tern_sub_free(sub);
    tern_service *service = calc_serve(other, NULL);
    tern_error err = { .status = TERN_OK };
    check_int(calc_increment(client, 41, &err), 42);
    check_true(rig_wait_late(rig.conn, 1000));
    tern_conn_get_stats(rig.conn, &stats);
    check_int(stats.late_replies, 1000);
    tern_service_free(service);
    tern_client_free(client);
    holder_destroy(&holder);
    tern_conn_free(other);
    outcomes_destroy(&all);
    rig_close(&rig);
    test_check_leaks();
}

/* When a call must have ended: between these. */
struct due {
    long earliest_ms, latest_ms;
    int index;
};

struct dues {
    struct due items[2000];
    int ended[2000]; /* indices, in the order of their ends */
    int count, cancelled;
    struct test_gate gate;
};
static struct dues dues;

static void note_end(tern_call *call, Test__V1__Number *reply, const tern_error *err, void *arg)
{
    const struct due *due = arg;
    (void)call;
    if (reply != NULL) test_abort("a reply that nobody has sent");
    if (err->status == TERN_CANCELLED) dues.cancelled++;
    else dues.ended[dues.count++] = due->index;
    gate_open(&dues.gate);
}

Test(async, calls_end_in_the_order_of_their_deadlines, .timeout = 60)
{
    enum { CALLS = sizeof dues.items / sizeof *dues.items };
    struct holder holder;
    struct rig rig;
    tern_error err = { .status = TERN_OK };

    rig_open(&rig);
    gate_init(&dues.gate);
    holder_init(&holder, CALLS);
    tern_sub *sub = rig_subscribe(rig.conn, "test.v1.Calc.Increment", NULL, hold, &holder);
    tern_client *client = calc_client(rig.conn, &(tern_client_options){ .executor = tern_executor_inline() });
    for (int i = 0; i < CALLS; i++) {
        /* Later and later ones, earlier and earlier ones, and some in between; every fifth is cancelled. */
        uint32_t timeout_ms = (uint32_t)(i % 3 == 0   ? 1000 + i / 2
                                         : i % 3 == 1 ? 2000 - i / 2
                                                      : 1000 + i * 7919 % 1000);
        Test__V1__Number number = TEST__V1__NUMBER__INIT;
        tern_call_options options = { .timeout_ms = timeout_ms };
        tern_call *call = NULL;
        struct due *due = &dues.items[i];
        due->index = i;
        due->earliest_ms = test_now_ms() + (long)timeout_ms;
        check_ok(test_v1_calc_increment_async(client, &number, &options, note_end, due, &call, &err));
        due->latest_ms = test_now_ms() + (long)timeout_ms + 1;
        if (i % 5 == 0) tern_call_cancel(call);
        tern_call_free(call);
    }
    check_true(gate_wait(&dues.gate, CALLS, RIG_WAIT_MS));
    check_int(dues.cancelled, CALLS / 5);
    check_int(dues.count, CALLS - CALLS / 5);
    long due_before_ms = 0;
    for (int i = 0; i < dues.count; i++) {
        const struct due *due = &dues.items[dues.ended[i]];
        check_int_at_least(due->latest_ms, due_before_ms); /* it did not come after one that is due later */
        if (due->earliest_ms > due_before_ms) due_before_ms = due->earliest_ms;
    }
    tern_client_free(client);
    tern_sub_free(sub);
    holder_destroy(&holder);
    gate_destroy(&dues.gate);
    rig_close(&rig);
    test_check_leaks();
}

Test(async, a_deadline_is_kept_while_there_is_no_session, .timeout = 60)
{
    struct outcomes all;
    struct rig rig;

    rig_open(&rig);
    outcomes_init(&all, 100);
    tern_client *client = calc_client(rig.conn, NULL);
    server_kill(rig.server);
    check_true(events_wait(&rig.events, TERN_EVENT_DISCONNECTED, 1));
    begin_all(client, "Increment", &all, 100);
    check_outcomes(&all, TERN_DEADLINE_EXCEEDED);
    check_str_has(all.items[0].text, "not sent within 100 ms: there is no session");
    server_restart(rig.server);
    check_true(events_wait(&rig.events, TERN_EVENT_RECONNECTED, 1));
    tern_client_free(client);
    outcomes_destroy(&all);
    rig_close(&rig);
    test_check_leaks();
}

Test(async, calls_in_flight_get_their_replies_across_a_reconnect, .timeout = 60)
{
    struct outcomes all;
    struct holder holder;
    struct rig rig;

    rig_open(&rig);
    outcomes_init(&all, 600);
    holder_init(&holder, 600);
    tern_sub *sub = rig_subscribe(rig.conn, "test.v1.Calc.Increment", NULL, hold, &holder);
    tern_client *client = calc_client(rig.conn, NULL);
    begin_all(client, "Increment", &all, 60000);
    check_true(gate_wait(&holder.gate, 600, RIG_WAIT_MS));
    server_kill(rig.server);
    server_restart(rig.server);
    check_true(events_wait(&rig.events, TERN_EVENT_RECONNECTED, 1));
    for (int i = 0; i < holder.count; i++) answer(holder.held[i]);
    check_outcomes(&all, TERN_OK);
    tern_client_free(client);
    tern_sub_free(sub);
    holder_destroy(&holder);
    outcomes_destroy(&all);
    rig_close(&rig);
    test_check_leaks();
}

Test(async, a_cancelled_call_ends_once_and_its_reply_is_nobodys, .timeout = 60)
{
    enum { CALLS = 600 };
    tern_call *calls[CALLS];
    struct outcomes all;
    struct holder holder;
    struct rig rig;
    tern_error err = { .status = TERN_OK };

    rig_open(&rig);
    outcomes_init(&all, CALLS);
    holder_init(&holder, CALLS);
    tern_conn *other = rig_connect(&rig);
    tern_sub *sub = rig_subscribe(other, "test.v1.Calc.Increment", NULL, hold, &holder);
    tern_client *client = calc_client(rig.conn, NULL);
    for (int i = 0; i < CALLS; i++) check_ok(begin(client, &all.items[i], 60000, &calls[i], &err));
    check_true(gate_wait(&holder.gate, CALLS, RIG_WAIT_MS));
    for (int i = 0; i < CALLS; i++) tern_call_cancel(calls[i]);
    for (int i = 0; i < CALLS; i++) answer(holder.held[i]);
    check_ok(tern_call_wait_all(calls, CALLS, RIG_WAIT_MS, &err));
    for (int i = 0; i < CALLS; i++) {
        tern_call_cancel(calls[i]); /* without effect */
        check_int(atomic_load(&all.items[i].ends), 1);
        check_true(all.items[i].status == TERN_CANCELLED || all.items[i].right);
    }
    rig_flush(other);
    for (int i = 0; i < CALLS; i++) tern_call_free(calls[i]);
    tern_client_free(client);
    check_int(gate_count(&all.gate), CALLS);
    tern_sub_free(sub);
    holder_destroy(&holder);
    tern_conn_free(other);
    outcomes_destroy(&all);
    rig_close(&rig);
    test_check_leaks();
}

Test(async, closing_ends_calls_in_flight_and_those_not_sent, .timeout = 60)
{
    struct outcomes sent, queued;
    struct holder holder;
    struct rig rig;
    tern_error err = { .status = TERN_OK };

    rig_open(&rig);
    outcomes_init(&sent, 400);
    outcomes_init(&queued, 400);
    holder_init(&holder, 400);
    tern_sub *sub = rig_subscribe(rig.conn, "test.v1.Calc.Increment", NULL, hold, &holder);
    tern_client *client = calc_client(rig.conn, NULL);
    begin_all(client, "Increment", &sent, 60000);
    check_true(gate_wait(&holder.gate, 400, RIG_WAIT_MS));
    server_kill(rig.server);
    check_true(events_wait(&rig.events, TERN_EVENT_DISCONNECTED, 1));
    begin_all(client, "Increment", &queued, 60000);
    tern_conn_close(rig.conn);
    check_outcomes(&sent, TERN_CANCELLED);
    check_outcomes(&queued, TERN_CANCELLED);
    check_refused(begin(client, &sent.items[0], 100, NULL, &err), TERN_CANCELLED, "closed");
    tern_client_free(client);
    tern_sub_free(sub);
    holder_destroy(&holder);
    outcomes_destroy(&sent);
    outcomes_destroy(&queued);
    rig_close(&rig);
    test_check_leaks();
}

Test(async, freeing_the_client_cancels_its_calls_and_waits_for_the_callbacks, .timeout = 60)
{
    struct outcomes mine, others;
    struct holder holder;
    struct rig rig;

    rig_open(&rig);
    outcomes_init(&mine, 600);
    outcomes_init(&others, 10);
    holder_init(&holder, 610);
    tern_sub *sub = rig_subscribe(rig.conn, "test.v1.Calc.Increment", NULL, hold, &holder);
    tern_client *client = calc_client(rig.conn, NULL), *other = calc_client(rig.conn, NULL);
    begin_all(client, "Increment", &mine, 60000);
    begin_all(other, "Increment", &others, 60000);
    check_true(gate_wait(&holder.gate, 610, RIG_WAIT_MS));
    tern_client_free(client);
    check_int(gate_count(&mine.gate), 600);
    check_outcomes(&mine, TERN_CANCELLED);
    check_int(gate_count(&others.gate), 0);
    for (int i = 0; i < holder.count; i++) answer(holder.held[i]);
    check_outcomes(&others, TERN_OK);
    tern_client_free(other);
    tern_sub_free(sub);
    holder_destroy(&holder);
    outcomes_destroy(&mine);
    outcomes_destroy(&others);
    rig_close(&rig);
    test_check_leaks();
}

Test(async, drain_waits_for_calls_in_flight, .timeout = 60)
{
    struct outcomes all;
    struct rig rig;
    tern_error err = { .status = TERN_OK };

    rig_open(&rig);
    outcomes_init(&all, 4);
    for (int i = 0; i < all.count; i++) all.items[i].value = 300;
    tern_conn *other = rig_connect(&rig);
    tern_service *service = calc_serve(other, NULL);
    tern_client *client = calc_client(rig.conn, NULL);
    begin_all(client, "Wait", &all, 60000);
    check_ok(tern_conn_drain(rig.conn, RIG_WAIT_MS, &err));
    check_int(gate_count(&all.gate), 4);
    for (int i = 0; i < all.count; i++) check_int(all.items[i].status, TERN_OK);
    tern_client_free(client);
    tern_service_free(service);
    tern_conn_free(other);
    outcomes_destroy(&all);
    rig_close(&rig);
    test_check_leaks();
}

/* ---- Handles ---- */

typedef tern_status (*method_fn)(tern_client *client, const Test__V1__Number *request, const tern_call_options *options,
                                 test_v1_calc_increment_fn done, void *arg, tern_call **out_call, tern_error *err);

static tern_call *call_for_result(tern_client *client, method_fn method, int64_t value)
{
    Test__V1__Number number = TEST__V1__NUMBER__INIT;
    tern_error err = { .status = TERN_OK };
    tern_call *call = NULL;
    char note[] = "on purpose";
    number.value = value;
    number.note = note;
    check_ok(method(client, &number, NULL, NULL, NULL, &call, &err));
    return call;
}

Test(async, without_a_callback_the_outcome_waits_in_the_handle, .timeout = 60)
{
    struct rig rig;
    tern_error err = { .status = TERN_OK };
    Test__V1__Number *reply = NULL;

    rig_open(&rig);
    tern_service *service = calc_serve(rig.conn, NULL);
    tern_client *client = calc_client(rig.conn, NULL);
    tern_call *call = call_for_result(client, test_v1_calc_increment_async, 41);
    check_ok(tern_call_wait(call, RIG_WAIT_MS, &err));
    check_refused(test_v1_calc_fail_result(call, &reply, &err), TERN_INVALID_ARGUMENT, "test.v1.Calc.Fail");
    check_ok(test_v1_calc_increment_result(call, &reply, &err));
    check_int(reply->value, 42);
    tern_message_free(&reply->base);
    check_refused(test_v1_calc_increment_result(call, &reply, &err), TERN_FAILED_PRECONDITION, "taken before");
    check_int(tern_call_attempts(call), 1);
    check_int_at_least(tern_call_elapsed_us(call), 1);
    tern_call_free(call);

    call = call_for_result(client, test_v1_calc_fail_async, TERN_NOT_FOUND);
    check_ok(tern_call_wait(call, RIG_WAIT_MS, &err));
    check_status(test_v1_calc_fail_result(call, &reply, &err), TERN_NOT_FOUND);
    check_true(err.remote);
    check_str(err.text, "on purpose");
    check_status(test_v1_calc_fail_result(call, &reply, &err), TERN_NOT_FOUND);
    tern_call_free(call);

    /* Nobody takes it: it goes with the handle. */
    call = call_for_result(client, test_v1_calc_increment_async, 1);
    check_ok(tern_call_wait(call, RIG_WAIT_MS, &err));
    tern_call_free(call);
    tern_call_free(NULL);
    tern_call_cancel(NULL);
    tern_client_free(client);
    tern_service_free(service);
    rig_close(&rig);
    test_check_leaks();
}

Test(async, waiting_for_any_takes_them_as_they_end, .timeout = 60)
{
    enum { CALLS = 4 };
    tern_call *calls[CALLS];
    struct rig rig;
    tern_error err = { .status = TERN_OK };
    size_t at = 99;

    rig_open(&rig);
    tern_service *service = calc_serve(rig.conn, NULL);
    tern_client *client = calc_client(rig.conn, NULL);
    for (int i = 0; i < CALLS; i++) calls[i] = call_for_result(client, test_v1_calc_wait_async, i == 2 ? 1 : 1500);
    check_refused(tern_call_wait_all(calls, CALLS, 20, &err), TERN_DEADLINE_EXCEEDED, "within 20 ms");
    check_ok(tern_call_wait_any(calls, CALLS, RIG_WAIT_MS, &at, &err));
    check_int(at, 2);
    tern_call_free(calls[2]);
    calls[2] = NULL;
    check_refused(tern_call_wait_any(calls, CALLS, 20, &at, &err), TERN_DEADLINE_EXCEEDED, "none of 4 calls");
    for (int left = CALLS - 1; left > 0; left--) {
        check_ok(tern_call_wait_any(calls, CALLS, RIG_WAIT_MS, &at, &err));
        check_int_less(at, CALLS);
        tern_call_free(calls[at]);
        calls[at] = NULL;
    }
    check_refused(tern_call_wait_any(calls, CALLS, 20, &at, &err), TERN_INVALID_ARGUMENT, "no call");
    check_refused(tern_call_wait_any(NULL, 0, 20, &at, &err), TERN_INVALID_ARGUMENT, "no call");
    check_refused(tern_call_wait_any(calls, CALLS, 20, NULL, &err), TERN_INVALID_ARGUMENT, "out_index");
    check_refused(tern_call_wait(NULL, 20, &err), TERN_INVALID_ARGUMENT, "call is NULL");
    tern_client_free(client);
    tern_service_free(service);
    rig_close(&rig);
    test_check_leaks();
}

struct own_wait {
    struct test_gate gate;
    tern_status got;
};

static void wait_for_itself(tern_call *call, Test__V1__Number *reply, const tern_error *err, void *arg)
{
    struct own_wait *own = arg;
    (void)err;
    own->got = tern_call_wait(call, 1000, NULL);
    if (reply != NULL) tern_message_free(&reply->base);
    gate_open(&own->gate);
}

Test(async, a_callback_cannot_wait_for_its_own_call, .timeout = 60)
{
    struct own_wait own = { .got = TERN_OK };
    struct rig rig;
    tern_error err = { .status = TERN_OK };
    Test__V1__Number number = TEST__V1__NUMBER__INIT;
    char note[] = "";

    rig_open(&rig);
    gate_init(&own.gate);
    number.note = note;
    tern_client *client = calc_client(rig.conn, NULL);
    check_ok(test_v1_calc_unserved_async(client, &number, NULL, wait_for_itself, &own, NULL, &err));
    check_true(gate_wait(&own.gate, 1, RIG_WAIT_MS));
    check_int(own.got, TERN_FAILED_PRECONDITION);
    tern_client_free(client);
    gate_destroy(&own.gate);
    rig_close(&rig);
    test_check_leaks();
}

/* ---- Many ---- */

Test(async, a_hundred_thousand_calls_in_flight_each_get_their_own_answer, .timeout = 300)
{
    enum { CALLS = 100000 };
    struct outcomes all;
    struct holder holder;
    struct rig rig;

    rig_open_with(&rig, NULL, &(tern_conn_options){ .outbound_limit_bytes = 64 << 20 });
    outcomes_init(&all, CALLS);
    holder_init(&holder, CALLS);
    tern_conn *other = rig_connect(&rig);
    tern_sub *sub = rig_subscribe(other, "test.v1.Calc.Increment", &(tern_sub_options){ .pending_msgs_limit = CALLS },
                                  hold, &holder);
    tern_client *client = calc_client(rig.conn, NULL);
    begin_all(client, "Increment", &all, 280000);
    check_true(gate_wait(&holder.gate, CALLS, 120000));
    check_int(gate_count(&all.gate), 0); /* all are in flight now */
    for (int i = CALLS - 1; i >= 0; i--) answer(holder.held[i]);
    check_true(gate_wait(&all.gate, CALLS, 120000));
    check_outcomes(&all, TERN_OK);
    tern_client_free(client);
    tern_sub_free(sub);
    holder_destroy(&holder);
    tern_conn_free(other);
    outcomes_destroy(&all);
    rig_close(&rig);
    test_check_leaks();
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
static bool heap_fits(void *limit)
{
    return mallinfo2().uordblks <= *(const size_t *)limit;
}

Test(async, a_call_in_flight_takes_no_more_than_512_bytes, .timeout = 120)
{
    enum { CALLS = 100000 };
    struct outcomes all;
    struct rig rig;
    static struct wire wire; /* takes the requests, and answers none */

    rig_open(&rig);
    outcomes_init(&all, CALLS);
    check_true(wire_connect(&wire, server_port(rig.server), RIG_WAIT_MS));
    check_true(wire_print(&wire, "SUB test.v1.Calc.Increment 1\r\n") && wire_flush(&wire, RIG_WAIT_MS));
    tern_client *client = calc_client(rig.conn, NULL);
    size_t before = mallinfo2().uordblks;
    begin_all(client, "Increment", &all, 100000);
    rig_flush(rig.conn);
    size_t limit = before + (size_t)512 * CALLS;
    check_true(wait_until(heap_fits, &limit, RIG_WAIT_MS)); /* what was sent with a header is with nats.c's collector */
    cr_log_info("%zu bytes for each call in flight", (mallinfo2().uordblks - before) / CALLS);
    check_int(gate_count(&all.gate), 0);
    tern_client_free(client);
    check_outcomes(&all, TERN_CANCELLED);
    wire_close(&wire);
    outcomes_destroy(&all);
    rig_close(&rig);
    test_check_leaks();
}
#endif

/* Calls that find no room to send: they are tried again, and end as any others do meanwhile. */
#include "outcomes.h"

#include <stdio.h>
#include <stdlib.h>

enum { LONG_MS = 1000000 };

static tern_status make_call(tern_client *client, uint32_t timeout_ms, tern_error *err)
{
    tern_call_options options = { .timeout_ms = timeout_ms };
    Test__V1__Number number = TEST__V1__NUMBER__INIT, *reply = NULL;
    tern_status st = test_v1_calc_increment(client, &number, &options, &reply, err);
    if (st == TERN_OK) tern_message_free(&reply->base);
    return st;
}

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

Test(retry_room, no_room_to_send_is_tried_again, .timeout = 60)
{
    static struct rig rig;
    tern_error err = { .status = TERN_OK };
    struct outcomes all;
    struct caller caller;
    char big[2000];

    rig_open_with(&rig, NULL, &(tern_conn_options){ .outage_buffer_bytes = 1000, .reconnect_max_ms = 100 });
    outcomes_init(&all, 50);
    tern_conn *other = rig_connect(&rig);
    tern_service *service = calc_serve(other, NULL);
    tern_client *client =
        calc_client(rig.conn, &(tern_client_options){ .retry = { .attempts = 100, .budget = 99999 } });
    tern_client *plain = calc_client(rig.conn, NULL);
    server_kill(rig.server);
    check_true(events_wait(&rig.events, TERN_EVENT_DISCONNECTED, 1));
    memset(big, 'x', sizeof big);
    check_ok(tern_conn_publish(rig.conn, "elsewhere", big, sizeof big, &err));
    check_refused(make_call(plain, 50000, &err), TERN_RESOURCE_EXHAUSTED, "request to \"test.v1.Calc.Increment\": ");
    outcomes_begin(client, increment_method(), &all, &(tern_call_options){ .timeout_ms = 50000 });
    caller = (struct caller){ .client = client, .timeout_ms = 50000 };
    pthread_create(&caller.thread, NULL, call_blocking, &caller);
    server_restart(rig.server);
    check_outcomes(&all, TERN_OK);
    pthread_join(caller.thread, NULL);
    check_int(caller.status, TERN_OK);
    tern_client_free(plain);
    tern_client_free(client);
    tern_service_free(service);
    tern_conn_free(other);
    outcomes_destroy(&all);
    rig_close(&rig);
    test_check_leaks();
}

/* With no room, and no session that would make some. */
static void open_without_room(struct rig *rig, tern_client **out_client)
{
    char big[2000];
    tern_error err = { .status = TERN_OK };
    rig_open_with(rig, NULL, &(tern_conn_options){ .outage_buffer_bytes = 1000 });
    *out_client = calc_client(rig->conn, &(tern_client_options){ .retry = { .attempts = 100, .budget = 999999 } });
    server_kill(rig->server);
    check_true(events_wait(&rig->events, TERN_EVENT_DISCONNECTED, 1));
    memset(big, 'x', sizeof big);
    check_ok(tern_conn_publish(rig->conn, "elsewhere", big, sizeof big, &err));
}

Test(retry_room, cancel_and_deadline_end_what_has_no_room, .timeout = 60)
{
    static struct rig rig;
    tern_client *client = NULL;
    tern_call *calls[100];
    tern_error err = { .status = TERN_OK };
    struct outcomes all;

    open_without_room(&rig, &client);
    outcomes_init(&all, 100);
    for (int i = 0; i < 100; i++)
        check_ok(outcome_begin(client, increment_method(), &all.items[i],
                               &(tern_call_options){ .timeout_ms = i % 2 == 0 ? LONG_MS : 300 }, &calls[i], &err));
    for (int i = 0; i < 100; i += 2) tern_call_cancel(calls[i]);
    check_ok(tern_call_wait_all(calls, 100, RIG_WAIT_MS, &err));
    for (int i = 0; i < 100; i++) {
        check_int(atomic_load(&all.items[i].ends), 1);
        /* The last attempt's failure, where no further one fits in. */
        check_true(i % 2 == 0 ? all.items[i].status == TERN_CANCELLED : all.items[i].status == TERN_RESOURCE_EXHAUSTED);
        tern_call_free(calls[i]);
    }
    tern_client_free(client);
    outcomes_destroy(&all);
    rig_close(&rig);
    test_check_leaks();
}

Test(retry_room, what_has_no_room_says_so_where_the_budget_is_spent, .timeout = 60)
{
    static struct rig rig;
    tern_client *client = NULL;
    tern_error err = { .status = TERN_OK };

    open_without_room(&rig, &client);
    tern_client *poor = calc_client(rig.conn, &(tern_client_options){ .retry = { .attempts = 5, .budget = 1 } });
    check_refused(make_call(poor, LONG_MS, &err), TERN_RESOURCE_EXHAUSTED, "request to \"test.v1.Calc.Increment\": ");
    check_str_has(err.text, "(attempt 1 of 5; the retry budget is spent)");
    tern_client_free(poor);
    tern_client_free(client);
    rig_close(&rig);
    test_check_leaks();
}

struct beginner {
    pthread_t thread;
    tern_client *client;
    struct outcomes all;
    int begun;
};

static void *begin_many(void *arg)
{
    struct beginner *beginner = arg;
    for (int i = 0; i < beginner->all.count; i++)
        if (outcome_begin(beginner->client, increment_method(), &beginner->all.items[i],
                          &(tern_call_options){ .timeout_ms = LONG_MS }, NULL, NULL) == TERN_OK)
            beginner->begun++;
    return NULL;
}

Test(retry_room, closing_ends_what_has_no_room_while_more_begin, .timeout = 120)
{
    enum { THREADS = 3, CALLS = 300 };
    for (int round = 0; round < 10; round++) {
        static struct rig rig;
        struct beginner beginners[THREADS];
        tern_client *client = NULL;
        open_without_room(&rig, &client);
        for (int i = 0; i < THREADS; i++) {
            beginners[i] = (struct beginner){ .client = client };
            outcomes_init(&beginners[i].all, CALLS);
            pthread_create(&beginners[i].thread, NULL, begin_many, &beginners[i]);
        }
        test_sleep_ms(round % 4); /* at another moment each time */
        tern_conn_close(rig.conn);
        for (int i = 0; i < THREADS; i++) {
            pthread_join(beginners[i].thread, NULL);
            check_true(gate_wait(&beginners[i].all.gate, beginners[i].begun, RIG_WAIT_MS));
        }
        tern_client_free(client);
        for (int i = 0; i < THREADS; i++) {
            check_int(gate_count(&beginners[i].all.gate), beginners[i].begun);
            outcomes_destroy(&beginners[i].all);
        }
        rig_close(&rig);
    }
    test_check_leaks();
}

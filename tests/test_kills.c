/* The server dies and comes back ten times under a publisher, two subscribers, a service and callers, each with a
 * connection of its own. */
#include "test.h"

#include <stdatomic.h>

#include <tern/tern.h>

#include "echoing.h"
#include "numbers.h"
#include "rig.h"
#include "server.h"
#include "trail.h"

enum { KILLS = 10, CALLERS = 4, CONNS = 5, WAIT_MS = 20000 };
enum { PUBLISHER, SUBSCRIBER_1, SUBSCRIBER_2, SERVICE, CALLER };

static struct test_server *server;
static struct trail events[CONNS];
static tern_conn *conns[CONNS];
static atomic_bool stop;

/* ---- The publisher ---- */

static atomic_uint_fast64_t published; /* the last number */
static atomic_int publish_failures;

static void *publisher_main(void *arg)
{
    (void)arg;
    while (!atomic_load(&stop)) {
        uint64_t number = atomic_load(&published) + 1;
        if (numbers_publish(conns[PUBLISHER], "kills.numbers", number, 100, NULL) != TERN_OK)
            atomic_fetch_add(&publish_failures, 1);
        atomic_store(&published, number);
        test_sleep_ms(1); /* its pace: some 1,000 a second */
    }
    return NULL;
}

/* ---- The callers ---- */

struct caller {
    tern_client *client;
    uint64_t base; /* of the numbers of its calls: no two callers share one */
    struct test_gate good;
    atomic_int foreign; /* calls that got another call's reply */
    atomic_int odd;     /* failures other than UNAVAILABLE and DEADLINE_EXCEEDED */
    tern_error odd_error;
    long slowest_ms;
};

enum { CALL_TIMEOUT_MS = 300 };

static void *caller_main(void *arg)
{
    struct caller *caller = arg;
    for (uint64_t number = caller->base; !atomic_load(&stop); number++) {
        bool own = false;
        tern_error err;
        long start_ms = test_now_ms();
        tern_status st = echo_call(caller->client, number, CALL_TIMEOUT_MS, &own, &err);
        long took_ms = test_now_ms() - start_ms;
        if (took_ms > caller->slowest_ms) caller->slowest_ms = took_ms;
        if (st == TERN_OK && own) {
            gate_open(&caller->good);
        } else if (st == TERN_OK) {
            atomic_fetch_add(&caller->foreign, 1);
        } else if (st != TERN_UNAVAILABLE && st != TERN_DEADLINE_EXCEEDED) {
            caller->odd_error = err;
            atomic_fetch_add(&caller->odd, 1);
        }
        if (st != TERN_OK) test_sleep_ms(1);
    }
    return NULL;
}

/* ---- The test ---- */

static void open_conns(void)
{
    for (int i = 0; i < CONNS; i++) {
        trail_init(&events[i]);
        tern_conn_options options = { .url = server_url(server),
                                      .reconnect_min_ms = 10,
                                      .reconnect_max_ms = 50,
                                      .on_event = trail_take,
                                      .event_arg = &events[i] };
        tern_error err = { .status = TERN_OK };
        check_ok(tern_connect(&options, &conns[i], &err));
    }
}

static void close_conns(void)
{
    for (int i = 0; i < CONNS; i++) {
        tern_conn_close(conns[i]);
        check_true(trail_wait(&events[i], TERN_EVENT_CLOSED, 1, WAIT_MS));
        tern_conn_free(conns[i]);
        check_trail_in_order(&events[i]);
        check_int(trail_count(&events[i], TERN_EVENT_CONNECTED), 1);
        check_int(trail_count(&events[i], TERN_EVENT_DISCONNECTED), KILLS);
        check_int(trail_count(&events[i], TERN_EVENT_RECONNECTED), KILLS);
        trail_destroy(&events[i]);
    }
}

static void kill_and_restart(int round)
{
    server_kill(server);
    for (int i = 0; i < CONNS; i++) check_true(trail_wait(&events[i], TERN_EVENT_DISCONNECTED, round, WAIT_MS));
    server_restart(server);
    for (int i = 0; i < CONNS; i++) check_true(trail_wait(&events[i], TERN_EVENT_RECONNECTED, round, WAIT_MS));
}

/* Each caller gets three good replies, each subscriber a message published from now on. */
static void wait_for_progress(struct caller *callers, struct numbers *numbers)
{
    uint64_t now = atomic_load(&published);
    for (int i = 0; i < CALLERS; i++)
        check_true(gate_wait(&callers[i].good, gate_count(&callers[i].good) + 3, WAIT_MS));
    for (int i = 0; i < 2; i++) check_true(numbers_wait(&numbers[i], now + 1, WAIT_MS));
}

static void check_callers(struct caller *callers)
{
    for (int i = 0; i < CALLERS; i++) {
        check_int(atomic_load(&callers[i].foreign), 0);
        cr_assert(atomic_load(&callers[i].odd) == 0, "%d odd failures, the last: %s, %s", atomic_load(&callers[i].odd),
                  tern_status_name(callers[i].odd_error.status), callers[i].odd_error.text);
        check_int_less(callers[i].slowest_ms, CALL_TIMEOUT_MS + 4000);
        gate_destroy(&callers[i].good);
    }
}

Test(kills, everything_resumes_by_itself_ten_times, .timeout = 120)
{
    struct numbers numbers[2];
    struct caller callers[CALLERS];
    tern_sub *subs[2] = { NULL, NULL };
    tern_service *service = NULL;
    tern_client *client = NULL;
    pthread_t threads[CALLERS + 1];
    tern_error err = { .status = TERN_OK };

    server = server_start(NULL);
    open_conns();
    for (int i = 0; i < 2; i++) {
        numbers_init(&numbers[i]);
        check_ok(tern_conn_subscribe(conns[SUBSCRIBER_1 + i], "kills.numbers", NULL, numbers_take, &numbers[i],
                                     &subs[i], &err));
    }
    check_ok(examples_v1_echo_serve(conns[SERVICE], &echo_handlers, NULL, NULL, &service, &err));
    check_ok(tern_client_new(conns[CALLER], NULL, &client, &err));
    pthread_create(&threads[CALLERS], NULL, publisher_main, NULL);
    for (int i = 0; i < CALLERS; i++) {
        callers[i] = (struct caller){ .client = client, .base = (uint64_t)(i + 1) << 32 };
        gate_init(&callers[i].good);
        pthread_create(&threads[i], NULL, caller_main, &callers[i]);
    }
    wait_for_progress(callers, numbers);
    for (int round = 1; round <= KILLS; round++) {
        kill_and_restart(round);
        wait_for_progress(callers, numbers);
    }
    atomic_store(&stop, true);
    for (int i = 0; i <= CALLERS; i++) pthread_join(threads[i], NULL);

    check_ok(tern_conn_flush(conns[PUBLISHER], WAIT_MS, &err));
    check_int(atomic_load(&publish_failures), 0);
    for (int i = 0; i < 2; i++) {
        check_true(numbers_wait(&numbers[i], atomic_load(&published), WAIT_MS));
        check_int(numbers[i].disorder, 0);
    }
    check_callers(callers);
    tern_client_free(client);
    tern_service_free(service);
    for (int i = 0; i < 2; i++) tern_sub_free(subs[i]);
    close_conns();
    for (int i = 0; i < 2; i++) numbers_destroy(&numbers[i]);
    server_stop(server);
    test_check_leaks();
}

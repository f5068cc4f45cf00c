/* Lame duck mode: the server says that it is about to shut down, and the connection moves to another of its cluster.
 */
#include "test.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <tern/tern.h>

#include "cluster.h"
#include "echoing.h"
#include "member.h"
#include "numbers.h"
#include "rig.h"
#include "server.h"
#include "trail.h"

enum { WAIT_MS = 20000, CALLERS = 4 };

static struct test_cluster cluster;
static tern_error err;

/* ---- Callers without a pause ---- */

struct caller {
    pthread_t thread;
    tern_client *client;
    atomic_bool *stop;
    uint64_t next;
    struct test_gate good;
    int foreign, failed;
    tern_error first_failure;
};

static void *caller_main(void *arg)
{
    struct caller *caller = arg;
    while (!atomic_load(caller->stop)) {
        bool own = false;
        tern_error why;
        tern_status st = echo_call(caller->client, caller->next++, WAIT_MS, &own, &why);
        if (st == TERN_OK && own) gate_open(&caller->good);
        else if (st == TERN_OK) caller->foreign++;
        else if (caller->failed++ == 0) caller->first_failure = why;
    }
    return NULL;
}

static void callers_start(struct caller *callers, tern_client *client, atomic_bool *stop)
{
    for (int i = 0; i < CALLERS; i++) {
        callers[i] = (struct caller){ .client = client, .stop = stop, .next = (uint64_t)(i + 1) << 32 };
        gate_init(&callers[i].good);
        pthread_create(&callers[i].thread, NULL, caller_main, &callers[i]);
    }
}

static void callers_progress(struct caller *callers)
{
    for (int i = 0; i < CALLERS; i++)
        check_true(gate_wait(&callers[i].good, gate_count(&callers[i].good) + 10, WAIT_MS));
}

static void callers_end(struct caller *callers, atomic_bool *stop)
{
    atomic_store(stop, true);
    for (int i = 0; i < CALLERS; i++) {
        pthread_join(callers[i].thread, NULL);
        gate_destroy(&callers[i].good);
    }
    for (int i = 0; i < CALLERS; i++) {
        check_int(callers[i].foreign, 0);
        cr_assert(callers[i].failed == 0, "%d calls failed, the first: %s, %s", callers[i].failed,
                  tern_status_name(callers[i].first_failure.status), callers[i].first_failure.text);
    }
}

static bool reaches_the_service(void *client)
{
    return echo_works(client, 1, 200);
}

Test(lame_duck, move_of_a_client_fails_no_call, .timeout = 90)
{
    struct member client, service;
    struct caller callers[CALLERS];
    struct event_seen seen;
    tern_service *echo = NULL;
    tern_client *caller = NULL;
    atomic_bool stop = false;

    cluster_start(&cluster, &(struct test_server_options){ .config = SERVER_QUICK_LAME_DUCK });
    member_open(&service, server_url(cluster.nodes[1]));
    member_open(&client, cluster.urls);
    check_ok(examples_v1_echo_serve(service.conn, &echo_handlers, NULL, NULL, &echo, &err));
    check_ok(tern_client_new(client.conn, NULL, &caller, &err));
    check_true(wait_until(reaches_the_service, caller, WAIT_MS));
    callers_start(callers, caller, &stop);
    callers_progress(callers);
    check_is_at(&client, server_url(cluster.nodes[0]));
    server_lame_duck(cluster.nodes[0]);
    check_true(trail_wait_for(&client.events, TERN_EVENT_LAME_DUCK, 1, WAIT_MS, &seen));
    check_str(seen.server, server_url(cluster.nodes[0]));
    check_true(trail_wait(&client.events, TERN_EVENT_RECONNECTED, 1, WAIT_MS));
    callers_progress(callers);
    check_true(server_wait_end(cluster.nodes[0], WAIT_MS));
    callers_progress(callers);
    callers_end(callers, &stop);
    check_is_not_at(&client, server_url(cluster.nodes[0]));
    check_int(trail_count(&client.events, TERN_EVENT_DISCONNECTED), 0);
    check_int(trail_count(&client.events, TERN_EVENT_CONNECT_FAILED), 0);

    tern_client_free(caller);
    tern_service_free(echo);
    member_close(&client);
    member_close(&service);
    cluster_stop(&cluster);
    test_check_leaks();
}

/* The service's own node is the lame one. */
Test(lame_duck, move_of_a_service_fails_no_call, .timeout = 90)
{
    struct member client, service;
    struct caller callers[CALLERS];
    tern_service *echo = NULL;
    tern_client *caller = NULL;
    atomic_bool stop = false;

    cluster_start(&cluster, &(struct test_server_options){ .config = SERVER_QUICK_LAME_DUCK });
    member_open(&service, cluster.urls);
    member_open(&client, server_url(cluster.nodes[1]));
    check_ok(examples_v1_echo_serve(service.conn, &echo_handlers, NULL, NULL, &echo, &err));
    check_ok(tern_client_new(client.conn, NULL, &caller, &err));
    check_true(wait_until(reaches_the_service, caller, WAIT_MS));
    callers_start(callers, caller, &stop);
    callers_progress(callers);
    check_is_at(&service, server_url(cluster.nodes[0]));
    server_lame_duck(cluster.nodes[0]);
    check_true(trail_wait(&service.events, TERN_EVENT_RECONNECTED, 1, WAIT_MS));
    callers_progress(callers);
    check_true(server_wait_end(cluster.nodes[0], WAIT_MS));
    callers_progress(callers);
    callers_end(callers, &stop);
    check_int(trail_count(&service.events, TERN_EVENT_DISCONNECTED), 0);

    tern_client_free(caller);
    tern_service_free(echo);
    member_close(&client);
    member_close(&service);
    cluster_stop(&cluster);
    test_check_leaks();
}

/* ---- Lame duck mode under messages ---- */

struct stream {
    pthread_t thread;
    tern_conn *conn;
    const char *subject;
    atomic_bool stop;
    atomic_uint_fast64_t last;
    int failed;
};

static void *stream_main(void *arg)
{
    struct stream *stream = arg;
    while (!atomic_load(&stream->stop)) {
        uint64_t n = atomic_load(&stream->last) + 1;
        if (numbers_publish(stream->conn, stream->subject, n, 100, NULL) != TERN_OK) stream->failed++;
        atomic_store(&stream->last, n);
        if (n % 10 == 0) test_sleep_ms(1); /* its pace */
    }
    return NULL;
}

/* Which numbers came, and how often. */
struct tally {
    struct test_gate gate;
    uint8_t times[400000];
};

static void tally_take(tern_msg *msg, void *arg)
{
    struct tally *tally = arg;
    uint64_t n = strtoull(tern_msg_data(msg), NULL, 10);
    pthread_mutex_lock(&tally->gate.lock);
    if (n < sizeof tally->times && tally->times[n] < 255) tally->times[n]++;
    pthread_mutex_unlock(&tally->gate.lock);
    gate_open(&tally->gate);
}

static int tally_times(struct tally *tally, uint64_t n)
{
    pthread_mutex_lock(&tally->gate.lock);
    int times = tally->times[n];
    pthread_mutex_unlock(&tally->gate.lock);
    return times;
}

/* Publishes until one arrives: the subscriber's interest has spread through the cluster. */
static void tally_wait_for_interest(struct tally *tally, tern_conn *publisher, const char *subject)
{
    while (gate_count(&tally->gate) == 0) {
        check_ok(numbers_publish(publisher, subject, 0, 0, &err));
        check_ok(tern_conn_flush(publisher, WAIT_MS, &err));
    }
}

/* Ends the stream: each of its messages came exactly once. */
static void check_stream_arrived(struct stream *stream, struct tally *tally)
{
    atomic_store(&stream->stop, true);
    pthread_join(stream->thread, NULL);
    uint64_t last = atomic_load(&stream->last);
    long deadline_ms = test_now_ms() + 5000; /* for the last ones on their way */
    check_int(stream->failed, 0);
    check_int_less(last, sizeof tally->times);
    for (uint64_t n = 1; n <= last; n++) {
        while (tally_times(tally, n) == 0 && test_now_ms() < deadline_ms) test_sleep_ms(1);
        cr_assert(tally_times(tally, n) == 1, "message %" PRIu64 " of %" PRIu64 " came %d times", n, last,
                  tally_times(tally, n));
    }
}

Test(lame_duck, move_loses_and_doubles_no_message_of_a_queue_group, .timeout = 90)
{
    static struct tally tally;
    struct member client, publisher;
    struct stream stream = { .subject = "jobs" };
    tern_sub *sub = NULL;
    tern_sub_options options = { .queue_group = "workers" };

    cluster_start(&cluster, &(struct test_server_options){ .config = SERVER_QUICK_LAME_DUCK });
    gate_init(&tally.gate);
    member_open(&publisher, server_url(cluster.nodes[1]));
    member_open(&client, cluster.urls);
    check_is_at(&client, server_url(cluster.nodes[0]));
    check_ok(tern_conn_subscribe(client.conn, "jobs", &options, tally_take, &tally, &sub, &err));
    check_ok(tern_conn_flush(client.conn, WAIT_MS, &err));
    tally_wait_for_interest(&tally, publisher.conn, "jobs");
    stream.conn = publisher.conn;
    pthread_create(&stream.thread, NULL, stream_main, &stream);
    check_true(gate_wait(&tally.gate, gate_count(&tally.gate) + 500, WAIT_MS));
    server_lame_duck(cluster.nodes[0]);
    check_true(trail_wait(&client.events, TERN_EVENT_RECONNECTED, 1, WAIT_MS));
    check_true(server_wait_end(cluster.nodes[0], WAIT_MS));
    check_true(gate_wait(&tally.gate, gate_count(&tally.gate) + 500, WAIT_MS));
    check_stream_arrived(&stream, &tally);
    check_int(trail_count(&client.events, TERN_EVENT_DISCONNECTED), 0);
    tern_sub_free(sub);
    member_close(&client);
    member_close(&publisher);
    gate_destroy(&tally.gate);
    cluster_stop(&cluster);
    test_check_leaks();
}

Test(lame_duck, move_doubles_and_reorders_no_message_of_a_plain_subscription, .timeout = 90)
{
    struct member client, publisher;
    struct stream stream = { .subject = "news" };
    struct numbers numbers;
    tern_sub *sub = NULL;

    cluster_start(&cluster, &(struct test_server_options){ .config = SERVER_QUICK_LAME_DUCK });
    numbers_init(&numbers);
    member_open(&publisher, server_url(cluster.nodes[1]));
    member_open(&client, cluster.urls);
    check_ok(tern_conn_subscribe(client.conn, "news", NULL, numbers_take, &numbers, &sub, &err));
    check_ok(tern_conn_flush(client.conn, WAIT_MS, &err));
    stream.conn = publisher.conn;
    pthread_create(&stream.thread, NULL, stream_main, &stream);
    check_true(gate_wait(&numbers.gate, 500, WAIT_MS));
    server_lame_duck(cluster.nodes[0]);
    check_true(trail_wait(&client.events, TERN_EVENT_RECONNECTED, 1, WAIT_MS));
    check_true(server_wait_end(cluster.nodes[0], WAIT_MS));
    check_true(numbers_wait(&numbers, atomic_load(&stream.last) + 500, WAIT_MS));
    atomic_store(&stream.stop, true);
    pthread_join(stream.thread, NULL);
    check_true(numbers_wait(&numbers, atomic_load(&stream.last), WAIT_MS));
    check_int(stream.failed, 0);
    check_int(numbers.disorder, 0);
    check_int(trail_count(&client.events, TERN_EVENT_DISCONNECTED), 0);
    tern_sub_free(sub);
    member_close(&client);
    member_close(&publisher);
    numbers_destroy(&numbers);
    cluster_stop(&cluster);
    test_check_leaks();
}

/* The publisher's own node is the lame one: what it accepted before, during and after the move arrives. Not
 * necessarily in order: it goes two ways through the cluster. */
Test(lame_duck, move_loses_and_doubles_no_message_of_a_publisher, .timeout = 90)
{
    static struct tally tally;
    struct member publisher, subscriber;
    struct stream stream = { .subject = "news" };
    tern_sub *sub = NULL;

    cluster_start(&cluster, &(struct test_server_options){ .config = SERVER_QUICK_LAME_DUCK });
    gate_init(&tally.gate);
    member_open(&subscriber, server_url(cluster.nodes[1]));
    member_open(&publisher, cluster.urls);
    check_ok(tern_conn_subscribe(subscriber.conn, "news", NULL, tally_take, &tally, &sub, &err));
    check_ok(tern_conn_flush(subscriber.conn, WAIT_MS, &err));
    tally_wait_for_interest(&tally, publisher.conn, "news");
    stream.conn = publisher.conn;
    pthread_create(&stream.thread, NULL, stream_main, &stream);
    check_true(gate_wait(&tally.gate, gate_count(&tally.gate) + 500, WAIT_MS));
    server_lame_duck(cluster.nodes[0]);
    check_true(trail_wait(&publisher.events, TERN_EVENT_RECONNECTED, 1, WAIT_MS));
    check_true(server_wait_end(cluster.nodes[0], WAIT_MS));
    check_true(gate_wait(&tally.gate, gate_count(&tally.gate) + 500, WAIT_MS));
    check_stream_arrived(&stream, &tally);
    check_int(trail_count(&publisher.events, TERN_EVENT_DISCONNECTED), 0);
    tern_sub_free(sub);
    member_close(&subscriber);
    member_close(&publisher);
    gate_destroy(&tally.gate);
    cluster_stop(&cluster);
    test_check_leaks();
}

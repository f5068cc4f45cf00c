/* A service under three times the load that its pool can serve: does it go on serving as much as it can, and those it
 * serves as soon as before? Against the server at $NATS_URL. Prints a table, and the same as a line of JSON; exits 0
 * only if the targets are met.
 *
 * The handlers wait WORK_MS on THREADS threads: so the capacity is known, THREADS / WORK_MS, and does not depend on how
 * fast the machine is, as long as its cores are not used up.
 *   unloaded: one call after the other
 *   capacity: twice as many blocking callers as threads
 *   overload: calls begin at three times the capacity measured, whatever becomes of the others (open loop)
 * Rounds, as many as the first argument says, alternate between the three; the table has medians. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include <tern/tern.h>

#include "clock.h"
#include "examples/echo.tern.h"

enum {
    THREADS = 4,
    WORK_MS = 5,
    ROUNDS_MAX = 16,
    ROUND_MS = 1500,
    SETTLE_MS = 300,
    UNLOADED_CALLS = 100,
    LATENCIES_MAX = 1 << 20
};

#define GOODPUT_MIN 0.90 /* of the capacity */
#define MEDIAN_MAX 2.0   /* times the unloaded median */

static void die(const char *what, const tern_error *err)
{
    fprintf(stderr, "overload: %s: %s: %s\n", what, tern_status_name(err->status), err->text);
    exit(2);
}

static tern_status work(tern_request *rq, const Examples__V1__EchoRequest *in, Examples__V1__EchoReply *out)
{
    bench_sleep_until(bench_now_ns() + WORK_MS * 1000000LL);
    out->text = tern_request_strdup(rq, in->text);
    return TERN_OK;
}

/* ---- Counting ---- */

struct tally {
    int64_t from, until; /* calls that begin in between count */
    atomic_long served, refused, other, in_flight;
    atomic_long count;
    int32_t *latencies_us; /* of the served */
};

static struct tally tally;

static void tally_reset(int64_t from, int64_t until)
{
    tally.from = from;
    tally.until = until;
    atomic_store(&tally.served, 0);
    atomic_store(&tally.refused, 0);
    atomic_store(&tally.other, 0);
    atomic_store(&tally.count, 0);
}

static void tally_add(int64_t began, tern_status status)
{
    if (began < tally.from || began >= tally.until) return;
    if (status == TERN_OK) {
        long at = atomic_fetch_add(&tally.count, 1);
        if (at < LATENCIES_MAX) tally.latencies_us[at] = (int32_t)((bench_now_ns() - began) / 1000);
    }
    atomic_fetch_add(status == TERN_OK                   ? &tally.served
                     : status == TERN_RESOURCE_EXHAUSTED ? &tally.refused
                                                         : &tally.other,
                     1);
}

static int compare_us(const void *a, const void *b)
{
    int32_t left = *(const int32_t *)a, right = *(const int32_t *)b;
    return (left > right) - (left < right);
}

static double median_us(void)
{
    long count = atomic_load(&tally.count);
    if (count == 0) return 0;
    qsort(tally.latencies_us, (size_t)count, sizeof *tally.latencies_us, compare_us);
    return tally.latencies_us[count / 2];
}

/* ---- Load ---- */

static int64_t call(tern_client *client)
{
    Examples__V1__EchoRequest request = EXAMPLES__V1__ECHO_REQUEST__INIT;
    Examples__V1__EchoReply *reply = NULL;
    char text[] = "work";
    int64_t began = bench_now_ns();
    request.text = text;
    tern_status st = examples_v1_echo_echo(client, &request, NULL, &reply, NULL);
    if (st == TERN_OK) tern_message_free(&reply->base);
    tally_add(began, st);
    return began;
}

static double unloaded(tern_client *client)
{
    tally_reset(0, INT64_MAX);
    for (int i = 0; i < UNLOADED_CALLS; i++) (void)call(client);
    return median_us();
}

static void *call_steadily(void *client)
{
    while (call(client) < tally.until) continue;
    return NULL;
}

/* Calls served in a second. */
static double capacity(tern_client *client)
{
    pthread_t callers[2 * THREADS];
    int64_t now = bench_now_ns();
    tally_reset(now + SETTLE_MS * 1000000LL, now + (SETTLE_MS + ROUND_MS) * 1000000LL);
    for (int i = 0; i < 2 * THREADS; i++)
        if (pthread_create(&callers[i], NULL, call_steadily, client) != 0) exit(2);
    for (int i = 0; i < 2 * THREADS; i++) pthread_join(callers[i], NULL);
    return (double)atomic_load(&tally.served) * 1000 / ROUND_MS;
}

static void take_reply(tern_call *of, Examples__V1__EchoReply *reply, const tern_error *err, void *began)
{
    (void)of;
    tally_add((int64_t)(intptr_t)began, err->status);
    if (reply != NULL) tern_message_free(&reply->base);
    atomic_fetch_sub(&tally.in_flight, 1);
}

/* Begins rate calls a second. Returns those served in a second. */
static double overload(tern_client *client, double rate, double *out_median_us, double *out_refused)
{
    Examples__V1__EchoRequest request = EXAMPLES__V1__ECHO_REQUEST__INIT;
    char text[] = "work";
    tern_error err;
    int64_t start = bench_now_ns();
    request.text = text;
    tally_reset(start + SETTLE_MS * 1000000LL, start + (SETTLE_MS + ROUND_MS) * 1000000LL);
    for (long i = 0;; i++) {
        int64_t due = start + (int64_t)((double)i * 1e9 / rate);
        if (due >= tally.until) break;
        bench_sleep_until(due);
        atomic_fetch_add(&tally.in_flight, 1);
        if (examples_v1_echo_echo_async(client, &request, NULL, take_reply, (void *)(intptr_t)due, NULL, &err) !=
            TERN_OK)
            die("call", &err);
    }
    while (atomic_load(&tally.in_flight) > 0) bench_sleep_until(bench_now_ns() + 1000000);
    *out_median_us = median_us();
    *out_refused = (double)atomic_load(&tally.refused) * 1000 / ROUND_MS;
    if (atomic_load(&tally.other) > 0) {
        fprintf(stderr, "overload: %ld calls failed otherwise\n", atomic_load(&tally.other));
        exit(2);
    }
    return (double)atomic_load(&tally.served) * 1000 / ROUND_MS;
}

static int compare_double(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

static double median(double *values, size_t count)
{
    qsort(values, count, sizeof *values, compare_double);
    return values[count / 2];
}

static int report(double alone_us, double able, double goodput, double served_us, double refused)
{
    int met = goodput >= GOODPUT_MIN * able && served_us <= MEDIAN_MAX * alone_us;
    printf("%-34s %12s %12s\n", "", "unloaded", "3x overload");
    printf("%-34s %12.0f %12.0f\n", "served in a second (at capacity)", able, goodput);
    printf("%-34s %12s %12.0f\n", "refused in a second", "", refused);
    printf("%-34s %12.2f %12.2f\n", "median of the served, ms", alone_us / 1000, served_us / 1000);
    printf("goodput %.2f of the capacity (at least %.2f), median %.2f of the unloaded one (at most %.2f): %s\n",
           goodput / able, GOODPUT_MIN, served_us / alone_us, MEDIAN_MAX, met ? "pass" : "short");
    printf("{\"bench\":\"overload\",\"capacity\":%.0f,\"goodput\":%.0f,\"refused\":%.0f,\"unloaded_us\":%.0f,"
           "\"served_us\":%.0f,\"pass\":%s}\n",
           able, goodput, refused, alone_us, served_us, met ? "true" : "false");
    return met ? 0 : 1;
}

int main(int argc, char **argv)
{
    size_t rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : 5;
    const examples_v1_echo_handlers handlers = { .echo = work };
    double alone[ROUNDS_MAX], able[ROUNDS_MAX], served[ROUNDS_MAX], goodput[ROUNDS_MAX], refused[ROUNDS_MAX];
    tern_conn *at_service = NULL, *at_client = NULL;
    tern_service *service = NULL;
    tern_client *client = NULL;
    tern_executor *pool = NULL;
    tern_error err;

    tally.latencies_us = malloc(LATENCIES_MAX * sizeof *tally.latencies_us);
    if (tally.latencies_us == NULL || rounds == 0 || rounds > ROUNDS_MAX) return 2;
    if (tern_connect(NULL, &at_service, &err) != TERN_OK) die("connect", &err);
    if (tern_connect(NULL, &at_client, &err) != TERN_OK) die("connect", &err);
    if (tern_pool_new(THREADS, &pool, &err) != TERN_OK) die("pool", &err);
    tern_service_options options = { .executor = pool };
    if (examples_v1_echo_serve(at_service, &handlers, NULL, &options, &service, &err) != TERN_OK) die("serve", &err);
    if (tern_conn_flush(at_service, 0, &err) != TERN_OK) die("flush", &err);
    if (tern_client_new(at_client, NULL, &client, &err) != TERN_OK) die("client", &err);
    for (size_t i = 0; i < rounds; i++) {
        alone[i] = unloaded(client);
        able[i] = capacity(client);
        goodput[i] = overload(client, 3 * able[i], &served[i], &refused[i]);
    }
    int status = report(median(alone, rounds), median(able, rounds), median(goodput, rounds), median(served, rounds),
                        median(refused, rounds));
    tern_client_free(client);
    tern_service_free(service);
    tern_executor_free(pool);
    tern_conn_free(at_client);
    tern_conn_free(at_service);
    free(tally.latencies_us);
    return status;
}

/* The workloads, each a function of its own; main picks one by the command line's first word. All print one line of
 * JSON (bench_report). What varies is an option:
 *   serve                            answers echo calls until SIGTERM; prints "ready PORT"
 *   call callers=1 [calls=N]         blocking calls, from threads that each make one after the other
 *   async in_flight=1                as many calls at a time
 *   paced per_s=1000                 calls begin at this rate whatever becomes of the others, and each one's latency
 *                                    counts from when it was to begin: nothing is omitted when things stand still
 *   publish                          one way, from one thread, to nobody
 *   fanout subs=1 processes=1 [group=NAME]   one publisher; with a group, each message goes to one of subs
 *   memory what=conns|subs|calls n=1000      resident memory that each of n takes
 * For all: payload=32 warmup_ms=200 ms=1000 mode= tls_ca= work_us=0 port=0 service_pid= server_pid= (bench.c). */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

enum { SLOTS_MAX = 1 << 17, CALLERS_MAX = 1024, CACHE_LINE = 64 };

static void need_operation(bool has)
{
    if (!has) bench_die("workload", "this side has no such operation");
}

/* ---- serve ---- */

static void serve(void)
{
    sigset_t stops;
    int signal_number;
    sigemptyset(&stops);
    sigaddset(&stops, SIGTERM);
    sigaddset(&stops, SIGINT);
    pthread_sigmask(SIG_BLOCK, &stops, NULL); /* before the side starts threads */
    bench_options_done();
    side_conn *conn = side.open();
    printf("ready %u\n", side.serve(conn));
    fflush(stdout);
    sigwait(&stops, &signal_number);
    side.close(conn);
}

/* ---- call ---- */

static side_conn *called;
static uint64_t calls_each; /* 0: until the window is over */

static void *call_on(void *arg)
{
    (void)arg;
    for (uint64_t made = 0; calls_each == 0 ? bench_phase() != BENCH_STOP : made < calls_each; made++) {
        int64_t began = bench_now_ns();
        side.call(called);
        bench_took(bench_now_ns() - began);
    }
    return NULL;
}

static void call(void)
{
    pthread_t callers[CALLERS_MAX];
    size_t count = bench_number("callers", 1);
    calls_each = bench_number("calls", 0);
    bench_options_done();
    need_operation(side.call != NULL);
    if (count > CALLERS_MAX) bench_die("callers", "too many");
    called = side.open();
    if (calls_each > 0) bench_measure();
    for (size_t i = 0; i < count; i++)
        if (pthread_create(&callers[i], NULL, call_on, NULL) != 0) bench_die("callers", "no thread");
    if (calls_each == 0) bench_window();
    for (size_t i = 0; i < count; i++) pthread_join(callers[i], NULL);
    if (calls_each > 0) bench_stop();
    side.close(called);
    bench_figure_latencies();
}

/* ---- async, paced ---- */

static struct slot {
    int64_t began;
    atomic_bool busy;
} slots[SLOTS_MAX];
static atomic_size_t in_flight;
static bool goes_on; /* a slot's next call begins when the one before it has ended */
static bool is_paced;

bool bench_done(uint32_t slot)
{
    int64_t now = bench_now_ns();
    if (is_paced) bench_took_since(slots[slot].began, now);
    else bench_took(now - slots[slot].began);
    if (goes_on && bench_phase() != BENCH_STOP) {
        slots[slot].began = now;
        return true;
    }
    atomic_store_explicit(&slots[slot].busy, false, memory_order_release);
    atomic_fetch_sub(&in_flight, 1);
    return false;
}

static void take_slot(uint32_t slot, int64_t began)
{
    if (atomic_exchange_explicit(&slots[slot].busy, true, memory_order_acquire))
        bench_die("calls in flight", "more than there are slots");
    slots[slot].began = began;
    atomic_fetch_add(&in_flight, 1);
}

static void wait_for_calls(void)
{
    int64_t deadline = bench_now_ns() + 10 * 1000000000LL;
    while (atomic_load(&in_flight) > 0) {
        if (bench_now_ns() > deadline) bench_die("calls in flight", "do not end");
        bench_sleep_until(bench_now_ns() + 1000000);
    }
}

static void begin_all(side_conn *conn, uint32_t count)
{
    if (count > SLOTS_MAX) bench_die("in_flight", "too many");
    for (uint32_t i = 0; i < count; i++) take_slot(i, bench_now_ns());
    if (side.start != NULL) side.start(conn, count);
    else
        for (uint32_t i = 0; i < count; i++) side.begin(conn, i);
}

static void async(void)
{
    uint32_t count = (uint32_t)bench_number("in_flight", 1);
    bench_options_done();
    need_operation(side.start != NULL || side.begin != NULL);
    side_conn *conn = side.open();
    goes_on = true;
    begin_all(conn, count);
    bench_window();
    wait_for_calls();
    side.close(conn);
    bench_figure_latencies();
}

/* Begins calls beside the window, which bench_window runs through: all that are due in it, however late. */
static void *begin_paced(void *conn)
{
    double per_s = (double)bench_number("per_s", 1000);
    int64_t start = bench_now_ns();
    for (uint32_t i = 0;; i++) {
        int64_t due = start + (int64_t)((double)i * 1e9 / per_s);
        if (due > bench_now_ns()) bench_sleep_until(due);
        if (bench_is_after_window(due)) break;
        take_slot(i % SLOTS_MAX, due);
        side.begin(conn, i % SLOTS_MAX);
    }
    return NULL;
}

static void paced(void)
{
    pthread_t pacer;
    (void)bench_number("per_s", 0);
    bench_options_done();
    need_operation(side.begin != NULL);
    side_conn *conn = side.open();
    is_paced = true;
    if (pthread_create(&pacer, NULL, begin_paced, conn) != 0) bench_die("pacer", "no thread");
    bench_window();
    pthread_join(pacer, NULL);
    wait_for_calls();
    side.close(conn);
    bench_figure_latencies();
}

/* ---- publish ---- */

/* Publishes until the window is over: the warm-up's messages reach the server before it opens, and the others before it
 * closes. */
static void publish(void)
{
    enum { BETWEEN_LOOKS = 64 };
    uint64_t warmup_ms = bench_number("warmup_ms", 200), ms = bench_number("ms", 1000), count = 0;
    bench_options_done();
    need_operation(side.publish != NULL);
    side_conn *conn = side.open();
    for (int64_t end = bench_now_ns() + (int64_t)warmup_ms * 1000000; bench_now_ns() < end;)
        side.publish(conn, BENCH_SUBJECT);
    side.flush(conn);
    bench_measure();
    for (int64_t end = bench_now_ns() + (int64_t)ms * 1000000; bench_now_ns() < end; count += BETWEEN_LOOKS)
        for (int i = 0; i < BETWEEN_LOOKS; i++) side.publish(conn, BENCH_SUBJECT);
    side.flush(conn);
    bench_stop();
    side.close(conn);
    bench_figure_rate(count);
}

/* ---- fanout ---- */

struct bench_counter {
    _Alignas(CACHE_LINE) atomic_ulong count;
};

void bench_received(struct bench_counter *counter)
{
    unsigned long count = atomic_load_explicit(&counter->count, memory_order_relaxed);
    atomic_store_explicit(&counter->count, count + 1, memory_order_release);
}

enum { SUBS_MAX = 256 };

/* Shared by the publisher and the processes that subscribe. */
static struct board {
    struct bench_counter counters[SUBS_MAX];
    atomic_ulong ready; /* subscriptions */
    atomic_bool over;
} * board;

static pid_t parent; /* of the processes that subscribe */

/* A process with the subscriptions from first to last - 1, on one connection. */
static void subscriber(size_t first, size_t last, const char *subject, const char *group)
{
    side_conn *conn = side.open();
    for (size_t i = first; i < last; i++) side.subscribe(conn, subject, group, &board->counters[i]);
    atomic_fetch_add(&board->ready, last - first);
    while (!atomic_load(&board->over)) {
        if (getppid() != parent) _exit(1);
        bench_sleep_until(bench_now_ns() + 5000000);
    }
    side.close(conn);
    _exit(0);
}

static uint64_t received(size_t subs)
{
    uint64_t all = 0;
    for (size_t i = 0; i < subs; i++) all += atomic_load_explicit(&board->counters[i].count, memory_order_relaxed);
    return all;
}

/* Messages that all who are to get them have got. */
static uint64_t settled(size_t subs, bool grouped)
{
    if (grouped) return received(subs);
    uint64_t least = UINT64_MAX;
    for (size_t i = 0; i < subs; i++) {
        uint64_t count = atomic_load_explicit(&board->counters[i].count, memory_order_acquire);
        if (count < least) least = count;
    }
    return least;
}

static uint64_t published; /* the publisher's, until it has ended */

/* Publishes until the phase ends, at most AHEAD messages ahead of the slowest: nothing is dropped. */
static void *publish_on(void *conn)
{
    enum { AHEAD = 8192, PAUSE_NS = 50000, BETWEEN_LOOKS = 64 };
    size_t subs = bench_number("subs", 1);
    bool grouped = bench_text("group", NULL) != NULL;
    for (; bench_phase() != BENCH_STOP; published += BETWEEN_LOOKS) {
        while (published - settled(subs, grouped) > AHEAD && bench_phase() != BENCH_STOP)
            bench_sleep_until(bench_now_ns() + PAUSE_NS);
        for (int i = 0; i < BETWEEN_LOOKS; i++) side.publish(conn, BENCH_SUBJECT);
    }
    return NULL;
}

/* All that was published is to come, to everybody: a figure of messages that get lost means nothing. */
static void wait_for_messages(size_t subs, bool grouped)
{
    int64_t deadline = bench_now_ns() + 10 * 1000000000LL;
    while (settled(subs, grouped) < published) {
        if (bench_now_ns() > deadline) bench_die("fanout", "messages were lost");
        bench_sleep_until(bench_now_ns() + 1000000);
    }
    if (settled(subs, grouped) > published) bench_die("fanout", "more messages came than were published");
}

/* Counts what comes while the window is open. */
static uint64_t received_in_window(size_t subs)
{
    uint64_t warmup_ms = bench_number("warmup_ms", 200), ms = bench_number("ms", 1000);
    bench_sleep_until(bench_now_ns() + (int64_t)warmup_ms * 1000000);
    bench_measure();
    uint64_t before = received(subs);
    bench_sleep_until(bench_now_ns() + (int64_t)ms * 1000000);
    uint64_t after = received(subs);
    bench_stop();
    return after - before;
}

static void start_subscribers(size_t subs, size_t processes, const char *subject, const char *group)
{
    board = mmap(NULL, sizeof *board, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (board == MAP_FAILED || subs > SUBS_MAX || processes > subs) bench_die("subs, processes", "too many");
    parent = getpid();
    for (size_t i = 0; i < processes; i++) {
        pid_t child = fork();
        if (child < 0) bench_die("processes", "no process");
        if (child == 0) subscriber(i * subs / processes, (i + 1) * subs / processes, subject, group);
    }
    while (atomic_load(&board->ready) < subs) {
        if (waitpid(-1, NULL, WNOHANG) != 0) bench_die("processes", "one has ended");
        bench_sleep_until(bench_now_ns() + 1000000);
    }
}

static void fanout(void)
{
    pthread_t publisher;
    size_t subs = bench_number("subs", 1), processes = bench_number("processes", 1);
    const char *group = bench_text("group", NULL);
    bench_options_done();
    need_operation(side.subscribe != NULL && side.publish != NULL);
    start_subscribers(subs, processes, BENCH_SUBJECT, group);
    side_conn *conn = side.open();
    if (pthread_create(&publisher, NULL, publish_on, conn) != 0) bench_die("publisher", "no thread");
    uint64_t count = received_in_window(subs);
    pthread_join(publisher, NULL);
    side.flush(conn);
    wait_for_messages(subs, group != NULL);
    side.close(conn);
    atomic_store(&board->over, true);
    for (int status; wait(&status) > 0;)
        if (status != 0) bench_die("processes", "one has failed");
    bench_figure_rate(count);
}

/* ---- memory ---- */

static double resident_bytes(void)
{
    unsigned long all = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL || fscanf(file, "%lu %lu", &all, &resident) != 2) bench_die("memory", "/proc/self/statm");
    fclose(file);
    return (double)resident * (double)sysconf(_SC_PAGESIZE);
}

/* What n connections, or n subscriptions or n calls of one connection take. The calls reach a subscription that does
 * not answer. */
static void memory(void)
{
    size_t n = bench_number("n", 1000);
    const char *what = bench_text("what", "conns");
    bench_options_done();
    bool calls = strcmp(what, "calls") == 0, subs = strcmp(what, "subs") == 0;
    need_operation(side.flush != NULL && (!calls || side.begin != NULL));
    if (calls) start_subscribers(1, 1, side.call_subject == NULL ? BENCH_SUBJECT : side.call_subject, NULL);
    struct bench_counter *counters = subs ? calloc(n, sizeof *counters) : NULL;
    side_conn **conns = calls || subs ? NULL : calloc(n, sizeof *conns), *conn = side.open();
    side.flush(conn);
    if (calls) memset(slots, 1, sizeof slots);
    double before = resident_bytes();
    for (size_t i = 0; i < n; i++) {
        char subject[32];
        (void)snprintf(subject, sizeof subject, "bench.%zu", i);
        if (calls) side.begin(conn, (uint32_t)i);
        else if (subs) side.subscribe(conn, subject, NULL, &counters[i]);
        else conns[i] = side.open();
    }
    side.flush(conns == NULL ? conn : conns[n - 1]);
    bench_figure("bytes_each", (resident_bytes() - before) / (double)n);
    bench_report();
    _exit(0); /* the calls would time out */
}

/* ---- main ---- */

static const struct workload {
    const char *name;
    void (*run)(void);
} workloads[] = { { "serve", serve },     { "call", call },     { "async", async },  { "paced", paced },
                  { "publish", publish }, { "fanout", fanout }, { "memory", memory } };

int main(int argc, char **argv)
{
    bench_options_read(argc, argv);
    for (size_t i = 0; argc > 1 && i < sizeof workloads / sizeof *workloads; i++) {
        if (strcmp(argv[1], workloads[i].name) != 0) continue;
        workloads[i].run();
        if (workloads[i].run != serve) bench_report();
        return 0;
    }
    fprintf(stderr, "usage: bench_%s serve|call|async|paced|publish|fanout|memory KEY=VALUE...\n", side.name);
    return 2;
}

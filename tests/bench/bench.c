#include "bench.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct bench bench;

void bench_die(const char *what, const char *why)
{
    fprintf(stderr, "%s: %s: %s\n", side.name, what, why);
    exit(1);
}

static _Noreturn void usage(const char *argument, const char *why)
{
    fprintf(stderr, "bench_%s: \"%s\": %s\nusage: bench_%s WORKLOAD KEY=VALUE...\n", side.name, argument, why,
            side.name);
    exit(2);
}

/* ---- The command line ---- */

enum { OPTIONS_MAX = 32 };

static struct option {
    const char *text, *value; /* text: with its key in front */
    bool used;
} options[OPTIONS_MAX];
static size_t option_count;

const char *bench_text(const char *key, const char *otherwise)
{
    size_t length = strlen(key);
    for (size_t i = 0; i < option_count; i++) {
        if (strncmp(options[i].text, key, length) != 0 || options[i].text[length] != '=') continue;
        options[i].used = true;
        return options[i].value;
    }
    return otherwise;
}

uint64_t bench_number(const char *key, uint64_t otherwise)
{
    const char *text = bench_text(key, NULL);
    if (text == NULL) return otherwise;
    char *end = NULL;
    uint64_t value = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0') usage(text, "is no number");
    return value;
}

void bench_options_done(void)
{
    for (size_t i = 0; i < option_count; i++)
        if (!options[i].used) usage(options[i].text, "this workload has no such option");
}

static uint64_t warmup_ms, measured_ms;
static uint64_t pids[2];

void bench_options_read(int argc, char **argv)
{
    for (int i = 2; i < argc; i++) {
        const char *equals = strchr(argv[i], '=');
        if (equals == NULL || option_count == OPTIONS_MAX) usage(argv[i], "is no KEY=VALUE");
        options[option_count++] = (struct option){ .text = argv[i], .value = equals + 1 };
    }
    bench.url = getenv("NATS_URL");
    if (bench.url == NULL) bench.url = "nats://127.0.0.1:4222";
    bench.mode = bench_text("mode", "");
    bench.tls_ca = bench_text("tls_ca", NULL);
    bench.work_us = (uint32_t)bench_number("work_us", 0);
    bench.port = (uint32_t)bench_number("port", 0);
    bench.payload_size = bench_number("payload", 32);
    uint8_t *payload = malloc(bench.payload_size + 1);
    if (payload == NULL) bench_die("payload", "no memory");
    for (size_t i = 0; i < bench.payload_size; i++) payload[i] = (uint8_t)('a' + i % 26);
    bench.payload = payload;
    warmup_ms = bench_number("warmup_ms", 200);
    measured_ms = bench_number("ms", 1000);
    pids[0] = bench_number("service_pid", 0);
    pids[1] = bench_number("server_pid", 0);
}

/* ---- Handlers and replies ---- */

void bench_work(void)
{
    if (bench.work_us == 0) return;
    int64_t end = bench_now_ns() + (int64_t)bench.work_us * 1000;
    while (bench_now_ns() < end) continue;
}

void bench_check(const void *payload, size_t size)
{
    const uint8_t *bytes = payload;
    if (size != bench.payload_size) bench_die("a reply", "has not the request's size");
    if (size == 0) return;
    if (bytes[0] != bench.payload[0] || bytes[size - 1] != bench.payload[size - 1])
        bench_die("a reply", "has not the request's bytes");
}

/* ---- The measured window ---- */

enum { PROCESSES = 3 };

/* The processor time used so far, of this process and of those at pids. */
struct usage {
    int64_t at_ns, cpu_ns[PROCESSES];
};

static atomic_int phase = BENCH_WARM_UP;
static _Atomic int64_t window_end_ns; /* set before BENCH_STOP */
static struct usage from, to;

static int64_t cpu_ns(uint64_t pid)
{
    clockid_t clock = CLOCK_PROCESS_CPUTIME_ID;
    struct timespec used = { 0 };
    if (pid != 0 && clock_getcpuclockid((pid_t)pid, &clock) != 0) bench_die("service_pid, server_pid", "no process");
    clock_gettime(clock, &used);
    return (int64_t)used.tv_sec * 1000000000 + used.tv_nsec;
}

static struct usage usage_now(void)
{
    struct usage usage = { .at_ns = bench_now_ns(), .cpu_ns[0] = cpu_ns(0) };
    for (int i = 1; i < PROCESSES; i++)
        if (pids[i - 1] != 0) usage.cpu_ns[i] = cpu_ns(pids[i - 1]);
    return usage;
}

enum bench_phase bench_phase(void)
{
    return (enum bench_phase)atomic_load_explicit(&phase, memory_order_acquire);
}

void bench_measure(void)
{
    from = usage_now();
    atomic_store(&phase, BENCH_MEASURE);
}

void bench_stop(void)
{
    atomic_store(&window_end_ns, bench_now_ns());
    atomic_store(&phase, BENCH_STOP);
    to = usage_now();
}

bool bench_is_after_window(int64_t due_ns)
{
    return bench_phase() == BENCH_STOP && due_ns >= atomic_load(&window_end_ns);
}

void bench_window(void)
{
    int64_t start = bench_now_ns(), measure = start + (int64_t)warmup_ms * 1000000;
    bench_sleep_until(measure);
    bench_measure();
    bench_sleep_until(measure + (int64_t)measured_ms * 1000000);
    bench_stop();
}

/* ---- Latencies ----
 *
 * A histogram for each thread that has any, with buckets that are 1/64 of their value wide. Only the thread writes it;
 * at the end all are added up. */

enum { FINE_BITS = 6, FINE = 1 << FINE_BITS, BUCKETS = 64 * FINE };

struct histogram {
    struct histogram *next;
    atomic_ulong counts[BUCKETS];
};

static _Atomic(struct histogram *) histograms;
static _Thread_local struct histogram *own;

static size_t bucket_of(uint64_t ns)
{
    if (ns < FINE) return ns;
    unsigned power = 63 - (unsigned)__builtin_clzll(ns);
    return (size_t)(power - FINE_BITS + 1) * FINE + ((ns >> (power - FINE_BITS)) & (FINE - 1));
}

/* The middle of a bucket. */
static double ns_of(size_t bucket)
{
    if (bucket < FINE) return (double)bucket;
    size_t power = bucket / FINE + FINE_BITS - 1;
    return ((double)(FINE + bucket % FINE) + 0.5) * (double)(1ull << (power - FINE_BITS));
}

static void count_one(int64_t ns)
{
    if (own == NULL) {
        own = calloc(1, sizeof *own);
        if (own == NULL) bench_die("latencies", "no memory");
        own->next = atomic_load(&histograms);
        while (!atomic_compare_exchange_weak(&histograms, &own->next, own)) continue;
    }
    atomic_ulong *count = &own->counts[bucket_of(ns < 0 ? 0 : (uint64_t)ns)];
    atomic_store_explicit(count, atomic_load_explicit(count, memory_order_relaxed) + 1, memory_order_relaxed);
}

void bench_took(int64_t ns)
{
    if (bench_phase() == BENCH_MEASURE) count_one(ns);
}

void bench_took_since(int64_t due_ns, int64_t now_ns)
{
    bool opened = bench_phase() != BENCH_WARM_UP && due_ns >= from.at_ns;
    if (opened && !bench_is_after_window(due_ns)) count_one(now_ns - due_ns);
}

static uint64_t add_up(uint64_t counts[BUCKETS])
{
    uint64_t all = 0;
    for (struct histogram *h = atomic_load(&histograms); h != NULL; h = h->next) {
        for (size_t i = 0; i < BUCKETS; i++) {
            uint64_t count = atomic_load_explicit(&h->counts[i], memory_order_relaxed);
            counts[i] += count;
            all += count;
        }
    }
    return all;
}

static double percentile_us(const uint64_t counts[BUCKETS], uint64_t all, double part)
{
    uint64_t rank = (uint64_t)((double)all * part), seen = 0;
    for (size_t i = 0; i < BUCKETS; i++) {
        seen += counts[i];
        if (seen > rank) return ns_of(i) / 1000;
    }
    return 0;
}

/* ---- The report ---- */

static bool has_figures;

void bench_figure(const char *name, double value)
{
    printf("%s\"%s\": %.6g", has_figures ? ", " : "{", name, value);
    has_figures = true;
}

void bench_figure_rate(uint64_t count)
{
    static const char *const names[PROCESSES] = { "cpu_us", "service_cpu_us", "server_cpu_us" };
    if (count == 0) bench_die("the window", "nothing was counted in it");
    double each = 1.0 / (double)count;
    bench_figure("count", (double)count);
    bench_figure("per_s", (double)count * 1e9 / (double)(to.at_ns - from.at_ns));
    for (int i = 0; i < PROCESSES; i++) {
        if (i > 0 && pids[i - 1] == 0) continue;
        bench_figure(names[i], (double)(to.cpu_ns[i] - from.cpu_ns[i]) / 1000 * each);
    }
}

void bench_figure_latencies(void)
{
    static uint64_t counts[BUCKETS];
    uint64_t all = add_up(counts);
    bench_figure_rate(all);
    bench_figure("p50_us", percentile_us(counts, all, 0.5));
    bench_figure("p99_us", percentile_us(counts, all, 0.99));
    bench_figure("p999_us", percentile_us(counts, all, 0.999));
}

void bench_report(void)
{
    printf("}\n");
    if (fflush(stdout) != 0) exit(1);
}

/* What the workloads share: the command line, the measured window, latencies, and the report. */
#ifndef BENCH_H
#define BENCH_H

#include "clock.h"
#include "side.h"

/* ---- The command line: WORKLOAD KEY=VALUE… ---- */

/* Reads what struct bench holds. Ends the process with 2 where an argument is no KEY=VALUE. */
void bench_options_read(int argc, char **argv);

/* A key's value; otherwise where it is not given. */
uint64_t bench_number(const char *key, uint64_t otherwise);
const char *bench_text(const char *key, const char *otherwise);

/* Ends the process with 2 if a key was given that nobody has asked for: a figure of another setting would be a lie. */
void bench_options_done(void);

/* ---- The measured window ---- */

enum bench_phase { BENCH_WARM_UP, BENCH_MEASURE, BENCH_STOP };

/* Any thread. */
enum bench_phase bench_phase(void);

/* Waits warmup_ms, measures for ms, and stops: to be called by the thread that has started the load. */
void bench_window(void);

/* Takes what happens from now on into the figures, and no more of it. bench_window uses both; alone, for workloads that
 * end by themselves. */
void bench_measure(void);
void bench_stop(void);

/* Something took this long, and ended inside the window or does not count. Any thread. */
void bench_took(int64_t ns);

/* Something that was due then has ended now. It counts if it was due inside the window, whenever it ended. */
void bench_took_since(int64_t due_ns, int64_t now_ns);

/* Is it due when the window is over already? */
bool bench_is_after_window(int64_t due_ns);

/* ---- The report: one line of JSON on standard output ---- */

/* Adds a figure. */
void bench_figure(const char *name, double value);

/* Adds how many were counted in the window: count, per_s, and the processor time that one took of this process and of
 * those named by the options service_pid and server_pid, where given: cpu_us, service_cpu_us, server_cpu_us. */
void bench_figure_rate(uint64_t count);

/* The same from what bench_took has seen, with the latencies p50_us, p99_us, p999_us. */
void bench_figure_latencies(void);

void bench_report(void);

#endif

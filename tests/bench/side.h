/* A side of the benchmarks: one way of speaking NATS (or gRPC) in C, behind one small interface, so that the workloads
 * (workloads.c) are the same for all. bench_<side> is a side and the workloads in one program.
 *
 * Every operation ends the process where it fails (bench_die): a benchmark that goes on after an error measures
 * nothing. An operation that a side does not have is NULL. Echo calls carry bench.payload, and every reply must pass
 * bench_check. */
#ifndef BENCH_SIDE_H
#define BENCH_SIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BENCH_SUBJECT "bench.echo"
#define BENCH_NORETURN __attribute__((noreturn))

/* What the command line says, for both the workload and the side; see bench.c. */
struct bench {
    const char *url;        /* of the server: $NATS_URL */
    const char *mode;       /* the side's own word; "": its default */
    const char *tls_ca;     /* connect with TLS, and trust this CA file; NULL: no TLS */
    const uint8_t *payload; /* of every call and message */
    size_t payload_size;
    uint32_t work_us; /* the service's handler works so long, with its core (bench_work) */
    uint32_t port;    /* of a service that is no NATS service */
};
extern struct bench bench;

/* Each side's own: a connection, with the client on it. */
typedef struct side_conn side_conn;

struct bench_counter;

struct side {
    const char *name;
    const char *call_subject; /* of its echo calls; NULL: BENCH_SUBJECT */

    /* Connects. Any number in one process. */
    side_conn *(*open)(void);
    void (*close)(side_conn *conn);

    /* Answers echo calls from now on, until the process ends; requests reach it when this returns. Returns the port to
     * call where it is no NATS service, else 0. bench.mode may name where the handlers run. */
    uint32_t (*serve)(side_conn *conn);

    /* One blocking call, from any number of threads on one connection. */
    void (*call)(side_conn *conn);

    /* Begins a call that ends with bench_done(slot), on any thread. bench_done says whether the side is to begin this
     * slot's next call at once, from there. Slots are small numbers, and each has one call at most. */
    void (*begin)(side_conn *conn, uint32_t slot);

    /* Begins count calls, of slots 0 to count - 1, in place of so many begin; NULL: the workload calls begin. */
    void (*start)(side_conn *conn, uint32_t count);

    /* Publishes bench.payload. One thread a connection. */
    void (*publish)(side_conn *conn, const char *subject);
    /* Everything published on this connection has been at the server when it returns. */
    void (*flush)(side_conn *conn);

    /* Tells bench_received(counter) of each message that comes. group NULL: a plain subscription. The server has it on
     * return. */
    void (*subscribe)(side_conn *conn, const char *subject, const char *group, struct bench_counter *counter);
};

/* The side that is linked in. */
extern const struct side side;

/* ---- What a side uses ---- */

/* Ends the process: "<side>: <what>: <why>". */
BENCH_NORETURN void bench_die(const char *what, const char *why);

/* The reply's payload is the request's, by its size and its ends; else the process ends. */
void bench_check(const void *payload, size_t size);

/* A call of this slot has ended. True: begin its next. Any thread. */
bool bench_done(uint32_t slot);

/* A message has come. Any thread, one at a time for a counter. */
void bench_received(struct bench_counter *counter);

/* What a handler does before it answers: bench.work_us of computing. */
void bench_work(void);

#ifdef __cplusplus
}
#endif

#endif

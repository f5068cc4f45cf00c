/* Executors: they run lanes that have something to do. The lanes are in core/lane.h. */
#ifndef TERNI_EXECUTOR_H
#define TERNI_EXECUTOR_H

#include <stdbool.h>
#include <stddef.h>

#include <tern/executor.h>

struct terni_lane;

/* What makes a kind of executor: the inline one (core/executor.c), pools (core/pool.c), queues (core/queue.c). */
typedef struct terni_executor_class {
    bool (*hold)(tern_executor *executor); /* see terni_executor_use */
    void (*release)(tern_executor *executor);
    void (*free)(tern_executor *executor); /* the program gives its hold back */
    bool (*is_current)(tern_executor *executor);
    void (*submit)(tern_executor *executor, struct terni_lane *lane);
    size_t (*run)(tern_executor *executor); /* see terni_executor_run; NULL: it has threads */
} terni_executor_class;

/* What every executor begins with. */
struct tern_executor {
    const terni_executor_class *class;
    uint32_t threads; /* handlers that it can run at once */
};

/* The executor to use where the caller named executor (NULL: the shared pool), with a hold on it that
 * terni_executor_release gives back; a pool has at least one thread running then. NULL: out of resources. */
tern_executor *terni_executor_use(tern_executor *executor);
void terni_executor_release(tern_executor *executor);

bool terni_executor_is_inline(const tern_executor *executor);

/* May this thread run its lanes: is it one of the pool's threads, or the one that dispatches the queue? */
bool terni_executor_is_current(tern_executor *executor);

/* Has it no thread of its own to run lanes on? Then who waits for one must look now and then whether it is the one to
 * run it. */
bool terni_executor_needs_running(const tern_executor *executor);

/* Runs what such an executor holds now, on this thread, if this is the one. */
void terni_executor_run(tern_executor *executor);

/* How many handlers it can run at once; 1 for the inline executor and for queues. */
uint32_t terni_executor_threads(const tern_executor *executor);

/* Is it of the kinds that have one thread, the I/O thread or the program's? NULL, the shared pool, is not. */
bool terni_executor_is_single(const tern_executor *executor);

/* Hands a lane over, for terni_lane_work on one of the executor's threads. The caller has set the lane's queued flag,
 * and gives a hold on the lane. Not for the inline executor. */
void terni_executor_submit(tern_executor *executor, struct terni_lane *lane);

#endif

/* Thread pools: they run lanes that have something to do. The lanes are in core/lane.h. */
#ifndef TERNI_POOL_H
#define TERNI_POOL_H

#include <stdbool.h>

#include <tern/executor.h>

struct terni_lane;

/* The executor to use where the caller named executor (NULL: the shared pool), with a hold on it that
 * terni_executor_release gives back, and at least one thread running. NULL: out of resources. */
tern_executor *terni_executor_use(tern_executor *executor);
void terni_executor_release(tern_executor *executor);

bool terni_executor_is_inline(const tern_executor *executor);

/* Is this one of the pool's threads? */
bool terni_executor_is_current(const tern_executor *executor);

/* How many handlers it can run at once; 1 for the inline executor. */
uint32_t terni_executor_threads(const tern_executor *executor);

/* Queues a lane for a thread of the pool, which calls terni_lane_work on it. The caller has set the
 * lane's queued flag, and given the pool a hold on the lane. Not for the inline executor. */
void terni_executor_submit(tern_executor *executor, struct terni_lane *lane);

#endif
#define terni_executor_is_queue(e) ((void)(e), false)

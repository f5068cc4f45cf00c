/* Queues: executors whose lanes run when the program says so, on the thread where it says so. */
#ifndef TERNI_QUEUE_H
#define TERNI_QUEUE_H

#include <stddef.h>

#include "core/executor.h"

/* Is it a queue? */
bool terni_queue_is_one(const tern_executor *executor);

/* Is it a queue that this thread dispatches? */
bool terni_queue_is_own(tern_executor *executor);

/* From now on this thread, which the program does not know, dispatches none, even where every thread may. */
void terni_queue_stay_out(void);

/* Has the queue anything to run? */
bool terni_queue_is_ready(tern_executor *queue);

/* Runs what the queue holds now, also inside one of its handlers. Returns how many items. */
size_t terni_queue_run(tern_executor *queue);

#endif

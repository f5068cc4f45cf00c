/* Executors: on whose thread a handler runs. */
#ifndef TERN_EXECUTOR_H
#define TERN_EXECUTOR_H

#include <stddef.h>
#include <stdint.h>

#include <tern/status.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tern_executor tern_executor;

/* The connection's I/O thread: the fastest, and only for handlers that do not block. A call of Tern
 * that would wait fails there with FAILED_PRECONDITION. Static; freeing it does nothing. */
TERN_API tern_executor *tern_executor_inline(void);

/* Makes a pool of its own threads. Where an option's executor is NULL, one pool shared by the whole
 * process serves: as many threads as cores, at least 4, started when first needed.
 * threads: 1 to 1,024; 0: as many as the shared pool has. out_pool: the caller's, to be given to
 * tern_executor_free. Any thread.
 * INVALID_ARGUMENT: too many threads. RESOURCE_EXHAUSTED: no memory or threads. */
TERN_API tern_status tern_pool_new(uint32_t threads, tern_executor **out_pool, tern_error *err);

/* Makes a queue: nothing runs until the program calls tern_queue_dispatch, and then on that thread. So Tern lives
 * inside a foreign loop (libuv, libevent, GLib, epoll), with every callback on the loop's own thread. out_queue: the
 * caller's, to be given to tern_executor_free. Any thread. RESOURCE_EXHAUSTED: no memory or file descriptor. */
TERN_API tern_status tern_queue_new(tern_executor **out_queue, tern_error *err);

/* A file descriptor that is readable (POLLIN, level-triggered) while there is something to dispatch. The queue's own:
 * to be polled, not read or closed. -1: executor is not a queue. Any thread. */
TERN_API int tern_queue_fd(const tern_executor *queue);

/* Runs what the queue holds when it is called, without waiting, and returns how many handlers and callbacks ran. What
 * they bring about in turn is for the next call: the descriptor stays readable. One thread dispatches a queue, that of
 * the loop; functions that wait for its handlers (drain, unsubscribe, free) run them when called on this thread, on
 * another they wait for it. While none has dispatched, or when the one that did last has ended, every thread counts as
 * this one.
 * 0 also where executor is not a queue, and inside a handler that it runs. */
TERN_API size_t tern_queue_dispatch(tern_executor *queue);

/* Gives the caller's hold on a pool or queue back. A pool's threads end when nothing uses it any more. What uses a
 * queue goes on needing tern_queue_dispatch: keep it until that has been freed. What is still on it then, or comes
 * later, is dropped unhandled; but callbacks of calls run all the same, on some thread. Any thread; NULL is fine. */
TERN_API void tern_executor_free(tern_executor *executor);

#ifdef __cplusplus
}
#endif

#endif

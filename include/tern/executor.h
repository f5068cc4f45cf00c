/* Executors: on whose thread a handler runs. */
#ifndef TERN_EXECUTOR_H
#define TERN_EXECUTOR_H

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

/* Gives the caller's hold on a pool back. Its threads end when no subscription or service uses it
 * any more. Any thread; NULL is fine. */
TERN_API void tern_executor_free(tern_executor *executor);

#ifdef __cplusplus
}
#endif

#endif

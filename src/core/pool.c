/* Who owns what: a pool is shared by its holders (refs, under mu): the program that made it, and every
 * lane that runs on it. Its threads hold nothing; they live until the last holder has left. Whoever
 * leaves last sets stop, and joins the threads; unless it is one of them: then the threads detach
 * themselves, and the last of them frees the pool.
 *
 * mu guards everything below it, and is held for a few instructions only. The lanes queue up by their
 * own next_runnable. Submitting wakes one idle thread, and starts one where idle ones are fewer than queued lanes, up
 * to max_threads. */
#include "core/pool.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/error.h"
#include "core/lane.h"
#include "core/thread.h"

enum { THREADS_MAX = 1024, SHARED_THREADS_MIN = 4 };

struct tern_executor {
    bool is_inline;
    bool is_shared;
    uint32_t max_threads;
    pthread_mutex_t mu;
    pthread_cond_t runnable; /* signalled for one idle thread; broadcast with stop */
    pthread_t *threads;      /* started of them are valid */
    uint32_t started;
    uint32_t live;
    uint32_t idle;   /* threads in wait, woken or not */
    uint32_t queued; /* lanes in the run queue */
    uint32_t refs;
    bool stop;
    bool orphaned; /* stopped by one of its own threads: the last thread frees */
    struct terni_lane *head, *tail;
};

static tern_executor the_inline = { .is_inline = true };

static pthread_mutex_t shared_mu = PTHREAD_MUTEX_INITIALIZER;
static tern_executor *shared; /* under shared_mu; it holds no ref of its own */

static _Thread_local tern_executor *current_pool; /* the pool whose thread this is */

tern_executor *tern_executor_inline(void)
{
    return &the_inline;
}

bool terni_executor_is_inline(const tern_executor *executor)
{
    return executor->is_inline;
}

bool terni_executor_is_current(const tern_executor *executor)
{
    return current_pool == executor;
}

uint32_t terni_executor_threads(const tern_executor *executor)
{
    return executor->is_inline ? 1 : executor->max_threads;
}

static uint32_t shared_threads(void)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    if (cores < SHARED_THREADS_MIN) return SHARED_THREADS_MIN;
    return cores > THREADS_MAX ? THREADS_MAX : (uint32_t)cores;
}

static void pool_free(tern_executor *pool)
{
    assert(pool->head == NULL);
    (void)pthread_cond_destroy(&pool->runnable);
    (void)pthread_mutex_destroy(&pool->mu);
    free(pool->threads);
    free(pool);
}

static void *pool_thread(void *arg)
{
    tern_executor *pool = arg;
    current_pool = pool;
    (void)pthread_mutex_lock(&pool->mu);
    for (;;) {
        struct terni_lane *lane = pool->head;
        if (lane != NULL) {
            pool->head = lane->next_runnable;
            if (pool->head == NULL) pool->tail = NULL;
            pool->queued--;
            (void)pthread_mutex_unlock(&pool->mu);
            terni_lane_work(lane);
            (void)pthread_mutex_lock(&pool->mu);
        } else if (pool->stop) {
            break;
        } else {
            pool->idle++;
            (void)pthread_cond_wait(&pool->runnable, &pool->mu);
            pool->idle--;
        }
    }
    pool->live--;
    bool last = pool->orphaned && pool->live == 0;
    if (pool->orphaned) (void)pthread_detach(pthread_self());
    (void)pthread_mutex_unlock(&pool->mu);
    if (last) pool_free(pool);
    return NULL;
}

/* Starts one more thread. */
static bool start_thread_locked(tern_executor *pool)
{
    bool ok = terni_thread_start(&pool->threads[pool->started], pool_thread, pool);
    if (ok) {
        pool->started++;
        pool->live++;
    }
    return ok;
}

static tern_executor *pool_create(uint32_t threads)
{
    tern_executor *pool = calloc(1, sizeof *pool);
    if (pool == NULL) return NULL;
    pool->max_threads = threads;
    pool->refs = 1;
    pool->threads = calloc(threads, sizeof *pool->threads);
    if (pool->threads == NULL) goto no_memory;
    if (pthread_mutex_init(&pool->mu, NULL) != 0) goto no_memory;
    if (pthread_cond_init(&pool->runnable, NULL) == 0) return pool;
    (void)pthread_mutex_destroy(&pool->mu);
no_memory:
    free(pool->threads);
    free(pool);
    return NULL;
}

tern_status tern_pool_new(uint32_t threads, tern_executor **out_pool, tern_error *err)
{
    if (out_pool == NULL) return terni_fail(err, TERN_INVALID_ARGUMENT, "out_pool is NULL");
    if (threads > THREADS_MAX)
        return terni_fail(err, TERN_INVALID_ARGUMENT, "threads %u: the limit is %d", threads, THREADS_MAX);
    tern_executor *pool = pool_create(threads == 0 ? shared_threads() : threads);
    if (pool == NULL) return terni_fail_memory(err);
    *out_pool = pool;
    return TERN_OK;
}

/* Takes a hold on the pool, and sees that it has a thread. */
static bool pool_hold(tern_executor *pool)
{
    (void)pthread_mutex_lock(&pool->mu);
    bool ok = pool->started > 0 || start_thread_locked(pool);
    if (ok) pool->refs++;
    (void)pthread_mutex_unlock(&pool->mu);
    return ok;
}

tern_executor *terni_executor_use(tern_executor *executor)
{
    if (executor != NULL) {
        if (executor->is_inline) return executor;
        return pool_hold(executor) ? executor : NULL;
    }
    (void)pthread_mutex_lock(&shared_mu);
    bool fresh = shared == NULL;
    if (fresh) shared = pool_create(shared_threads());
    tern_executor *pool = shared;
    if (fresh && pool != NULL) pool->is_shared = true;
    bool held = pool != NULL && pool_hold(pool);
    if (fresh && pool != NULL) {
        if (held) pool->refs--; /* its first ref was for whoever made it; the holds alone keep it */
        else shared = NULL;
    }
    (void)pthread_mutex_unlock(&shared_mu);
    if (fresh && pool != NULL && !held) pool_free(pool);
    return held ? pool : NULL;
}

/* Ends a pool that nobody holds any more. */
static void pool_end(tern_executor *pool)
{
    bool own_thread = current_pool == pool;
    (void)pthread_mutex_lock(&pool->mu);
    pool->stop = true;
    pool->orphaned = own_thread;
    uint32_t started = pool->started;
    (void)pthread_cond_broadcast(&pool->runnable);
    (void)pthread_mutex_unlock(&pool->mu);
    if (own_thread) return;
    for (uint32_t i = 0; i < started; i++) (void)pthread_join(pool->threads[i], NULL);
    pool_free(pool);
}

void terni_executor_release(tern_executor *executor)
{
    if (executor == NULL || executor->is_inline) return;
    bool is_shared = executor->is_shared;
    if (is_shared) (void)pthread_mutex_lock(&shared_mu);
    (void)pthread_mutex_lock(&executor->mu);
    bool last = --executor->refs == 0;
    (void)pthread_mutex_unlock(&executor->mu);
    if (is_shared) {
        if (last) shared = NULL;
        (void)pthread_mutex_unlock(&shared_mu);
    }
    if (last) pool_end(executor);
}

void tern_executor_free(tern_executor *executor)
{
    terni_executor_release(executor);
}

void terni_executor_submit(tern_executor *pool, struct terni_lane *lane)
{
    (void)pthread_mutex_lock(&pool->mu);
    lane->next_runnable = NULL;
    if (pool->tail != NULL) pool->tail->next_runnable = lane;
    else pool->head = lane;
    pool->tail = lane;
    pool->queued++;
    bool wakes = pool->idle > 0;
    /* Threads that are woken but do not run yet still count as idle: one each for the queued lanes. */
    if (pool->queued > pool->idle && pool->started < pool->max_threads) (void)start_thread_locked(pool);
    (void)pthread_mutex_unlock(&pool->mu);
    if (wakes) (void)pthread_cond_signal(&pool->runnable); /* the caller's hold on the lane keeps the pool */
}

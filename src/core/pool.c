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
enum { BATCH = 64 }; /* items of one lane that a thread handles before it lets other lanes have a turn */

struct pool {
    tern_executor executor; /* its threads: at most so many */
    bool is_shared;
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

static pthread_mutex_t shared_mu = PTHREAD_MUTEX_INITIALIZER;
static struct pool *shared; /* under shared_mu; it holds no ref of its own */

static _Thread_local const struct pool *current_pool; /* the pool whose thread this is */

static struct pool *pool_of(tern_executor *executor)
{
    return (struct pool *)(void *)executor;
}

static bool pool_is_current(tern_executor *executor)
{
    return current_pool == pool_of(executor);
}

static uint32_t shared_threads(void)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    if (cores < SHARED_THREADS_MIN) return SHARED_THREADS_MIN;
    return cores > THREADS_MAX ? THREADS_MAX : (uint32_t)cores;
}

static void pool_destroy(struct pool *pool)
{
    assert(pool->head == NULL);
    (void)pthread_cond_destroy(&pool->runnable);
    (void)pthread_mutex_destroy(&pool->mu);
    free(pool->threads);
    free(pool);
}

static void *pool_thread(void *arg)
{
    struct pool *pool = arg;
    current_pool = pool;
    (void)pthread_mutex_lock(&pool->mu);
    for (;;) {
        struct terni_lane *lane = pool->head;
        if (lane != NULL) {
            pool->head = lane->next_runnable;
            if (pool->head == NULL) pool->tail = NULL;
            pool->queued--;
            (void)pthread_mutex_unlock(&pool->mu);
            (void)terni_lane_work(lane, BATCH);
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
    if (last) pool_destroy(pool);
    return NULL;
}

/* Starts one more thread. */
static bool start_thread_locked(struct pool *pool)
{
    bool ok = terni_thread_start(&pool->threads[pool->started], pool_thread, pool);
    if (ok) {
        pool->started++;
        pool->live++;
    }
    return ok;
}

static const terni_executor_class pool_class;

static struct pool *pool_create(uint32_t threads)
{
    struct pool *pool = calloc(1, sizeof *pool);
    if (pool == NULL) return NULL;
    pool->executor = (tern_executor){ .class = &pool_class, .threads = threads };
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
    struct pool *pool = pool_create(threads == 0 ? shared_threads() : threads);
    if (pool == NULL) return terni_fail_memory(err);
    *out_pool = &pool->executor;
    return TERN_OK;
}

/* Takes a hold on the pool, and sees that it has a thread. */
static bool pool_hold(tern_executor *executor)
{
    struct pool *pool = pool_of(executor);
    (void)pthread_mutex_lock(&pool->mu);
    bool ok = pool->started > 0 || start_thread_locked(pool);
    if (ok) pool->refs++;
    (void)pthread_mutex_unlock(&pool->mu);
    return ok;
}

tern_executor *terni_pool_use_shared(void)
{
    (void)pthread_mutex_lock(&shared_mu);
    bool fresh = shared == NULL;
    if (fresh) shared = pool_create(shared_threads());
    struct pool *pool = shared;
    if (fresh && pool != NULL) pool->is_shared = true;
    bool held = pool != NULL && pool_hold(&pool->executor);
    if (fresh && pool != NULL) {
        if (held) pool->refs--; /* its first ref was for whoever made it; the holds alone keep it */
        else shared = NULL;
    }
    (void)pthread_mutex_unlock(&shared_mu);
    if (fresh && pool != NULL && !held) pool_destroy(pool);
    return held ? &pool->executor : NULL;
}

/* Ends a pool that nobody holds any more. */
static void pool_end(struct pool *pool)
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
    pool_destroy(pool);
}

static void pool_release(tern_executor *executor)
{
    struct pool *pool = pool_of(executor);
    bool is_shared = pool->is_shared;
    if (is_shared) (void)pthread_mutex_lock(&shared_mu);
    (void)pthread_mutex_lock(&pool->mu);
    bool last = --pool->refs == 0;
    (void)pthread_mutex_unlock(&pool->mu);
    if (is_shared) {
        if (last) shared = NULL;
        (void)pthread_mutex_unlock(&shared_mu);
    }
    if (last) pool_end(pool);
}

static void pool_submit(tern_executor *executor, struct terni_lane *lane)
{
    struct pool *pool = pool_of(executor);
    (void)pthread_mutex_lock(&pool->mu);
    lane->next_runnable = NULL;
    if (pool->tail != NULL) pool->tail->next_runnable = lane;
    else pool->head = lane;
    pool->tail = lane;
    pool->queued++;
    bool wakes = pool->idle > 0;
    /* Threads that are woken but do not run yet still count as idle: one each for the queued lanes. */
    if (pool->queued > pool->idle && pool->started < pool->executor.threads) (void)start_thread_locked(pool);
    (void)pthread_mutex_unlock(&pool->mu);
    if (wakes) (void)pthread_cond_signal(&pool->runnable); /* the caller's hold on the lane keeps the pool */
}

static const terni_executor_class pool_class = { pool_hold,       pool_release, pool_release,
                                                 pool_is_current, pool_submit,  NULL };

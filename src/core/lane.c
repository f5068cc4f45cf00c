/* Who owns what: a lane is part of its owner (a subscription, say) and counts the holds on both. The
 * user's handle is one; each place in an executor's run queue is one; a running handler keeps the one of
 * the submission that started it. An item belongs to the lane from push to run or drop.
 *
 * mu guards the queue and the counters. It is never held while user code runs, and no other lock is
 * taken inside it.
 *
 * Order: with concurrency 1, at most one thread is between taking an item and the end of its handler
 * (active), so items are handled in the order pushed. A lane stands in the run queue at most once
 * (queued); the thread that takes it up puts it back before running an item, if there is room for one
 * more handler. So the threads wake each other up one by one, and only as far as there is work. Who waits for one item
 * in particular may run it out of its turn, within what it runs itself (terni_lane_run_item): so do only calls, whose
 * callbacks have no order.
 *
 * Who wakes whom: the end of a handler, and of what it deferred, wakes those who wait for quiet, if there are any. */
#include "core/lane.h"

#include <assert.h>

/* The handlers this thread is inside of, innermost first. */
typedef struct frame {
    const terni_lane *lane;
    const struct frame *outer;
} frame;

static _Thread_local const frame *innermost;

enum { LOOK_EVERY_MS = 5 };

bool terni_lane_init(terni_lane *lane, const terni_lane_class *class, const terni_lane_options *options)
{
    assert(options->concurrency >= 1);
    lane->class = class;
    lane->concurrency = options->concurrency;
    lane->items_limit = options->items_limit;
    lane->bytes_limit = options->bytes_limit;
    atomic_init(&lane->refs, 1);
    if (pthread_mutex_init(&lane->mu, NULL) != 0) return false;
    if (!terni_cond_init(&lane->quiet)) goto no_cond;
    lane->executor = terni_executor_use(options->executor);
    if (lane->executor != NULL) return true;
    (void)pthread_cond_destroy(&lane->quiet);
no_cond:
    (void)pthread_mutex_destroy(&lane->mu);
    return false;
}

void terni_lane_retain(terni_lane *lane)
{
    (void)atomic_fetch_add_explicit(&lane->refs, 1, memory_order_relaxed);
}

bool terni_lane_try_retain(terni_lane *lane)
{
    unsigned refs = atomic_load(&lane->refs);
    while (refs > 0)
        if (atomic_compare_exchange_weak(&lane->refs, &refs, refs + 1)) return true;
    return false;
}

void terni_lane_release(terni_lane *lane)
{
    if (atomic_fetch_sub_explicit(&lane->refs, 1, memory_order_acq_rel) == 1) lane->class->destroy(lane);
}

tern_executor *terni_lane_destroy(terni_lane *lane)
{
    assert(lane->head == NULL && lane->active == 0);
    (void)pthread_cond_destroy(&lane->quiet);
    (void)pthread_mutex_destroy(&lane->mu);
    return lane->executor;
}

/* Takes the item behind before (NULL: the first one) to be handled. */
static void take_after_locked(terni_lane *lane, terni_item *before, terni_item *item)
{
    if (before == NULL) lane->head = item->next;
    else before->next = item->next;
    if (lane->tail == item) lane->tail = before;
    lane->items--;
    lane->bytes -= item->size_bytes;
    if (lane->items == 0) lane->slow = false;
    lane->active++;
}

static terni_item *take_locked(terni_lane *lane)
{
    terni_item *item = lane->head;
    if (item == NULL || lane->closed) return NULL;
    take_after_locked(lane, NULL, item);
    return item;
}

static void run_one(terni_lane *lane, terni_item *item)
{
    frame here = { .lane = lane, .outer = innermost };
    innermost = &here;
    lane->class->run(lane, item);
    innermost = here.outer;
}

/* A call that is dropped tells the program, as a handler would. */
static void drop_one(terni_lane *lane, terni_item *item)
{
    frame here = { .lane = lane, .outer = innermost };
    innermost = &here;
    lane->class->drop(lane, item);
    innermost = here.outer;
}

static void finished_locked(terni_lane *lane)
{
    lane->active--;
    lane->handled++;
    if (lane->waiters > 0) (void)pthread_cond_broadcast(&lane->quiet);
}

/* Is the lane to be put into the run queue, since one more handler could start? Then the caller does so,
 * without the lock (submit), so that the woken thread need not wait for it. */
static bool wants_thread_locked(terni_lane *lane)
{
    if (lane->queued || lane->closed || lane->head == NULL || lane->active >= lane->concurrency) return false;
    lane->queued = true;
    return true;
}

/* Puts the lane into the run queue, with a hold for the executor. */
static void submit(terni_lane *lane)
{
    terni_lane_retain(lane);
    terni_executor_submit(lane->executor, lane);
}

size_t terni_lane_work(terni_lane *lane, size_t limit)
{
    size_t ran = 0;
    (void)pthread_mutex_lock(&lane->mu);
    lane->queued = false;
    while (ran < limit) {
        if (lane->active >= lane->concurrency) break; /* somebody else came first */
        terni_item *item = take_locked(lane);
        if (item == NULL) break;
        bool helped = wants_thread_locked(lane);
        (void)pthread_mutex_unlock(&lane->mu);
        if (helped) submit(lane);
        run_one(lane, item);
        ran++;
        (void)pthread_mutex_lock(&lane->mu);
        finished_locked(lane);
    }
    bool again = wants_thread_locked(lane);
    (void)pthread_mutex_unlock(&lane->mu);
    if (again) submit(lane);
    terni_lane_release(lane);
    return ran;
}

size_t terni_lane_pending(terni_lane *lane)
{
    (void)pthread_mutex_lock(&lane->mu);
    size_t items = lane->items;
    (void)pthread_mutex_unlock(&lane->mu);
    return items;
}

static bool over_limit_locked(const terni_lane *lane, const terni_item *item)
{
    if (lane->items_limit > 0 && lane->items >= lane->items_limit) return true;
    return lane->bytes_limit > 0 && lane->items > 0 && item->size_bytes > lane->bytes_limit - lane->bytes;
}

static void append_locked(terni_lane *lane, terni_item *item)
{
    item->next = NULL;
    if (lane->tail != NULL) lane->tail->next = item;
    else lane->head = item;
    lane->tail = item;
    lane->items++;
    lane->bytes += item->size_bytes;
}

static terni_push_result push(terni_lane *lane, terni_item *item, bool runs_inline)
{
    terni_push_result result = TERNI_PUSHED;
    bool dropped = false, submits = false;
    (void)pthread_mutex_lock(&lane->mu);
    lane->received++;
    if (lane->closed) {
        dropped = true;
    } else if (runs_inline) {
        lane->active++;
        (void)pthread_mutex_unlock(&lane->mu);
        run_one(lane, item);
        (void)pthread_mutex_lock(&lane->mu);
        finished_locked(lane);
    } else if (over_limit_locked(lane, item)) {
        dropped = true;
        result = lane->slow ? TERNI_PUSH_DROPPED : TERNI_PUSH_DROPPED_FIRST;
        lane->slow = true;
    } else {
        append_locked(lane, item);
        submits = !terni_executor_is_inline(lane->executor) && wants_thread_locked(lane);
    }
    if (dropped) lane->dropped++;
    (void)pthread_mutex_unlock(&lane->mu);
    if (submits) submit(lane);
    if (dropped) drop_one(lane, item);
    return result;
}

terni_push_result terni_lane_push(terni_lane *lane, terni_item *item)
{
    return push(lane, item, terni_executor_is_inline(lane->executor));
}

terni_push_result terni_lane_push_later(terni_lane *lane, terni_item *item)
{
    return push(lane, item, false);
}

void terni_lane_close(terni_lane *lane)
{
    (void)pthread_mutex_lock(&lane->mu);
    terni_item *item = lane->head;
    lane->closed = true;
    lane->dropped += lane->items;
    lane->head = lane->tail = NULL;
    lane->items = lane->bytes = 0;
    if (lane->waiters > 0) (void)pthread_cond_broadcast(&lane->quiet);
    (void)pthread_mutex_unlock(&lane->mu);
    while (item != NULL) {
        terni_item *next = item->next;
        drop_one(lane, item);
        item = next;
    }
}

void terni_lane_defer(terni_lane *lane)
{
    terni_lane_retain(lane);
    (void)pthread_mutex_lock(&lane->mu);
    (void)atomic_fetch_add_explicit(&lane->deferred, 1, memory_order_relaxed);
    (void)pthread_mutex_unlock(&lane->mu);
}

void terni_lane_finish(terni_lane *lane)
{
    (void)pthread_mutex_lock(&lane->mu);
    (void)atomic_fetch_sub_explicit(&lane->deferred, 1, memory_order_relaxed);
    if (lane->waiters > 0) (void)pthread_cond_broadcast(&lane->quiet);
    (void)pthread_mutex_unlock(&lane->mu);
    terni_lane_release(lane);
}

uint32_t terni_lane_deferred(const terni_lane *lane)
{
    return atomic_load_explicit(&lane->deferred, memory_order_relaxed);
}

static uint32_t depth_inside(const terni_lane *lane)
{
    uint32_t depth = 0;
    for (const frame *at = innermost; at != NULL; at = at->outer)
        if (at->lane == lane) depth++;
    return depth;
}

bool terni_lane_inside(const terni_lane *lane)
{
    return depth_inside(lane) > 0;
}

bool terni_lane_inside_any(void)
{
    return innermost != NULL;
}

bool terni_lane_inside_any_on(const tern_executor *executor)
{
    const frame *at = innermost;
    while (at != NULL && at->lane->executor != executor) at = at->outer;
    return at != NULL;
}

bool terni_lane_busy(terni_lane *lane)
{
    (void)pthread_mutex_lock(&lane->mu);
    bool busy = lane->active > depth_inside(lane);
    (void)pthread_mutex_unlock(&lane->mu);
    return busy;
}

/* Does a handler run that a thread so deep inside the lane's handlers must wait for? From inside, those that
 * wait themselves do not count: they would wait for each other. */
static bool handlers_run_locked(const terni_lane *lane, uint32_t inside)
{
    return lane->active > (inside > 0 ? lane->inside_waiting : 0);
}

/* A thread of the executor that waits for the lane to run empty handles an item itself, if it may: all the pool's
 * threads could be waiting so, and a queue has no other. */
static bool help_locked(terni_lane *lane)
{
    if (lane->active >= lane->concurrency) return false;
    terni_item *item = take_locked(lane);
    if (item == NULL) return false;
    (void)pthread_mutex_unlock(&lane->mu);
    run_one(lane, item);
    (void)pthread_mutex_lock(&lane->mu);
    finished_locked(lane);
    return true;
}

bool terni_lane_run_item(terni_lane *lane, terni_item *item)
{
    terni_item *before = NULL, *at;
    (void)pthread_mutex_lock(&lane->mu);
    for (at = lane->head; at != NULL && at != item; at = at->next) before = at;
    if (at != NULL) take_after_locked(lane, before, item); /* a closed lane has none */
    (void)pthread_mutex_unlock(&lane->mu);
    if (at == NULL) return false;
    run_one(lane, item);
    (void)pthread_mutex_lock(&lane->mu);
    finished_locked(lane);
    bool again = wants_thread_locked(lane);
    (void)pthread_mutex_unlock(&lane->mu);
    if (again) submit(lane);
    return true;
}

static bool empty_locked(const terni_lane *lane)
{
    return lane->head == NULL && (lane->closed || terni_lane_deferred(lane) == 0);
}

/* Is what the waiting thread waits for there? */
static bool settled_locked(const terni_lane *lane, uint32_t inside, bool until_empty)
{
    return !handlers_run_locked(lane, inside) && (!until_empty || empty_locked(lane));
}

/* Waits for a lane whose executor has no thread of its own: for a moment, since the thread that is to run it may have
 * ended. What a deferred item waits for may be something else that the executor holds. Returns whether this thread may
 * run the lane. */
static bool wait_a_moment_locked(terni_lane *lane, terni_time_ms deadline)
{
    bool only_deferred = lane->head == NULL && terni_lane_deferred(lane) > 0;
    (void)pthread_mutex_unlock(&lane->mu);
    if (only_deferred) terni_executor_run(lane->executor);
    bool helps = terni_executor_is_current(lane->executor);
    terni_time_ms moment = terni_deadline(LOOK_EVERY_MS);
    (void)pthread_mutex_lock(&lane->mu);
    if (lane->head == NULL || !helps)
        (void)terni_cond_wait_until(&lane->quiet, &lane->mu, moment < deadline ? moment : deadline);
    return helps;
}

static bool wait(terni_lane *lane, bool until_empty, terni_time_ms deadline)
{
    uint32_t inside = depth_inside(lane);
    bool in_time = true, helps = until_empty && terni_executor_is_current(lane->executor);
    bool looks = until_empty && terni_executor_needs_running(lane->executor);
    (void)pthread_mutex_lock(&lane->mu);
    lane->waiters++;
    lane->inside_waiting += inside;
    if (inside > 0) (void)pthread_cond_broadcast(&lane->quiet); /* others inside may wait just for this one */
    while (in_time && !settled_locked(lane, inside, until_empty)) {
        if (helps && help_locked(lane)) {
            in_time = terni_now_ms() < deadline;
        } else if (looks) {
            helps = wait_a_moment_locked(lane, deadline);
            in_time = terni_now_ms() < deadline;
        } else {
            in_time = terni_cond_wait_until(&lane->quiet, &lane->mu, deadline);
        }
    }
    bool done = settled_locked(lane, inside, until_empty);
    lane->inside_waiting -= inside;
    lane->waiters--;
    bool again = helps && wants_thread_locked(lane); /* what came while this thread helped */
    (void)pthread_mutex_unlock(&lane->mu);
    if (again) submit(lane);
    return done;
}

bool terni_lane_wait_quiet(terni_lane *lane, terni_time_ms deadline)
{
    return wait(lane, false, deadline);
}

bool terni_lane_wait_empty(terni_lane *lane, terni_time_ms deadline)
{
    return wait(lane, true, deadline);
}

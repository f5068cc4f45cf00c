/* Lanes: first-in-first-out queues of things to handle, run by an executor, at most so many at once. A
 * subscription has one, a service has one, a connection has one for its events. */
#ifndef TERNI_LANE_H
#define TERNI_LANE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/clock.h"
#include "core/executor.h"

typedef struct terni_item {
    struct terni_item *next;
    size_t size_bytes; /* what it counts for against the lane's limit */
} terni_item;

struct terni_lane;

/* What a lane is for. run handles an item and frees it; drop frees one that will not be handled.
 * Both may run on several threads at once, with no lock held. destroy frees the lane's owner, when
 * the last hold is gone; before that it calls terni_lane_destroy. */
typedef struct terni_lane_class {
    void (*run)(struct terni_lane *lane, terni_item *item);
    void (*drop)(struct terni_lane *lane, terni_item *item);
    void (*destroy)(struct terni_lane *lane);
} terni_lane_class;

typedef struct terni_lane_options {
    tern_executor *executor; /* as the user named it; NULL: the shared pool */
    uint32_t concurrency;    /* at least 1 */
    size_t items_limit;      /* 0: none */
    size_t bytes_limit;      /* 0: none */
} terni_lane_options;

typedef struct terni_lane {
    const terni_lane_class *class;
    tern_executor *executor;          /* held */
    struct terni_lane *next_runnable; /* the executor's, while queued, and so is due: */
    size_t due;                       /* items that a queue's dispatch is to run */
    atomic_uint refs;
    uint32_t concurrency;
    size_t items_limit, bytes_limit;

    pthread_mutex_t mu;   /* guards what follows */
    pthread_cond_t quiet; /* broadcast when waiters > 0 and a handler, or what it deferred, ended, or the lane closed */
    terni_item *head, *tail;
    size_t items, bytes;
    uint32_t active;         /* handlers running */
    uint32_t inside_waiting; /* of them, those that wait for the others in terni_lane_close or _drain */
    uint32_t waiters;
    atomic_uint deferred; /* changed under mu: handled, but not finished */
    bool queued;          /* with the executor */
    bool closed;          /* takes nothing, runs nothing more */
    bool slow;            /* has dropped since it last ran empty */
    uint64_t received, handled, dropped;
} terni_lane;

typedef enum terni_push_result {
    TERNI_PUSHED,
    TERNI_PUSH_DROPPED,      /* over a limit, in an episode already told of */
    TERNI_PUSH_DROPPED_FIRST /* over a limit, the first of an episode */
} terni_push_result;

/* Sets up a zeroed lane, with one hold on it. False: out of resources, and nothing to undo. */
bool terni_lane_init(terni_lane *lane, const terni_lane_class *class, const terni_lane_options *options);

/* Undoes terni_lane_init. Returns the executor, for terni_executor_release when the owner is freed: that may
 * wait for the pool's threads. */
tern_executor *terni_lane_destroy(terni_lane *lane);

void terni_lane_retain(terni_lane *lane);

/* The same, for who has no hold yet and only knows that the memory is there. False: it is being freed. */
bool terni_lane_try_retain(terni_lane *lane);
void terni_lane_release(terni_lane *lane);

/* Hands item over. On the inline executor it is handled before this returns. A closed lane drops it,
 * and says TERNI_PUSHED. */
terni_push_result terni_lane_push(terni_lane *lane, terni_item *item);

/* The same, but an inline lane only keeps it, for terni_lane_work. */
terni_push_result terni_lane_push_later(terni_lane *lane, terni_item *item);

/* Handles at most limit items, and returns how many. Called by the executor, with the hold that came with the
 * submission. */
size_t terni_lane_work(terni_lane *lane, size_t limit);

/* How many items wait. */
size_t terni_lane_pending(terni_lane *lane);

/* Takes and runs nothing more, and drops what is queued. */
void terni_lane_close(terni_lane *lane);

/* Waits until no handler runs but those that this thread is inside of. Of several handlers that wait
 * for each other so, all are let through. False: the deadline passed. */
bool terni_lane_wait_quiet(terni_lane *lane, terni_time_ms deadline);

/* The same, and until the queue is empty and nothing is deferred; but nothing deferred is waited for once the lane is
 * closed. */
bool terni_lane_wait_empty(terni_lane *lane, terni_time_ms deadline);

/* Runs an item out of its turn, and beyond the lane's concurrency, if it is queued: for a thread of the executor that
 * waits for this very item, perhaps inside a handler of the lane, as all the others may. The caller has a hold on the
 * lane. False: it is not queued. */
bool terni_lane_run_item(terni_lane *lane, terni_item *item);

/* Inside a handler: what it handles is finished only by terni_lane_finish, on any thread, and holds the lane until
 * then. */
void terni_lane_defer(terni_lane *lane);
void terni_lane_finish(terni_lane *lane);

/* How many are deferred now. Any thread, without a lock. */
uint32_t terni_lane_deferred(const terni_lane *lane);

/* Is this thread inside a handler of the lane? */
bool terni_lane_inside(const terni_lane *lane);

/* Is this thread inside a handler of any lane? Of any on executor? */
bool terni_lane_inside_any(void);
bool terni_lane_inside_any_on(const tern_executor *executor);

/* Does a handler run that this thread is not inside of? */
bool terni_lane_busy(terni_lane *lane);

#endif

/* Who owns what: a queue is shared by its holders (refs): the program, every lane on it, and a dispatch that runs. Each
 * lane in it comes with a hold on the lane. When the program has given its hold back, nobody will dispatch any more:
 * from then on the queue closes each lane that it holds or gets, so that nothing waits for ever in it, and the holds on
 * lanes do not keep the queue that these hold.
 *
 * A dispatch moves what has come (later) behind what is being run (now), and notes how many items each lane has at that
 * moment: it runs so many and no more. A lane that has more comes back as later. Both lists are the queue's, so that a
 * handler that waits for others may run what is left of now; the dispatch around it then finds less to do.
 *
 * The descriptor is an eventfd. It is written when a lane comes and the queue was empty, and read when a dispatch ends
 * and the queue is empty, both under mu; so it is readable exactly while there is a lane in the queue or one being run,
 * and a busy queue makes no system calls.
 *
 * The queue's thread is the one that dispatched last. While none has, or when that one has ended, every thread counts
 * as it: then a thread that waits for handlers runs them itself, rather than to wait for ever. Not so a thread that
 * stays out.
 *
 * Locks: mu guards all below it. Of other locks a lane's is taken inside it. */
#include "core/queue.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "core/error.h"
#include "core/lane.h"
#include "core/thread.h"

typedef struct lane_list {
    terni_lane *head, *tail; /* by next_runnable */
} lane_list;

struct queue {
    tern_executor executor;
    int event_fd;
    pthread_mutex_t mu;
    uint32_t refs;
    bool freed;           /* by the program */
    bool readable;        /* event_fd is */
    lane_list now, later; /* both empty once freed */
    terni_thread *thread; /* held; NULL: none has dispatched */
};

static const terni_executor_class queue_class;

static struct queue *queue_of(const tern_executor *executor)
{
    return (struct queue *)(uintptr_t)executor; /* for its lock */
}

bool terni_queue_is_one(const tern_executor *executor)
{
    return executor != NULL && executor->class == &queue_class;
}

/* ---- Lists ---- */

static void append(lane_list *list, terni_lane *lane)
{
    lane->next_runnable = NULL;
    if (list->tail != NULL) list->tail->next_runnable = lane;
    else list->head = lane;
    list->tail = lane;
}

static terni_lane *take_first(lane_list *list)
{
    terni_lane *lane = list->head;
    if (lane == NULL) return NULL;
    list->head = lane->next_runnable;
    if (list->head == NULL) list->tail = NULL;
    return lane;
}

static bool is_empty_locked(const struct queue *queue)
{
    return queue->now.head == NULL && queue->later.head == NULL;
}

/* ---- Life ---- */

tern_status tern_queue_new(tern_executor **out_queue, tern_error *err)
{
    if (out_queue == NULL) return terni_fail(err, TERN_INVALID_ARGUMENT, "out_queue is NULL");
    struct queue *queue = calloc(1, sizeof *queue);
    if (queue == NULL) return terni_fail_memory(err);
    queue->executor = (tern_executor){ .class = &queue_class, .threads = 1 };
    queue->refs = 1;
    queue->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (queue->event_fd < 0) goto no_fd;
    if (pthread_mutex_init(&queue->mu, NULL) != 0) goto no_mutex;
    *out_queue = &queue->executor;
    return TERN_OK;
no_mutex:
    (void)close(queue->event_fd);
no_fd:
    free(queue);
    return terni_fail(err, TERN_RESOURCE_EXHAUSTED, "no file descriptor for a queue");
}

static bool queue_hold(tern_executor *executor)
{
    struct queue *queue = queue_of(executor);
    (void)pthread_mutex_lock(&queue->mu);
    queue->refs++;
    (void)pthread_mutex_unlock(&queue->mu);
    return true;
}

static void queue_release(tern_executor *executor)
{
    struct queue *queue = queue_of(executor);
    (void)pthread_mutex_lock(&queue->mu);
    bool last = --queue->refs == 0;
    (void)pthread_mutex_unlock(&queue->mu);
    if (!last) return;
    terni_thread_release(queue->thread);
    (void)close(queue->event_fd);
    (void)pthread_mutex_destroy(&queue->mu);
    free(queue);
}

/* Nobody will run the lane. It stays queued, and so does not come again. */
static void refuse(terni_lane *lane)
{
    terni_lane_close(lane);
    terni_lane_release(lane);
}

/* The program's hold. */
static void queue_free(tern_executor *executor)
{
    struct queue *queue = queue_of(executor);
    (void)pthread_mutex_lock(&queue->mu);
    lane_list now = queue->now, later = queue->later;
    queue->now = queue->later = (lane_list){ .head = NULL };
    queue->freed = true;
    (void)pthread_mutex_unlock(&queue->mu);
    terni_lane *lane;
    while ((lane = take_first(&now)) != NULL || (lane = take_first(&later)) != NULL) refuse(lane);
    queue_release(executor);
}

/* ---- Coming and going ---- */

static void queue_submit(tern_executor *executor, terni_lane *lane)
{
    struct queue *queue = queue_of(executor);
    (void)pthread_mutex_lock(&queue->mu);
    bool freed = queue->freed;
    if (!freed) append(&queue->later, lane);
    if (!freed && !queue->readable) {
        uint64_t one = 1;
        ssize_t wrote = write(queue->event_fd, &one, sizeof one); /* fails only where it is readable */
        (void)wrote;
        queue->readable = true;
    }
    (void)pthread_mutex_unlock(&queue->mu);
    if (freed) refuse(lane);
}

static void take_up_locked(struct queue *queue)
{
    terni_lane *lane;
    while ((lane = take_first(&queue->later)) != NULL) {
        lane->due = terni_lane_pending(lane);
        append(&queue->now, lane);
    }
}

static void settle_locked(struct queue *queue)
{
    if (!queue->readable || !is_empty_locked(queue)) return;
    uint64_t count;
    ssize_t got = read(queue->event_fd, &count, sizeof count); /* fails only where it is not readable */
    (void)got;
    queue->readable = false;
}

size_t terni_queue_run(tern_executor *executor)
{
    struct queue *queue = queue_of(executor);
    terni_lane *lane;
    size_t ran = 0;
    (void)queue_hold(executor); /* a handler may free it */
    (void)pthread_mutex_lock(&queue->mu);
    take_up_locked(queue);
    while ((lane = take_first(&queue->now)) != NULL) {
        size_t due = lane->due;
        (void)pthread_mutex_unlock(&queue->mu);
        ran += terni_lane_work(lane, due);
        (void)pthread_mutex_lock(&queue->mu);
    }
    settle_locked(queue);
    (void)pthread_mutex_unlock(&queue->mu);
    queue_release(executor);
    return ran;
}

int tern_queue_fd(const tern_executor *queue)
{
    return terni_queue_is_one(queue) ? queue_of(queue)->event_fd : -1;
}

size_t tern_queue_dispatch(tern_executor *executor)
{
    if (!terni_queue_is_one(executor) || terni_lane_inside_any_on(executor)) return 0;
    struct queue *queue = queue_of(executor);
    terni_thread *self = terni_thread_self(), *before = NULL;
    (void)pthread_mutex_lock(&queue->mu);
    if (queue->thread != self) {
        before = queue->thread;
        queue->thread = self;
        if (self != NULL) terni_thread_retain(self);
    }
    (void)pthread_mutex_unlock(&queue->mu);
    terni_thread_release(before);
    return terni_queue_run(executor);
}

/* ---- Whose it is ---- */

static _Thread_local bool stays_out;

void terni_queue_stay_out(void)
{
    stays_out = true;
}

static bool queue_is_current(tern_executor *executor)
{
    struct queue *queue = queue_of(executor);
    const terni_thread *self = terni_thread_self();
    (void)pthread_mutex_lock(&queue->mu);
    const terni_thread *thread = queue->thread;
    bool nobodys = thread == NULL || atomic_load(&thread->ended);
    bool current = nobodys ? !stays_out : thread == self;
    (void)pthread_mutex_unlock(&queue->mu);
    return current;
}

bool terni_queue_is_own(tern_executor *executor)
{
    return terni_queue_is_one(executor) && queue_is_current(executor);
}

bool terni_queue_is_ready(tern_executor *executor)
{
    struct queue *queue = queue_of(executor);
    (void)pthread_mutex_lock(&queue->mu);
    bool ready = !is_empty_locked(queue);
    (void)pthread_mutex_unlock(&queue->mu);
    return ready;
}

static const terni_executor_class queue_class = { queue_hold, queue_release, queue_free, queue_is_current,
                                                  queue_submit };

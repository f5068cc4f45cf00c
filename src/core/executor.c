/* What all executors have in common, and the inline one, which is nothing but that: terni_lane_push runs the handlers
 * of its lanes. */
#include "core/executor.h"

#include "core/pool.h"

static bool inline_hold(tern_executor *executor)
{
    (void)executor;
    return true;
}

static void inline_release(tern_executor *executor)
{
    (void)executor;
}

static bool inline_is_current(tern_executor *executor)
{
    (void)executor;
    return false;
}

static const terni_executor_class inline_class = {
    .hold = inline_hold,
    .release = inline_release,
    .free = inline_release,
    .is_current = inline_is_current,
};

static tern_executor the_inline = { .class = &inline_class, .threads = 1 };

tern_executor *tern_executor_inline(void)
{
    return &the_inline;
}

void tern_executor_free(tern_executor *executor)
{
    if (executor != NULL) executor->class->free(executor);
}

tern_executor *terni_executor_use(tern_executor *executor)
{
    if (executor == NULL) return terni_pool_use_shared();
    return executor->class->hold(executor) ? executor : NULL;
}

void terni_executor_release(tern_executor *executor)
{
    if (executor != NULL) executor->class->release(executor);
}

bool terni_executor_is_inline(const tern_executor *executor)
{
    return executor == &the_inline;
}

bool terni_executor_is_current(tern_executor *executor)
{
    return executor->class->is_current(executor);
}

bool terni_executor_needs_running(const tern_executor *executor)
{
    return executor->class->run != NULL;
}

void terni_executor_run(tern_executor *executor)
{
    if (terni_executor_needs_running(executor) && terni_executor_is_current(executor))
        (void)executor->class->run(executor);
}

uint32_t terni_executor_threads(const tern_executor *executor)
{
    return executor->threads;
}

bool terni_executor_is_single(const tern_executor *executor)
{
    return executor != NULL && (terni_executor_is_inline(executor) || terni_executor_needs_running(executor));
}

void terni_executor_submit(tern_executor *executor, struct terni_lane *lane)
{
    executor->class->submit(executor, lane);
}

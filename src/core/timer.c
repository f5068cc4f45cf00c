/* Calls mostly have the same timeout, and mostly end in the order they began. So a timer that is not earlier than the
 * last of the list goes to its end, and is taken out of it by its neighbours alone. The others go to the heap: taking
 * one out pairs its children up, in all as many steps as the logarithm of how many there are, most of them to memory
 * that is not in the cache. */
#include "core/timer.h"

#include <assert.h>
#include <stddef.h>

/* Joins two heaps; either may be NULL. */
static terni_timer *meld(terni_timer *a, terni_timer *b)
{
    if (a == NULL || b == NULL) return a == NULL ? b : a;
    if (b->at < a->at) {
        terni_timer *earlier = b;
        b = a;
        a = earlier;
    }
    b->back = a;
    b->next = a->child;
    if (a->child != NULL) a->child->back = b;
    a->child = b;
    return a;
}

/* Makes one heap of a list of siblings: pairs from left to right, then all of these from right to left. */
static terni_timer *meld_siblings(terni_timer *first)
{
    terni_timer *pairs = NULL, *heap = NULL;
    while (first != NULL) {
        terni_timer *a = first, *b = first->next;
        first = b == NULL ? NULL : b->next;
        a->next = a->back = NULL;
        if (b != NULL) b->next = b->back = NULL;
        a = meld(a, b);
        a->next = pairs;
        pairs = a;
    }
    while (pairs != NULL) {
        terni_timer *next = pairs->next;
        pairs->next = NULL;
        heap = meld(heap, pairs);
        pairs = next;
    }
    return heap;
}

/* Takes a node other than the root away from its parent and siblings. */
static void cut(terni_timer *timer)
{
    if (timer->back->child == timer) timer->back->child = timer->next;
    else timer->back->next = timer->next;
    if (timer->next != NULL) timer->next->back = timer->back;
    timer->next = timer->back = NULL;
}

static void take_from_heap(terni_timers *timers, terni_timer *timer)
{
    bool is_root = timers->root == timer;
    if (!is_root) cut(timer);
    terni_timer *rest = meld_siblings(timer->child);
    timers->root = is_root ? rest : meld(timers->root, rest);
    timer->child = NULL;
}

static void append(terni_timers *timers, terni_timer *timer)
{
    timer->back = timers->last;
    if (timer->back != NULL) timer->back->next = timer;
    else timers->first = timer;
    timers->last = timer;
}

static void take_from_list(terni_timers *timers, terni_timer *timer)
{
    if (timer->back != NULL) timer->back->next = timer->next;
    else timers->first = timer->next;
    if (timer->next != NULL) timer->next->back = timer->back;
    else timers->last = timer->back;
    timer->next = timer->back = NULL;
}

void terni_timer_disarm(terni_timers *timers, terni_timer *timer)
{
    if (timer->place == TERNI_TIMER_LISTED) take_from_list(timers, timer);
    if (timer->place == TERNI_TIMER_HEAPED) take_from_heap(timers, timer);
    timer->place = TERNI_TIMER_NOWHERE;
}

void terni_timer_arm(terni_timers *timers, terni_timer *timer, terni_time_ms at)
{
    terni_timer_disarm(timers, timer);
    assert(timer->child == NULL && timer->next == NULL && timer->back == NULL);
    timer->at = at;
    if (timers->last == NULL || at >= timers->last->at) {
        timer->place = TERNI_TIMER_LISTED;
        append(timers, timer);
    } else {
        timer->place = TERNI_TIMER_HEAPED;
        timers->root = meld(timers->root, timer);
    }
}

static terni_timer *earliest(const terni_timers *timers)
{
    terni_timer *first = timers->first, *root = timers->root;
    if (first == NULL || root == NULL) return first == NULL ? root : first;
    return root->at < first->at ? root : first;
}

terni_timer *terni_timers_due(terni_timers *timers, terni_time_ms now)
{
    terni_timer *timer = earliest(timers);
    if (timer == NULL || timer->at > now) return NULL;
    terni_timer_disarm(timers, timer);
    return timer;
}

terni_time_ms terni_timers_next(const terni_timers *timers)
{
    const terni_timer *timer = earliest(timers);
    return timer == NULL ? TERNI_NEVER : timer->at;
}

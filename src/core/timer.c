/* Calls mostly have the same timeout, so a new timer is mostly the latest: it becomes a child of the root in a few
 * instructions. Taking one out pairs its children up: in all, as many steps as the logarithm of how many there are. */
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

void terni_timer_disarm(terni_timers *timers, terni_timer *timer)
{
    if (!timer->armed) return;
    bool is_root = timers->root == timer;
    if (!is_root) cut(timer);
    terni_timer *rest = meld_siblings(timer->child);
    timers->root = is_root ? rest : meld(timers->root, rest);
    timer->child = NULL;
    timer->armed = false;
}

void terni_timer_arm(terni_timers *timers, terni_timer *timer, terni_time_ms at)
{
    terni_timer_disarm(timers, timer);
    assert(timer->child == NULL && timer->next == NULL && timer->back == NULL);
    timer->at = at;
    timer->armed = true;
    timers->root = meld(timers->root, timer);
}

terni_timer *terni_timers_due(terni_timers *timers, terni_time_ms now)
{
    terni_timer *earliest = timers->root;
    if (earliest == NULL || earliest->at > now) return NULL;
    terni_timer_disarm(timers, earliest);
    return earliest;
}

terni_time_ms terni_timers_next(const terni_timers *timers)
{
    return timers->root == NULL ? TERNI_NEVER : timers->root->at;
}

/* Timers of one thread: a list of those that were armed in their order, and a pairing heap of the others; the nodes
 * are part of what waits, so that adding one cannot fail. */
#ifndef TERNI_TIMER_H
#define TERNI_TIMER_H

#include "core/clock.h"

typedef enum terni_timer_place { TERNI_TIMER_NOWHERE, TERNI_TIMER_LISTED, TERNI_TIMER_HEAPED } terni_timer_place;

/* Zeroed while it is nowhere. */
typedef struct terni_timer {
    struct terni_timer *child, *next; /* in the heap: the first child; the next sibling, or in the list the next */
    struct terni_timer *back;         /* the one before; of a first child the parent */
    terni_time_ms at;
    terni_timer_place place;
} terni_timer;

typedef struct terni_timers {
    terni_timer *first, *last; /* of the list, from the earliest to the latest */
    terni_timer *root;         /* of the heap, the earliest */
} terni_timers;

/* Arms a timer, or moves it to another time. */
void terni_timer_arm(terni_timers *timers, terni_timer *timer, terni_time_ms at);

/* Disarms it, if it is armed. */
void terni_timer_disarm(terni_timers *timers, terni_timer *timer);

/* Takes the earliest out if its time has come; NULL: none has. */
terni_timer *terni_timers_due(terni_timers *timers, terni_time_ms now);

/* When the earliest is due; TERNI_NEVER: there is none. */
terni_time_ms terni_timers_next(const terni_timers *timers);

#endif

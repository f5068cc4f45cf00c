/* Timers of one thread: a pairing heap whose nodes are part of what waits, so that adding one cannot fail. */
#ifndef TERNI_TIMER_H
#define TERNI_TIMER_H

#include <stdbool.h>

#include "core/clock.h"

/* Zeroed when it is in no heap. */
typedef struct terni_timer {
    struct terni_timer *child, *next; /* the first child; the next sibling */
    struct terni_timer *back;         /* the sibling before, or the parent of the first child */
    terni_time_ms at;
    bool armed;
} terni_timer;

typedef struct terni_timers {
    terni_timer *root; /* the earliest */
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

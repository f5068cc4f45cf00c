/* What a target demands: where it does not hold, the input has found something. */
#ifndef FUZZ_NEED_H
#define FUZZ_NEED_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

/* Says what was demanded, and aborts, unless it holds. */
static inline void need(bool holds, const char *what)
{
    if (holds) return;
    fprintf(stderr, "does not hold: %s\n", what);
    abort();
}

#endif

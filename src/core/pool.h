/* Thread pools: executors that run lanes on threads of their own. */
#ifndef TERNI_POOL_H
#define TERNI_POOL_H

#include "core/executor.h"

/* The pool that the whole process shares, with a hold on it. NULL: out of resources. */
tern_executor *terni_pool_use_shared(void);

#endif

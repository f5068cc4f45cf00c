/* What every test includes: Criterion, or (TERN_TEST_STANDIN) the stand-in for it, and the shared helpers.
 * Assert only on the test's own thread; another thread counts in a gate what the test then looks at. */
#ifndef TEST_TEST_H
#define TEST_TEST_H

#ifdef TERN_TEST_STANDIN
#include "standin.h"
#else
#include <criterion/criterion.h>
#endif

#include "check.h"

#endif

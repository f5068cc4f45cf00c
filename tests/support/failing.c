#include "failing.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

static atomic_int countdown; /* the allocation that makes it 0 fails; 0: none will */
static atomic_int failed;    /* how many did */

static bool fails(void)
{
    int left = atomic_load(&countdown);
    while (left > 0)
        if (atomic_compare_exchange_weak(&countdown, &left, left - 1)) {
            if (left > 1) return false;
            atomic_fetch_add(&failed, 1);
            return true;
        }
    return false;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *pointer, size_t size);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t size);
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *arg);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *pointer, size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t size);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *arg);

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}
void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : __real_calloc(count, size);
}
void *__wrap_realloc(void *pointer, size_t size)
{
    return fails() ? NULL : __real_realloc(pointer, size);
}
char *__wrap_strdup(const char *text)
{
    return fails() ? NULL : __real_strdup(text);
}
char *__wrap_strndup(const char *text, size_t size)
{
    return fails() ? NULL : __real_strndup(text, size);
}

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *arg)
{
    return fails() ? EAGAIN : __real_pthread_create(thread, attributes, run, arg);
}

void fail_nth(int n)
{
    atomic_store(&failed, 0);
    atomic_store(&countdown, n);
}

bool stop_failing(void)
{
    atomic_store(&countdown, 0);
    return atomic_load(&failed) > 0;
}

void check_survived(tern_status status, const tern_error *err, const char *what, int n)
{
    bool fine = status == TERN_OK || status == TERN_RESOURCE_EXHAUSTED;
    cr_assert(fine, "%s, allocation %d fails: %s (%s), wanted OK or RESOURCE_EXHAUSTED", what, n,
              tern_status_name(status), fine ? "" : err->text);
}

int failing_pause(void)
{
    return atomic_exchange(&countdown, 0);
}

void failing_resume(int n)
{
    atomic_store(&countdown, n);
}

/* For LD_PRELOAD: the allocation numbered FAIL_AT in the environment (from 1) fails, and only it.
 * Where the program made fewer, it says so on stderr as it ends. */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

/* glibc's own, under the names that it keeps for replacements of malloc. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *block, size_t size);

static long made;
static long failing = -1; /* its number; 0: none; -1: not yet read */

static int fails(void)
{
    if (failing < 0) {
        const char *at = getenv("FAIL_AT");

        failing = at == NULL ? 0 : atol(at);
    }
    made++;
    if (made != failing) return 0;
    errno = ENOMEM;
    return 1;
}

__attribute__((destructor)) static void tell_where_none_failed(void)
{
    static const char told[] = "fewer allocations\n";

    if (made < failing && write(2, told, sizeof told - 1) < 0) abort();
}

void *malloc(size_t size)
{
    return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return fails() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *block, size_t size)
{
    return fails() ? NULL : __libc_realloc(block, size);
}

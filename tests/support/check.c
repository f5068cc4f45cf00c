#include "check.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define WITH_LSAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_LSAN 1
#endif
#endif

#ifdef WITH_LSAN
#include <sanitizer/lsan_interface.h>
#endif

long test_now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000L + now.tv_nsec / 1000;
}

long test_now_ms(void)
{
    return test_now_us() / 1000;
}

void test_sleep_ms(int duration_ms)
{
    struct timespec left = { duration_ms / 1000, duration_ms % 1000 * 1000000L };

    while (nanosleep(&left, &left) != 0 && errno == EINTR) continue;
}

bool wait_until(bool (*is_true)(void *arg), void *arg, int timeout_ms)
{
    long deadline_ms = test_now_ms() + timeout_ms;

    while (!is_true(arg)) {
        if (test_now_ms() >= deadline_ms) return is_true(arg);
        test_sleep_ms(1);
    }
    return true;
}

void gate_init(struct test_gate *gate)
{
    pthread_condattr_t attr;

    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_mutex_init(&gate->lock, NULL);
    pthread_cond_init(&gate->changed, &attr);
    pthread_condattr_destroy(&attr);
    gate->count = 0;
}

void gate_destroy(struct test_gate *gate)
{
    pthread_cond_destroy(&gate->changed);
    pthread_mutex_destroy(&gate->lock);
}

void gate_add(struct test_gate *gate, int n)
{
    pthread_mutex_lock(&gate->lock);
    gate->count += n;
    pthread_cond_broadcast(&gate->changed); /* under the lock: the waiter may destroy the gate afterwards */
    pthread_mutex_unlock(&gate->lock);
}

void gate_open(struct test_gate *gate)
{
    gate_add(gate, 1);
}

bool gate_wait(struct test_gate *gate, int at_least, int timeout_ms)
{
    struct timespec deadline;
    bool reached;
    int rc = 0;

    clock_gettime(CLOCK_MONOTONIC, &deadline);
    deadline.tv_sec += timeout_ms / 1000;
    deadline.tv_nsec += timeout_ms % 1000 * 1000000L;
    if (deadline.tv_nsec >= 1000000000L) {
        deadline.tv_sec++;
        deadline.tv_nsec -= 1000000000L;
    }
    pthread_mutex_lock(&gate->lock);
    while (gate->count < at_least && rc == 0) rc = pthread_cond_timedwait(&gate->changed, &gate->lock, &deadline);
    reached = gate->count >= at_least;
    pthread_mutex_unlock(&gate->lock);
    return reached;
}

int gate_count(struct test_gate *gate)
{
    int count;

    pthread_mutex_lock(&gate->lock);
    count = gate->count;
    pthread_mutex_unlock(&gate->lock);
    return count;
}

void gate_reset(struct test_gate *gate)
{
    pthread_mutex_lock(&gate->lock);
    gate->count = 0;
    pthread_mutex_unlock(&gate->lock);
}

static int count_entries(const char *path)
{
    DIR *folder = opendir(path);
    int count = 0;

    if (folder == NULL) return -1;
    while (readdir(folder) != NULL) count++;
    closedir(folder);
    return count - 2; /* "." and ".." */
}

int test_count_threads(void)
{
    return count_entries("/proc/self/task");
}

int test_count_fds(void)
{
    return count_entries("/proc/self/fd") - 1; /* without the one that reads the folder */
}

size_t test_rss_bytes(void)
{
    FILE *file = fopen("/proc/self/statm", "re");
    unsigned long pages = 0;

    if (file == NULL) return 0;
    if (fscanf(file, "%*u %lu", &pages) != 1) pages = 0;
    fclose(file);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

static bool has_at_most(void *arg)
{
    return test_count_threads() <= *(int *)arg;
}

bool test_wait_threads(int at_most, int timeout_ms)
{
    return wait_until(has_at_most, &at_most, timeout_ms);
}

bool test_same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

const char *test_shown(const char *text)
{
    return text != NULL ? text : "(null)";
}

size_t test_first_difference(const void *a, size_t a_bytes, const void *b, size_t b_bytes)
{
    const unsigned char *left = a;
    const unsigned char *right = b;
    size_t at = 0;

    while (at < a_bytes && at < b_bytes && left[at] == right[at]) at++;
    return at == a_bytes && at == b_bytes ? (size_t)-1 : at;
}

#if defined(WITH_LSAN) && !defined(TERN_TEST_STANDIN)
static bool leaks_wanted;

/* LeakSanitizer asks this. Criterion 2.4.1's own process leaks a little when it runs tests side by side, which would
 * fail a run whose tests all passed; a test's process only ever fails by the explicit check below. */
int __lsan_is_turned_off(void)
{
    return !leaks_wanted;
}
#endif

bool test_has_no_leaks(void)
{
#if defined(WITH_LSAN) && !defined(TERN_TEST_STANDIN)
    leaks_wanted = true;
#endif
#ifdef WITH_LSAN
    return __lsan_do_recoverable_leak_check() == 0;
#else
    return true;
#endif
}

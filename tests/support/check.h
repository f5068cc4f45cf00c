/* What every test shares: assertions that print both sides, waiting for events, counting what a test may leak. */
#ifndef TEST_CHECK_H
#define TEST_CHECK_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* ---- Time ---- */

/* Milliseconds and microseconds of a clock that never steps. */
long test_now_ms(void);
long test_now_us(void);

/* For the inside of polling loops; a test waits for events, never for time. */
void test_sleep_ms(int duration_ms);

/* Asks is_true(arg) every millisecond until it is; false when timeout_ms passes first. */
bool wait_until(bool (*is_true)(void *arg), void *arg, int timeout_ms);

/* ---- Gate: one thread counts events, another waits for so many ---- */

struct test_gate {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int count; /* guarded by lock */
};

void gate_init(struct test_gate *gate);
void gate_destroy(struct test_gate *gate);

/* Counts n events, or one. Any thread; after it a gate_wait that saw the count may destroy the gate. */
void gate_add(struct test_gate *gate, int n);
void gate_open(struct test_gate *gate);

/* Waits until at least that many events were counted; false when timeout_ms passes first. */
bool gate_wait(struct test_gate *gate, int at_least, int timeout_ms);

int gate_count(struct test_gate *gate);

/* Sets the count back to 0. */
void gate_reset(struct test_gate *gate);

/* ---- Counts of this process ---- */

int test_count_threads(void);
int test_count_fds(void);
size_t test_rss_bytes(void);

/* Waits until the process has at most so many threads (a joined thread shows for a moment longer). */
bool test_wait_threads(int at_most, int timeout_ms);

/* ---- Assertions: each evaluates its sides once and prints both when they differ ---- */

#define check_int(actual, expected) check_int_(actual, ==, expected)
#define check_int_not(actual, other) check_int_(actual, !=, other)
#define check_int_less(actual, limit) check_int_(actual, <, limit)
#define check_int_at_most(actual, limit) check_int_(actual, <=, limit)
#define check_int_at_least(actual, limit) check_int_(actual, >=, limit)

#define check_int_(a, op, b)                                                                                           \
    do {                                                                                                               \
        long long check_a_ = (long long)(a);                                                                           \
        long long check_b_ = (long long)(b);                                                                           \
        cr_assert(check_a_ op check_b_, "%s is %lld, wanted %s %s, which is %lld", #a, check_a_, #op, #b, check_b_);   \
    } while (0)

#define check_true(condition) cr_assert((condition), "%s is false", #condition)
#define check_false(condition) cr_assert(!(condition), "%s is true", #condition)

#define check_str(actual, expected)                                                                                    \
    do {                                                                                                               \
        const char *check_a_ = (actual);                                                                               \
        const char *check_b_ = (expected);                                                                             \
        cr_assert(test_same_text(check_a_, check_b_), "%s is \"%s\", wanted \"%s\"", #actual, test_shown(check_a_),    \
                  test_shown(check_b_));                                                                               \
    } while (0)

/* The text holds the part. */
#define check_str_has(text, part)                                                                                      \
    do {                                                                                                               \
        const char *check_a_ = (text);                                                                                 \
        const char *check_b_ = (part);                                                                                 \
        cr_assert(check_a_ != NULL && strstr(check_a_, check_b_) != NULL, "%s is \"%s\", wanted \"%s\" in it", #text,  \
                  test_shown(check_a_), check_b_);                                                                     \
    } while (0)

/* Byte ranges: the message gives both sizes and the first place where they differ. */
#define check_bytes(actual, actual_bytes, expected, expected_bytes)                                                    \
    do {                                                                                                               \
        const void *check_a_ = (actual);                                                                               \
        const void *check_b_ = (expected);                                                                             \
        size_t check_m_ = (actual_bytes);                                                                              \
        size_t check_n_ = (expected_bytes);                                                                            \
        size_t check_at_ = test_first_difference(check_a_, check_m_, check_b_, check_n_);                              \
        cr_assert(check_at_ == (size_t)-1, "%s has %zu bytes, wanted %zu; they differ from byte %zu on", #actual,      \
                  check_m_, check_n_, check_at_);                                                                      \
    } while (0)

bool test_same_text(const char *a, const char *b);
const char *test_shown(const char *text);
size_t test_first_difference(const void *a, size_t a_bytes, const void *b, size_t b_bytes);

/* ---- Leaks ---- */

/* Fails the test if memory has leaked. The last line of a test's body: LeakSanitizer's own report when the process
 * ends does not fail a Criterion test. Without AddressSanitizer it does nothing. */
#define test_check_leaks() cr_assert(test_has_no_leaks(), "memory leaked, see LeakSanitizer's report")

bool test_has_no_leaks(void);

#endif

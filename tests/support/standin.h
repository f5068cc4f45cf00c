/* A small stand-in for the part of Criterion that the tests use, for ThreadSanitizer, under which libcriterion
 * crashes. Same spelling as Criterion 2.4.1's: messages are optional and their format is a literal. */
#ifndef TEST_STANDIN_H
#define TEST_STANDIN_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct standin_options {
    double timeout; /* seconds; 0: 60 */
    void (*init)(void);
    void (*fini)(void);
    const char *description;
    bool disabled;
    bool standin_end_; /* keeps the initializer legal when a test names no option */
};

struct standin_test {
    const char *suite;
    const char *name;
    void (*run)(void);
    struct standin_options options;
    struct standin_test *next;
};

/* Called before main for each test. */
void standin_register(struct standin_test *test);

/* Prints the failure and ends the test's process. */
_Noreturn void standin_fail(const char *file, int line, const char *what, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
_Noreturn void standin_skip(const char *format, ...) __attribute__((format(printf, 1, 2)));
void standin_log(const char *format, ...) __attribute__((format(printf, 1, 2)));

#define Test(suite_, name_, ...)                                                                                       \
    static void standin_run_##suite_##_##name_(void);                                                                  \
    __attribute__((constructor)) static void standin_add_##suite_##_##name_(void)                                      \
    {                                                                                                                  \
        static struct standin_test test = { .suite = #suite_,                                                          \
                                            .name = #name_,                                                            \
                                            .run = standin_run_##suite_##_##name_,                                     \
                                            .options = { .standin_end_ = true, __VA_ARGS__ } };                        \
        standin_register(&test);                                                                                       \
    }                                                                                                                  \
    static void standin_run_##suite_##_##name_(void)

#define cr_assert(condition, ...)                                                                                      \
    do {                                                                                                               \
        if (!(condition)) standin_fail(__FILE__, __LINE__, #condition, " " __VA_ARGS__);                               \
    } while (0)

#define cr_assert_not(condition, ...) cr_assert(!(condition), __VA_ARGS__)
#define cr_assert_fail(...) standin_fail(__FILE__, __LINE__, "reached", " " __VA_ARGS__)
#define cr_assert_eq(a, b, ...) cr_assert((a) == (b), __VA_ARGS__)
#define cr_assert_neq(a, b, ...) cr_assert((a) != (b), __VA_ARGS__)
#define cr_assert_lt(a, b, ...) cr_assert((a) < (b), __VA_ARGS__)
#define cr_assert_leq(a, b, ...) cr_assert((a) <= (b), __VA_ARGS__)
#define cr_assert_gt(a, b, ...) cr_assert((a) > (b), __VA_ARGS__)
#define cr_assert_geq(a, b, ...) cr_assert((a) >= (b), __VA_ARGS__)
#define cr_assert_null(a, ...) cr_assert((a) == NULL, __VA_ARGS__)
#define cr_assert_not_null(a, ...) cr_assert((a) != NULL, __VA_ARGS__)
#define cr_assert_str_eq(a, b, ...) cr_assert(strcmp((a), (b)) == 0, __VA_ARGS__)
#define cr_assert_str_neq(a, b, ...) cr_assert(strcmp((a), (b)) != 0, __VA_ARGS__)
#define cr_assert_arr_eq(a, b, size_bytes, ...) cr_assert(memcmp((a), (b), (size_bytes)) == 0, __VA_ARGS__)

#define cr_skip_test(...) standin_skip(" " __VA_ARGS__)
#define cr_log_info(...) standin_log(__VA_ARGS__)
#define cr_log_warn(...) standin_log(__VA_ARGS__)
#define cr_log_error(...) standin_log(__VA_ARGS__)

#endif

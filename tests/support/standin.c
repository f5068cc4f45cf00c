/* Runs each test in a forked child, one after the other. A test passes when its process ends with 0 in time: an
 * assertion, a signal, and a sanitizer's own exit status all fail it. */
#include "standin.h"

#include <errno.h>
#include <fnmatch.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define DEFAULT_TIMEOUT_S 60.0
#define EXIT_FAILED 1
#define EXIT_SKIPPED 77

enum result { PASSED, FAILED, SKIPPED };

static struct standin_test *tests;

static int compare(const struct standin_test *a, const struct standin_test *b)
{
    int suite = strcmp(a->suite, b->suite);

    return suite != 0 ? suite : strcmp(a->name, b->name);
}

/* Kept sorted by name, as Criterion does. */
void standin_register(struct standin_test *test)
{
    struct standin_test **at = &tests;

    while (*at != NULL && compare(*at, test) <= 0) at = &(*at)->next;
    test->next = *at;
    *at = test;
}

void standin_fail(const char *file, int line, const char *what, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fprintf(stderr, "%s:%d: assertion failed: %s:", file, line, what);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    fflush(NULL);
    _exit(EXIT_FAILED);
}

/* exit, not _exit: a race that was found before still decides the status. */
void standin_skip(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    exit(EXIT_SKIPPED);
}

void standin_log(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
}

static double now_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void *return_at_once(void *arg)
{
    return arg;
}

/* ThreadSanitizer adds a thread of its own when a forked child makes its first; have it before the test counts. */
static void settle_threads(void)
{
    pthread_t thread;

    if (pthread_create(&thread, NULL, return_at_once, NULL) == 0) pthread_join(thread, NULL);
}

_Noreturn static void run_here(const struct standin_test *test)
{
    settle_threads();
    if (test->options.init != NULL) test->options.init();
    test->run();
    if (test->options.fini != NULL) test->options.fini();
    exit(0);
}

static enum result judge(int status, const char **out_why, char *why, size_t why_bytes)
{
    *out_why = why;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return PASSED;
    if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SKIPPED) return SKIPPED;
    if (WIFSIGNALED(status)) {
        snprintf(why, why_bytes, "signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
    } else if (WEXITSTATUS(status) == EXIT_FAILED) {
        snprintf(why, why_bytes, "assertion");
    } else {
        snprintf(why, why_bytes, "exit status %d", WEXITSTATUS(status));
    }
    return FAILED;
}

static enum result run_forked(const struct standin_test *test, const char **out_why, char *why, size_t why_bytes)
{
    double timeout_s = test->options.timeout > 0 ? test->options.timeout : DEFAULT_TIMEOUT_S;
    double deadline_s = now_s() + timeout_s;
    struct timespec step = { 0, 1000000 };
    int status = 0;
    pid_t pid, ended;

    fflush(NULL);
    pid = fork();
    if (pid == 0) run_here(test);
    if (pid < 0) {
        *out_why = "fork failed";
        return FAILED;
    }
    while ((ended = waitpid(pid, &status, WNOHANG)) == 0 || (ended < 0 && errno == EINTR)) {
        if (now_s() > deadline_s) {
            kill(pid, SIGKILL);
            while (waitpid(pid, &status, 0) < 0 && errno == EINTR) continue;
            snprintf(why, why_bytes, "timed out after %g s", timeout_s);
            *out_why = why;
            return FAILED;
        }
        nanosleep(&step, NULL);
    }
    return judge(status, out_why, why, why_bytes);
}

static const char *parse_filter(int argc, char **argv)
{
    int i;

    for (i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--filter") == 0 && i + 1 < argc) return argv[i + 1];
        if (strncmp(argv[i], "--filter=", 9) == 0) return argv[i] + 9;
    }
    return "*";
}

/* Other arguments of Criterion's are accepted and ignored. */
int main(int argc, char **argv)
{
    const char *filter = parse_filter(argc, argv);
    int counts[3] = { 0, 0, 0 };
    const struct standin_test *test;
    char full_name[256], buffer[128];
    const char *why;

    for (test = tests; test != NULL; test = test->next) {
        enum result result = SKIPPED;
        double begun_s = now_s();

        snprintf(full_name, sizeof full_name, "%s/%s", test->suite, test->name);
        if (fnmatch(filter, full_name, 0) != 0) continue;
        buffer[0] = '\0';
        why = buffer;
        if (!test->options.disabled) result = run_forked(test, &why, buffer, sizeof buffer);
        counts[result]++;
        if (result == FAILED) printf("[FAIL] %s::%s: %s\n", test->suite, test->name, why);
        else
            printf("[%s] %s::%s (%.2fs)\n", result == PASSED ? "PASS" : "SKIP", test->suite, test->name,
                   now_s() - begun_s);
        fflush(stdout);
    }
    if (counts[SKIPPED] > 0) printf("%d skipped\n", counts[SKIPPED]);
    printf("%d passed, %d failed\n", counts[PASSED], counts[FAILED]);
    return counts[FAILED] > 0 ? 1 : 0;
}

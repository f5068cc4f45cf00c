/* A program run for a test, which dies when the test's process does, whichever thread started it. */
#ifndef TEST_CHILD_H
#define TEST_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

/* Filled by child_start; one thread at a time may use it. */
struct child {
    pid_t pid;        /* the program; 0 when none runs */
    pid_t keeper_pid; /* its parent, a child of the test's process */
    int link_fd;      /* reads end-of-file once the program is gone */
    int exit_code;    /* after the end: the exit status, or 128 + the signal's number */
};

/* Runs path with argv, its output appended to log_path. hold_fd (-1: none) stays open until the program is gone,
 * even when the test's process dies first. Aborts the test when the process cannot be made. */
void child_start(struct child *child, const char *path, char *const argv[], const char *log_path, int hold_fd);

/* Whether the program still runs. */
bool child_is_running(struct child *child);

/* Waits until the program has ended; false when timeout_ms passes first. */
bool child_wait(struct child *child, int timeout_ms);

/* Sends a signal to the program, if it still runs. */
void child_signal(struct child *child, int signal_number);

/* Ends the program with SIGKILL, if it still runs, and waits until it is gone. */
void child_kill(struct child *child);

#endif

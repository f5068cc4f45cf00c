/* A private folder that is gone when the test is, however the test ends. */
#ifndef TEST_TEMPDIR_H
#define TEST_TEMPDIR_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

/* Filled by tempdir_make; read-only for users. */
struct tempdir {
    char path[256]; /* absolute, no trailing slash */
    int hold_fd;    /* the guard removes the folder when the last copy of this closes */
    pid_t guard_pid;
};

/* Makes the folder, readable by its owner only, under $TMPDIR or /tmp. Aborts the test when it cannot.
 * A guard process removes the folder should the test die before tempdir_remove; with TEST_KEEP_TEMP set in
 * the environment nothing is removed and the path is printed. */
void tempdir_make(struct tempdir *dir);

/* Removes the folder with all it holds, and ends the guard. Nobody may be writing into it any more. */
void tempdir_remove(struct tempdir *dir);

/* Writes text to the file called name in the folder, replacing it. Aborts the test when it cannot. */
void tempdir_write(const struct tempdir *dir, const char *name, const char *text);

/* The text of the file called name, NUL-terminated, to be freed by the caller; NULL when it cannot be read. */
char *tempdir_read(const struct tempdir *dir, const char *name);

/* Prints a sentence to stderr and aborts: for what a test cannot go on without, from any thread. */
_Noreturn void test_abort(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif

/* Each folder has a guard: a shell that waits for the end of its standard input and then removes the folder.
 * The write end of that pipe, hold_fd, is closed by the kernel when the test's process dies. A child that writes
 * into the folder after the test's death (a server that is being killed) keeps a copy of hold_fd meanwhile. */
#include "tempdir.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

void test_abort(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fputs("test support: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    fflush(NULL);
    abort();
}

static bool keep_temp(void)
{
    return getenv("TEST_KEEP_TEMP") != NULL;
}

static pid_t spawn_guard(const char *path, int read_fd)
{
    char script[] = "cat >/dev/null; exec rm -rf -- \"$0\"";
    char sh[] = "sh";
    char flag[] = "-c";
    char folder[256];
    char *argv[] = { sh, flag, script, folder, NULL };
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;
    sigset_t signals;
    pid_t pid = 0;
    int rc;

    snprintf(folder, sizeof folder, "%s", path);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, read_fd, 0);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addclosefrom_np(&actions, 3);
    posix_spawnattr_init(&attr);
    sigemptyset(&signals);
    posix_spawnattr_setsigmask(&attr, &signals);
    sigfillset(&signals);
    posix_spawnattr_setsigdefault(&attr, &signals);
    /* A session of its own: an interrupt typed at the terminal must not reach the guard. */
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    rc = posix_spawn(&pid, "/bin/sh", &actions, &attr, argv, environ);
    posix_spawnattr_destroy(&attr);
    posix_spawn_file_actions_destroy(&actions);
    if (rc != 0) test_abort("cannot start a guard for %s: %s", path, strerror(rc));
    return pid;
}

void tempdir_make(struct tempdir *dir)
{
    const char *base = getenv("TMPDIR");
    int fds[2];

    if (base == NULL || base[0] == '\0') base = "/tmp";
    snprintf(dir->path, sizeof dir->path, "%s/test-XXXXXX", base);
    if (mkdtemp(dir->path) == NULL) test_abort("mkdtemp %s: %s", dir->path, strerror(errno));
    dir->hold_fd = -1;
    dir->guard_pid = 0;
    if (keep_temp()) {
        fprintf(stderr, "test support: kept %s\n", dir->path);
        return;
    }
    if (pipe2(fds, O_CLOEXEC) != 0) test_abort("pipe: %s", strerror(errno));
    dir->guard_pid = spawn_guard(dir->path, fds[0]);
    close(fds[0]);
    dir->hold_fd = fds[1];
}

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *where)
{
    (void)info;
    (void)type;
    (void)where;
    return remove(path) != 0 && errno != ENOENT ? -1 : 0;
}

void tempdir_remove(struct tempdir *dir)
{
    if (dir->guard_pid == 0) return;
    kill(dir->guard_pid, SIGKILL);
    while (waitpid(dir->guard_pid, NULL, 0) < 0 && errno == EINTR) continue;
    dir->guard_pid = 0;
    close(dir->hold_fd);
    dir->hold_fd = -1;
    if (nftw(dir->path, remove_entry, 8, FTW_DEPTH | FTW_PHYS) != 0 && errno != ENOENT) {
        test_abort("cannot remove %s: %s", dir->path, strerror(errno));
    }
}

void tempdir_write(const struct tempdir *dir, const char *name, const char *text)
{
    char path[512];
    FILE *file;

    snprintf(path, sizeof path, "%s/%s", dir->path, name);
    file = fopen(path, "we");
    if (file == NULL) test_abort("cannot write %s: %s", path, strerror(errno));
    fputs(text, file);
    if (fclose(file) != 0) test_abort("cannot write %s: %s", path, strerror(errno));
}

char *tempdir_read(const struct tempdir *dir, const char *name)
{
    char path[512];
    char block[4096];
    char *text = NULL;
    size_t text_bytes = 0;
    size_t got;
    FILE *file;
    FILE *out;

    snprintf(path, sizeof path, "%s/%s", dir->path, name);
    file = fopen(path, "re");
    if (file == NULL) return NULL;
    out = open_memstream(&text, &text_bytes);
    if (out == NULL) test_abort("out of memory");
    while ((got = fread(block, 1, sizeof block, file)) > 0) fwrite(block, 1, got, out);
    fclose(out);
    fclose(file);
    return text;
}

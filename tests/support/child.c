/* The program's parent is not the test's process but a keeper, a fork of it with a single thread. PR_SET_PDEATHSIG
 * follows the thread that forked, so a program started by a thread of the test would die with that thread; the
 * keeper's only thread lives as long as the program. The test and the keeper share a socket pair:
 *   the test's end closes (the test ended or crashed)   -> the keeper kills the program and exits;
 *   the keeper's end closes (the program ended)         -> the test reads end-of-file and reaps the keeper.
 * Between fork and exec only async-signal-safe calls are made: the test may have had other threads. */
#include "child.h"

#include "tempdir.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static void reset_signals(void)
{
    sigset_t none;
    int i;

    for (i = 1; i < NSIG; i++) signal(i, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static void close_all_but(int one, int other)
{
    int low = one < other ? one : other;
    int high = one < other ? other : one;

    if (low > 3) close_range(3, (unsigned)low - 1, 0);
    if (high > low + 1) close_range(low < 3 ? 3 : (unsigned)low + 1, (unsigned)high - 1, 0);
    close_range((unsigned)high + 1, ~0U, 0);
}

_Noreturn static void run_program(pid_t keeper_pid, const char *path, char *const argv[], int log_fd)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != keeper_pid) _exit(127); /* the keeper died before the line above */
    dup2(log_fd, 1);
    dup2(log_fd, 2);
    execv(path, argv);
    _exit(127);
}

_Noreturn static void keep(int link_fd, int hold_fd, const char *path, char *const argv[], const char *log_path)
{
    pid_t keeper_pid = getpid();
    struct pollfd polled[2];
    int null_fd, log_fd, status;
    pid_t pid;

    reset_signals();
    setsid();
    close_all_but(link_fd, hold_fd < 0 ? link_fd : hold_fd);
    null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    log_fd = open(log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    dup2(null_fd, 0);
    dup2(null_fd, 1);
    dup2(null_fd, 2);
    pid = fork();
    if (pid == 0) run_program(keeper_pid, path, argv, log_fd);
    if (pid < 0 || write(link_fd, &pid, sizeof pid) != (ssize_t)sizeof pid) _exit(126);
    polled[0] = (struct pollfd){ .fd = link_fd, .events = POLLIN };
    polled[1] = (struct pollfd){ .fd = pidfd_open(pid, 0), .events = POLLIN };
    while (poll(polled, 2, -1) < 0 && errno == EINTR) continue;
    if (polled[1].revents == 0) kill(pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) continue;
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

void child_start(struct child *child, const char *path, char *const argv[], const char *log_path, int hold_fd)
{
    int fds[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0) test_abort("socketpair: %s", strerror(errno));
    *child = (struct child){ .link_fd = fds[0] };
    child->keeper_pid = fork();
    if (child->keeper_pid < 0) test_abort("fork: %s", strerror(errno));
    if (child->keeper_pid == 0) keep(fds[1], hold_fd, path, argv, log_path);
    close(fds[1]);
    if (read(child->link_fd, &child->pid, sizeof child->pid) != (ssize_t)sizeof child->pid) {
        test_abort("%s: could not be started", path);
    }
}

bool child_wait(struct child *child, int timeout_ms)
{
    struct pollfd polled = { .fd = child->link_fd, .events = POLLIN };
    int status = 0;

    if (child->pid == 0) return true;
    if (poll(&polled, 1, timeout_ms) <= 0) return false;
    while (waitpid(child->keeper_pid, &status, 0) < 0 && errno == EINTR) continue;
    child->exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    close(child->link_fd);
    child->link_fd = -1;
    child->pid = 0;
    return true;
}

bool child_is_running(struct child *child)
{
    return !child_wait(child, 0);
}

void child_signal(struct child *child, int signal_number)
{
    if (child_is_running(child)) kill(child->pid, signal_number);
}

void child_kill(struct child *child)
{
    child_signal(child, SIGKILL);
    while (!child_wait(child, 1000)) continue;
}

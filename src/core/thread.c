#include "core/thread.h"

#include <signal.h>

bool terni_thread_start(pthread_t *out_thread, void *(*body)(void *arg), void *arg)
{
    sigset_t all, before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    bool ok = pthread_create(out_thread, NULL, body, arg) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return ok;
}

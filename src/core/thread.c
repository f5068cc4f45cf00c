#include "core/thread.h"

#include <signal.h>
#include <stdlib.h>

bool terni_thread_start(pthread_t *out_thread, void *(*body)(void *arg), void *arg)
{
    sigset_t all, before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    bool ok = pthread_create(out_thread, NULL, body, arg) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return ok;
}

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t at_end; /* its destructor runs when a thread ends, before it can be joined */
static bool has_key;

static void thread_ended(void *value)
{
    terni_thread *thread = value;
    atomic_store(&thread->ended, true);
    terni_thread_release(thread);
}

static void make_key(void)
{
    has_key = pthread_key_create(&at_end, thread_ended) == 0;
}

terni_thread *terni_thread_self(void)
{
    (void)pthread_once(&once, make_key);
    terni_thread *self = has_key ? pthread_getspecific(at_end) : NULL;
    if (self != NULL || !has_key) return self;
    self = malloc(sizeof *self);
    if (self == NULL) return NULL;
    atomic_init(&self->holds, 1);
    atomic_init(&self->ended, false);
    if (pthread_setspecific(at_end, self) == 0) return self;
    free(self);
    return NULL;
}

void terni_thread_retain(terni_thread *thread)
{
    (void)atomic_fetch_add_explicit(&thread->holds, 1, memory_order_relaxed);
}

void terni_thread_release(terni_thread *thread)
{
    if (thread != NULL && atomic_fetch_sub_explicit(&thread->holds, 1, memory_order_acq_rel) == 1) free(thread);
}

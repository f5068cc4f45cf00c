/* Starting Tern's threads, and remembering the program's. */
#ifndef TERNI_THREAD_H
#define TERNI_THREAD_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

/* Starts a thread with all signals blocked: they are the program's. False: out of resources. */
bool terni_thread_start(pthread_t *out_thread, void *(*body)(void *arg), void *arg);

/* A thread as others remember it: told from every other, also from one that comes after its end. */
typedef struct terni_thread {
    atomic_uint holds; /* the thread's own, until it ends, and those of others */
    atomic_bool ended;
} terni_thread;

/* This thread, which has a hold on it. NULL: no memory. */
terni_thread *terni_thread_self(void);

void terni_thread_retain(terni_thread *thread);
void terni_thread_release(terni_thread *thread); /* NULL is fine */

#endif

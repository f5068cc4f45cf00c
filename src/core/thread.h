/* Starting Tern's threads. */
#ifndef TERNI_THREAD_H
#define TERNI_THREAD_H

#include <pthread.h>
#include <stdbool.h>

/* Starts a thread with all signals blocked: they are the program's. False: out of resources. */
bool terni_thread_start(pthread_t *out_thread, void *(*body)(void *arg), void *arg);

#endif

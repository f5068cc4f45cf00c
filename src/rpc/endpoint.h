/* Endpoints: what is counted for each method of a service. */
#ifndef TERNI_ENDPOINT_H
#define TERNI_ENDPOINT_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <tern/status.h>

enum { TERNI_LAST_ERROR_SIZE = TERN_ERROR_TEXT_SIZE + 4 };

typedef struct terni_endpoint {
    atomic_uint_fast64_t requests, errors, processing_ns;
    pthread_mutex_t mu;
    char last_error[TERNI_LAST_ERROR_SIZE]; /* mu; "code:text", or "" */
} terni_endpoint;

typedef struct terni_endpoint_stats {
    uint64_t requests;      /* handled */
    uint64_t errors;        /* of them, answered with an error */
    uint64_t processing_ns; /* what they took in all */
    char last_error[TERNI_LAST_ERROR_SIZE];
} terni_endpoint_stats;

/* Sets up a zeroed endpoint. False: out of resources. */
bool terni_endpoint_init(terni_endpoint *endpoint);
void terni_endpoint_destroy(terni_endpoint *endpoint);

/* Counts a request that was answered with status and, where that is not OK, text. Any thread. */
void terni_endpoint_count(terni_endpoint *endpoint, tern_status status, const char *text, uint64_t processing_ns);

/* Copies the counters. Never more errors than requests. Any thread. */
void terni_endpoint_read(terni_endpoint *endpoint, terni_endpoint_stats *out_stats);

#endif

#include "rpc/endpoint.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct endpoint {
    atomic_uint_fast64_t requests, errors, processing_ns;
    char last_error[TERN_ERROR_TEXT_SIZE + 4]; /* endpoints->mu */
} endpoint;

struct terni_endpoints {
    pthread_mutex_t mu; /* guards the texts */
    size_t count;
    endpoint list[];
};

terni_endpoints *terni_endpoints_new(size_t count)
{
    terni_endpoints *endpoints = calloc(1, sizeof *endpoints + count * sizeof(endpoint));
    if (endpoints == NULL) return NULL;
    endpoints->count = count;
    if (pthread_mutex_init(&endpoints->mu, NULL) == 0) return endpoints;
    free(endpoints);
    return NULL;
}

void terni_endpoints_free(terni_endpoints *endpoints)
{
    if (endpoints == NULL) return;
    (void)pthread_mutex_destroy(&endpoints->mu);
    free(endpoints);
}

static void add(atomic_uint_fast64_t *counter, uint64_t amount)
{
    (void)atomic_fetch_add_explicit(counter, amount, memory_order_acq_rel);
}

void terni_endpoint_count(terni_endpoints *endpoints, size_t index, int64_t processing_ns, tern_status status,
                          const char *text)
{
    endpoint *at = &endpoints->list[index];
    add(&at->requests, 1); /* before its error, so that there are never more of these */
    add(&at->processing_ns, processing_ns > 0 ? (uint64_t)processing_ns : 0);
    if (status != TERN_OK) {
        add(&at->errors, 1);
        (void)pthread_mutex_lock(&endpoints->mu);
        (void)snprintf(at->last_error, sizeof at->last_error, "%d:%s", (int)status,
                       *text == '\0' ? tern_status_meaning(status) : text);
        (void)pthread_mutex_unlock(&endpoints->mu);
    }
}

static void read_counters(endpoint *at, terni_endpoint_stats *out_stats)
{
    out_stats->errors += atomic_load(&at->errors);
    out_stats->requests += atomic_load(&at->requests);
    out_stats->processing_ns += atomic_load(&at->processing_ns);
}

void terni_endpoint_read(terni_endpoints *endpoints, size_t index, terni_endpoint_stats *out_stats)
{
    endpoint *at = &endpoints->list[index];
    *out_stats = (terni_endpoint_stats){ .requests = 0 };
    read_counters(at, out_stats);
    (void)pthread_mutex_lock(&endpoints->mu);
    memcpy(out_stats->last_error, at->last_error, sizeof at->last_error);
    (void)pthread_mutex_unlock(&endpoints->mu);
}

void terni_endpoints_sum(terni_endpoints *endpoints, terni_endpoint_stats *out_stats)
{
    *out_stats = (terni_endpoint_stats){ .requests = 0 };
    for (size_t i = 0; i < endpoints->count; i++) read_counters(&endpoints->list[i], out_stats);
}

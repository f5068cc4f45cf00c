#include "rpc/endpoint.h"

#include <stdio.h>
#include <string.h>

bool terni_endpoint_init(terni_endpoint *endpoint)
{
    return pthread_mutex_init(&endpoint->mu, NULL) == 0;
}

void terni_endpoint_destroy(terni_endpoint *endpoint)
{
    (void)pthread_mutex_destroy(&endpoint->mu);
}

void terni_endpoint_count(terni_endpoint *endpoint, tern_status status, const char *text, uint64_t processing_ns)
{
    (void)atomic_fetch_add_explicit(&endpoint->processing_ns, processing_ns, memory_order_relaxed);
    (void)atomic_fetch_add_explicit(&endpoint->requests, 1, memory_order_relaxed);
    if (status == TERN_OK) return;
    (void)pthread_mutex_lock(&endpoint->mu);
    (void)snprintf(endpoint->last_error, sizeof endpoint->last_error, "%d:%s", (int)status, text);
    (void)pthread_mutex_unlock(&endpoint->mu);
    (void)atomic_fetch_add_explicit(&endpoint->errors, 1, memory_order_release); /* after its request */
}

void terni_endpoint_read(terni_endpoint *endpoint, terni_endpoint_stats *out_stats)
{
    out_stats->errors = atomic_load_explicit(&endpoint->errors, memory_order_acquire);
    out_stats->requests = atomic_load_explicit(&endpoint->requests, memory_order_relaxed);
    out_stats->processing_ns = atomic_load_explicit(&endpoint->processing_ns, memory_order_relaxed);
    (void)pthread_mutex_lock(&endpoint->mu);
    memcpy(out_stats->last_error, endpoint->last_error, sizeof out_stats->last_error);
    (void)pthread_mutex_unlock(&endpoint->mu);
}

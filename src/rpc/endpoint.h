/* What a service counts for each of its methods. */
#ifndef TERNI_ENDPOINT_H
#define TERNI_ENDPOINT_H

#include <stddef.h>
#include <stdint.h>

#include <tern/status.h>

typedef struct terni_endpoints terni_endpoints;

typedef struct terni_endpoint_stats {
    uint64_t requests;                         /* answered */
    uint64_t errors;                           /* of them, with an error */
    uint64_t processing_ns;                    /* what they took, from the handler's start to the answer, in all */
    char last_error[TERN_ERROR_TEXT_SIZE + 4]; /* "code:text"; "" */
} terni_endpoint_stats;

/* Counters for count endpoints, 0 each. NULL: no memory. */
terni_endpoints *terni_endpoints_new(size_t count);
void terni_endpoints_free(terni_endpoints *endpoints);

/* Counts an answer. text: of the error; not used for OK. Any thread. */
void terni_endpoint_count(terni_endpoints *endpoints, size_t index, int64_t processing_ns, tern_status status,
                          const char *text);

/* Copies an endpoint's counters, or the sums of all (last_error is "" there). Any thread. */
void terni_endpoint_read(terni_endpoints *endpoints, size_t index, terni_endpoint_stats *out_stats);
void terni_endpoints_sum(terni_endpoints *endpoints, terni_endpoint_stats *out_stats);

#endif

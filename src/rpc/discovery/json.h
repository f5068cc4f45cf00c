/* The JSON that discovery answers with (nats-io ADR-32). Texts that are not UTF-8 are repaired. */
#ifndef TERNI_JSON_H
#define TERNI_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include <tern/service.h>

#include "rpc/endpoint.h"

/* One JSON object as text, without a NUL. */
typedef struct terni_json {
    char *text; /* from malloc */
    size_t size;
} terni_json;

/* Who answers. */
typedef struct terni_identity {
    const char *name, *id, *version;
    const char *queue_group;
    const tern_service_type *type;
    const tern_service_options *options;
} terni_identity;

/* These never change in an instance's life. False: no memory. */
bool terni_json_ping(const terni_identity *who, terni_json *out_answer);
bool terni_json_info(const terni_identity *who, terni_json *out_answer);

/* STATS is made of INFO, with what changes in place of what does not: first the whole, then each endpoint's
 * counters, then perhaps its data, then the text. NULL, false: no memory. */
json_t *terni_json_stats_new(const terni_json *info, const char *started);
bool terni_json_stats_count(json_t *stats, size_t endpoint, const terni_endpoint_stats *counts);
bool terni_json_stats_text(const json_t *stats, terni_json *out_answer);

/* data: a JSON text. One that is not valid is left out. */
void terni_json_stats_data(json_t *stats, size_t endpoint, const char *data);

#endif

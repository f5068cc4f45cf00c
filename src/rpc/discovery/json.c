#include "rpc/discovery/json.h"

#include <stdlib.h>
#include <string.h>

#include "core/utf8.h"

/* ---- Building. jansson's setters take the value over, and refuse NULL: so lack of memory shows in the end ---- */

static bool put_text(json_t *object, const char *key, const char *text)
{
    json_t *string = json_string(text);
    if (string == NULL) { /* not UTF-8, or no memory */
        char *repaired = terni_utf8_repair(text);
        string = repaired == NULL ? NULL : json_string(repaired);
        free(repaired);
    }
    return json_object_set_new(object, key, string) == 0;
}

static bool put_metadata(json_t *object, const tern_header *metadata, size_t count)
{
    json_t *texts = json_object();
    bool ok = json_object_set_new(object, "metadata", texts) == 0;
    for (size_t i = 0; ok && i < count; i++) {
        char *name = terni_utf8_repair(metadata[i].name);
        ok = name != NULL && put_text(texts, name, metadata[i].value);
        free(name);
    }
    return ok;
}

static bool put_number(json_t *object, const char *key, uint64_t number)
{
    return json_object_set_new(object, key, json_integer((json_int_t)number)) == 0;
}

/* Writes the JSON with malloc: jansson's own memory functions are the program's to change. */
static bool write(const json_t *json, terni_json *out_answer)
{
    size_t size = json_dumpb(json, NULL, 0, JSON_COMPACT);
    char *text = size == 0 ? NULL : malloc(size);
    if (text == NULL || json_dumpb(json, text, size, JSON_COMPACT) != size) {
        free(text);
        return false;
    }
    *out_answer = (terni_json){ .text = text, .size = size };
    return true;
}

/* ---- PING, and what all have ---- */

/* NULL: no memory. */
static json_t *identity_new(const terni_identity *who, const char *type)
{
    json_t *json = json_object();
    bool ok = put_text(json, "type", type) && put_text(json, "name", who->name) && put_text(json, "id", who->id) &&
              put_text(json, "version", who->version) &&
              put_metadata(json, who->options->metadata, who->options->metadata_count);
    if (ok) return json;
    json_decref(json);
    return NULL;
}

bool terni_json_ping(const terni_identity *who, terni_json *out_answer)
{
    json_t *json = identity_new(who, "io.nats.micro.v1.ping_response");
    bool ok = json != NULL && write(json, out_answer);
    json_decref(json);
    return ok;
}

/* ---- INFO ---- */

static bool put_subject(json_t *json, const char *prefix, const char *subject)
{
    if (prefix == NULL) return put_text(json, "subject", subject);
    size_t prefix_size = strlen(prefix), size = strlen(subject) + 1;
    char *whole = malloc(prefix_size + 1 + size);
    if (whole == NULL) return false;
    memcpy(whole, prefix, prefix_size);
    whole[prefix_size] = '.';
    memcpy(whole + prefix_size + 1, subject, size);
    bool ok = put_text(json, "subject", whole);
    free(whole);
    return ok;
}

static bool add_endpoint(json_t *endpoints, const terni_identity *who, const tern_method *method)
{
    json_t *json = json_object();
    tern_header types[2];
    size_t count = 0;
    if (method->input->name != NULL) types[count++] = (tern_header){ "request_type", method->input->name };
    if (method->output->name != NULL) types[count++] = (tern_header){ "reply_type", method->output->name };
    bool ok = json_array_append_new(endpoints, json) == 0;
    ok = ok && put_text(json, "name", method->name);
    ok = ok && put_subject(json, who->options->subject_prefix, method->subject);
    ok = ok && put_text(json, "queue_group", who->queue_group);
    return ok && put_metadata(json, types, count);
}

bool terni_json_info(const terni_identity *who, terni_json *out_answer)
{
    json_t *json = identity_new(who, "io.nats.micro.v1.info_response"), *endpoints = json_array();
    const char *description = who->options->description;
    bool ok = json != NULL && put_text(json, "description", description == NULL ? "" : description);
    if (json != NULL) ok = json_object_set_new(json, "endpoints", endpoints) == 0 && ok;
    else json_decref(endpoints);
    for (size_t i = 0; ok && i < who->type->method_count; i++)
        ok = add_endpoint(endpoints, who, &who->type->methods[i]);
    ok = ok && write(json, out_answer);
    json_decref(json);
    return ok;
}

/* ---- STATS ---- */

json_t *terni_json_stats_new(const terni_json *info, const char *started)
{
    json_t *stats = json_loadb(info->text, info->size, 0, NULL);
    (void)json_object_del(stats, "description");
    if (put_text(stats, "type", "io.nats.micro.v1.stats_response") && put_text(stats, "started", started)) return stats;
    json_decref(stats);
    return NULL;
}

bool terni_json_stats_count(json_t *stats, size_t endpoint, const terni_endpoint_stats *counts)
{
    json_t *json = json_array_get(json_object_get(stats, "endpoints"), endpoint);
    uint64_t average_ns = counts->requests == 0 ? 0 : counts->processing_ns / counts->requests;
    (void)json_object_del(json, "metadata");
    return put_number(json, "num_requests", counts->requests) && put_number(json, "num_errors", counts->errors) &&
           put_text(json, "last_error", counts->last_error) &&
           put_number(json, "processing_time", counts->processing_ns) &&
           put_number(json, "average_processing_time", average_ns);
}

void terni_json_stats_data(json_t *stats, size_t endpoint, const char *data)
{
    json_t *json = json_array_get(json_object_get(stats, "endpoints"), endpoint);
    (void)json_object_set_new(json, "data", json_loads(data, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL));
}

bool terni_json_stats_text(const json_t *stats, terni_json *out_answer)
{
    return write(stats, out_answer);
}

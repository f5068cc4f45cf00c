#include "micro.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "rig.h"

enum { ID_SIZE = 22, ANSWER_MAX = 2 * 1024 * 1024 };

/* ---- Checking ---- */

struct field {
    const char *name;
    json_type type;
    bool may_miss;
};

static const struct field ping_fields[] = { { "type", JSON_STRING, false },     { "name", JSON_STRING, false },
                                            { "id", JSON_STRING, false },       { "version", JSON_STRING, false },
                                            { "metadata", JSON_OBJECT, false }, { NULL, JSON_NULL, false } };
static const struct field info_fields[] = { { "type", JSON_STRING, false },     { "name", JSON_STRING, false },
                                            { "id", JSON_STRING, false },       { "version", JSON_STRING, false },
                                            { "metadata", JSON_OBJECT, false }, { "description", JSON_STRING, false },
                                            { "endpoints", JSON_ARRAY, false }, { NULL, JSON_NULL, false } };
static const struct field stats_fields[] = { { "type", JSON_STRING, false },     { "name", JSON_STRING, false },
                                             { "id", JSON_STRING, false },       { "version", JSON_STRING, false },
                                             { "metadata", JSON_OBJECT, false }, { "started", JSON_STRING, false },
                                             { "endpoints", JSON_ARRAY, false }, { NULL, JSON_NULL, false } };
static const struct field endpoint_info_fields[] = { { "name", JSON_STRING, false },
                                                     { "subject", JSON_STRING, false },
                                                     { "queue_group", JSON_STRING, false },
                                                     { "metadata", JSON_OBJECT, false },
                                                     { NULL, JSON_NULL, false } };
static const struct field endpoint_stats_fields[] = { { "name", JSON_STRING, false },
                                                      { "subject", JSON_STRING, false },
                                                      { "queue_group", JSON_STRING, false },
                                                      { "num_requests", JSON_INTEGER, false },
                                                      { "num_errors", JSON_INTEGER, false },
                                                      { "last_error", JSON_STRING, false },
                                                      { "processing_time", JSON_INTEGER, false },
                                                      { "average_processing_time", JSON_INTEGER, false },
                                                      { "data", JSON_NULL, true },
                                                      { NULL, JSON_NULL, false } };

static void check_fields(json_t *object, const char *what, const struct field *fields)
{
    const char *name;
    json_t *value;
    cr_assert(json_is_object(object), "%s is no object", what);
    for (const struct field *field = fields; field->name != NULL; field++) {
        value = json_object_get(object, field->name);
        cr_assert(value != NULL || field->may_miss, "%s: \"%s\" is missing", what, field->name);
        cr_assert(field->may_miss || json_typeof(value) == field->type, "%s: \"%s\" is of JSON type %d, wanted %d",
                  what, field->name, (int)json_typeof(value), (int)field->type);
    }
    json_object_foreach(object, name, value)
    {
        const struct field *field = fields;
        while (field->name != NULL && strcmp(field->name, name) != 0) field++;
        cr_assert(field->name != NULL, "%s: \"%s\" does not belong there", what, name);
    }
}

static void check_metadata(json_t *object, const char *what)
{
    const char *name;
    json_t *value;
    json_object_foreach(json_object_get(object, "metadata"), name, value)
        cr_assert(json_is_string(value), "%s: metadata \"%s\" is no text", what, name);
}

/* "2024-02-29T23:59:59.123Z", not in the future, and not long ago. */
static void check_started(const char *text)
{
    struct tm utc = { 0 };
    const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &utc);
    cr_assert(rest != NULL, "started is \"%s\"", text);
    if (*rest == '.') rest += 1 + strspn(rest + 1, "0123456789");
    cr_assert(strcmp(rest, "Z") == 0, "started is \"%s\"", text);
    long long age_s = (long long)(time(NULL) - timegm(&utc));
    cr_assert(age_s >= -1 && age_s < 3600, "started is \"%s\", %lld s ago", text, age_s);
}

static void check_counters(const json_t *endpoint)
{
    long long requests = micro_number(endpoint, "num_requests"), errors = micro_number(endpoint, "num_errors");
    long long total_ns = micro_number(endpoint, "processing_time");
    check_int_at_least(errors, 0);
    check_int_at_least(requests, errors);
    check_int_at_least(total_ns, 0);
    check_int(micro_number(endpoint, "average_processing_time"), requests == 0 ? 0 : total_ns / requests);
    check_int(*micro_text(endpoint, "last_error") != '\0', errors > 0);
}

static void check_answer(json_t *answer, const char *what)
{
    bool ping = strncmp(what, "PING", 4) == 0, info = strncmp(what, "INFO", 4) == 0;
    const char *type = ping   ? "io.nats.micro.v1.ping_response"
                       : info ? "io.nats.micro.v1.info_response"
                              : "io.nats.micro.v1.stats_response";
    size_t i;
    json_t *endpoint;
    check_fields(answer, what, ping ? ping_fields : info ? info_fields : stats_fields);
    check_str(micro_text(answer, "type"), type);
    check_int(strlen(micro_text(answer, "id")), ID_SIZE);
    check_metadata(answer, what);
    if (ping) return;
    json_array_foreach(json_object_get(answer, "endpoints"), i, endpoint)
    {
        check_fields(endpoint, what, info ? endpoint_info_fields : endpoint_stats_fields);
        if (info) check_metadata(endpoint, what);
        else check_counters(endpoint);
    }
    if (!info) check_started(micro_text(answer, "started"));
}

/* ---- Asking ---- */

void micro_open(struct micro *micro, const struct test_server *server)
{
    micro->prefix = "$SRV";
    micro->asked = 0;
    check_true(wire_connect(&micro->wire, server_port(server), RIG_WAIT_MS));
    check_true(wire_print(&micro->wire, "SUB answers.* 1\r\n"));
    check_true(wire_flush(&micro->wire, RIG_WAIT_MS));
}

void micro_close(struct micro *micro)
{
    wire_close(&micro->wire);
}

static void ask(struct micro *micro, const char *what)
{
    micro->asked++; /* with a body, which is to be ignored */
    check_true(wire_print(&micro->wire, "PUB %s.%s answers.%u 5\r\n{[\"}x\r\n", micro->prefix, what, micro->asked));
}

/* The next message's headers and body, from malloc; answers to what was asked before are passed over. */
static char *take(struct micro *micro, const char *what, size_t *out_header_size, size_t *out_size)
{
    char line[4096], inbox[32];
    for (;;) {
        cr_assert(wire_line(&micro->wire, line, sizeof line, RIG_WAIT_MS), "no answer to %s", what);
        bool headers = strncmp(line, "HMSG ", 5) == 0;
        if (!headers && strncmp(line, "MSG ", 4) != 0) continue;
        *out_header_size = 0;
        if (headers) check_int(sscanf(line, "HMSG %31s 1 %zu %zu", inbox, out_header_size, out_size), 3);
        else check_int(sscanf(line, "MSG %31s 1 %zu", inbox, out_size), 2);
        check_int_less(*out_size, ANSWER_MAX);
        char *bytes = malloc(*out_size + 2);
        check_true(wire_bytes(&micro->wire, bytes, *out_size + 2, RIG_WAIT_MS));
        bytes[*out_size] = '\0';
        if (strtoul(strchr(inbox, '.') + 1, NULL, 10) == micro->asked) return bytes;
        free(bytes);
    }
}

json_t *micro_ask(struct micro *micro, const char *what, size_t want)
{
    json_t *answers = json_array();
    ask(micro, what);
    for (size_t i = 0; i < want; i++) {
        size_t header_size, size;
        json_error_t why;
        char *bytes = take(micro, what, &header_size, &size);
        cr_assert(header_size == 0, "answer %zu of %zu to %s has headers: %s", i + 1, want, what, bytes);
        json_t *answer = json_loadb(bytes, size, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &why);
        cr_assert(answer != NULL, "answer to %s: %s: %s", what, why.text, bytes);
        free(bytes);
        check_answer(answer, what);
        json_array_append_new(answers, answer);
    }
    return answers;
}

json_t *micro_ask_one(struct micro *micro, const char *what)
{
    json_t *answers = micro_ask(micro, what, 1);
    json_t *answer = json_incref(json_array_get(answers, 0));
    json_decref(answers);
    return answer;
}

void micro_check_nobody(struct micro *micro, const char *what)
{
    size_t header_size, size;
    ask(micro, what);
    char *bytes = take(micro, what, &header_size, &size);
    cr_assert(strncmp(bytes, "NATS/1.0 503", 12) == 0, "%s is answered: %s", what, bytes);
    free(bytes);
}

void micro_check_error(struct micro *micro, const char *what, const char *error)
{
    size_t header_size, size;
    const char *text = strchr(error, ':') + 1;
    char code_line[64];
    ask(micro, what);
    char *bytes = take(micro, what, &header_size, &size);
    (void)snprintf(code_line, sizeof code_line, "Nats-Service-Error-Code: %.*s\r\n", (int)(text - 1 - error), error);
    check_int(size, header_size);
    check_str_has(bytes, code_line);
    check_str_has(bytes, text);
    free(bytes);
}

void micro_check_no_more(struct micro *micro)
{
    char line[4096];
    check_true(wire_print(&micro->wire, "PING\r\n"));
    do {
        check_true(wire_line(&micro->wire, line, sizeof line, RIG_WAIT_MS));
        cr_assert(strncmp(line, "MSG ", 4) != 0 && strncmp(line, "HMSG ", 5) != 0, "one more came: %s", line);
    } while (strcmp(line, "PONG") != 0);
}

/* ---- Looking ---- */

const char *micro_text(const json_t *object, const char *field)
{
    const json_t *value = json_object_get(object, field);
    cr_assert(json_is_string(value), "\"%s\" is no text", field);
    return json_string_value(value);
}

long long micro_number(const json_t *object, const char *field)
{
    const json_t *value = json_object_get(object, field);
    cr_assert(json_is_integer(value), "\"%s\" is no whole number", field);
    return json_integer_value(value);
}

const json_t *micro_endpoint(const json_t *answer, const char *name)
{
    size_t i;
    json_t *endpoint, *found = NULL;
    json_array_foreach(json_object_get(answer, "endpoints"), i,
                       endpoint) if (strcmp(micro_text(endpoint, "name"), name) == 0) found = endpoint;
    cr_assert(found != NULL, "there is no endpoint \"%s\"", name);
    return found;
}

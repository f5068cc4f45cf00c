#include "rpc/discovery/naming.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/subject.h"

#define DIGITS "0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

enum { NAME_MAX_BYTES = 1024 }; /* so that "$SRV.STATS.<name>.<id>" is no longer than a subject may be */

static tern_status check_name(const char *name, tern_error *err)
{
    const char *fault = NULL;
    if (*name == '\0') return terni_fail(err, TERN_INVALID_ARGUMENT, "service name is empty");
    if (name[strspn(name, DIGITS LETTERS "-_")] != '\0') fault = "has other characters than letters, digits, - and _";
    else if (strlen(name) > NAME_MAX_BYTES) fault = "is longer than 1024 bytes";
    if (fault == NULL) return TERN_OK;
    return terni_fail(err, TERN_INVALID_ARGUMENT, "service name \"%s\": %s", terni_quote(name).text, fault);
}

/* ---- Versions: the grammar of semver.org, 2.0.0 ---- */

/* Moves *at behind a number without leading zeros. */
static bool take_number(const char **at)
{
    size_t size = strspn(*at, DIGITS);
    if (size == 0 || (size > 1 && **at == '0')) return false;
    *at += size;
    return true;
}

static bool take_char(const char **at, char c)
{
    if (**at != c) return false;
    ++*at;
    return true;
}

/* Moves *at behind identifiers with dots between them; those of a prerelease that are numbers have no leading
 * zeros. */
static bool take_identifiers(const char **at, bool prerelease)
{
    do {
        size_t size = strspn(*at, DIGITS LETTERS "-");
        bool number = size == strspn(*at, DIGITS);
        if (size == 0 || (prerelease && number && size > 1 && **at == '0')) return false;
        *at += size;
    } while (take_char(at, '.'));
    return true;
}

static bool is_version(const char *text)
{
    const char *at = text;
    if (!take_number(&at) || !take_char(&at, '.')) return false;
    if (!take_number(&at) || !take_char(&at, '.')) return false;
    if (!take_number(&at)) return false;
    if (take_char(&at, '-') && !take_identifiers(&at, true)) return false;
    if (take_char(&at, '+') && !take_identifiers(&at, false)) return false;
    return *at == '\0';
}

static tern_status check_version(const char *version, tern_error *err)
{
    if (is_version(version)) return TERN_OK;
    return terni_fail(err, TERN_INVALID_ARGUMENT, "service version \"%s\": is no semantic version (semver.org 2.0.0)",
                      terni_quote(version).text);
}

/* ---- Metadata ---- */

static tern_status check_metadata(const tern_header *metadata, size_t count, tern_error *err)
{
    if (metadata == NULL && count > 0)
        return terni_fail(err, TERN_INVALID_ARGUMENT, "metadata is NULL, metadata_count %zu", count);
    for (size_t i = 0; i < count; i++) {
        if (metadata[i].name == NULL) return terni_fail(err, TERN_INVALID_ARGUMENT, "metadata[%zu]: name is NULL", i);
        if (metadata[i].value == NULL)
            return terni_fail(err, TERN_INVALID_ARGUMENT, "metadata \"%s\": value is NULL",
                              terni_quote(metadata[i].name).text);
        for (size_t j = 0; j < i; j++)
            if (strcmp(metadata[i].name, metadata[j].name) == 0)
                return terni_fail(err, TERN_INVALID_ARGUMENT, "metadata \"%s\": is there twice",
                                  terni_quote(metadata[i].name).text);
    }
    return TERN_OK;
}

tern_status terni_naming_check(const tern_service_options *options, const char *type_name, tern_error *err)
{
    tern_status st = TERN_OK;
    if (options->name != NULL) st = check_name(options->name, err);
    else if (strlen(type_name) > NAME_MAX_BYTES)
        st = terni_fail(err, TERN_INVALID_ARGUMENT, "service \"%s\": is longer than %d bytes, so needs a name",
                        terni_quote(type_name).text, NAME_MAX_BYTES);
    if (st == TERN_OK) st = check_version(terni_naming_version(options), err);
    return st == TERN_OK ? check_metadata(options->metadata, options->metadata_count, err) : st;
}

char *terni_naming_name(const tern_service_options *options, const char *type_name)
{
    if (options->name != NULL) return strdup(options->name);
    char *name = strdup(type_name);
    for (char *at = name; at != NULL && *at != '\0'; at++)
        if (*at == '.') *at = '-';
    return name;
}

const char *terni_naming_version(const tern_service_options *options)
{
    return options->version == NULL ? "0.0.0" : options->version;
}

#include "rpc/wire.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static tern_status from_http(long code)
{
    switch (code) {
    case 401: return TERN_UNAUTHENTICATED;
    case 403: return TERN_PERMISSION_DENIED;
    case 404: return TERN_NOT_FOUND;
    case 408:
    case 504: return TERN_DEADLINE_EXCEEDED;
    case 409: return TERN_ABORTED;
    case 412: return TERN_FAILED_PRECONDITION;
    case 429: return TERN_RESOURCE_EXHAUSTED;
    case 499: return TERN_CANCELLED;
    case 501: return TERN_UNIMPLEMENTED;
    case 503: return TERN_UNAVAILABLE;
    default: break;
    }
    if (code >= 400 && code < 500) return TERN_INVALID_ARGUMENT;
    return code >= 500 && code < 600 ? TERN_INTERNAL : TERN_UNKNOWN;
}

tern_status terni_status_from_code(long code)
{
    if (code >= 100) return from_http(code);
    return code > TERN_OK && code <= TERN_UNAUTHENTICATED ? (tern_status)code : TERN_UNKNOWN;
}

/* The number that the whole value is, or 0; at most limit. */
static uint64_t positive_number(const char *value, uint64_t limit)
{
    if (value == NULL || *value == '\0' || value[strspn(value, "0123456789")] != '\0') return 0;
    uint64_t number = strtoull(value, NULL, 10); /* ULLONG_MAX where it is beyond */
    return number < limit ? number : limit;
}

uint32_t terni_timeout_from_header(const char *value)
{
    uint32_t timeout_ms = (uint32_t)positive_number(value, TERNI_TIMEOUT_MAX_MS);
    return timeout_ms > 0 ? timeout_ms : TERNI_TIMEOUT_DEFAULT_MS;
}

uint32_t terni_attempt_from_header(const char *value)
{
    uint32_t attempt = (uint32_t)positive_number(value, UINT32_MAX);
    return attempt > 0 ? attempt : 1;
}

bool terni_header_is_reserved(const char *name)
{
    static const char tern[] = "Tern-";
    return strncasecmp(name, tern, sizeof tern - 1) == 0 ||
           strncasecmp(name, TERNI_HEADER_ERROR, sizeof TERNI_HEADER_ERROR - 1) == 0 ||
           strcasecmp(name, "Status") == 0 || strcasecmp(name, "Description") == 0;
}

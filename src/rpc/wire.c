#include "rpc/wire.h"

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

bool terni_header_is_own(const char *name)
{
    static const char *const prefixes[] = { "Tern-", "Nats-Service-" };
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
        if (strncasecmp(name, prefixes[i], strlen(prefixes[i])) == 0) return true;
    return strcasecmp(name, "Status") == 0 || strcasecmp(name, "Description") == 0;
}

#include "core/error.h"

#include <stdarg.h>
#include <stdio.h>

const char *tern_status_name(tern_status status)
{
    switch (status) {
#define NAME_CASE(name, number, meaning)                                                                               \
    case TERN_##name: return #name;
        TERN_STATUS_LIST(NAME_CASE)
#undef NAME_CASE
    }
    return "UNKNOWN";
}

const char *tern_status_meaning(tern_status status)
{
    switch (status) {
#define MEANING_CASE(name, number, meaning)                                                                            \
    case TERN_##name: return meaning;
        TERN_STATUS_LIST(MEANING_CASE)
#undef MEANING_CASE
    }
    return "not a status of this library";
}

tern_status terni_fail(tern_error *err, tern_status status, const char *format, ...)
{
    if (err != NULL) {
        va_list args;
        va_start(args, format);
        err->status = status;
        err->remote = false;
        err->remote_code = 0;
        (void)vsnprintf(err->text, sizeof err->text, format, args);
        va_end(args);
    }
    return status;
}

tern_status terni_fail_memory(tern_error *err)
{
    return terni_fail(err, TERN_RESOURCE_EXHAUSTED, "out of memory");
}

/* What discovery allows in a service's name, version and metadata (nats-io ADR-32). */
#ifndef TERNI_NAMING_H
#define TERNI_NAMING_H

#include <tern/service.h>

/* OK, or INVALID_ARGUMENT with a text that quotes the value. type_name: the name that stands in for options->name. */
tern_status terni_naming_check(const tern_service_options *options, const char *type_name, tern_error *err);

/* The service's name: options->name, or type_name with - for each dot. From malloc; NULL: no memory. */
char *terni_naming_name(const tern_service_options *options, const char *type_name);

/* The service's version. */
const char *terni_naming_version(const tern_service_options *options);

#endif

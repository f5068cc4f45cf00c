/* nats.c, and what its versions differ in. */
#ifndef TERNI_NATSC_H
#define TERNI_NATSC_H

#include <nats/nats.h>

#include <tern/status.h>

/* 3.4's headers have the parts but not the whole. */
#define TERNI_NATSC_VERSION ((NATS_VERSION_MAJOR << 16) | (NATS_VERSION_MINOR << 8) | NATS_VERSION_PATCH)
#define TERNI_NATSC_AT_LEAST(major, minor) (TERNI_NATSC_VERSION >= (((major) << 16) | ((minor) << 8)))

/* The status that says best what nats.c's says, where nothing more is known. */
tern_status terni_status_from_nats(natsStatus status);

#endif

/* Discovery: a service's instance answers $SRV.PING, $SRV.INFO and $SRV.STATS (nats-io ADR-32). */
#ifndef TERNI_DISCOVERY_H
#define TERNI_DISCOVERY_H

#include <tern/service.h>

#include "rpc/endpoint.h"

/* What discovery shows of one started service. */
typedef struct terni_instance terni_instance;

/* Makes an instance that nobody sees yet. queue_group: as in force. endpoints: one for each method, to be read
 * until terni_discovery_end. The holder must have a hold on conn until terni_discovery_free.
 * INVALID_ARGUMENT: what discovery forbids. RESOURCE_EXHAUSTED. */
tern_status terni_discovery_new(tern_conn *conn, const tern_service_type *type, const tern_service_options *options,
                                const char *queue_group, terni_endpoints *endpoints, terni_instance **out_instance,
                                tern_error *err);

/* Has it answer from now on. Once. */
void terni_discovery_begin(terni_instance *instance);

/* It answers no more. Waits until endpoint_data does not run, but not on an I/O thread. Any thread, any number of
 * times. */
void terni_discovery_end(terni_instance *instance);

/* Ends it if need be, and gives it up. NULL is fine. */
void terni_discovery_free(terni_instance *instance);

#endif

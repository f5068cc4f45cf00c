/* A connection's options, copied and checked, and what nats.c is told of them. */
#ifndef TERNI_OPTIONS_H
#define TERNI_OPTIONS_H

#include <tern/conn.h>

#include "io/natsc.h"
#include "io/servers.h"

/* Options with every default filled in; owns its strings. */
typedef struct terni_options {
    tern_conn_options values; /* url is NULL here: the servers stand for it */
    char *nkey;               /* the public key of nkey_seed_file, or NULL */
    char *first_server;       /* the first one's address */
    bool tls;                 /* for every server */
    size_t wait_bytes;        /* with a session, publishers that can wait do so when as much is held */
} terni_options;

/* Copies and checks options (NULL: defaults) into zeroed storage, and parses the server list.
 * INVALID_ARGUMENT, RESOURCE_EXHAUSTED; both are to be freed in either case. */
tern_status terni_options_copy(terni_options *out, const tern_conn_options *options, terni_servers *servers,
                               tern_error *err);

void terni_options_free(terni_options *options);

/* Makes nats.c's options for one session with one server, its callbacks excepted. On failure the
 * text names the option. */
tern_status terni_options_for_nats(const terni_options *options, const terni_server *server, uint32_t timeout_ms,
                                   natsOptions **out_nats, tern_error *err);

#endif

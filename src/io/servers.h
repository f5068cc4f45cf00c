/* The server list: those the program named, and those that servers told of. Used by the I/O thread
 * alone, after terni_servers_parse. */
#ifndef TERNI_SERVERS_H
#define TERNI_SERVERS_H

#include <stdbool.h>
#include <stddef.h>

#include <tern/status.h>

typedef struct terni_server {
    char *address; /* "nats://host:port", without credentials */
    char *host;    /* for checking its certificate; a learned server's: that of the one it came from */
    bool tls;      /* said tls:// */
    bool learned;
    char *user, *password, *token; /* from the URL, or NULL */
} terni_server;

typedef struct terni_servers {
    terni_server *list;
    size_t count, capacity;
    size_t current; /* of the session, or of the attempt */
    size_t tried;   /* in this round through the list */
} terni_servers;

/* Fills a zeroed list from URLs with commas between them. INVALID_ARGUMENT names the URL at fault,
 * without its credentials; RESOURCE_EXHAUSTED. The list is to be freed in either case. */
tern_status terni_servers_parse(terni_servers *servers, const char *urls, tern_error *err);

void terni_servers_free(terni_servers *servers);

/* Adds a server learned from another one, unless the list has it; without memory it is left out. */
void terni_servers_learn(terni_servers *servers, const terni_server *from, const char *address);

/* Drops the learned servers that are not among the count addresses, except the current one. */
void terni_servers_forget_except(terni_servers *servers, char *const *addresses, size_t count);

const terni_server *terni_servers_current(const terni_servers *servers);

/* Moves on to the next server. True: with it a new round begins. */
bool terni_servers_advance(terni_servers *servers);

#endif

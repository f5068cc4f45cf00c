/* Asking a server once more why it does not want a connection. */
#ifndef TERNI_PROBE_H
#define TERNI_PROBE_H

#include <stdbool.h>
#include <stddef.h>

/* The host and port of an address, "nats://host:port". False: it is longer than out_host. */
bool terni_address_split(const char *address, char *out_host, size_t size, const char **out_port);

/* nats.c throws away what a server says right behind its INFO. Connects to address ("nats://host:port")
 * and reads for at most timeout_ms; if the server refuses with an -ERR line, its words go to out_text. */
bool terni_probe_refusal(const char *address, int timeout_ms, char *out_text, size_t size);

#endif

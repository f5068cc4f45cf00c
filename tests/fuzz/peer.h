/* The other end of a connection: a listener on 127.0.0.1, whose messages are the fuzzer's. Of a server it does what
 * keeps a session up: the handshake, PONG, and fences that come back. It has no thread. What does not read as the NATS
 * protocol has it aborts. */
#ifndef FUZZ_PEER_H
#define FUZZ_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PEER_MAX_PAYLOAD = 1024, PEER_MESSAGES = 64, PEER_HEADERS = 64 };

/* Something published. Valid until peer_forget. */
struct peer_message {
    const char *subject;
    const char *reply; /* NULL: none */
    const char *headers;
    size_t header_size; /* 0: none */
    const uint8_t *payload;
    size_t payload_size;
};

struct peer_header {
    char name[PEER_MAX_PAYLOAD], value[2 * PEER_MAX_PAYLOAD];
};

struct peer;

struct peer *peer_new(void);
const char *peer_url(const struct peer *peer);
int peer_fd(const struct peer *peer); /* of the session; -1: none */

/* Reads what has come, without waiting. */
void peer_read(struct peer *peer);

/* The id of the subscription to this subject; NULL: none. */
const char *peer_subscription(const struct peer *peer, const char *subject);

/* Sends a message as one for the subscription, whatever its subject. reply NULL: none; header_size 0: none. */
void peer_send(struct peer *peer, const char *subscription, const struct peer_message *message);

/* Messages sent and read so far, fences included in those sent alone. */
uint64_t peer_sent(const struct peer *peer);
uint64_t peer_came(const struct peer *peer);

/* What was published since peer_forget, in order. */
size_t peer_count(const struct peer *peer);
const struct peer_message *peer_message_at(const struct peer *peer, size_t at);
void peer_forget(struct peer *peer);

/* Takes the message's headers apart; returns how many there are. */
size_t peer_headers(const struct peer_message *message, struct peer_header out_headers[PEER_HEADERS]);

/* The value of the first header of this name; NULL: none. */
const char *peer_header(const struct peer_header *headers, size_t count, const char *name);

#endif

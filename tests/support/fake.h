/* A server that misbehaves by script: a bare listener on a free port of 127.0.0.1, with one thread of its own. */
#ifndef TEST_FAKE_H
#define TEST_FAKE_H

#include <stdbool.h>
#include <stdint.h>

struct fake;

enum fake_kind {
    FAKE_CLOSE,      /* closes each connection at once */
    FAKE_SILENT,     /* never sends */
    FAKE_SEND,       /* sends .text, then nothing more */
    FAKE_SEND_CLOSE, /* sends .text, then closes */
    FAKE_HANDSHAKE,  /* sends INFO, takes lines until PING, answers .text ("PONG\r\n", "-ERR 'x'\r\n"), then nothing */
    FAKE_HANDSHAKE_CLOSE /* the same, then closes */
};

struct fake_script {
    enum fake_kind kind;
    const char *text; /* sent as it is; must outlive the fake; NULL: nothing */
    const char *info; /* for the handshakes, in place of FAKE_INFO */
};

/* A sound INFO line; for FAKE_SEND it is a server that stalls after INFO. */
#define FAKE_INFO                                                                                                      \
    "INFO {\"server_id\":\"FAKE\",\"server_name\":\"fake\",\"version\":\"2.9.10\",\"proto\":1,\"headers\":true,"       \
    "\"max_payload\":1048576,\"host\":\"127.0.0.1\",\"port\":4222,\"client_id\":1}\r\n"

/* Starts to listen. What clients send is read and dropped unless the script waits for it. */
struct fake *fake_start(const struct fake_script *script);

/* For connections accepted from now on; those before keep the script they began with. */
void fake_set_script(struct fake *fake, const struct fake_script *script);

/* Closes everything, ends the thread, frees. Takes NULL. */
void fake_stop(struct fake *fake);

uint16_t fake_port(const struct fake *fake);
const char *fake_url(const struct fake *fake); /* "nats://127.0.0.1:PORT" */

/* How many connections were accepted; waiting for so many (false when timeout_ms passes first). */
int fake_accepted(struct fake *fake);
bool fake_wait_accepted(struct fake *fake, int at_least, int timeout_ms);

/* How many handshakes have been answered. */
int fake_answered(struct fake *fake);
bool fake_wait_answered(struct fake *fake, int at_least, int timeout_ms);

#endif

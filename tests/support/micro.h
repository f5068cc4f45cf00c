/* Asks services what discovery shows of them (nats-io ADR-32), by a bare socket, and checks the answers: each field
 * that belongs there is there, of its type, and no other. */
#ifndef TEST_MICRO_H
#define TEST_MICRO_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "server.h"
#include "wire.h"

struct micro {
    struct wire wire;
    unsigned asked;     /* questions so far: each has an inbox of its own */
    const char *prefix; /* "$SRV", unless the test sets another */
};

void micro_open(struct micro *micro, const struct test_server *server);
void micro_close(struct micro *micro);

/* Asks "<prefix>.<what>", and waits for want answers, which it checks by what was asked: PING, INFO or STATS. An array,
 * the caller's; the test fails when they do not come. */
json_t *micro_ask(struct micro *micro, const char *what, size_t want);

/* The only answer, without the array around it. */
json_t *micro_ask_one(struct micro *micro, const char *what);

/* Asks, and is told by the server that nobody is there to answer; or by a service, with an error, "code:text". */
void micro_check_nobody(struct micro *micro, const char *what);
void micro_check_error(struct micro *micro, const char *what, const char *error);

/* Nothing has come beyond what was waited for. What could come must have been through the server. */
void micro_check_no_more(struct micro *micro);

/* A field of an answer or of one of its endpoints; the test fails where it is not there. */
const char *micro_text(const json_t *object, const char *field);
long long micro_number(const json_t *object, const char *field);
const json_t *micro_endpoint(const json_t *answer, const char *name);

#endif

/* An echo service, and calls to it that know their own replies: every call carries a number, and from it a text and a
 * payload that no other call has. */
#ifndef TEST_ECHOING_H
#define TEST_ECHOING_H

#include <tern/tern.h>

#include "check.h"
#include "examples/echo.tern.h"

tern_status echo_handler(tern_request *rq, const Examples__V1__EchoRequest *in, Examples__V1__EchoReply *out);

extern const examples_v1_echo_handlers echo_handlers; /* with echo_handler */

/* One call. When it returns TERN_OK, *out_own says whether the reply is this call's, whole. */
tern_status echo_call(tern_client *client, uint64_t number, uint32_t timeout_ms, bool *out_own, tern_error *err);

/* Calls until a call succeeds (the reply must be its own); false when timeout_ms passes first. */
bool echo_works(tern_client *client, uint64_t number, int timeout_ms);

#endif

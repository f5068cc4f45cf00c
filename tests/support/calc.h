/* The service test.v1.Calc as tests serve it. */
#ifndef TEST_CALC_H
#define TEST_CALC_H

#include "rig.h"
#include "test/v1/calc.tern.h"

/* Increment adds one and keeps note and many; Fail fails as its comment says; Wait waits; Unserved has no handler.
 * arg (tern_request_arg) is not used. */
extern const test_v1_calc_handlers calc_handlers;

/* A service of these handlers that the server knows when it returns, and a client. Both must succeed. */
tern_service *calc_serve(tern_conn *conn, const tern_service_options *options);
tern_client *calc_client(tern_conn *conn, const tern_client_options *options);

/* Calls Increment; -1 on failure. */
int64_t calc_increment(tern_client *client, int64_t value, tern_error *err);

#endif

/* Services of one handler, and raw requests to them: what test.v1.Calc says on the network. */
#ifndef TEST_ASKING_H
#define TEST_ASKING_H

#include "calc.h"

typedef tern_status (*increment_fn)(tern_request *rq, const Test__V1__Number *in, Test__V1__Number *out);

/* A service whose Increment this is; the server knows it when it returns. Must succeed. */
tern_service *asking_serve(tern_conn *conn, increment_fn handler, void *arg, const tern_service_options *options);

/* Asks Increment for the successor of 4, with one header (name NULL: none), and gives the raw reply, for
 * tern_msg_free. Must succeed. */
tern_msg *ask(tern_conn *conn, const char *name, const char *value);
tern_msg *ask_with(tern_conn *conn, const tern_header *headers, size_t count);

/* Sends such a request from conn without waiting; its reply goes to the subject reply. timeout: the header
 * Tern-Timeout-Ms; NULL: none. */
void ask_to(tern_conn *conn, const char *reply, const char *timeout);

/* The reply is Increment's for 4, or an error with this code ("5"). */
void check_answered(tern_msg *reply);
void check_failed(tern_msg *reply, const char *code, const char *text_part);

/* Waits until a number of the service's statistics is at least so large. */
#define asking_wait_stat(service, field, at_least)                                                                     \
    asking_wait_stat_((service), offsetof(tern_service_stats, field), sizeof(((tern_service_stats *)0)->field),        \
                      (at_least))
bool asking_wait_stat_(const tern_service *service, size_t offset, size_t size, uint64_t at_least);

#endif

/* What a service sends: replies, errors and refusals. */
#ifndef TERNI_ANSWER_H
#define TERNI_ANSWER_H

#include "rpc/request.h"

/* Answers the request: with out where status is OK and nothing is against that, otherwise with an error. Returns the
 * status it is answered with; rq->text is the text then. */
tern_status terni_answer(tern_request *rq, tern_status status);

/* Answers a message that is no request with an error. */
void terni_answer_error(tern_service *service, tern_msg *msg, tern_status status, const char *text);

/* Says that the request that came with msg has not run, and may be sent again, perhaps after retry_after_ms (0: nobody
 * knows when), and counts it. Never waits, and tells nobody where the refusal itself has no room. Any thread. */
void terni_refuse(tern_service *service, tern_msg *msg, tern_status status, const char *text, uint32_t retry_after_ms);

#endif

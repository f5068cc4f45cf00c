/* What a service sends: replies and errors. */
#ifndef TERNI_ANSWER_H
#define TERNI_ANSWER_H

#include "rpc/request.h"

/* Answers the request: with out where status is OK and nothing is against that, otherwise with an error. Returns the
 * status it is answered with; rq->text is the text then. */
tern_status terni_answer(tern_request *rq, tern_status status);

/* Answers a message that is no request, or has no memory, with an error. */
void terni_answer_error(tern_service *service, tern_msg *msg, tern_status status, const char *text);

#endif

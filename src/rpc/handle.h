/* Running a request: from the message to the answer. */
#ifndef TERNI_HANDLE_H
#define TERNI_HANDLE_H

#include <tern/msg.h>

/* Handles a message that came for a service: a tern_msg_fn, with the tern_service as arg. */
void terni_handle_request(tern_msg *msg, void *arg);

#endif

/* What becomes of a request before it runs: taken in, or refused. The hooks of a service's subscription. */
#ifndef TERNI_INTAKE_H
#define TERNI_INTAKE_H

#include <stdbool.h>

#include <tern/msg.h>

/* A request came: admits it to the queue, or refuses it. arg: the tern_service. On the I/O thread. */
bool terni_intake_admit(tern_msg *msg, void *arg);

/* A request that was admitted will not run: the queue is full, or the service has ended. Any thread. */
void terni_intake_dropped(tern_msg *msg, bool full, void *arg);

#endif

/* Reading replies: a message, or an error in the headers. */
#ifndef TERNI_REPLY_H
#define TERNI_REPLY_H

#include <tern/method.h>

#include "io/natsc.h"

/* The error that a reply carries. */
typedef struct terni_reply_error {
    tern_status status;     /* OK: none, it is a message */
    bool local;             /* found on this side: the headers cannot be read */
    int code;               /* as the service sent it; 0 when it is beyond an int */
    const char *text;       /* the reply's own, or static; never empty */
    bool not_executed;      /* the request has not run */
    int64_t retry_after_ms; /* -1: not said */
} terni_reply_error;

terni_reply_error terni_reply_read_error(natsMsg *reply);

/* Decodes a reply without an error. INTERNAL: it is not what method promises. */
tern_status terni_reply_decode(const tern_method *method, natsMsg *reply, ProtobufCMessage **out_message,
                               tern_error *err);

#endif

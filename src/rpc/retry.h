/* Which failed attempts of a call are followed by another, and when. */
#ifndef TERNI_RETRY_H
#define TERNI_RETRY_H

#include <stdatomic.h>

#include <tern/client.h>

#include "core/clock.h"
#include "rpc/reply.h"

/* A client's policy and budget. Any thread. */
typedef struct terni_retry {
    tern_retry_options options; /* with defaults filled in */
    atomic_int tenths;          /* of tokens that are left */
} terni_retry;

/* INVALID_ARGUMENT: an option. */
tern_status terni_retry_init(terni_retry *retry, const tern_retry_options *options, tern_error *err);

/* Can any call be tried again? */
bool terni_retry_is_on(const terni_retry *retry);

/* When an attempt of the method that has no reply gives way to another, ms; 0: never. */
uint32_t terni_retry_reply_timeout(const terni_retry *retry, const tern_method *method);

/* A failed attempt. */
typedef struct terni_failure {
    tern_status status;      /* found on this side; OK: the service's answer says it */
    terni_reply_error error; /* the service's */
} terni_failure;

typedef enum terni_retry_verdict {
    TERNI_RETRY_NO,
    TERNI_RETRY_UNAFFORDABLE, /* only for want of budget */
    TERNI_RETRY_YES
} terni_retry_verdict;

/* An attempt has failed, of which the call has made so many: is there to be another? Takes its price. out_at: when,
 * where there is. DEADLINE_EXCEEDED before the deadline: it is overdue, and has failed, and costs, only where another
 * follows. */
terni_retry_verdict terni_retry_again(terni_retry *retry, const tern_method *method, const terni_failure *failure,
                                      uint32_t attempts, terni_time_ms deadline, terni_time_ms *out_at);

/* A call has ended well. */
void terni_retry_succeeded(terni_retry *retry);

#endif

/* As gRPC's retry design (gRFC A6) has it: the budget is a bucket of tokens. Each attempt that failed in a way that
 * could be tried again takes one, whether it is or not; each call that ends well gives a tenth back; and with half of
 * them or less left nothing is tried again. So a burst of failures is not multiplied by the retries. An attempt without
 * a reply has failed only where another follows: else it waits on, and costs nothing. */
#include "rpc/retry.h"

#include "core/error.h"
#include "core/random.h"

enum { ATTEMPTS_MAX = 100, BACKOFF_MIN_MS = 20, BACKOFF_MAX_MS = 1000, BUDGET = 100, BUDGET_MAX = 1000000, TOKEN = 10 };

static void fill_defaults(tern_retry_options *o)
{
    uint32_t min_ms = o->backoff_min_ms, max_ms = o->backoff_max_ms;
    if (o->attempts == 0) o->attempts = 1;
    if (o->budget == 0) o->budget = BUDGET;
    if (min_ms == 0) o->backoff_min_ms = max_ms > 0 && max_ms < BACKOFF_MIN_MS ? max_ms : BACKOFF_MIN_MS;
    if (max_ms == 0) o->backoff_max_ms = min_ms > BACKOFF_MAX_MS ? min_ms : BACKOFF_MAX_MS;
}

tern_status terni_retry_init(terni_retry *retry, const tern_retry_options *options, tern_error *err)
{
    tern_retry_options *o = &retry->options;
    *o = *options;
    if (o->attempts > ATTEMPTS_MAX)
        return terni_fail(err, TERN_INVALID_ARGUMENT, "retry.attempts %u: the limit is %d", o->attempts, ATTEMPTS_MAX);
    if (o->budget > BUDGET_MAX)
        return terni_fail(err, TERN_INVALID_ARGUMENT, "retry.budget %u: the limit is %d", o->budget, BUDGET_MAX);
    fill_defaults(o);
    if (o->backoff_min_ms > o->backoff_max_ms)
        return terni_fail(err, TERN_INVALID_ARGUMENT, "retry.backoff_min_ms %u is above backoff_max_ms %u",
                          o->backoff_min_ms, o->backoff_max_ms);
    atomic_init(&retry->tenths, (int)o->budget * TOKEN);
    return TERN_OK;
}

bool terni_retry_is_on(const terni_retry *retry)
{
    return retry->options.attempts > 1;
}

static bool may_run_twice(const tern_method *method)
{
    return method->idempotency != TERN_IDEMPOTENCY_UNKNOWN;
}

uint32_t terni_retry_reply_timeout(const terni_retry *retry, const tern_method *method)
{
    return terni_retry_is_on(retry) && may_run_twice(method) ? retry->options.attempt_timeout_ms : 0;
}

static bool is_retryable(const terni_failure *failure, const tern_method *method)
{
    switch (failure->status) {
    case TERN_OK:
        return failure->error.not_executed || (failure->error.status == TERN_INTERNAL && may_run_twice(method));
    case TERN_UNAVAILABLE: /* nobody serves it */
    case TERN_RESOURCE_EXHAUSTED: /* no room to send */ return true;
    case TERN_DEADLINE_EXCEEDED:
        return may_run_twice(method); /* the attempt's timeout; at the call's there is no time left */
    default: return false;
    }
}

static bool is_poor(const terni_retry *retry, int tenths)
{
    return tenths <= (int)retry->options.budget * TOKEN / 2;
}

/* Takes a token. True: more than half are left. */
static bool pay(terni_retry *retry)
{
    int left = atomic_load(&retry->tenths);
    while (!atomic_compare_exchange_weak(&retry->tenths, &left, left > TOKEN ? left - TOKEN : 0)) continue;
    return !is_poor(retry, left - TOKEN);
}

void terni_retry_succeeded(terni_retry *retry)
{
    int full = (int)retry->options.budget * TOKEN, left = atomic_load_explicit(&retry->tenths, memory_order_relaxed);
    while (left < full && !atomic_compare_exchange_weak(&retry->tenths, &left, left + 1)) continue;
}

/* A random time up to a bound that doubles with each attempt: full jitter. */
static terni_time_ms backoff(const terni_retry *retry, uint32_t attempts)
{
    uint64_t bound = retry->options.backoff_min_ms;
    for (uint32_t i = 1; i < attempts && bound < retry->options.backoff_max_ms; i++) bound *= 2;
    if (bound > retry->options.backoff_max_ms) bound = retry->options.backoff_max_ms;
    return terni_random_below(bound >= UINT32_MAX ? UINT32_MAX : (uint32_t)bound + 1);
}

terni_retry_verdict terni_retry_again(terni_retry *retry, const tern_method *method, const terni_failure *failure,
                                      uint32_t attempts, terni_time_ms deadline, terni_time_ms *out_at)
{
    terni_time_ms now = terni_now_ms();
    if (!is_retryable(failure, method) || now >= deadline) return TERNI_RETRY_NO;
    bool told = failure->status == TERN_OK && failure->error.retry_after_ms >= 0;
    terni_time_ms at = now + (told ? failure->error.retry_after_ms : backoff(retry, attempts));
    bool may_follow = attempts < retry->options.attempts && at < deadline;
    bool overdue = failure->status == TERN_DEADLINE_EXCEEDED;
    bool waits_on = overdue && (!may_follow || is_poor(retry, atomic_load(&retry->tenths) - TOKEN));
    bool affordable = !waits_on && pay(retry);
    if (!may_follow) return TERNI_RETRY_NO;
    if (!affordable) return TERNI_RETRY_UNAFFORDABLE;
    *out_at = at;
    return TERNI_RETRY_YES;
}

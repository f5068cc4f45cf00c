/* The I/O thread decides on arrival, so that what is refused costs no handler's time and its caller hears at once. */
#include "rpc/intake.h"

#include <inttypes.h>
#include <stdio.h>

#include "msg/msg.h"
#include "msg/sub.h"
#include "rpc/answer.h"
#include "rpc/service.h"

static uint64_t get(const atomic_uint_fast64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

static terni_load load_now(tern_service *service, const tern_msg *msg)
{
    /* busy_ns before handled: a handler that returns in between counts as fast rather than as slow. */
    terni_load load = { .now = msg->received, .busy_ns = get(&service->busy_ns), .handled = get(&service->handled) };
    load.in_hand = service->admitted - load.handled - get(&service->expired) - get(&service->withdrawn);
    load.deferred = terni_sub_deferred(service->sub);
    if (service->is_inline) load.in_hand = 0;
    return load;
}

static void refuse_full(tern_service *service, tern_msg *msg, const terni_load *load)
{
    char text[TERN_ERROR_TEXT_SIZE];
    terni_time_ms wait_ms = terni_admission_wait_ms(&service->admission, load->in_hand);
    if (wait_ms < 1 && terni_admission_knows(&service->admission)) wait_ms = 1;
    (void)snprintf(text, sizeof text, "service %s has as much to do as it takes: %zu requests may wait",
                   service->type->name, terni_admission_limit(&service->admission, load->now));
    terni_refuse(service, msg, TERN_RESOURCE_EXHAUSTED, text, (uint32_t)wait_ms);
}

static void refuse_late(tern_service *service, tern_msg *msg, terni_time_ms wait_ms, terni_time_ms timeout_ms)
{
    char text[TERN_ERROR_TEXT_SIZE];
    (void)snprintf(text, sizeof text, "service %s: the request would wait for %lld ms, its deadline is in %lld ms",
                   service->type->name, (long long)wait_ms, (long long)timeout_ms);
    terni_refuse(service, msg, TERN_RESOURCE_EXHAUSTED, text, (uint32_t)wait_ms);
}

bool terni_intake_admit(tern_msg *msg, void *arg)
{
    tern_service *service = arg;
    if (tern_msg_reply(msg) == NULL) { /* nobody would hear the answer, good or bad */
        (void)atomic_fetch_add_explicit(&service->dropped, 1, memory_order_relaxed);
        return false;
    }
    terni_load load = load_now(service, msg);
    if (!terni_admission_arrives(&service->admission, &load)) {
        refuse_full(service, msg, &load);
        return false;
    }
    terni_time_ms wait_ms = terni_admission_wait_ms(&service->admission, load.in_hand);
    terni_time_ms timeout_ms = wait_ms < 1 ? 1 : terni_request_deadline(msg) - msg->received;
    if (wait_ms > timeout_ms) {
        refuse_late(service, msg, wait_ms, timeout_ms);
        return false;
    }
    service->admitted++;
    return true;
}

void terni_intake_dropped(tern_msg *msg, bool full, void *arg)
{
    tern_service *service = arg;
    (void)atomic_fetch_add_explicit(&service->withdrawn, 1, memory_order_relaxed);
    if (full) terni_refuse(service, msg, TERN_RESOURCE_EXHAUSTED, "the service's queue is full", 0);
    else terni_refuse(service, msg, TERN_UNAVAILABLE, "the service has ended", 0);
}

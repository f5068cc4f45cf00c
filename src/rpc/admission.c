/* Time is cut into windows. At the first arrival after a window's end, the mean time of the handlers that returned in
 * it goes into the mean (half of it, so that what was long ago fades), and the work that was offered in it, arrivals
 * times pace, is compared with what the handlers can do in that time. While more was offered, only half as many
 * requests may wait as handlers run: a longer queue would make each of them later, and none more.
 *
 * The pace is the mean or, where that is less, the last window's own: handlers that the scheduler held up for a while
 * must not look like overload, then or afterwards. */
#include "rpc/admission.h"

static uint64_t get(const atomic_uint_fast64_t *number)
{
    return atomic_load_explicit(number, memory_order_relaxed);
}

void terni_admission_init(terni_admission *admission, uint32_t concurrency, size_t pending_limit, terni_time_ms now)
{
    admission->concurrency = concurrency;
    admission->pending_limit = pending_limit;
    admission->handled = admission->busy_ns = 0;
    atomic_init(&admission->window_start, now);
    atomic_init(&admission->arrivals, 0);
    atomic_init(&admission->mean_ns, 0);
    atomic_init(&admission->pace_ns, 0);
    atomic_init(&admission->overloaded, false);
}

static bool is_over(const terni_admission *admission, terni_time_ms now)
{
    return now - atomic_load_explicit(&admission->window_start, memory_order_relaxed) >= TERNI_ADMISSION_WINDOW_MS;
}

/* Was, from the window's start until now, more work offered than the handlers can do? Not if nothing has come for as
 * long as another window, or twice as long as handlers take to become free. */
static bool is_too_much(const terni_admission *admission, terni_time_ms now)
{
    terni_time_ms start = atomic_load_explicit(&admission->window_start, memory_order_relaxed);
    double passed_ns = (double)(now - start) * 1e6, pace_ns = (double)get(&admission->pace_ns);
    double capacity_ns = (double)admission->concurrency * passed_ns;
    if (passed_ns >= 2e6 * TERNI_ADMISSION_WINDOW_MS && capacity_ns >= 2 * pace_ns) return false;
    return (double)get(&admission->arrivals) * pace_ns > capacity_ns;
}

static void learn(terni_admission *admission, const terni_load *load)
{
    uint64_t handled = load->handled - admission->handled, mean_ns = get(&admission->mean_ns);
    if (handled == 0) return;
    uint64_t lately_ns = (load->busy_ns - admission->busy_ns) / handled;
    mean_ns = mean_ns == 0 ? lately_ns : (mean_ns + lately_ns) / 2;
    atomic_store_explicit(&admission->mean_ns, mean_ns, memory_order_relaxed);
    atomic_store_explicit(&admission->pace_ns, lately_ns < mean_ns ? lately_ns : mean_ns, memory_order_relaxed);
    admission->handled = load->handled;
    admission->busy_ns = load->busy_ns;
}

static void begin_window(terni_admission *admission, const terni_load *load)
{
    learn(admission, load);
    atomic_store_explicit(&admission->overloaded, is_too_much(admission, load->now), memory_order_relaxed);
    atomic_store_explicit(&admission->window_start, load->now, memory_order_relaxed);
    atomic_store_explicit(&admission->arrivals, 0, memory_order_relaxed);
}

static uint64_t waiting(const terni_admission *admission, uint64_t in_hand)
{
    return in_hand > admission->concurrency ? in_hand - admission->concurrency : 0;
}

bool terni_admission_arrives(terni_admission *admission, const terni_load *load)
{
    if (is_over(admission, load->now)) begin_window(admission, load);
    else if (get(&admission->mean_ns) == 0) learn(admission, load); /* better than nothing */
    atomic_store_explicit(&admission->arrivals, get(&admission->arrivals) + 1, memory_order_relaxed);
    uint64_t wait = waiting(admission, load->in_hand);
    if (wait + load->deferred >= admission->pending_limit) return false;
    return wait == 0 || wait < terni_admission_limit(admission, load->now); /* which is at least 1 */
}

terni_time_ms terni_admission_wait_ms(const terni_admission *admission, uint64_t in_hand)
{
    uint64_t wait = waiting(admission, in_hand);
    if (wait == 0) return 0;
    double wait_ms = (double)wait * (double)get(&admission->mean_ns) / admission->concurrency / 1e6;
    return wait_ms < (double)INT32_MAX ? (terni_time_ms)wait_ms : INT32_MAX;
}

size_t terni_admission_limit(const terni_admission *admission, terni_time_ms now)
{
    bool overloaded = is_over(admission, now) ? is_too_much(admission, now)
                                              : atomic_load_explicit(&admission->overloaded, memory_order_relaxed);
    uint64_t limit = admission->concurrency / 2 > 0 ? admission->concurrency / 2 : 1;
    return !overloaded || limit > admission->pending_limit ? admission->pending_limit : limit;
}

bool terni_admission_knows(const terni_admission *admission)
{
    return get(&admission->mean_ns) > 0;
}

/* Admission: what a service takes under which load. Numbers alone, no clock and no server. */
#include "rpc/admission.h"

#include "test.h"

enum { MS = 1000000 };

/* Handlers of 10 ms, four at once, so 40 requests in a window are what they can do. */
static void begin(terni_admission *admission, terni_load *load)
{
    terni_admission_init(admission, 4, 1000, 0);
    *load = (terni_load){ .handled = 100, .busy_ns = (uint64_t)1000 * MS };
    check_true(terni_admission_arrives(admission, load));
    check_true(terni_admission_knows(admission));
}

/* So many arrive one after the other from load->now to the end of the window, with nothing in hand. */
static void arrive(terni_admission *admission, terni_load *load, int count)
{
    uint64_t in_hand = load->in_hand;
    load->in_hand = 0;
    for (int i = 0; i < count; i++) check_true(terni_admission_arrives(admission, load));
    load->in_hand = in_hand;
    load->now += TERNI_ADMISSION_WINDOW_MS;
}

Test(admission, without_a_word_from_handlers_all_may_wait_up_to_the_limit)
{
    terni_admission admission;
    terni_load load = { .now = 5 };
    terni_admission_init(&admission, 4, 10, 0);
    check_false(terni_admission_knows(&admission));
    for (load.in_hand = 0; load.in_hand < 14; load.in_hand++) check_true(terni_admission_arrives(&admission, &load));
    check_false(terni_admission_arrives(&admission, &load));
    check_int(terni_admission_wait_ms(&admission, load.in_hand), 0);
    check_int(terni_admission_limit(&admission, 5), 10);
    load.now = 100000;
    check_false(terni_admission_arrives(&admission, &load));
    load.in_hand--;
    check_true(terni_admission_arrives(&admission, &load));
}

Test(admission, deferred_requests_count_against_the_limit)
{
    terni_admission admission;
    terni_load load = { .in_hand = 7, .deferred = 6 };
    terni_admission_init(&admission, 4, 10, 0);
    check_true(terni_admission_arrives(&admission, &load)); /* 3 wait, 6 are deferred */
    load.in_hand = 8;
    check_false(terni_admission_arrives(&admission, &load));
    load.in_hand = 0;
    check_true(terni_admission_arrives(&admission, &load));
    load.deferred = 10;
    check_false(terni_admission_arrives(&admission, &load)); /* however free the handlers are */
}

Test(admission, wait_is_what_those_in_front_take)
{
    terni_admission admission;
    terni_load load;
    begin(&admission, &load);
    check_int(terni_admission_wait_ms(&admission, 0), 0);
    check_int(terni_admission_wait_ms(&admission, 4), 0);
    check_int(terni_admission_wait_ms(&admission, 8), 10);
    check_int(terni_admission_wait_ms(&admission, 404), 1000);
    check_int(terni_admission_wait_ms(&admission, UINT64_MAX), INT32_MAX);
}

Test(admission, mean_follows_the_handlers)
{
    terni_admission admission;
    terni_load load;
    begin(&admission, &load);
    for (int i = 0; i < 20; i++) {
        load.now += TERNI_ADMISSION_WINDOW_MS;
        load.handled += 10;
        load.busy_ns += (uint64_t)10 * 2 * MS;
        check_true(terni_admission_arrives(&admission, &load));
    }
    check_int(terni_admission_wait_ms(&admission, 404), 200);
    load.now += 100 * TERNI_ADMISSION_WINDOW_MS; /* none returned: what is known stays */
    check_true(terni_admission_arrives(&admission, &load));
    check_int(terni_admission_wait_ms(&admission, 404), 200);
}

Test(admission, as_much_work_as_handlers_can_do_is_no_overload)
{
    terni_admission admission;
    terni_load load;
    begin(&admission, &load);
    load.now = TERNI_ADMISSION_WINDOW_MS;
    arrive(&admission, &load, 40);
    load.in_hand = 500;
    check_true(terni_admission_arrives(&admission, &load));
    check_int(terni_admission_limit(&admission, load.now), 1000);
}

Test(admission, under_overload_half_as_many_wait_as_handlers_run)
{
    terni_admission admission;
    terni_load load;
    begin(&admission, &load);
    load.now = TERNI_ADMISSION_WINDOW_MS;
    arrive(&admission, &load, 41);
    load.in_hand = 5; /* one waits */
    check_true(terni_admission_arrives(&admission, &load));
    load.in_hand = 6;
    check_false(terni_admission_arrives(&admission, &load));
    check_int(terni_admission_limit(&admission, load.now), 2);
    load.in_hand = 3; /* a handler is free */
    check_true(terni_admission_arrives(&admission, &load));
}

Test(admission, refused_arrivals_keep_it_overloaded_and_their_end_ends_it)
{
    terni_admission admission;
    terni_load load;
    begin(&admission, &load);
    load.now = TERNI_ADMISSION_WINDOW_MS;
    arrive(&admission, &load, 120);
    load.in_hand = 6;
    for (int i = 0; i < 120; i++) check_false(terni_admission_arrives(&admission, &load));
    load.now += TERNI_ADMISSION_WINDOW_MS;
    for (int i = 0; i < 10; i++) check_false(terni_admission_arrives(&admission, &load));
    check_int(terni_admission_limit(&admission, load.now), 2);
    load.now += TERNI_ADMISSION_WINDOW_MS; /* only ten came in the last one */
    check_int(terni_admission_limit(&admission, load.now), 1000);
    check_true(terni_admission_arrives(&admission, &load));
}

Test(admission, overload_is_forgotten_when_nothing_comes_any_more)
{
    terni_admission admission;
    terni_load load;
    begin(&admission, &load);
    load.now = TERNI_ADMISSION_WINDOW_MS;
    arrive(&admission, &load, 100000);
    check_int(terni_admission_limit(&admission, load.now), 2);
    load.now += TERNI_ADMISSION_WINDOW_MS;
    check_int(terni_admission_limit(&admission, load.now), 1000);
    load.in_hand = 100;
    check_true(terni_admission_arrives(&admission, &load));
}

Test(admission, requests_few_and_slow_are_overload_too)
{
    terni_admission admission;
    terni_load load = { .handled = 1, .busy_ns = (uint64_t)1000 * MS };
    terni_admission_init(&admission, 1, 1000, 0);
    for (int i = 0; i < 5; i++, load.now += 333) check_true(terni_admission_arrives(&admission, &load));
    check_int(terni_admission_limit(&admission, load.now), 1);
    for (int i = 0; i < 5; i++, load.now += 1001) check_true(terni_admission_arrives(&admission, &load));
    check_int(terni_admission_limit(&admission, load.now), 1000);
}

Test(admission, burst_after_a_long_silence_is_no_overload)
{
    terni_admission admission;
    terni_load load;
    begin(&admission, &load);
    load.now = 60000;
    load.in_hand = 300;
    for (int i = 0; i < 300; i++) check_true(terni_admission_arrives(&admission, &load));
    check_int(terni_admission_limit(&admission, load.now), 1000);
    check_int(terni_admission_limit(&admission, load.now + 100000), 1000);
}

Test(admission, handlers_that_were_held_up_once_are_no_overload_afterwards)
{
    terni_admission admission;
    terni_load load;
    begin(&admission, &load);
    load.now = TERNI_ADMISSION_WINDOW_MS;
    arrive(&admission, &load, 4);
    load.handled += 4;
    load.busy_ns += (uint64_t)4 * 90 * MS;
    arrive(&admission, &load, 30); /* the mean is 50 ms now; in this window they are as fast as before again */
    load.handled += 30;
    load.busy_ns += (uint64_t)30 * 10 * MS;
    check_true(terni_admission_arrives(&admission, &load));
    check_int(terni_admission_limit(&admission, load.now), 1000);
}

Test(admission, one_handler_lets_one_wait)
{
    terni_admission admission;
    terni_load load = { .handled = 1, .busy_ns = (uint64_t)50 * MS };
    terni_admission_init(&admission, 1, 1000, 0);
    load.now = TERNI_ADMISSION_WINDOW_MS;
    for (int i = 0; i < 3; i++) check_true(terni_admission_arrives(&admission, &load));
    load.now += TERNI_ADMISSION_WINDOW_MS;
    load.in_hand = 1;
    check_true(terni_admission_arrives(&admission, &load));
    load.in_hand = 2;
    check_false(terni_admission_arrives(&admission, &load));
}

Test(admission, overload_never_widens_a_small_limit)
{
    terni_admission admission;
    terni_load load = { .handled = 1, .busy_ns = (uint64_t)50 * MS };
    terni_admission_init(&admission, 16, 3, 0);
    load.now = TERNI_ADMISSION_WINDOW_MS;
    for (int i = 0; i < 100; i++) check_true(terni_admission_arrives(&admission, &load));
    load.now += TERNI_ADMISSION_WINDOW_MS;
    check_int(terni_admission_limit(&admission, load.now), 3);
}

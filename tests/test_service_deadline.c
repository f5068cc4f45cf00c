/* Deadlines, as a service sees them: counted from when the request was received. */
#include "asking.h"

#include <stdatomic.h>
#include <stdio.h>

/* ---- What the handler sees ---- */

struct seen {
    uint32_t remaining_ms;
    uint64_t elapsed_us;
};

static tern_status look(tern_request *rq, const Test__V1__Number *in, Test__V1__Number *out)
{
    struct seen *seen = tern_request_arg(rq);
    seen->remaining_ms = tern_request_remaining_ms(rq);
    uint64_t before_us = tern_request_elapsed_us(rq);
    test_sleep_ms(20);
    seen->elapsed_us = tern_request_elapsed_us(rq) - before_us;
    out->value = in->value + 1;
    return TERN_OK;
}

static void check_seen(struct rig *rig, const struct seen *seen, const char *timeout, uint32_t expected_ms)
{
    tern_msg *reply = ask(rig->conn, timeout == NULL ? NULL : "Tern-Timeout-Ms", timeout);
    check_answered(reply);
    cr_assert(seen->remaining_ms <= expected_ms && seen->remaining_ms + 4000 >= expected_ms,
              "timeout %s leaves %u ms, wanted %u", test_shown(timeout), seen->remaining_ms, expected_ms);
}

Test(service_deadline, handler_sees_what_is_left_of_the_callers_time, .timeout = 60)
{
    struct seen seen = { .elapsed_us = 0 };
    struct rig rig;

    rig_open(&rig);
    tern_service *service = asking_serve(rig.conn, look, &seen, NULL);
    check_seen(&rig, &seen, "60000", 60000);
    check_seen(&rig, &seen, "1000000", 1000000);
    check_int_at_least(seen.elapsed_us, 20000);
    tern_service_free(service);
    rig_close(&rig);
    test_check_leaks();
}

Test(service_deadline, without_a_sound_timeout_it_is_five_seconds, .timeout = 60)
{
    static const char *const unsound[] = { NULL, "0", "-1", "-60000", "soon", "60000ms", "6e4", "0x10", "60000 1" };
    struct seen seen = { .elapsed_us = 0 };
    struct rig rig;

    rig_open(&rig);
    tern_service *service = asking_serve(rig.conn, look, &seen, NULL);
    for (size_t i = 0; i < sizeof unsound / sizeof *unsound; i++) check_seen(&rig, &seen, unsound[i], 5000);
    tern_service_free(service);
    rig_close(&rig);
    test_check_leaks();
}

Test(service_deadline, huge_timeout_counts_as_a_day, .timeout = 60)
{
    static const char *const huge[] = { "86400001", "4294967295", "4294967297", "18446744073709551616",
                                        "99999999999999999999999999" };
    struct seen seen = { .elapsed_us = 0 };
    struct rig rig;

    rig_open(&rig);
    tern_service *service = asking_serve(rig.conn, look, &seen, NULL);
    for (size_t i = 0; i < sizeof huge / sizeof *huge; i++) check_seen(&rig, &seen, huge[i], 24 * 60 * 60 * 1000);
    tern_service_free(service);
    rig_close(&rig);
    test_check_leaks();
}

static tern_status wait_out(tern_request *rq, const Test__V1__Number *in, Test__V1__Number *out)
{
    while (tern_request_remaining_ms(rq) > 0) test_sleep_ms(1);
    out->value = in->value + 1;
    return TERN_OK;
}

Test(service_deadline, time_that_is_over_is_nothing_left_and_the_answer_goes_out, .timeout = 60)
{
    struct rig rig;

    rig_open(&rig);
    tern_service *service = asking_serve(rig.conn, wait_out, NULL, NULL);
    check_answered(ask(rig.conn, "Tern-Timeout-Ms", "300"));
    tern_service_free(service);
    rig_close(&rig);
    test_check_leaks();
}

/* ---- Waiting too long ---- */

struct holding {
    struct test_gate entered, leave;
    atomic_int runs;
};

static tern_status hold(tern_request *rq, const Test__V1__Number *in, Test__V1__Number *out)
{
    struct holding *holding = tern_request_arg(rq);
    atomic_fetch_add(&holding->runs, 1);
    gate_open(&holding->entered);
    (void)gate_wait(&holding->leave, 1, RIG_WAIT_MS);
    out->value = in->value + 1;
    return TERN_OK;
}

Test(service_deadline, request_that_expired_while_it_waited_is_dropped_unrun, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    struct holding holding = { .runs = 0 };
    tern_service_stats stats;
    struct inbox inbox;
    struct rig rig;

    rig_open(&rig);
    inbox_init(&inbox);
    gate_init(&holding.entered);
    gate_init(&holding.leave);
    tern_sub *sub = rig_subscribe(rig.conn, "answers", NULL, inbox_take, &inbox);
    tern_service *service = asking_serve(rig.conn, hold, &holding, &(tern_service_options){ .concurrency = 1 });
    ask_to(rig.conn, "answers", "60000");
    check_true(gate_wait(&holding.entered, 1, RIG_WAIT_MS));
    for (int i = 0; i < 3; i++) ask_to(rig.conn, "answers", "50");
    ask_to(rig.conn, "answers", "60000");
    rig_flush(rig.conn);
    test_sleep_ms(100); /* their time passes */
    gate_open(&holding.leave);
    check_true(inbox_wait(&inbox, 2));
    check_ok(tern_service_stop(service, 0, &err));
    rig_flush(rig.conn);
    check_int(gate_count(&inbox.gate), 2); /* nobody waits for a word about the others */
    tern_service_get_stats(service, &stats);
    check_int(stats.expired, 3);
    check_int(stats.requests, 2);
    check_int(stats.errors, 0);
    check_int(stats.dropped, 0);
    check_int(atomic_load(&holding.runs), 2);
    tern_service_free(service);
    tern_sub_free(sub);
    gate_destroy(&holding.entered);
    gate_destroy(&holding.leave);
    inbox_destroy(&inbox);
    rig_close(&rig);
    test_check_leaks();
}

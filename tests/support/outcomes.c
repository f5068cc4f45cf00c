#include "outcomes.h"

#include <stdio.h>
#include <stdlib.h>

void outcomes_init(struct outcomes *all, int count)
{
    gate_init(&all->gate);
    all->items = calloc((size_t)count, sizeof *all->items);
    if (all->items == NULL) test_abort("no memory");
    all->count = count;
    for (int i = 0; i < count; i++) {
        all->items[i].all = all;
        all->items[i].value = i;
    }
}

void outcomes_destroy(struct outcomes *all)
{
    gate_destroy(&all->gate);
    free(all->items);
}

const tern_method *increment_method(void)
{
    return &test_v1_calc_type.methods[0];
}

static tern_method idempotent;

static void init_idempotent(void)
{
    idempotent = *increment_method();
    idempotent.idempotency = TERN_IDEMPOTENT;
}

const tern_method *idempotent_method(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, init_idempotent);
    return &idempotent;
}

static void take(tern_call *call, Test__V1__Number *reply, const tern_error *err, void *arg)
{
    struct outcome *outcome = arg;
    outcome->status = err->status;
    outcome->remote = err->remote;
    outcome->thread = pthread_self();
    outcome->right = reply != NULL && reply->value == outcome->value + 1;
    outcome->attempts = tern_call_attempts(call);
    (void)snprintf(outcome->text, sizeof outcome->text, "%s", err->text);
    if (reply != NULL) tern_message_free(&reply->base);
    atomic_fetch_add(&outcome->ends, 1);
    gate_open(&outcome->all->gate);
}

tern_status outcome_begin(tern_client *client, const tern_method *method, struct outcome *outcome,
                          const tern_call_options *options, tern_call **out_call, tern_error *err)
{
    Test__V1__Number number = TEST__V1__NUMBER__INIT;
    number.value = outcome->value;
    return tern_client_call_async(client, method, &number.base, options, (tern_any_fn)take, outcome, out_call, err);
}

void outcomes_begin(tern_client *client, const tern_method *method, struct outcomes *all,
                    const tern_call_options *options)
{
    tern_error err = { .status = TERN_OK };
    for (int i = 0; i < all->count; i++) check_ok(outcome_begin(client, method, &all->items[i], options, NULL, &err));
}

void check_outcomes(struct outcomes *all, tern_status status)
{
    check_true(gate_wait(&all->gate, all->count, 3 * RIG_WAIT_MS));
    for (int i = 0; i < all->count; i++) {
        struct outcome *outcome = &all->items[i];
        cr_assert(outcome->status == status && outcome->right == (status == TERN_OK),
                  "call %d: %s (%s), right %d, wanted %s", i, tern_status_name(outcome->status), outcome->text,
                  outcome->right, tern_status_name(status));
        check_int(atomic_load(&outcome->ends), 1);
    }
    check_int(gate_count(&all->gate), all->count);
}

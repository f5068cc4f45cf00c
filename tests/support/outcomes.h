/* Many asynchronous calls of test.v1.Calc.Increment at once, each with what has become of it. */
#ifndef TEST_OUTCOMES_H
#define TEST_OUTCOMES_H

#include <stdatomic.h>

#include "calc.h"

/* Written by the callback before it counts the end. */
struct outcome {
    struct outcomes *all;
    int64_t value;   /* asked */
    atomic_int ends; /* 1, when all is well */
    tern_status status;
    bool remote, right; /* right: the reply is this call's own */
    uint32_t attempts;
    pthread_t thread; /* of the callback */
    char text[TERN_ERROR_TEXT_SIZE];
};

struct outcomes {
    struct test_gate gate; /* counts ends */
    struct outcome *items;
    int count;
};

void outcomes_init(struct outcomes *all, int count);
void outcomes_destroy(struct outcomes *all);

/* Increment, as the .proto declares it, and as it would be were it idempotent. */
const tern_method *increment_method(void);
const tern_method *idempotent_method(void);

/* Begins one, or all; the latter must succeed. */
tern_status outcome_begin(tern_client *client, const tern_method *method, struct outcome *outcome,
                          const tern_call_options *options, tern_call **out_call, tern_error *err);
void outcomes_begin(tern_client *client, const tern_method *method, struct outcomes *all,
                    const tern_call_options *options);

/* All have ended once, all with this status, and with their own reply where it is OK. */
void check_outcomes(struct outcomes *all, tern_status status);

#endif

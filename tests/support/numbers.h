/* Numbered messages: a handler that sees whether they come in order, each at most once. */
#ifndef TEST_NUMBERS_H
#define TEST_NUMBERS_H

#include <tern/tern.h>

#include "check.h"

/* One subscription's. gate.lock guards the rest. */
struct numbers {
    struct test_gate gate; /* counts the messages */
    uint64_t last;
    uint64_t gaps;     /* numbers left out */
    uint64_t disorder; /* messages whose number was not above the last one's */
};

void numbers_init(struct numbers *numbers);
void numbers_destroy(struct numbers *numbers);

/* A tern_msg_fn; arg is the struct numbers. The payload begins with the number, in digits, from 1. */
void numbers_take(tern_msg *msg, void *arg);

/* The number that came last; waiting until one of at least that has come (false when timeout_ms passes first). */
uint64_t numbers_last(struct numbers *numbers);
bool numbers_wait(struct numbers *numbers, uint64_t number, int timeout_ms);

/* Publishes a number, padded with spaces to size bytes where that is more. */
tern_status numbers_publish(tern_conn *conn, const char *subject, uint64_t number, size_t size, tern_error *err);

#endif

#include "numbers.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "tempdir.h"

void numbers_init(struct numbers *numbers)
{
    *numbers = (struct numbers){ .last = 0 };
    gate_init(&numbers->gate);
}

void numbers_destroy(struct numbers *numbers)
{
    gate_destroy(&numbers->gate);
}

void numbers_take(tern_msg *msg, void *arg)
{
    struct numbers *numbers = arg;
    uint64_t number = strtoull(tern_msg_data(msg), NULL, 10);
    pthread_mutex_lock(&numbers->gate.lock);
    if (number <= numbers->last) numbers->disorder++;
    else numbers->gaps += number - numbers->last - 1;
    numbers->last = number;
    pthread_mutex_unlock(&numbers->gate.lock);
    gate_open(&numbers->gate);
}

uint64_t numbers_last(struct numbers *numbers)
{
    pthread_mutex_lock(&numbers->gate.lock);
    uint64_t last = numbers->last;
    pthread_mutex_unlock(&numbers->gate.lock);
    return last;
}

bool numbers_wait(struct numbers *numbers, uint64_t number, int timeout_ms)
{
    long deadline_ms = test_now_ms() + timeout_ms;
    for (;;) {
        int count = gate_count(&numbers->gate);
        long left_ms = deadline_ms - test_now_ms();
        if (numbers_last(numbers) >= number) return true;
        if (left_ms <= 0 || !gate_wait(&numbers->gate, count + 1, (int)left_ms)) break;
    }
    return numbers_last(numbers) >= number;
}

tern_status numbers_publish(tern_conn *conn, const char *subject, uint64_t number, size_t size, tern_error *err)
{
    char digits[24];
    size_t length = (size_t)snprintf(digits, sizeof digits, "%" PRIu64, number);
    if (size <= length) return tern_conn_publish(conn, subject, digits, length, err);
    char *payload = malloc(size);
    if (payload == NULL) test_abort("out of memory");
    memset(payload, ' ', size);
    memcpy(payload, digits, length);
    tern_status st = tern_conn_publish(conn, subject, payload, size, err);
    free(payload);
    return st;
}

/* What a connection's events were, all of them, for tests that make many: a test waits for one, looks at it, and
 * checks that they came in an order that can be.
 *
 *     struct trail events;
 *     trail_init(&events);
 *     tern_conn_options options = { .url = ..., .on_event = trail_take, .event_arg = &events };
 *     ...
 *     check_true(trail_wait(&events, TERN_EVENT_RECONNECTED, 1, WAIT_MS));
 *     check_trail_in_order(&events);
 *     trail_destroy(&events);                        after tern_conn_free
 */
#ifndef TEST_TRAIL_H
#define TEST_TRAIL_H

#include <tern/conn.h>

#include "check.h"

struct event_seen {
    tern_event_kind kind;
    tern_status status;
    char server[128];
    char subject[256];
    char text[512];
};

struct trail {
    struct test_gate gate;   /* counts the events; its lock guards what follows */
    struct event_seen *list; /* of gate.count */
    int capacity;
};

void trail_init(struct trail *trail);
void trail_destroy(struct trail *trail);

/* A tern_event_fn; arg is the struct trail of one connection. */
void trail_take(tern_conn *conn, const tern_event *event, void *arg);

/* How many of a kind there were. */
int trail_count(struct trail *trail, tern_event_kind kind);

/* Copies the nth event of a kind, from 1; false when there are not so many. */
bool trail_get(struct trail *trail, tern_event_kind kind, int nth, struct event_seen *out);

/* Waits for the nth event of a kind, from 1 (and copies it); false when timeout_ms passes first. */
bool trail_wait(struct trail *trail, tern_event_kind kind, int nth, int timeout_ms);
bool trail_wait_for(struct trail *trail, tern_event_kind kind, int nth, int timeout_ms, struct event_seen *out);

/* Prints all events to stderr. */
void trail_dump(struct trail *trail);

/* The first event that may not stand where it stands, after printing them all; or -1. CONNECTED comes once and
 * first; DISCONNECTED only in a session; RECONNECTED only without one, or (a move) after LAME_DUCK; CONNECT_FAILED
 * only without one, or in a move; CLOSED last. */
int trail_misplaced(struct trail *trail);

#define check_trail_in_order(trail)                                                                                    \
    do {                                                                                                               \
        int misplaced_ = trail_misplaced(trail);                                                                       \
        cr_assert(misplaced_ < 0, "event %d of %s may not stand there", misplaced_, #trail);                           \
    } while (0)

#endif

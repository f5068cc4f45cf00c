/* What tests of the API stand on: a server with a connection to it, the events told, the messages received. */
#ifndef TEST_RIG_H
#define TEST_RIG_H

#include <tern/tern.h>

#include "server.h"
#include "test.h"

/* The call returns this status; prints both, and the error's text. For calls whose last argument is &err. */
#define check_status(call, expected)                                                                                   \
    do {                                                                                                               \
        tern_status check_s_ = (call);                                                                                 \
        cr_assert(check_s_ == (expected), "%s is %s (%s), wanted %s", #call, tern_status_name(check_s_),               \
                  check_s_ == TERN_OK ? "" : err.text, tern_status_name(expected));                                    \
    } while (0)

#define check_ok(call) check_status(call, TERN_OK)

/* The call fails with this status, found on this side, and a text that names the part. */
#define check_refused(call, expected, part)                                                                            \
    do {                                                                                                               \
        memset(&err, 0x55, sizeof err);                                                                                \
        check_status(call, expected);                                                                                  \
        check_int(err.status, expected);                                                                               \
        check_false(err.remote);                                                                                       \
        check_int(err.remote_code, 0);                                                                                 \
        check_str_has(err.text, part);                                                                                 \
    } while (0)

enum { RIG_WAIT_MS = 20000 };

/* ---- Events ---- */

struct told {
    tern_event_kind kind;
    tern_status status;
    char server[128], subject[128], text[512];
};

enum { EVENTS_MAX = 512 };

struct events {
    struct test_gate gate; /* counts them all */
    pthread_mutex_t lock;  /* guards told and count */
    struct told told[EVENTS_MAX];
    int count;
};

void events_init(struct events *events);
void events_destroy(struct events *events);

/* A tern_event_fn; arg is the struct events. */
void events_take(tern_conn *conn, const tern_event *event, void *arg);

/* How many of the kind were told; waiting for so many (false when RIG_WAIT_MS pass first). */
int events_count(struct events *events, tern_event_kind kind);
bool events_wait(struct events *events, tern_event_kind kind, int at_least);

/* The nth of the kind, from 0; the test fails where there is none. */
const struct told *events_get(struct events *events, tern_event_kind kind, int nth);

/* The last one told, of any kind. */
const struct told *events_last(struct events *events);

/* ---- Messages received ---- */

struct received {
    char subject[128], reply[128];
    bool has_reply;
    char *data; /* with a NUL behind */
    size_t size;
};

struct inbox {
    struct test_gate gate; /* counts them */
    pthread_mutex_t lock;  /* guards the rest */
    struct received *items;
    int count, capacity;
};

void inbox_init(struct inbox *inbox);
void inbox_destroy(struct inbox *inbox);

/* A tern_msg_fn; arg is the struct inbox. */
void inbox_take(tern_msg *msg, void *arg);

bool inbox_wait(struct inbox *inbox, int at_least);

/* The ith received, from 0; the test fails where there is none. */
const struct received *inbox_get(struct inbox *inbox, int i);

/* ---- A server and a connection ---- */

struct rig {
    struct test_server *server;
    tern_conn *conn; /* may be set to NULL by a test that frees it */
    struct events events;
};

/* options: may be NULL; the URL and the event callback are filled in. */
void rig_open(struct rig *rig);
void rig_open_with(struct rig *rig, const struct test_server_options *server, const tern_conn_options *options);

/* Another connection to the same server, for tern_conn_free. */
tern_conn *rig_connect(const struct rig *rig);

void rig_close(struct rig *rig);

/* These must succeed. The subscription is with the server when rig_subscribe returns. */
tern_sub *rig_subscribe(tern_conn *conn, const char *subject, const tern_sub_options *options, tern_msg_fn handler,
                        void *arg);
void rig_publish(tern_conn *conn, const char *subject, const char *text);
void rig_flush(tern_conn *conn);

/* A port of 127.0.0.1 where nobody listens, as a URL in storage of the callee. */
const char *rig_dead_url(void);

/* Waits until the subscription has handled, or dropped, so many. */
bool rig_wait_handled(tern_sub *sub, uint64_t at_least);
bool rig_wait_dropped(tern_sub *sub, uint64_t at_least);
bool rig_wait_received(tern_sub *sub, uint64_t at_least);
bool rig_wait_state(tern_conn *conn, tern_conn_state state);

/* Waits until so many late replies have been counted: those to the bulk inbox come by a thread of their own. */
bool rig_wait_late(tern_conn *conn, uint64_t at_least);

#endif

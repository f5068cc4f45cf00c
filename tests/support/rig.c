#include "rig.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- Events ---- */

void events_init(struct events *events)
{
    gate_init(&events->gate);
    pthread_mutex_init(&events->lock, NULL);
    events->count = 0;
}

void events_destroy(struct events *events)
{
    pthread_mutex_destroy(&events->lock);
    gate_destroy(&events->gate);
}

void events_take(tern_conn *conn, const tern_event *event, void *arg)
{
    struct events *events = arg;
    (void)conn;
    pthread_mutex_lock(&events->lock);
    if (events->count < EVENTS_MAX) {
        struct told *told = &events->told[events->count++];
        told->kind = event->kind;
        told->status = event->status;
        (void)snprintf(told->server, sizeof told->server, "%s", event->server);
        (void)snprintf(told->subject, sizeof told->subject, "%s", event->subject);
        (void)snprintf(told->text, sizeof told->text, "%s", event->text);
    }
    gate_open(&events->gate); /* under the lock: who has seen the event may destroy it all */
    pthread_mutex_unlock(&events->lock);
}

int events_count(struct events *events, tern_event_kind kind)
{
    int found = 0;
    pthread_mutex_lock(&events->lock);
    for (int i = 0; i < events->count; i++) found += events->told[i].kind == kind;
    pthread_mutex_unlock(&events->lock);
    return found;
}

struct wanted_events {
    struct events *events;
    tern_event_kind kind;
    int at_least;
};

static bool has_events(void *arg)
{
    struct wanted_events *wanted = arg;
    return events_count(wanted->events, wanted->kind) >= wanted->at_least;
}

bool events_wait(struct events *events, tern_event_kind kind, int at_least)
{
    struct wanted_events wanted = { events, kind, at_least };
    return wait_until(has_events, &wanted, RIG_WAIT_MS);
}

const struct told *events_get(struct events *events, tern_event_kind kind, int nth)
{
    const struct told *found = NULL;
    pthread_mutex_lock(&events->lock);
    for (int i = 0; i < events->count && found == NULL; i++)
        if (events->told[i].kind == kind && nth-- == 0) found = &events->told[i];
    pthread_mutex_unlock(&events->lock);
    cr_assert(found != NULL, "no such event was told: kind %d", (int)kind);
    return found;
}

const struct told *events_last(struct events *events)
{
    pthread_mutex_lock(&events->lock);
    const struct told *last = events->count == 0 ? NULL : &events->told[events->count - 1];
    pthread_mutex_unlock(&events->lock);
    cr_assert(last != NULL, "no event was told");
    return last;
}

/* ---- Messages received ---- */

void inbox_init(struct inbox *inbox)
{
    *inbox = (struct inbox){ .items = NULL };
    gate_init(&inbox->gate);
    pthread_mutex_init(&inbox->lock, NULL);
}

void inbox_destroy(struct inbox *inbox)
{
    for (int i = 0; i < inbox->count; i++) free(inbox->items[i].data);
    free(inbox->items);
    pthread_mutex_destroy(&inbox->lock);
    gate_destroy(&inbox->gate);
}

void inbox_take(tern_msg *msg, void *arg)
{
    struct inbox *inbox = arg;
    pthread_mutex_lock(&inbox->lock);
    if (inbox->count == inbox->capacity) {
        inbox->capacity = inbox->capacity == 0 ? 64 : inbox->capacity * 2;
        inbox->items = realloc(inbox->items, (size_t)inbox->capacity * sizeof *inbox->items);
        if (inbox->items == NULL) test_abort("no memory");
    }
    struct received *item = &inbox->items[inbox->count++];
    const char *reply = tern_msg_reply(msg);
    (void)snprintf(item->subject, sizeof item->subject, "%s", tern_msg_subject(msg));
    (void)snprintf(item->reply, sizeof item->reply, "%s", reply == NULL ? "" : reply);
    item->has_reply = reply != NULL;
    item->size = tern_msg_size(msg);
    item->data = malloc(item->size + 1);
    if (item->data == NULL) test_abort("no memory");
    memcpy(item->data, tern_msg_data(msg), item->size + 1); /* the NUL behind is promised */
    pthread_mutex_unlock(&inbox->lock);
    gate_open(&inbox->gate);
}

bool inbox_wait(struct inbox *inbox, int at_least)
{
    return gate_wait(&inbox->gate, at_least, RIG_WAIT_MS);
}

const struct received *inbox_get(struct inbox *inbox, int i)
{
    pthread_mutex_lock(&inbox->lock);
    int count = inbox->count;
    const struct received *item = i < count ? &inbox->items[i] : NULL;
    pthread_mutex_unlock(&inbox->lock);
    cr_assert(item != NULL, "message %d was not received, there are %d", i, count);
    return item;
}

/* ---- A server and a connection ---- */

void rig_open(struct rig *rig)
{
    rig_open_with(rig, NULL, NULL);
}

void rig_open_with(struct rig *rig, const struct test_server_options *server, const tern_conn_options *options)
{
    tern_error err = { .status = TERN_OK };
    tern_conn_options filled = options == NULL ? (tern_conn_options)TERN_CONN_OPTIONS_INIT : *options;
    events_init(&rig->events);
    rig->conn = NULL;
    rig->server = server_start(server);
    filled.url = server_url(rig->server);
    filled.on_event = events_take;
    filled.event_arg = &rig->events;
    check_ok(tern_connect(&filled, &rig->conn, &err));
}

tern_conn *rig_connect(const struct rig *rig)
{
    tern_error err = { .status = TERN_OK };
    tern_conn_options options = { .url = server_url(rig->server) };
    tern_conn *conn = NULL;
    check_ok(tern_connect(&options, &conn, &err));
    return conn;
}

void rig_close(struct rig *rig)
{
    tern_conn_free(rig->conn);
    server_stop(rig->server);
    events_destroy(&rig->events);
}

tern_sub *rig_subscribe(tern_conn *conn, const char *subject, const tern_sub_options *options, tern_msg_fn handler,
                        void *arg)
{
    tern_error err = { .status = TERN_OK };
    tern_sub *sub = NULL;
    check_ok(tern_conn_subscribe(conn, subject, options, handler, arg, &sub, &err));
    rig_flush(conn);
    return sub;
}

void rig_publish(tern_conn *conn, const char *subject, const char *text)
{
    tern_error err = { .status = TERN_OK };
    check_ok(tern_conn_publish(conn, subject, text, strlen(text), &err));
}

void rig_flush(tern_conn *conn)
{
    tern_error err = { .status = TERN_OK };
    check_ok(tern_conn_flush(conn, RIG_WAIT_MS, &err));
}

const char *rig_dead_url(void)
{
    static char url[64];
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0); /* bound, never listening; open until the end */
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, size) != 0 || getsockname(fd, (struct sockaddr *)&at, &size) != 0)
        test_abort("no port");
    (void)snprintf(url, sizeof url, "nats://127.0.0.1:%d", ntohs(at.sin_port));
    return url;
}

/* ---- Waiting for counters ---- */

struct wanted_stats {
    tern_sub *sub;
    uint64_t handled, dropped, received;
};

static bool has_stats(void *arg)
{
    struct wanted_stats *wanted = arg;
    tern_sub_stats stats;
    tern_sub_get_stats(wanted->sub, &stats);
    return stats.handled >= wanted->handled && stats.dropped >= wanted->dropped && stats.received >= wanted->received;
}

bool rig_wait_handled(tern_sub *sub, uint64_t at_least)
{
    return wait_until(has_stats, &(struct wanted_stats){ .sub = sub, .handled = at_least }, RIG_WAIT_MS);
}

bool rig_wait_dropped(tern_sub *sub, uint64_t at_least)
{
    return wait_until(has_stats, &(struct wanted_stats){ .sub = sub, .dropped = at_least }, RIG_WAIT_MS);
}

bool rig_wait_received(tern_sub *sub, uint64_t at_least)
{
    return wait_until(has_stats, &(struct wanted_stats){ .sub = sub, .received = at_least }, RIG_WAIT_MS);
}

struct wanted_state {
    tern_conn *conn;
    tern_conn_state state;
};

static bool has_state(void *arg)
{
    struct wanted_state *wanted = arg;
    return tern_conn_get_state(wanted->conn) == wanted->state;
}

bool rig_wait_state(tern_conn *conn, tern_conn_state state)
{
    return wait_until(has_state, &(struct wanted_state){ conn, state }, RIG_WAIT_MS);
}

struct wanted_late {
    tern_conn *conn;
    uint64_t at_least;
};

static bool has_late(void *arg)
{
    struct wanted_late *wanted = arg;
    tern_conn_stats stats;
    tern_conn_get_stats(wanted->conn, &stats);
    return stats.late_replies >= wanted->at_least;
}

bool rig_wait_late(tern_conn *conn, uint64_t at_least)
{
    return wait_until(has_late, &(struct wanted_late){ conn, at_least }, RIG_WAIT_MS);
}

/* The states of conn->io, and what leads from one to the next:
 *
 *   no session, no attempt   waits for next_attempt, then opens an attempt with the next server
 *   attempt                  UP: it becomes the session. FAILED, or not up in time: next server; after
 *                            the last one a round has failed, and the next waits for the backoff
 *   session                  DOWN, or silent for too long: no session
 *   session, moving          a lame duck: works on while an attempt is made with another server; then
 *                            it becomes the retiring session
 *   retiring                 beside session, for as long as calls wait for replies there
 *
 * Moving loses no request and doubles no message: queue-group subscriptions and inboxes are in both
 * sessions for OVERLAP_MS, until the whole cluster knows the new ones (each message goes to one member of
 * a group; a reply is taken once). Then the old ones are drained. A plain subscription enters the new
 * session when everything the old one had for it has been handed over; those aside change over at once, and may miss
 * what is sent meanwhile. Publishes keep their order: before
 * the change the old session falls silent, and a fence goes through it. */
#include "io/reconnect.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"

enum {
    ATTEMPT_MAX_MS = 2000, /* for one server, so that a list of them fits into connect_timeout_ms */
    LASTED_MS = 5000,      /* a session that lived so long ends the backoff */
    OVERLAP_MS = 200,      /* for interest to spread in the cluster; the same at once loses a batch now and then */
    RETIRE_MS = 10000,     /* the server's own default for how long a lame duck keeps its clients */
    REFUSED_ROUNDS = 2     /* nats.c 3.4 makes a wrong nkey signature in 1 of 256 cases: once is no proof */
};

static void lose_session(tern_conn *conn, const tern_error *why);
static void drop_retiring(tern_conn *conn);

/* ---- Attempts ---- */

/* A random time up to a bound that doubles with each failed round: full jitter. */
static terni_time_ms backoff(const tern_conn *conn)
{
    const tern_conn_options *values = &conn->options.values;
    uint64_t bound = values->reconnect_min_ms;
    for (uint32_t i = 0; i < conn->io.backoff_steps && bound < values->reconnect_max_ms; i++) bound *= 2;
    if (bound > values->reconnect_max_ms) bound = values->reconnect_max_ms;
    if (bound > UINT32_MAX - 1) bound = UINT32_MAX - 1;
    return terni_now_ms() + terni_random_below((uint32_t)bound + 1);
}

/* A round through the list has failed. */
static void end_round(tern_conn *conn)
{
    terni_io *io = &conn->io;
    uint32_t limit = conn->options.values.reconnect_limit;
    io->failed_rounds++;
    io->backoff_steps++;
    bool all_refused = io->refusals >= io->servers.count;
    io->refusals = 0;
    io->next_attempt = backoff(conn);
    (void)pthread_mutex_lock(&conn->mu);
    if (io->sessions == 0 && all_refused && io->failed_rounds >= REFUSED_ROUNDS) {
        conn->refused = true;
        (void)pthread_cond_broadcast(&conn->changed);
    }
    (void)pthread_mutex_unlock(&conn->mu);
    if (limit > 0 && io->failed_rounds >= limit && io->session == NULL) atomic_store(&conn->stop, true);
}

static void attempt_failed(tern_conn *conn, const tern_error *why)
{
    terni_io *io = &conn->io;
    if (io->attempt != NULL) terni_session_close(io->attempt, false);
    io->attempt = NULL;
    if (io->hush == TERNI_HUSHED) io->hush = TERNI_NOT_HUSHED;
    terni_conn_note_error(conn, why);
    terni_conn_emit(conn, TERN_EVENT_CONNECT_FAILED, why->status, terni_servers_current(&io->servers)->address, "",
                    why->text);
    if (why->status == TERN_UNAUTHENTICATED) io->refusals++;
    io->next_attempt = terni_now_ms();
    if (terni_servers_advance(&io->servers)) end_round(conn);
}

static void start_attempt(tern_conn *conn)
{
    terni_io *io = &conn->io;
    const terni_server *server = terni_servers_current(&io->servers);
    uint32_t timeout_ms = conn->options.values.connect_timeout_ms / 2 + 1; /* two fit */
    if (timeout_ms > ATTEMPT_MAX_MS) timeout_ms = ATTEMPT_MAX_MS;
    natsOptions *nats_options = NULL;
    tern_error why;
    io->next_attempt = TERNI_NEVER;
    tern_status st = terni_options_for_nats(&conn->options, server, timeout_ms, &nats_options, &why);
    if (st == TERN_OK)
        st = terni_session_open(nats_options, server->address, conn->options.tls, timeout_ms, &conn->waker,
                                &io->attempt, &why);
    if (st != TERN_OK) {
        attempt_failed(conn, &why);
        return;
    }
    io->attempt_until = terni_deadline(timeout_ms + timeout_ms / 8); /* nats.c keeps its own, mostly */
}

/* ---- Sessions ---- */

/* Takes over what the server tells of its cluster. */
static void learn_servers(terni_io *io)
{
    char **addresses = NULL;
    int count = 0;
    if (natsConnection_GetDiscoveredServers(terni_session_nats(io->session), &addresses, &count) != NATS_OK) return;
    terni_server from = *terni_servers_current(&io->servers);
    if (count > 0) terni_servers_forget_except(&io->servers, addresses, (size_t)count);
    for (int i = 0; i < count; i++) {
        terni_servers_learn(&io->servers, &from, addresses[i]);
        free(addresses[i]);
    }
    free(addresses);
}

/* Subscribes every entry that is to be in the session now. */
static natsStatus subscribe_entries(terni_io *io, bool plain_too)
{
    natsConnection *nc = terni_session_nats(io->session);
    natsStatus s = NATS_OK;
    for (int group = 0; group < TERNI_ENTRY_GROUPS; group++) {
        for (terni_entry *entry = io->entries.first[group]; entry != NULL && s == NATS_OK; entry = entry->next) {
            bool plain = group == TERNI_ENTRY_SUB && entry->queue_group == NULL;
            if (plain_too || !plain) s = terni_entry_subscribe(entry, nc);
        }
    }
    return s;
}

static void session_up(tern_conn *conn, bool first)
{
    terni_io *io = &conn->io;
    const char *address = terni_servers_current(&io->servers)->address;
    int64_t max_payload = natsConnection_GetMaxPayload(terni_session_nats(io->session));
    atomic_store(&conn->max_payload, max_payload > 0 ? (size_t)max_payload : 0);
    if (!first) (void)atomic_fetch_add(&conn->reconnects, 1);
    terni_outbound_rules(&conn->out, conn->options.values.outbound_limit_bytes, conn->options.wait_bytes);
    (void)pthread_mutex_lock(&conn->mu);
    (void)snprintf(conn->server, sizeof conn->server, "%s", address);
    conn->refused = false;
    (void)pthread_mutex_unlock(&conn->mu);
    terni_conn_set_state(conn, TERN_CONN_CONNECTED);
    terni_conn_emit(conn, first ? TERN_EVENT_CONNECTED : TERN_EVENT_RECONNECTED, TERN_OK, address, "", "");
    learn_servers(io);
}

/* The publishes of the lame duck have been through its server: those that follow overtake none there. In a cluster they
 * may still, on the routes to other servers. */
static void hush_returned(terni_fence *fence, tern_status status)
{
    tern_conn *conn = TERNI_CONTAINER(fence, tern_conn, io.moved);
    (void)status; /* a session that broke is lost, and the attempt takes its place */
    conn->io.hush = conn->io.attempt == NULL ? TERNI_NOT_HUSHED : TERNI_HUSHED;
}

/* Lets the session fall silent before another takes over. True: it has. */
static bool hushed(terni_io *io)
{
    if (io->hush == TERNI_NOT_HUSHED) {
        io->moved.done = hush_returned;
        bool sent = terni_fence_send(&io->fences, &io->moved) == NATS_OK;
        io->hush = sent ? TERNI_HUSHING : TERNI_HUSHED;
    }
    return io->hush == TERNI_HUSHED;
}

/* Makes session the retiring one. */
static void retire_session(tern_conn *conn)
{
    terni_io *io = &conn->io;
    drop_retiring(conn);
    io->retiring = io->session;
    io->retiring_fences = io->fences;
    io->fences = (terni_fence_list){ 0 };
    io->session = NULL;
    io->retire_by = terni_deadline(RETIRE_MS);
    terni_entries_retire(&io->entries);
    for (terni_entry *entry = io->entries.first[TERNI_ENTRY_ASIDE]; entry != NULL; entry = entry->next)
        terni_entry_forget_retiring(entry);
    terni_conn_written(conn);
}

/* Has the server of the retiring session send nothing more to some of its subscriptions, and a fence behind
 * that. False: there are none left. */
static bool leave_retiring(terni_io *io)
{
    int count = 0;
    for (terni_entry *entry = io->entries.first[TERNI_ENTRY_SUB]; entry != NULL; entry = entry->next) {
        if (entry->retiring_nsub == NULL || entry->retiring_left) continue;
        if (count++ == TERNI_LEAVING_MAX) break;
        entry->retiring_left = true;
        (void)natsSubscription_DrainTimeout(entry->retiring_nsub, -1);
    }
    return count > 0;
}

/* Lets the retiring session run dry: some subscriptions at a time; then the plain ones move. */
static void drain_retiring(terni_fence *fence, tern_status status)
{
    tern_conn *conn = TERNI_CONTAINER(fence, tern_conn, io.moved);
    terni_io *io = &conn->io;
    io->drain_at = TERNI_NEVER;
    if (status == TERN_OK && leave_retiring(io) && terni_fence_send(&io->retiring_fences, fence) == NATS_OK) return;
    if (io->session != NULL) (void)subscribe_entries(io, true);
}

static void attempt_up(tern_conn *conn)
{
    terni_io *io = &conn->io;
    bool moves = io->session != NULL;
    if (moves) retire_session(conn);
    else drop_retiring(conn);
    io->moved.done = drain_retiring;
    io->session = io->attempt;
    io->attempt = NULL;
    io->moving = false;
    io->hush = TERNI_NOT_HUSHED;
    io->next_attempt = TERNI_NEVER;
    io->servers.tried = 0;
    io->refusals = io->failed_rounds = 0;
    io->session_since = io->last_heard = terni_now_ms();
    io->seen_msgs = io->seen_bytes = 0;
    terni_session_limit_writes(io->session, conn->options.values.liveness_interval_ms);
    bool first = io->sessions++ == 0;
    natsStatus s = terni_fences_open(&io->fences, terni_session_nats(io->session), conn->inbox, io->sessions);
    if (s == NATS_OK) s = subscribe_entries(io, !moves);
    if (s == NATS_OK) {
        session_up(conn, first);
        io->drain_at = moves ? terni_deadline(OVERLAP_MS) : TERNI_NEVER;
        return;
    }
    tern_error why;
    (void)terni_fail(&why, TERN_UNAVAILABLE, "subscribing in the new session: %s", natsStatus_GetText(s));
    lose_session(conn, &why);
}

static void lose_session(tern_conn *conn, const tern_error *why)
{
    terni_io *io = &conn->io;
    char address[sizeof conn->server];
    learn_servers(io); /* what the server told since the session began */
    bool lasted = terni_now_ms() - io->session_since >= LASTED_MS;
    terni_entries_detach(&io->entries, false);
    terni_session_close(io->session, false);
    io->session = NULL;
    terni_fences_close(&io->fences);
    terni_conn_written(conn); /* or lost: nobody can tell */
    terni_outbound_rules(&conn->out, conn->options.values.outage_buffer_bytes, 0);
    (void)pthread_mutex_lock(&conn->mu);
    memcpy(address, conn->server, sizeof address);
    conn->server[0] = '\0';
    (void)pthread_mutex_unlock(&conn->mu);
    terni_conn_note_error(conn, why);
    terni_conn_set_state(conn, TERN_CONN_RECONNECTING);
    terni_conn_emit(conn, TERN_EVENT_DISCONNECTED, why->status, address, "", why->text);
    io->backoff_steps = lasted ? 0 : io->backoff_steps + 1;
    if (io->attempt != NULL) return; /* it was to replace the session anyway */
    io->moving = false;
    (void)terni_servers_advance(&io->servers);
    io->servers.tried = 0;
    io->next_attempt = backoff(conn);
}

static void drop_retiring(tern_conn *conn)
{
    terni_io *io = &conn->io;
    if (io->retiring == NULL) return;
    terni_entries_detach(&io->entries, true);
    terni_session_close(io->retiring, false);
    io->retiring = NULL;
    io->drain_at = TERNI_NEVER;
    terni_fences_close(&io->retiring_fences);
    if (io->session != NULL) (void)subscribe_entries(io, true);
}

/* Has the retiring session nothing left to give? */
static bool retiring_done(const terni_io *io)
{
    if (io->drain_at != TERNI_NEVER || io->retiring_fences.head != NULL) return false;
    for (const terni_entry *entry = io->entries.first[TERNI_ENTRY_AWAITED]; entry != NULL; entry = entry->next)
        if (entry->retiring_nsub != NULL) return false;
    return true;
}

/* ---- Liveness ---- */

static void liveness_returned(terni_fence *fence, tern_status status)
{
    tern_conn *conn = TERNI_CONTAINER(fence, tern_conn, io.liveness);
    (void)status;
    conn->io.liveness_pending = false;
}

/* When the session must be asked for a sign of life, or has had its time to give one. */
static terni_time_ms liveness_due(const tern_conn *conn)
{
    const terni_io *io = &conn->io;
    if (io->session == NULL || io->fences.refused) return TERNI_NEVER;
    terni_time_ms since = io->liveness_pending && io->asked > io->last_heard ? io->asked : io->last_heard;
    return since + conn->options.values.liveness_interval_ms;
}

static void check_liveness(tern_conn *conn)
{
    terni_io *io = &conn->io;
    terni_time_ms now = io->now;
    if (liveness_due(conn) > now) return;
    if (io->liveness_pending && io->asked > io->last_heard) {
        tern_error why;
        (void)terni_fail(&why, TERN_UNAVAILABLE, "no sign of life from the server for %lld ms",
                         (long long)(now - io->last_heard));
        lose_session(conn, &why);
        return;
    }
    io->asked = now;
    if (io->liveness_pending) return; /* one is on its way; heard of the server since */
    io->liveness.done = liveness_returned;
    io->liveness_pending = terni_fence_send(&io->fences, &io->liveness) == NATS_OK;
}

/* ---- Notices ---- */

static void lame_duck(tern_conn *conn)
{
    terni_io *io = &conn->io;
    if (io->moving) return;
    terni_conn_emit(conn, TERN_EVENT_LAME_DUCK, TERN_OK, terni_servers_current(&io->servers)->address, "",
                    "the server is about to shut down");
    learn_servers(io);
    if (io->servers.count < 2 || io->attempt != NULL) return;
    io->moving = true;
    io->servers.tried = 0;
    (void)terni_servers_advance(&io->servers);
    io->next_attempt = terni_now_ms();
}

/* The subject in: Permissions Violation for Publish to "foo". */
static void quoted_subject(const char *text, char *out, size_t size)
{
    const char *open = strchr(text, '"');
    size_t length = open == NULL ? 0 : strcspn(open + 1, "\"");
    if (length >= size) length = size - 1;
    if (open != NULL) memcpy(out, open + 1, length);
    out[length] = '\0';
}

static void permission_refused(tern_conn *conn, terni_fence_list *fences, const char *text)
{
    char subject[256];
    quoted_subject(text, subject, sizeof subject);
    bool subscription = strstr(text, "Subscription") != NULL;
    if (fences->subject != NULL && strcmp(subject, fences->subject) == 0) {
        if (!subscription) {
            terni_fence_refused(fences);
            return; /* it does its work all the same */
        }
        terni_fences_disable(fences);
    }
    tern_error why;
    (void)terni_fail(&why, TERN_PERMISSION_DENIED, "%s", text);
    terni_conn_note_error(conn, &why);
    terni_conn_emit(conn, TERN_EVENT_PERMISSION_REFUSED, why.status, conn->server, subject, text);
    conn->calls->refused(conn->calls, subject, subscription, text);
}

static void take_notices(tern_conn *conn, terni_session *session, terni_fence_list *fences)
{
    terni_notice *notice;
    while ((notice = terni_session_notice(session)) != NULL) {
        if (!notice->lame_duck) permission_refused(conn, fences, notice->text);
        else if (session == conn->io.session) lame_duck(conn);
        free(notice);
    }
}

/* ---- The step ---- */

static void check_attempt(tern_conn *conn)
{
    terni_io *io = &conn->io;
    tern_error why;
    switch (terni_session_get_state(io->attempt)) {
    case TERNI_SESSION_UP:
        if (io->session == NULL || hushed(io)) attempt_up(conn);
        break;
    case TERNI_SESSION_CONNECTING:
        if (terni_now_ms() < io->attempt_until) break;
        (void)terni_fail(&why, TERN_UNAVAILABLE, "%s: the server did not answer in time",
                         terni_servers_current(&io->servers)->address);
        attempt_failed(conn, &why);
        break;
    case TERNI_SESSION_FAILED:
    case TERNI_SESSION_DOWN:
        terni_session_error(io->attempt, &why);
        attempt_failed(conn, &why);
        break;
    }
}

static void check_session(tern_conn *conn)
{
    terni_io *io = &conn->io;
    tern_error why;
    if (terni_session_is_down(io->session)) {
        take_notices(conn, io->session, &io->fences);
        terni_session_error(io->session, &why);
        lose_session(conn, &why);
        return;
    }
    take_notices(conn, io->session, &io->fences);
    check_liveness(conn);
}

static void check_retiring(tern_conn *conn)
{
    terni_io *io = &conn->io;
    take_notices(conn, io->retiring, &io->retiring_fences);
    if (terni_session_is_down(io->retiring) || terni_now_ms() >= io->retire_by || retiring_done(io))
        drop_retiring(conn);
    else if (terni_now_ms() >= io->drain_at) drain_retiring(&io->moved, TERN_OK);
}

bool terni_reconnect_is_quiet(const tern_conn *conn)
{
    const terni_io *io = &conn->io;
    bool alone = io->session != NULL && io->attempt == NULL && io->retiring == NULL && !io->moving;
    return alone && terni_session_is_quiet(io->session) && io->now < liveness_due(conn);
}

void terni_reconnect_step(tern_conn *conn)
{
    terni_io *io = &conn->io;
    if (terni_reconnect_is_quiet(conn)) return;
    if (io->session != NULL) check_session(conn);
    if (io->retiring != NULL) check_retiring(conn);
    if (io->attempt != NULL) check_attempt(conn);
    if (io->attempt == NULL && (io->session == NULL || io->moving) && terni_now_ms() >= io->next_attempt)
        start_attempt(conn);
}

static terni_time_ms earlier(terni_time_ms a, terni_time_ms b)
{
    return a < b ? a : b;
}

terni_time_ms terni_reconnect_deadline(const tern_conn *conn)
{
    const terni_io *io = &conn->io;
    terni_time_ms deadline = liveness_due(conn);
    if (io->attempt != NULL) deadline = earlier(deadline, io->attempt_until);
    else if (io->session == NULL || io->moving) deadline = earlier(deadline, io->next_attempt);
    if (io->retiring != NULL) deadline = earlier(deadline, earlier(io->retire_by, io->drain_at));
    return deadline;
}

void terni_reconnect_end(tern_conn *conn)
{
    terni_io *io = &conn->io;
    drop_retiring(conn);
    if (io->attempt != NULL) terni_session_close(io->attempt, true);
    io->attempt = NULL;
    if (io->session == NULL) return;
    terni_entries_detach(&io->entries, false);
    terni_session_close(io->session, true);
    io->session = NULL;
    terni_conn_written(conn); /* or lost: nobody can tell */
    terni_fences_close(&io->fences);
}

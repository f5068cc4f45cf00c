#include "line.h"

#include <poll.h>

#include "io/conn.h"
#include "io/loop.h"
#include "msg/calls.h"
#include "need.h"

enum { WAIT_MS = 10000, NO_LIVENESS_MS = 24 * 60 * 60 * 1000 };

void line_own(struct line *line)
{
    terni_waker_own(&line->conn->waker);
}

static uint64_t dropped_out(const struct line *line)
{
    return atomic_load(&line->conn->dropped_out);
}

uint64_t line_lost(const struct line *line)
{
    return dropped_out(line) - line->lost;
}

void line_begin(struct line *line)
{
    line_own(line);
    peer_forget(line->peer);
    line->lost = dropped_out(line);
}

static void turn(struct line *line)
{
    terni_loop_round(line->conn, false);
    peer_read(line->peer);
}

/* Waits for one end or the other to become readable, for a moment. */
static void wait_for_bytes(struct line *line)
{
    terni_session *session = line->conn->io.session;
    struct pollfd fds[] = { { .fd = session == NULL ? -1 : terni_session_fd(session), .events = POLLIN },
                            { .fd = peer_fd(line->peer), .events = POLLIN } };
    (void)poll(fds, 2, 1);
}

void line_open(struct line *line)
{
    tern_error err;
    line->peer = peer_new();
    tern_conn_options options = { .url = peer_url(line->peer), .liveness_interval_ms = NO_LIVENESS_MS };
    need(terni_conn_new(&options, &line->conn, &err) == TERN_OK, "a connection is made");
    line->conn->calls = terni_calls_new(line->conn);
    need(line->conn->calls != NULL, "there is memory for the call engine");
    line_own(line);
    terni_time_ms deadline = terni_deadline(WAIT_MS);
    while (tern_conn_get_state(line->conn) != TERN_CONN_CONNECTED) {
        need(terni_now_ms() < deadline, "the session comes up");
        turn(line);
        wait_for_bytes(line);
    }
    line_settle(line);
    line_begin(line);
}

/* Is anything still on its way? */
static bool is_settled(struct line *line)
{
    tern_conn *conn = line->conn;
    terni_io *io = &conn->io;
    need(io->session != NULL && !terni_session_is_down(io->session), "the session stays up");
    return io->seen_msgs == peer_sent(line->peer) && peer_came(line->peer) == atomic_load(&conn->msgs_out) &&
           io->taken == NULL && conn->out.head == NULL && io->fences.head == NULL &&
           !terni_session_wants_write(io->session) && conn->calls->deadline(conn->calls) > terni_now_ms();
}

/* How far things have come. */
static uint64_t progress(const struct line *line)
{
    return line->conn->io.seen_msgs + peer_sent(line->peer) + peer_came(line->peer);
}

void line_settle(struct line *line)
{
    line_own(line);
    terni_time_ms deadline = terni_deadline(WAIT_MS);
    for (;;) {
        uint64_t before = progress(line);
        turn(line);
        if (is_settled(line)) return;
        need(terni_now_ms() < deadline, "everything is handled soon");
        if (progress(line) == before) wait_for_bytes(line);
    }
}

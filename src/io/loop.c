/* One I/O thread for each connection. It alone uses the connection of nats.c (the connector of io/session.c
 * excepted), and it alone touches conn->io.
 *
 * Out: publishers append to conn->out and wake the thread if it sleeps. Once a round it takes all that has
 * gathered, hands it to the session up to TRANSFER_MAX bytes, and writes once: the batch grows with the load.
 * Only when the session's buffers are empty does it hand over more, so that a partial write never moves more
 * than that, and what is not yet handed over outlives the session. Messages without headers come as frames, many
 * in one record, and go into a buffer of Tern's (io/frames.h), all else into nats.c's; the former is older, and
 * written first: while nats.c's holds something, everything goes there. What is published on this thread goes into
 * Tern's at once, while nothing is queued that it would overtake (terni_loop_pass).
 *
 * A round with GATHER_MIN frames means that somebody streams: then it looks again after GATHER_NS, and patient
 * publishers do not wake it meanwhile. Nor does anybody with a message while the socket is full.
 *
 * Tried, without gain: to yield the processor before a small write, so that more gathers; to gather for 40 or 60 us; a
 * timer slack of 1 us. Tried, and slower: to go on taking while there is something; the two threads then fight for the
 * queue's lock, message by message.
 *
 * In: after each read it hands over what came, subscription by subscription (io/entry.h), and fences
 * last.
 *
 * Who wakes it: publishers (terni_conn_wake_to_send), controls, the connector and nats.c's notices
 * (io/session.c), tern_conn_close. Timers are looked at in every round. */
#include "io/loop.h"

#include <limits.h>
#include <poll.h>
#include <string.h>

#include "core/error.h"
#include "io/frames.h"
#include "io/reconnect.h"

enum { TRANSFER_MAX = 128 * 1024, POLL_FDS = 3, HUNG_UP = POLLHUP | POLLRDHUP | POLLERR };
enum { GATHER_MIN = 32, GATHER_NS = 20000, DISCARD_AFTER_MS = 50, LEND_AGAIN_MS = 100 };

/* ---- Out ---- */

/* Has the record a header of this name before at? */
static bool named_before(const terni_record *record, const char *at)
{
    const char *name = terni_record_headers(record);
    while (name != at && strcmp(name, at) != 0) {
        const char *value = name + strlen(name) + 1;
        name = value + strlen(value) + 1;
    }
    return name != at;
}

/* Calls each for every header of the record, until one does not return OK. */
static natsStatus for_each_header(natsMsg *msg, const terni_record *record,
                                  natsStatus (*each)(natsMsg *msg, const terni_record *record, const char *name,
                                                     const char *value))
{
    natsStatus s = NATS_OK;
    const char *name = terni_record_headers(record);
    for (uint32_t i = 0; s == NATS_OK && i < record->header_count; i++) {
        const char *value = name + strlen(name) + 1;
        s = each(msg, record, name, value);
        name = value + strlen(value) + 1;
    }
    return s;
}

/* nats.c may take a name for a longer one that begins with it: natsStrHash_GetEx compares no further.
 * ILLEGAL_STATE: it does, for these headers. */
static natsStatus add_header(natsMsg *msg, const terni_record *record, const char *name, const char *value)
{
    const char *other = NULL;
    if (natsMsgHeader_Get(msg, name, &other) == NATS_OK && !named_before(record, name)) return NATS_ILLEGAL_STATE;
    return natsMsgHeader_Add(msg, name, value);
}

static natsStatus check_header(natsMsg *msg, const terni_record *record, const char *name, const char *value)
{
    const char *read = NULL;
    if (named_before(record, name)) return NATS_OK; /* the first value was checked */
    natsStatus s = natsMsgHeader_Get(msg, name, &read);
    return s != NATS_OK || strcmp(read, value) == 0 ? s : NATS_ILLEGAL_STATE;
}

static natsStatus publish_with_headers(natsConnection *nc, const terni_record *record, const terni_addition *addition)
{
    natsMsg *msg = NULL;
    natsStatus s = natsMsg_Create(&msg, terni_record_subject(record), addition->reply, terni_record_payload(record),
                                  (int)record->payload_size);
    if (s == NATS_OK) s = for_each_header(msg, record, add_header);
    if (s == NATS_OK && addition->header.name != NULL)
        s = natsMsgHeader_Set(msg, addition->header.name, addition->header.value);
    if (s == NATS_OK) s = for_each_header(msg, record, check_header);
    if (s == NATS_OK) s = natsConnection_PublishMsg(nc, msg);
    natsMsg_Destroy(msg);
    return s;
}

/* May a message of these sizes go to the session as a frame now? */
static bool takes_frame(const tern_conn *conn, size_t headers, size_t size)
{
    const terni_session *session = conn->io.session;
    return terni_session_takes_frames(session) && headers + size <= tern_conn_max_payload(conn) &&
           (headers == 0 || terni_session_takes_headers(session));
}

/* Adds a frame to the session's. Returns the place for its headers and payload; NULL: it is to go by nats.c. */
static char *add_frame(tern_conn *conn, const char *subject, const char *reply, size_t headers, size_t size)
{
    terni_frame frame;
    if (!takes_frame(conn, headers, size)) return NULL;
    terni_frame_init(&frame, subject, reply, headers, size);
    return terni_session_publish(conn->io.session, &frame);
}

static natsStatus publish_plain(tern_conn *conn, const char *subject, const char *reply, const void *payload,
                                size_t size)
{
    natsConnection *nc = terni_session_nats(conn->io.session);
    char *at = add_frame(conn, subject, reply, 0, size);
    if (at != NULL) {
        if (size > 0) memcpy(at, payload, size);
        return NATS_OK;
    }
    if (reply != NULL) return natsConnection_PublishRequest(nc, subject, reply, payload, (int)size);
    return natsConnection_Publish(nc, subject, payload, (int)size);
}

/* How many bytes the headers take on the wire. */
static size_t header_size(const terni_record *record, const tern_header *added)
{
    size_t each = TERNI_HEADER_EXTRA - 2, size = 0; /* a NUL behind name and value */
    if (record->header_count > 0) size = record->header_size + each * record->header_count + TERNI_HEADERS_EXTRA;
    return added->name == NULL ? size : terni_header_bytes_with(size, added->name, added->value);
}

static const char *next_name(const char *name)
{
    const char *value = name + strlen(name) + 1;
    return value + strlen(value) + 1;
}

static bool begins_with(const char *longer, const char *name)
{
    size_t size = strlen(name);
    return strncmp(longer, name, size) == 0 && longer[size] != '\0';
}

/* Does a header's name begin with another one's? */
static bool has_names_alike(const terni_record *record, const tern_header *added)
{
    bool alike = false;
    const char *a = terni_record_headers(record);
    for (uint32_t i = 0; i < record->header_count; i++, a = next_name(a)) {
        if (added->name != NULL) alike |= begins_with(a, added->name) || begins_with(added->name, a);
        const char *b = next_name(a);
        for (uint32_t j = i + 1; j < record->header_count; j++, b = next_name(b))
            alike |= begins_with(a, b) || begins_with(b, a);
    }
    return alike;
}

static char *put_headers(char *at, const terni_record *record, const tern_header *added)
{
    const char *name = terni_record_headers(record);
    at = terni_frame_begin_headers(at);
    for (uint32_t i = 0; i < record->header_count; i++, name = next_name(name))
        at = terni_frame_put_header(at, name, name + strlen(name) + 1);
    if (added->name != NULL) at = terni_frame_put_header(at, added->name, added->value);
    return terni_frame_end_headers(at);
}

/* headers: their size. Where nats.c receives it may take one of two names that begin alike for the other; whether it
 * does so, that it finds out. */
static natsStatus publish(tern_conn *conn, const terni_record *record, const terni_addition *addition, size_t headers)
{
    const char *subject = terni_record_subject(record);
    const void *payload = terni_record_payload(record);
    size_t size = record->payload_size;
    char *at = NULL;
    if (headers == 0) return publish_plain(conn, subject, addition->reply, payload, size);
    if (!has_names_alike(record, &addition->header)) at = add_frame(conn, subject, addition->reply, headers, size);
    if (at == NULL) return publish_with_headers(terni_session_nats(conn->io.session), record, addition);
    at = put_headers(at, record, &addition->header);
    if (size > 0) memcpy(at, payload, size);
    return NATS_OK;
}

static void settle(const terni_record *record, tern_status status, const char *text)
{
    if (record->sender != NULL) record->sender->class->settled(record->sender, record->token, status, text);
}

/* Why a message of so many bytes, with its headers, cannot go, and trying again would not help. */
static void explain_loss(const tern_conn *conn, size_t size, natsStatus s, tern_error *out_why)
{
    tern_status st = terni_status_from_nats(s);
    if (s == NATS_MAX_PAYLOAD)
        (void)terni_fail(out_why, st, "%zu bytes, the server takes %zu", size, tern_conn_max_payload(conn));
    else if (s == NATS_NO_SERVER_SUPPORT) (void)terni_fail(out_why, st, "the server does not support headers");
    else if (s == NATS_ILLEGAL_STATE)
        (void)terni_fail(out_why, TERN_INVALID_ARGUMENT, "nats.c takes one of the header names for another");
    else (void)terni_fail(out_why, st, "%s", natsStatus_GetText(s));
}

static void count_out(tern_conn *conn, size_t messages, size_t bytes)
{
    (void)atomic_fetch_add_explicit(&conn->msgs_out, messages, memory_order_relaxed);
    (void)atomic_fetch_add_explicit(&conn->bytes_out, bytes, memory_order_relaxed);
}

/* Hands a message to the session. False: the session is over; the message waits for the next one. */
static bool send_message(tern_conn *conn, terni_record *record)
{
    terni_addition addition = { .reply = terni_record_reply(record) };
    tern_error why;
    if (record->sender != NULL && !record->sender->class->sending(record->sender, record->token, &addition)) {
        (void)atomic_fetch_add_explicit(&conn->dropped_out, 1, memory_order_relaxed);
        terni_outbound_left(&conn->out, record->weight);
        return true;
    }
    size_t headers = header_size(record, &addition.header), size = headers + record->payload_size;
    natsStatus s = publish(conn, record, &addition, headers);
    if (s == NATS_CONNECTION_CLOSED) return false;
    if (s != NATS_OK) {
        explain_loss(conn, size, s, &why);
        settle(record, why.status, why.text);
        terni_conn_lost_message(conn, why.status, terni_record_subject(record), why.text);
        terni_outbound_left(&conn->out, record->weight);
        return true;
    }
    settle(record, TERN_OK, NULL);
    conn->io.handed += record->weight;
    count_out(conn, 1, size);
    return true;
}

/* The same for the first of its frames. */
static bool send_first_frame(tern_conn *conn, terni_record *record)
{
    terni_frame_parts frame;
    tern_error why;
    terni_frame_open(record->frames, &frame);
    natsStatus s = publish_plain(conn, frame.subject, frame.reply, frame.payload, frame.payload_size);
    if (s == NATS_OK) {
        conn->io.handed += frame.size;
        conn->io.frames_handed++;
        count_out(conn, 1, frame.payload_size);
    } else if (s != NATS_CONNECTION_CLOSED) {
        explain_loss(conn, frame.payload_size, s, &why);
        terni_conn_lost_message(conn, why.status, frame.subject, why.text);
        terni_outbound_left(&conn->out, frame.size);
    }
    terni_frame_close(&frame);
    if (s == NATS_CONNECTION_CLOSED) return false;
    record->frames += frame.size;
    record->weight -= frame.size;
    record->payload_size -= frame.payload_size;
    record->frame_count--;
    return true;
}

/* The same for all of them: as they are, or, where the session does not take that, one by one. */
static bool send_frames(tern_conn *conn, terni_record *record)
{
    if (record->largest <= tern_conn_max_payload(conn) &&
        terni_session_publish_frames(conn->io.session, record->frames, record->weight)) {
        conn->io.handed += record->weight;
        conn->io.frames_handed += record->frame_count;
        count_out(conn, record->frame_count, record->payload_size);
        return true;
    }
    while (record->frame_count > 0)
        if (!send_first_frame(conn, record)) return false;
    return true;
}

/* Hands records to the session until its buffers hold enough, or reading is to have its turn; of the queue it takes
 * once, unless something is left from the round before. False: the session is over. */
static bool fill_session(tern_conn *conn)
{
    terni_io *io = &conn->io;
    io->refilled = io->taken != NULL; /* then this is no look into the queue */
    if (io->taken == NULL) io->taken = terni_outbound_take(&conn->out);
    while (io->taken != NULL && io->handed < TRANSFER_MAX && !io->read_next) {
        terni_record *record = io->taken, *next = record->next;
        if (terni_session_is_down(io->session)) return false;
        if (record->kind == TERNI_RECORD_CONTROL) {
            io->taken = next; /* first: run may free the record, or queue it again */
            record->run(record, false);
            continue;
        }
        bool handed = record->kind == TERNI_RECORD_FRAMES ? send_frames(conn, record) : send_message(conn, record);
        if (!handed) return false;
        io->taken = next;
        terni_outbound_recycle(&conn->out, record);
    }
    return true;
}

/* May there be something in the queue? Who queues a message without waking the thread was told not to. */
static bool has_to_take(const tern_conn *conn)
{
    return conn->io.refilled || conn->io.taken != NULL ||
           atomic_load_explicit(&conn->out.wakes, memory_order_relaxed) != TERNI_WAKES_ALWAYS;
}

bool terni_loop_passes(const tern_conn *conn, const terni_outgoing *message)
{
    const terni_io *io = &conn->io;
    return terni_outgoing_is_plain(message) && io->session != NULL && io->hush == TERNI_NOT_HUSHED &&
           io->taken == NULL && io->handed < TRANSFER_MAX && !terni_session_is_down(io->session) &&
           takes_frame(conn, 0, message->size);
}

static char *put_header(char *at, const tern_header *header)
{
    at = terni_frame_put_header(terni_frame_begin_headers(at), header->name, header->value);
    return terni_frame_end_headers(at);
}

/* headers: the size of what header makes on the wire; 0: there is none. */
static inline bool pass(tern_conn *conn, const terni_outgoing *message, const tern_header *header, size_t headers)
{
    terni_io *io = &conn->io;
    terni_frame frame;
    bool goes = terni_session_takes_frames(io->session) && (headers == 0 || takes_frame(conn, headers, message->size));
    if (!goes) return false; /* it may have subscribed the inbox just now */
    terni_frame_init(&frame, message->subject, message->reply, headers, message->size);
    if (io->handed + frame.size > TRANSFER_MAX || !terni_outbound_pass(&conn->out, frame.size)) return false;
    char *at = terni_session_publish(io->session, &frame);
    if (at == NULL) {
        terni_outbound_left(&conn->out, frame.size);
        return false;
    }
    if (headers > 0) at = put_header(at, header);
    terni_outgoing_fill(message, at);
    io->handed += frame.size; /* so that this round's end writes it */
    count_out(conn, 1, frame.content_size);
    return true;
}

bool terni_loop_pass(tern_conn *conn, const terni_outgoing *message, const tern_header *header)
{
    return header->name == NULL ? pass(conn, message, NULL, 0)
                                : pass(conn, message, header, terni_header_bytes(header, 1));
}

static void set_wakes(tern_conn *conn, terni_wakes wakes)
{
    if (atomic_load_explicit(&conn->out.wakes, memory_order_relaxed) != (int)wakes)
        atomic_store(&conn->out.wakes, wakes);
}

/* Is there something to write that waits until poll says that the socket has room? Not so what has just gone past the
 * queue. */
static bool waits_for_socket(const tern_conn *conn)
{
    return !terni_session_takes_frames(conn->io.session) ||
           atomic_load_explicit(&conn->out.wakes, memory_order_relaxed) == TERNI_WAKES_NEVER;
}

/* Sends what is queued, as far as the socket takes it, and not more than a buffer full: reading has its
 * turn too. True: there is more that could be sent. */
static bool transfer(tern_conn *conn)
{
    terni_io *io = &conn->io;
    bool takes = has_to_take(conn);
    if (io->hush != TERNI_NOT_HUSHED || (!takes && io->handed == 0)) return false;
    if (!terni_session_wants_write(io->session)) terni_conn_written(conn);
    else if (waits_for_socket(conn)) return false;
    set_wakes(conn, TERNI_WAKES_ALWAYS); /* first, so that a message is either seen now or wakes */
    io->read_next = false;
    io->frames_handed = 0;
    bool is_up = !takes || fill_session(conn);
    if (terni_session_wants_write(io->session)) terni_session_write(io->session);
    if (terni_session_wants_write(io->session)) {
        set_wakes(conn, TERNI_WAKES_NEVER);
        return false;
    }
    terni_conn_written(conn);
    io->gathers = io->frames_handed >= GATHER_MIN;
    if (io->gathers) set_wakes(conn, TERNI_WAKES_IMPATIENT);
    return is_up && (io->taken != NULL || io->refilled);
}

/* Without a session: what a drain waits for and needs none, as far as no message stands before it. */
static void run_without_session(tern_conn *conn)
{
    terni_io *io = &conn->io;
    for (;;) {
        if (io->taken == NULL) io->taken = terni_outbound_take(&conn->out);
        terni_record *record = io->taken;
        if (record == NULL || record->kind != TERNI_RECORD_CONTROL || !record->needs_no_session) return;
        io->taken = record->next;
        record->run(record, false);
    }
}

/* ---- In ---- */

/* What came, fences apart. */
static void count_in(tern_conn *conn, uint64_t messages, uint64_t bytes)
{
    (void)atomic_fetch_add_explicit(&conn->msgs_in, messages, memory_order_relaxed);
    (void)atomic_fetch_add_explicit(&conn->bytes_in, bytes, memory_order_relaxed);
}

/* Hands over what has been read. */
static void hand_over(tern_conn *conn)
{
    terni_io *io = &conn->io;
    uint64_t msgs = 0, bytes = 0, fence_bytes = 0;
    terni_entries_was_read(&io->entries);
    terni_session_received(io->session, &msgs, &bytes);
    if (msgs <= io->seen_msgs) return;
    uint64_t fences = terni_fences_pending(&io->fences, &fence_bytes);
    uint64_t came = msgs - io->seen_msgs - fences;
    count_in(conn, came, bytes - io->seen_bytes - fence_bytes);
    io->seen_msgs = msgs;
    io->seen_bytes = bytes;
    uint64_t missing = terni_entries_drain(&io->entries, false, came);
    if (fences > 0 || missing > 0) terni_fences_drain(&io->fences); /* missing: what is no fence of this side's */
}

static void receive(tern_conn *conn, bool hung_up)
{
    terni_session_read(conn->io.session, hung_up);
    conn->io.last_heard = conn->io.now;
    hand_over(conn);
}

/* On a borrowed loop: reads, and hands over what came for entry. False: something else came, or has happened. */
static bool receive_for(tern_conn *conn, terni_entry *entry)
{
    terni_io *io = &conn->io;
    uint64_t msgs = 0, bytes = 0;
    terni_session_read(io->session, false);
    io->last_heard = io->now;
    terni_session_received(io->session, &msgs, &bytes);
    io->unhanded = terni_entry_drain(entry) != msgs - io->seen_msgs; /* then all is counted there */
    if (io->unhanded) return false;
    count_in(conn, msgs - io->seen_msgs, bytes - io->seen_bytes);
    io->seen_msgs = msgs;
    io->seen_bytes = bytes;
    return terni_session_is_quiet(io->session) && !terni_session_wants_write(io->session);
}

static void receive_retiring(tern_conn *conn, bool hung_up)
{
    terni_io *io = &conn->io;
    terni_session_read(io->retiring, hung_up);
    terni_entries_drain(&io->entries, true, UINT64_MAX);
    terni_fences_drain(&io->retiring_fences);
}

/* ---- The loop ---- */

static struct pollfd poll_for(terni_session *session)
{
    struct pollfd fd = { .fd = -1 };
    if (session == NULL) return fd;
    fd.fd = terni_session_fd(session);
    fd.events = terni_session_wants_write(session) ? POLLIN | POLLRDHUP | POLLOUT : POLLIN | POLLRDHUP;
    return fd;
}

static terni_time_ms next_deadline(tern_conn *conn)
{
    terni_time_ms reconnect = terni_reconnect_deadline(conn), calls = conn->calls->deadline(conn->calls);
    return reconnect < calls ? reconnect : calls;
}

/* How long to sleep at most. */
static int sleep_ms(tern_conn *conn)
{
    terni_time_ms deadline = next_deadline(conn), longest = 60000;
    terni_time_ms left = deadline == TERNI_NEVER ? longest : deadline - terni_now_ms();
    if (left <= 0) return 0;
    return (int)(left < longest ? left : longest);
}

/* May who calls and waits have the loop while this thread sleeps? */
static bool can_lend(tern_conn *conn)
{
    const terni_io *io = &conn->io;
    return terni_loan_is_wanted(&conn->loan) && !io->gathers && io->now >= io->lend_at &&
           terni_reconnect_is_quiet(conn) && terni_session_takes_frames(io->session) &&
           !terni_session_wants_write(io->session) &&
           terni_loan_can_offer(&conn->loan, &conn->waker, terni_session_fd(io->session), io->sessions);
}

/* Waits until one of fds is ready, or a timer is due. */
static int wait_for(tern_conn *conn, struct pollfd fds[POLL_FDS], bool sleeps)
{
    terni_io *io = &conn->io;
    if (sleeps && can_lend(conn)) {
        short events[2] = { 0 };
        bool recalled = false;
        int ready = terni_loan_sleep(&conn->loan, sleep_ms(conn), events, &recalled);
        if (recalled) io->lend_at = terni_deadline(LEND_AGAIN_MS);
        fds[0].revents = events[0];
        fds[1].revents = events[1];
        return ready;
    }
    nfds_t count = io->retiring == NULL ? POLL_FDS - 1 : POLL_FDS;
    if (sleeps && io->gathers) return ppoll(fds, count, &(struct timespec){ .tv_nsec = GATHER_NS }, NULL);
    return poll(fds, count, sleeps ? sleep_ms(conn) : 0);
}

/* Where little comes, messages are not to wait until there are many. Those of the last round wait for the next one. */
static void discard_old(tern_conn *conn)
{
    terni_discard_flush(&conn->discard, false);
    conn->io.discard_at = conn->io.now + DISCARD_AFTER_MS;
}

/* Nothing came until the next timer. */
static void tidy_up(tern_conn *conn)
{
    terni_discard_flush(&conn->discard, true);
    terni_outbound_trim(&conn->out);
}

/* Poll says that the socket has room. */
static void write_on(tern_conn *conn)
{
    terni_io *io = &conn->io;
    terni_session_write(io->session);
    if (terni_session_wants_write(io->session)) return;
    terni_conn_written(conn);
    io->refilled = true;
    set_wakes(conn, TERNI_WAKES_ALWAYS);
}

/* Waits for something to do, unless there is more to do anyway, and does what the sockets ask for. */
static void wait_and_serve(tern_conn *conn, bool more)
{
    terni_io *io = &conn->io;
    struct pollfd fds[POLL_FDS] = { { .fd = conn->waker.event_fd, .events = POLLIN },
                                    poll_for(io->session),
                                    poll_for(io->retiring) };
    bool sleeps = !more && terni_waker_sleep(&conn->waker);
    int ready = wait_for(conn, fds, sleeps);
    io->now = terni_now_ms();
    terni_waker_awake(&conn->waker, ready > 0 && fds[0].revents != 0);
    if (ready == 0 && sleeps && !io->gathers) tidy_up(conn);
    else if (io->now >= io->discard_at) discard_old(conn);
    if (io->unhanded) hand_over(conn);
    io->unhanded = false;
    if (ready <= 0) return;
    if ((fds[1].revents & POLLOUT) != 0 && terni_session_wants_write(io->session)) write_on(conn);
    if ((fds[1].revents & ~POLLOUT) != 0) receive(conn, (fds[1].revents & HUNG_UP) != 0);
    if ((fds[2].revents & POLLOUT) != 0 && terni_session_wants_write(io->retiring)) terni_session_write(io->retiring);
    if ((fds[2].revents & ~POLLOUT) != 0) receive_retiring(conn, (fds[2].revents & HUNG_UP) != 0);
}

/* ---- Borrowed ---- */

bool terni_loop_borrow(tern_conn *conn)
{
    if (!terni_loan_take(&conn->loan)) return false;
    terni_waker_own(&conn->waker);
    conn->io.now = terni_now_ms();
    return true;
}

void terni_loop_give_back(tern_conn *conn, bool is_done)
{
    if (!is_done) conn->io.lend_at = conn->io.now + LEND_AGAIN_MS;
    terni_waker_own(NULL);
    terni_loan_give_back(&conn->loan);
    if (!is_done) terni_waker_wake(&conn->waker);
}

bool terni_loop_serve(tern_conn *conn, terni_entry *entry, terni_time_ms deadline)
{
    terni_io *io = &conn->io;
    terni_session_write(io->session);
    if (terni_session_wants_write(io->session)) return false;
    terni_conn_written(conn);
    struct pollfd fds[] = { { .fd = conn->loan.recall_fd, .events = POLLIN }, poll_for(io->session) };
    terni_time_ms left = deadline - io->now;
    int ready = poll(fds, 2, left > INT_MAX ? INT_MAX : (int)left);
    io->now = terni_now_ms();
    if (io->now >= io->discard_at) discard_old(conn);
    return ready == 1 && fds[1].revents == POLLIN && receive_for(conn, entry);
}

/* ---- The end ---- */

/* Nothing will be sent any more: messages are lost, controls are told. */
static void drop_queued(tern_conn *conn)
{
    terni_record *record = conn->io.taken;
    if (record == NULL) record = terni_outbound_take(&conn->out);
    while (record != NULL) {
        terni_record *next = record->next;
        if (record->kind == TERNI_RECORD_CONTROL) {
            record->run(record, true);
        } else {
            uint32_t messages = record->kind == TERNI_RECORD_FRAMES ? record->frame_count : 1;
            (void)atomic_fetch_add_explicit(&conn->dropped_out, messages, memory_order_relaxed);
            terni_outbound_left(&conn->out, record->weight);
            settle(record, TERN_CANCELLED, NULL);
            terni_outbound_recycle(&conn->out, record);
        }
        record = next != NULL ? next : terni_outbound_take(&conn->out);
    }
    conn->io.taken = NULL;
}

static void remove_entries(terni_entry_table *table)
{
    for (int group = 0; group < TERNI_ENTRY_GROUPS; group++)
        while (table->first[group] != NULL) terni_entry_remove(table, table->first[group]);
}

/* What has gone past the queue in the last round counts as sent, and so leaves, as far as the socket takes it. */
static void write_passed(tern_conn *conn)
{
    terni_session *session = conn->io.session;
    bool writes = session != NULL && !terni_session_is_down(session) && terni_session_takes_frames(session) &&
                  terni_session_wants_write(session);
    if (writes) terni_session_write(session);
}

/* The end: the connection is closed, and the queue refuses everything. */
static void wind_up(tern_conn *conn)
{
    terni_outbound_refuse(&conn->out, TERN_CANCELLED);
    write_passed(conn);
    drop_queued(conn);
    terni_reconnect_end(conn);
    remove_entries(&conn->io.entries);
    conn->calls->closed(conn->calls);
    terni_discard_flush(&conn->discard, true);
    terni_servers_free(&conn->io.servers);
    nats_ReleaseThreadMemory();
    terni_conn_ended(conn);
}

/* Its descriptor is closed, and perhaps somebody else's by now. */
static bool is_down(const terni_session *session)
{
    return session != NULL && terni_session_is_down(session);
}

void terni_loop_round(tern_conn *conn, bool waits)
{
    conn->io.gathers = false;
    if (terni_waker_signalled(&conn->waker)) conn->io.refilled = true;
    terni_conn_tell_deferred(conn);
    terni_reconnect_step(conn);
    conn->calls->step(conn->calls);
    bool more = conn->io.session != NULL && transfer(conn);
    if (conn->io.session == NULL && atomic_load(&conn->draining)) run_without_session(conn);
    if (atomic_load(&conn->stop)) more = true; /* that signal has been taken above, or it came from this thread */
    if (!is_down(conn->io.session) && !is_down(conn->io.retiring)) wait_and_serve(conn, more || !waits);
    else conn->io.now = terni_now_ms();
}

void *terni_loop_main(void *arg)
{
    tern_conn *conn = arg;
    terni_waker_own(&conn->waker);
    conn->io.now = terni_now_ms();
    while (!atomic_load(&conn->stop)) terni_loop_round(conn, true);
    wind_up(conn);
    terni_conn_release(conn);
    return NULL;
}

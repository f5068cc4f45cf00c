/* Messages go to the session as frames (io/frames.h), into a buffer of Tern's; or, while nats.c has something to write
 * itself, and over TLS that is out of Tern's reach, into nats.c's, which is written after the former: so the order is
 * kept. */
#include "io/send.h"

#include <string.h>

#include "core/error.h"
#include "io/frames.h"

/* ---- Headers ---- */

static const char *value_of(const char *name)
{
    return name + strlen(name) + 1;
}

static const char *next_name(const char *name)
{
    const char *value = value_of(name);
    return value + strlen(value) + 1;
}

/* How many bytes the headers take on the wire. */
static size_t header_size(const terni_record *record, const tern_header *added)
{
    size_t each = TERNI_HEADER_EXTRA - 2, size = 0; /* a NUL behind name and value */
    if (record->header_count > 0) size = record->header_size + each * record->header_count + TERNI_HEADERS_EXTRA;
    return added->name == NULL ? size : terni_header_bytes_with(size, added->name, added->value);
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
        at = terni_frame_put_header(at, name, value_of(name));
    if (added->name != NULL) at = terni_frame_put_header(at, added->name, added->value);
    return terni_frame_end_headers(at);
}

/* ---- By nats.c, with headers ---- */

/* Has the record a header of this name before at? */
static bool named_before(const terni_record *record, const char *at)
{
    const char *name = terni_record_headers(record);
    while (name != at && strcmp(name, at) != 0) name = next_name(name);
    return name != at;
}

/* Calls each for every header of the record, until one does not return OK. */
static natsStatus for_each_header(natsMsg *msg, const terni_record *record,
                                  natsStatus (*each)(natsMsg *msg, const terni_record *record, const char *name,
                                                     const char *value))
{
    natsStatus s = NATS_OK;
    const char *name = terni_record_headers(record);
    for (uint32_t i = 0; s == NATS_OK && i < record->header_count; i++, name = next_name(name))
        s = each(msg, record, name, value_of(name));
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

/* ---- As a frame, where that goes ---- */

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

/* ---- From the queue ---- */

void terni_record_settle(const terni_record *record, tern_status status, const char *text)
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
    terni_conn_count(&conn->msgs_out, messages);
    terni_conn_count(&conn->bytes_out, bytes);
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
        terni_record_settle(record, why.status, why.text);
        terni_conn_lost_message(conn, why.status, terni_record_subject(record), why.text);
        terni_outbound_left(&conn->out, record->weight);
        return true;
    }
    terni_record_settle(record, TERN_OK, NULL);
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

bool terni_send_record(tern_conn *conn, terni_record *record)
{
    return record->kind == TERNI_RECORD_FRAMES ? send_frames(conn, record) : send_message(conn, record);
}

/* ---- Past the queue ---- */

bool terni_send_passes(const tern_conn *conn, const terni_outgoing *message)
{
    const terni_io *io = &conn->io;
    return terni_outgoing_is_plain(message) && io->session != NULL && io->hush == TERNI_NOT_HUSHED &&
           io->taken == NULL && terni_conn_unwritten(conn) < TERNI_TRANSFER_MAX &&
           !terni_session_is_down(io->session) && takes_frame(conn, 0, message->size);
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
    size_t unwritten = terni_conn_unwritten(conn);
    if (unwritten + frame.size > TERNI_TRANSFER_MAX) return false;
    if (!terni_outbound_lets_pass(&conn->out, unwritten, frame.size)) return false;
    char *at = terni_session_publish(io->session, &frame);
    if (at == NULL) return false;
    if (headers > 0) at = put_header(at, header);
    terni_outgoing_fill(message, at);
    terni_conn_count(&conn->passed, frame.size); /* so that this round's end writes it */
    count_out(conn, 1, frame.content_size);
    return true;
}

bool terni_send_pass(tern_conn *conn, const terni_outgoing *message, const tern_header *header)
{
    return header->name == NULL ? pass(conn, message, NULL, 0)
                                : pass(conn, message, header, terni_header_bytes(header, 1));
}

#include "msg/msg.h"

#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "io/conn.h"
#include "msg/publish.h"

enum { SPARES_MAX = 256 };

tern_msg *terni_msg_new(tern_conn *conn, natsMsg *nats, size_t size)
{
    tern_msg *msg = terni_conn_on_io_thread(conn) ? terni_spares_take(&conn->spare_msgs) : NULL;
    if (msg == NULL) msg = malloc(sizeof *msg);
    if (msg == NULL) return NULL;
    *msg = (tern_msg){ .item.size_bytes = size, .nats = nats, .conn = conn };
    atomic_init(&msg->refs, 1);
    return msg;
}

static void unref(tern_msg *msg)
{
    bool last = atomic_load_explicit(&msg->refs, memory_order_acquire) == 1; /* most are, and this costs less */
    if (!last && atomic_fetch_sub_explicit(&msg->refs, 1, memory_order_acq_rel) != 1) return;
    terni_spares *spares = &msg->conn->spare_msgs;
    terni_conn_discard(msg->conn, msg->nats, msg->item.size_bytes);
    bool on_io_thread = terni_conn_on_io_thread(msg->conn);
    bool spared =
        on_io_thread ? terni_spares_put_back(spares, msg, SPARES_MAX) : terni_spares_put(spares, msg, SPARES_MAX);
    if (!spared) free(msg);
}

void terni_msg_done(tern_msg *msg)
{
    unref(msg);
}

void tern_msg_keep(tern_msg *msg)
{
    if (msg->kept) return;
    msg->kept = true;
    terni_conn_retain(msg->conn);
    (void)atomic_fetch_add_explicit(&msg->refs, 1, memory_order_relaxed);
}

void tern_msg_free(tern_msg *msg)
{
    if (msg == NULL || !msg->kept) return; /* not kept: the library's, which ends it after the handler */
    tern_conn *conn = msg->conn;
    unref(msg);
    terni_conn_release(conn);
}

const char *tern_msg_subject(const tern_msg *msg)
{
    return natsMsg_GetSubject(msg->nats);
}

const char *tern_msg_reply(const tern_msg *msg)
{
    const char *reply = natsMsg_GetReply(msg->nats);
    return reply == NULL || *reply == '\0' ? NULL : reply;
}

const void *tern_msg_data(const tern_msg *msg)
{
    const char *data = natsMsg_GetData(msg->nats);
    return data == NULL ? "" : data;
}

size_t tern_msg_size(const tern_msg *msg)
{
    int size = natsMsg_GetDataLength(msg->nats);
    return size > 0 ? (size_t)size : 0;
}

/* Has the message a header of just this name? nats.c may find a longer one that begins with it. */
static bool has_header(natsMsg *nats, const char *name)
{
    const char **names = NULL;
    int count = 0;
    if (natsMsgHeader_Keys(nats, &names, &count) != NATS_OK) return false;
    bool found = false;
    for (int i = 0; i < count && !found; i++) found = strcmp(names[i], name) == 0;
    free(names); /* the array alone is the caller's */
    return found;
}

bool terni_nats_is_bare(natsMsg *nats)
{
    const char **names = NULL;
    int count = 0;
    natsStatus s = natsMsgHeader_Keys(nats, &names, &count);
    free(names);
    return s == NATS_NOT_FOUND;
}

size_t terni_nats_size(natsMsg *nats, bool is_bare)
{
    return is_bare ? (size_t)natsMsg_GetDataLength(nats) : TERNI_SIZE_UNKNOWN;
}

const char *terni_nats_header(natsMsg *nats, const char *name)
{
    const char *value = NULL;
    return natsMsgHeader_Get(nats, name, &value) == NATS_OK && has_header(nats, name) ? value : NULL;
}

/* What nats.c finds. Headers that it cannot read are none from then on: at the next look it would find a part of them.
 */
static const char *look(tern_msg *msg, const char *name)
{
    const char *value = NULL;
    if (msg->is_bare) return NULL;
    natsStatus s = natsMsgHeader_Get(msg->nats, name, &value);
    msg->is_bare = s != NATS_OK && s != NATS_NOT_FOUND && s != NATS_NO_MEMORY;
    return s == NATS_OK ? value : NULL;
}

const char *tern_msg_header(tern_msg *msg, const char *name)
{
    const char *value = name == NULL || *name == '\0' ? NULL : look(msg, name);
    return value != NULL && has_header(msg->nats, name) ? value : NULL;
}

size_t terni_nats_headers(natsMsg *nats, bool (*left_out)(const char *name), tern_header *out_headers, size_t capacity)
{
    const char **names = NULL;
    int count = 0;
    size_t found = 0;
    if (natsMsgHeader_Keys(nats, &names, &count) != NATS_OK) return 0;
    for (int i = 0; i < count; i++) {
        const char *value = NULL;
        if (left_out != NULL && left_out(names[i])) continue;
        if (natsMsgHeader_Get(nats, names[i], &value) != NATS_OK || value == NULL) value = "";
        if (found < capacity) out_headers[found] = (tern_header){ .name = names[i], .value = value };
        found++;
    }
    free(names); /* the array alone is the caller's */
    return found;
}

size_t terni_msg_headers(tern_msg *msg, bool (*left_out)(const char *name), tern_header *out_headers, size_t capacity)
{
    (void)look(msg, "Status"); /* any name shows whether they can be read */
    return msg->is_bare ? 0 : terni_nats_headers(msg->nats, left_out, out_headers, capacity);
}

size_t tern_msg_headers(tern_msg *msg, tern_header *out_headers, size_t capacity)
{
    return terni_msg_headers(msg, NULL, out_headers, capacity);
}

tern_status tern_msg_respond(tern_msg *msg, const void *data, size_t size, tern_error *err)
{
    const char *reply = tern_msg_reply(msg);
    if (reply == NULL)
        return terni_fail(err, TERN_FAILED_PRECONDITION, "message on \"%s\": has no reply subject",
                          tern_msg_subject(msg));
    tern_outgoing answer = { .subject = reply, .data = data, .size = size };
    return terni_publish_answer(msg->conn, &answer, err);
}

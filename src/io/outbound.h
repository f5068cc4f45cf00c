/* The outbound queue: what the program wants sent, in order, bounded, until the I/O thread takes it. */
#ifndef TERNI_OUTBOUND_H
#define TERNI_OUTBOUND_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <tern/msg.h>

#include "core/waiter.h"

struct terni_chunk;

/* What a sender adds to its message when it goes. Both are read before anything else is sent. */
typedef struct terni_addition {
    const char *reply;  /* the reply subject */
    tern_header header; /* one more; name NULL: none */
} terni_addition;

struct terni_sender;

/* What becomes of a sender's messages; on the I/O thread. The last that is called for each is sending with false as its
 * answer, or settled. */
typedef struct terni_sender_class {
    /* The message is about to go into the session. False: it is not wanted any more. Again for the next session, if
     * this one breaks just then. */
    bool (*sending)(struct terni_sender *sender, uint64_t token, terni_addition *out_addition);
    /* OK: it went. CANCELLED: the connection closed first, and text is NULL. Others: it could not go, and never will.
     */
    void (*settled)(struct terni_sender *sender, uint64_t token, tern_status status, const char *text);
} terni_sender_class;

/* Who wants to know what becomes of its message: a call. */
typedef struct terni_sender {
    const terni_sender_class *class;
} terni_sender;

typedef enum terni_record_kind { TERNI_RECORD_FRAMES, TERNI_RECORD_MESSAGE, TERNI_RECORD_CONTROL } terni_record_kind;

/* One thing in the queue. */
typedef struct terni_record {
    struct terni_record *next;
    terni_record_kind kind;
    /* TERNI_RECORD_CONTROL: something for the I/O thread to do when all that was queued before it has
     * been sent. Embedded in its object, so that queueing it cannot fail. dropped: the connection
     * closed first. */
    void (*run)(struct terni_record *record, bool dropped);
    bool needs_no_session; /* while the connection drains, it may run without one */
    /* The others */
    struct terni_chunk *chunk;
    size_t weight;       /* what it counts for against the limit, bytes */
    size_t payload_size; /* of all its messages */
    /* TERNI_RECORD_FRAMES: plain messages, without headers and a sender, that were published one after the other:
     * weight bytes of frames (io/frames.h). Publishers add to the last record of the queue. */
    char *frames;
    uint32_t frame_count;
    size_t largest; /* payload */
    /* TERNI_RECORD_MESSAGE: what follows it in its chunk is: subject NUL, reply NUL, the headers as name NUL value NUL,
     * then the payload. */
    terni_sender *sender;              /* NULL: a publish */
    uint64_t token;                    /* the sender's */
    uint32_t subject_size, reply_size; /* with their NUL; reply_size 0: none */
    uint32_t header_size, header_count;
} terni_record;

/* Of a TERNI_RECORD_MESSAGE. */
const char *terni_record_subject(const terni_record *record);
const char *terni_record_reply(const terni_record *record); /* NULL: none */
const char *terni_record_headers(const terni_record *record);
const void *terni_record_payload(const terni_record *record);

/* What is to be queued; everything is copied. */
typedef struct terni_outgoing {
    const char *prefix; /* put before subject with a dot; NULL: none */
    const char *subject;
    const char *reply;
    const tern_header *headers;
    size_t header_count;
    size_t size;
    /* Writes size bytes of payload to out; NULL: source is the bytes themselves. */
    void (*fill)(const void *source, size_t size, uint8_t *out);
    const void *source;
    terni_sender *sender;
    uint64_t token;
    bool patient;           /* it may wait a moment for others to be sent with it */
    bool may_wait;          /* not on the I/O thread */
    bool past_limit;        /* it is let in when the queue is full, too: the sender sees to the limit itself */
    terni_time_ms deadline; /* of waiting for room; a request's own */
} terni_outgoing;

/* Has it no headers, no prefix and nobody to tell? Such messages go as frames. */
static inline bool terni_outgoing_is_plain(const terni_outgoing *message)
{
    return message->sender == NULL && message->header_count == 0 && message->prefix == NULL;
}

/* Writes its payload. */
static inline void terni_outgoing_fill(const terni_outgoing *message, char *at)
{
    if (message->fill != NULL) message->fill(message->source, message->size, (uint8_t *)at);
    else if (message->size > 0) memcpy(at, message->source, message->size);
}

/* Whether who queues a message is to wake the I/O thread. */
typedef enum terni_wakes {
    TERNI_WAKES_ALWAYS,
    TERNI_WAKES_IMPATIENT, /* it looks here by itself, very soon */
    TERNI_WAKES_NEVER      /* it waits for the socket to take more, and then looks here by itself */
} terni_wakes;

typedef struct terni_outbound {
    pthread_mutex_t mu;         /* guards what follows; nothing else is locked inside it */
    terni_waiter *waiters;      /* for room: woken when bytes sink, the rules change, or it refuses */
    terni_record *_Atomic head; /* the I/O thread looks at it without the lock, too; so it does at refuses */
    terni_record *tail;
    struct terni_chunk *filling; /* where the next small message goes; NULL: a spare or a new one */
    struct terni_chunk *spares;
    uint32_t spare_count;
    size_t bytes;       /* weights of queued messages and of those taken but not yet written */
    size_t limit;       /* of bytes, for messages that cannot wait */
    size_t wait_limit;  /* 0: none can wait, since there is no session */
    atomic_int refuses; /* a tern_status; not OK: nothing is accepted any more, and this is why */
    atomic_int wakes;   /* no lock: a terni_wakes, the I/O thread's word */
} terni_outbound;

bool terni_outbound_init(terni_outbound *queue);
void terni_outbound_destroy(terni_outbound *queue);

/* Queues a message. Waits for room as tern_conn_publish promises. The caller wakes the I/O thread.
 * RESOURCE_EXHAUSTED, DEADLINE_EXCEEDED, CANCELLED or FAILED_PRECONDITION. */
tern_status terni_outbound_push(terni_outbound *queue, const terni_outgoing *message, tern_error *err);

/* Queues a control record, limit or no limit. False: the queue is closed; nothing was done. */
bool terni_outbound_control(terni_outbound *queue, terni_record *record);

/* Sets the rules for a full queue: where it is full for those that cannot wait, and where others wait; 0: they cannot
 * either. */
void terni_outbound_rules(terni_outbound *queue, size_t limit_bytes, size_t wait_limit_bytes);

/* Refuses messages from now on with status, and lets waiting publishers go. With CANCELLED it refuses
 * controls too. */
void terni_outbound_refuse(terni_outbound *queue, tern_status status);

/* ---- For the I/O thread ---- */

/* Takes all that is queued: a list by next, or NULL. */
terni_record *terni_outbound_take(terni_outbound *queue);

/* Gives back the memory of a message's record. Not for controls. */
void terni_outbound_recycle(terni_outbound *queue, terni_record *record);

/* May a message of so many bytes' weight go past the queue? It may not where there is something in the queue that it
 * would overtake, or no room beside the held bytes, or where messages are refused. Without the lock: what somebody
 * queues just now was not before it. */
bool terni_outbound_lets_pass(const terni_outbound *queue, size_t held, size_t weight);

/* Keeps no memory for more than there is. */
void terni_outbound_trim(terni_outbound *queue);

/* Says that messages of so many bytes' weight have left, and wakes publishers that wait for room. */
void terni_outbound_left(terni_outbound *queue, size_t weight);

size_t terni_outbound_bytes(terni_outbound *queue);

#endif

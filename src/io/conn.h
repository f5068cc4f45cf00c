/* The inside of a connection: what the program's threads share, and what is the I/O thread's alone. */
#ifndef TERNI_CONN_H
#define TERNI_CONN_H

#include <pthread.h>
#include <stdatomic.h>

#include <tern/conn.h>

#include "core/lane.h"
#include "core/random.h"
#include "core/spares.h"
#include "io/discard.h"
#include "io/entry.h"
#include "io/fence.h"
#include "io/loan.h"
#include "io/options.h"
#include "io/outbound.h"
#include "io/servers.h"
#include "io/session.h"
#include "io/waker.h"

/* Something that lives on a connection and has handlers: a subscription, or the callbacks of a client. It is kept alive
 * by the holds on its lane. */
typedef struct terni_member {
    terni_lane *lane;
    /* Leaves the server. Does not wait. NULL: neither a drain nor a close ends it, and what it still holds runs. */
    void (*begin_drain)(struct terni_member *member);
    /* Waits until all that had come before is handled, then ends. False: not done by the deadline. NULL with the
     * former. */
    bool (*wait_drained)(struct terni_member *member, terni_time_ms deadline);
    struct terni_member *next, *prev; /* conn->mu guards these and what follows */
    bool enlisted;
    uint32_t drain_step; /* how far the connection's drain has come with it */
} terni_member;

/* What the connection asks of the call engine, which is a layer above. */
typedef struct terni_calls_hooks {
    /* Does what is due. On the I/O thread, in every round. */
    void (*step)(struct terni_calls_hooks *calls);
    /* When step is to be called at the latest. On the I/O thread. */
    terni_time_ms (*deadline)(struct terni_calls_hooks *calls);
    /* The server refused to publish to subject, or to subscribe to it. On the I/O thread. */
    void (*refused)(struct terni_calls_hooks *calls, const char *subject, bool subscription, const char *text);
    /* No reply can come any more. On the I/O thread, at its end. */
    void (*closed)(struct terni_calls_hooks *calls);
    /* Waits until no call is in flight. */
    bool (*drain)(struct terni_calls_hooks *calls, terni_time_ms deadline);
    void (*free)(struct terni_calls_hooks *calls);
} terni_calls_hooks;

/* What a layer above keeps with a connection: made when first needed, freed with the connection. */
typedef struct terni_companion {
    void (*free)(struct terni_companion *companion);
} terni_companion;

/* Does the session, a lame duck, send anything new? */
typedef enum terni_hush {
    TERNI_NOT_HUSHED, /* yes */
    TERNI_HUSHING,    /* no; the fence behind what it sent is on its way (io.moved) */
    TERNI_HUSHED      /* no; it is back */
} terni_hush;

/* What only the I/O thread touches, or who has the loop in its place (io/loan.h). */
typedef struct terni_io {
    terni_servers servers;
    terni_session *session;  /* up, or NULL */
    terni_session *attempt;  /* connecting, or NULL */
    terni_session *retiring; /* a lame duck that session has replaced, or NULL */
    terni_entry_table entries;
    terni_fence_list fences; /* session's */
    terni_fence_list retiring_fences;
    uint64_t sessions; /* so far; the number of the last one */
    bool moving;       /* session is a lame duck; attempt is to replace it */
    terni_hush hush;
    uint32_t failed_rounds;     /* through the server list, since the last session */
    uint32_t backoff_steps;     /* failed rounds, and sessions that did not last */
    uint32_t refusals;          /* of the credentials, in this round */
    terni_time_ms next_attempt; /* TERNI_NEVER: none is wanted now */
    terni_time_ms attempt_until;
    terni_time_ms session_since;
    terni_time_ms drain_at; /* the retiring session; TERNI_NEVER: it has begun, or there is none */
    terni_time_ms retire_by;
    terni_time_ms last_heard; /* from session */
    terni_time_ms now;        /* read when poll returns */
    terni_time_ms asked;      /* for a sign of life, by liveness */
    terni_fence liveness;
    bool liveness_pending;
    terni_fence moved;                     /* on the retiring session, behind the end of some of its subscriptions */
    uint32_t leaving;                      /* subscriptions that drain now */
    terni_record *leave_next, *leave_last; /* the controls of those that wait for their turn */
    uint32_t frames_handed;                /* in the round */
    bool gathers;                          /* it looks into the queue again very soon */
    bool refilled;                         /* since it last took, there may be something in the queue */
    terni_record *taken;                   /* from the queue, not yet handed to the session */
    bool read_next;                        /* a control has worked long: reading has its turn before more is sent */
    size_t handed;                         /* weight of the messages in the buffers of the session, passed apart */
    uint64_t seen_msgs, seen_bytes;        /* from session, already counted */
    bool unhanded;                         /* who had the loop has read what is not for it */
    terni_time_ms lend_at;                 /* not before */
    terni_time_ms discard_at;              /* handled messages are to be destroyed, however few they are */
} terni_io;

struct tern_conn {
    terni_lane events;     /* its holds are the connection's */
    terni_options options; /* not changed after tern_connect */
    char *inbox;           /* "<prefix>.<client id>" */
    terni_outbound out;
    terni_discard discard;
    terni_spares spare_msgs; /* tern_msg, see msg/msg.c; the I/O thread takes them */
    terni_waker waker;
    terni_loan loan;
    pthread_t thread;
    terni_calls_hooks *calls; /* the call engine's, see msg/calls.h; set once before the thread starts */

    pthread_mutex_t mu;     /* guards what follows */
    pthread_cond_t changed; /* broadcast with state, refused, drain_done */
    tern_conn_state state;
    bool refused; /* before the first session: every server refused the credentials */
    bool close_asked, drain_begun, drain_done;
    tern_status drain_status;
    tern_error close_cause; /* of a close that was asked for; OK: none */
    tern_error last_error;
    char server[256]; /* of the session; "" */
    terni_member *members;
    terni_companion *discovery; /* of the services, see rpc/discovery/; NULL: not yet; set once */

    atomic_bool events_wait; /* there may be inline ones that other threads left to the I/O thread */
    atomic_bool stop;        /* the I/O thread is to end */
    atomic_bool draining;    /* new requests are refused, but those of handlers */
    atomic_size_t max_payload;
    atomic_uint_fast64_t msgs_in, bytes_in, msgs_out, bytes_out; /* written as io is */
    atomic_uint_fast64_t passed; /* weight of those that went past the queue, in the buffers of the session; so, too */
    atomic_uint_fast64_t reconnects, dropped_in, dropped_out, late_replies;

    terni_io io;
};

/* The connection that a lane or an io is part of. */
#define TERNI_CONTAINER(pointer, type, field) ((type *)(void *)((char *)(pointer)-offsetof(type, field)))

/* Adds to a counter that one thread at a time writes. */
static inline void terni_conn_count(atomic_uint_fast64_t *counter, uint64_t more)
{
    uint64_t sum = atomic_load_explicit(counter, memory_order_relaxed) + more;
    atomic_store_explicit(counter, sum, memory_order_relaxed);
}

/* Makes a connection with no thread yet; the holder's one hold on it ends with terni_conn_release. */
tern_status terni_conn_new(const tern_conn_options *options, tern_conn **out_conn, tern_error *err);

/* Starts its I/O thread. calls: to be freed with the connection from now on, also on failure. */
tern_status terni_conn_start(tern_conn *conn, terni_calls_hooks *calls, tern_error *err);

/* Closes because of an error, which the last event tells. */
void terni_conn_close_for(tern_conn *conn, const tern_error *cause);

/* Waits until the first session is up, for connect_timeout_ms. */
tern_status terni_conn_wait_up(tern_conn *conn, tern_error *err);

void terni_conn_retain(tern_conn *conn);
void terni_conn_release(tern_conn *conn);

/* Is this the connection's I/O thread? The I/O thread of any connection? */
bool terni_conn_on_io_thread(const tern_conn *conn);
bool terni_on_io_thread(void);

/* Has a received message destroyed, soon. size: of its payload and headers, bytes, or TERNI_SIZE_UNKNOWN. Any thread;
 * NULL is fine. */
void terni_conn_discard(tern_conn *conn, natsMsg *msg, size_t size);

/* OK, or FAILED_PRECONDITION where this is an I/O thread: what (a function's name) would wait. */
tern_status terni_may_wait(const char *what, tern_error *err);

/* Enlists a member, unless the connection drains or is closed; one that neither ends, always. */
tern_status terni_conn_enlist(tern_conn *conn, terni_member *member, tern_error *err);
void terni_conn_delist(tern_conn *conn, terni_member *member);

/* Queues something for the I/O thread. False: closed. */
bool terni_conn_control(tern_conn *conn, terni_record *record);

/* Sets the state, and wakes those who wait for it; CLOSED is for good, and DRAINING yields to it alone. */
void terni_conn_set_state(tern_conn *conn, tern_conn_state state);

/* Tells the program, in order. */
void terni_conn_emit(tern_conn *conn, tern_event_kind kind, tern_status status, const char *server, const char *subject,
                     const char *text);

/* On the I/O thread, which is where events are told if they are inline: tells those that other threads left. */
void terni_conn_tell_deferred(tern_conn *conn);

/* Counts an accepted message that is lost, and tells of it. */
void terni_conn_lost_message(tern_conn *conn, tern_status status, const char *subject, const char *text);

/* The weight of all messages in the session's buffers. On the I/O thread. */
static inline size_t terni_conn_unwritten(const tern_conn *conn)
{
    return conn->io.handed + (size_t)atomic_load_explicit(&conn->passed, memory_order_relaxed);
}

/* Says that what was in the session's buffers has left, or is lost. On the I/O thread. */
void terni_conn_written(tern_conn *conn);

/* Any thread, after a message was queued: wakes the I/O thread, unless that looks into the queue anyway. patient: the
 * message may wait until it does so after a stream. */
void terni_conn_wake_to_send(tern_conn *conn, bool patient);

/* The I/O thread's last word. */
void terni_conn_ended(tern_conn *conn);

/* Remembers the last error. */
void terni_conn_note_error(tern_conn *conn, const tern_error *error);

#endif

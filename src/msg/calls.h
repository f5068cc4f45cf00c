/* The call engine: exchanges, each a request that waits for its one reply. Raw requests and typed calls stand on it. */
#ifndef TERNI_CALLS_H
#define TERNI_CALLS_H

#include "core/timer.h"
#include "io/conn.h"

struct terni_exchange;
struct terni_slot;

/* What an exchange is for. All of these are called on the I/O thread, with no lock held. */
typedef struct terni_exchange_class {
    /* Its request is about to leave. out_header: one more to send, zeroed; its texts must last until the next call of
     * this function. False: it is not wanted any more, and ends with CANCELLED. */
    bool (*sending)(struct terni_exchange *exchange, tern_header *out_header);
    /* It is over: of a start that succeeded, or a wait, exactly one end comes; overdue may put a wait in a start's
     * place. reply: the callee's, for terni_conn_discard, with OK; NULL otherwise, and text says why. The exchange may
     * be started again from here. */
    void (*ended)(struct terni_exchange *exchange, natsMsg *reply, tern_status status, const char *text);
    /* No reply by reply_timeout_ms. True: it is given up, and waits for resume until *out_at; false: the reply is
     * waited for until the deadline. */
    bool (*overdue)(struct terni_exchange *exchange, terni_time_ms *out_at);
    /* terni_exchange_wait's time has come, or overdue's. */
    void (*resume)(struct terni_exchange *exchange);
    /* terni_exchange_attend was called. */
    void (*attend)(struct terni_exchange *exchange);
    /* The owner's holds: the engine takes one for each thing it keeps of the exchange, several at a time, and gives
     * them back one by one. Release may come on any thread. */
    void (*hold)(struct terni_exchange *exchange, unsigned count);
    void (*release)(struct terni_exchange *exchange);
} terni_exchange_class;

typedef enum terni_exchange_state {
    TERNI_EXCHANGE_IDLE,   /* the owner's                                         -> QUEUED, SENT, WAITING */
    TERNI_EXCHANGE_QUEUED, /* its request is in the outbound queue                 -> SENT, IDLE (ended) */
    TERNI_EXCHANGE_SENT,   /* handed to the session; the reply is awaited  -> IDLE (ended), WAITING (overdue) */
    TERNI_EXCHANGE_WAITING /* for its timer, to be started again                   -> IDLE (resumed, or ended) */
} terni_exchange_state;

/* Embedded in its owner. While it is IDLE, it is the owner's; otherwise the I/O thread's. */
typedef struct terni_exchange {
    const terni_exchange_class *class;
    terni_calls_hooks *calls;     /* the connection's */
    const char *prefix, *subject; /* the owner's; not changed while it is not IDLE */
    terni_time_ms deadline;       /* of the whole */
    uint32_t reply_timeout_ms;    /* for the reply, from sending on; see overdue. 0: the deadline alone */
    terni_sender sender;
    uint64_t token; /* of the last start */
    terni_exchange_state state;
    bool waits;         /* the owner's: who starts it will then wait for it, and may do so in the loop's place */
    bool borrowed;      /* who started it has the loop, and is alone with it; terni_exchange_serve is to follow */
    bool live;          /* in the list by next and prev, with its timer armed, or just due */
    bool reply_is_bare; /* known to have no headers */
    terni_timer timer;
    struct terni_exchange *next, *prev; /* those in flight that the I/O thread knows of */
    struct terni_slot *slot;            /* SENT: where the reply comes to; NULL: a cell of the bulk inbox */
    uint32_t cell;
    atomic_bool attended; /* in the list by next_attended */
    struct terni_exchange *next_attended;
} terni_exchange;

/* Makes the engine of a connection that is about to start. NULL: no memory. */
terni_calls_hooks *terni_calls_new(tern_conn *conn);

/* Counts a call that begins, for the drain: to be ended with terni_calls_finish. FAILED_PRECONDITION: the connection
 * drains, and this is not a handler. */
tern_status terni_calls_begin(tern_conn *conn, tern_error *err);
void terni_calls_finish(tern_conn *conn);

/* A reply whose call is over, or whose caller has left: counts and drops it. size: with its headers, bytes, or
 * TERNI_SIZE_UNKNOWN. */
void terni_calls_drop_late(tern_conn *conn, natsMsg *reply, size_t size);

/* Sets up a zeroed exchange. */
void terni_exchange_init(terni_exchange *exchange, const terni_exchange_class *class, tern_conn *conn);

/* Sends message, whose reply must be NULL, for an IDLE exchange. Does not wait for the reply; for room in the outbound
 * queue it waits as terni_publish does, until message->deadline. Any thread. Not OK: it is IDLE still, and will not
 * end. Its deadline is kept from sending on; terni_exchange_keep_deadline has it kept before that, too. */
tern_status terni_exchange_start(terni_exchange *exchange, terni_outgoing *message, tern_error *err);

/* What follows a start that went well, where the owner waits: does what the I/O thread would be woken for, if that has
 * lent its loop. True: it has ended. */
bool terni_exchange_serve(terni_exchange *exchange);

/* Has the deadline of an exchange kept that has been started, wherever its request waits. Any thread; the caller has a
 * hold. */
void terni_exchange_keep_deadline(terni_exchange *exchange);

/* Has attend called on the I/O thread, soon. False: that has ended, and nothing more comes of it. Any thread; the
 * caller has a hold, and has started the exchange, or has a reason of its own for attend. */
bool terni_exchange_attend(terni_exchange *exchange);

/* Say that a request failed, in the words that all of them share; late: DEADLINE_EXCEEDED. They return the status. */
tern_status terni_fail_request(const char *prefix, const char *subject, tern_status status, const char *text,
                               tern_error *err);
tern_status terni_fail_late(tern_conn *conn, const char *prefix, const char *subject, bool sent, uint32_t timeout_ms,
                            tern_error *err);

/* ---- On the I/O thread ---- */

/* Has resume called at a time, or ended before. For an IDLE exchange. */
void terni_exchange_wait(terni_exchange *exchange, terni_time_ms until);

/* Ends it, unless it is IDLE. */
void terni_exchange_end(terni_exchange *exchange, tern_status status, const char *text);

/* Calls each for every exchange of the connection's that the I/O thread knows of: not for those whose requests are in
 * the outbound queue, unless they have been attended to. It may end the one that it is called for. */
void terni_calls_each(tern_conn *conn, void (*each)(terni_exchange *exchange, void *arg), void *arg);

#endif

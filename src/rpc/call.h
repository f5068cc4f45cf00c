/* A typed call, with all its attempts. */
#ifndef TERNI_CALL_H
#define TERNI_CALL_H

#include <tern/client.h>

#include "core/lane.h"
#include "core/waiter.h"
#include "msg/calls.h"
#include "rpc/client.h"
#include "rpc/headers.h"

typedef enum terni_call_kind {
    TERNI_CALL_BLOCKING, /* its caller waits, and finishes it */
    TERNI_CALL_CALLBACK, /* its callback runs on the client's lane, and there it is finished */
    TERNI_CALL_RESULT    /* finished on the I/O thread; the outcome waits for tern_call_result */
} terni_call_kind;

struct tern_call {
    terni_exchange exchange;
    atomic_uint refs;
    tern_client *client; /* held, while in use */
    const tern_method *method;
    terni_call_kind kind;
    atomic_bool concluded; /* the finisher's: the reply can be read */
    bool io_threads;       /* begun on the I/O thread */
    bool has_handle;       /* somebody may wait for it */
    bool preparing;        /* the caller's thread is in an interceptor's before */
    uint16_t let_through;  /* interceptors whose after is to run */
    uint32_t timeout_ms;
    int64_t began_us;
    _Atomic int64_t took_us; /* -1: it has not ended */
    terni_time_ms resume_at; /* of a first attempt that found no room: the next one's time; 0: none. See attend. */
    atomic_uint attempts;    /* a blocking caller that has left sees no more of them */
    atomic_bool cancelled;
    atomic_bool poor;      /* another attempt was wanted, and not affordable, when that was last asked */
    atomic_bool begun;     /* the I/O thread may look at it: who cancels asks for that */
    atomic_bool finished;  /* where there is a handle: the outcome is there, and a callback has returned */
    terni_headers headers; /* of the request */
    uint8_t *payload;      /* kept for further attempts; NULL: there are to be none */
    size_t payload_size;
    tern_any_fn done;
    void *arg;
    terni_item item;        /* on the client's lane */
    struct tern_call *next; /* of the client's spares */

    /* The outcome: written by the I/O thread, or in its place, then the finisher's, then everybody's to read. */
    natsMsg *reply;
    tern_status status;        /* found on this side; OK: the reply says it */
    char *text;                /* NULL: none, or no memory for it */
    ProtobufCMessage *message; /* of TERNI_CALL_RESULT, until it is taken */
    tern_error *error;         /* of TERNI_CALL_RESULT; NULL: none, or no memory for it */

    pthread_mutex_t *mu; /* of the client's; many calls share one, and nothing waits with it held */
    /* mu guards what follows; while the caller has borrowed the loop (exchange.borrowed), it is the caller's. */
    terni_waiter *waiters; /* for over, or finished */
    bool sent;             /* at least once; unless BLOCKING, the I/O thread's, and then the finisher's */
    bool over;             /* BLOCKING, and not ended on a borrowed loop: the outcome is the caller's */
    bool left;             /* BLOCKING: the caller is gone */
};

/* A call of the client's that begins now, with one hold on it; NULL: no memory. */
tern_call *terni_call_take(tern_client *client);

/* Starts an attempt; request: needed where no payload is kept. OK: the call is the I/O thread's. CANCELLED: its caller
 * has left. */
tern_status terni_call_attempt(tern_call *call, const ProtobufCMessage *request, tern_error *err);

/* An attempt has failed with status, or with the error in reply: is there to be another? out_at: when. */
bool terni_call_wants_another(tern_call *call, natsMsg *reply, tern_status status, terni_time_ms *out_at);

/* Reads the outcome, and lets interceptors see it. err: filled in always, status OK included. */
void terni_call_conclude(tern_call *call, ProtobufCMessage **out_message, tern_error *err);

/* The outcome is known: interceptors that let the call through see it. */
void terni_call_run_after(tern_call *call, const tern_error *outcome);

/* Say why the call failed on this side, and what retries there were; late: no reply by its deadline. They return the
 * status. */
tern_status terni_call_fail(tern_call *call, tern_status status, const char *text, tern_error *err);
tern_status terni_call_fail_late(tern_call *call, tern_error *err);

void terni_call_hold(tern_call *call, unsigned count);

/* Gives a hold back. */
void terni_call_release(tern_call *call);

/* Has somebody asked for the call's end? The program, or, where it is asynchronous, who frees its client. */
static inline bool terni_call_is_given_up(const tern_call *call)
{
    if (atomic_load(&call->cancelled)) return true;
    return call->kind != TERNI_CALL_BLOCKING && atomic_load(&call->client->freed);
}

/* Tells those who wait in tern_call_wait and its like that a call has finished. */
void terni_call_tell_finished(tern_call *call);

/* A lane's run: finishes the call that item is part of. */
void terni_call_run_callback(terni_lane *lane, terni_item *item);

/* A call whose callback or interceptors this thread is in; the frames of a thread form a list. */
typedef struct terni_call_frame {
    const tern_call *call;
    const struct terni_call_frame *outer;
} terni_call_frame;

void terni_call_enter(terni_call_frame *frame, const tern_call *call);
void terni_call_leave(const terni_call_frame *frame);

/* Is this thread in the call's callback or interceptors? In those of any call of the client's? */
bool terni_call_is_inside(const tern_call *call);
bool terni_call_is_inside_of(const tern_client *client);

/* On the I/O thread: ends the asynchronous calls of a client that is being freed. */
void terni_call_end_freed(tern_client *client);

/* Frees calls that nobody uses. */
void terni_call_free_spares(terni_call_spares *spares);

#endif

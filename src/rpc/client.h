/* Clients: what the calls made with one share. */
#ifndef TERNI_CLIENT_H
#define TERNI_CLIENT_H

#include <tern/client.h>

#include "core/lane.h"
#include "msg/calls.h"
#include "rpc/retry.h"

enum { TERNI_CALL_LOCKS = 16 };

/* Calls that can be used again. */
typedef struct terni_call_spares {
    struct tern_call *first;
    uint32_t count;
} terni_call_spares;

struct tern_client {
    atomic_uint refs; /* the program's, and one for each call */
    tern_conn *conn;  /* held */
    char *prefix;     /* NULL: none */
    uint32_t timeout_ms;
    tern_executor *executor; /* held; NULL: the shared pool, which the callbacks hold */
    terni_retry retry;
    tern_client_interceptor *interceptors;
    size_t interceptor_count;

    pthread_mutex_t call_locks[TERNI_CALL_LOCKS]; /* of the calls, see tern_call.mu */

    terni_lane *_Atomic callbacks; /* set once, under mu; NULL: no call has needed it yet; its memory is its own */

    terni_call_spares io_spares; /* the I/O thread's: calls that it began, and ended */

    atomic_size_t pending;  /* asynchronous calls that have not ended */
    atomic_bool freed;      /* takes no more of them, and those end: callbacks still run, and may call on */
    terni_exchange freeing; /* by which the I/O thread hears of that */
    pthread_cond_t idle;    /* with mu: broadcast when pending gets 0 and freed is set */

    pthread_mutex_t mu;       /* guards what follows */
    terni_call_spares spares; /* of other threads */
};

void terni_client_hold(tern_client *client);
void terni_client_release(tern_client *client);

/* The lane on which callbacks run, the client's for its life; NULL: no memory or thread. */
terni_lane *terni_client_callbacks(tern_client *client);

/* Runs callbacks of the client's that wait, where this thread is the one to run them, or may. */
enum { TERNI_HELP_EVERY_MS = 5 };
void terni_client_help(tern_client *client);

/* Counts an asynchronous call that begins: to be ended with terni_client_finish. CANCELLED: the client is being freed.
 */
tern_status terni_client_begin(tern_client *client, const tern_method *method, tern_error *err);
void terni_client_finish(tern_client *client);

#endif

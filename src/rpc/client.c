#include "rpc/client.h"

#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/subject.h"
#include "rpc/call.h"
#include "rpc/wire.h"

enum { INTERCEPTORS_MAX = 1000 };

static void destroy_locks(tern_client *client, int count)
{
    while (count > 0) (void)pthread_mutex_destroy(&client->call_locks[--count]);
}

static bool init_locks(tern_client *client)
{
    int count = 0;
    while (count < TERNI_CALL_LOCKS && pthread_mutex_init(&client->call_locks[count], NULL) == 0) count++;
    if (count == TERNI_CALL_LOCKS && pthread_mutex_init(&client->mu, NULL) == 0) return true;
    destroy_locks(client, count);
    return false;
}

static void client_destroy(tern_client *client)
{
    tern_conn *conn = client->conn;
    terni_call_free_spares(&client->spares);
    terni_call_free_spares(&client->io_spares);
    terni_lane *callbacks = atomic_load(&client->callbacks);
    if (callbacks != NULL) terni_lane_release(callbacks);
    tern_executor *executor = client->executor;
    (void)pthread_cond_destroy(&client->idle);
    (void)pthread_mutex_destroy(&client->mu);
    destroy_locks(client, TERNI_CALL_LOCKS);
    free(client->interceptors);
    free(client->prefix);
    free(client);
    terni_executor_release(executor);
    terni_conn_release(conn);
}

void terni_client_hold(tern_client *client)
{
    (void)atomic_fetch_add_explicit(&client->refs, 1, memory_order_relaxed);
}

void terni_client_release(tern_client *client)
{
    if (atomic_fetch_sub_explicit(&client->refs, 1, memory_order_acq_rel) == 1) client_destroy(client);
}

/* ---- How the I/O thread hears that a client is being freed: an exchange that is attended to, never started ---- */

static tern_client *freeing_of(terni_exchange *exchange)
{
    return TERNI_CONTAINER(exchange, tern_client, freeing);
}

static void freeing_attend(terni_exchange *exchange)
{
    terni_call_end_freed(freeing_of(exchange));
}

static void freeing_hold(terni_exchange *exchange, unsigned count)
{
    while (count-- > 0) terni_client_hold(freeing_of(exchange));
}

static void freeing_release(terni_exchange *exchange)
{
    terni_client_release(freeing_of(exchange));
}

static const terni_exchange_class freeing_class = { .attend = freeing_attend,
                                                    .hold = freeing_hold,
                                                    .release = freeing_release };

/* ---- Life ---- */

static tern_status check_options(const tern_client_options *options, tern_error *err)
{
    if (options->interceptor_count > INTERCEPTORS_MAX)
        return terni_fail(err, TERN_INVALID_ARGUMENT, "interceptor_count %zu: the limit is %d",
                          options->interceptor_count, INTERCEPTORS_MAX);
    if (options->interceptors == NULL && options->interceptor_count > 0)
        return terni_fail(err, TERN_INVALID_ARGUMENT, "interceptors is NULL, interceptor_count %zu",
                          options->interceptor_count);
    if (options->subject_prefix == NULL) return TERN_OK;
    return terni_subject_check("subject_prefix", options->subject_prefix, err);
}

/* The parts that need undoing. */
static bool client_init(tern_client *client, const tern_client_options *options)
{
    size_t size = options->interceptor_count * sizeof *options->interceptors;
    if (options->subject_prefix != NULL && (client->prefix = strdup(options->subject_prefix)) == NULL) return false;
    if (size > 0 && (client->interceptors = malloc(size)) == NULL) goto no_interceptors;
    if (size > 0) memcpy(client->interceptors, options->interceptors, size);
    client->interceptor_count = options->interceptor_count;
    if (!init_locks(client)) goto no_locks;
    if (!terni_cond_init(&client->idle)) goto no_cond;
    if (options->executor == NULL) return true; /* the shared pool is used when it is needed */
    client->executor = terni_executor_use(options->executor);
    if (client->executor != NULL) return true;
    (void)pthread_cond_destroy(&client->idle);
no_cond:
    destroy_locks(client, TERNI_CALL_LOCKS);
    (void)pthread_mutex_destroy(&client->mu);
no_locks:
    free(client->interceptors);
no_interceptors:
    free(client->prefix);
    return false;
}

tern_status tern_client_new(tern_conn *conn, const tern_client_options *options, tern_client **out_client,
                            tern_error *err)
{
    static const tern_client_options defaults = TERN_CLIENT_OPTIONS_INIT;
    if (options == NULL) options = &defaults;
    if (conn == NULL || out_client == NULL)
        return terni_fail(err, TERN_INVALID_ARGUMENT, "%s is NULL", conn == NULL ? "conn" : "out_client");
    tern_status st = check_options(options, err);
    if (st != TERN_OK) return st;
    tern_client *client = calloc(1, sizeof *client);
    if (client == NULL) return terni_fail_memory(err);
    st = terni_retry_init(&client->retry, &options->retry, err);
    if (st == TERN_OK && !client_init(client, options))
        st = terni_fail(err, TERN_RESOURCE_EXHAUSTED, "no memory or thread for a client");
    if (st != TERN_OK) {
        free(client);
        return st;
    }
    atomic_init(&client->refs, 1);
    client->timeout_ms = options->timeout_ms == 0 ? TERNI_TIMEOUT_DEFAULT_MS : options->timeout_ms;
    client->conn = conn;
    terni_conn_retain(conn);
    terni_exchange_init(&client->freeing, &freeing_class, conn);
    *out_client = client;
    return TERN_OK;
}

void terni_client_help(tern_client *client)
{
    terni_lane *callbacks = atomic_load(&client->callbacks);
    if (callbacks == NULL) return;
    terni_executor_run(callbacks->executor);
    (void)terni_lane_wait_empty(callbacks, terni_now_ms());
}

/* Waits until no call is left. What is to run the callbacks may be this very thread, or have ended; and it does not
 * wake who waits here. So it helps now and then. */
static void wait_idle(tern_client *client)
{
    while (atomic_load(&client->pending) > 0) {
        terni_client_help(client);
        (void)pthread_mutex_lock(&client->mu);
        if (atomic_load(&client->pending) > 0)
            (void)terni_cond_wait_until(&client->idle, &client->mu, terni_deadline(TERNI_HELP_EVERY_MS));
        (void)pthread_mutex_unlock(&client->mu);
    }
}

void tern_client_free(tern_client *client)
{
    if (client == NULL) return;
    atomic_store(&client->freed, true);
    if (atomic_load(&client->pending) > 0) (void)terni_exchange_attend(&client->freeing);
    bool inside = terni_call_is_inside_of(client);
    if (!inside && !terni_on_io_thread()) wait_idle(client);
    terni_client_release(client);
}

/* ---- Asynchronous calls ---- */

tern_status terni_client_begin(tern_client *client, const tern_method *method, tern_error *err)
{
    (void)atomic_fetch_add(&client->pending, 1); /* first, so that who frees the client either sees it or is seen */
    if (!atomic_load(&client->freed)) return TERN_OK;
    terni_client_finish(client);
    return terni_fail(err, TERN_CANCELLED, "call of \"%s\": its client is being freed", method->subject);
}

void terni_client_finish(tern_client *client)
{
    if (atomic_fetch_sub(&client->pending, 1) != 1 || !atomic_load(&client->freed)) return;
    (void)pthread_mutex_lock(&client->mu);
    (void)pthread_cond_broadcast(&client->idle);
    (void)pthread_mutex_unlock(&client->mu);
}

/* The callbacks of a client: a lane, and as that a member of the connection, so that a drain or free of it knows when
 * it is called inside one, and runs them where they are this thread's to run. */
typedef struct callbacks {
    terni_lane lane;
    terni_member member;
    tern_conn *conn; /* held */
} callbacks;

static void callbacks_destroy(terni_lane *lane)
{
    callbacks *all = TERNI_CONTAINER(lane, callbacks, lane);
    tern_conn *conn = all->conn;
    terni_conn_delist(conn, &all->member);
    tern_executor *executor = terni_lane_destroy(lane);
    free(all);
    terni_executor_release(executor);
    terni_conn_release(conn);
}

/* Dropped ones run, too: each call ends with its callback. The lane has no limit and is not closed, but by a queue that
 * the program has freed. */
static const terni_lane_class callbacks_class = { terni_call_run_callback, terni_call_run_callback, callbacks_destroy };

static terni_lane *callbacks_new(tern_conn *conn, tern_executor *executor)
{
    callbacks *all = calloc(1, sizeof *all);
    tern_executor *used = all == NULL ? NULL : terni_executor_use(executor);
    bool ok = used != NULL;
    if (ok) {
        terni_lane_options options = { .executor = executor, .concurrency = terni_executor_threads(used) };
        ok = terni_lane_init(&all->lane, &callbacks_class, &options);
        terni_executor_release(used);
    }
    if (!ok) {
        free(all);
        return NULL;
    }
    all->member.lane = &all->lane;
    all->conn = conn;
    terni_conn_retain(conn);
    (void)terni_conn_enlist(conn, &all->member, NULL);
    return &all->lane;
}

terni_lane *terni_client_callbacks(tern_client *client)
{
    terni_lane *lane = atomic_load(&client->callbacks);
    if (lane != NULL) return lane;
    (void)pthread_mutex_lock(&client->mu);
    lane = atomic_load(&client->callbacks);
    if (lane == NULL) lane = callbacks_new(client->conn, client->executor);
    atomic_store(&client->callbacks, lane);
    (void)pthread_mutex_unlock(&client->mu);
    return lane;
}

#include <tern/nats.h>

#include "core/error.h"
#include "io/conn.h"

/* One visit to the I/O thread; on the visitor's stack, since the visitor waits for its end. */
typedef struct visit {
    terni_record record;
    tern_conn *conn;
    void (*fn)(natsConnection *nc, void *arg);
    void *arg;
    pthread_mutex_t mu;
    pthread_cond_t ended;
    bool done, dropped; /* mu */
} visit;

static void visit_run(terni_record *record, bool dropped)
{
    visit *v = TERNI_CONTAINER(record, visit, record);
    if (!dropped) v->fn(terni_session_nats(v->conn->io.session), v->arg);
    (void)pthread_mutex_lock(&v->mu);
    v->done = true;
    v->dropped = dropped;
    (void)pthread_cond_signal(&v->ended);
    (void)pthread_mutex_unlock(&v->mu);
}

tern_status tern_conn_nats(tern_conn *conn, void (*fn)(natsConnection *nc, void *arg), void *arg, tern_error *err)
{
    if (conn == NULL || fn == NULL)
        return terni_fail(err, TERN_INVALID_ARGUMENT, "%s is NULL", conn == NULL ? "conn" : "fn");
    if (terni_conn_on_io_thread(conn)) {
        if (conn->io.session == NULL) return terni_fail(err, TERN_UNAVAILABLE, "there is no session");
        fn(terni_session_nats(conn->io.session), arg);
        return TERN_OK;
    }
    visit v = { .record.run = visit_run, .conn = conn, .fn = fn, .arg = arg };
    if (pthread_mutex_init(&v.mu, NULL) != 0) return terni_fail_memory(err);
    if (!terni_cond_init(&v.ended)) {
        (void)pthread_mutex_destroy(&v.mu);
        return terni_fail_memory(err);
    }
    (void)pthread_mutex_lock(&v.mu);
    v.dropped = !terni_conn_control(conn, &v.record);
    while (!v.done && !v.dropped) (void)pthread_cond_wait(&v.ended, &v.mu);
    bool dropped = v.dropped;
    (void)pthread_mutex_unlock(&v.mu);
    (void)pthread_cond_destroy(&v.ended);
    (void)pthread_mutex_destroy(&v.mu);
    return dropped ? terni_fail(err, TERN_CANCELLED, "the connection is closed") : TERN_OK;
}

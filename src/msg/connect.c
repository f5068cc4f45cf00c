#include "core/error.h"
#include "msg/calls.h"

tern_status tern_connect(const tern_conn_options *options, tern_conn **out_conn, tern_error *err)
{
    if (out_conn == NULL) return terni_fail(err, TERN_INVALID_ARGUMENT, "out_conn is NULL");
    tern_conn *conn = NULL;
    bool background = options != NULL && options->connect_in_background;
    tern_status st = background ? TERN_OK : terni_may_wait("tern_connect", err);
    if (st == TERN_OK) st = terni_conn_new(options, &conn, err);
    if (st != TERN_OK) return st;
    terni_calls_hooks *calls = terni_calls_new(conn);
    st = calls == NULL ? terni_fail_memory(err) : terni_conn_start(conn, calls, err);
    if (st != TERN_OK) {
        terni_conn_release(conn);
        return st;
    }
    tern_error why = { .status = TERN_OK };
    if (!background) st = terni_conn_wait_up(conn, &why);
    if (st != TERN_OK && err != NULL) *err = why;
    if (st == TERN_OK) *out_conn = conn;
    else {
        terni_conn_close_for(conn, &why);
        tern_conn_free(conn);
    }
    return st;
}

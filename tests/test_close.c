/* Closing and freeing: at once, from anywhere, in any order. */
#include "calc.h"

#include <stdatomic.h>

Test(close, null_is_fine)
{
    tern_conn_close(NULL);
    tern_conn_free(NULL);
    tern_sub_free(NULL);
    tern_client_free(NULL);
    tern_service_free(NULL);
    tern_msg_free(NULL);
    test_check_leaks();
}

Test(close, may_be_asked_for_again, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    struct rig rig;

    rig_open(&rig);
    tern_conn_close(rig.conn);
    tern_conn_close(rig.conn);
    check_int(tern_conn_get_state(rig.conn), TERN_CONN_CLOSED);
    check_true(events_wait(&rig.events, TERN_EVENT_CLOSED, 1));
    tern_conn_close(rig.conn);
    check_ok(tern_conn_drain(rig.conn, 0, &err));
    tern_conn_free(rig.conn);
    rig.conn = NULL;
    check_int(events_count(&rig.events, TERN_EVENT_CLOSED), 1);
    check_int(events_last(&rig.events)->kind, TERN_EVENT_CLOSED);
    rig_close(&rig);
    test_check_leaks();
}

Test(close, closed_connection_refuses_everything_with_cancelled, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    Test__V1__Number number = TEST__V1__NUMBER__INIT;
    struct inbox inbox;
    struct rig rig;
    tern_sub *sub = NULL;
    tern_service *service = NULL;
    tern_msg *reply = NULL;

    rig_open(&rig);
    inbox_init(&inbox);
    tern_client *client = calc_client(rig.conn, NULL);
    tern_conn_close(rig.conn);
    check_refused(tern_conn_publish(rig.conn, "a", "x", 1, &err), TERN_CANCELLED, "closed");
    check_refused(tern_conn_publish_message(rig.conn, "a", &number.base, &err), TERN_CANCELLED, "closed");
    check_refused(tern_conn_flush(rig.conn, 1000, &err), TERN_CANCELLED, "closed");
    check_refused(tern_conn_subscribe(rig.conn, "a", NULL, inbox_take, &inbox, &sub, &err), TERN_CANCELLED, "closed");
    check_refused(test_v1_calc_serve(rig.conn, &calc_handlers, NULL, NULL, &service, &err), TERN_CANCELLED, "closed");
    check_refused(tern_conn_request(rig.conn, &(tern_outgoing){ .subject = "a" }, 0, &reply, &err), TERN_CANCELLED,
                  "closed");
    check_int(calc_increment(client, 1, &err), -1);
    check_int(err.status, TERN_CANCELLED);
    check_true(sub == NULL && service == NULL && reply == NULL);
    tern_client_free(client);
    inbox_destroy(&inbox);
    rig_close(&rig);
    test_check_leaks();
}

Test(close, no_handler_starts_afterwards, .timeout = 60)
{
    struct rig rig;

    rig_open(&rig);
    tern_conn *publisher = rig_connect(&rig);
    for (int round = 0; round < 30; round++) {
        struct inbox inbox;
        inbox_init(&inbox);
        tern_conn *conn = rig_connect(&rig);
        tern_sub *sub = rig_subscribe(conn, "a", NULL, inbox_take, &inbox);
        for (int i = 0; i < 500; i++) rig_publish(publisher, "a", "x");
        check_true(inbox_wait(&inbox, 1));
        tern_conn_close(conn);
        tern_conn_free(conn); /* waits for the handler that runs */
        int count = inbox.count;
        tern_sub_free(sub);
        check_int(inbox.count, count);
        inbox_destroy(&inbox);
    }
    tern_conn_free(publisher);
    rig_close(&rig);
    test_check_leaks();
}

/* ---- Orders of freeing ---- */

struct handles {
    tern_conn *conn;
    tern_client *client;
    tern_service *service;
    tern_sub *sub;
};

static void free_handle(struct handles *handles, int which)
{
    if (which == 0) tern_conn_free(handles->conn);
    if (which == 1) tern_client_free(handles->client);
    if (which == 2) tern_service_free(handles->service);
    if (which == 3) tern_sub_free(handles->sub);
}

Test(close, handles_may_be_freed_in_any_order, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    struct inbox inbox;
    struct rig rig;

    rig_open(&rig);
    inbox_init(&inbox);
    for (int order = 0; order < 256; order++) {
        int which[4] = { order & 3, order >> 2 & 3, order >> 4 & 3, order >> 6 & 3 };
        int seen = 0;
        for (int i = 0; i < 4; i++) seen |= 1 << which[i];
        if (seen != 15) continue; /* no permutation */
        struct handles handles = { .conn = rig_connect(&rig) };
        handles.client = calc_client(handles.conn, NULL);
        handles.service = calc_serve(handles.conn, NULL);
        handles.sub = rig_subscribe(handles.conn, "a", NULL, inbox_take, &inbox);
        rig_publish(handles.conn, "a", "x");
        check_int(calc_increment(handles.client, 1, &err), 2);
        for (int i = 0; i < 4; i++) free_handle(&handles, which[i]);
    }
    inbox_destroy(&inbox);
    rig_close(&rig);
    test_check_leaks();
}

Test(close, handles_of_a_freed_connection_still_answer, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    tern_sub_stats stats;
    tern_service_stats service_stats;
    struct inbox inbox;
    struct rig rig;

    rig_open(&rig);
    inbox_init(&inbox);
    tern_client *client = calc_client(rig.conn, NULL);
    tern_service *service = calc_serve(rig.conn, NULL);
    tern_sub *sub = rig_subscribe(rig.conn, "a", NULL, inbox_take, &inbox);
    rig_publish(rig.conn, "a", "x");
    check_true(rig_wait_handled(sub, 1));
    check_int(calc_increment(client, 1, &err), 2);
    tern_conn_free(rig.conn);
    rig.conn = NULL;
    tern_sub_get_stats(sub, &stats);
    check_int(stats.handled, 1);
    tern_service_get_stats(service, &service_stats);
    check_int(service_stats.requests, 1);
    check_ok(tern_sub_unsubscribe(sub, &err));
    check_ok(tern_sub_drain(sub, 0, &err));
    check_ok(tern_service_stop(service, 0, &err));
    check_int(calc_increment(client, 1, &err), -1);
    check_int(err.status, TERN_CANCELLED);
    tern_sub_free(sub);
    tern_service_free(service);
    tern_client_free(client);
    inbox_destroy(&inbox);
    rig_close(&rig);
    test_check_leaks();
}

/* ---- From the event callback ---- */

struct listener {
    struct test_gate gate;
    atomic_int way;
    tern_event_kind last;
};

static void end_when_connected(tern_conn *conn, const tern_event *event, void *arg)
{
    struct listener *listener = arg;
    listener->last = event->kind;
    if (event->kind == TERN_EVENT_CONNECTED) {
        int way = atomic_load(&listener->way);
        if (way == 0) tern_conn_close(conn);
        if (way == 1) (void)tern_conn_drain(conn, 0, NULL);
        if (way == 2) tern_conn_free(conn);
    }
    if (event->kind == TERN_EVENT_CLOSED) gate_open(&listener->gate);
}

Test(close, event_callback_may_close_or_drain_or_free_the_connection, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    struct test_server *server = server_start(NULL);

    for (int way = 0; way < 3; way++) {
        struct listener listener = { .way = way };
        gate_init(&listener.gate);
        tern_conn_options options = { .url = server_url(server),
                                      .connect_in_background = true,
                                      .on_event = end_when_connected,
                                      .event_arg = &listener };
        tern_conn *conn = NULL;
        check_ok(tern_connect(&options, &conn, &err));
        check_true(gate_wait(&listener.gate, 1, RIG_WAIT_MS));
        if (way != 2) tern_conn_free(conn);
        check_int(listener.last, TERN_EVENT_CLOSED);
        check_int(gate_count(&listener.gate), 1);
        gate_destroy(&listener.gate);
    }
    server_stop(server);
    test_check_leaks();
}

Test(close, closed_event_says_that_it_was_asked_for, .timeout = 60)
{
    struct rig rig;

    rig_open(&rig);
    tern_conn_close(rig.conn);
    check_true(events_wait(&rig.events, TERN_EVENT_CLOSED, 1));
    check_int(events_get(&rig.events, TERN_EVENT_CLOSED, 0)->status, TERN_OK);
    rig_close(&rig);
    test_check_leaks();
}

Test(close, server_sees_the_connection_go, .timeout = 60)
{
    struct test_server_options server = { .debug = true };
    struct rig rig;

    rig_open_with(&rig, &server, NULL);
    check_int(server_count_log(rig.server, "Client connection closed"), 0);
    tern_conn_close(rig.conn);
    check_true(server_wait_log(rig.server, "Client connection closed", RIG_WAIT_MS));
    rig_close(&rig);
    test_check_leaks();
}

/* ---- From the I/O thread ---- */

static void close_when_disconnected(tern_conn *conn, const tern_event *event, void *arg)
{
    if (event->kind == TERN_EVENT_DISCONNECTED) tern_conn_close(conn);
    if (event->kind == TERN_EVENT_CLOSED) gate_open(arg);
}

Test(close, in_an_inline_event_is_noticed_at_once, .timeout = 60)
{
    enum { BACKOFF_MS = 60000, SOON_MS = 3000 };
    tern_error err = { .status = TERN_OK };
    struct test_server *server = server_start(NULL);
    struct test_gate closed;
    tern_conn *conn = NULL;

    gate_init(&closed);
    tern_conn_options options = { .url = server_url(server),
                                  .reconnect_min_ms = BACKOFF_MS,
                                  .reconnect_max_ms = BACKOFF_MS,
                                  .on_event = close_when_disconnected,
                                  .event_arg = &closed,
                                  .event_executor = tern_executor_inline() };
    check_ok(tern_connect(&options, &conn, &err));
    server_kill(server);
    check_true(gate_wait(&closed, 1, SOON_MS));
    tern_conn_free(conn);
    gate_destroy(&closed);
    server_stop(server);
    test_check_leaks();
}

enum { LAST_WORDS = 10 };

static void speak_and_close(tern_msg *msg, void *arg)
{
    tern_conn *conn = arg;
    tern_error err = { .status = TERN_OK };
    (void)msg;
    for (int i = 0; i < LAST_WORDS; i++) check_ok(tern_conn_publish(conn, "words", "x", 1, &err));
    tern_conn_close(conn);
}

Test(close, sends_what_an_inline_handler_has_just_published_or_counts_it_as_lost, .timeout = 60)
{
    tern_sub_options options = { .executor = tern_executor_inline() };
    tern_error err = { .status = TERN_OK };
    tern_sub *sub = NULL;
    tern_conn_stats stats;
    struct inbox inbox;
    struct rig rig;

    rig_open(&rig);
    inbox_init(&inbox);
    tern_conn *other = rig_connect(&rig);
    tern_sub *words = rig_subscribe(other, "words", NULL, inbox_take, &inbox);
    check_ok(tern_conn_subscribe(rig.conn, "go", &options, speak_and_close, rig.conn, &sub, &err));
    rig_flush(rig.conn);
    rig_publish(other, "go", "");
    check_true(events_wait(&rig.events, TERN_EVENT_CLOSED, 1));
    tern_conn_get_stats(rig.conn, &stats);
    check_int(stats.msgs_out + stats.dropped_out, LAST_WORDS);
    check_int(stats.buffered_bytes, 0);
    check_true(inbox_wait(&inbox, (int)stats.msgs_out));
    tern_sub_free(sub);
    tern_sub_free(words);
    tern_conn_free(other);
    inbox_destroy(&inbox);
    rig_close(&rig);
    test_check_leaks();
}

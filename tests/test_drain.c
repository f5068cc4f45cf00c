/* Draining: nothing accepted is lost, nothing new begins. */
#include "rig.h"

#include "test/v1/calc.tern.h"

struct standing {
    struct test_gate entered, leave;
    tern_sub *sub;
    tern_conn *conn;
    tern_status status, second;
};

static void standing_init(struct standing *standing)
{
    *standing = (struct standing){ .status = TERN_INTERNAL, .second = TERN_INTERNAL };
    gate_init(&standing->entered);
    gate_init(&standing->leave);
}

static void standing_destroy(struct standing *standing)
{
    gate_destroy(&standing->entered);
    gate_destroy(&standing->leave);
}

static void stand_still(tern_msg *msg, void *arg)
{
    struct standing *standing = arg;
    (void)msg;
    gate_open(&standing->entered);
    (void)gate_wait(&standing->leave, 1, RIG_WAIT_MS);
}

/* ---- One subscription ---- */

Test(drain, subscription_handles_all_that_was_sent_before, .timeout = 60)
{
    enum { COUNT = 5000 };
    tern_error err = { .status = TERN_OK };
    tern_sub_stats stats;
    struct rig rig;
    struct inbox inbox;

    rig_open(&rig);
    inbox_init(&inbox);
    tern_conn *publisher = rig_connect(&rig);
    tern_sub *sub = rig_subscribe(rig.conn, "a", NULL, inbox_take, &inbox);
    for (int i = 0; i < COUNT; i++) rig_publish(publisher, "a", "x");
    rig_flush(publisher); /* all of them are with the server */
    check_ok(tern_sub_drain(sub, 0, &err));
    check_int(gate_count(&inbox.gate), COUNT);
    tern_sub_get_stats(sub, &stats);
    check_int(stats.handled, COUNT);
    check_int(stats.dropped, 0);
    tern_sub_free(sub);
    tern_conn_free(publisher);
    inbox_destroy(&inbox);
    rig_close(&rig);
    test_check_leaks();
}

Test(drain, drained_subscription_gets_nothing_more, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    struct rig rig;
    struct inbox inbox, other;

    rig_open(&rig);
    inbox_init(&inbox);
    inbox_init(&other);
    tern_sub *sub = rig_subscribe(rig.conn, "a", NULL, inbox_take, &inbox);
    tern_sub *stays = rig_subscribe(rig.conn, "a", NULL, inbox_take, &other);
    check_ok(tern_sub_drain(sub, 0, &err));
    for (int i = 0; i < 100; i++) rig_publish(rig.conn, "a", "x");
    check_true(inbox_wait(&other, 100));
    check_int(gate_count(&inbox.gate), 0);
    tern_sub_free(sub);
    tern_sub_free(stays);
    inbox_destroy(&inbox);
    inbox_destroy(&other);
    rig_close(&rig);
    test_check_leaks();
}

Test(drain, subscription_may_be_drained_again, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    struct rig rig;
    struct inbox inbox;

    rig_open(&rig);
    inbox_init(&inbox);
    tern_sub *sub = rig_subscribe(rig.conn, "a", NULL, inbox_take, &inbox);
    for (int i = 0; i < 3; i++) check_ok(tern_sub_drain(sub, 0, &err));
    check_ok(tern_sub_unsubscribe(sub, &err));
    check_ok(tern_sub_drain(sub, 0, &err));
    tern_sub_free(sub);
    inbox_destroy(&inbox);
    rig_close(&rig);
    test_check_leaks();
}

Test(drain, stuck_handler_makes_the_subscriptions_deadline_pass, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    tern_sub_stats stats;
    struct standing standing;
    struct rig rig;

    rig_open(&rig);
    standing_init(&standing);
    tern_sub *sub = rig_subscribe(rig.conn, "events", NULL, stand_still, &standing);
    for (int i = 0; i < 10; i++) rig_publish(rig.conn, "events", "x");
    check_true(rig_wait_received(sub, 10));
    check_true(gate_wait(&standing.entered, 1, RIG_WAIT_MS));
    check_refused(tern_sub_drain(sub, 100, &err), TERN_DEADLINE_EXCEEDED, "events");
    check_str_has(err.text, "100 ms");
    tern_sub_get_stats(sub, &stats);
    check_int(stats.dropped, 9);
    check_int(stats.pending_msgs, 0);
    gate_open(&standing.leave);
    tern_sub_free(sub);
    check_int(gate_count(&standing.entered), 1);
    standing_destroy(&standing);
    rig_close(&rig);
    test_check_leaks();
}

static void drain_itself(tern_msg *msg, void *arg)
{
    struct standing *standing = arg;
    (void)msg;
    if (gate_count(&standing->entered) == 0) {
        (void)gate_wait(&standing->leave, 1, RIG_WAIT_MS);
        standing->status = tern_sub_drain(standing->sub, 0, NULL);
        standing->second = tern_sub_drain(standing->sub, 0, NULL);
    }
    gate_open(&standing->entered);
}

Test(drain, handler_may_begin_the_drain_of_its_own_subscription, .timeout = 60)
{
    enum { COUNT = 100 };
    tern_error err = { .status = TERN_OK };
    struct standing standing;
    struct rig rig;

    rig_open(&rig);
    standing_init(&standing);
    standing.sub = rig_subscribe(rig.conn, "a", NULL, drain_itself, &standing);
    for (int i = 0; i < COUNT; i++) rig_publish(rig.conn, "a", "x");
    check_true(rig_wait_received(standing.sub, COUNT));
    gate_open(&standing.leave);
    check_true(gate_wait(&standing.entered, COUNT, RIG_WAIT_MS)); /* it finishes what had been sent */
    check_int(standing.status, TERN_OK);
    check_int(standing.second, TERN_OK);
    check_ok(tern_sub_drain(standing.sub, 0, &err));
    rig_publish(rig.conn, "a", "x");
    rig_flush(rig.conn);
    check_int(gate_count(&standing.entered), COUNT);
    tern_sub_free(standing.sub);
    standing_destroy(&standing);
    rig_close(&rig);
    test_check_leaks();
}

Test(drain, of_a_subscription_on_a_closed_connection_ends, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    struct rig rig;
    struct inbox inbox;

    rig_open(&rig);
    inbox_init(&inbox);
    tern_sub *sub = rig_subscribe(rig.conn, "a", NULL, inbox_take, &inbox);
    tern_conn_close(rig.conn);
    check_ok(tern_sub_drain(sub, 5000, &err));
    tern_conn_free(rig.conn);
    rig.conn = NULL;
    check_ok(tern_sub_drain(sub, 5000, &err));
    tern_sub_free(sub);
    inbox_destroy(&inbox);
    rig_close(&rig);
    test_check_leaks();
}

/* ---- A connection ---- */

static void respond_later(tern_msg *msg, void *arg)
{
    struct standing *standing = arg;
    gate_open(&standing->entered);
    (void)gate_wait(&standing->leave, 1, RIG_WAIT_MS);
    standing->status = tern_msg_respond(msg, "late", 4, NULL);
}

struct caller {
    tern_conn *conn;
    tern_status status;
    tern_msg *reply;
    tern_error err;
    pthread_t thread;
};

static void *ask(void *arg)
{
    struct caller *caller = arg;
    caller->status =
        tern_conn_request(caller->conn, &(tern_outgoing){ .subject = "ask" }, 10000, &caller->reply, &caller->err);
    return NULL;
}

static void *drain_thread(void *arg)
{
    struct caller *drainer = arg;
    drainer->status = tern_conn_drain(drainer->conn, 0, &drainer->err);
    return NULL;
}

Test(drain, connection_handles_all_that_was_received_and_sends_all_that_was_accepted, .timeout = 60)
{
    enum { SUBS = 8, COUNT = 2000 };
    tern_error err = { .status = TERN_OK };
    tern_sub *subs[SUBS];
    struct rig rig;
    struct inbox inboxes[SUBS], far;

    rig_open(&rig);
    inbox_init(&far);
    tern_conn *other = rig_connect(&rig);
    tern_sub *far_sub = rig_subscribe(other, "far", NULL, inbox_take, &far);
    for (int i = 0; i < SUBS; i++) {
        inbox_init(&inboxes[i]);
        subs[i] = rig_subscribe(rig.conn, "a", NULL, inbox_take, &inboxes[i]);
    }
    for (int i = 0; i < COUNT; i++) rig_publish(other, "a", "x");
    rig_flush(other);
    for (int i = 0; i < COUNT; i++) rig_publish(rig.conn, "far", "x");
    check_ok(tern_conn_drain(rig.conn, 0, &err));
    check_int(tern_conn_get_state(rig.conn), TERN_CONN_CLOSED);
    for (int i = 0; i < SUBS; i++) check_int(gate_count(&inboxes[i].gate), COUNT);
    check_true(inbox_wait(&far, COUNT));
    for (int i = 0; i < SUBS; i++) {
        tern_sub_free(subs[i]);
        inbox_destroy(&inboxes[i]);
    }
    tern_sub_free(far_sub);
    inbox_destroy(&far);
    tern_conn_free(other);
    rig_close(&rig);
    test_check_leaks();
}

Test(drain, stuck_handler_makes_the_connections_deadline_pass, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    struct standing standing;
    struct rig rig;

    rig_open(&rig);
    standing_init(&standing);
    tern_sub *sub = rig_subscribe(rig.conn, "a", NULL, stand_still, &standing);
    rig_publish(rig.conn, "a", "x");
    check_true(gate_wait(&standing.entered, 1, RIG_WAIT_MS));
    check_refused(tern_conn_drain(rig.conn, 50, &err), TERN_DEADLINE_EXCEEDED, "work undone");
    check_int(tern_conn_get_state(rig.conn), TERN_CONN_CLOSED); /* all the same */
    gate_open(&standing.leave);
    tern_sub_free(sub);
    standing_destroy(&standing);
    rig_close(&rig);
    test_check_leaks();
}

/* A connection whose drain waits for a handler. */
struct draining {
    struct rig rig;
    struct standing standing;
    struct caller drainer;
    tern_sub *sub;
};

static void draining_begin(struct draining *draining)
{
    rig_open(&draining->rig);
    standing_init(&draining->standing);
    draining->sub = rig_subscribe(draining->rig.conn, "a", NULL, stand_still, &draining->standing);
    rig_publish(draining->rig.conn, "a", "x");
    check_true(gate_wait(&draining->standing.entered, 1, RIG_WAIT_MS));
    draining->drainer = (struct caller){ .conn = draining->rig.conn };
    pthread_create(&draining->drainer.thread, NULL, drain_thread, &draining->drainer);
    check_true(rig_wait_state(draining->rig.conn, TERN_CONN_DRAINING));
}

static void draining_end(struct draining *draining)
{
    gate_open(&draining->standing.leave);
    pthread_join(draining->drainer.thread, NULL);
    cr_assert(draining->drainer.status == TERN_OK, "%s", draining->drainer.err.text);
    check_int(tern_conn_get_state(draining->rig.conn), TERN_CONN_CLOSED);
    tern_sub_free(draining->sub);
    standing_destroy(&draining->standing);
    rig_close(&draining->rig);
}

Test(drain, draining_connection_refuses_to_subscribe_and_to_serve, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    test_v1_calc_handlers handlers = { NULL };
    struct draining draining;
    tern_sub *sub = NULL;
    tern_service *service = NULL;

    draining_begin(&draining);
    check_refused(tern_conn_subscribe(draining.rig.conn, "b", NULL, stand_still, &draining, &sub, &err),
                  TERN_FAILED_PRECONDITION, "draining");
    check_refused(test_v1_calc_serve(draining.rig.conn, &handlers, NULL, NULL, &service, &err),
                  TERN_FAILED_PRECONDITION, "draining");
    check_true(sub == NULL && service == NULL);
    draining_end(&draining);
    test_check_leaks();
}

Test(drain, draining_connection_refuses_to_publish, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    struct draining draining;

    draining_begin(&draining);
    check_refused(tern_conn_publish(draining.rig.conn, "a", "x", 1, &err), TERN_FAILED_PRECONDITION, "draining");
    draining_end(&draining);
    test_check_leaks();
}

Test(drain, draining_connection_refuses_to_call, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    Test__V1__Number number = TEST__V1__NUMBER__INIT, *reply = NULL;
    struct draining draining;
    tern_client *client = NULL;
    tern_msg *msg = NULL;

    draining_begin(&draining);
    check_ok(tern_client_new(draining.rig.conn, NULL, &client, &err));
    check_refused(tern_conn_request(draining.rig.conn, &(tern_outgoing){ .subject = "a" }, 1000, &msg, &err),
                  TERN_FAILED_PRECONDITION, "draining");
    check_refused(test_v1_calc_increment(client, &number, NULL, &reply, &err), TERN_FAILED_PRECONDITION, "draining");
    draining_end(&draining);
    tern_client_free(client);
    test_check_leaks();
}

Test(drain, pending_calls_get_their_replies, .timeout = 60)
{
    struct standing standing;
    struct rig rig;

    rig_open(&rig);
    standing_init(&standing);
    tern_conn *service = rig_connect(&rig);
    tern_sub *sub = rig_subscribe(service, "ask", NULL, respond_later, &standing);
    struct caller caller = { .conn = rig.conn }, drainer = { .conn = rig.conn };
    pthread_create(&caller.thread, NULL, ask, &caller);
    check_true(gate_wait(&standing.entered, 1, RIG_WAIT_MS));
    pthread_create(&drainer.thread, NULL, drain_thread, &drainer);
    check_true(rig_wait_state(rig.conn, TERN_CONN_DRAINING));
    gate_open(&standing.leave);
    pthread_join(caller.thread, NULL);
    pthread_join(drainer.thread, NULL);
    cr_assert(caller.status == TERN_OK, "%s", caller.err.text);
    cr_assert(drainer.status == TERN_OK, "%s", drainer.err.text);
    check_str(tern_msg_data(caller.reply), "late");
    tern_msg_free(caller.reply);
    tern_sub_free(sub);
    tern_conn_free(service);
    standing_destroy(&standing);
    rig_close(&rig);
    test_check_leaks();
}

Test(drain, handler_that_runs_may_still_answer, .timeout = 60)
{
    struct standing standing;
    struct rig rig;

    rig_open(&rig);
    standing_init(&standing);
    tern_conn *client = rig_connect(&rig);
    tern_sub *sub = rig_subscribe(rig.conn, "ask", NULL, respond_later, &standing);
    struct caller caller = { .conn = client }, drainer = { .conn = rig.conn };
    pthread_create(&caller.thread, NULL, ask, &caller);
    check_true(gate_wait(&standing.entered, 1, RIG_WAIT_MS));
    pthread_create(&drainer.thread, NULL, drain_thread, &drainer);
    check_true(rig_wait_state(rig.conn, TERN_CONN_DRAINING));
    gate_open(&standing.leave);
    pthread_join(drainer.thread, NULL);
    pthread_join(caller.thread, NULL);
    check_int(drainer.status, TERN_OK);
    check_int(standing.status, TERN_OK);
    cr_assert(caller.status == TERN_OK, "%s", caller.err.text);
    check_str(tern_msg_data(caller.reply), "late");
    tern_msg_free(caller.reply);
    tern_sub_free(sub);
    tern_conn_free(client);
    standing_destroy(&standing);
    rig_close(&rig);
    test_check_leaks();
}

Test(drain, several_threads_may_drain_one_connection, .timeout = 60)
{
    enum { THREADS = 8 };
    struct caller drainers[THREADS];
    tern_error err = { .status = TERN_OK };
    struct rig rig;
    struct inbox inbox;

    rig_open(&rig);
    inbox_init(&inbox);
    tern_sub *sub = rig_subscribe(rig.conn, "a", NULL, inbox_take, &inbox);
    for (int i = 0; i < 1000; i++) rig_publish(rig.conn, "a", "x");
    rig_flush(rig.conn);
    for (int i = 0; i < THREADS; i++) {
        drainers[i] = (struct caller){ .conn = rig.conn };
        pthread_create(&drainers[i].thread, NULL, drain_thread, &drainers[i]);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(drainers[i].thread, NULL);
        cr_assert(drainers[i].status == TERN_OK, "%s", drainers[i].err.text);
    }
    check_int(gate_count(&inbox.gate), 1000);
    check_ok(tern_conn_drain(rig.conn, 0, &err)); /* and once more */
    tern_conn_close(rig.conn);
    tern_sub_free(sub);
    inbox_destroy(&inbox);
    rig_close(&rig);
    test_check_leaks();
}

static void drain_connection(tern_msg *msg, void *arg)
{
    struct standing *standing = arg;
    (void)msg;
    standing->status = tern_conn_drain(standing->conn, 0, NULL);
    gate_open(&standing->entered);
}

Test(drain, handler_may_begin_the_drain_of_its_connection, .timeout = 60)
{
    struct standing standing;
    struct rig rig;

    rig_open(&rig);
    standing_init(&standing);
    standing.conn = rig.conn;
    tern_sub *sub = rig_subscribe(rig.conn, "a", NULL, drain_connection, &standing);
    rig_publish(rig.conn, "a", "x");
    check_true(gate_wait(&standing.entered, 1, RIG_WAIT_MS));
    check_int(standing.status, TERN_OK);
    check_true(events_wait(&rig.events, TERN_EVENT_CLOSED, 1));
    check_int(events_last(&rig.events)->kind, TERN_EVENT_CLOSED);
    check_int(events_last(&rig.events)->status, TERN_OK);
    check_int(tern_conn_get_state(rig.conn), TERN_CONN_CLOSED);
    tern_sub_free(sub);
    rig_close(&rig);
    standing_destroy(&standing);
    test_check_leaks();
}

Test(drain, of_a_closed_connection_is_ok, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    struct rig rig;

    rig_open(&rig);
    tern_conn_close(rig.conn);
    check_ok(tern_conn_drain(rig.conn, 0, &err));
    rig_close(&rig);
    test_check_leaks();
}

/* ---- Without a session ---- */

Test(drain, without_a_session_and_nothing_held_it_ends_at_once, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    struct inbox inbox;
    struct rig rig;

    rig_open(&rig);
    inbox_init(&inbox);
    tern_sub *sub = rig_subscribe(rig.conn, "a", NULL, inbox_take, &inbox);
    server_kill(rig.server);
    check_true(events_wait(&rig.events, TERN_EVENT_DISCONNECTED, 1));
    long start_ms = test_now_ms();
    check_ok(tern_conn_drain(rig.conn, RIG_WAIT_MS, &err));
    check_int_less(test_now_ms() - start_ms, RIG_WAIT_MS / 4);
    check_true(events_wait(&rig.events, TERN_EVENT_CLOSED, 1));
    check_int(events_get(&rig.events, TERN_EVENT_CLOSED, 0)->status, TERN_OK);
    tern_sub_free(sub);
    inbox_destroy(&inbox);
    rig_close(&rig);
    test_check_leaks();
}

Test(drain, without_a_session_it_waits_for_one_with_what_is_held, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    struct rig rig;

    rig_open(&rig);
    server_kill(rig.server);
    check_true(events_wait(&rig.events, TERN_EVENT_DISCONNECTED, 1));
    rig_publish(rig.conn, "a", "held");
    check_refused(tern_conn_drain(rig.conn, 300, &err), TERN_DEADLINE_EXCEEDED, "undone");
    check_true(events_wait(&rig.events, TERN_EVENT_CLOSED, 1));
    check_int(events_get(&rig.events, TERN_EVENT_CLOSED, 0)->status, TERN_DEADLINE_EXCEEDED);
    rig_close(&rig);
    test_check_leaks();
}

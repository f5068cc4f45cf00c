/* The inline executor: handlers on the I/O thread, where nothing may wait. */
#include "rig.h"

#include <stdatomic.h>

#include <tern/nats.h>

#include "test/v1/calc.tern.h"

struct io_thread {
    struct test_gate gate;
    pthread_t io, handler;
};

static void note_io_thread(natsConnection *nc, void *arg)
{
    (void)nc;
    ((struct io_thread *)arg)->io = pthread_self();
}

static void note_handler_thread(tern_msg *msg, void *arg)
{
    struct io_thread *thread = arg;
    (void)msg;
    thread->handler = pthread_self();
    gate_open(&thread->gate);
}

Test(inline, handlers_run_on_the_io_thread, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    tern_sub_options options = { .executor = tern_executor_inline() };
    struct io_thread thread;
    struct rig rig;

    rig_open(&rig);
    gate_init(&thread.gate);
    check_ok(tern_conn_nats(rig.conn, note_io_thread, &thread, &err));
    tern_sub *sub = rig_subscribe(rig.conn, "a", &options, note_handler_thread, &thread);
    rig_publish(rig.conn, "a", "x");
    check_true(gate_wait(&thread.gate, 1, RIG_WAIT_MS));
    check_true(pthread_equal(thread.io, thread.handler));
    tern_sub_free(sub);
    gate_destroy(&thread.gate);
    rig_close(&rig);
    test_check_leaks();
}

Test(inline, more_than_one_handler_at_once_is_refused, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    tern_sub_options options = { .executor = tern_executor_inline(), .concurrency = 2 };
    tern_sub *sub = NULL;
    struct rig rig;
    struct inbox inbox;

    rig_open(&rig);
    inbox_init(&inbox);
    check_refused(tern_conn_subscribe(rig.conn, "a", &options, inbox_take, &inbox, &sub, &err), TERN_INVALID_ARGUMENT,
                  "concurrency 2");
    check_true(sub == NULL);
    inbox_destroy(&inbox);
    rig_close(&rig);
    test_check_leaks();
}

Test(inline, messages_keep_their_order, .timeout = 60)
{
    enum { COUNT = 5000 };
    tern_sub_options options = { .executor = tern_executor_inline() };
    struct rig rig;
    struct inbox inbox;
    char text[16];

    rig_open(&rig);
    inbox_init(&inbox);
    tern_sub *sub = rig_subscribe(rig.conn, "a", &options, inbox_take, &inbox);
    for (int i = 0; i < COUNT; i++) {
        (void)snprintf(text, sizeof text, "%d", i);
        rig_publish(rig.conn, "a", text);
    }
    check_true(inbox_wait(&inbox, COUNT));
    for (int i = 0; i < COUNT; i++) {
        (void)snprintf(text, sizeof text, "%d", i);
        check_str(inbox_get(&inbox, i)->data, text);
    }
    tern_sub_free(sub);
    inbox_destroy(&inbox);
    rig_close(&rig);
    test_check_leaks();
}

/* What each call that would wait says on the I/O thread. */
enum { WAITING_CALLS = 8 };

struct waiting {
    struct test_gate gate;
    struct rig *rig;
    tern_sub *other;
    tern_client *client;
    tern_service *service;
    tern_status status[WAITING_CALLS];
    tern_error err[WAITING_CALLS];
    long took_ms;
};

static void call_all_that_wait(tern_msg *msg, void *arg)
{
    struct waiting *w = arg;
    tern_conn *conn = w->rig->conn, *other = NULL;
    tern_conn_options options = { .url = server_url(w->rig->server) };
    Test__V1__Number number = TEST__V1__NUMBER__INIT, *reply = NULL;
    tern_msg *raw = NULL;
    long start = test_now_ms();
    int i = 0;
    (void)msg;
    w->status[i] = tern_conn_flush(conn, 0, &w->err[i]), i++;
    w->status[i] = tern_conn_drain(conn, 0, &w->err[i]), i++;
    w->status[i] = tern_conn_request(conn, &(tern_outgoing){ .subject = "b" }, 0, &raw, &w->err[i]), i++;
    w->status[i] = test_v1_calc_increment(w->client, &number, NULL, &reply, &w->err[i]), i++;
    w->status[i] = tern_sub_drain(w->other, 0, &w->err[i]), i++;
    w->status[i] = tern_service_stop(w->service, 0, &w->err[i]), i++;
    w->status[i] = tern_connect(&options, &other, &w->err[i]), i++;
    tern_conn_free(other);
    w->status[i] = tern_sub_unsubscribe(w->other, &w->err[i]), i++;
    w->took_ms = test_now_ms() - start;
    gate_open(&w->gate);
}

static void stand_still(tern_msg *msg, void *arg)
{
    struct test_gate *gates = arg;
    (void)msg;
    gate_open(&gates[0]);
    (void)gate_wait(&gates[1], 1, RIG_WAIT_MS);
}

Test(inline, calls_that_would_wait_fail_at_once, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    tern_sub_options options = { .executor = tern_executor_inline() };
    test_v1_calc_handlers handlers = { NULL };
    struct test_gate gates[2];
    struct rig rig;
    struct waiting waiting = { .rig = &rig };

    rig_open(&rig);
    gate_init(&waiting.gate);
    gate_init(&gates[0]);
    gate_init(&gates[1]);
    check_ok(tern_client_new(rig.conn, NULL, &waiting.client, &err));
    check_ok(test_v1_calc_serve(rig.conn, &handlers, NULL, NULL, &waiting.service, &err));
    waiting.other = rig_subscribe(rig.conn, "b", NULL, stand_still, gates);
    tern_sub *sub = rig_subscribe(rig.conn, "a", &options, call_all_that_wait, &waiting);
    rig_publish(rig.conn, "b", "");
    check_true(gate_wait(&gates[0], 1, RIG_WAIT_MS)); /* so that unsubscribing would wait */
    rig_publish(rig.conn, "a", "");
    check_true(gate_wait(&waiting.gate, 1, RIG_WAIT_MS));
    for (int i = 0; i < WAITING_CALLS; i++)
        cr_assert(waiting.status[i] == TERN_FAILED_PRECONDITION, "call %d: %s (%s), wanted FAILED_PRECONDITION", i,
                  tern_status_name(waiting.status[i]), waiting.err[i].text);
    check_int_less(waiting.took_ms, 1000);
    check_int(tern_conn_get_state(rig.conn), TERN_CONN_CONNECTED);
    rig_publish(rig.conn, "b", ""); /* refused means: nothing was done */
    check_true(rig_wait_received(waiting.other, 2));
    gate_open(&gates[1]);
    check_true(rig_wait_handled(waiting.other, 2));
    tern_sub_free(sub);
    tern_sub_free(waiting.other);
    tern_service_free(waiting.service);
    tern_client_free(waiting.client);
    gate_destroy(&waiting.gate);
    gate_destroy(&gates[0]);
    gate_destroy(&gates[1]);
    rig_close(&rig);
    test_check_leaks();
}

struct self {
    struct test_gate gate;
    tern_sub *sub;
    tern_conn *conn;
    tern_status status;
    bool free_it;
};

static void end_itself(tern_msg *msg, void *arg)
{
    struct self *self = arg;
    (void)msg;
    self->status = tern_sub_unsubscribe(self->sub, NULL);
    if (self->free_it) tern_sub_free(self->sub);
    gate_open(&self->gate);
}

Test(inline, handler_may_unsubscribe_itself, .timeout = 60)
{
    tern_sub_options options = { .executor = tern_executor_inline() };
    struct self self = { .status = TERN_INTERNAL };
    struct rig rig;

    rig_open(&rig);
    gate_init(&self.gate);
    self.sub = rig_subscribe(rig.conn, "a", &options, end_itself, &self);
    for (int i = 0; i < 100; i++) rig_publish(rig.conn, "a", "x");
    rig_flush(rig.conn);
    check_int(gate_count(&self.gate), 1);
    check_int(self.status, TERN_OK);
    tern_sub_free(self.sub);
    gate_destroy(&self.gate);
    rig_close(&rig);
    test_check_leaks();
}

Test(inline, handler_may_free_itself, .timeout = 60)
{
    tern_sub_options options = { .executor = tern_executor_inline() };
    struct self self = { .status = TERN_INTERNAL, .free_it = true };
    struct rig rig;

    rig_open(&rig);
    gate_init(&self.gate);
    self.sub = rig_subscribe(rig.conn, "a", &options, end_itself, &self);
    for (int i = 0; i < 100; i++) rig_publish(rig.conn, "a", "x");
    rig_flush(rig.conn);
    check_int(gate_count(&self.gate), 1);
    gate_destroy(&self.gate);
    rig_close(&rig);
    test_check_leaks();
}

static void close_connection(tern_msg *msg, void *arg)
{
    struct self *self = arg;
    (void)msg;
    if (self->free_it) tern_conn_free(self->conn);
    else tern_conn_close(self->conn);
    gate_open(&self->gate);
}

Test(inline, handler_may_close_the_connection, .timeout = 60)
{
    tern_sub_options options = { .executor = tern_executor_inline() };
    struct self self = { .free_it = false };
    struct rig rig;

    rig_open(&rig);
    gate_init(&self.gate);
    self.conn = rig.conn;
    self.sub = rig_subscribe(rig.conn, "a", &options, close_connection, &self);
    for (int i = 0; i < 100; i++) (void)tern_conn_publish(rig.conn, "a", "x", 1, NULL); /* CANCELLED in the end */
    check_true(events_wait(&rig.events, TERN_EVENT_CLOSED, 1));
    check_int(gate_count(&self.gate), 1); /* no handler starts after the close */
    tern_sub_free(self.sub);
    rig_close(&rig);
    gate_destroy(&self.gate);
    test_check_leaks();
}

Test(inline, handler_may_free_the_connection, .timeout = 60)
{
    tern_sub_options options = { .executor = tern_executor_inline() };
    struct self self = { .free_it = true };
    struct rig rig;
    int threads = test_count_threads();

    rig_open(&rig);
    gate_init(&self.gate);
    self.conn = rig.conn;
    self.sub = rig_subscribe(rig.conn, "a", &options, close_connection, &self);
    rig_publish(rig.conn, "a", "x");
    check_true(gate_wait(&self.gate, 1, RIG_WAIT_MS));
    rig.conn = NULL;
    check_true(events_wait(&rig.events, TERN_EVENT_CLOSED, 1));
    tern_sub_free(self.sub);
    check_true(test_wait_threads(threads + 5, RIG_WAIT_MS)); /* nats.c keeps some of its own */
    rig_close(&rig);
    gate_destroy(&self.gate);
    test_check_leaks();
}

struct pinger {
    struct test_gate gate;
    tern_conn *conn;
    int left, failures;
};

static void publish_from_inside(tern_msg *msg, void *arg)
{
    struct pinger *pinger = arg;
    if (--pinger->left > 0) pinger->failures += tern_conn_publish(pinger->conn, "a", tern_msg_data(msg), 3, NULL) != 0;
    gate_open(&pinger->gate);
}

Test(inline, publishing_works_there, .timeout = 60)
{
    tern_sub_options options = { .executor = tern_executor_inline() };
    struct pinger pinger = { .left = 1000 };
    struct rig rig;

    rig_open(&rig);
    gate_init(&pinger.gate);
    pinger.conn = rig.conn;
    tern_sub *sub = rig_subscribe(rig.conn, "a", &options, publish_from_inside, &pinger);
    rig_publish(rig.conn, "a", "abc");
    check_true(gate_wait(&pinger.gate, 1000, RIG_WAIT_MS));
    check_int(pinger.failures, 0);
    tern_sub_free(sub);
    gate_destroy(&pinger.gate);
    rig_close(&rig);
    test_check_leaks();
}

static void fill_up(tern_msg *msg, void *arg)
{
    struct self *self = arg;
    static char data[1000];
    int accepted = 0;
    (void)msg;
    while (accepted < 100000 && (self->status = tern_conn_publish(self->conn, "b", data, sizeof data, NULL)) == TERN_OK)
        accepted++;
    gate_open(&self->gate);
}

Test(inline, publishing_over_the_outbound_limit_fails_there_and_does_not_wait, .timeout = 60)
{
    tern_conn_options conn_options = { .outbound_limit_bytes = 100000 };
    tern_sub_options options = { .executor = tern_executor_inline() };
    struct self self = { .status = TERN_OK };
    struct rig rig;

    rig_open_with(&rig, NULL, &conn_options);
    gate_init(&self.gate);
    self.conn = rig.conn;
    tern_sub *sub = rig_subscribe(rig.conn, "a", &options, fill_up, &self);
    rig_publish(rig.conn, "a", "");
    check_true(gate_wait(&self.gate, 1, RIG_WAIT_MS));
    check_int(self.status, TERN_RESOURCE_EXHAUSTED);
    tern_sub_free(sub);
    gate_destroy(&self.gate);
    rig_close(&rig);
    test_check_leaks();
}

/* ---- Events ---- */

struct telling {
    struct test_gate lost; /* MESSAGE_LOST */
    struct io_thread thread;
    struct events events;
    atomic_int running, at_once, elsewhere;
    tern_conn_state state;
    tern_status status;
    tern_event_kind ends_at; /* where it frees the connection */
    bool frees;
};

static void telling_init(struct telling *telling)
{
    *telling = (struct telling){ .status = TERN_OK };
    gate_init(&telling->lost);
    gate_init(&telling->thread.gate);
    events_init(&telling->events);
}

static bool tells_no_more(void *arg)
{
    return atomic_load(&((struct telling *)arg)->running) == 0;
}

static void telling_destroy(struct telling *telling)
{
    check_true(wait_until(tells_no_more, telling, RIG_WAIT_MS)); /* the last one may have freed its connection */
    gate_destroy(&telling->lost);
    gate_destroy(&telling->thread.gate);
    events_destroy(&telling->events);
}

static void tell(tern_conn *conn, const tern_event *event, void *arg)
{
    struct telling *telling = arg;
    char server[64];
    tern_error last;
    tern_conn_stats stats;
    if (atomic_fetch_add(&telling->running, 1) > 0) atomic_fetch_add(&telling->at_once, 1);
    telling->state = tern_conn_get_state(conn); /* each takes the connection's lock */
    tern_conn_server(conn, server, sizeof server);
    tern_conn_last_error(conn, &last);
    tern_conn_get_stats(conn, &stats);
    if (event->kind == TERN_EVENT_CONNECTED) {
        telling->thread.handler = pthread_self();
        telling->status = tern_conn_drain(conn, 0, NULL); /* it would wait */
    }
    if (!pthread_equal(telling->thread.handler, pthread_self())) atomic_fetch_add(&telling->elsewhere, 1);
    events_take(conn, event, &telling->events);
    if (telling->frees && event->kind == telling->ends_at) tern_conn_free(conn);
    else if (event->kind == TERN_EVENT_MESSAGE_LOST) gate_open(&telling->lost);
    atomic_fetch_sub(&telling->running, 1);
}

static tern_conn *connect_telling(struct rig *rig, struct telling *telling)
{
    tern_error err = { .status = TERN_OK };
    tern_conn_options options = {
        .url = server_url(rig->server), .on_event = tell, .event_arg = telling, .event_executor = tern_executor_inline()
    };
    tern_conn *conn = NULL;
    check_ok(tern_connect(&options, &conn, &err));
    return conn;
}

static void ignore_message(const ProtobufCMessage *message, tern_msg *msg, void *arg)
{
    (void)message;
    (void)msg;
    (void)arg;
}

/* Pools find that messages do not decode, on several threads at once, while the I/O thread has events of its own. */
Test(inline, events_run_on_the_io_thread_one_after_the_other, .timeout = 60)
{
    enum { COUNT = 200, SUBS = 2 };
    tern_error err = { .status = TERN_OK };
    tern_sub_options options = { .concurrency = 4 };
    struct telling telling;
    struct rig rig;
    tern_sub *subs[SUBS];

    rig_open(&rig);
    telling_init(&telling);
    tern_conn *conn = connect_telling(&rig, &telling);
    for (int i = 0; i < SUBS; i++)
        check_ok(tern_conn_subscribe_message(conn, "a", &test__v1__number__descriptor, &options, ignore_message, NULL,
                                             &subs[i], &err));
    for (int i = 0; i < COUNT; i++) rig_publish(conn, "a", "not a number");
    check_true(gate_wait(&telling.lost, SUBS * COUNT, RIG_WAIT_MS));
    check_ok(tern_conn_nats(conn, note_io_thread, &telling.thread, &err));
    for (int i = 0; i < SUBS; i++) tern_sub_free(subs[i]);
    tern_conn_free(conn);
    check_true(pthread_equal(telling.thread.io, telling.thread.handler));
    check_int(atomic_load(&telling.elsewhere), 0);
    check_int(atomic_load(&telling.at_once), 0);
    check_int(telling.status, TERN_FAILED_PRECONDITION);
    check_int(telling.state, TERN_CONN_CLOSED);
    check_int(events_get(&telling.events, TERN_EVENT_CONNECTED, 0)->status, TERN_OK);
    check_int(events_last(&telling.events)->kind, TERN_EVENT_CLOSED);
    telling_destroy(&telling);
    rig_close(&rig);
    test_check_leaks();
}

struct late {
    struct test_gate entered, leave;
};

static void wait_to_leave(const ProtobufCMessage *message, tern_msg *msg, void *arg)
{
    struct late *late = arg;
    (void)message;
    (void)msg;
    gate_open(&late->entered);
    (void)gate_wait(&late->leave, 1, RIG_WAIT_MS);
}

Test(inline, events_of_pool_threads_wait_for_no_session, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    struct telling telling;
    struct late late;
    struct rig rig;
    tern_sub *sub = NULL;

    rig_open(&rig);
    telling_init(&telling);
    gate_init(&late.entered);
    gate_init(&late.leave);
    tern_conn *conn = connect_telling(&rig, &telling);
    check_ok(
        tern_conn_subscribe_message(conn, "a", &test__v1__number__descriptor, NULL, wait_to_leave, &late, &sub, &err));
    rig_publish(conn, "a", ""); /* a number, 0 */
    rig_publish(conn, "a", "not a number");
    check_true(gate_wait(&late.entered, 1, RIG_WAIT_MS));
    check_true(rig_wait_received(sub, 2));
    server_kill(rig.server);
    check_true(events_wait(&telling.events, TERN_EVENT_DISCONNECTED, 1));
    gate_open(&late.leave);
    check_true(gate_wait(&telling.lost, 1, RIG_WAIT_MS));
    check_int(atomic_load(&telling.elsewhere), 0);
    tern_sub_free(sub);
    tern_conn_free(conn);
    check_int(events_last(&telling.events)->kind, TERN_EVENT_CLOSED);
    gate_destroy(&late.entered);
    gate_destroy(&late.leave);
    telling_destroy(&telling);
    rig_close(&rig);
    test_check_leaks();
}

Test(inline, event_callback_may_free_the_connection, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    struct telling telling;
    struct rig rig;
    tern_sub *sub = NULL;
    int threads = test_count_threads();

    rig_open(&rig);
    telling_init(&telling);
    telling.frees = true;
    telling.ends_at = TERN_EVENT_MESSAGE_LOST;
    tern_conn *conn = connect_telling(&rig, &telling);
    check_ok(
        tern_conn_subscribe_message(conn, "a", &test__v1__number__descriptor, NULL, ignore_message, NULL, &sub, &err));
    rig_publish(conn, "a", "not a number");
    check_true(events_wait(&telling.events, TERN_EVENT_CLOSED, 1));
    check_int(atomic_load(&telling.elsewhere), 0);
    tern_sub_free(sub);
    rig_close(&rig);
    check_true(test_wait_threads(threads + 5, RIG_WAIT_MS)); /* nats.c keeps some of its own */
    telling_destroy(&telling);
    test_check_leaks();
}

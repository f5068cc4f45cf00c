/* Ends from everywhere, under load: unsubscribe, drain, close and free from other threads and from inside handlers. */
#include "calc.h"

#include <stdatomic.h>
#include <stdlib.h>

/* Publishes to "load" until told to stop; what it is told by Tern does not matter. */
struct load {
    tern_conn *conn;
    atomic_bool stop;
    pthread_t thread;
};

static void *publish_load(void *arg)
{
    struct load *load = arg;
    for (int i = 0; !atomic_load(&load->stop); i++) {
        (void)tern_conn_publish(load->conn, "load", "0123456789", 10, NULL);
        if (i % 64 == 0) (void)tern_conn_flush(load->conn, 5000, NULL);
    }
    return NULL;
}

static void load_start(struct load *load, const struct rig *rig)
{
    load->conn = rig_connect(rig);
    atomic_init(&load->stop, false);
    pthread_create(&load->thread, NULL, publish_load, load);
}

static void load_stop(struct load *load)
{
    atomic_store(&load->stop, true);
    pthread_join(load->thread, NULL);
    tern_conn_free(load->conn);
}

/* A handler's own data, which must not be touched after the end that was promised. */
struct victim {
    atomic_int running, after_end;
    atomic_bool ended;
    struct test_gate gate;
    tern_sub *sub;
    tern_conn *conn;
};

static void victim_init(struct victim *victim)
{
    *victim = (struct victim){ .sub = NULL };
    gate_init(&victim->gate);
}

static void be_handled(tern_msg *msg, void *arg)
{
    struct victim *victim = arg;
    (void)msg;
    atomic_fetch_add(&victim->running, 1);
    if (atomic_load(&victim->ended)) atomic_fetch_add(&victim->after_end, 1);
    gate_open(&victim->gate);
    if (atomic_load(&victim->ended)) atomic_fetch_add(&victim->after_end, 1);
    atomic_fetch_sub(&victim->running, 1);
}

static const tern_sub_options wide = { .concurrency = 3 };

Test(threads, no_handler_starts_or_runs_after_unsubscribe, .timeout = 120)
{
    tern_error err = { .status = TERN_OK };
    struct load load;
    struct rig rig;

    rig_open(&rig);
    load_start(&load, &rig);
    for (int i = 0; i < 200; i++) {
        struct victim *victim = malloc(sizeof *victim);
        victim_init(victim);
        tern_sub_options on_io = { .executor = tern_executor_inline() };
        check_ok(
            tern_conn_subscribe(rig.conn, "load", i % 3 == 0 ? &on_io : &wide, be_handled, victim, &victim->sub, &err));
        check_true(gate_wait(&victim->gate, 1 + i % 20, RIG_WAIT_MS));
        check_ok(tern_sub_unsubscribe(victim->sub, &err));
        if (i % 3 != 0) { /* an inline one may be in its last message for a moment; see below */
            check_int(atomic_load(&victim->running), 0);
            atomic_store(&victim->ended, true);
        }
        check_ok(tern_sub_unsubscribe(victim->sub, &err)); /* again */
        tern_sub_free(victim->sub);
        check_int(atomic_load(&victim->running), 0);
        check_int(atomic_load(&victim->after_end), 0);
        gate_destroy(&victim->gate);
        free(victim); /* AddressSanitizer sees a handler that comes later */
    }
    load_stop(&load);
    rig_close(&rig);
    test_check_leaks();
}

struct ender {
    tern_sub *sub;
    pthread_t thread;
    int way;
    tern_status status;
};

static void *end_it(void *arg)
{
    struct ender *ender = arg;
    if (ender->way == 0) ender->status = tern_sub_unsubscribe(ender->sub, NULL);
    if (ender->way == 1) ender->status = tern_sub_drain(ender->sub, 0, NULL);
    return NULL;
}

Test(threads, several_threads_may_end_one_subscription, .timeout = 120)
{
    enum { ENDERS = 6 };
    tern_error err = { .status = TERN_OK };
    struct load load;
    struct rig rig;

    rig_open(&rig);
    load_start(&load, &rig);
    for (int i = 0; i < 50; i++) {
        struct victim victim;
        struct ender enders[ENDERS];
        victim_init(&victim);
        check_ok(tern_conn_subscribe(rig.conn, "load", &wide, be_handled, &victim, &victim.sub, &err));
        check_true(gate_wait(&victim.gate, 1, RIG_WAIT_MS));
        for (int j = 0; j < ENDERS; j++) {
            enders[j] = (struct ender){ .sub = victim.sub, .way = i % 3 == 2 ? 1 : (i + j) % 2 };
            pthread_create(&enders[j].thread, NULL, end_it, &enders[j]);
        }
        for (int j = 0; j < ENDERS; j++) pthread_join(enders[j].thread, NULL);
        for (int j = 0; j < ENDERS; j++) check_int(enders[j].status, TERN_OK);
        check_int(atomic_load(&victim.running), 0);
        tern_sub_free(victim.sub);
        gate_destroy(&victim.gate);
    }
    load_stop(&load);
    rig_close(&rig);
    test_check_leaks();
}

/* ---- From inside ---- */

struct self {
    struct test_gate gate, go, left;
    tern_sub *sub, *other;
    tern_conn *conn;
    atomic_int way, started, refused;
};

static void self_init(struct self *self)
{
    *self = (struct self){ .sub = NULL };
    gate_init(&self->gate);
    gate_init(&self->go);
    gate_init(&self->left);
}

static void self_destroy(struct self *self)
{
    gate_destroy(&self->gate);
    gate_destroy(&self->go);
    gate_destroy(&self->left);
}

static void unsubscribe_self(tern_msg *msg, void *arg)
{
    struct self *self = arg;
    (void)msg;
    atomic_fetch_add(&self->started, 1);
    (void)gate_wait(&self->go, 1, RIG_WAIT_MS);
    if (tern_sub_unsubscribe(self->sub, NULL) != TERN_OK) atomic_fetch_add(&self->refused, 1);
    gate_open(&self->gate);
}

Test(threads, handler_may_unsubscribe_itself_under_load, .timeout = 120)
{
    tern_error err = { .status = TERN_OK };
    struct load load;
    struct rig rig;

    rig_open(&rig);
    load_start(&load, &rig);
    for (int i = 0; i < 100; i++) {
        struct self self;
        self_init(&self);
        check_ok(tern_conn_subscribe(rig.conn, "load", NULL, unsubscribe_self, &self, &self.sub, &err));
        gate_open(&self.go);
        check_true(gate_wait(&self.gate, 1, RIG_WAIT_MS));
        tern_sub_free(self.sub);
        check_int(atomic_load(&self.started), 1);
        check_int(atomic_load(&self.refused), 0);
        self_destroy(&self);
    }
    load_stop(&load);
    rig_close(&rig);
    test_check_leaks();
}

Test(threads, several_handlers_of_one_subscription_may_unsubscribe_it_at_once, .timeout = 120)
{
    tern_error err = { .status = TERN_OK };
    struct load load;
    struct rig rig;

    rig_open(&rig);
    load_start(&load, &rig);
    for (int i = 0; i < 50; i++) {
        struct self self;
        self_init(&self);
        check_ok(tern_conn_subscribe(rig.conn, "load", &wide, unsubscribe_self, &self, &self.sub, &err));
        if (i % 2 == 0)
            while (atomic_load(&self.started) < 3) test_sleep_ms(1); /* all three inside */
        gate_open(&self.go);
        check_true(gate_wait(&self.gate, 1, RIG_WAIT_MS));
        tern_sub_free(self.sub);
        check_int_at_most(atomic_load(&self.started), 3);
        check_int(gate_count(&self.gate), atomic_load(&self.started));
        check_int(atomic_load(&self.refused), 0);
        self_destroy(&self);
    }
    load_stop(&load);
    rig_close(&rig);
    test_check_leaks();
}

static void free_self(tern_msg *msg, void *arg)
{
    struct self *self = arg;
    (void)msg;
    (void)gate_wait(&self->go, 1, RIG_WAIT_MS);
    tern_sub_free(self->sub);
    gate_open(&self->gate);
}

Test(threads, handler_may_free_its_own_subscription_under_load, .timeout = 120)
{
    tern_error err = { .status = TERN_OK };
    struct load load;
    struct self selves[50];
    struct rig rig;

    rig_open(&rig);
    load_start(&load, &rig);
    for (int i = 0; i < 50; i++) {
        self_init(&selves[i]);
        check_ok(tern_conn_subscribe(rig.conn, "load", NULL, free_self, &selves[i], &selves[i].sub, &err));
        gate_open(&selves[i].go);
        check_true(gate_wait(&selves[i].gate, 1, RIG_WAIT_MS));
    }
    load_stop(&load);
    tern_conn_free(rig.conn);
    rig.conn = NULL;
    for (int i = 0; i < 50; i++) {
        check_int(gate_count(&selves[i].gate), 1);
        self_destroy(&selves[i]);
    }
    rig_close(&rig);
    test_check_leaks();
}

static void end_other(tern_msg *msg, void *arg)
{
    struct self *self = arg;
    (void)msg;
    if (atomic_fetch_add(&self->started, 1) > 0) return;
    int way = atomic_load(&self->way);
    if (way == 0 && tern_sub_unsubscribe(self->other, NULL) != TERN_OK) atomic_fetch_add(&self->refused, 1);
    if (way == 1 && tern_sub_drain(self->other, 0, NULL) != TERN_OK) atomic_fetch_add(&self->refused, 1);
    if (way == 2) tern_sub_free(self->other);
    gate_open(&self->gate);
}

Test(threads, handler_may_end_another_subscription_under_load, .timeout = 120)
{
    tern_error err = { .status = TERN_OK };
    struct load load;
    struct rig rig;

    rig_open(&rig);
    load_start(&load, &rig);
    for (int i = 0; i < 60; i++) {
        struct self self;
        struct victim victim;
        self_init(&self);
        victim_init(&victim);
        atomic_store(&self.way, i % 3);
        check_ok(tern_conn_subscribe(rig.conn, "load", &wide, be_handled, &victim, &self.other, &err));
        check_ok(tern_conn_subscribe(rig.conn, "load", NULL, end_other, &self, &self.sub, &err));
        check_true(gate_wait(&self.gate, 1, RIG_WAIT_MS));
        check_int(atomic_load(&victim.running), 0);
        check_int(atomic_load(&self.refused), 0);
        tern_sub_free(self.sub);
        if (i % 3 != 2) tern_sub_free(self.other);
        gate_destroy(&victim.gate);
        self_destroy(&self);
    }
    load_stop(&load);
    rig_close(&rig);
    test_check_leaks();
}

static void end_connection(tern_msg *msg, void *arg)
{
    struct self *self = arg;
    (void)msg;
    if (atomic_fetch_add(&self->started, 1) > 0) return;
    (void)gate_wait(&self->go, 1, RIG_WAIT_MS);
    int way = atomic_load(&self->way);
    if (way == 0) tern_conn_close(self->conn);
    if (way == 1 && tern_conn_drain(self->conn, 0, NULL) != TERN_OK) atomic_fetch_add(&self->refused, 1);
    if (way == 2) tern_conn_free(self->conn);
    gate_open(&self->gate);
}

Test(threads, handler_may_end_its_connection_under_load, .timeout = 120)
{
    tern_error err = { .status = TERN_OK };
    struct load load;
    struct rig rig;

    rig_open(&rig);
    load_start(&load, &rig);
    for (int i = 0; i < 60; i++) {
        struct self self;
        struct victim victim;
        tern_sub *others = NULL;
        self_init(&self);
        victim_init(&victim);
        atomic_store(&self.way, i % 3);
        self.conn = rig_connect(&rig);
        check_ok(tern_conn_subscribe(self.conn, "load", &wide, be_handled, &victim, &others, &err));
        tern_sub_options on_io = { .executor = tern_executor_inline() };
        check_ok(tern_conn_subscribe(self.conn, "load", i % 2 == 0 || i % 3 == 1 ? NULL : &on_io, end_connection, &self,
                                     &self.sub, &err));
        gate_open(&self.go);
        check_true(gate_wait(&self.gate, 1, RIG_WAIT_MS));
        if (i % 3 != 2) tern_conn_free(self.conn);
        tern_sub_free(self.sub);
        tern_sub_free(others);
        check_int(atomic_load(&self.refused), 0);
        check_int(atomic_load(&victim.running), 0);
        gate_destroy(&victim.gate);
        self_destroy(&self);
    }
    load_stop(&load);
    rig_close(&rig);
    test_check_leaks();
}

/* ---- Everything at once ---- */

struct storm {
    tern_conn *conn;
    tern_client *client;
    atomic_bool stop;
    atomic_int odd; /* statuses that nothing explains */
    pthread_t threads[8];
};

static void *call_in_storm(void *arg)
{
    struct storm *storm = arg;
    while (!atomic_load(&storm->stop)) {
        tern_error err = { .status = TERN_OK };
        int64_t value = calc_increment(storm->client, 7, &err);
        if (value == 8) continue;
        if (value >= 0) atomic_fetch_add(&storm->odd, 1);
        else if (err.status != TERN_CANCELLED && err.status != TERN_FAILED_PRECONDITION &&
                 err.status != TERN_UNAVAILABLE)
            atomic_fetch_add(&storm->odd, 1);
    }
    return NULL;
}

static void *subscribe_in_storm(void *arg)
{
    struct storm *storm = arg;
    while (!atomic_load(&storm->stop)) {
        tern_sub *sub = NULL;
        struct victim victim;
        victim_init(&victim);
        tern_status st = tern_conn_subscribe(storm->conn, "load", &wide, be_handled, &victim, &sub, NULL);
        if (st == TERN_OK) {
            (void)tern_conn_publish(storm->conn, "load", "x", 1, NULL);
            (void)tern_sub_drain(sub, 0, NULL);
            tern_sub_free(sub);
        } else if (st != TERN_CANCELLED && st != TERN_FAILED_PRECONDITION) {
            atomic_fetch_add(&storm->odd, 1);
        }
        gate_destroy(&victim.gate);
    }
    return NULL;
}

static void run_storm(bool drain)
{
    tern_error err = { .status = TERN_OK };
    struct load load;
    struct rig rig;

    rig_open(&rig);
    load_start(&load, &rig);
    tern_conn *other = rig_connect(&rig);
    tern_service *service = calc_serve(other, NULL);
    for (int i = 0; i < 10; i++) {
        struct storm storm = { .conn = rig_connect(&rig) };
        tern_service *own = calc_serve(storm.conn, NULL);
        storm.client = calc_client(storm.conn, NULL);
        for (int j = 0; j < 8; j++)
            pthread_create(&storm.threads[j], NULL, j % 2 == 0 ? call_in_storm : subscribe_in_storm, &storm);
        for (int j = 0; j < 20; j++) rig_flush(storm.conn); /* a few dozen calls of each thread */
        if (drain) check_ok(tern_conn_drain(storm.conn, 0, &err));
        else tern_conn_close(storm.conn);
        atomic_store(&storm.stop, true);
        for (int j = 0; j < 8; j++) pthread_join(storm.threads[j], NULL);
        check_int(atomic_load(&storm.odd), 0);
        tern_conn_free(storm.conn);
        tern_service_free(own);
        tern_client_free(storm.client);
    }
    load_stop(&load);
    tern_service_free(service);
    tern_conn_free(other);
    rig_close(&rig);
}

Test(threads, close_amid_calls_and_subscriptions_hangs_nobody, .timeout = 120)
{
    run_storm(false);
    test_check_leaks();
}

Test(threads, drain_amid_calls_and_subscriptions_hangs_nobody, .timeout = 120)
{
    run_storm(true);
    test_check_leaks();
}

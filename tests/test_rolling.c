/* Instances of a service that come and go under load: a client with retries on loses no call. */
#include "child.h"
#include "echoing.h"
#include "player.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { INSTANCES = 3, CALLERS = 4, IN_FLIGHT = 300, STOP_MS = 20000 };

/* ---- Load ---- */

/* Callers that call one after the other, and asynchronous calls that each begin the next one. */
struct load {
    tern_client *client;
    atomic_bool stop;
    atomic_ulong numbers, ok, lost, wrong, again; /* again: calls that took more than one attempt */
    pthread_t callers[CALLERS];
    struct test_gate done; /* counts asynchronous calls that have stopped */
    pthread_mutex_t lock;
    char first_lost[300]; /* lock */
};

static void count(struct load *load, tern_status status, bool own, const char *text)
{
    atomic_fetch_add(status != TERN_OK ? &load->lost : own ? &load->ok : &load->wrong, 1);
    if (status == TERN_OK) return;
    pthread_mutex_lock(&load->lock);
    if (load->first_lost[0] == '\0')
        (void)snprintf(load->first_lost, sizeof load->first_lost, "%s: %.200s", tern_status_name(status), text);
    pthread_mutex_unlock(&load->lock);
}

static void *call_on(void *arg)
{
    struct load *load = arg;
    while (!atomic_load(&load->stop)) {
        tern_error err = { .status = TERN_OK };
        bool own = false;
        tern_status st = echo_call(load->client, atomic_fetch_add(&load->numbers, 1), 0, &own, &err);
        count(load, st, own, err.text);
    }
    return NULL;
}

struct asked {
    struct load *load;
    char text[32], answer[48];
};

static void ask_next(struct asked *asked);

static void take(tern_call *call, Examples__V1__EchoReply *reply, const tern_error *err, void *arg)
{
    struct asked *asked = arg;
    struct load *load = asked->load;
    if (tern_call_attempts(call) > 1) atomic_fetch_add(&load->again, 1);
    count(load, err->status, reply != NULL && strcmp(reply->text, asked->answer) == 0, err->text);
    if (reply != NULL) tern_message_free(&reply->base);
    if (!atomic_load(&load->stop)) {
        ask_next(asked);
        return;
    }
    free(asked);
    gate_open(&load->done);
}

static void ask_next(struct asked *asked)
{
    Examples__V1__EchoRequest request = EXAMPLES__V1__ECHO_REQUEST__INIT;
    tern_error err;
    (void)snprintf(asked->text, sizeof asked->text, "call %lu", atomic_fetch_add(&asked->load->numbers, 1));
    (void)snprintf(asked->answer, sizeof asked->answer, "Echo: %s", asked->text);
    request.text = asked->text;
    if (examples_v1_echo_echo_async(asked->load->client, &request, NULL, take, asked, NULL, &err) != TERN_OK)
        test_abort("a call does not begin: %s", err.text);
}

static void load_begin(struct load *load, tern_conn *conn, uint32_t attempt_timeout_ms)
{
    tern_client_options options = {
        .timeout_ms = 100000,
        .retry = { .attempts = 100, .budget = 100000, .backoff_max_ms = 200, .attempt_timeout_ms = attempt_timeout_ms }
    };
    memset(load, 0, sizeof *load);
    gate_init(&load->done);
    pthread_mutex_init(&load->lock, NULL);
    load->client = calc_client(conn, &options);
    for (int i = 0; i < CALLERS; i++) pthread_create(&load->callers[i], NULL, call_on, load);
    for (int i = 0; i < IN_FLIGHT; i++) {
        struct asked *asked = calloc(1, sizeof *asked);
        if (asked == NULL) test_abort("no memory");
        asked->load = load;
        ask_next(asked);
    }
}

static bool has_more(void *arg)
{
    unsigned long *wanted = ((void **)arg)[1];
    return atomic_load(&((struct load *)((void **)arg)[0])->ok) >= *wanted;
}

/* So many calls more succeed. */
static void load_wait(struct load *load, unsigned long more)
{
    unsigned long wanted = atomic_load(&load->ok) + more;
    check_true(wait_until(has_more, (void *[]){ load, &wanted }, 3 * RIG_WAIT_MS));
}

static void load_end(struct load *load)
{
    atomic_store(&load->stop, true);
    for (int i = 0; i < CALLERS; i++) pthread_join(load->callers[i], NULL);
    check_true(gate_wait(&load->done, IN_FLIGHT, 150000));
    cr_log_info("%lu calls, %lu took more than one attempt", atomic_load(&load->ok), atomic_load(&load->again));
    cr_assert(atomic_load(&load->lost) == 0, "%lu calls are lost, the first: %s", atomic_load(&load->lost),
              load->first_lost);
    check_int(atomic_load(&load->wrong), 0);
    tern_client_free(load->client);
    pthread_mutex_destroy(&load->lock);
    gate_destroy(&load->done);
}

/* ---- Instances in this process ---- */

struct instance {
    tern_conn *conn;
    tern_service *service;
};

static void instance_start(struct instance *instance, const struct rig *rig)
{
    tern_error err = { .status = TERN_OK };
    instance->conn = rig_connect(rig);
    check_ok(examples_v1_echo_serve(instance->conn, &echo_handlers, NULL, NULL, &instance->service, &err));
    rig_flush(instance->conn);
}

static void instance_stop(struct instance *instance)
{
    tern_error err = { .status = TERN_OK };
    check_ok(tern_service_stop(instance->service, STOP_MS, &err));
    tern_service_free(instance->service);
    tern_conn_free(instance->conn);
}

Test(rolling, three_instances_restarted_in_turn_lose_no_call, .timeout = 240)
{
    static struct load load;
    struct instance instances[INSTANCES];
    struct rig rig;

    rig_open(&rig);
    for (int i = 0; i < INSTANCES; i++) instance_start(&instances[i], &rig);
    load_begin(&load, rig.conn, 0);
    for (int i = 0; i < 4 * INSTANCES; i++) {
        load_wait(&load, 300);
        instance_stop(&instances[i % INSTANCES]);
        instance_start(&instances[i % INSTANCES], &rig);
    }
    load_end(&load);
    for (int i = 0; i < INSTANCES; i++) instance_stop(&instances[i]);
    rig_close(&rig);
    test_check_leaks();
}

/* Nobody is there, and all calls of the load have found that out: none has succeeded over many round trips. */
static void wait_for_silence(struct load *load, struct rig *rig)
{
    tern_client *client = calc_client(rig->conn, NULL);
    unsigned long ok = atomic_load(&load->ok);
    for (int quiet = 0; quiet < 20; quiet++) {
        tern_error err = { .status = TERN_OK };
        bool own = false;
        check_status(echo_call(client, 1, 0, &own, &err), TERN_UNAVAILABLE);
        if (atomic_load(&load->ok) != ok) quiet = 0;
        ok = atomic_load(&load->ok);
    }
    tern_client_free(client);
}

/* A moment with nobody there: every call finds that out, and tries again. */
Test(rolling, one_instance_restarted_loses_no_call, .timeout = 240)
{
    static struct load load;
    struct instance instance;
    struct rig rig;

    rig_open(&rig);
    instance_start(&instance, &rig);
    load_begin(&load, rig.conn, 0);
    for (int i = 0; i < 8; i++) {
        load_wait(&load, 300);
        instance_stop(&instance);
        wait_for_silence(&load, &rig);
        instance_start(&instance, &rig);
    }
    load_wait(&load, 1);
    check_int_at_least(atomic_load(&load.again), 1);
    load_end(&load);
    instance_stop(&instance);
    rig_close(&rig);
    test_check_leaks();
}

Test(rolling, drained_connections_lose_no_call, .timeout = 240)
{
    static struct load load;
    struct instance instances[INSTANCES];
    struct rig rig;
    tern_error err = { .status = TERN_OK };

    rig_open(&rig);
    for (int i = 0; i < INSTANCES; i++) instance_start(&instances[i], &rig);
    load_begin(&load, rig.conn, 0);
    for (int i = 0; i < 2 * INSTANCES; i++) {
        struct instance *instance = &instances[i % INSTANCES];
        load_wait(&load, 300);
        check_ok(tern_conn_drain(instance->conn, STOP_MS, &err));
        tern_service_free(instance->service);
        tern_conn_free(instance->conn);
        instance_start(instance, &rig);
    }
    load_end(&load);
    for (int i = 0; i < INSTANCES; i++) instance_stop(&instances[i]);
    rig_close(&rig);
    test_check_leaks();
}

/* Replies that went with the session are asked for again. */
Test(rolling, a_server_that_is_killed_loses_no_idempotent_call, .timeout = 240)
{
    static struct load load;
    struct instance instances[INSTANCES];
    struct rig rig;

    rig_open(&rig);
    for (int i = 0; i < INSTANCES; i++) instance_start(&instances[i], &rig);
    load_begin(&load, rig.conn, 2000);
    for (int i = 0; i < 4; i++) {
        load_wait(&load, 300);
        server_kill(rig.server);
        server_restart(rig.server);
    }
    load_wait(&load, 300);
    load_end(&load);
    for (int i = 0; i < INSTANCES; i++) instance_stop(&instances[i]);
    rig_close(&rig);
    test_check_leaks();
}

/* ---- Instances that are processes of their own ----
 *
 * This program again, under another name and with the server's URL: it serves until SIGTERM, then stops in the orderly
 * way. That it is up it publishes on "rolling.up". */

static char instance_name[] = "rolling-instance";

static int serve_until_told(const char *url)
{
    tern_conn_options options = { .url = url };
    struct instance instance = { NULL, NULL };
    tern_error err = { .status = TERN_OK };
    sigset_t wanted;
    int got = 0;
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGTERM);
    if (pthread_sigmask(SIG_BLOCK, &wanted, NULL) != 0) return 2; /* before there are other threads */
    tern_status st = tern_connect(&options, &instance.conn, &err);
    if (st == TERN_OK) st = examples_v1_echo_serve(instance.conn, &echo_handlers, NULL, NULL, &instance.service, &err);
    if (st == TERN_OK) st = tern_conn_flush(instance.conn, 0, &err);
    if (st == TERN_OK) st = tern_conn_publish(instance.conn, "rolling.up", "", 0, &err);
    if (st == TERN_OK) (void)sigwait(&wanted, &got);
    if (st == TERN_OK) st = tern_service_stop(instance.service, STOP_MS, &err);
    if (st == TERN_OK) st = tern_conn_drain(instance.conn, STOP_MS, &err);
    tern_service_free(instance.service);
    tern_conn_free(instance.conn);
    if (st != TERN_OK) (void)fprintf(stderr, "%s: %s\n", tern_status_name(st), err.text);
    return st == TERN_OK ? 0 : 1;
}

/* Before main, which is Criterion's; glibc gives constructors main's arguments. */
__attribute__((constructor)) static void serve_instead_of_testing(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[0], instance_name) == 0) exit(serve_until_told(argv[1]));
}

struct processes {
    struct rig rig;
    struct inbox up; /* who is up */
    tern_sub *sub;
    struct child children[INSTANCES];
    int started;
};

static void process_start(struct processes *all, int at)
{
    char log[300], url[128];
    char *argv[] = { instance_name, url, NULL };
    (void)snprintf(log, sizeof log, "%s/instance.log", all->rig.server->dir.path);
    (void)snprintf(url, sizeof url, "%s", server_url(all->rig.server));
    child_start(&all->children[at], "/proc/self/exe", argv, log, -1);
    all->started++;
    check_true(inbox_wait(&all->up, all->started));
}

static void processes_open(struct processes *all)
{
    memset(all, 0, sizeof *all);
    rig_open(&all->rig);
    inbox_init(&all->up);
    all->sub = rig_subscribe(all->rig.conn, "rolling.up", NULL, inbox_take, &all->up);
    for (int i = 0; i < INSTANCES; i++) process_start(all, i);
}

static void process_stop(struct processes *all, int at)
{
    child_signal(&all->children[at], SIGTERM);
    check_true(child_wait(&all->children[at], 2 * STOP_MS));
    check_int(all->children[at].exit_code, 0);
}

static void processes_close(struct processes *all)
{
    for (int i = 0; i < INSTANCES; i++) process_stop(all, i);
    tern_sub_free(all->sub);
    inbox_destroy(&all->up);
    rig_close(&all->rig);
}

Test(rolling, processes_told_to_end_lose_no_call, .timeout = 240)
{
    static struct processes all;
    static struct load load;

    processes_open(&all);
    load_begin(&load, all.rig.conn, 0);
    for (int i = 0; i < 2 * INSTANCES; i++) {
        load_wait(&load, 300);
        process_stop(&all, i % INSTANCES);
        process_start(&all, i % INSTANCES);
    }
    load_end(&load);
    processes_close(&all);
    test_check_leaks();
}

/* What it had taken is lost with it; the calls are idempotent, and ask again. */
Test(rolling, a_process_that_is_killed_loses_no_idempotent_call, .timeout = 240)
{
    static struct processes all;
    static struct load load;

    processes_open(&all);
    load_begin(&load, all.rig.conn, 2000);
    for (int i = 0; i < INSTANCES; i++) {
        load_wait(&load, 300);
        child_kill(&all.children[i]);
        load_wait(&load, 300);
        process_start(&all, i);
    }
    load_end(&load);
    processes_close(&all);
    test_check_leaks();
}

/* Ends of clients and services whose callbacks and handlers wait for the very thread that ends them. */
#include "calc.h"

#include <poll.h>
#include <stdatomic.h>

struct hearing {
    struct test_gate gate; /* counts callbacks */
    tern_status status;
    pthread_t thread;
};

static void tell(tern_call *call, Test__V1__Number *reply, const tern_error *err, void *arg)
{
    struct hearing *heard = arg;
    (void)call;
    heard->status = err->status;
    heard->thread = pthread_self();
    if (reply != NULL) tern_message_free(&reply->base);
    gate_open(&heard->gate);
}

static void begin(tern_client *client, struct hearing *heard)
{
    Test__V1__Number number = TEST__V1__NUMBER__INIT;
    tern_error err = { .status = TERN_OK };
    char note[] = "";
    number.note = note;
    check_ok(test_v1_calc_increment_async(client, &number, NULL, tell, heard, NULL, &err));
}

static void ignore(tern_msg *msg, void *arg)
{
    (void)msg;
    (void)arg;
}

Test(client_ends, the_pool_may_be_given_back_before_the_first_call, .timeout = 60)
{
    struct hearing heard = { .status = TERN_UNKNOWN };
    tern_error err = { .status = TERN_OK };
    tern_executor *pool = NULL;
    struct rig rig;

    rig_open(&rig);
    gate_init(&heard.gate);
    check_ok(tern_pool_new(1, &pool, &err));
    tern_service *service = calc_serve(rig.conn, NULL);
    tern_client *client = calc_client(rig.conn, &(tern_client_options){ .executor = pool });
    tern_executor_free(pool);
    begin(client, &heard);
    check_true(gate_wait(&heard.gate, 1, RIG_WAIT_MS));
    check_int(heard.status, TERN_OK);
    tern_client_free(client);
    tern_service_free(service);
    gate_destroy(&heard.gate);
    rig_close(&rig);
    test_check_leaks();
}

struct loop {
    tern_executor *queue;
    atomic_bool stop;
    pthread_t thread;
};

static void *run_loop(void *arg)
{
    struct loop *loop = arg;
    while (!atomic_load(&loop->stop)) {
        struct pollfd fd = { .fd = tern_queue_fd(loop->queue), .events = POLLIN };
        (void)poll(&fd, 1, 1);
        (void)tern_queue_dispatch(loop->queue);
    }
    return NULL;
}

Test(client_ends, freeing_does_not_wait_for_a_loop_that_has_ended_meanwhile, .timeout = 60)
{
    struct hearing heard = { .status = TERN_UNKNOWN };
    struct loop loop = { .queue = NULL };
    tern_error err = { .status = TERN_OK };
    struct rig rig;

    rig_open(&rig);
    gate_init(&heard.gate);
    check_ok(tern_queue_new(&loop.queue, &err));
    pthread_create(&loop.thread, NULL, run_loop, &loop);
    tern_sub *sub = rig_subscribe(rig.conn, "test.v1.Calc.Increment", NULL, ignore, NULL);
    tern_client *client = calc_client(rig.conn, &(tern_client_options){ .executor = loop.queue });
    begin(client, &heard);
    atomic_store(&loop.stop, true); /* it may dispatch once more, or not at all */
    tern_client_free(client);
    check_int(gate_count(&heard.gate), 1);
    check_int(heard.status, TERN_CANCELLED);
    pthread_join(loop.thread, NULL);
    tern_sub_free(sub);
    tern_executor_free(loop.queue);
    gate_destroy(&heard.gate);
    rig_close(&rig);
    test_check_leaks();
}

/* ---- A handler that frees a client of its own pool ---- */

struct freeing {
    struct hearing heard;
    tern_client *client;
    tern_status waited;
};

static tern_status free_client(tern_request *rq, const Test__V1__Number *in, Test__V1__Number *out)
{
    struct freeing *freeing = tern_request_arg(rq);
    out->value = in->value + 1;
    begin(freeing->client, &freeing->heard);
    tern_client_free(freeing->client);
    freeing->waited = gate_count(&freeing->heard.gate) == 1 ? TERN_OK : TERN_UNKNOWN;
    return TERN_OK;
}

static tern_status wait_for_call(tern_request *rq, const Test__V1__Number *in, Test__V1__Number *out)
{
    struct freeing *freeing = tern_request_arg(rq);
    Test__V1__Number number = TEST__V1__NUMBER__INIT;
    tern_call *call = NULL;
    size_t at = 9;
    char note[] = "";
    number.note = note;
    out->value = in->value + 1;
    tern_status st = test_v1_calc_unserved_async(freeing->client, &number, NULL, tell, &freeing->heard, &call, NULL);
    if (st == TERN_OK) st = in->value == 0 ? tern_call_wait(call, 0, NULL) : tern_call_wait_any(&call, 1, 0, &at, NULL);
    freeing->waited = st;
    tern_call_free(call);
    return TERN_OK;
}

/* The service is on the pool's only thread, which is to run the client's callbacks, too. */
static void run_on_one_thread(const test_v1_calc_handlers *handlers, int calls, bool frees)
{
    struct freeing freeing = { .waited = TERN_UNKNOWN };
    tern_error err = { .status = TERN_OK };
    tern_executor *pool = NULL;
    tern_service *service = NULL;
    struct rig rig;

    rig_open(&rig);
    gate_init(&freeing.heard.gate);
    check_ok(tern_pool_new(1, &pool, &err));
    tern_service_options options = { .executor = pool, .subject_prefix = "its" };
    check_ok(test_v1_calc_serve(rig.conn, handlers, &freeing, &options, &service, &err));
    tern_sub *sub = rig_subscribe(rig.conn, "test.v1.Calc.Increment", NULL, ignore, NULL);
    freeing.client = calc_client(rig.conn, &(tern_client_options){ .executor = pool });
    tern_client *caller = calc_client(rig.conn, &(tern_client_options){ .subject_prefix = "its", .timeout_ms = 20000 });
    for (int i = 0; i < calls; i++) {
        check_int(calc_increment(caller, i, &err), i + 1);
        check_int(freeing.waited, TERN_OK);
        check_int(gate_count(&freeing.heard.gate), i + 1);
    }
    if (!frees) tern_client_free(freeing.client);
    tern_client_free(caller);
    tern_sub_free(sub);
    tern_service_free(service);
    tern_executor_free(pool);
    gate_destroy(&freeing.heard.gate);
    rig_close(&rig);
    test_check_leaks();
}

Test(client_ends, a_handler_may_free_a_client_of_its_own_pool, .timeout = 60)
{
    const test_v1_calc_handlers handlers = { .increment = free_client };
    run_on_one_thread(&handlers, 1, true);
}

Test(client_ends, a_handler_may_wait_for_a_call_of_its_own_pool, .timeout = 60)
{
    const test_v1_calc_handlers handlers = { .increment = wait_for_call };
    run_on_one_thread(&handlers, 2, false);
}

/* ---- Callbacks that wait for callbacks ---- */

enum { CHAIN = 3 };

/* Calls, each of whose callbacks makes the next one and waits for its callback, until the chain has its length. */
struct chain {
    tern_client *client;
    bool any;              /* waits by tern_call_wait_any */
    struct test_gate gate; /* counts callbacks */
    atomic_int failed;
};

struct link {
    struct chain *chain;
    struct link *next; /* NULL: the last */
};

static void go_on(tern_call *call, Test__V1__Number *reply, const tern_error *err, void *arg)
{
    struct link *link = arg;
    struct chain *chain = link->chain;
    Test__V1__Number number = TEST__V1__NUMBER__INIT;
    char note[] = "";
    tern_call *next = NULL;
    size_t at = 9;
    (void)call;
    if (err->status != TERN_OK) atomic_fetch_add(&chain->failed, 1);
    if (reply != NULL) tern_message_free(&reply->base);
    number.note = note;
    if (link->next != NULL) {
        tern_status st = test_v1_calc_increment_async(chain->client, &number, NULL, go_on, link->next, &next, NULL);
        if (st == TERN_OK) st = chain->any ? tern_call_wait_any(&next, 1, 0, &at, NULL) : tern_call_wait(next, 0, NULL);
        if (st != TERN_OK || !tern_call_has_ended(next)) atomic_fetch_add(&chain->failed, 1);
        tern_call_free(next);
    }
    gate_open(&chain->gate);
}

/* All of the pool's threads are inside callbacks that wait so. */
static void run_chains(uint32_t threads, bool any)
{
    struct chain chain = { .any = any };
    struct link links[8][CHAIN];
    tern_call *calls[8];
    tern_error err = { .status = TERN_OK };
    tern_executor *pool = NULL;
    Test__V1__Number number = TEST__V1__NUMBER__INIT;
    char note[] = "";
    struct rig rig;

    number.note = note;
    rig_open(&rig);
    tern_service *service = calc_serve(rig.conn, NULL);
    gate_init(&chain.gate);
    check_ok(tern_pool_new(threads, &pool, &err));
    chain.client = calc_client(rig.conn, &(tern_client_options){ .executor = pool });
    for (int i = 0; i < 8; i++) {
        for (int j = 0; j < CHAIN; j++)
            links[i][j] = (struct link){ .chain = &chain, .next = j + 1 < CHAIN ? &links[i][j + 1] : NULL };
        check_ok(test_v1_calc_increment_async(chain.client, &number, NULL, go_on, &links[i][0], &calls[i], &err));
    }
    check_ok(tern_call_wait_all(calls, 8, RIG_WAIT_MS, &err));
    check_int(gate_count(&chain.gate), 8 * CHAIN);
    check_int(atomic_load(&chain.failed), 0);
    for (int i = 0; i < 8; i++) tern_call_free(calls[i]);
    tern_client_free(chain.client);
    tern_executor_free(pool);
    gate_destroy(&chain.gate);
    tern_service_free(service);
    rig_close(&rig);
    test_check_leaks();
}

Test(client_ends, callbacks_of_a_pools_only_thread_may_wait_for_callbacks, .timeout = 60)
{
    run_chains(1, false);
    run_chains(1, true);
}

Test(client_ends, callbacks_on_all_threads_of_a_pool_may_wait_for_callbacks, .timeout = 60)
{
    run_chains(4, false);
    run_chains(4, true);
}

/* ---- A loop that stops a service whose answers come by the loop ---- */

static tern_request *kept;
static Test__V1__Number *kept_out;

static void complete(tern_call *call, Test__V1__Number *reply, const tern_error *err, void *arg)
{
    (void)call;
    (void)arg;
    if (reply != NULL) tern_message_free(&reply->base);
    kept_out->value = 42;
    tern_request_complete(kept, err->status == TERN_UNAVAILABLE ? TERN_OK : err->status);
}

/* Deferred, and completed by the callback of another call on the same queue. */
static tern_status ask_on(tern_request *rq, const Test__V1__Number *in, Test__V1__Number *out)
{
    Test__V1__Number number = TEST__V1__NUMBER__INIT;
    char note[] = "";
    (void)in;
    number.note = note;
    tern_request_defer(rq);
    kept = rq;
    kept_out = out;
    (void)test_v1_calc_unserved_async(tern_request_arg(rq), &number, NULL, complete, NULL, NULL, NULL);
    return TERN_OK;
}

struct caller {
    tern_client *client;
    int64_t got;
    pthread_t thread;
};

static void *make_its_call(void *arg)
{
    struct caller *caller = arg;
    caller->got = calc_increment(caller->client, 41, NULL);
    return NULL;
}

Test(client_ends, stopping_on_the_loops_thread_runs_what_deferred_requests_wait_for, .timeout = 60)
{
    const test_v1_calc_handlers handlers = { .increment = ask_on };
    tern_error err = { .status = TERN_OK };
    tern_executor *queue = NULL;
    tern_service *service = NULL;
    struct caller caller = { .got = 0 };
    struct rig rig;

    rig_open(&rig);
    check_ok(tern_queue_new(&queue, &err));
    tern_client *inner = calc_client(rig.conn, &(tern_client_options){ .executor = queue });
    tern_service_options options = { .executor = queue, .subject_prefix = "its" };
    check_ok(test_v1_calc_serve(rig.conn, &handlers, inner, &options, &service, &err));
    rig_flush(rig.conn);
    tern_conn *other = rig_connect(&rig);
    caller.client = calc_client(other, &(tern_client_options){ .subject_prefix = "its", .timeout_ms = 20000 });
    pthread_create(&caller.thread, NULL, make_its_call, &caller);
    struct pollfd fd = { .fd = tern_queue_fd(queue), .events = POLLIN };
    check_int(poll(&fd, 1, RIG_WAIT_MS), 1);
    check_int(tern_queue_dispatch(queue), 1); /* the handler, which defers */
    check_ok(tern_service_stop(service, RIG_WAIT_MS, &err));
    pthread_join(caller.thread, NULL);
    check_int(caller.got, 42);
    tern_client_free(caller.client);
    tern_client_free(inner);
    tern_service_free(service);
    tern_conn_free(other);
    tern_executor_free(queue);
    rig_close(&rig);
    test_check_leaks();
}

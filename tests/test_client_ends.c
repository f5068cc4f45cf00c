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

/* Tern's side: typed calls by generated stubs, on a connection with default options; but for large payloads with a
 * limit that takes all that is in flight, since calls that begin in callbacks cannot wait for room. bench.mode, for a
 * service: where its handlers run, "inline" (the default here) or "pool". Asynchronous calls end inline. */
#include <stdlib.h>
#include <string.h>

#include <tern/tern.h>

#include "examples/echo.tern.h"
#include "side.h"

enum { LARGE_BYTES = 4096, LARGE_LIMIT_BYTES = 64 * 1024 * 1024 };

struct side_conn {
    tern_conn *conn;
    tern_client *client;
    tern_service *service;
};

static void die(const char *what, const tern_error *err)
{
    bench_die(what, err->text);
}

static void die_of_event(tern_conn *conn, const tern_event *event, void *arg)
{
    (void)conn, (void)arg;
    bool fatal = event->kind == TERN_EVENT_DISCONNECTED || event->kind == TERN_EVENT_SLOW_CONSUMER ||
                 event->kind == TERN_EVENT_MESSAGE_LOST;
    if (fatal) bench_die("connection", event->text);
}

static side_conn *tern_side_open(void)
{
    tern_error err;
    side_conn *c = calloc(1, sizeof *c);
    if (c == NULL) bench_die("open", "no memory");
    tern_conn_options options = { .url = bench.url,
                                  .tls_ca_file = bench.tls_ca,
                                  .on_event = die_of_event,
                                  .event_executor = tern_executor_inline() };
    if (bench.payload_size > LARGE_BYTES) options.outbound_limit_bytes = LARGE_LIMIT_BYTES;
    tern_client_options client = { .executor = tern_executor_inline() };
    if (tern_connect(&options, &c->conn, &err) != TERN_OK) die("connect", &err);
    if (tern_client_new(c->conn, &client, &c->client, &err) != TERN_OK) die("client", &err);
    return c;
}

static void tern_side_close(side_conn *c)
{
    tern_service_free(c->service);
    tern_client_free(c->client);
    tern_conn_free(c->conn);
    free(c);
}

static void flush(side_conn *c)
{
    tern_error err;
    if (tern_conn_flush(c->conn, 0, &err) != TERN_OK) die("flush", &err);
}

/* ---- Calls ---- */

static tern_status echo(tern_request *rq, const Examples__V1__EchoRequest *in, Examples__V1__EchoReply *out)
{
    (void)rq;
    bench_work();
    out->payload = in->payload;
    return TERN_OK;
}

static uint32_t serve(side_conn *c)
{
    static const examples_v1_echo_handlers handlers = { .echo = echo };
    tern_error err;
    bool pool = strcmp(bench.mode, "pool") == 0;
    if (!pool && *bench.mode != '\0' && strcmp(bench.mode, "inline") != 0) bench_die("mode", "is inline or pool");
    tern_service_options options = { .executor = pool ? NULL : tern_executor_inline() };
    if (examples_v1_echo_serve(c->conn, &handlers, NULL, &options, &c->service, &err) != TERN_OK) die("serve", &err);
    flush(c);
    return 0;
}

static Examples__V1__EchoRequest request(void)
{
    Examples__V1__EchoRequest out = EXAMPLES__V1__ECHO_REQUEST__INIT;
    out.payload = (ProtobufCBinaryData){ .data = (uint8_t *)(uintptr_t)bench.payload, .len = bench.payload_size };
    return out;
}

static void call(side_conn *c)
{
    tern_error err;
    Examples__V1__EchoRequest in = request();
    Examples__V1__EchoReply *reply = NULL;
    if (examples_v1_echo_echo(c->client, &in, NULL, &reply, &err) != TERN_OK) die("call", &err);
    bench_check(reply->payload.data, reply->payload.len);
    tern_message_free(&reply->base);
}

static void begin(side_conn *c, uint32_t slot);

/* Slot and connection in one word: the callback has one argument. */
static struct pending {
    side_conn *conn;
    uint32_t slot;
} * pending;
enum { SLOTS_MAX = 1 << 17 };

static void done(tern_call *ended, Examples__V1__EchoReply *reply, const tern_error *err, void *arg)
{
    (void)ended;
    struct pending *p = arg;
    if (err->status != TERN_OK) die("call", err);
    bench_check(reply->payload.data, reply->payload.len);
    tern_message_free(&reply->base);
    if (bench_done(p->slot)) begin(p->conn, p->slot);
}

static void begin(side_conn *c, uint32_t slot)
{
    tern_error err;
    Examples__V1__EchoRequest in = request();
    if (pending == NULL) pending = calloc(SLOTS_MAX, sizeof *pending);
    if (pending == NULL || slot >= SLOTS_MAX) bench_die("begin", "no memory");
    pending[slot] = (struct pending){ .conn = c, .slot = slot };
    if (examples_v1_echo_echo_async(c->client, &in, NULL, done, &pending[slot], NULL, &err) != TERN_OK)
        die("call", &err);
}

/* ---- Messages ---- */

static void publish(side_conn *c, const char *subject)
{
    tern_error err;
    if (tern_conn_publish(c->conn, subject, bench.payload, bench.payload_size, &err) != TERN_OK) die("publish", &err);
}

static void count(tern_msg *msg, void *counter)
{
    (void)msg;
    bench_received(counter);
}

static void subscribe(side_conn *c, const char *subject, const char *group, struct bench_counter *counter)
{
    tern_error err;
    tern_sub *sub = NULL;
    tern_sub_options options = { .queue_group = group, .executor = tern_executor_inline() };
    if (tern_conn_subscribe(c->conn, subject, &options, count, counter, &sub, &err) != TERN_OK) die("subscribe", &err);
    flush(c);
}

const struct side side = {
    .name = "tern",
    .call_subject = "examples.v1.Echo.Echo",
    .open = tern_side_open,
    .close = tern_side_close,
    .serve = serve,
    .call = call,
    .begin = begin,
    .publish = publish,
    .flush = flush,
    .subscribe = subscribe,
};

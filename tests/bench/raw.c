/* The side of a program that uses nats.c as it is meant to be used, and moves bytes. bench.mode: "", nats.c's defaults;
 * "asap", natsOptions_SetSendAsap on every connection; or "shared", natsOptions_UseGlobalMessageDelivery: not a thread
 * for each subscription but one for all, which is what suits a process with many.
 *
 * Blocking calls are natsConnection_Request. Asynchronous ones have an inbox of the program's own, with one
 * subscription to INBOX.* and one callback for all, the slot being the last token of the reply's subject: nats.c has
 * nothing of its own for them. A slot's next call begins in the callback, and its reply subject is there already, as
 * the subject of the reply that has come. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <nats/nats.h>

#include "side.h"

enum { TIMEOUT_MS = 10000, SUBJECT_BYTES = 128 };

struct sub {
    struct sub *next;
    natsSubscription *sub;
};

struct side_conn {
    natsConnection *nc;
    pthread_mutex_t lock;
    struct sub *subs;          /* under lock */
    atomic_bool listens;       /* inbox is set and subscribed to; becomes true under lock */
    char inbox[SUBJECT_BYTES]; /* with a dot at its end */
    size_t inbox_length;
};

static void must(natsStatus s, const char *what)
{
    if (s != NATS_OK) bench_die(what, natsStatus_GetText(s));
}

/* ---- Connections ---- */

/* Slow consumers, and what the server refuses. */
static void die_of_error(natsConnection *nc, natsSubscription *sub, natsStatus s, void *arg)
{
    (void)nc, (void)sub, (void)arg;
    must(s, "connection");
}

static side_conn *raw_open(void)
{
    natsOptions *options = NULL;
    side_conn *c = calloc(1, sizeof *c);
    if (c == NULL) bench_die("open", "no memory");
    pthread_mutex_init(&c->lock, NULL);
    bool asap = strcmp(bench.mode, "asap") == 0, shared = strcmp(bench.mode, "shared") == 0;
    if (!asap && !shared && *bench.mode != '\0') bench_die("mode", "is asap, shared or nothing");
    must(natsOptions_Create(&options), "options");
    must(natsOptions_SetURL(options, bench.url), "url");
    must(natsOptions_SetSendAsap(options, asap), "asap");
    must(natsOptions_UseGlobalMessageDelivery(options, shared), "shared");
    must(natsOptions_SetAllowReconnect(options, false), "options");
    must(natsOptions_SetErrorHandler(options, die_of_error, NULL), "options");
    if (bench.tls_ca != NULL) {
        must(natsOptions_SetSecure(options, true), "tls");
        must(natsOptions_LoadCATrustedCertificates(options, bench.tls_ca), "tls_ca");
    }
    must(natsConnection_Connect(&c->nc, options), "connect");
    natsOptions_Destroy(options);
    return c;
}

/* The connection first: once nothing is read any more, no message comes to a subscription that goes. */
static void raw_close(side_conn *c)
{
    natsConnection_Close(c->nc);
    for (struct sub *sub = c->subs, *next; sub != NULL; sub = next) {
        next = sub->next;
        natsSubscription_Destroy(sub->sub);
        free(sub);
    }
    natsConnection_Destroy(c->nc);
    pthread_mutex_destroy(&c->lock);
    free(c);
}

static void raw_flush(side_conn *c)
{
    must(natsConnection_Flush(c->nc), "flush");
}

static void subscribe_locked(side_conn *c, const char *subject, const char *group, natsMsgHandler callback, void *arg)
{
    struct sub *sub = calloc(1, sizeof *sub);
    if (sub == NULL) bench_die("subscribe", "no memory");
    must(group == NULL ? natsConnection_Subscribe(&sub->sub, c->nc, subject, callback, arg)
                       : natsConnection_QueueSubscribe(&sub->sub, c->nc, subject, group, callback, arg),
         "subscribe");
    must(natsSubscription_SetPendingLimits(sub->sub, -1, -1), "pending limits");
    sub->next = c->subs;
    c->subs = sub;
}

/* Returns when the server has it. */
static void subscribe_with(side_conn *c, const char *subject, const char *group, natsMsgHandler callback, void *arg)
{
    pthread_mutex_lock(&c->lock);
    subscribe_locked(c, subject, group, callback, arg);
    pthread_mutex_unlock(&c->lock);
    raw_flush(c);
}

/* ---- Calls ---- */

static void echo(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *arg)
{
    (void)sub, (void)arg;
    bench_work();
    must(natsConnection_Publish(nc, natsMsg_GetReply(msg), natsMsg_GetData(msg), natsMsg_GetDataLength(msg)), "reply");
    natsMsg_Destroy(msg);
}

static uint32_t raw_serve(side_conn *c)
{
    subscribe_with(c, BENCH_SUBJECT, NULL, echo, NULL);
    return 0;
}

static void raw_call(side_conn *c)
{
    natsMsg *reply = NULL;
    must(natsConnection_Request(&reply, c->nc, BENCH_SUBJECT, bench.payload, (int)bench.payload_size, TIMEOUT_MS),
         "call");
    bench_check(natsMsg_GetData(reply), (size_t)natsMsg_GetDataLength(reply));
    natsMsg_Destroy(reply);
}

static void request(natsConnection *nc, const char *reply)
{
    must(natsConnection_PublishRequest(nc, BENCH_SUBJECT, reply, bench.payload, (int)bench.payload_size), "request");
}

/* The connection may be closed as soon as its last call is done: c is not looked at after that. */
static void take_reply(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *arg)
{
    (void)sub;
    side_conn *c = arg;
    if (natsMsg_IsNoResponders(msg)) must(NATS_NO_RESPONDERS, "call");
    uint32_t slot = (uint32_t)strtoul(natsMsg_GetSubject(msg) + c->inbox_length, NULL, 10);
    bench_check(natsMsg_GetData(msg), (size_t)natsMsg_GetDataLength(msg));
    if (bench_done(slot)) request(nc, natsMsg_GetSubject(msg));
    natsMsg_Destroy(msg);
}

static void listen_for_replies(side_conn *c)
{
    pthread_mutex_lock(&c->lock);
    if (!atomic_load(&c->listens)) {
        char subject[SUBJECT_BYTES + 1];
        natsInbox *inbox = NULL;
        must(natsInbox_Create(&inbox), "inbox");
        int length = snprintf(c->inbox, sizeof c->inbox, "%s.", inbox);
        if (length < 0 || (size_t)length >= sizeof c->inbox) bench_die("inbox", "is too long");
        c->inbox_length = (size_t)length;
        natsInbox_Destroy(inbox);
        (void)snprintf(subject, sizeof subject, "%s*", c->inbox);
        subscribe_locked(c, subject, NULL, take_reply, c);
        atomic_store(&c->listens, true);
    }
    pthread_mutex_unlock(&c->lock);
}

static void raw_begin(side_conn *c, uint32_t slot)
{
    enum { DIGITS = 10 };
    char reply[SUBJECT_BYTES + DIGITS + 1], digits[DIGITS];
    size_t count = 0;
    if (!atomic_load_explicit(&c->listens, memory_order_acquire)) listen_for_replies(c);
    do {
        digits[DIGITS - ++count] = (char)('0' + slot % 10);
        slot /= 10;
    } while (slot > 0);
    memcpy(reply, c->inbox, c->inbox_length);
    memcpy(reply + c->inbox_length, digits + DIGITS - count, count);
    reply[c->inbox_length + count] = '\0';
    request(c->nc, reply);
}

/* ---- Messages ---- */

static void raw_publish(side_conn *c, const char *subject)
{
    must(natsConnection_Publish(c->nc, subject, bench.payload, (int)bench.payload_size), "publish");
}

static void count_message(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *counter)
{
    (void)nc, (void)sub;
    bench_received(counter);
    natsMsg_Destroy(msg);
}

static void raw_subscribe(side_conn *c, const char *subject, const char *group, struct bench_counter *counter)
{
    subscribe_with(c, subject, group, count_message, counter);
}

const struct side side = {
    .name = "raw",
    .open = raw_open,
    .close = raw_close,
    .serve = raw_serve,
    .call = raw_call,
    .begin = raw_begin,
    .publish = raw_publish,
    .flush = raw_flush,
    .subscribe = raw_subscribe,
};

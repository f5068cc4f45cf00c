/* A connection has one registry of the service instances on it. The nine subjects of an instance are three
 * scopes (scope.h): all instances, those of its name, itself. Instances share the first two, so that a
 * thousand of them on a connection need little more than three subscriptions each, and one message asks them all.
 *
 * The I/O thread does the answering. What is asked waits in a list and is answered some instances at a time, by
 * a control in the outbound queue that queues itself again: so answers are made no faster than they leave, and
 * the rest of the connection's work, reading too, has its turn in between.
 *
 * Locks: mu guards what the program's threads change: which instances and scopes there are, and where the I/O thread
 * is in them. Under it, only the outbound queue's and an endpoint's lock are taken. endpoint_data runs without it; who
 * ends an instance waits on answered until it has returned.
 *
 * Life: the registry lives as long as the connection. The holds on an instance (mu) are the service's and, while
 * it is answered for, the I/O thread's. The instances of a scope have one hold on it together, each question another.
 */
#include "rpc/discovery/discovery.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/error.h"
#include "core/random.h"
#include "msg/publish.h"
#include "rpc/discovery/json.h"
#include "rpc/discovery/naming.h"
#include "rpc/discovery/scope.h"
#include "rpc/wire.h"

enum { SLICE = 16, QUESTIONS_MAX = 65536, STARTED_SIZE = 32 };

/* The scopes that an instance is in, and its place for each. */
enum { SCOPE_ALL, SCOPE_NAME, SCOPE_ONE, SCOPES };

typedef struct registry registry;

struct terni_instance {
    registry *all;
    const tern_service_type *type;
    tern_endpoint_data_fn data;
    void *data_arg;
    terni_json ping, info;
    char started[STARTED_SIZE];
    terni_endpoints *endpoints;  /* mu: to be read while listed */
    terni_scope *scopes[SCOPES]; /* mu, as what follows; NULL: none yet, or ended */
    terni_instance *next, *prev;
    bool listed;
    uint32_t holds;
};

/* A request to be answered. */
typedef struct question {
    struct question *next;
    terni_scope *scope; /* held */
    terni_verb verb;
    natsMsg *msg; /* owned; has a reply subject */
} question;

struct registry {
    terni_companion companion;
    tern_conn *conn;
    question *first_question, *last_question; /* the I/O thread's, as what follows */
    size_t questions;
    bool begun;  /* the first question has been answered in part; cursor says how far */
    bool queued; /* answer is in the outbound queue */
    bool slow;   /* has dropped questions since there were none */
    terni_record answer;
    pthread_mutex_t mu;      /* guards what follows */
    pthread_cond_t answered; /* broadcast when answering is NULL again */
    terni_scope *whole;      /* of all instances; NULL: there are none */
    terni_scope *names;      /* each with at least one instance */
    terni_instance *first, *last;
    terni_instance *cursor;    /* the next to answer the first question, if begun; NULL: none */
    terni_instance *answering; /* the one that the I/O thread is at */
};

/* ---- Sending: on the I/O thread ---- */

static void publish(tern_conn *conn, terni_outgoing *out)
{
    tern_error why;
    out->deadline = TERNI_NEVER;
    out->past_limit = true; /* a slice at a time is let into the queue */
    tern_status st = terni_publish(conn, out, &why);
    if (st == TERN_OK || st == TERN_CANCELLED || st == TERN_FAILED_PRECONDITION) return; /* closed, or about to be */
    terni_conn_lost_message(conn, st, out->subject, why.text);
}

static void send_error(tern_conn *conn, const char *reply, const tern_error *error)
{
    char code[12];
    (void)snprintf(code, sizeof code, "%d", (int)error->status);
    tern_header headers[] = { { TERNI_HEADER_ERROR, error->text }, { TERNI_HEADER_ERROR_CODE, code } };
    terni_outgoing out = { .subject = reply, .headers = headers, .header_count = sizeof headers / sizeof *headers };
    publish(conn, &out);
}

static void send_answer(tern_conn *conn, const char *reply, const terni_json *answer)
{
    tern_error why;
    terni_outgoing out = { .subject = reply, .size = answer->size, .source = answer->text };
    size_t limit = tern_conn_max_payload(conn);
    if (answer->size <= limit) {
        publish(conn, &out);
        return;
    }
    (void)terni_fail(&why, TERN_RESOURCE_EXHAUSTED, "the answer has %zu bytes, the server takes %zu", answer->size,
                     limit);
    send_error(conn, reply, &why);
}

/* ---- Answering: on the I/O thread ---- */

/* Fills in the counters, unless the instance has ended: then the service is not there any more. */
static bool count_endpoints(registry *all, const terni_instance *instance, json_t *stats, bool *out_memory)
{
    (void)pthread_mutex_lock(&all->mu);
    bool listed = instance->listed;
    for (size_t i = 0; listed && *out_memory && i < instance->type->method_count; i++) {
        terni_endpoint_stats counts;
        terni_endpoint_read(instance->endpoints, i, &counts);
        *out_memory = terni_json_stats_count(stats, i, &counts);
    }
    (void)pthread_mutex_unlock(&all->mu);
    return listed;
}

static void ask_for_data(const terni_instance *instance, json_t *stats)
{
    if (instance->data == NULL) return;
    for (size_t i = 0; i < instance->type->method_count; i++) {
        char *data = instance->data(instance->type->methods[i].name, instance->data_arg);
        if (data != NULL) terni_json_stats_data(stats, i, data);
        free(data);
    }
}

static void answer_stats(registry *all, const terni_instance *instance, const char *reply)
{
    tern_error why;
    terni_json answer = { .text = NULL };
    json_t *stats = terni_json_stats_new(&instance->info, instance->started);
    bool memory = stats != NULL;
    bool listed = count_endpoints(all, instance, stats, &memory);
    if (listed && memory) ask_for_data(instance, stats);
    memory = memory && terni_json_stats_text(stats, &answer);
    json_decref(stats);
    if (listed && memory) send_answer(all->conn, reply, &answer);
    if (listed && !memory) {
        (void)terni_fail_memory(&why);
        send_error(all->conn, reply, &why);
    }
    free(answer.text);
}

static void answer_for(registry *all, const terni_instance *instance, const question *asked)
{
    const char *reply = natsMsg_GetReply(asked->msg);
    switch (asked->verb) {
    case TERNI_PING: send_answer(all->conn, reply, &instance->ping); break;
    case TERNI_INFO: send_answer(all->conn, reply, &instance->info); break;
    default: answer_stats(all, instance, reply);
    }
}

static bool is_in(const terni_instance *instance, const terni_scope *scope)
{
    terni_scope *const *scopes = instance->scopes;
    return scopes[SCOPE_ALL] == scope || scopes[SCOPE_NAME] == scope || scopes[SCOPE_ONE] == scope;
}

/* The next instance to answer the first question, with a hold; NULL: there is none left. */
static terni_instance *take_next(registry *all)
{
    const terni_scope *asked = all->first_question->scope;
    (void)pthread_mutex_lock(&all->mu);
    terni_instance *instance = all->begun ? all->cursor : all->first;
    while (instance != NULL && !is_in(instance, asked)) instance = instance->next;
    all->begun = true;
    all->cursor = instance == NULL ? NULL : instance->next;
    all->answering = instance;
    if (instance != NULL) instance->holds++;
    (void)pthread_mutex_unlock(&all->mu);
    return instance;
}

static void instance_release(terni_instance *instance);

static void end_question(registry *all)
{
    question *done = all->first_question;
    all->first_question = done->next;
    if (done->next == NULL) all->last_question = NULL;
    if (--all->questions == 0) all->slow = false;
    all->begun = false;
    terni_conn_discard(all->conn, done->msg, TERNI_SIZE_UNKNOWN);
    terni_scope_release(done->scope);
    free(done);
}

static void answer_next(registry *all)
{
    terni_instance *instance = take_next(all);
    if (instance == NULL) {
        end_question(all);
        return;
    }
    answer_for(all, instance, all->first_question);
    instance_release(instance);
}

/* Has the I/O thread answer when it is its turn. */
static void queue_answer(registry *all)
{
    if (all->queued || all->first_question == NULL) return;
    all->queued = terni_conn_control(all->conn, &all->answer);
    while (!all->queued && all->first_question != NULL) end_question(all); /* closed */
}

static void run_answer(terni_record *record, bool dropped)
{
    registry *all = TERNI_CONTAINER(record, registry, answer);
    bool heard = !dropped && all->conn->io.session != NULL; /* who asked is with a session */
    all->queued = false;
    while (!heard && all->first_question != NULL) end_question(all);
    for (int i = 0; i < SLICE && all->first_question != NULL; i++) answer_next(all);
    queue_answer(all);
    all->conn->io.read_next = all->queued;
}

/* ---- Being asked: on the I/O thread ---- */

static void drop_question(registry *all, const char *subject, natsMsg *msg)
{
    tern_conn *conn = all->conn;
    (void)atomic_fetch_add_explicit(&conn->dropped_in, 1, memory_order_relaxed);
    if (!all->slow)
        terni_conn_emit(conn, TERN_EVENT_SLOW_CONSUMER, TERN_RESOURCE_EXHAUSTED, "", subject,
                        "no room for what discovery is asked; it drops the newest");
    all->slow = true;
    natsMsg_Destroy(msg);
}

static void take_question(terni_scope *scope, terni_verb verb, natsMsg *msg)
{
    registry *all = scope->owner;
    const char *reply = natsMsg_GetReply(msg);
    if (reply == NULL || *reply == '\0') {
        natsMsg_Destroy(msg);
        return;
    }
    question *asked = all->questions == QUESTIONS_MAX ? NULL : malloc(sizeof *asked);
    if (asked == NULL) {
        drop_question(all, scope->listeners[verb].entry.subject, msg);
        return;
    }
    *asked = (question){ .scope = scope, .verb = verb, .msg = msg };
    terni_scope_retain(scope);
    if (all->last_question != NULL) all->last_question->next = asked;
    else all->first_question = asked;
    all->last_question = asked;
    all->questions++;
    queue_answer(all);
}

/* ---- Scopes ---- */

static terni_scope *whole_locked(registry *all)
{
    if (all->whole == NULL) all->whole = terni_scope_new(all->conn, take_question, all, NULL, NULL);
    if (all->whole != NULL) all->whole->users++;
    return all->whole;
}

static terni_scope *name_locked(registry *all, const char *name)
{
    terni_scope *scope = all->names;
    while (scope != NULL && strcmp(scope->name, name) != 0) scope = scope->next;
    if (scope == NULL) {
        scope = terni_scope_new(all->conn, take_question, all, name, NULL);
        if (scope == NULL) return NULL;
        scope->next = all->names;
        if (scope->next != NULL) scope->next->prev = scope;
        all->names = scope;
    }
    scope->users++;
    return scope;
}

static void unlist_name_locked(registry *all, terni_scope *scope)
{
    if (scope->prev != NULL) scope->prev->next = scope->next;
    else all->names = scope->next;
    if (scope->next != NULL) scope->next->prev = scope->prev;
}

static void leave_scopes_locked(registry *all, terni_instance *instance)
{
    for (int i = 0; i < SCOPES; i++) {
        terni_scope *scope = instance->scopes[i];
        instance->scopes[i] = NULL;
        if (scope == NULL || --scope->users > 0) continue;
        if (i == SCOPE_ALL) all->whole = NULL;
        if (i == SCOPE_NAME) unlist_name_locked(all, scope);
        terni_scope_leave(scope);
    }
}

/* ---- The registry ---- */

static void registry_free(terni_companion *companion)
{
    registry *all = TERNI_CONTAINER(companion, registry, companion);
    (void)pthread_cond_destroy(&all->answered);
    (void)pthread_mutex_destroy(&all->mu);
    free(all);
}

static registry *registry_new(tern_conn *conn)
{
    registry *all = calloc(1, sizeof *all);
    if (all == NULL) return NULL;
    if (pthread_mutex_init(&all->mu, NULL) != 0) goto no_mutex;
    if (pthread_cond_init(&all->answered, NULL) != 0) goto no_cond;
    all->companion.free = registry_free;
    all->conn = conn;
    all->answer.run = run_answer;
    all->answer.needs_no_session = true;
    return all;
no_cond:
    (void)pthread_mutex_destroy(&all->mu);
no_mutex:
    free(all);
    return NULL;
}

/* The connection's registry, made when first needed. NULL: out of resources. */
static registry *registry_of(tern_conn *conn)
{
    (void)pthread_mutex_lock(&conn->mu);
    if (conn->discovery == NULL) {
        registry *all = registry_new(conn);
        if (all != NULL) conn->discovery = &all->companion;
    }
    terni_companion *companion = conn->discovery;
    (void)pthread_mutex_unlock(&conn->mu);
    return companion == NULL ? NULL : TERNI_CONTAINER(companion, registry, companion);
}

/* ---- Instances ---- */

static void instance_destroy(terni_instance *instance)
{
    free(instance->ping.text);
    free(instance->info.text);
    free(instance);
}

/* Gives the I/O thread's hold back. */
static void instance_release(terni_instance *instance)
{
    registry *all = instance->all;
    (void)pthread_mutex_lock(&all->mu);
    all->answering = NULL;
    (void)pthread_cond_broadcast(&all->answered);
    bool last = --instance->holds == 0;
    (void)pthread_mutex_unlock(&all->mu);
    if (last) instance_destroy(instance);
}

/* The time now as RFC 3339 has it. */
static void write_time(char out[STARTED_SIZE])
{
    struct timespec now;
    struct tm utc;
    char seconds[sizeof "2000-01-01T00:00:00"] = "";
    (void)clock_gettime(CLOCK_REALTIME, &now);
    (void)gmtime_r(&now.tv_sec, &utc);
    (void)strftime(seconds, sizeof seconds, "%Y-%m-%dT%H:%M:%S", &utc);
    (void)snprintf(out, STARTED_SIZE, "%s.%03uZ", seconds, (unsigned)(now.tv_nsec / 1000000) % 1000);
}

static bool make_answers(terni_instance *instance, const terni_identity *who)
{
    return terni_json_ping(who, &instance->ping) && terni_json_info(who, &instance->info);
}

static bool take_scopes(terni_instance *instance, const terni_identity *who)
{
    registry *all = instance->all;
    (void)pthread_mutex_lock(&all->mu);
    terni_scope **scopes = instance->scopes;
    scopes[SCOPE_ALL] = whole_locked(all);
    scopes[SCOPE_NAME] = name_locked(all, who->name);
    scopes[SCOPE_ONE] = terni_scope_new(all->conn, take_question, all, who->name, who->id);
    if (scopes[SCOPE_ONE] != NULL) scopes[SCOPE_ONE]->users = 1;
    bool ok = scopes[SCOPE_ALL] != NULL && scopes[SCOPE_NAME] != NULL && scopes[SCOPE_ONE] != NULL;
    (void)pthread_mutex_unlock(&all->mu);
    return ok;
}

static terni_instance *instance_new(registry *all, const terni_identity *who, terni_endpoints *endpoints)
{
    terni_instance *instance = calloc(1, sizeof *instance);
    if (instance == NULL) return NULL;
    instance->all = all;
    instance->type = who->type;
    instance->data = who->options->endpoint_data;
    instance->data_arg = who->options->endpoint_data_arg;
    instance->endpoints = endpoints;
    instance->holds = 1;
    write_time(instance->started);
    if (make_answers(instance, who) && take_scopes(instance, who)) return instance;
    terni_discovery_free(instance);
    return NULL;
}

tern_status terni_discovery_new(tern_conn *conn, const tern_service_type *type, const tern_service_options *options,
                                const char *queue_group, terni_endpoints *endpoints, terni_instance **out_instance,
                                tern_error *err)
{
    tern_status st = terni_naming_check(options, type->name, err);
    if (st != TERN_OK) return st;
    char id[TERNI_TOKEN_MAX + 1]; /* as long as those of others */
    char *name = terni_naming_name(options, type->name);
    registry *all = registry_of(conn);
    terni_instance *instance = NULL;
    if (name != NULL && all != NULL && terni_random_token(id, TERNI_TOKEN_MAX)) {
        terni_identity who = { .name = name,
                               .id = id,
                               .version = terni_naming_version(options),
                               .queue_group = queue_group,
                               .type = type,
                               .options = options };
        instance = instance_new(all, &who, endpoints);
    }
    free(name);
    if (instance == NULL) return terni_fail_memory(err);
    *out_instance = instance;
    return TERN_OK;
}

void terni_discovery_begin(terni_instance *instance)
{
    registry *all = instance->all;
    (void)pthread_mutex_lock(&all->mu);
    instance->prev = all->last;
    if (all->last != NULL) all->last->next = instance;
    else all->first = instance;
    all->last = instance;
    instance->listed = true;
    for (int i = 0; i < SCOPES; i++) terni_scope_listen(instance->scopes[i]);
    (void)pthread_mutex_unlock(&all->mu);
}

static void unlist_locked(registry *all, terni_instance *instance)
{
    if (all->cursor == instance) all->cursor = instance->next;
    if (instance->prev != NULL) instance->prev->next = instance->next;
    else all->first = instance->next;
    if (instance->next != NULL) instance->next->prev = instance->prev;
    else all->last = instance->prev;
    instance->next = instance->prev = NULL;
    instance->listed = false;
}

void terni_discovery_end(terni_instance *instance)
{
    registry *all = instance->all;
    (void)pthread_mutex_lock(&all->mu);
    if (instance->listed) unlist_locked(all, instance);
    leave_scopes_locked(all, instance);
    while (all->answering == instance && !terni_on_io_thread()) (void)pthread_cond_wait(&all->answered, &all->mu);
    (void)pthread_mutex_unlock(&all->mu);
}

void terni_discovery_free(terni_instance *instance)
{
    if (instance == NULL) return;
    registry *all = instance->all;
    terni_discovery_end(instance);
    (void)pthread_mutex_lock(&all->mu);
    bool last = --instance->holds == 0;
    (void)pthread_mutex_unlock(&all->mu);
    if (last) instance_destroy(instance);
}

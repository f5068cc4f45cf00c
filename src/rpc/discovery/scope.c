/* The holds on a scope are its owner's, the I/O thread's from add until the entries are gone, that of remove on its
 * way, and what the owner takes besides. add and remove go through the outbound queue, each once, and so in order. */
#include "rpc/discovery/scope.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- On the I/O thread ---- */

static void listener_deliver(terni_entry *entry, natsMsg *msg, size_t size)
{
    terni_listener *listener = TERNI_CONTAINER(entry, terni_listener, entry);
    (void)size;
    listener->scope->asked(listener->scope, listener->verb, msg);
}

static void listener_no_responders(terni_entry *entry)
{
    (void)entry; /* nothing is requested here */
}

static void listener_gone(terni_entry *entry)
{
    terni_scope *scope = TERNI_CONTAINER(entry, terni_listener, entry)->scope;
    if (--scope->in_table == 0) terni_scope_release(scope);
}

static const terni_entry_class listener_class = { listener_deliver, listener_no_responders, listener_gone };

static void run_add(terni_record *record, bool dropped)
{
    terni_scope *scope = TERNI_CONTAINER(record, terni_scope, add);
    tern_conn *conn = scope->conn;
    if (dropped) {
        terni_scope_release(scope);
        return;
    }
    scope->in_table = TERNI_VERBS;
    for (int i = 0; i < TERNI_VERBS; i++) {
        terni_entry *entry = &scope->listeners[i].entry;
        terni_entry_add(&conn->io.entries, entry, TERNI_ENTRY_ASIDE);
        if (conn->io.session == NULL) continue; /* the next session subscribes it */
        natsStatus s = terni_entry_subscribe(entry, terni_session_nats(conn->io.session));
        if (s != NATS_OK && s != NATS_CONNECTION_CLOSED)
            terni_conn_emit(conn, TERN_EVENT_MESSAGE_LOST, terni_status_from_nats(s), "", entry->subject,
                            "the subscription failed; it is tried again in the next session");
    }
}

static void run_remove(terni_record *record, bool dropped)
{
    terni_scope *scope = TERNI_CONTAINER(record, terni_scope, remove);
    for (int i = 0; i < TERNI_VERBS && !dropped; i++)
        if (scope->listeners[i].entry.in_table)
            terni_entry_remove(&scope->conn->io.entries, &scope->listeners[i].entry);
    terni_scope_release(scope);
}

/* ---- On the program's threads ---- */

terni_scope *terni_scope_new(tern_conn *conn, terni_asked_fn asked, void *owner, const char *name, const char *id)
{
    static const char *const verbs[TERNI_VERBS] = { "PING", "INFO", "STATS" };
    const char *name_dot = name == NULL ? "" : ".", *id_dot = id == NULL ? "" : ".";
    if (name == NULL) name = "";
    if (id == NULL) id = "";
    const char *prefix = conn->options.values.discovery_prefix;
    size_t size = strlen(prefix) + sizeof ".STATS.." + strlen(name) + strlen(id), name_size = strlen(name) + 1;
    terni_scope *scope = calloc(1, sizeof *scope + TERNI_VERBS * size + name_size);
    if (scope == NULL) return NULL;
    for (int i = 0; i < TERNI_VERBS; i++) {
        char *subject = scope->texts + (size_t)i * size;
        (void)snprintf(subject, size, "%s.%s%s%s%s%s", prefix, verbs[i], name_dot, name, id_dot, id);
        scope->listeners[i].entry = (terni_entry){ .class = &listener_class, .subject = subject };
        scope->listeners[i].scope = scope;
        scope->listeners[i].verb = (terni_verb)i;
    }
    scope->name = memcpy(scope->texts + TERNI_VERBS * size, name, name_size);
    scope->conn = conn;
    scope->asked = asked;
    scope->owner = owner;
    scope->add.run = run_add;
    scope->remove.run = run_remove;
    scope->add.needs_no_session = scope->remove.needs_no_session = true;
    atomic_init(&scope->holds, 1);
    return scope;
}

void terni_scope_retain(terni_scope *scope)
{
    (void)atomic_fetch_add_explicit(&scope->holds, 1, memory_order_relaxed);
}

void terni_scope_release(terni_scope *scope)
{
    if (atomic_fetch_sub_explicit(&scope->holds, 1, memory_order_acq_rel) == 1) free(scope);
}

/* Queues a control, which has a hold. */
static void ask_io(terni_scope *scope, terni_record *record)
{
    terni_scope_retain(scope);
    if (!terni_conn_control(scope->conn, record)) terni_scope_release(scope);
}

void terni_scope_listen(terni_scope *scope)
{
    if (!scope->added) ask_io(scope, &scope->add);
    scope->added = true;
}

void terni_scope_leave(terni_scope *scope)
{
    if (scope->added) ask_io(scope, &scope->remove);
    terni_scope_release(scope);
}

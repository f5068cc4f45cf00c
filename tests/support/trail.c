#include "trail.h"

#include <stdio.h>
#include <stdlib.h>

#include "tempdir.h"

void trail_init(struct trail *trail)
{
    gate_init(&trail->gate);
    trail->list = NULL;
    trail->capacity = 0;
}

void trail_destroy(struct trail *trail)
{
    gate_destroy(&trail->gate);
    free(trail->list);
}

void trail_take(tern_conn *conn, const tern_event *event, void *arg)
{
    struct trail *trail = arg;
    (void)conn;
    pthread_mutex_lock(&trail->gate.lock);
    if (trail->gate.count == trail->capacity) {
        trail->capacity = trail->capacity * 2 + 64;
        trail->list = realloc(trail->list, (size_t)trail->capacity * sizeof *trail->list);
        if (trail->list == NULL) test_abort("out of memory");
    }
    struct event_seen *seen = &trail->list[trail->gate.count];
    seen->kind = event->kind;
    seen->status = event->status;
    snprintf(seen->server, sizeof seen->server, "%s", event->server);
    snprintf(seen->subject, sizeof seen->subject, "%s", event->subject);
    snprintf(seen->text, sizeof seen->text, "%s", event->text);
    pthread_mutex_unlock(&trail->gate.lock);
    gate_open(&trail->gate);
}

bool trail_get(struct trail *trail, tern_event_kind kind, int nth, struct event_seen *out)
{
    bool found = false;
    pthread_mutex_lock(&trail->gate.lock);
    for (int i = 0; i < trail->gate.count && !found; i++) {
        if (trail->list[i].kind != kind || --nth > 0) continue;
        *out = trail->list[i];
        found = true;
    }
    pthread_mutex_unlock(&trail->gate.lock);
    return found;
}

int trail_count(struct trail *trail, tern_event_kind kind)
{
    int count = 0;
    pthread_mutex_lock(&trail->gate.lock);
    for (int i = 0; i < trail->gate.count; i++) count += trail->list[i].kind == kind;
    pthread_mutex_unlock(&trail->gate.lock);
    return count;
}

bool trail_wait_for(struct trail *trail, tern_event_kind kind, int nth, int timeout_ms, struct event_seen *out)
{
    struct event_seen seen;
    long deadline_ms = test_now_ms() + timeout_ms;
    for (;;) {
        int count = gate_count(&trail->gate);
        long left_ms = deadline_ms - test_now_ms();
        if (trail_get(trail, kind, nth, out != NULL ? out : &seen)) return true;
        if (left_ms <= 0 || !gate_wait(&trail->gate, count + 1, (int)left_ms)) break;
    }
    return trail_get(trail, kind, nth, out != NULL ? out : &seen);
}

bool trail_wait(struct trail *trail, tern_event_kind kind, int nth, int timeout_ms)
{
    return trail_wait_for(trail, kind, nth, timeout_ms, NULL);
}

static const char *event_name(tern_event_kind kind)
{
    static const char *const names[] = { "CONNECTED",          "DISCONNECTED", "RECONNECTED",
                                         "CONNECT_FAILED",     "LAME_DUCK",    "SLOW_CONSUMER",
                                         "PERMISSION_REFUSED", "MESSAGE_LOST", "CLOSED" };
    return (size_t)kind < sizeof names / sizeof *names ? names[kind] : "?";
}

void trail_dump(struct trail *trail)
{
    pthread_mutex_lock(&trail->gate.lock);
    for (int i = 0; i < trail->gate.count; i++) {
        const struct event_seen *seen = &trail->list[i];
        fprintf(stderr, "event %d: %s %s server \"%s\" subject \"%s\" text \"%s\"\n", i, event_name(seen->kind),
                tern_status_name(seen->status), seen->server, seen->subject, seen->text);
    }
    pthread_mutex_unlock(&trail->gate.lock);
}

int trail_misplaced(struct trail *trail)
{
    bool ever = false, up = false, moves = false, closed = false;
    int bad = -1;
    pthread_mutex_lock(&trail->gate.lock);
    for (int i = 0; i < trail->gate.count && bad < 0; i++) {
        bool fits = !closed;
        switch (trail->list[i].kind) {
        case TERN_EVENT_CONNECTED:
            fits = fits && !ever;
            ever = up = true;
            break;
        case TERN_EVENT_DISCONNECTED:
            fits = fits && up;
            up = moves = false;
            break;
        case TERN_EVENT_RECONNECTED:
            fits = fits && ever && (!up || moves);
            up = true;
            moves = false;
            break;
        case TERN_EVENT_CONNECT_FAILED: fits = fits && (!up || moves); break;
        case TERN_EVENT_LAME_DUCK:
            fits = fits && up;
            moves = true;
            break;
        case TERN_EVENT_CLOSED: closed = true; break;
        default: break;
        }
        if (!fits) bad = i;
    }
    pthread_mutex_unlock(&trail->gate.lock);
    if (bad >= 0) trail_dump(trail);
    return bad;
}

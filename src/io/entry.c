/* Every entry, but for those threaded, has a synchronous subscription of nats.c in each session, with no limits of
 * nats.c's: it is drained right after each read, so that it never holds more than one read brought. Looking into an
 * empty one costs some 16 ns, so the entries are looked at in the order in which a message is most likely to be there,
 * and the search ends when as many are found as came: calls in flight, oldest first, since replies mostly come in the
 * order of the requests; then subscriptions, the last hit first; then those aside, so that thousands of them cost the
 * others nothing; then idle call slots, where only late replies are. */
#include "io/entry.h"

#include <assert.h>
#include <poll.h>

#include "core/thread.h"

enum { DELIVER_MAX_MS = 100, TAKE_MAX = 32 };

static void unlink_entry(terni_entry_table *table, terni_entry *entry)
{
    terni_entry_group group = entry->group;
    if (entry->prev != NULL) entry->prev->next = entry->next;
    else table->first[group] = entry->next;
    if (entry->next != NULL) entry->next->prev = entry->prev;
    else table->last[group] = entry->prev;
    entry->next = entry->prev = NULL;
}

static void link_last(terni_entry_table *table, terni_entry *entry, terni_entry_group group)
{
    entry->group = group;
    entry->next = NULL;
    entry->prev = table->last[group];
    if (entry->prev != NULL) entry->prev->next = entry;
    else table->first[group] = entry;
    table->last[group] = entry;
}

static void move_to_front(terni_entry_table *table, terni_entry *entry)
{
    terni_entry_group group = entry->group;
    if (table->first[group] == entry) return;
    unlink_entry(table, entry);
    entry->next = table->first[group];
    entry->next->prev = entry;
    table->first[group] = entry;
}

/* nsub: the session's subscription from now on; NULL: there is none. */
static void follow(const terni_entry *entry, const natsSubscription *nsub)
{
    if (entry->threaded != NULL) entry->threaded->follow(entry->threaded, nsub);
}

void terni_entry_add(terni_entry_table *table, terni_entry *entry, terni_entry_group group)
{
    assert(!entry->in_table);
    entry->in_table = true;
    if (entry->threaded != NULL) table->threaded = entry;
    link_last(table, entry, group);
}

void terni_entry_regroup(terni_entry_table *table, terni_entry *entry, terni_entry_group group)
{
    unlink_entry(table, entry);
    link_last(table, entry, group);
}

void terni_entry_remove(terni_entry_table *table, terni_entry *entry)
{
    follow(entry, NULL);
    natsSubscription_Destroy(entry->nsub);
    entry->nsub = NULL;
    terni_entry_forget_retiring(entry);
    if (entry->in_table) unlink_entry(table, entry);
    if (table->threaded == entry) table->threaded = NULL;
    entry->in_table = false;
    entry->class->gone(entry);
}

void terni_entry_forget_retiring(terni_entry *entry)
{
    if (entry->retiring_nsub == NULL) return;
    natsSubscription_Destroy(entry->retiring_nsub);
    entry->retiring_nsub = NULL;
}

static void *end_at_once(void *arg)
{
    return arg;
}

/* Whether natsConnection_Subscribe may be asked for a thread. In nats.c from 3.13.0 to at least 3.14.0, when its thread
 * does not start, natsConn_subscribeImpl lets go of the connection twice, so that it is freed while in use. There a
 * thread is tried first. That leaves a moment in which others take the room, or the thread tried counts although it was
 * joined; the memory for nats.c's stack is kept by libc. */
static bool has_room_for_a_thread(void)
{
    pthread_t thread;
    if (!TERNI_NATSC_AT_LEAST(3, 13)) return true;
    if (!terni_thread_start(&thread, end_at_once, NULL)) return false;
    (void)pthread_join(thread, NULL);
    return true;
}

static natsStatus subscribe_threaded(terni_entry *entry, natsConnection *nc, natsSubscription **out_nsub)
{
    terni_threaded *threaded = entry->threaded;
    entry->seen = entry->came = 0;
    if (!has_room_for_a_thread()) return NATS_SYS_ERROR; /* as nats.c says it */
    natsStatus s = natsConnection_Subscribe(out_nsub, nc, entry->subject, threaded->deliver, threaded);
    if (s != NATS_OK) return s;
    threaded->hold(threaded);
    follow(entry, *out_nsub);
    s = natsSubscription_SetOnCompleteCB(*out_nsub, threaded->release, threaded);
    if (s != NATS_OK) threaded->release(threaded);
    return s;
}

static natsStatus subscribe(terni_entry *entry, natsConnection *nc, natsSubscription **out_nsub)
{
    if (entry->threaded != NULL) return subscribe_threaded(entry, nc, out_nsub);
    if (entry->queue_group == NULL) return natsConnection_SubscribeSync(out_nsub, nc, entry->subject);
    return natsConnection_QueueSubscribeSync(out_nsub, nc, entry->subject, entry->queue_group);
}

natsStatus terni_entry_subscribe(terni_entry *entry, natsConnection *nc)
{
    if (entry->nsub != NULL || entry->leaving) return NATS_OK;
    natsSubscription *nsub = NULL;
    natsStatus s = subscribe(entry, nc, &nsub);
    if (s == NATS_OK) s = natsSubscription_SetPendingLimits(nsub, -1, -1);
    if (s == NATS_OK) entry->nsub = nsub;
    else natsSubscription_Destroy(nsub);
    return s;
}

natsStatus terni_entry_leave(terni_entry *entry)
{
    /* UNSUB goes into nats.c's buffer before this returns, and so before the fence that follows. The
     * subscription stays readable, unlike after natsSubscription_Unsubscribe. A negative timeout: the
     * thread that nats.c starts here waits for one flush only. */
    natsStatus s = NATS_OK;
    entry->leaving = true;
    if (entry->nsub != NULL) s = natsSubscription_DrainTimeout(entry->nsub, -1);
    if (s == NATS_OK && entry->retiring_nsub != NULL) s = natsSubscription_DrainTimeout(entry->retiring_nsub, -1);
    return s;
}

/* nats.c frees what its thread has not yet delivered when the subscription ends; it gets a moment for that. */
static void let_deliver(const terni_entry *entry, natsSubscription *nsub)
{
    int pending = 0;
    if (entry->threaded == NULL || nsub == NULL) return;
    for (int i = 0; i < DELIVER_MAX_MS; i++) {
        if (natsSubscription_GetPending(nsub, &pending, NULL) != NATS_OK || pending == 0) return;
        (void)poll(NULL, 0, 1);
    }
}

void terni_entries_detach(terni_entry_table *table, bool retiring)
{
    for (int group = 0; group < TERNI_ENTRY_GROUPS; group++) {
        for (terni_entry *entry = table->first[group]; entry != NULL; entry = entry->next) {
            natsSubscription **nsub = retiring ? &entry->retiring_nsub : &entry->nsub;
            if (!retiring) follow(entry, NULL);
            let_deliver(entry, *nsub);
            natsSubscription_Destroy(*nsub);
            *nsub = NULL;
        }
    }
}

void terni_entries_retire(terni_entry_table *table)
{
    for (int group = 0; group < TERNI_ENTRY_GROUPS; group++) {
        for (terni_entry *entry = table->first[group]; entry != NULL; entry = entry->next) {
            assert(entry->retiring_nsub == NULL);
            follow(entry, NULL);
            entry->retiring_nsub = entry->nsub;
            entry->retiring_left = false;
            entry->nsub = NULL;
        }
    }
}

/* How many messages came for a threaded entry since this was last asked. */
static uint32_t count_threaded(terni_entry *entry)
{
    int pending = 0;
    int64_t delivered = 0;
    bool known = entry->nsub != NULL &&
                 natsSubscription_GetStats(entry->nsub, &pending, NULL, NULL, NULL, &delivered, NULL) == NATS_OK;
    if (!known) return 0;
    uint32_t all = (uint32_t)pending + (uint32_t)delivered, came = all - entry->seen; /* nats.c counts in an int */
    entry->seen = all;
    return came;
}

void terni_entries_was_read(terni_entry_table *table)
{
    terni_entry *entry = table->threaded;
    if (entry == NULL) return;
    entry->came = count_threaded(entry);
    if (entry->came > 0) entry->threaded->was_read(entry->threaded, entry->came);
}

/* Messages of the session that need no handing over. */
static uint64_t take_came(terni_entry *entry)
{
    uint64_t came = entry->came;
    entry->came = 0;
    return came;
}

/* Some of what a subscription holds. */
typedef struct taken {
    natsMsg *msgs[TAKE_MAX];
    natsStatus statuses[TAKE_MAX];
    size_t count, payload_bytes;
} taken;

static void take(taken *t, natsSubscription *nsub, size_t count)
{
    t->count = count;
    t->payload_bytes = 0;
    for (size_t i = 0; i < count; i++) {
        t->msgs[i] = NULL;
        t->statuses[i] = natsSubscription_NextMsg(&t->msgs[i], nsub, 0);
        if (t->statuses[i] == NATS_OK) t->payload_bytes += (size_t)natsMsg_GetDataLength(t->msgs[i]);
    }
}

/* bytes: of all, with headers. Where there are headers nobody says whose, so all are taken to have some. */
static void hand_over(terni_entry *entry, const taken *t, size_t bytes)
{
    size_t headers = bytes > t->payload_bytes ? (bytes - t->payload_bytes + t->count - 1) / t->count : 0;
    for (size_t i = 0; i < t->count; i++) {
        if (t->statuses[i] == NATS_OK)
            entry->class->deliver(entry, t->msgs[i], (size_t)natsMsg_GetDataLength(t->msgs[i]) + headers);
        else if (t->statuses[i] == NATS_NO_RESPONDERS) entry->class->no_responders(entry);
    }
}

/* The size of messages with their headers shows only in how much less is pending after them. */
static void hand_over_all(terni_entry *entry, natsSubscription *nsub, int pending, int bytes)
{
    taken t;
    for (int left = pending, after = 0; left > 0; left -= (int)t.count, bytes = after) {
        take(&t, nsub, left > TAKE_MAX ? TAKE_MAX : (size_t)left);
        after = 0;
        if (left > (int)t.count) (void)natsSubscription_GetPending(nsub, NULL, &after);
        hand_over(entry, &t, (size_t)(bytes - after));
        if (entry->nsub != nsub && entry->retiring_nsub != nsub) break; /* destroyed meanwhile */
    }
}

static void hand_over_one(terni_entry *entry, natsSubscription *nsub, size_t bytes)
{
    natsMsg *msg = NULL;
    natsStatus s = natsSubscription_NextMsg(&msg, nsub, 0);
    if (s == NATS_OK) entry->class->deliver(entry, msg, bytes);
    else if (s == NATS_NO_RESPONDERS) entry->class->no_responders(entry);
}

/* Hands over what the subscription holds. Returns how many there were. */
static uint64_t drain_one(terni_entry *entry, natsSubscription *nsub)
{
    int pending = 0, before = 0;
    if (entry->threaded != NULL) return nsub == entry->nsub ? take_came(entry) : 0;
    if (natsSubscription_GetPending(nsub, &pending, &before) != NATS_OK || pending <= 0) return 0;
    if (pending == 1) hand_over_one(entry, nsub, (size_t)before);
    else hand_over_all(entry, nsub, pending, before);
    return (uint64_t)pending;
}
uint64_t terni_entry_drain(terni_entry *entry)
{
    return entry->nsub == NULL ? 0 : drain_one(entry, entry->nsub);
}

uint64_t terni_entries_drain(terni_entry_table *table, bool retiring, uint64_t expected)
{
    for (int group = 0; group < TERNI_ENTRY_GROUPS && expected > 0; group++) {
        terni_entry *next;
        for (terni_entry *entry = table->first[group]; entry != NULL && expected > 0; entry = next) {
            next = entry->next; /* delivering may move the entry to another group */
            natsSubscription *nsub = retiring ? entry->retiring_nsub : entry->nsub;
            uint64_t found = nsub == NULL ? 0 : drain_one(entry, nsub);
            expected -= found < expected ? found : expected;
            bool hit_first = entry->group == TERNI_ENTRY_SUB || entry->group == TERNI_ENTRY_ASIDE;
            if (found > 0 && hit_first) move_to_front(table, entry);
        }
    }
    return expected;
}

/* Every slot has an inbox of its own, "<inbox>.<slot>.*", that lives on from call to call. The slot's own subscription
 * names the call also for the one message that says nothing of itself: the server's 503, which
 * natsSubscription_NextMsg swallows. The last token of the reply subject changes with each call, so a late reply finds
 * a token that is over, and is counted and dropped.
 *
 * A late 503 has no token. So when a call that was sent ends without an answer, its slot is not used again until a
 * fence sent after that has come back: the server decides about a 503 when it takes the request, so by then a 503 has
 * come, and has found no call. */
#include "msg/slot.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TOKEN_MAX = 15 }; /* more than 2^64 of them, and a NUL */

struct terni_slot {
    terni_entry entry;
    terni_fence fence; /* of leaving without an answer */
    terni_slots *owner;
    struct terni_slot *next_free, *next;
    terni_exchange *exchange; /* NULL: none */
    char *reply;              /* "<inbox>.<slot>.<token>", of the call that has the slot or had it last */
    char *token;              /* in reply */
    char inbox[];             /* "<inbox>.<slot>.*"; behind it is reply */
};

static terni_slot *slot_of(terni_entry *entry)
{
    return TERNI_CONTAINER(entry, terni_slot, entry);
}

static terni_entry_table *table_of(const terni_slot *slot)
{
    return &slot->owner->conn->io.entries;
}

static void give_back(terni_slot *slot)
{
    slot->next_free = slot->owner->free_slots;
    slot->owner->free_slots = slot;
}

/* ---- What comes ---- */

static void slot_deliver(terni_entry *entry, natsMsg *msg, size_t size)
{
    terni_slot *slot = slot_of(entry);
    if (slot->exchange != NULL && strcmp(natsMsg_GetSubject(msg), slot->reply) == 0) {
        slot->exchange->reply_is_bare = size == (size_t)natsMsg_GetDataLength(msg);
        slot->owner->answered(slot->exchange, msg);
        return;
    }
    terni_calls_drop_late(slot->owner->conn, msg, size);
}

static void slot_no_responders(terni_entry *entry)
{
    terni_slot *slot = slot_of(entry);
    if (slot->exchange != NULL) slot->owner->answered(slot->exchange, NULL);
}

static void slot_gone(terni_entry *entry)
{
    (void)entry; /* the slot is the engine's, in the table or not */
}

static const terni_entry_class slot_entry_class = { slot_deliver, slot_no_responders, slot_gone };

/* The fence is back. If the session broke, its subscriptions, and any 503 for them, went with it. */
static void slot_left(terni_fence *fence, tern_status status)
{
    (void)status;
    give_back(TERNI_CONTAINER(fence, terni_slot, fence));
}

/* ---- Taking and leaving ---- */

static terni_slot *slot_new(terni_slots *owner)
{
    const char *prefix = owner->conn->inbox;
    size_t size = strlen(prefix) + sizeof ".4294967295.*";
    terni_slot *slot = calloc(1, sizeof *slot + size + size + TOKEN_MAX);
    if (slot == NULL) return NULL;
    size_t token_at = (size_t)snprintf(slot->inbox, size, "%s.%" PRIu32 ".*", prefix, owner->count) - 1;
    slot->reply = memcpy(slot->inbox + size, slot->inbox, token_at);
    slot->token = slot->reply + token_at;
    slot->owner = owner;
    slot->entry.class = &slot_entry_class;
    slot->entry.subject = slot->inbox;
    slot->fence.done = slot_left;
    slot->next = owner->all;
    owner->all = slot;
    owner->count++;
    return slot;
}

/* Makes the token another one, in place: "a" to "z", then "aa" to "za", "ab" and so on. */
static void count_on(char *token)
{
    char *at = token;
    for (; *at == 'z'; at++) *at = 'a';
    if (*at != '\0') (*at)++;
    else *at = 'a'; /* behind it is a NUL still */
}

tern_status terni_slot_take(terni_slots *slots, terni_exchange *exchange, const char **out_reply)
{
    terni_slot *slot = slots->free_slots;
    if (slot == NULL) {
        slot = slots->count < TERNI_SLOTS_MAX ? slot_new(slots) : NULL;
        if (slot == NULL) return TERN_RESOURCE_EXHAUSTED;
    } else {
        slots->free_slots = slot->next_free;
    }
    if (!slot->entry.in_table) terni_entry_add(table_of(slot), &slot->entry, TERNI_ENTRY_AWAITED);
    else terni_entry_regroup(table_of(slot), &slot->entry, TERNI_ENTRY_AWAITED);
    natsStatus s = terni_entry_subscribe(&slot->entry, terni_session_nats(slots->conn->io.session));
    if (s != NATS_OK && s != NATS_CONNECTION_CLOSED) { /* closed: publishing finds out, too */
        terni_entry_regroup(table_of(slot), &slot->entry, TERNI_ENTRY_IDLE);
        give_back(slot);
        return terni_status_from_nats(s);
    }
    slot->exchange = exchange;
    exchange->slot = slot;
    count_on(slot->token);
    *out_reply = slot->reply;
    return TERN_OK;
}

void terni_slot_leave(terni_exchange *exchange, bool answered)
{
    terni_slot *slot = exchange->slot;
    exchange->slot = NULL;
    slot->exchange = NULL;
    if (slot->entry.in_table) terni_entry_regroup(table_of(slot), &slot->entry, TERNI_ENTRY_IDLE);
    terni_entry_forget_retiring(&slot->entry); /* the next call, and the fence, go through the session only */
    if (answered || !slot->entry.in_table) {
        give_back(slot);
        return;
    }
    if (terni_fence_send(&slot->owner->conn->io.fences, &slot->fence) == NATS_OK) return;
    terni_entry_remove(table_of(slot), &slot->entry); /* no fence, no subscription: a 503 for it finds nobody */
    give_back(slot);
}

terni_entry *terni_slot_entry(terni_slot *slot)
{
    return &slot->entry;
}

terni_exchange *terni_slots_refused(terni_slots *slots, const char *subject)
{
    terni_slot *slot = slots->all;
    while (slot != NULL && strcmp(slot->inbox, subject) != 0) slot = slot->next;
    if (slot == NULL) return NULL;
    if (slot->entry.in_table)
        terni_entry_remove(table_of(slot), &slot->entry); /* so that the next call hears it, too */
    return slot->exchange;
}

void terni_slots_free(terni_slots *slots)
{
    while (slots->all != NULL) {
        terni_slot *slot = slots->all;
        slots->all = slot->next;
        free(slot);
    }
}

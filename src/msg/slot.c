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

#include "core/digits.h"

struct terni_slot {
    terni_entry entry;
    terni_fence fence; /* of leaving without an answer */
    terni_slots *owner;
    struct terni_slot *next_free, *next;
    terni_exchange *exchange; /* NULL: none */
    uint64_t token;
    char token_text[TERNI_DIGITS_MAX + 1]; /* token as the reply subject has it */
    size_t inbox_size;                     /* up to and with the last dot */
    char inbox[];                          /* "<inbox>.<slot>.*" */
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

/* Is this the subject that the slot's call asked the reply for? */
static bool is_asked_for(const terni_slot *slot, const char *subject)
{
    return strncmp(subject, slot->inbox, slot->inbox_size) == 0 &&
           strcmp(subject + slot->inbox_size, slot->token_text) == 0;
}

static void slot_deliver(terni_entry *entry, natsMsg *msg, size_t size)
{
    terni_slot *slot = slot_of(entry);
    if (slot->exchange != NULL && is_asked_for(slot, natsMsg_GetSubject(msg))) {
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
    terni_slot *slot = calloc(1, sizeof *slot + size);
    if (slot == NULL) return NULL;
    slot->inbox_size = (size_t)snprintf(slot->inbox, size, "%s.%" PRIu32 ".*", prefix, owner->count) - 1;
    slot->owner = owner;
    slot->entry.class = &slot_entry_class;
    slot->entry.subject = slot->inbox;
    slot->fence.done = slot_left;
    slot->next = owner->all;
    owner->all = slot;
    owner->count++;
    return slot;
}

tern_status terni_slot_take(terni_slots *slots, terni_exchange *exchange, char out_reply[TERNI_REPLY_SIZE])
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
    slot->token++;
    exchange->slot = slot;
    char *end = terni_put_number(slot->token_text, slot->token, 16);
    *end = '\0';
    memcpy(out_reply, slot->inbox, slot->inbox_size);
    memcpy(out_reply + slot->inbox_size, slot->token_text, (size_t)(end - slot->token_text) + 1);
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

bool terni_slot_refused(terni_exchange *exchange, const char *subject)
{
    terni_slot *slot = exchange->slot;
    if (strcmp(slot->inbox, subject) != 0) return false;
    terni_entry_remove(table_of(slot), &slot->entry); /* so that the next call hears it, too */
    return true;
}

void terni_slots_free(terni_slots *slots)
{
    while (slots->all != NULL) {
        terni_slot *slot = slots->all;
        slots->all = slot->next;
        free(slot);
    }
}

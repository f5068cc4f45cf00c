#include "io/discard.h"

#include <stdlib.h>

enum { SUPPOSED_BYTES = TERNI_DISCARD_BYTES / 64 }; /* where the size is unknown: there may be large headers */
enum { CAPACITY_MIN = 64 };

bool terni_discard_init(terni_discard *discard)
{
    discard->own = discard->others = (terni_discard_list){ 0 };
    return pthread_mutex_init(&discard->mu, NULL) == 0;
}

static void destroy_all(terni_discard_list *list)
{
    for (size_t i = 0; i < list->count; i++) natsMsg_Destroy(list->msgs[i]);
    list->count = list->bytes = 0;
}

/* Destroys a list's messages, and frees it. */
static void end_list(terni_discard_list *list)
{
    destroy_all(list);
    free(list->msgs);
    *list = (terni_discard_list){ 0 };
}

void terni_discard_destroy(terni_discard *discard)
{
    end_list(&discard->own);
    end_list(&discard->others);
    (void)pthread_mutex_destroy(&discard->mu);
}

static bool make_room(terni_discard_list *list)
{
    if (list->count < list->capacity) return true;
    size_t capacity = list->capacity == 0 ? CAPACITY_MIN : 2 * list->capacity;
    natsMsg **msgs = realloc(list->msgs, capacity * sizeof *msgs);
    if (msgs == NULL) return false;
    list->msgs = msgs;
    list->capacity = capacity;
    return true;
}

/* False: no memory. */
static bool add(terni_discard_list *list, natsMsg *msg, size_t size)
{
    if (!make_room(list)) return false;
    list->msgs[list->count++] = msg;
    list->bytes += size == TERNI_SIZE_UNKNOWN ? SUPPOSED_BYTES + (size_t)natsMsg_GetDataLength(msg) : size;
    return true;
}

static bool is_full(const terni_discard_list *list)
{
    return list->count >= TERNI_DISCARD_MSGS || list->bytes > TERNI_DISCARD_BYTES;
}

static void discard_own(terni_discard_list *list, natsMsg *msg, size_t size)
{
    if (!add(list, msg, size)) natsMsg_Destroy(msg);
    if (is_full(list)) destroy_all(list);
}

/* Takes the list, and leaves an empty one. */
static terni_discard_list take_locked(terni_discard_list *list)
{
    terni_discard_list taken = *list;
    *list = (terni_discard_list){ 0 };
    return taken;
}

static void discard_others(terni_discard *discard, natsMsg *msg, size_t size)
{
    terni_discard_list full = { 0 };
    (void)pthread_mutex_lock(&discard->mu);
    bool added = add(&discard->others, msg, size);
    if (is_full(&discard->others)) full = take_locked(&discard->others);
    (void)pthread_mutex_unlock(&discard->mu);
    if (!added) natsMsg_Destroy(msg);
    if (full.count > 0) end_list(&full);
}

void terni_discard_msg(terni_discard *discard, natsMsg *msg, size_t size, bool on_io_thread)
{
    if (on_io_thread) discard_own(&discard->own, msg, size);
    else discard_others(discard, msg, size);
}

/* Gives back an empty list, to be used again where none has come in its place. */
static void give_back(terni_discard *discard, terni_discard_list list)
{
    (void)pthread_mutex_lock(&discard->mu);
    bool used = discard->others.capacity == 0;
    if (used) discard->others = list;
    (void)pthread_mutex_unlock(&discard->mu);
    if (!used) free(list.msgs);
}

void terni_discard_flush(terni_discard *discard, bool lets_go)
{
    (void)pthread_mutex_lock(&discard->mu);
    terni_discard_list others = take_locked(&discard->others);
    (void)pthread_mutex_unlock(&discard->mu);
    if (lets_go) {
        end_list(&others);
        end_list(&discard->own);
    } else {
        destroy_all(&others);
        destroy_all(&discard->own);
        give_back(discard, others);
    }
}

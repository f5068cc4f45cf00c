#include "io/fence.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

natsStatus terni_fences_open(terni_fence_list *list, natsConnection *nc, const char *inbox, uint64_t number)
{
    size_t size = strlen(inbox) + sizeof ".fence.18446744073709551615";
    *list = (terni_fence_list){ .nc = nc, .subject = malloc(size) };
    if (list->subject == NULL) return NATS_NO_MEMORY;
    (void)snprintf(list->subject, size, "%s.fence.%" PRIu64, inbox, number);
    return natsConnection_SubscribeSync(&list->nsub, nc, list->subject);
}

static void end_oldest(terni_fence_list *list, tern_status status)
{
    terni_fence *fence = list->head;
    list->head = fence->next;
    if (list->head == NULL) list->tail = NULL;
    fence->done(fence, status);
}

void terni_fences_close(terni_fence_list *list)
{
    terni_fence_list closed = *list; /* done may look at the list, and finds it closed */
    *list = (terni_fence_list){ 0 };
    while (closed.head != NULL) end_oldest(&closed, TERN_UNAVAILABLE);
    natsSubscription_Destroy(closed.nsub);
    free(closed.subject);
}

natsStatus terni_fence_send(terni_fence_list *list, terni_fence *fence)
{
    char text[24];
    if (list->nc == NULL) return NATS_CONNECTION_CLOSED;
    if (list->refused) return NATS_NOT_PERMITTED;
    uint64_t id = list->last_id + 1;
    int size = snprintf(text, sizeof text, "%" PRIu64, id);
    natsStatus s = natsConnection_Publish(list->nc, list->subject, text, size);
    if (s != NATS_OK) return s;
    list->last_id = id;
    fence->id = id;
    fence->next = NULL;
    if (list->tail != NULL) list->tail->next = fence;
    else list->head = fence;
    list->tail = fence;
    return NATS_OK;
}

uint64_t terni_fences_pending(terni_fence_list *list, uint64_t *out_bytes)
{
    int msgs = 0, bytes = 0;
    *out_bytes = 0;
    if (list->head == NULL || natsSubscription_GetPending(list->nsub, &msgs, &bytes) != NATS_OK) return 0;
    *out_bytes = (uint64_t)bytes;
    return (uint64_t)msgs;
}

static void returned(terni_fence_list *list, const char *data, int size)
{
    char text[24] = "";
    if (size <= 0 || (size_t)size >= sizeof text) return;
    memcpy(text, data, (size_t)size);
    uint64_t id = strtoull(text, NULL, 10);
    if (id > list->last_id) return; /* somebody else's idea of a fence */
    while (list->head != NULL && list->head->id <= id) end_oldest(list, TERN_OK);
}

void terni_fences_drain(terni_fence_list *list)
{
    int pending = 0;
    if (list->nsub == NULL || natsSubscription_GetPending(list->nsub, &pending, NULL) != NATS_OK) return;
    for (; pending > 0; pending--) {
        natsMsg *msg = NULL;
        if (natsSubscription_NextMsg(&msg, list->nsub, 0) != NATS_OK) continue;
        returned(list, natsMsg_GetData(msg), natsMsg_GetDataLength(msg));
        natsMsg_Destroy(msg);
    }
}

void terni_fence_refused(terni_fence_list *list)
{
    if (list->head != NULL) end_oldest(list, TERN_OK);
}

void terni_fences_disable(terni_fence_list *list)
{
    list->refused = true;
    while (list->head != NULL) end_oldest(list, TERN_PERMISSION_DENIED);
}

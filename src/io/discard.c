#include "io/discard.h"

#include <string.h>

enum { SIZE_UNKNOWN = TERNI_DISCARD_BYTES / 64 }; /* there may be large headers: fewer wait */

bool terni_discard_init(terni_discard *discard)
{
    discard->count = discard->bytes = 0;
    return pthread_mutex_init(&discard->mu, NULL) == 0;
}

static void destroy_all(natsMsg **msgs, size_t count)
{
    for (size_t i = 0; i < count; i++) natsMsg_Destroy(msgs[i]);
}

void terni_discard_destroy(terni_discard *discard)
{
    destroy_all(discard->msgs, discard->count);
    (void)pthread_mutex_destroy(&discard->mu);
}

void terni_discard_msg(terni_discard *discard, natsMsg *msg, size_t size)
{
    natsMsg *full[TERNI_DISCARD_MSGS];
    size_t count = 0;
    if (msg == NULL) return;
    (void)pthread_mutex_lock(&discard->mu);
    discard->msgs[discard->count++] = msg;
    discard->bytes += size == 0 ? SIZE_UNKNOWN + (size_t)natsMsg_GetDataLength(msg) : size;
    if (discard->count == TERNI_DISCARD_MSGS || discard->bytes > TERNI_DISCARD_BYTES) {
        count = discard->count;
        memcpy(full, discard->msgs, count * sizeof *full);
        discard->count = discard->bytes = 0;
    }
    (void)pthread_mutex_unlock(&discard->mu);
    destroy_all(full, count);
}

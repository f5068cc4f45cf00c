/* The taking thread takes all that were put at once, so that no block comes and goes under the hands of one who puts.
 */
#include "core/spares.h"

#include <stddef.h>
#include <stdlib.h>

void *terni_spares_take(terni_spares *spares)
{
    if (spares->back != NULL) {
        terni_spare *spare = spares->back;
        spares->back = spare->next;
        spares->back_count--;
        return spare;
    }
    if (spares->taken == NULL) {
        if (atomic_load_explicit(&spares->put, memory_order_relaxed) == NULL) return NULL;
        spares->taken = atomic_exchange_explicit(&spares->put, NULL, memory_order_acquire);
    }
    terni_spare *spare = spares->taken;
    spares->taken = spare->next;
    (void)atomic_fetch_sub_explicit(&spares->count, 1, memory_order_relaxed);
    return spare;
}

bool terni_spares_put_back(terni_spares *spares, void *block, uint32_t limit)
{
    if (spares->back_count >= limit) return false;
    terni_spare *spare = block;
    spare->next = spares->back;
    spares->back = spare;
    spares->back_count++;
    return true;
}

bool terni_spares_put(terni_spares *spares, void *block, uint32_t limit)
{
    if (atomic_fetch_add_explicit(&spares->count, 1, memory_order_relaxed) >= limit) {
        (void)atomic_fetch_sub_explicit(&spares->count, 1, memory_order_relaxed);
        return false;
    }
    terni_spare *spare = block;
    spare->next = atomic_load_explicit(&spares->put, memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(&spares->put, &spare->next, spare, memory_order_release,
                                                  memory_order_relaxed))
        continue;
    return true;
}

static void free_list(terni_spare *spare)
{
    while (spare != NULL) {
        terni_spare *next = spare->next;
        free(spare);
        spare = next;
    }
}

void terni_spares_free(terni_spares *spares)
{
    free_list(spares->back);
    free_list(spares->taken);
    free_list(atomic_exchange(&spares->put, NULL));
    spares->back = spares->taken = NULL;
}

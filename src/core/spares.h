/* Blocks of memory of one size, kept from use to use. Any thread puts them in; one thread takes them, and puts them
 * back for less. */
#ifndef TERNI_SPARES_H
#define TERNI_SPARES_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* Lies in the block itself, over what that held. */
typedef struct terni_spare {
    struct terni_spare *next;
} terni_spare;

/* Zeroed: empty. */
typedef struct terni_spares {
    terni_spare *_Atomic put;
    atomic_uint count;  /* of those put and taken, and those just being put */
    terni_spare *taken; /* the taking thread's, as what follows: once put, to be handed out */
    terni_spare *back;  /* put back by it, to be handed out first */
    uint32_t back_count;
} terni_spares;

/* A block, or NULL: there is none. */
void *terni_spares_take(terni_spares *spares);

/* Takes block over. False: there are limit others already, and it is the caller's still. */
bool terni_spares_put(terni_spares *spares, void *block, uint32_t limit);

/* The same for the taking thread; limit counts those that it has put back. */
bool terni_spares_put_back(terni_spares *spares, void *block, uint32_t limit);

/* Frees them all. Nobody puts or takes any more. */
void terni_spares_free(terni_spares *spares);

#endif

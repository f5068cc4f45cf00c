/* Messages as NATS protocol, written to the session's socket without a detour over nats.c: to hand it each message
 * costs more than all else that sending takes. The I/O thread's alone. */
#ifndef TERNI_FRAMES_H
#define TERNI_FRAMES_H

#include <stdbool.h>
#include <stddef.h>

/* Zeroed: empty. */
typedef struct terni_frames {
    char *bytes;
    size_t used, written, capacity;
} terni_frames;

/* Adds a message without headers. reply: NULL: none. False: no memory. */
bool terni_frames_add(terni_frames *frames, const char *subject, const char *reply, const void *payload, size_t size);

/* Is there anything to write? */
bool terni_frames_pending(const terni_frames *frames);

/* Writes what the socket takes. Where that fails, perhaps within a message, all is dropped and the socket shut down:
 * reading finds its end. */
void terni_frames_write(terni_frames *frames, int fd);

void terni_frames_free(terni_frames *frames);

#endif

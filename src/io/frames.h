/* Messages without headers as NATS protocol, "PUB subject [reply] size\r\npayload\r\n": publishers write them so, and
 * they go to the session's socket without a detour over nats.c, since to hand it each message costs more than all else
 * that sending takes. */
#ifndef TERNI_FRAMES_H
#define TERNI_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "core/digits.h"

/* ---- One frame ---- */

/* A frame to be written. */
typedef struct terni_frame {
    const char *subject, *reply; /* reply NULL: none */
    size_t subject_size, payload_size;
    size_t reply_size; /* with its NUL */
    size_t digits;     /* of payload_size */
    size_t size;       /* of the whole frame */
} terni_frame;

enum { TERNI_FRAME_VERB_SIZE = sizeof "PUB " - 1, TERNI_FRAME_END_SIZE = sizeof "\r\n" - 1 };

static inline void terni_frame_init(terni_frame *frame, const char *subject, const char *reply, size_t payload_size)
{
    frame->subject = subject;
    frame->subject_size = strlen(subject);
    frame->reply = reply;
    frame->reply_size = reply == NULL ? 0 : strlen(reply) + 1;
    frame->payload_size = payload_size;
    frame->digits = terni_digits(payload_size, 10);
    frame->size = TERNI_FRAME_VERB_SIZE + frame->subject_size + 1 + frame->reply_size + frame->digits + payload_size +
                  2 * TERNI_FRAME_END_SIZE;
}

/* Writes frame->size bytes to at, but for the payload's. Returns the place for these. */
static inline char *terni_frame_write(const terni_frame *frame, char *at)
{
    memcpy(at + frame->size - TERNI_FRAME_END_SIZE, "\r\n", TERNI_FRAME_END_SIZE);
    memcpy(at, "PUB ", TERNI_FRAME_VERB_SIZE);
    at += TERNI_FRAME_VERB_SIZE;
    memcpy(at, frame->subject, frame->subject_size);
    at += frame->subject_size;
    *at++ = ' ';
    if (frame->reply != NULL) {
        memcpy(at, frame->reply, frame->reply_size);
        at += frame->reply_size;
        at[-1] = ' '; /* in place of the NUL */
    }
    at = terni_put_digits(at, frame->digits, frame->payload_size, 10);
    memcpy(at, "\r\n", TERNI_FRAME_END_SIZE);
    return at + TERNI_FRAME_END_SIZE;
}

/* A frame that has been written. */
typedef struct terni_frame_parts {
    char *subject, *reply; /* reply NULL: none */
    const char *payload;
    size_t payload_size, size;
} terni_frame_parts;

/* Takes the frame at at apart: subject and reply have a NUL behind them until terni_frame_close. */
void terni_frame_open(char *at, terni_frame_parts *out_parts);
void terni_frame_close(const terni_frame_parts *parts);

/* ---- What the I/O thread is to write ---- */

/* Zeroed: empty. */
typedef struct terni_frames {
    char *bytes;
    size_t used, written, capacity;
} terni_frames;

/* Adds a frame. Returns the place for its payload; NULL: no memory. */
char *terni_frames_add(terni_frames *frames, const terni_frame *frame);

/* Adds size bytes of whole frames. False: no memory. */
bool terni_frames_append(terni_frames *frames, const char *bytes, size_t size);

/* Is there anything to write? */
bool terni_frames_pending(const terni_frames *frames);

/* Writes what the socket takes. Where that fails, perhaps within a message, all is dropped and the socket shut down:
 * reading finds its end. */
void terni_frames_write(terni_frames *frames, int fd);

void terni_frames_free(terni_frames *frames);

#endif

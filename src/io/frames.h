/* Messages as NATS protocol: "PUB subject [reply] size\r\npayload\r\n", or with headers "HPUB subject [reply]
 * size-of-headers size\r\nNATS/1.0\r\nname: value\r\n\r\npayload\r\n". They go to the session's socket without a detour
 * over nats.c, since to hand it each message costs more than all else that sending takes. Those without headers are
 * written so by publishers, into the queue. */
#ifndef TERNI_FRAMES_H
#define TERNI_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include <tern/msg.h>

#include "core/digits.h"
#include "io/tls.h"

/* ---- One frame ---- */

/* A frame to be written. */
typedef struct terni_frame {
    const char *subject, *reply; /* reply NULL: none */
    size_t subject_size;
    size_t reply_size;    /* with its NUL */
    size_t header_size;   /* of all headers, as terni_header_bytes has it; 0: none */
    size_t header_digits; /* of header_size */
    size_t content_size;  /* of headers and payload */
    size_t digits;        /* of content_size */
    size_t size;          /* of the whole frame */
} terni_frame;

enum { TERNI_FRAME_VERB_SIZE = sizeof "PUB " - 1, TERNI_FRAME_END_SIZE = sizeof "\r\n" - 1 };

static inline void terni_frame_init(terni_frame *frame, const char *subject, const char *reply, size_t header_size,
                                    size_t payload_size)
{
    frame->subject = subject;
    frame->subject_size = strlen(subject);
    frame->reply = reply;
    frame->reply_size = reply == NULL ? 0 : strlen(reply) + 1;
    frame->header_size = header_size;
    frame->content_size = header_size + payload_size;
    frame->digits = terni_digits(frame->content_size, 10);
    frame->size = TERNI_FRAME_VERB_SIZE + frame->subject_size + 1 + frame->reply_size + frame->digits +
                  frame->content_size + 2 * TERNI_FRAME_END_SIZE;
    if (header_size == 0) return;
    frame->header_digits = terni_digits(header_size, 10);
    frame->size += sizeof "H" - 1 + frame->header_digits + 1;
}

/* Writes frame->size bytes to at, but for the headers' and the payload's. Returns the place for these. */
static inline char *terni_frame_write(const terni_frame *frame, char *at)
{
    memcpy(at + frame->size - TERNI_FRAME_END_SIZE, "\r\n", TERNI_FRAME_END_SIZE);
    if (frame->header_size > 0) *at++ = 'H';
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
    if (frame->header_size > 0) {
        at = terni_put_digits(at, frame->header_digits, frame->header_size, 10);
        *at++ = ' ';
    }
    at = terni_put_digits(at, frame->digits, frame->content_size, 10);
    memcpy(at, "\r\n", TERNI_FRAME_END_SIZE);
    return at + TERNI_FRAME_END_SIZE;
}

/* How many bytes the headers of a message take beside their names and values: for each, and for them all. */
enum { TERNI_HEADER_EXTRA = sizeof ": \r\n" - 1, TERNI_HEADERS_EXTRA = sizeof "NATS/1.0\r\n\r\n" - 1 };

/* What they are together, "NATS/1.0\r\n", "name: value\r\n" each, "\r\n"; and with one more. */
size_t terni_header_bytes(const tern_header *headers, size_t count);
size_t terni_header_bytes_with(size_t bytes, const char *name, const char *value);

/* Write a frame's headers: what begins them, each, and what ends them. They return what follows. */
char *terni_frame_begin_headers(char *at);
char *terni_frame_put_header(char *at, const char *name, const char *value);
char *terni_frame_end_headers(char *at);

/* A frame without headers that has been written. */
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

/* Writes what the socket takes; tls: over it, NULL: none. Where that fails, perhaps within a message, all is dropped
 * and the socket shut down: reading finds its end. */
void terni_frames_write(terni_frames *frames, int fd, terni_tls *tls);

void terni_frames_free(terni_frames *frames);

#endif

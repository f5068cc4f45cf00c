#include "io/frames.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* Once it is written, a buffer larger than KEPT_MAX is given back. */
enum { CAPACITY_MIN = 16 * 1024, KEPT_MAX = 256 * 1024 };

/* ---- One frame ---- */

/* The end of the word at at: a frame's line is no C string. */
static char *end_of_word(char *at)
{
    while (*at != ' ' && *at != '\r') at++;
    return at;
}

void terni_frame_open(char *at, terni_frame_parts *out_parts)
{
    char *subject = at + TERNI_FRAME_VERB_SIZE, *subject_end = end_of_word(subject);
    char *reply = subject_end + 1, *reply_end = end_of_word(reply);
    bool has_reply = *reply_end == ' ';
    char *number = has_reply ? reply_end + 1 : reply;
    *out_parts = (terni_frame_parts){ .subject = subject, .reply = has_reply ? reply : NULL };
    for (; *number != '\r'; number++) out_parts->payload_size = 10 * out_parts->payload_size + (size_t)(*number - '0');
    out_parts->payload = number + TERNI_FRAME_END_SIZE;
    out_parts->size = (size_t)(out_parts->payload - at) + out_parts->payload_size + TERNI_FRAME_END_SIZE;
    *subject_end = '\0';
    if (has_reply) *reply_end = '\0';
}

void terni_frame_close(const terni_frame_parts *parts)
{
    parts->subject[strlen(parts->subject)] = ' ';
    if (parts->reply != NULL) parts->reply[strlen(parts->reply)] = ' ';
}

static char *put(char *at, const char *text)
{
    size_t size = strlen(text);
    memcpy(at, text, size);
    return at + size;
}

size_t terni_header_bytes_with(size_t bytes, const char *name, const char *value)
{
    return (bytes == 0 ? TERNI_HEADERS_EXTRA : bytes) + strlen(name) + strlen(value) + TERNI_HEADER_EXTRA;
}

size_t terni_header_bytes(const tern_header *headers, size_t count)
{
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++) bytes = terni_header_bytes_with(bytes, headers[i].name, headers[i].value);
    return bytes;
}

char *terni_frame_begin_headers(char *at)
{
    return put(at, "NATS/1.0\r\n");
}

char *terni_frame_put_header(char *at, const char *name, const char *value)
{
    return put(put(put(put(at, name), ": "), value), "\r\n");
}

char *terni_frame_end_headers(char *at)
{
    return put(at, "\r\n");
}

/* ---- What the I/O thread is to write ---- */

static bool reserve(terni_frames *frames, size_t size)
{
    if (frames->capacity - frames->used >= size) return true;
    size_t capacity = frames->capacity == 0 ? CAPACITY_MIN : frames->capacity;
    while (capacity - frames->used < size) {
        if (capacity > SIZE_MAX / 2) return false;
        capacity *= 2;
    }
    char *bytes = realloc(frames->bytes, capacity);
    if (bytes == NULL) return false;
    frames->bytes = bytes;
    frames->capacity = capacity;
    return true;
}

char *terni_frames_add(terni_frames *frames, const terni_frame *frame)
{
    if (!reserve(frames, frame->size)) return NULL;
    char *payload = terni_frame_write(frame, frames->bytes + frames->used);
    frames->used += frame->size;
    return payload;
}

bool terni_frames_append(terni_frames *frames, const char *bytes, size_t size)
{
    if (!reserve(frames, size)) return false;
    memcpy(frames->bytes + frames->used, bytes, size);
    frames->used += size;
    return true;
}

bool terni_frames_pending(const terni_frames *frames)
{
    return frames->used > 0;
}

void terni_frames_write(terni_frames *frames, int fd, terni_tls *tls)
{
    while (frames->written < frames->used) {
        const char *bytes = frames->bytes + frames->written;
        size_t size = frames->used - frames->written;
        ssize_t wrote =
            tls == NULL ? send(fd, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT) : terni_tls_send(tls, bytes, size);
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
        if (wrote < 0) {
            (void)shutdown(fd, SHUT_RDWR);
            break;
        }
        frames->written += (size_t)wrote;
    }
    frames->used = frames->written = 0;
    if (frames->capacity > KEPT_MAX) terni_frames_free(frames);
}

void terni_frames_free(terni_frames *frames)
{
    free(frames->bytes);
    *frames = (terni_frames){ 0 };
}

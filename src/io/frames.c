#include "io/frames.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "core/digits.h"

/* Once it is written, a buffer larger than KEPT_MAX is given back. */
enum { CAPACITY_MIN = 16 * 1024, KEPT_MAX = 256 * 1024 };

static char *put(char *at, const void *bytes, size_t size)
{
    if (size > 0) memcpy(at, bytes, size);
    return at + size;
}

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

bool terni_frames_add(terni_frames *frames, const char *subject, const char *reply, const void *payload, size_t size)
{
    static const char verb[] = "PUB ", line_end[] = "\r\n";
    size_t subject_size = strlen(subject), reply_size = reply == NULL ? 0 : strlen(reply);
    size_t line_max = sizeof verb + subject_size + reply_size + TERNI_DIGITS_MAX + 2 * sizeof line_end + 2;
    if (size > SIZE_MAX / 2 || !reserve(frames, line_max + size)) return false;
    char *at = put(frames->bytes + frames->used, verb, sizeof verb - 1);
    at = put(at, subject, subject_size);
    *at++ = ' ';
    if (reply != NULL) {
        at = put(at, reply, reply_size);
        *at++ = ' ';
    }
    at = put(terni_put_number(at, size, 10), line_end, 2);
    at = put(put(at, payload, size), line_end, 2);
    frames->used = (size_t)(at - frames->bytes);
    return true;
}

bool terni_frames_pending(const terni_frames *frames)
{
    return frames->used > 0;
}

void terni_frames_write(terni_frames *frames, int fd)
{
    while (frames->written < frames->used) {
        ssize_t wrote =
            send(fd, frames->bytes + frames->written, frames->used - frames->written, MSG_NOSIGNAL | MSG_DONTWAIT);
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

/* One session with one server: a natsConnection from its connect to its end, never used again. */
#ifndef TERNI_SESSION_H
#define TERNI_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "io/frames.h"
#include "io/natsc.h"
#include "io/waker.h"

typedef enum terni_session_state {
    TERNI_SESSION_CONNECTING, /* a thread of its own connects */
    TERNI_SESSION_FAILED,     /* it could not; error says why */
    TERNI_SESSION_UP,         /* it is connected; the I/O thread's */
    TERNI_SESSION_DOWN        /* the server or nats.c has ended it */
} terni_session_state;

/* What the server said about this session, told by nats.c on a thread of its own. */
typedef struct terni_notice {
    struct terni_notice *next;
    bool lame_duck; /* otherwise text is the server's error: a refused permission */
    char text[256];
} terni_notice;

typedef struct terni_session terni_session;

/* Starts connecting; wakes waker when the state changes or a notice comes. Takes nats_options over,
 * also when it fails. tls: whether they ask for it. timeout_ms: after it a connect that was given up may be broken by
 * force. RESOURCE_EXHAUSTED: no memory or thread. */
tern_status terni_session_open(natsOptions *nats_options, const char *address, bool tls, uint32_t timeout_ms,
                               terni_waker *waker, terni_session **out_session, tern_error *err);

/* Ends the session, whatever its state, and frees it. Unread messages are lost. waits: a connect that is under
 * way gets a moment to end, so that mostly no thread of it is left when the process exits. */
void terni_session_close(terni_session *session, bool waits);

terni_session_state terni_session_get_state(terni_session *session);

/* Is its state DOWN? Cheaper than the former. */
bool terni_session_is_down(const terni_session *session);

/* It is not down, and has no notices. */
bool terni_session_is_quiet(const terni_session *session);

/* Why it FAILED or went DOWN. */
void terni_session_error(terni_session *session, tern_error *out_error);

/* The oldest notice, to be freed by the caller, or NULL. */
terni_notice *terni_session_notice(terni_session *session);

/* ---- While it is UP; on the I/O thread ---- */

natsConnection *terni_session_nats(terni_session *session);
int terni_session_fd(const terni_session *session);

/* Are messages to go as frames (io/frames.h)? Not while nats.c has something to write, which would be overtaken; and
 * not over TLS that is not within Tern's reach (io/tls.h). */
bool terni_session_takes_frames(const terni_session *session);

/* Those with headers, too? */
bool terni_session_takes_headers(const terni_session *session);

/* May another thread write and read for a while? It has nothing to write. Not over TLS: OpenSSL's writes may raise
 * SIGPIPE, which the I/O thread blocks, and its errors are kept for the thread. */
bool terni_session_can_be_lent(const terni_session *session);

/* Takes a frame for writing, where it takes frames, and returns the place for its headers and payload. NULL: no memory.
 */
char *terni_session_publish(terni_session *session, const terni_frame *frame);

/* The same for size bytes of frames, with their payloads. */
bool terni_session_publish_frames(terni_session *session, const char *bytes, size_t size);

/* Is there something to write, of ours or nats.c's? */
bool terni_session_wants_write(const terni_session *session);

/* With TLS, where a write may wait inside nats.c: ends a write that gets nowhere for timeout_ms. */
void terni_session_limit_writes(terni_session *session, uint32_t timeout_ms);

/* hung_up: poll says that the peer has ended the stream, or an error has. */
void terni_session_read(terni_session *session, bool hung_up);
void terni_session_write(terni_session *session);

/* Messages and bytes received since the session began. */
void terni_session_received(terni_session *session, uint64_t *out_msgs, uint64_t *out_bytes);

#endif

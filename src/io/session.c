/* nats.c in its event-loop mode, on nothing but its public hooks, so that Tern's I/O thread is the only
 * one that reads, parses, writes and closes. Frames are written past nats.c, to its socket, or over TLS to the
 * connection of OpenSSL's that it has made (io/tls.h).
 *
 * A session dies whole. nats.c's own reconnect is off: it would keep a half-parsed message, and hold
 * its lock through every attempt. Its ping timer is off too: it would close the socket from a thread
 * of its own. To end a session, its socket is shut down, and then nats.c reads the end of the stream
 * and closes on the thread that reads (terni_session_close). natsConnection_Close would flush first,
 * for up to half a second.
 *
 * Threads: natsConnection_Connect blocks, for longer than its timeout if a server stalls at the wrong
 * moment, so it has a thread of its own, the connector. It owns the session until it has set
 * the state to UP or FAILED; from then on the I/O thread does. If the I/O thread has given up before
 * that (abandoned), the connector frees the session; and where it is stuck, a janitor, a thread that
 * lives only while there are abandoned sessions, breaks its connect (io/stall.h).
 *
 * The hooks attach, read and write run under nats.c's lock and only set flags; detach runs without it.
 * nats.c tells of errors on a third thread, with a closure that may outlive the session by a little; so
 * the closure is a number, looked up in a list of the living (all_mu). all_mu also guards state,
 * abandoned, the waker and the notices of every session; nothing else is locked inside it. */
#include "io/session.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "core/error.h"
#include "core/thread.h"
#include "io/frames.h"
#include "io/probe.h"
#include "io/stall.h"
#include "io/tls.h"

enum {
    NOTICES_MAX = 1024,
    CLOSE_READS_MAX = 65536,
    JANITOR_ROUND_MS = 200,
    SILENT_MS = 500,
    PROBE_MS = 500,
    STUCK_MAX = 4,
    CLOSE_WAIT_MS = 400
};
enum { NEAR_RTT_US = 250, NEAR_SEND_BUFFER = 96 * 1024 };
enum { MESSAGE_MAX = 65 * 1024 * 1024 }; /* nats-server's largest max_payload is 64 MiB */

struct terni_session {
    struct terni_session *next; /* all_mu */
    uintptr_t id;
    pthread_t connector;  /* joined by terni_session_close; detached if abandoned */
    natsOptions *options; /* the connector's */
    natsConnection *nc;   /* the connector's, then the I/O thread's */
    natsStatistics *statistics;
    char *address;
    bool is_tls;         /* not changed after open */
    terni_tls *tls;      /* set by attach, nats.c's; NULL: none, or only nats.c can write to it */
    bool headers;        /* the server takes them; not changed once it is up */
    int low_water;       /* the I/O thread's, with TLS */
    bool ended;          /* the I/O thread's: the peer has, and all it sent is read */
    natsSock fd;         /* set by attach, before UP */
    terni_frames frames; /* the I/O thread's; older than what nats.c holds for writing */
    terni_waker *poller; /* the I/O thread's, while hooks may be called; NULL: abandoned */
    atomic_bool wants_write;
    atomic_bool closing; /* nats.c has stopped polling: no Process call may follow */
    atomic_bool detached;
    atomic_bool noticed; /* there may be notices */
    /* all_mu */
    terni_session_state state;
    bool abandoned;
    terni_waker *waker; /* NULL: nobody is to be woken any more */
    terni_notice *notices, *last_notice;
    uint32_t notice_count;
    tern_error error;
    terni_stall stall;
};

static pthread_mutex_t all_mu = PTHREAD_MUTEX_INITIALIZER;
static terni_session *all;
static uintptr_t last_id;
static bool janitor_runs;
static pthread_cond_t fewer_abandoned = PTHREAD_COND_INITIALIZER; /* wakes the janitor */
static pthread_cond_t settled = PTHREAD_COND_INITIALIZER;         /* a connector has ended its work */

static void enlist(terni_session *session)
{
    (void)pthread_mutex_lock(&all_mu);
    session->id = ++last_id;
    session->next = all;
    all = session;
    (void)pthread_mutex_unlock(&all_mu);
}

static void delist(terni_session *session)
{
    (void)pthread_mutex_lock(&all_mu);
    terni_session **at = &all;
    while (*at != session) at = &(*at)->next;
    *at = session->next;
    (void)pthread_mutex_unlock(&all_mu);
}

static void wake_locked(terni_session *session)
{
    if (session->waker != NULL) terni_waker_wake(session->waker);
}

/* ---- Hooks ---- */

/* To a server nearby, the kernel would let megabytes wait in the socket, though the server could have them at once:
 * out of the processor's cache by the time it reads them, which takes a fifth of what it can take in, and in the way of
 * what is published next. Tern's queue is the better place. Over a longer way much has to be under way at a time, and
 * the kernel knows how much. Over TLS it gains nothing: publishing is a tenth slower with it.
 * Measured with 48 to 256 KiB: below 64 and above 128 it is slower. */
static void bound_send_buffer(int fd)
{
    struct tcp_info info;
    socklen_t size = sizeof info;
    int bytes = NEAR_SEND_BUFFER;
    bool known =
        getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 && size > offsetof(struct tcp_info, tcpi_min_rtt);
    if (known && info.tcpi_min_rtt <= NEAR_RTT_US) (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
}

static natsStatus on_attach(void **user_data, void *loop, natsConnection *nc, natsSock socket)
{
    terni_session *session = loop;
    (void)nc;
    session->fd = socket;
    if (session->is_tls) session->tls = terni_tls_over(socket);
    else bound_send_buffer(socket);
    atomic_store(&session->wants_write, false);
    *user_data = session;
    return NATS_OK;
}

static natsStatus on_read(void *user_data, bool add)
{
    terni_session *session = user_data;
    if (!add) atomic_store(&session->closing, true);
    return NATS_OK;
}

static natsStatus on_write(void *user_data, bool add)
{
    terni_session *session = user_data;
    atomic_store(&session->wants_write, add);
    if (add && session->poller != NULL)
        terni_waker_wake(session->poller); /* a thread with which nats.c drains a subscription */
    return NATS_OK;
}

static natsStatus on_detach(void *user_data)
{
    terni_session *session = user_data;
    atomic_store(&session->detached, true);
    return NATS_OK;
}

/* ---- What nats.c tells ---- */

static void post_notice(void *closure, bool lame_duck, const char *text)
{
    terni_notice *notice = calloc(1, sizeof *notice);
    if (notice == NULL) return; /* the server's word is lost; nothing depends on it but its report */
    notice->lame_duck = lame_duck;
    if (text != NULL) (void)snprintf(notice->text, sizeof notice->text, "%s", text);
    (void)pthread_mutex_lock(&all_mu);
    terni_session *session = all;
    while (session != NULL && session->id != (uintptr_t)closure) session = session->next;
    if (session != NULL && session->notice_count < NOTICES_MAX) {
        if (session->last_notice != NULL) session->last_notice->next = notice;
        else session->notices = notice;
        session->last_notice = notice;
        session->notice_count++;
        notice = NULL;
        atomic_store(&session->noticed, true);
        wake_locked(session);
    }
    (void)pthread_mutex_unlock(&all_mu);
    free(notice);
}

static void on_error(natsConnection *nc, natsSubscription *sub, natsStatus status, void *closure)
{
    (void)nc;
    (void)sub;
    if (status == NATS_NOT_PERMITTED) post_notice(closure, false, nats_GetLastError(NULL));
}

static void on_lame_duck(natsConnection *nc, void *closure)
{
    (void)nc;
    post_notice(closure, true, NULL);
}

terni_notice *terni_session_notice(terni_session *session)
{
    if (!atomic_load(&session->noticed)) return NULL;
    (void)pthread_mutex_lock(&all_mu);
    terni_notice *notice = session->notices;
    if (notice != NULL) {
        session->notices = notice->next;
        session->notice_count--;
    }
    if (session->notices == NULL) {
        session->last_notice = NULL;
        atomic_store(&session->noticed, false);
    }
    (void)pthread_mutex_unlock(&all_mu);
    return notice;
}

/* ---- From open to close ---- */

static void session_free(terni_session *session)
{
    delist(session);
    terni_notice *notice;
    while ((notice = session->notices) != NULL) {
        session->notices = notice->next;
        free(notice);
    }
    natsOptions_Destroy(session->options);
    natsStatistics_Destroy(session->statistics);
    terni_stall_free(&session->stall);
    terni_frames_free(&session->frames);
    free(session->address);
    free(session);
}

/* Puts one end of a socket pair in the socket's place, under the number that nats.c knows. Returns the other
 * end, or -1. */
static int replace_socket(terni_session *session)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) != 0) return -1;
    bool ok = dup3(pair[0], session->fd, O_CLOEXEC) >= 0;
    (void)close(pair[0]);
    if (ok) return pair[1];
    (void)close(pair[1]);
    return -1;
}

/* Lets nats.c read line ends until it closes, at most as many as a message can hold. nats.c never frees a
 * message that ends in its middle, so it gets an end: within a payload, line ends are payload; anywhere
 * else they soon are a protocol error. No subscription is left that could see such a message. */
static void feed_line_ends(terni_session *session)
{
    char line_ends[16 * 1024];
    int other = replace_socket(session);
    if (other < 0) return;
    memset(line_ends, '\n', sizeof line_ends);
    for (size_t fed = 0; fed < MESSAGE_MAX && !atomic_load(&session->closing);) {
        ssize_t sent = send(other, line_ends, sizeof line_ends, MSG_NOSIGNAL);
        if (sent > 0) fed += (size_t)sent;
        natsConnection_ProcessReadEvent(session->nc);
    }
    (void)close(other);
}

/* Lets nats.c find the end of its stream on this thread, and frees the natsConnection. */
static void close_nats(terni_session *session)
{
    if (!session->is_tls && !atomic_load(&session->closing)) feed_line_ends(session);
    if (!atomic_load(&session->closing)) (void)shutdown(session->fd, SHUT_RDWR);
    for (int i = 0; i < CLOSE_READS_MAX && !atomic_load(&session->closing); i++)
        natsConnection_ProcessReadEvent(session->nc);
    natsConnection_Close(session->nc); /* only where a peer went on sending for that long */
#if TERNI_NATSC_AT_LEAST(3, 10)
    natsConnection_ProcessCloseEvent(&session->fd);
#endif
#if TERNI_NATSC_AT_LEAST(3, 11)
    if (atomic_load(&session->detached)) natsConnection_ProcessDetachedEvent(session->nc);
#endif
    natsConnection_Destroy(session->nc);
    session->nc = NULL;
}

/* Has the process no descriptor left? nats.c only says that there is no server. */
static bool out_of_descriptors(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return errno == EMFILE || errno == ENFILE;
    (void)close(fd);
    return false;
}

static tern_status connect_status(natsStatus s)
{
    tern_status st = terni_status_from_nats(s);
    bool plain = st == TERN_UNAUTHENTICATED || st == TERN_RESOURCE_EXHAUSTED || st == TERN_INVALID_ARGUMENT;
    return plain ? st : TERN_UNAVAILABLE;
}

/* Why the connect failed, in words. refusal: storage for those of the server. */
static const char *failure_text(const terni_session *session, natsStatus s, char *refusal, size_t size)
{
    /* Ended between INFO and the first PONG; nats.c does not tell the server's reason. */
    bool cut_short = s == NATS_PROTOCOL_ERROR || s == NATS_CONNECTION_CLOSED || s == NATS_IO_ERROR;
    if (cut_short && session->is_tls)
        return "the server ended the connection after the TLS handshake; it may want a client certificate, or "
               "not accept the one it got";
    if (cut_short && terni_probe_refusal(session->address, PROBE_MS, refusal, size)) return refusal;
    switch (s) {
    case NATS_NO_SERVER:
        return session->stall.addresses == NULL ? "its name does not resolve" : "no server answers there";
    case NATS_PROTOCOL_ERROR:
    case NATS_IO_ERROR:
    case NATS_CONNECTION_CLOSED: return "the server closed the connection before it was set up";
    case NATS_TIMEOUT: return "the server did not answer in time";
    case NATS_SECURE_CONNECTION_WANTED: return "TLS is asked for, but the server has none";
    case NATS_SECURE_CONNECTION_REQUIRED: return "the server wants TLS, which is not asked for";
    default: break;
    }
    const char *text = nats_GetLastError(NULL);
    return text == NULL || *text == '\0' ? natsStatus_GetText(s) : text;
}

/* nats.c's texts may begin with the place in its source: "(conn.c:1909): ". */
static const char *without_place(const char *text)
{
    const char *end = *text == '(' ? strstr(text, "): ") : NULL;
    return end == NULL ? text : end + 3;
}

static void describe_failure(terni_session *session, natsStatus s, tern_error *out_error)
{
    char refusal[256];
    if (s == NATS_NO_SERVER && out_of_descriptors()) {
        (void)terni_fail(out_error, TERN_RESOURCE_EXHAUSTED, "%s: no file descriptor is left", session->address);
        return;
    }
    const char *text = without_place(failure_text(session, s, refusal, sizeof refusal));
    (void)terni_fail(out_error, connect_status(s), "%s: %s", session->address, text);
}

static void *connector(void *arg)
{
    terni_session *session = arg;
    tern_error error = { .status = TERN_OK };
    struct addrinfo *addresses = terni_stall_resolve(session->address);
    (void)pthread_mutex_lock(&all_mu);
    session->stall.addresses = addresses;
    (void)pthread_mutex_unlock(&all_mu);
    if (session->is_tls) terni_tls_watch();
    natsStatus s = natsConnection_Connect(&session->nc, session->options);
    if (s == NATS_OK) s = natsStatistics_Create(&session->statistics);
    session->headers = s == NATS_OK && natsConnection_HasHeaderSupport(session->nc) == NATS_OK;
    if (s != NATS_OK) describe_failure(session, s, &error);
    if (s != NATS_OK && session->nc != NULL) close_nats(session);
    natsOptions_Destroy(session->options);
    session->options = NULL;

    (void)pthread_mutex_lock(&all_mu);
    bool abandoned = session->abandoned;
    session->error = error;
    session->state = s == NATS_OK ? TERNI_SESSION_UP : TERNI_SESSION_FAILED;
    (void)pthread_cond_broadcast(&settled);
    wake_locked(session);
    (void)pthread_mutex_unlock(&all_mu);

    if (abandoned) {
        session->poller = NULL;
        if (session->nc != NULL) close_nats(session);
        session_free(session);
        (void)pthread_cond_signal(&fewer_abandoned);
    }
    nats_ReleaseThreadMemory();
    return NULL;
}

/* ---- The janitor ---- */

/* The descriptors of sessions that are up: none of them is stuck. */
static size_t known_descriptors_locked(int *out_known, size_t capacity)
{
    size_t count = 0;
    for (terni_session *session = all; session != NULL && count < capacity; session = session->next)
        if (session->state == TERNI_SESSION_UP) out_known[count++] = session->fd;
    return count;
}

/* Breaks the connects that are overdue. False: there are no abandoned sessions any more. */
static bool janitor_round_locked(void)
{
    int known[1024];
    bool any = false;
    size_t count = known_descriptors_locked(known, sizeof known / sizeof *known);
    for (terni_session *session = all; session != NULL; session = session->next) {
        if (!session->abandoned) continue;
        any = true;
        if (terni_now_ms() >= session->stall.until) terni_stall_break(&session->stall, SILENT_MS, known, count);
    }
    return any;
}

/* Waits on a statically initialised condition, which has the real-time clock, with all_mu held. */
static void wait_a_while(pthread_cond_t *cond, long timeout_ms)
{
    struct timespec at;
    (void)clock_gettime(CLOCK_REALTIME, &at);
    at.tv_nsec += timeout_ms * 1000000L;
    at.tv_sec += at.tv_nsec / 1000000000L;
    at.tv_nsec %= 1000000000L;
    (void)pthread_cond_timedwait(cond, &all_mu, &at);
}

static void *janitor(void *arg)
{
    (void)arg;
    (void)pthread_mutex_lock(&all_mu);
    while (janitor_round_locked()) {
        wait_a_while(&fewer_abandoned, JANITOR_ROUND_MS);
    }
    janitor_runs = false;
    (void)pthread_mutex_unlock(&all_mu);
    return NULL;
}

/* ---- Open ---- */

static bool start_janitor(void)
{
    pthread_t thread;
    bool ok = terni_thread_start(&thread, janitor, NULL);
    if (ok) (void)pthread_detach(thread);
    return ok;
}

static natsStatus set_callbacks(terni_session *session)
{
    void *closure = (void *)session->id;
    natsOptions *options = session->options;
    natsStatus s = natsOptions_SetEventLoop(options, session, on_attach, on_read, on_write, on_detach);
    if (s == NATS_OK) s = natsOptions_SetErrorHandler(options, on_error, closure);
    if (s == NATS_OK) s = natsOptions_SetLameDuckModeCB(options, on_lame_duck, closure);
    return s;
}

/* How many given up connects to address are still stuck? */
static int count_stuck(const char *address)
{
    int count = 0;
    (void)pthread_mutex_lock(&all_mu);
    for (terni_session *session = all; session != NULL; session = session->next)
        if (session->abandoned && strcmp(session->address, address) == 0) count++;
    (void)pthread_mutex_unlock(&all_mu);
    return count;
}

tern_status terni_session_open(natsOptions *nats_options, const char *address, bool tls, uint32_t timeout_ms,
                               terni_waker *waker, terni_session **out_session, tern_error *err)
{
    terni_session *session = count_stuck(address) < STUCK_MAX ? calloc(1, sizeof *session) : NULL;
    if (session == NULL) {
        natsOptions_Destroy(nats_options);
        return terni_fail(err, TERN_RESOURCE_EXHAUSTED, "%s: no memory, or earlier connects to it are stuck", address);
    }
    session->options = nats_options;
    session->waker = session->poller = waker;
    session->fd = -1;
    session->is_tls = tls;
    session->address = strdup(address);
    terni_stall_note(&session->stall, terni_deadline(timeout_ms));
    enlist(session);
    if (session->address == NULL || set_callbacks(session) != NATS_OK ||
        !terni_thread_start(&session->connector, connector, session)) {
        session_free(session);
        return terni_fail(err, TERN_RESOURCE_EXHAUSTED, "no memory or thread to connect with");
    }
    *out_session = session;
    return TERN_OK;
}

void terni_session_close(terni_session *session, bool waits)
{
    terni_time_ms deadline = terni_deadline(waits ? CLOSE_WAIT_MS : 0);
    (void)pthread_mutex_lock(&all_mu);
    session->waker = NULL;
    while (session->state == TERNI_SESSION_CONNECTING && terni_now_ms() < deadline)
        wait_a_while(&settled, CLOSE_WAIT_MS / 4);
    bool connecting = session->state == TERNI_SESSION_CONNECTING;
    pthread_t thread = session->connector;
    session->abandoned = connecting;
    if (connecting && !janitor_runs) janitor_runs = start_janitor();
    (void)pthread_mutex_unlock(&all_mu);
    if (connecting) { /* the session is the connector's now */
        (void)pthread_detach(thread);
        return;
    }
    (void)pthread_join(thread, NULL);
    if (session->nc != NULL) close_nats(session);
    session_free(session);
}

bool terni_session_is_down(const terni_session *session)
{
    return session->ended || atomic_load(&session->closing);
}

bool terni_session_is_quiet(const terni_session *session)
{
    return !terni_session_is_down(session) && !atomic_load_explicit(&session->noticed, memory_order_acquire);
}

terni_session_state terni_session_get_state(terni_session *session)
{
    if (terni_session_is_down(session)) return TERNI_SESSION_DOWN;
    (void)pthread_mutex_lock(&all_mu);
    terni_session_state state = session->state;
    (void)pthread_mutex_unlock(&all_mu);
    return state;
}

void terni_session_error(terni_session *session, tern_error *out_error)
{
    const char *text = NULL;
    (void)pthread_mutex_lock(&all_mu);
    *out_error = session->error;
    (void)pthread_mutex_unlock(&all_mu);
    if (out_error->status != TERN_OK) return;
    natsStatus s = natsConnection_GetLastError(session->nc, &text);
    if (s == NATS_IO_ERROR) text = "the connection broke";
    else if (s == NATS_OK || s == NATS_CONNECTION_CLOSED || s == NATS_NOT_PERMITTED || text == NULL || *text == '\0')
        text = "the server closed the connection";
    (void)terni_fail(out_error, s == NATS_CONNECTION_AUTH_FAILED ? TERN_UNAUTHENTICATED : TERN_UNAVAILABLE, "%s: %s",
                     session->address, text);
}

/* ---- While it is up ---- */

natsConnection *terni_session_nats(terni_session *session)
{
    return session->nc;
}

int terni_session_fd(const terni_session *session)
{
    return session->fd;
}

bool terni_session_wants_write(const terni_session *session)
{
    return terni_frames_pending(&session->frames) || atomic_load(&session->wants_write);
}

void terni_session_limit_writes(terni_session *session, uint32_t timeout_ms)
{
    if (session->is_tls) terni_tls_limit_writes(session->fd, timeout_ms);
}

/* Has the peer ended the stream, with nothing left to read? nats.c is not to find that out itself: it would
 * close before feed_line_ends. */
static bool is_at_end(const terni_session *session)
{
    char byte;
    ssize_t got = recv(session->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
}

void terni_session_read(terni_session *session, bool hung_up)
{
    if (session->is_tls && !terni_tls_readable(session->fd, &session->low_water)) return;
    session->ended = !session->is_tls && hung_up && is_at_end(session);
    if (!session->ended) natsConnection_ProcessReadEvent(session->nc);
}

bool terni_session_takes_frames(const terni_session *session)
{
    bool ours = !session->is_tls || session->tls != NULL;
    return ours && !atomic_load(&session->wants_write);
}

bool terni_session_can_be_lent(const terni_session *session)
{
    return !session->is_tls && terni_session_takes_frames(session) && !terni_session_wants_write(session);
}

char *terni_session_publish(terni_session *session, const terni_frame *frame)
{
    return terni_frames_add(&session->frames, frame);
}

bool terni_session_takes_headers(const terni_session *session)
{
    return session->headers;
}

bool terni_session_publish_frames(terni_session *session, const char *bytes, size_t size)
{
    return terni_session_takes_frames(session) && terni_frames_append(&session->frames, bytes, size);
}

void terni_session_write(terni_session *session)
{
    if (terni_frames_pending(&session->frames)) terni_frames_write(&session->frames, session->fd, session->tls);
    if (terni_frames_pending(&session->frames) || !atomic_load(&session->wants_write)) return;
    if (session->is_tls && !terni_tls_has_room(session->fd)) return;
    natsConnection_ProcessWriteEvent(session->nc);
}

void terni_session_received(terni_session *session, uint64_t *out_msgs, uint64_t *out_bytes)
{
    *out_msgs = *out_bytes = 0;
    if (natsConnection_GetStats(session->nc, session->statistics) == NATS_OK)
        (void)natsStatistics_GetCounts(session->statistics, out_msgs, out_bytes, NULL, NULL, NULL);
}

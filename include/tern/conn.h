/* Connections: one handle that stays while the network comes and goes. A connection has a thread, so the
 * child of a fork may only exec or _exit. */
#ifndef TERN_CONN_H
#define TERN_CONN_H

#include <stddef.h>
#include <stdint.h>

#include <tern/executor.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tern_conn tern_conn;

typedef enum tern_conn_state {
    TERN_CONN_CONNECTING,   /* from tern_connect until the first session is up */
    TERN_CONN_CONNECTED,    /* a session is up */
    TERN_CONN_RECONNECTING, /* a session was lost; the next one is being tried */
    TERN_CONN_DRAINING,     /* tern_conn_drain has begun; ends in CLOSED */
    TERN_CONN_CLOSED        /* by tern_conn_close, a finished drain, or the reconnect limit; for good */
} tern_conn_state;

typedef enum tern_event_kind {
    TERN_EVENT_CONNECTED,          /* the first session is up; server */
    TERN_EVENT_DISCONNECTED,       /* the session is lost; server, status and text say why */
    TERN_EVENT_RECONNECTED,        /* a later session is up, subscriptions included; server */
    TERN_EVENT_CONNECT_FAILED,     /* one attempt failed; server, status and text say why */
    TERN_EVENT_LAME_DUCK,          /* the server will shut down; the connection moves; server */
    TERN_EVENT_SLOW_CONSUMER,      /* a subscription's queue is full and drops; subject, text.
                                      Once per episode: again only after its queue ran empty. */
    TERN_EVENT_PERMISSION_REFUSED, /* the server refused a subject; text names it */
    TERN_EVENT_MESSAGE_LOST,       /* a message accepted or received earlier had to be dropped:
                                      subject, status and text say why */
    TERN_EVENT_CLOSED              /* the last event; status OK after a close or drain that went well */
} tern_event_kind;

typedef struct tern_event {
    tern_event_kind kind;
    tern_status status;  /* the cause; TERN_OK where there is none */
    const char *server;  /* URL without credentials; "" where there is none */
    const char *subject; /* "" where there is none */
    const char *text;    /* a sentence; "" where there is none */
} tern_event;

/* Called with one event after the other, in the order in which they happened, on event_executor. The event is valid
 * until the callback returns. The callback may call anything but must not block for long: later events wait for it. The
 * first events may come before tern_connect has returned. */
typedef void (*tern_event_fn)(tern_conn *conn, const tern_event *event, void *arg);

/* Every field's zero means its default, which is the number at the end of its comment. Strings are copied
 * by tern_connect. */
typedef struct tern_conn_options {
    /* One URL, or several with commas between them: [nats://|tls://][user:password@]host[:port].
     * user and password may be percent-encoded; an IPv6 host stands in brackets.
     * NULL: $NATS_URL, then nats://127.0.0.1:4222. */
    const char *url;
    const char *name; /* the client's name, as the server's monitoring shows it */
    const char *user; /* with password; a URL's own user is used instead */
    const char *password;
    const char *token;
    const char *credentials_file; /* a .creds file: user JWT and nkey seed */
    const char *nkey_seed_file;   /* the seed (SU...) of a user nkey */

    bool tls;                  /* use TLS; also on when a field below is set or a URL says tls:// */
    const char *tls_ca_file;   /* PEM; NULL: the system's trust store */
    const char *tls_cert_file; /* the client's certificate, PEM; with tls_key_file */
    const char *tls_key_file;
    const char *tls_expected_host; /* the name in the server's certificate; NULL: the URL's host */

    uint32_t connect_timeout_ms; /* for tern_connect, over all servers and attempts; 5,000 */
    bool connect_in_background;  /* tern_connect returns at once, in state CONNECTING */
    uint32_t reconnect_min_ms;   /* the first backoff's upper bound; 100, or reconnect_max_ms where that is less */
    uint32_t reconnect_max_ms;   /* the largest backoff's upper bound; 5,000, or reconnect_min_ms where that is more */
    uint32_t reconnect_limit;    /* failed rounds through the server list before it closes; 0: never */
    size_t outage_buffer_bytes;  /* publishes held while there is no session; 8 MiB */
    size_t outbound_limit_bytes; /* publishes held while there is one; 1 MiB, or 8 MiB for those that cannot wait. See
                                    tern_conn_publish. */
    uint32_t liveness_interval_ms; /* silence after which the server is asked for a sign of life, and
                                      how long it has for it; 10,000 */
    const char *inbox_prefix;      /* "_INBOX" */
    const char *discovery_prefix;  /* what services on this connection are discovered by; "$SRV" */

    tern_event_fn on_event; /* NULL: nobody is told */
    void *event_arg;
    tern_executor *event_executor; /* where on_event runs; NULL: the shared pool */
} tern_conn_options;

#define TERN_CONN_OPTIONS_INIT                                                                                         \
    {                                                                                                                  \
        0                                                                                                              \
    }

/* Opens a connection. Waits until it is up, through the server list again and again, for at most
 * connect_timeout_ms; returns at once with connect_in_background.
 * options: NULL for all defaults. out_conn: the caller's, to be given to tern_conn_free.
 * Threads: any but the I/O thread of a connection (inline handlers).
 * FAILED_PRECONDITION: it would wait, on an I/O thread. INVALID_ARGUMENT: an option is wrong (text names it).
 * UNAVAILABLE, UNAUTHENTICATED: not up in time; the text has the last reason. RESOURCE_EXHAUSTED: no memory, threads or
 * descriptors. */
TERN_API tern_status tern_connect(const tern_conn_options *options, tern_conn **out_conn, tern_error *err);

/* Closes at once: pending calls fail with CANCELLED, queued publishes and messages are dropped, no
 * handler starts any more. Does not wait for handlers that run. Idempotent; any thread, handlers
 * included; NULL is fine. The handle stays valid until tern_conn_free. */
TERN_API void tern_conn_close(tern_conn *conn);

/* Stops new work, finishes what was accepted, flushes, closes: services and subscriptions leave the
 * server, messages already received are handled, pending calls get their replies, publishes go out.
 * Waits for that for at most timeout_ms (0: 30,000); then closes all the same. Without a session, what is
 * held waits for the next one; where nothing is held, it ends at once.
 * Idempotent: a second call waits for the first one's end. Threads: any but the I/O thread. On the thread that
 * dispatches a queue which the connection uses, it runs what that queue holds meanwhile.
 * Inside a handler of this connection it cannot wait for that handler itself, so there it only
 * begins the drain, which ends in the background (TERN_EVENT_CLOSED), and returns OK.
 * DEADLINE_EXCEEDED: closed with work undone. RESOURCE_EXHAUSTED: no thread to drain with; closed. FAILED_PRECONDITION:
 * called on the I/O thread. */
TERN_API tern_status tern_conn_drain(tern_conn *conn, uint32_t timeout_ms, tern_error *err);

/* Closes if need be, waits until no handler of the connection runs, the callbacks of its calls have run, its events are
 * told and its I/O thread has ended, and frees the handle. Called from inside a handler of the connection, or on an
 * I/O thread, it does not wait: the last handler to return frees. Handles made from the connection (subscriptions,
 * services, clients) stay valid until their own free, before or after; so do kept messages. Any thread; NULL is fine.
 */
TERN_API void tern_conn_free(tern_conn *conn);

/* Waits until all that was published before has been through the server, reconnecting if need be,
 * for at most timeout_ms (0: 10,000).
 * UNAVAILABLE: the session broke meanwhile, and nobody can tell what arrived; DEADLINE_EXCEEDED; CANCELLED: closed;
 * FAILED_PRECONDITION: called on the I/O thread; PERMISSION_DENIED: the server refuses the connection its own inbox.
 * Threads: any but an I/O thread. */
TERN_API tern_status tern_conn_flush(tern_conn *conn, uint32_t timeout_ms, tern_error *err);

/* The state now. Any thread. */
TERN_API tern_conn_state tern_conn_get_state(const tern_conn *conn);

/* The name without its prefix, "CONNECTING" say; "UNKNOWN" for any other number. Static storage; any thread. */
TERN_API const char *tern_conn_state_name(tern_conn_state state);
TERN_API const char *tern_event_kind_name(tern_event_kind kind);

/* Writes the URL of the server of the current session, without credentials, NUL-terminated and cut
 * to size; "" when there is none. Any thread. */
TERN_API void tern_conn_server(const tern_conn *conn, char *buffer, size_t size);

/* Copies the last error of the connection itself (a lost session, a failed attempt, a refused
 * subject) to out_error; status TERN_OK when there was none. Any thread. */
TERN_API void tern_conn_last_error(const tern_conn *conn, tern_error *out_error);

/* The largest payload, headers included, in bytes, that the server takes; 0 before the first
 * session. Any thread. */
TERN_API size_t tern_conn_max_payload(const tern_conn *conn);

typedef struct tern_conn_stats {
    uint64_t msgs_in;      /* received from the server, replies included */
    uint64_t bytes_in;     /* their payloads and headers */
    uint64_t msgs_out;     /* handed to the network */
    uint64_t bytes_out;    /* their payloads and headers */
    uint64_t reconnects;   /* sessions after the first */
    uint64_t dropped_in;   /* received, but over a subscription's limit or undecodable */
    uint64_t dropped_out;  /* accepted, but lost before they left (close, expiry, refused) */
    uint64_t late_replies; /* replies to calls that had ended, or with a wrong token */
    size_t buffered_bytes; /* accepted and not yet handed to the network, now */
} tern_conn_stats;

/* Copies the counters since tern_connect. Any thread. */
TERN_API void tern_conn_get_stats(const tern_conn *conn, tern_conn_stats *out_stats);

#ifdef __cplusplus
}
#endif

#endif

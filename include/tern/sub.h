/* Subscriptions: plain, queue-group (workers), and typed. */
#ifndef TERN_SUB_H
#define TERN_SUB_H

#include <tern/executor.h>
#include <tern/msg.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tern_sub tern_sub;

/* Handles one message. msg is the library's and ends when the handler returns, see tern_msg_keep. */
typedef void (*tern_msg_fn)(tern_msg *msg, void *arg);

/* Handles one decoded message. message and msg are the library's and end when the handler returns. */
typedef void (*tern_message_fn)(const ProtobufCMessage *message, tern_msg *msg, void *arg);

/* Every field's zero means its default. */
typedef struct tern_sub_options {
    const char *queue_group;    /* each message goes to one member of the group; NULL: to everybody */
    tern_executor *executor;    /* NULL: the shared pool */
    uint32_t concurrency;       /* handlers that may run at once; 1, which keeps messages in order.
                                   Only 1 goes with an inline or queue executor. */
    size_t pending_msgs_limit;  /* received and not yet handled; 65,536 */
    size_t pending_bytes_limit; /* their payloads and headers; 64 MiB */
} tern_sub_options;

#define TERN_SUB_OPTIONS_INIT                                                                                          \
    {                                                                                                                  \
        0                                                                                                              \
    }

/* Subscribes to subject ('*' for one token, '>' at the end for one or more). The subscription
 * comes back by itself after each reconnect, until it is unsubscribed. Returns at once; what is
 * published by this connection afterwards reaches it, for others wait for tern_conn_flush.
 * options: NULL for all defaults, copied. handler: called with arg, which stays the caller's, until the
 * subscription has ended.
 * Messages over a pending limit are dropped, the newest first, and counted.
 * out_sub: the caller's, for tern_sub_free. Any thread.
 * INVALID_ARGUMENT: subject, queue group or an option. CANCELLED: closed. FAILED_PRECONDITION:
 * draining. RESOURCE_EXHAUSTED: no memory. A server that refuses the subject shows as
 * TERN_EVENT_PERMISSION_REFUSED. */
TERN_API tern_status tern_conn_subscribe(tern_conn *conn, const char *subject, const tern_sub_options *options,
                                         tern_msg_fn handler, void *arg, tern_sub **out_sub, tern_error *err);

/* The same for protobuf messages of one type. A payload that is not such a message is dropped and
 * counted, with TERN_EVENT_MESSAGE_LOST. */
TERN_API tern_status tern_conn_subscribe_message(tern_conn *conn, const char *subject,
                                                 const ProtobufCMessageDescriptor *type,
                                                 const tern_sub_options *options, tern_message_fn handler, void *arg,
                                                 tern_sub **out_sub, tern_error *err);

/* Ends the subscription. After it returns no handler starts, and none runs but the one it was called
 * from; messages not yet handled are dropped. Waits for handlers that run; so handlers of two
 * subscriptions must not end each other's. Idempotent. Any thread.
 * FAILED_PRECONDITION: called on the I/O thread while a pool runs a handler of it; nothing was done. */
TERN_API tern_status tern_sub_unsubscribe(tern_sub *sub, tern_error *err);

/* Leaves the server, handles every message that had been sent to it before, then ends. Waits for
 * that for at most timeout_ms (0: 30,000), then drops the rest. Idempotent. Inside a handler of its
 * own it only begins, and returns OK.
 * DEADLINE_EXCEEDED: messages were dropped, or handlers still run. FAILED_PRECONDITION: called on the
 * I/O thread. */
TERN_API tern_status tern_sub_drain(tern_sub *sub, uint32_t timeout_ms, tern_error *err);

/* Unsubscribes if need be and frees the handle. Waits for running handlers, except from inside one of
 * its own and on an I/O thread. Any thread; NULL is fine. */
TERN_API void tern_sub_free(tern_sub *sub);

typedef struct tern_sub_stats {
    uint64_t received;   /* messages that came in */
    uint64_t handled;    /* handlers that returned */
    uint64_t dropped;    /* over a limit, undecodable, or unsubscribed before handling */
    size_t pending_msgs; /* received and not yet handled, now */
    size_t pending_bytes;
} tern_sub_stats;

/* Copies the counters since the subscription began. Any thread. */
TERN_API void tern_sub_get_stats(const tern_sub *sub, tern_sub_stats *out_stats);

#ifdef __cplusplus
}
#endif

#endif

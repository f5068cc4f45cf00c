/* Messages: publishing them, asking for a reply, and reading those received. A tern_msg is what NATS
 * delivers, bytes and headers; a message is what protobuf makes of the bytes (tern_message_…). */
#ifndef TERN_MSG_H
#define TERN_MSG_H

#include <protobuf-c/protobuf-c.h>

#include <tern/conn.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A received message. It belongs to one thread at a time. */
typedef struct tern_msg tern_msg;

/* A header line. Names that begin with Tern- or Nats-Service-Error, and Status and Description, are Tern's own in
 * calls, in whatever case. name: an RFC 9110 token; value: not empty, no CR or LF. nats.c may take a name for a longer
 * one that begins with it: a message where it would is not sent (TERN_EVENT_MESSAGE_LOST, or the request
 * fails); in a received one with two such names, the shorter may have the longer one's value. */
typedef struct tern_header {
    const char *name;
    const char *value;
} tern_header;

/* A message to be sent; everything stays the caller's and is copied. */
typedef struct tern_outgoing {
    const char *subject; /* no wildcards, spaces or empty tokens */
    const char *reply;   /* NULL: none */
    const void *data;    /* may be NULL where size is 0 */
    size_t size;         /* bytes */
    const tern_header *headers;
    size_t header_count;
} tern_outgoing;

/* Publishes size bytes of data to subject: copies them, hands them to the I/O thread and returns.
 * At most once: what was accepted is lost if the session breaks while it is being sent.
 * Without a session it is held for the next one, up to outage_buffer_bytes; beyond that it fails at
 * once. With a session it waits for room when outbound_limit_bytes are held: until the server takes
 * some, or the session is declared lost (see liveness_interval_ms). On the I/O thread it never
 * waits, and fails at that limit. An accepted message may exceed a limit by its own size when nothing else is held.
 * Threads: any.
 * INVALID_ARGUMENT: subject, headers, or more than the server's max_payload.
 * RESOURCE_EXHAUSTED: no room, or no memory. CANCELLED: closed. FAILED_PRECONDITION: draining,
 * and not inside a handler. */
TERN_API tern_status tern_conn_publish(tern_conn *conn, const char *subject, const void *data, size_t size,
                                       tern_error *err);

/* The same with a reply subject and headers. message and all it points to stay the caller's. */
TERN_API tern_status tern_conn_publish_outgoing(tern_conn *conn, const tern_outgoing *message, tern_error *err);

/* The same with message's protobuf bytes as the payload.
 * INVALID_ARGUMENT also: message is NULL or lacks a required field. */
TERN_API tern_status tern_conn_publish_message(tern_conn *conn, const char *subject, const ProtobufCMessage *message,
                                               tern_error *err);

/* Sends a request and waits for one reply, for at most timeout_ms (0: 5,000), reconnecting included.
 * message->reply must be NULL: the inbox is Tern's. out_reply: the caller's, for tern_msg_free; any
 * reply is OK here, also one that carries an error in its headers.
 * Threads: any but the I/O thread.
 * UNAVAILABLE: nobody serves the subject, said by the server at once. DEADLINE_EXCEEDED: no reply
 * in time. CANCELLED: closed. PERMISSION_DENIED: the server refuses the subject. FAILED_PRECONDITION: on
 * an I/O thread, or draining, and not inside a handler. Others as tern_conn_publish. A service's error is
 * a reply with the headers Nats-Service-Error, its text, and Nats-Service-Error-Code, its number
 * (nats-io ADR-32). */
TERN_API tern_status tern_conn_request(tern_conn *conn, const tern_outgoing *message, uint32_t timeout_ms,
                                       tern_msg **out_reply, tern_error *err);

/* Views into the message, valid as long as it is. subject and data are never NULL (data has a NUL
 * byte behind its end); reply is NULL where there is none. */
TERN_API const char *tern_msg_subject(const tern_msg *msg);
TERN_API const char *tern_msg_reply(const tern_msg *msg);
TERN_API const void *tern_msg_data(const tern_msg *msg);
TERN_API size_t tern_msg_size(const tern_msg *msg);

/* The first value of the header called name (case matters), or NULL: none, or no memory. Valid as long as
 * msg is. By the message's owner. */
TERN_API const char *tern_msg_header(tern_msg *msg, const char *name);

/* Writes up to capacity headers, first values, to out_headers, and returns how many there are.
 * Views, valid as long as msg is. 0 also when there is no memory. By the message's owner. */
TERN_API size_t tern_msg_headers(tern_msg *msg, tern_header *out_headers, size_t capacity);

/* Publishes size bytes of data to the message's reply subject. From inside a handler, or later by
 * whoever owns the message, on any thread; also while the connection drains. Waits and fails as
 * tern_conn_publish; FAILED_PRECONDITION also where the message
 * has no reply subject. */
TERN_API tern_status tern_msg_respond(tern_msg *msg, const void *data, size_t size, tern_error *err);

/* Inside a handler: makes the message the handler's own, to be given to tern_msg_free later, on any
 * thread. Without it the message ends when the handler returns. */
TERN_API void tern_msg_keep(tern_msg *msg);

/* Frees a message that the caller owns. Any thread; NULL is fine. */
TERN_API void tern_msg_free(tern_msg *msg);

/* Decodes size bytes as one message of the given type, in a single allocation, to be freed with
 * tern_message_free or with protobuf-c's own free function given tern_message_allocator().
 * Any thread. INVALID_ARGUMENT: not such a message, or messages nested deeper than 100.
 * RESOURCE_EXHAUSTED: no memory. */
TERN_API tern_status tern_message_unpack(const ProtobufCMessageDescriptor *type, const void *data, size_t size,
                                         ProtobufCMessage **out_message, tern_error *err);

/* Frees a message that Tern decoded: a typed call's reply. protobuf-c's own free function with a NULL
 * allocator would corrupt the heap. Any thread; NULL is fine. */
TERN_API void tern_message_free(ProtobufCMessage *message);

/* For pkg__type__free_unpacked(message, tern_message_allocator()). Static storage; any thread. */
TERN_API ProtobufCAllocator *tern_message_allocator(void);

#ifdef __cplusplus
}
#endif

#endif

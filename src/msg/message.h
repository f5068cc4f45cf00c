/* Protobuf messages, encoded and decoded. */
#ifndef TERNI_MESSAGE_H
#define TERNI_MESSAGE_H

#include <tern/msg.h>

/* The message type's full name, or words that stand for it. */
const char *terni_message_name(const ProtobufCMessageDescriptor *type);

/* A terni_outgoing's fill: packs a ProtobufCMessage whose packed size is size. */
void terni_message_fill(const void *message, size_t size, uint8_t *out);

/* OK, or INVALID_ARGUMENT: what (the argument's name) is NULL or lacks a required field. */
tern_status terni_message_check(const char *what, const ProtobufCMessage *message, tern_error *err);

/* OK, or INVALID_ARGUMENT: messages within messages, deeper than is safe to decode. */
tern_status terni_message_depth_check(const ProtobufCMessageDescriptor *type, const void *data, size_t size,
                                      tern_error *err);

#endif

/* All files of a request and all messages in them, found by name. */
#ifndef GEN_SCHEMA_H
#define GEN_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>

#include <google/protobuf/compiler/plugin.pb-c.h>
#include <google/protobuf/descriptor.pb-c.h>

#include "names.h"

typedef Google__Protobuf__Compiler__CodeGeneratorRequest request_proto;
typedef Google__Protobuf__FileDescriptorProto file_proto;
typedef Google__Protobuf__DescriptorProto message_proto;
typedef Google__Protobuf__ServiceDescriptorProto service_proto;
typedef Google__Protobuf__MethodDescriptorProto method_proto;

typedef struct schema_file {
    const file_proto *proto; /* the request's */
    char *stem;              /* "examples/echo", owned */
    char *c_package;         /* owned; NULL: none */
    package package;         /* views into proto and c_package */
    bool no_generate;        /* protobuf-c writes no code for it */
} schema_file;

typedef struct schema_type {
    char *full_name; /* "examples.v1.EchoRequest", owned */
    const schema_file *file;
} schema_type;

typedef struct schema {
    schema_file *files; /* in the request's order */
    size_t file_count;
    schema_type *types; /* sorted by name */
    size_t type_count;
    size_t type_capacity;
} schema;

/* Fills out_schema with views into request, which must live as long. Ends the program where the
 * request cannot come from protoc: things without names. */
void schema_init(schema *out_schema, const request_proto *request);

void schema_free(schema *of);

/* NULL where there is none. */
const schema_file *schema_find_file(const schema *in, const char *name);

/* name: fully qualified, with the leading dot, as method descriptors have it. NULL where there is
 * none. */
const schema_type *schema_find_type(const schema *in, const char *name);

/* "examples.v1" and "Echo" -> "examples.v1.Echo": the caller's, for free(). */
char *schema_full_name(const char *scope, const char *name);

#endif

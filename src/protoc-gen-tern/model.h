/* What is to be generated for one file: its services, with every name worked out. */
#ifndef GEN_MODEL_H
#define GEN_MODEL_H

#include <stdbool.h>
#include <stddef.h>

#include "schema.h"

/* A request or reply. */
typedef struct model_message {
    const schema_type *type;
    char *c_type;     /* "Examples__V1__EchoRequest" */
    char *descriptor; /* "examples__v1__echo_request__descriptor" */
} model_message;

/* Strings are owned unless said otherwise. */
typedef struct model_method {
    const method_proto *proto;
    char *subject;           /* "examples.v1.Echo.Echo", which is its full name */
    char *prefix;            /* "examples_v1_echo_echo"; what it is put before: _fn, _async, _result, __invoke,
                                __complete */
    char *client;            /* the same, made safe: the blocking call */
    char *handler;           /* "echo", the field */
    const char *comment;     /* the .proto's; NULL: none */
    const char *idempotency; /* "TERN_IDEMPOTENT", static */
    bool deprecated;         /* it, or its whole service */
    model_message input;
    model_message output;
} model_method;

typedef struct model_service {
    char *full_name;     /* "examples.v1.Echo" */
    char *prefix;        /* "examples_v1_echo"; what it is put before: _type, _handlers, _serve, __methods */
    const char *comment; /* the .proto's; NULL: none */
    model_method *methods;
    size_t method_count;
} model_service;

typedef struct model {
    const schema_file *file;
    model_service *services;
    size_t service_count;
} model;

/* Fills out_model with views into types and its request, which must live as long. Ends the program
 * where the request cannot come from protoc: things without names, types that it does not hold. */
void model_init(model *out_model, const schema *types, const schema_file *file);

void model_free(model *of);

#endif

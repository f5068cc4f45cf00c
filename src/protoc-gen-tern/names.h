/* What things of a .proto are called in C.
 *
 * Messages are protobuf-c's, and their names must be the ones that its generator writes (protobuf-c
 * 1.4.1 to 1.5.1, c_helpers.cc). Of a full name such as "examples.v1.EchoRequest", every piece
 * between the dots is converted by itself, and the pieces are joined by "__":
 *   type:       first letters upper, underscores out ("Examples__V1__EchoRequest");
 *   descriptor: lower snake ("examples__v1__echo_request" and "__descriptor").
 * Lower snake puts "_" before a capital that follows anything but a capital, and lowers it:
 * EchoRequest -> echo_request, HTTPServer -> httpserver, GetV2 -> get_v2, Foo_Bar -> foo__bar.
 * The file option (pb_c_file).c_package takes the package's place.
 *
 * Functions are Tern's: the pieces in lower snake, joined by "_": examples_v1_echo, the service's
 * prefix, then _type, _handlers, _serve, or _ and the method in lower snake: the blocking call, and
 * before _async, _result and _fn what belongs to the asynchronous one. A method's handler is a field
 * called as the method in lower snake. A name that is a word of C or C++, or a macro of the
 * standard headers or the compiler, gets a "_" at its end. Two things of one name are a problem
 * that check.h reports. */
#ifndef GEN_NAMES_H
#define GEN_NAMES_H

#include <stdbool.h>

/* The package of a file, as its .proto and its C code know it. */
typedef struct package {
    const char *name;   /* "" for none */
    const char *c_name; /* the c_package that takes its place; NULL: none does */
} package;

/* All of these return the caller's string, for free(). */

/* examples.v1.EchoRequest -> Examples__V1__EchoRequest */
char *name_of_type(const char *full_name, const package *of);

/* examples.v1.EchoRequest -> examples__v1__echo_request__descriptor */
char *name_of_descriptor(const char *full_name, const package *of);

/* examples.v1.Echo -> examples_v1_echo */
char *name_of_service(const char *full_name, const package *of);

/* SayHello -> say_hello, not yet made safe */
char *name_in_snake(const char *name);

/* default -> default_, anything that is no reserved word -> itself. Takes name over. */
char *name_made_safe_take(char *name);

/* examples/echo.proto -> examples_2fecho_2eproto, a part of an identifier */
char *name_of_guard(const char *file_name);

/* examples/echo.proto -> examples/echo */
char *name_of_stem(const char *file_name);

#endif

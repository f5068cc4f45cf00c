/* protobuf-c's own options of a file, which decide what its code is called and whether there is any. */
#ifndef GEN_PBC_OPTIONS_H
#define GEN_PBC_OPTIONS_H

#include <stdbool.h>

#include <google/protobuf/descriptor.pb-c.h>

/* Reads (pb_c_file).no_generate and .c_package. out_c_package: the caller's, for free(); NULL where
 * the file does not say. Ends the program where the option's bytes are no such message. */
void pbc_options_read(const Google__Protobuf__FileDescriptorProto *file, bool *out_no_generate, char **out_c_package);

#endif

/* Comments of a .proto, carried over into C. */
#ifndef GEN_COMMENTS_H
#define GEN_COMMENTS_H

#include <stddef.h>
#include <stdint.h>

#include "schema.h"
#include "text.h"

/* The comment that stands before the thing at path (google.protobuf.SourceCodeInfo.Location), as
 * protoc gives it; NULL where there is none. A view into file. */
const char *comment_find(const file_proto *file, const int32_t *path, size_t path_count);

/* Writes a C comment: the first line, then comment's lines, if any (NULL is fine). What would open
 * or close a comment is kept from doing so. */
void comment_write(text *to, const char *first_line, const char *comment);

#endif

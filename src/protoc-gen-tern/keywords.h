/* Names that C or C++ code cannot give to a member or a function. */
#ifndef GEN_KEYWORDS_H
#define GEN_KEYWORDS_H

#include <stdbool.h>

/* A keyword of C11 or GNU C: also protobuf-c's own code for a service does not compile with it. */
bool keyword_is_c(const char *name);

/* A keyword of C or C++, or a lower-case macro of the standard headers or of gcc. Macros that look
 * like functions do no harm, and are not among them. */
bool keyword_is_reserved(const char *name);

#endif

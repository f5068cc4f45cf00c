/* What is wrong with the .proto files that are to be generated. */
#ifndef GEN_CHECK_H
#define GEN_CHECK_H

#include "model.h"
#include "text.h"

/* Adds a line to problems for everything that cannot be generated: streaming methods, file names
 * that C cannot include, messages that protobuf-c writes no code for, and two things that would
 * have one name in C. Warns on stderr of methods that protobuf-c's own code does not compile with. */
void check_models(const model *models, size_t model_count, text *problems);

#endif

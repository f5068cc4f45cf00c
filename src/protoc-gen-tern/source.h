/* X.tern.c. */
#ifndef GEN_SOURCE_H
#define GEN_SOURCE_H

#include "model.h"
#include "text.h"

void source_write(text *to, const model *of);

#endif

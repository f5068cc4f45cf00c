/* X.tern.h. */
#ifndef GEN_HEADER_H
#define GEN_HEADER_H

#include "model.h"
#include "text.h"

/* The functions' names and parameters, which both outputs write. No newline at the end. */
void header_write_call_signature(text *to, const model_method *method);
void header_write_async_signature(text *to, const model_method *method);
void header_write_result_signature(text *to, const model_method *method);
void header_write_serve_signature(text *to, const model_service *service);

void header_write(text *to, const model *of);

#endif

/* Made by protoc-gen-tern from keywords_types.proto. Do not edit. */
#ifndef TERN_keywords_5ftypes_2eproto__INCLUDED
#define TERN_keywords_5ftypes_2eproto__INCLUDED

#include <tern/client.h>
#include <tern/service.h>

#include "keywords_types.pb-c.h"

#ifdef __cplusplus
extern "C" {
#endif

#ifdef __cplusplus
}
#endif

#endif

/* Made by protoc-gen-tern from types/common.proto. Do not edit. */
#ifndef TERN_types_2fcommon_2eproto__INCLUDED
#define TERN_types_2fcommon_2eproto__INCLUDED

#include <tern/client.h>
#include <tern/service.h>

#include "types/common.pb-c.h"

#ifdef __cplusplus
extern "C" {
#endif

#ifdef __cplusplus
}
#endif

#endif

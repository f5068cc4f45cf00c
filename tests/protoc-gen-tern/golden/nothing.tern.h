/* Made by protoc-gen-tern from nothing.proto. Do not edit. */
#ifndef TERN_nothing_2eproto__INCLUDED
#define TERN_nothing_2eproto__INCLUDED

#include <tern/client.h>
#include <tern/service.h>

#include "nothing.pb-c.h"

#ifdef __cplusplus
extern "C" {
#endif

#ifdef __cplusplus
}
#endif

#endif

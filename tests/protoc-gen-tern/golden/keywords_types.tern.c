/* Made by protoc-gen-tern from keywords_types.proto. Do not edit. */
#include "keywords_types.tern.h"

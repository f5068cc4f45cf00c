/* Made by protoc-gen-tern from types/common.proto. Do not edit. */
#include "types/common.tern.h"

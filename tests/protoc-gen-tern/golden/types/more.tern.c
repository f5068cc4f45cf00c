/* Made by protoc-gen-tern from types/more.proto. Do not edit. */
#include "types/more.tern.h"

/* Made by protoc-gen-tern from nothing.proto. Do not edit. */
#include "nothing.tern.h"

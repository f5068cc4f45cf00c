/* Tern: reconnecting NATS connections, subscriptions and typed protobuf calls for C. */
#ifndef TERN_TERN_H
#define TERN_TERN_H

#include <tern/call.h>
#include <tern/client.h>
#include <tern/conn.h>
#include <tern/executor.h>
#include <tern/method.h>
#include <tern/msg.h>
#include <tern/request.h>
#include <tern/service.h>
#include <tern/status.h>
#include <tern/sub.h>

#endif

/* Made by protoc-gen-tern from c_package.proto. Do not edit. */
#ifndef TERN_c_5fpackage_2eproto__INCLUDED
#define TERN_c_5fpackage_2eproto__INCLUDED

#include <tern/client.h>
#include <tern/service.h>

#include "c_package.pb-c.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Service com.example.long.name.v1.Things. */
extern const tern_service_type ex_short_v1_things_type;

/* Calls com.example.long.name.v1.Things.Take; see tern_client_call. */
tern_status ex_short_v1_things_take(tern_client *client, const ExShort__V1__Thing *request,
    const tern_call_options *options, ExShort__V1__Thing__Part **out_reply, tern_error *err);

/* Told of the end of a call of com.example.long.name.v1.Things.Take.
 * reply: its own, for tern_message_free; NULL unless err->status is TERN_OK.
 * err: never NULL. call and err are valid until it returns. arg: the caller's. */
typedef void (*ex_short_v1_things_take_fn)(tern_call *call, ExShort__V1__Thing__Part *reply,
    const tern_error *err, void *arg);

/* Calls com.example.long.name.v1.Things.Take without waiting; see tern_client_call_async. */
tern_status ex_short_v1_things_take_async(tern_client *client, const ExShort__V1__Thing *request,
    const tern_call_options *options, ex_short_v1_things_take_fn done, void *arg,
    tern_call **out_call, tern_error *err);

/* Takes the outcome of such a call that had no callback; see tern_call_result. */
tern_status ex_short_v1_things_take_result(tern_call *call, ExShort__V1__Thing__Part **out_reply,
    tern_error *err);

/* What answers com.example.long.name.v1.Things's methods; NULL answers TERN_UNIMPLEMENTED. */
typedef struct ex_short_v1_things_handlers {
    tern_status (*take)(tern_request *rq, const ExShort__V1__Thing *in, ExShort__V1__Thing__Part *out);
} ex_short_v1_things_handlers;

/* Serves com.example.long.name.v1.Things with handlers; see tern_service_start. */
tern_status ex_short_v1_things_serve(tern_conn *conn, const ex_short_v1_things_handlers *handlers, void *arg,
    const tern_service_options *options, tern_service **out_service, tern_error *err);

#ifdef __cplusplus
}
#endif

#endif

/* Made by protoc-gen-tern from c_package_foreign.proto. Do not edit. */
#ifndef TERN_c_5fpackage_5fforeign_2eproto__INCLUDED
#define TERN_c_5fpackage_5fforeign_2eproto__INCLUDED

#include <tern/client.h>
#include <tern/service.h>

#include "c_package_foreign.pb-c.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Service Borrower. */
extern const tern_service_type given_borrower_type;

/* Calls Borrower.Borrow; see tern_client_call. */
tern_status given_borrower_borrow(tern_client *client, const ExShort__V1__Thing *request,
    const tern_call_options *options, ExShort__V1__Thing__Part **out_reply, tern_error *err);

/* Told of the end of a call of Borrower.Borrow.
 * reply: its own, for tern_message_free; NULL unless err->status is TERN_OK.
 * err: never NULL. call and err are valid until it returns. arg: the caller's. */
typedef void (*given_borrower_borrow_fn)(tern_call *call, ExShort__V1__Thing__Part *reply,
    const tern_error *err, void *arg);

/* Calls Borrower.Borrow without waiting; see tern_client_call_async. */
tern_status given_borrower_borrow_async(tern_client *client, const ExShort__V1__Thing *request,
    const tern_call_options *options, given_borrower_borrow_fn done, void *arg,
    tern_call **out_call, tern_error *err);

/* Takes the outcome of such a call that had no callback; see tern_call_result. */
tern_status given_borrower_borrow_result(tern_call *call, ExShort__V1__Thing__Part **out_reply,
    tern_error *err);

/* Calls Borrower.Keep; see tern_client_call. */
tern_status given_borrower_keep(tern_client *client, const Given__Own *request,
    const tern_call_options *options, Given__Own **out_reply, tern_error *err);

/* Told of the end of a call of Borrower.Keep.
 * reply: its own, for tern_message_free; NULL unless err->status is TERN_OK.
 * err: never NULL. call and err are valid until it returns. arg: the caller's. */
typedef void (*given_borrower_keep_fn)(tern_call *call, Given__Own *reply,
    const tern_error *err, void *arg);

/* Calls Borrower.Keep without waiting; see tern_client_call_async. */
tern_status given_borrower_keep_async(tern_client *client, const Given__Own *request,
    const tern_call_options *options, given_borrower_keep_fn done, void *arg,
    tern_call **out_call, tern_error *err);

/* Takes the outcome of such a call that had no callback; see tern_call_result. */
tern_status given_borrower_keep_result(tern_call *call, Given__Own **out_reply,
    tern_error *err);

/* What answers Borrower's methods; NULL answers TERN_UNIMPLEMENTED. */
typedef struct given_borrower_handlers {
    tern_status (*borrow)(tern_request *rq, const ExShort__V1__Thing *in, ExShort__V1__Thing__Part *out);
    tern_status (*keep)(tern_request *rq, const Given__Own *in, Given__Own *out);
} given_borrower_handlers;

/* Serves Borrower with handlers; see tern_service_start. */
tern_status given_borrower_serve(tern_conn *conn, const given_borrower_handlers *handlers, void *arg,
    const tern_service_options *options, tern_service **out_service, tern_error *err);

#ifdef __cplusplus
}
#endif

#endif

/* Made by protoc-gen-tern from c_package_foreign.proto. Do not edit. */
#include "c_package_foreign.tern.h"

/* ---- Borrower ---- */

static tern_status given_borrower_borrow__invoke(const void *handlers, tern_request *rq,
    const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const given_borrower_handlers *own = (const given_borrower_handlers *)handlers;

    if (own->borrow == NULL)
        return tern_request_fail(rq, TERN_UNIMPLEMENTED, "%s is not implemented", "Borrower.Borrow");
    return (own->borrow)(rq, (const ExShort__V1__Thing *)in, (ExShort__V1__Thing__Part *)out);
}

static void given_borrower_borrow__complete(void (*done)(void), tern_call *call,
    ProtobufCMessage *reply, const tern_error *err, void *arg)
{
    ((given_borrower_borrow_fn)done)(call, (ExShort__V1__Thing__Part *)reply, err, arg);
}

static tern_status given_borrower_keep__invoke(const void *handlers, tern_request *rq,
    const ProtobufCMessage *in, ProtobufCMessage *out)
{
    const given_borrower_handlers *own = (const given_borrower_handlers *)handlers;

    if (own->keep == NULL)
        return tern_request_fail(rq, TERN_UNIMPLEMENTED, "%s is not implemented", "Borrower.Keep");
    return (own->keep)(rq, (const Given__Own *)in, (Given__Own *)out);
}

static void given_borrower_keep__complete(void (*done)(void), tern_call *call,
    ProtobufCMessage *reply, const tern_error *err, void *arg)
{
    ((given_borrower_keep_fn)done)(call, (Given__Own *)reply, err, arg);
}

static const tern_method given_borrower__methods[] = {
    {
        .name = "Borrow",
        .subject = "Borrower.Borrow",
        .input = &ex_short__v1__thing__descriptor,
        .output = &ex_short__v1__thing__part__descriptor,
        .idempotency = TERN_IDEMPOTENCY_UNKNOWN,
        .invoke = given_borrower_borrow__invoke,
        .complete = given_borrower_borrow__complete,
    },
    {
        .name = "Keep",
        .subject = "Borrower.Keep",
        .input = &given__own__descriptor,
        .output = &given__own__descriptor,
        .idempotency = TERN_IDEMPOTENCY_UNKNOWN,
        .invoke = given_borrower_keep__invoke,
        .complete = given_borrower_keep__complete,
    },
};

const tern_service_type given_borrower_type = {
    .name = "Borrower",
    .methods = given_borrower__methods,
    .method_count = 2,
    .handlers_size = sizeof(given_borrower_handlers),
};

tern_status given_borrower_borrow(tern_client *client, const ExShort__V1__Thing *request,
    const tern_call_options *options, ExShort__V1__Thing__Part **out_reply, tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_client_call(client, &given_borrower__methods[0],
        (const ProtobufCMessage *)request, options, out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (ExShort__V1__Thing__Part *)reply;
    return st;
}

tern_status given_borrower_borrow_async(tern_client *client, const ExShort__V1__Thing *request,
    const tern_call_options *options, given_borrower_borrow_fn done, void *arg,
    tern_call **out_call, tern_error *err)
{
    return tern_client_call_async(client, &given_borrower__methods[0],
        (const ProtobufCMessage *)request, options, (tern_any_fn)done, arg, out_call, err);
}

tern_status given_borrower_borrow_result(tern_call *call, ExShort__V1__Thing__Part **out_reply,
    tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_call_result(call, &given_borrower__methods[0], out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (ExShort__V1__Thing__Part *)reply;
    return st;
}

tern_status given_borrower_keep(tern_client *client, const Given__Own *request,
    const tern_call_options *options, Given__Own **out_reply, tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_client_call(client, &given_borrower__methods[1],
        (const ProtobufCMessage *)request, options, out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Given__Own *)reply;
    return st;
}

tern_status given_borrower_keep_async(tern_client *client, const Given__Own *request,
    const tern_call_options *options, given_borrower_keep_fn done, void *arg,
    tern_call **out_call, tern_error *err)
{
    return tern_client_call_async(client, &given_borrower__methods[1],
        (const ProtobufCMessage *)request, options, (tern_any_fn)done, arg, out_call, err);
}

tern_status given_borrower_keep_result(tern_call *call, Given__Own **out_reply,
    tern_error *err)
{
    ProtobufCMessage *reply = NULL;
    tern_status st = tern_call_result(call, &given_borrower__methods[1], out_reply ? &reply : NULL, err);

    if (st == TERN_OK)
        *out_reply = (Given__Own *)reply;
    return st;
}

tern_status given_borrower_serve(tern_conn *conn, const given_borrower_handlers *handlers, void *arg,
    const tern_service_options *options, tern_service **out_service, tern_error *err)
{
    return tern_service_start(conn, &given_borrower_type, handlers, arg, options, out_service, err);
}

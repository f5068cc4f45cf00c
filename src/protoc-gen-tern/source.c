#include "source.h"

#include <stdlib.h>

#include "comments.h"
#include "header.h"

/* The handler's name is in parentheses, lest it be a macro that looks like a function. */
static void write_invoke(text *to, const model_service *service, const model_method *method)
{
    text_printf(to,
                "static tern_status %s__invoke(const void *handlers, tern_request *rq,\n"
                "    const ProtobufCMessage *in, ProtobufCMessage *out)\n"
                "{\n"
                "    const %s_handlers *own = (const %s_handlers *)handlers;\n"
                "\n",
                method->prefix, service->prefix, service->prefix);
    text_printf(to,
                "    if (own->%s == NULL)\n"
                "        return tern_request_fail(rq, TERN_UNIMPLEMENTED, \"%%s is not implemented\", \"%s\");\n"
                "    return (own->%s)(rq, (const %s *)in, (%s *)out);\n"
                "}\n\n",
                method->handler, method->subject, method->handler, method->input.c_type, method->output.c_type);
}

static void write_complete(text *to, const model_method *method)
{
    text_printf(to,
                "static void %s__complete(void (*done)(void), tern_call *call,\n"
                "    ProtobufCMessage *reply, const tern_error *err, void *arg)\n"
                "{\n"
                "    ((%s_fn)done)(call, (%s *)reply, err, arg);\n"
                "}\n\n",
                method->prefix, method->prefix, method->output.c_type);
}

static void write_methods(text *to, const model_service *service)
{
    text_printf(to, "static const tern_method %s__methods[] = {\n", service->prefix);
    for (size_t i = 0; i < service->method_count; i++) {
        const model_method *method = &service->methods[i];

        text_printf(to,
                    "    {\n"
                    "        .name = \"%s\",\n"
                    "        .subject = \"%s\",\n"
                    "        .input = &%s,\n"
                    "        .output = &%s,\n"
                    "        .idempotency = %s,\n"
                    "        .invoke = %s__invoke,\n"
                    "        .complete = %s__complete,\n"
                    "    },\n",
                    method->proto->name, method->subject, method->input.descriptor, method->output.descriptor,
                    method->idempotency, method->prefix, method->prefix);
    }
    text_add(to, "};\n\n");
}

static void write_type(text *to, const model_service *service)
{
    text_printf(to, "const tern_service_type %s_type = {\n    .name = \"%s\",\n", service->prefix, service->full_name);
    if (service->method_count > 0) text_printf(to, "    .methods = %s__methods,\n", service->prefix);
    text_printf(to, "    .method_count = %zu,\n    .handlers_size = sizeof(%s_handlers),\n};\n\n",
                service->method_count, service->prefix);
}

/* The end of a function whose st and reply are known. */
static void write_typed_reply(text *to, const model_method *method)
{
    text_printf(to,
                "\n"
                "    if (st == TERN_OK)\n"
                "        *out_reply = (%s *)reply;\n"
                "    return st;\n"
                "}\n\n",
                method->output.c_type);
}

static void write_call(text *to, const model_service *service, size_t index)
{
    header_write_call_signature(to, &service->methods[index]);
    text_printf(to,
                "\n"
                "{\n"
                "    ProtobufCMessage *reply = NULL;\n"
                "    tern_status st = tern_client_call(client, &%s__methods[%zu],\n"
                "        (const ProtobufCMessage *)request, options, out_reply ? &reply : NULL, err);\n",
                service->prefix, index);
    write_typed_reply(to, &service->methods[index]);
}

static void write_async(text *to, const model_service *service, size_t index)
{
    header_write_async_signature(to, &service->methods[index]);
    text_printf(to,
                "\n"
                "{\n"
                "    return tern_client_call_async(client, &%s__methods[%zu],\n"
                "        (const ProtobufCMessage *)request, options, (tern_any_fn)done, arg, out_call, err);\n"
                "}\n\n",
                service->prefix, index);
}

static void write_result(text *to, const model_service *service, size_t index)
{
    header_write_result_signature(to, &service->methods[index]);
    text_printf(to,
                "\n"
                "{\n"
                "    ProtobufCMessage *reply = NULL;\n"
                "    tern_status st = tern_call_result(call, &%s__methods[%zu], out_reply ? &reply : NULL, err);\n",
                service->prefix, index);
    write_typed_reply(to, &service->methods[index]);
}

static void write_serve(text *to, const model_service *service)
{
    header_write_serve_signature(to, service);
    text_printf(to,
                "\n"
                "{\n"
                "    return tern_service_start(conn, &%s_type, handlers, arg, options, out_service, err);\n"
                "}\n",
                service->prefix);
}

static void write_service(text *to, const model_service *service)
{
    text_printf(to, "\n/* ---- %s ---- */\n\n", service->full_name);
    for (size_t i = 0; i < service->method_count; i++) {
        write_invoke(to, service, &service->methods[i]);
        write_complete(to, &service->methods[i]);
    }
    if (service->method_count > 0) write_methods(to, service);
    write_type(to, service);
    for (size_t i = 0; i < service->method_count; i++) {
        write_call(to, service, i);
        write_async(to, service, i);
        write_result(to, service, i);
    }
    write_serve(to, service);
}

void source_write(text *to, const model *of)
{
    char *sentence = string_printf("Made by protoc-gen-tern from %s. Do not edit.", of->file->proto->name);

    comment_write(to, sentence, NULL);
    text_printf(to, "#include \"%s.tern.h\"\n", of->file->stem);
    for (size_t i = 0; i < of->service_count; i++) write_service(to, &of->services[i]);
    free(sentence);
}

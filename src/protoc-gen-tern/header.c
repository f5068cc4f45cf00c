#include "header.h"

#include <stdlib.h>
#include <string.h>

#include "comments.h"

void header_write_call_signature(text *to, const model_method *method)
{
    text_printf(to,
                "tern_status %s(tern_client *client, const %s *request,\n"
                "    const tern_call_options *options, %s **out_reply, tern_error *err)",
                method->client, method->input.c_type, method->output.c_type);
}

void header_write_async_signature(text *to, const model_method *method)
{
    text_printf(to,
                "tern_status %s_async(tern_client *client, const %s *request,\n"
                "    const tern_call_options *options, %s_fn done, void *arg,\n"
                "    tern_call **out_call, tern_error *err)",
                method->prefix, method->input.c_type, method->prefix);
}

void header_write_result_signature(text *to, const model_method *method)
{
    text_printf(to, "tern_status %s_result(tern_call *call, %s **out_reply,\n    tern_error *err)", method->prefix,
                method->output.c_type);
}

void header_write_serve_signature(text *to, const model_service *service)
{
    text_printf(to,
                "tern_status %s_serve(tern_conn *conn, const %s_handlers *handlers, void *arg,\n"
                "    const tern_service_options *options, tern_service **out_service, tern_error *err)",
                service->prefix, service->prefix);
}

static void write_sentence(text *to, const char *before, const char *name, const char *after, const char *comment)
{
    char *sentence = string_printf("%s%s%s", before, name, after);

    comment_write(to, sentence, comment);
    free(sentence);
}

static void write_end_of_call(text *to, const model_method *method)
{
    text_printf(to, "%s;\n\n", method->deprecated ? "\n    PROTOBUF_C__DEPRECATED" : "");
}

static void write_call(text *to, const model_method *method)
{
    write_sentence(to, "Calls ", method->subject, "; see tern_client_call.", method->comment);
    header_write_call_signature(to, method);
    write_end_of_call(to, method);
}

static void write_callback(text *to, const model_method *method)
{
    write_sentence(to, "Told of the end of a call of ", method->subject, ".",
                   " reply: its own, for tern_message_free; NULL unless err->status is TERN_OK.\n"
                   " err: never NULL. call and err are valid until it returns. arg: the caller's.");
    text_printf(to,
                "typedef void (*%s_fn)(tern_call *call, %s *reply,\n"
                "    const tern_error *err, void *arg);\n\n",
                method->prefix, method->output.c_type);
}

/* Where the method is deprecated, the outcome is not: who asks for it has been warned of the call. */
static void write_async(text *to, const model_method *method)
{
    write_callback(to, method);
    write_sentence(to, "Calls ", method->subject, " without waiting; see tern_client_call_async.", method->comment);
    header_write_async_signature(to, method);
    write_end_of_call(to, method);
    write_sentence(to, "Takes the outcome of such a call that had no callback; see tern_call_result.", "", "", NULL);
    header_write_result_signature(to, method);
    text_add(to, ";\n\n");
}

static void write_handlers(text *to, const model_service *service)
{
    write_sentence(to, "What answers ", service->full_name, "'s methods; NULL answers TERN_UNIMPLEMENTED.", NULL);
    text_printf(to, "typedef struct %s_handlers {\n", service->prefix);
    for (size_t i = 0; i < service->method_count; i++) {
        const model_method *method = &service->methods[i];

        text_printf(to, "    tern_status (*%s)(tern_request *rq, const %s *in, %s *out);\n", method->handler,
                    method->input.c_type, method->output.c_type);
    }
    if (service->method_count == 0) text_add(to, "    char unused; /* C has no empty structs */\n");
    text_printf(to, "} %s_handlers;\n\n", service->prefix);
}

static void write_service(text *to, const model_service *service)
{
    write_sentence(to, "Service ", service->full_name, ".", service->comment);
    text_printf(to, "extern const tern_service_type %s_type;\n\n", service->prefix);
    for (size_t i = 0; i < service->method_count; i++) {
        write_call(to, &service->methods[i]);
        write_async(to, &service->methods[i]);
    }
    write_handlers(to, service);
    write_sentence(to, "Serves ", service->full_name, " with handlers; see tern_service_start.", NULL);
    header_write_serve_signature(to, service);
    text_add(to, ";\n\n");
}

static void include_once(text *to, const schema_file *file)
{
    char *line = string_printf("#include \"%s.pb-c.h\"\n", file->stem);

    if (to->size == 0 || strstr(to->data, line) == NULL) text_add(to, line);
    free(line);
}

/* The messages' headers: the file's own, or, where protobuf-c writes none for it, those of the files
 * that its messages come from. */
static void write_message_includes(text *to, const model *of)
{
    text lines = TEXT_INIT;

    if (!of->file->no_generate) include_once(&lines, of->file);
    for (size_t i = 0; of->file->no_generate && i < of->service_count; i++) {
        for (size_t j = 0; j < of->services[i].method_count; j++) {
            include_once(&lines, of->services[i].methods[j].input.type->file);
            include_once(&lines, of->services[i].methods[j].output.type->file);
        }
    }
    if (lines.size > 0) text_printf(to, "%s\n", lines.data);
    text_free(&lines);
}

void header_write(text *to, const model *of)
{
    char *guard = name_of_guard(of->file->proto->name);

    write_sentence(to, "Made by protoc-gen-tern from ", of->file->proto->name, ". Do not edit.", NULL);
    text_printf(to, "#ifndef TERN_%s__INCLUDED\n#define TERN_%s__INCLUDED\n\n", guard, guard);
    text_add(to, "#include <tern/client.h>\n#include <tern/service.h>\n\n");
    write_message_includes(to, of);
    text_add(to, "#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n");
    for (size_t i = 0; i < of->service_count; i++) write_service(to, &of->services[i]);
    text_add(to, "#ifdef __cplusplus\n}\n#endif\n\n#endif\n");
    free(guard);
}

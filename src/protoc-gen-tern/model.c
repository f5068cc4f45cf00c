#include "model.h"

#include <stdlib.h>
#include <string.h>

#include "comments.h"
#include "text.h"

/* Field numbers in descriptor.proto, which the paths of comments are made of. */
enum { FILE_SERVICE = 6, SERVICE_METHOD = 2 };

static void message_init(model_message *out, const schema *types, const char *name, const char *method)
{
    if (name == NULL) fail("malformed request: method %s lacks a type", method);
    out->type = schema_find_type(types, name);
    if (out->type == NULL) fail("malformed request: method %s: type %s is not in it", method, name);
    out->c_type = name_of_type(out->type->full_name, &out->type->file->package);
    out->descriptor = name_of_descriptor(out->type->full_name, &out->type->file->package);
}

static const char *idempotency_of(const method_proto *method)
{
    if (method->options == NULL || !method->options->has_idempotency_level) return "TERN_IDEMPOTENCY_UNKNOWN";
    switch (method->options->idempotency_level) {
    case GOOGLE__PROTOBUF__METHOD_OPTIONS__IDEMPOTENCY_LEVEL__NO_SIDE_EFFECTS: return "TERN_NO_SIDE_EFFECTS";
    case GOOGLE__PROTOBUF__METHOD_OPTIONS__IDEMPOTENCY_LEVEL__IDEMPOTENT: return "TERN_IDEMPOTENT";
    default: return "TERN_IDEMPOTENCY_UNKNOWN";
    }
}

static bool is_deprecated(const service_proto *service, const method_proto *method)
{
    return (service->options != NULL && service->options->deprecated) ||
           (method->options != NULL && method->options->deprecated);
}

static void method_init(model_method *out, const model_service *of, const schema *types, const service_proto *service,
                        const method_proto *method)
{
    char *snake;

    if (method->name == NULL) fail("malformed request: service %s: a method has no name", of->full_name);
    out->proto = method;
    out->subject = schema_full_name(of->full_name, method->name);
    snake = name_in_snake(method->name);
    out->prefix = string_printf("%s_%s", of->prefix, snake);
    out->client = name_made_safe_take(string_copy(out->prefix));
    out->handler = name_made_safe_take(snake);
    out->idempotency = idempotency_of(method);
    out->deprecated = is_deprecated(service, method);
    message_init(&out->input, types, method->input_type, out->subject);
    message_init(&out->output, types, method->output_type, out->subject);
}

static void service_init(model_service *out, const schema *types, const schema_file *file, size_t index)
{
    const service_proto *service = file->proto->service[index];
    int32_t path[] = { FILE_SERVICE, (int32_t)index, SERVICE_METHOD, 0 };

    if (service->name == NULL) fail("malformed request: %s: a service has no name", file->proto->name);
    out->full_name = schema_full_name(file->package.name, service->name);
    out->prefix = name_of_service(out->full_name, &file->package);
    out->comment = comment_find(file->proto, path, 2);
    out->methods = memory_array(service->n_method, sizeof out->methods[0]);
    out->method_count = service->n_method;
    for (size_t i = 0; i < service->n_method; i++) {
        method_init(&out->methods[i], out, types, service, service->method[i]);
        path[3] = (int32_t)i;
        out->methods[i].comment = comment_find(file->proto, path, 4);
    }
}

void model_init(model *out_model, const schema *types, const schema_file *file)
{
    out_model->file = file;
    out_model->service_count = file->proto->n_service;
    out_model->services = memory_array(out_model->service_count, sizeof out_model->services[0]);
    for (size_t i = 0; i < out_model->service_count; i++) service_init(&out_model->services[i], types, file, i);
}

static void method_free(model_method *method)
{
    free(method->subject);
    free(method->prefix);
    free(method->client);
    free(method->handler);
    free(method->input.c_type);
    free(method->input.descriptor);
    free(method->output.c_type);
    free(method->output.descriptor);
}

void model_free(model *of)
{
    for (size_t i = 0; i < of->service_count; i++) {
        model_service *service = &of->services[i];

        for (size_t j = 0; j < service->method_count; j++) method_free(&service->methods[j]);
        free(service->methods);
        free(service->full_name);
        free(service->prefix);
    }
    free(of->services);
    memset(of, 0, sizeof *of);
}

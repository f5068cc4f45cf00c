/* protoc-gen-tern: the plugin behind protoc's --tern_out.
 *
 * protoc writes a CodeGeneratorRequest to stdin and reads a CodeGeneratorResponse from stdout
 * (google/protobuf/compiler/plugin.proto). Problems of the .proto files travel in the response, with
 * exit status 0; a request that protoc would not have sent, and a failing machine, end in 1.
 *
 * request -> schema (what files and messages there are) -> model (what to generate, with its names)
 * -> check -> header and source. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "header.h"
#include "source.h"

typedef Google__Protobuf__Compiler__CodeGeneratorResponse response_proto;
typedef Google__Protobuf__Compiler__CodeGeneratorResponse__File response_file;

enum { FILES_PER_MODEL = 2 };

static void read_input(text *out)
{
    char part[65536];
    size_t size;

    while ((size = fread(part, 1, sizeof part, stdin)) > 0) text_add_bytes(out, part, size);
    if (ferror(stdin)) fail("cannot read the request from stdin");
}

static request_proto *read_request(void)
{
    text input = TEXT_INIT;
    request_proto *request;

    read_input(&input);
    request = google__protobuf__compiler__code_generator_request__unpack(NULL, input.size, (const uint8_t *)input.data);
    if (request == NULL)
        fail("stdin holds no CodeGeneratorRequest (%zu bytes): protoc is to run this program", input.size);
    text_free(&input);
    if (request->n_file_to_generate == 0) fail("the request names no file to generate: protoc is to run this program");
    return request;
}

static void write_response(const response_proto *response)
{
    size_t size = google__protobuf__compiler__code_generator_response__get_packed_size(response);
    uint8_t *packed = memory_array(size, 1);

    google__protobuf__compiler__code_generator_response__pack(response, packed);
    if (fwrite(packed, 1, size, stdout) != size || fflush(stdout) != 0) fail("cannot write the response to stdout");
    free(packed);
}

static response_file *make_file(const char *stem, const char *ending, void (*write)(text *, const model *),
                                const model *of)
{
    response_file *file = memory_array(1, sizeof *file);
    text content = TEXT_INIT;

    google__protobuf__compiler__code_generator_response__file__init(file);
    write(&content, of);
    file->name = string_printf("%s%s", stem, ending);
    file->content = text_take(&content);
    return file;
}

static void fill_files(response_proto *response, const model *models, size_t count)
{
    response->file = memory_array(FILES_PER_MODEL * count, sizeof response->file[0]);
    for (size_t i = 0; i < count; i++) {
        const char *stem = models[i].file->stem;

        response->file[response->n_file++] = make_file(stem, ".tern.h", header_write, &models[i]);
        response->file[response->n_file++] = make_file(stem, ".tern.c", source_write, &models[i]);
    }
}

static void free_files(response_proto *response)
{
    for (size_t i = 0; i < response->n_file; i++) {
        free(response->file[i]->name);
        free(response->file[i]->content);
        free(response->file[i]);
    }
    free(response->file);
}

static model *make_models(const request_proto *request, const schema *types)
{
    model *models = memory_array(request->n_file_to_generate, sizeof models[0]);

    for (size_t i = 0; i < request->n_file_to_generate; i++) {
        const schema_file *file = schema_find_file(types, request->file_to_generate[i]);

        if (file == NULL) fail("malformed request: it does not describe %s", request->file_to_generate[i]);
        model_init(&models[i], types, file);
    }
    return models;
}

static void check_parameter(const request_proto *request, text *problems)
{
    if (request->parameter != NULL && *request->parameter != '\0')
        text_printf(problems, "unknown option \"%s\": there are none\n", request->parameter);
}

/* Answers request: with files, or with what is wrong. */
static void generate(const request_proto *request, const model *models)
{
    response_proto response = GOOGLE__PROTOBUF__COMPILER__CODE_GENERATOR_RESPONSE__INIT;
    text problems = TEXT_INIT;

    response.has_supported_features = 1;
    response.supported_features = GOOGLE__PROTOBUF__COMPILER__CODE_GENERATOR_RESPONSE__FEATURE__FEATURE_PROTO3_OPTIONAL;
    check_parameter(request, &problems);
    check_models(models, request->n_file_to_generate, &problems);
    if (problems.size > 0) {
        problems.data[problems.size - 1] = '\0'; /* protoc ends the last line itself */
        response.error = problems.data;
    } else {
        fill_files(&response, models, request->n_file_to_generate);
    }
    write_response(&response);
    free_files(&response);
    text_free(&problems);
}

int main(int argc, char **argv)
{
    request_proto *request;
    schema types;
    model *models;

    if (argc > 1)
        fail("unexpected argument \"%s\": protoc runs this program, as protoc --c_out=DIR --tern_out=DIR x.proto",
             argv[1]);
    request = read_request();
    schema_init(&types, request);
    models = make_models(request, &types);
    generate(request, models);
    for (size_t i = 0; i < request->n_file_to_generate; i++) model_free(&models[i]);
    free(models);
    schema_free(&types);
    google__protobuf__compiler__code_generator_request__free_unpacked(request, NULL);
    return EXIT_SUCCESS;
}

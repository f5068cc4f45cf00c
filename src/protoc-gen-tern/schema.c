#include "schema.h"

#include <stdlib.h>
#include <string.h>

#include "pbc_options.h"
#include "text.h"

char *schema_full_name(const char *scope, const char *name)
{
    return string_printf("%s%s%s", scope, *scope == '\0' ? "" : ".", name);
}

static void add_type(schema *to, const schema_file *file, char *full_name_taken)
{
    if (to->type_count == to->type_capacity) {
        to->type_capacity = to->type_capacity == 0 ? 64 : 2 * to->type_capacity;
        to->types = memory_resize(to->types, to->type_capacity * sizeof to->types[0]);
    }
    to->types[to->type_count++] = (schema_type){ .full_name = full_name_taken, .file = file };
}

static void add_messages(schema *to, const schema_file *file, const char *scope, message_proto *const *messages,
                         size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char *full_name;

        if (messages[i]->name == NULL) fail("malformed request: %s: a message has no name", file->proto->name);
        full_name = schema_full_name(scope, messages[i]->name);
        add_type(to, file, full_name);
        add_messages(to, file, full_name, messages[i]->nested_type, messages[i]->n_nested_type);
    }
}

static void file_init(schema_file *file, const file_proto *proto)
{
    if (proto->name == NULL || *proto->name == '\0') fail("malformed request: a file has no name");
    file->proto = proto;
    file->stem = name_of_stem(proto->name);
    pbc_options_read(proto, &file->no_generate, &file->c_package);
    file->package.name = proto->package == NULL ? "" : proto->package;
    file->package.c_name = file->c_package;
}

static int compare_types(const void *a, const void *b)
{
    const schema_type *left = a;
    const schema_type *right = b;

    return strcmp(left->full_name, right->full_name);
}

void schema_init(schema *out_schema, const request_proto *request)
{
    memset(out_schema, 0, sizeof *out_schema);
    out_schema->files = memory_array(request->n_proto_file, sizeof out_schema->files[0]);
    for (size_t i = 0; i < request->n_proto_file; i++) {
        const file_proto *proto = request->proto_file[i];
        schema_file *file = &out_schema->files[out_schema->file_count++];

        file_init(file, proto);
        add_messages(out_schema, file, file->package.name, proto->message_type, proto->n_message_type);
    }
    if (out_schema->type_count > 0)
        qsort(out_schema->types, out_schema->type_count, sizeof out_schema->types[0], compare_types);
}

void schema_free(schema *of)
{
    for (size_t i = 0; i < of->file_count; i++) {
        free(of->files[i].stem);
        free(of->files[i].c_package);
    }
    for (size_t i = 0; i < of->type_count; i++) free(of->types[i].full_name);
    free(of->files);
    free(of->types);
    memset(of, 0, sizeof *of);
}

const schema_file *schema_find_file(const schema *in, const char *name)
{
    for (size_t i = 0; i < in->file_count; i++)
        if (strcmp(in->files[i].proto->name, name) == 0) return &in->files[i];
    return NULL;
}

static int compare_name_with_type(const void *name, const void *type)
{
    return strcmp(name, ((const schema_type *)type)->full_name);
}

const schema_type *schema_find_type(const schema *in, const char *name)
{
    if (*name == '.') name++;
    if (in->type_count == 0) return NULL;
    return bsearch(name, in->types, in->type_count, sizeof in->types[0], compare_name_with_type);
}

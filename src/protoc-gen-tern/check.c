#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "keywords.h"

/* What the generated code defines a name for. */
typedef struct owner {
    const model *file;
    const char *kind; /* "service" or "method", static */
    const char *name; /* the full one, the model's */
} owner;

typedef struct defined_name {
    char *name;
    size_t order; /* as they are written */
    owner of;
    owner clashes; /* of the same name, defined earlier; its name is NULL: nobody's */
} defined_name;

typedef struct name_table {
    defined_name *names;
    size_t count;
} name_table;

static void add_name(name_table *to, owner of, char *name_taken)
{
    to->names[to->count] = (defined_name){ .name = name_taken, .order = to->count, .of = of };
    to->count++;
}

enum { NAMES_PER_SERVICE = 4, SUFFIXES_PER_METHOD = 5, NAMES_PER_METHOD = SUFFIXES_PER_METHOD + 2 };

static void add_method(name_table *to, const model *file, const model_service *service, const model_method *method)
{
    static const char *const suffixes[SUFFIXES_PER_METHOD] = { "_fn", "_async", "_result", "__invoke", "__complete" };
    owner of = { file, "method", method->subject };

    add_name(to, of, string_copy(method->client));
    for (size_t i = 0; i < SUFFIXES_PER_METHOD; i++)
        add_name(to, of, string_printf("%s%s", method->prefix, suffixes[i]));
    add_name(to, of, string_printf("%s_handlers.%s", service->prefix, method->handler));
}

static void add_service(name_table *to, const model *file, const model_service *service)
{
    static const char *const suffixes[NAMES_PER_SERVICE] = { "_type", "_handlers", "_serve", "__methods" };
    owner of = { file, "service", service->full_name };

    for (size_t i = 0; i < NAMES_PER_SERVICE; i++)
        add_name(to, of, string_printf("%s%s", service->prefix, suffixes[i]));
    for (size_t i = 0; i < service->method_count; i++) add_method(to, file, service, &service->methods[i]);
}

static size_t count_names(const model *models, size_t model_count)
{
    size_t count = 0;

    for (size_t i = 0; i < model_count; i++)
        for (size_t j = 0; j < models[i].service_count; j++)
            count += NAMES_PER_SERVICE + NAMES_PER_METHOD * models[i].services[j].method_count;
    return count;
}

static int compare_order(const void *a, const void *b)
{
    const defined_name *left = a;
    const defined_name *right = b;

    return (left->order > right->order) - (left->order < right->order);
}

static int compare_names(const void *a, const void *b)
{
    const defined_name *left = a;
    const defined_name *right = b;
    int order = strcmp(left->name, right->name);

    return order != 0 ? order : compare_order(a, b);
}

/* Sets clashes everywhere, and leaves the table as it is written. */
static void find_clashes(name_table *in)
{
    if (in->count == 0) return;
    qsort(in->names, in->count, sizeof in->names[0], compare_names);
    for (size_t i = 1; i < in->count; i++)
        if (strcmp(in->names[i - 1].name, in->names[i].name) == 0) in->names[i].clashes = in->names[i - 1].of;
    qsort(in->names, in->count, sizeof in->names[0], compare_order);
}

/* Two owners that clash do so in most of their names; once is enough to say it. */
static bool is_reported(const name_table *in, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (in->names[i].of.name == in->names[index].of.name &&
            in->names[i].clashes.name == in->names[index].clashes.name)
            return true;
    return false;
}

static void report_clashes(const name_table *in, text *problems)
{
    for (size_t i = 0; i < in->count; i++) {
        const defined_name *name = &in->names[i];

        if (name->clashes.name == NULL || is_reported(in, i)) continue;
        text_printf(problems, "%s: %s %s: its C name %s is also that of %s %s", name->of.file->file->proto->name,
                    name->of.kind, name->of.name, name->name, name->clashes.kind, name->clashes.name);
        if (name->clashes.file != name->of.file) text_printf(problems, " in %s", name->clashes.file->file->proto->name);
        text_add_char(problems, '\n');
    }
}

static void check_collisions(const model *models, size_t model_count, text *problems)
{
    name_table table = { .names = memory_array(count_names(models, model_count), sizeof(defined_name)) };

    for (size_t i = 0; i < model_count; i++)
        for (size_t j = 0; j < models[i].service_count; j++) add_service(&table, &models[i], &models[i].services[j]);
    find_clashes(&table);
    report_clashes(&table, problems);
    for (size_t i = 0; i < table.count; i++) free(table.names[i].name);
    free(table.names);
}

static void check_message(const model_message *message, const char *place, text *problems)
{
    if (message->type->file->no_generate)
        text_printf(problems, "%s: protobuf-c writes no code for %s: %s says (pb_c_file).no_generate\n", place,
                    message->type->full_name, message->type->file->proto->name);
}

static void check_method(const model *file, const model_service *service, const model_method *method, text *problems)
{
    char *place =
        string_printf("%s: service %s, method %s", file->file->proto->name, service->full_name, method->proto->name);
    char *snake = name_in_snake(method->proto->name);

    if (method->proto->client_streaming || method->proto->server_streaming)
        text_printf(problems, "%s: streaming methods are not supported\n", place);
    check_message(&method->input, place, problems);
    if (method->output.type != method->input.type) check_message(&method->output, place, problems);
    if (keyword_is_c(snake) && !file->file->no_generate)
        fprintf(stderr,
                "%s: warning: protobuf-c's code for a service does not compile with a method called \"%s\"; "
                "put the service in a file of its own, with option (pb_c_file).no_generate = true\n",
                place, snake);
    free(snake);
    free(place);
}

static void check_file_name(const model *file, text *problems)
{
    for (const char *c = file->file->proto->name; *c != '\0'; c++) {
        if ((unsigned char)*c < ' ' || *c == '"' || *c == '\\') {
            text_printf(problems, "%s: C cannot include a file of this name\n", file->file->proto->name);
            return;
        }
    }
}

static void check_c_package(const model *file, text *problems)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.";
    const char *name = file->file->c_package;

    if (name != NULL && (name[strspn(name, allowed)] != '\0' || (*name >= '0' && *name <= '9')))
        text_printf(problems, "%s: (pb_c_file).c_package \"%s\" is no name in C\n", file->file->proto->name, name);
}

void check_models(const model *models, size_t model_count, text *problems)
{
    for (size_t i = 0; i < model_count; i++) {
        const model *file = &models[i];

        check_file_name(file, problems);
        check_c_package(file, problems);
        for (size_t j = 0; j < file->service_count; j++)
            for (size_t k = 0; k < file->services[j].method_count; k++)
                check_method(file, &file->services[j], &file->services[j].methods[k], problems);
    }
    check_collisions(models, model_count, problems);
}

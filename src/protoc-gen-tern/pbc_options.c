#include "pbc_options.h"

#include "pbc_options.pb-c.h"
#include "text.h"

enum { PB_C_FILE = 1019 }; /* the extension's number in google.protobuf.FileOptions */

/* protobuf-c keeps an unknown field as it came: of a message, its length and its bytes. */
static void add_payload(text *to, const ProtobufCMessageUnknownField *field)
{
    size_t start = 0;

    while (start < field->len && (field->data[start] & 0x80) != 0) start++;
    start++;
    if (start < field->len) text_add_bytes(to, field->data + start, field->len - start);
}

/* Puts all the parts of the option together: protobuf's own way of merging messages. */
static void find_option(const Google__Protobuf__FileOptions *options, text *out_bytes)
{
    for (unsigned i = 0; options != NULL && i < options->base.n_unknown_fields; i++) {
        const ProtobufCMessageUnknownField *field = &options->base.unknown_fields[i];

        if (field->tag == PB_C_FILE && field->wire_type == PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED)
            add_payload(out_bytes, field);
    }
}

void pbc_options_read(const Google__Protobuf__FileDescriptorProto *file, bool *out_no_generate, char **out_c_package)
{
    text bytes = TEXT_INIT;
    Tern__Gen__PbcOptions *options;

    *out_no_generate = false;
    *out_c_package = NULL;
    find_option(file->options, &bytes);
    if (bytes.size == 0) return;
    options = tern__gen__pbc_options__unpack(NULL, bytes.size, (const uint8_t *)bytes.data);
    text_free(&bytes);
    if (options == NULL) fail("malformed request: %s: option pb_c_file cannot be read", file->name);
    *out_no_generate = options->has_no_generate && options->no_generate;
    if (options->c_package != NULL) *out_c_package = string_copy(options->c_package);
    tern__gen__pbc_options__free_unpacked(options, NULL);
}

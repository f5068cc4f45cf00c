#include "comments.h"

#include <stdbool.h>
#include <string.h>

const char *comment_find(const file_proto *file, const int32_t *path, size_t path_count)
{
    const Google__Protobuf__SourceCodeInfo *info = file->source_code_info;

    for (size_t i = 0; info != NULL && i < info->n_location; i++) {
        const Google__Protobuf__SourceCodeInfo__Location *at = info->location[i];

        if (at->n_path == path_count && memcmp(at->path, path, path_count * sizeof path[0]) == 0)
            return at->leading_comments;
    }
    return NULL;
}

static size_t trimmed_size(const char *line, size_t size)
{
    while (size > 0 && strchr(" \t\r\v\f\n", line[size - 1]) != NULL) size--;
    return size;
}

/* What would open or close a comment, or be the trigraph for a backslash, at which compilers warn. */
static bool must_stay_apart(char left, char right)
{
    return (left == '/' && right == '*') || ((left == '*' || left == '?') && right == '/');
}

static void write_line(text *to, const char *line, size_t size)
{
    char last = ' ';

    for (size_t i = 0; i < size; i++) {
        if (must_stay_apart(last, line[i])) text_add_char(to, ' ');
        text_add_char(to, line[i]);
        last = line[i];
    }
}

void comment_write(text *to, const char *first_line, const char *comment)
{
    const char *at = comment == NULL ? "" : comment;
    const char *end = at + trimmed_size(at, strlen(at));

    text_add(to, "/* ");
    write_line(to, first_line, trimmed_size(first_line, strlen(first_line)));
    while (at < end) {
        size_t size = strcspn(at, "\n");
        size_t shown = trimmed_size(at, size);

        text_add(to, "\n *");
        if (shown > 0 && *at != ' ') text_add_char(to, ' ');
        write_line(to, at, shown);
        at += size + 1;
    }
    text_add(to, " */\n");
}

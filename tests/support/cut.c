/* The scanner knows lines (up to CR LF) and, after a line "MSG ... size" or "HMSG ... size", a payload of size + 2
 * bytes, so payload bytes are never taken for a line. The place of a cut inside a payload is known as soon as its
 * line is. Inside a line it needs the line's length, hence the holding back. */
#include "cut.h"

#include <stdlib.h>
#include <string.h>

#define MAX_LINE_BYTES 32768 /* a longer "line" is no NATS protocol in clear */
#define DEFAULT_ANY_BYTES 4096
#define DEFAULT_FIRST_MESSAGES 8

/* splitmix64 */
static uint64_t next_random(struct cutter *cutter)
{
    uint64_t z = cutter->random += 0x9e3779b97f4a7c15u;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

void cutter_init(struct cutter *cutter)
{
    memset(cutter, 0, sizeof *cutter);
    cutter->cut_at = UINT64_MAX;
}

void cutter_arm(struct cutter *cutter, const struct proxy_cut *cut)
{
    uint64_t within = cut->bytes != 0 ? cut->bytes : DEFAULT_ANY_BYTES;

    cutter->cut = *cut;
    cutter->random = cut->seed;
    cutter->armed_at = cutter->seen;
    cutter->cut_at = UINT64_MAX;
    cutter->items_left = cut->nth;
    if (cut->nth == 0) {
        cutter->items_left = 1;
        if (cut->kind != PROXY_CUT_INFO_LINE) cutter->items_left += (int)(next_random(cutter) % DEFAULT_FIRST_MESSAGES);
    }
    if (cut->kind == PROXY_CUT_AFTER_BYTES) cutter->cut_at = cutter->seen + cut->bytes;
    if (cut->kind == PROXY_CUT_ANY_OFFSET) cutter->cut_at = cutter->seen + 1 + next_random(cutter) % within;
}

/* Counts an item of the armed kind that begins at item_start; the cut falls after 1 to item_bytes - 1 of its bytes. */
static void count_item(struct cutter *cutter, uint64_t item_bytes)
{
    if (cutter->cut_at != UINT64_MAX || cutter->item_start < cutter->armed_at) return;
    if (--cutter->items_left == 0) cutter->cut_at = cutter->item_start + 1 + next_random(cutter) % (item_bytes - 1);
}

static bool starts_with(const struct cutter *cutter, const char *verb)
{
    size_t length = strlen(verb);

    return cutter->line_bytes >= length && memcmp(cutter->line, verb, length) == 0;
}

static void end_line(struct cutter *cutter)
{
    bool info = starts_with(cutter, "INFO ");
    bool message = starts_with(cutter, "MSG ") || starts_with(cutter, "HMSG ");
    uint64_t line_bytes = cutter->seen - cutter->item_start;
    const char *last;

    if (info && cutter->cut.kind == PROXY_CUT_INFO_LINE) count_item(cutter, line_bytes);
    if (message && cutter->cut.kind == PROXY_CUT_MSG_LINE) count_item(cutter, line_bytes);
    cutter->item_start = cutter->seen;
    if (message) {
        cutter->line[cutter->line_bytes - 2] = '\0';
        last = strrchr(cutter->line, ' ');
        cutter->item_bytes = strtoull(last + 1, NULL, 10) + 2;
        cutter->state = CUTTER_PAYLOAD;
        if (cutter->cut.kind == PROXY_CUT_MSG_PAYLOAD) count_item(cutter, cutter->item_bytes);
    }
    cutter->line_bytes = 0;
}

/* Takes bytes up to a line's end. The LF decides; NATS never sends one without its CR. */
static size_t scan_line(struct cutter *cutter, const char *bytes, size_t size_bytes)
{
    const char *lf = memchr(bytes, '\n', size_bytes);
    size_t taken = lf != NULL ? (size_t)(lf - bytes) + 1 : size_bytes;
    size_t room = sizeof cutter->line - cutter->line_bytes;
    size_t kept = taken < room ? taken : room;

    memcpy(cutter->line + cutter->line_bytes, bytes, kept);
    cutter->line_bytes += kept;
    cutter->seen += taken;
    if (lf != NULL && cutter->seen - cutter->item_start >= 2) end_line(cutter);
    else if (cutter->seen - cutter->item_start > MAX_LINE_BYTES) cutter->state = CUTTER_OPAQUE;
    return taken;
}

static size_t scan_payload(struct cutter *cutter, size_t size_bytes)
{
    uint64_t left = cutter->item_start + cutter->item_bytes - cutter->seen;
    size_t taken = left < size_bytes ? (size_t)left : size_bytes;

    cutter->seen += taken;
    if (taken == left) {
        cutter->item_start = cutter->seen;
        cutter->state = CUTTER_LINE;
    }
    return taken;
}

void cutter_scan(struct cutter *cutter, const char *bytes, size_t size_bytes)
{
    size_t taken;

    while (size_bytes > 0) {
        if (cutter->state == CUTTER_LINE) taken = scan_line(cutter, bytes, size_bytes);
        else if (cutter->state == CUTTER_PAYLOAD) taken = scan_payload(cutter, size_bytes);
        else cutter->seen += taken = size_bytes;
        bytes += taken;
        size_bytes -= taken;
    }
}

uint64_t cutter_limit(const struct cutter *cutter)
{
    bool in_lines = cutter->cut.kind == PROXY_CUT_INFO_LINE || cutter->cut.kind == PROXY_CUT_MSG_LINE;

    if (cutter->cut_at != UINT64_MAX) return cutter->cut_at;
    if (in_lines && cutter->state == CUTTER_LINE && cutter->item_start >= cutter->armed_at) return cutter->item_start;
    return cutter->seen;
}

#include "rpc/reply.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "msg/message.h"
#include "msg/msg.h"
#include "rpc/wire.h"

/* The code of a NATS status, "NATS/1.0 404", which is no service's reply; or 0. nats.c shows it as a header,
 * which a service could send as well, with a payload. */
static long nats_status(natsMsg *reply)
{
    const char *status = terni_nats_header(reply, "Status");
    bool is_one = status != NULL && strlen(status) == 3 && strspn(status, "0123456789") == 3;
    return is_one && natsMsg_GetDataLength(reply) == 0 ? strtol(status, NULL, 10) : 0;
}

static terni_reply_error make_error(long code, const char *text)
{
    tern_status st = terni_status_from_code(code);
    bool blank = text == NULL || *text == '\0';
    return (terni_reply_error){ .status = st,
                                .code = code > INT_MAX || code < INT_MIN ? 0 : (int)code,
                                .text = blank ? tern_status_meaning(st) : text,
                                .retry_after_ms = -1 };
}

/* The milliseconds that text says, or -1: it is no such number. */
static int64_t read_ms(const char *text)
{
    if (text == NULL || *text == '\0' || text[strspn(text, "0123456789")] != '\0') return -1;
    unsigned long long ms = strtoull(text, NULL, 10);  /* ULLONG_MAX where it is beyond */
    return ms < UINT32_MAX ? (int64_t)ms : UINT32_MAX; /* no call lasts longer */
}

/* What the header block says of itself: OK: it may hold an error; NOT_FOUND: it does not; others: it cannot be read.
 * Cheap where there are no headers, as mostly. */
static natsStatus look_for_error(natsMsg *reply)
{
    const char *value = NULL;
    const char *const names[] = { "Status", TERNI_HEADER_ERROR_CODE, TERNI_HEADER_ERROR };
    natsStatus s = NATS_NOT_FOUND;
    for (size_t i = 0; i < sizeof names / sizeof *names && s == NATS_NOT_FOUND; i++)
        s = natsMsgHeader_Get(reply, names[i], &value);
    return s;
}

static terni_reply_error unreadable(natsStatus s)
{
    tern_status st = s == NATS_NO_MEMORY ? TERN_RESOURCE_EXHAUSTED : TERN_INTERNAL;
    const char *text = st == TERN_INTERNAL ? "the reply's headers cannot be read" : "out of memory";
    return (terni_reply_error){ .status = st, .local = true, .text = text, .retry_after_ms = -1 };
}

terni_reply_error terni_reply_read_error(natsMsg *reply)
{
    static const char eaten[] = TERNI_HEADER_ERROR_CODE ":";
    natsStatus s = look_for_error(reply);
    if (s == NATS_NOT_FOUND) return (terni_reply_error){ .status = TERN_OK };
    if (s != NATS_OK) return unreadable(s);
    if (nats_status(reply) != 0) return make_error(nats_status(reply), "the reply is a NATS status");
    const char *code = terni_nats_header(reply, TERNI_HEADER_ERROR_CODE);
    const char *text = terni_nats_header(reply, TERNI_HEADER_ERROR);
    if (code == NULL && text == NULL) return (terni_reply_error){ .status = TERN_OK };
    if (code == NULL && strncmp(text, eaten, sizeof eaten - 1) == 0) { /* behind an empty text: see tern/msg.h */
        code = text + sizeof eaten - 1;
        text = NULL;
    }
    terni_reply_error error = make_error(code == NULL ? 0 : strtol(code, NULL, 10), text);
    const char *mark = terni_nats_header(reply, TERNI_HEADER_NOT_EXECUTED);
    error.not_executed = mark != NULL && strcmp(mark, "1") == 0;
    error.retry_after_ms = read_ms(terni_nats_header(reply, TERNI_HEADER_RETRY_AFTER));
    return error;
}

tern_status terni_reply_decode(const tern_method *method, natsMsg *reply, ProtobufCMessage **out_message,
                               tern_error *err)
{
    tern_error why;
    const char *data = natsMsg_GetData(reply);
    tern_status st = tern_message_unpack(method->output, data == NULL ? "" : data, (size_t)natsMsg_GetDataLength(reply),
                                         out_message, &why);
    if (st == TERN_OK || st == TERN_RESOURCE_EXHAUSTED) return st == TERN_OK ? st : terni_fail_memory(err);
    return terni_fail(err, TERN_INTERNAL, "reply from \"%s\": %s", method->subject, why.text);
}

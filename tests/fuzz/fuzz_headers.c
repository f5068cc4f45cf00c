/* Headers in both directions, over nats.c's own encoder and parser: what Tern accepts goes out as it is, as one line
 * each and nothing more, and reads the same on the other side; what it refuses has a text; and what a peer sends, of
 * whatever form, can be read and sent back.
 *
 * An input is a few pairs of pieces, a name and a value each, behind a byte that says how many; then a piece of raw
 * headers. The pairs go with a call as metadata; what came of them goes to a service, whose handler sets all headers it
 * sees for its answer; that goes to the call as its reply. The raw headers take the same way from the service on. */
#include <string.h>

#include "core/subject.h"
#include "input.h"
#include "line.h"
#include "need.h"
#include "rpc/wire.h"
#include "test/v1/calc.tern.h"

enum { PAIRS = 6, HEADERS = 48 };

struct pairs {
    size_t count;
    struct peer_header items[HEADERS];
};

static struct line line;
static tern_service *service;
static tern_client *client;
static struct pairs given;    /* by the input */
static struct pairs answered; /* by the handler: what Tern accepted */
static bool handled, well_formed;

/* ---- Pairs ---- */

static const char *find(const struct pairs *pairs, const char *name)
{
    return peer_header(pairs->items, pairs->count, name);
}

/* In place of one of the same name. */
static void put(struct pairs *pairs, const char *name, const char *value)
{
    size_t at = 0;
    while (at < pairs->count && strcmp(pairs->items[at].name, name) != 0) at++;
    need(at < HEADERS, "there are few headers");
    if (at == pairs->count) pairs->count++;
    (void)snprintf(pairs->items[at].name, sizeof pairs->items[at].name, "%s", name);
    (void)snprintf(pairs->items[at].value, sizeof pairs->items[at].value, "%s", value);
}

static const char space[] = " \t\v\f"; /* as nats.c cuts it off the ends of a value */

/* Are they the same but for that? */
static bool same_value(const char *a, const char *b)
{
    size_t a_size, b_size;
    a += strspn(a, space);
    b += strspn(b, space);
    for (a_size = strlen(a); a_size > 0 && strchr(space, a[a_size - 1]) != NULL;) a_size--;
    for (b_size = strlen(b); b_size > 0 && strchr(space, b[b_size - 1]) != NULL;) b_size--;
    return a_size == b_size && memcmp(a, b, a_size) == 0;
}

/* Has the first header of this name this value? Where another name begins with it, nats.c may confuse them. */
static bool has(const struct pairs *pairs, const char *name, const char *value, const char *found)
{
    for (size_t i = 0; i < pairs->count; i++) {
        const char *other = pairs->items[i].name;
        if (strncmp(other, name, strlen(name)) == 0 && strcmp(other, name) != 0) return true;
    }
    return found != NULL && same_value(found, value);
}

/* Has the message just these headers, and perhaps Tern's timeout? */
static void check_sent(const struct peer_message *message, const struct pairs *pairs)
{
    static struct peer_header headers[PEER_HEADERS];
    size_t count = peer_headers(message, headers);
    size_t own = peer_header(headers, count, TERNI_HEADER_TIMEOUT) == NULL ? 0 : 1;
    need(count == pairs->count + own, "what was accepted is sent, and nothing else");
    for (size_t i = 0; i < pairs->count; i++) {
        const struct peer_header *pair = &pairs->items[i];
        const char *value = peer_header(headers, count, pair->name);
        need(value != NULL && same_value(value, pair->value), "a header goes out as it is");
    }
}

/* ---- What may stand in a header, said once more ---- */

static bool is_token(const char *name)
{
    for (const char *c = name; *c != '\0'; c++) {
        bool letter = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z');
        if (!letter && (*c < '0' || *c > '9') && strchr("!#$%&'*+-.^_`|~", *c) == NULL) return false;
    }
    return *name != '\0';
}

static bool is_line(const char *value)
{
    bool blank = true;
    for (const char *c = value; *c != '\0'; c++) {
        if (*c == '\r' || *c == '\n') return false;
        if (strchr(space, *c) == NULL) blank = false;
    }
    return !blank;
}

/* The number that the digits say, at most limit; otherwise where they do not say a positive one. */
static uint64_t positive(const char *digits, uint64_t limit, uint64_t otherwise)
{
    uint64_t number = 0;
    if (digits == NULL || *digits == '\0') return otherwise;
    for (; *digits != '\0'; digits++) {
        if (*digits < '0' || *digits > '9') return otherwise;
        number = number * 10 + (uint64_t)(*digits - '0');
        if (number > limit) number = limit;
    }
    return number == 0 ? otherwise : number;
}

static bool check_pair(const char *name, const char *value)
{
    tern_error err = { .status = TERN_OK };
    tern_status st = terni_header_check(name, value, &err);
    need((st == TERN_OK) == (is_token(name) && is_line(value)), "a header is accepted where it is one");
    need(st == TERN_OK || (st == TERN_INVALID_ARGUMENT && err.status == st && *err.text != '\0'),
         "a refusal has a text");
    return st == TERN_OK && !terni_header_is_reserved(name);
}

/* ---- The service ---- */

static void check_numbers(tern_request *rq)
{
    enum { DEFAULT_MS = 5000, MAX_MS = 24 * 60 * 60 * 1000, SLOW_MS = 20000 };
    uint64_t timeout_ms = positive(tern_request_header(rq, "Tern-Timeout-Ms"), MAX_MS, DEFAULT_MS);
    uint32_t left_ms = tern_request_remaining_ms(rq);
    need(left_ms <= timeout_ms && left_ms + SLOW_MS >= timeout_ms, "a request has the time that its header says");
    need(tern_request_attempt(rq) == positive(tern_request_header(rq, "Tern-Attempt"), UINT32_MAX, 1),
         "a request is the attempt that its header says");
}

/* Are these headers as the protocol has them? Of others nats.c may show something else each time. */
static bool are_well_formed(const char *headers, size_t size)
{
    static const char version[] = "NATS/1.0\r\n";
    const char *at = headers + sizeof version - 1, *end = headers + size;
    if (size < sizeof version || memcmp(headers, version, sizeof version - 1) != 0) return false;
    while (at < end && *at != '\r') {
        const char *line_end = memchr(at, '\r', (size_t)(end - at)), *name = at;
        while (at < end && *at != ':' && *at > ' ') at++;
        if (at == end || *at != ':' || at == name || line_end == NULL) return false;
        if (memchr(at, '\n', (size_t)(line_end - at)) != NULL || memchr(at, '\0', (size_t)(line_end - at)) != NULL)
            return false;
        if (end - line_end < 2 || line_end[1] != '\n') return false;
        at = line_end + 2;
    }
    return end - at == 2 && memcmp(at, "\r\n", 2) == 0;
}

static tern_status increment(tern_request *rq, const Test__V1__Number *in, Test__V1__Number *out)
{
    tern_header headers[HEADERS];
    size_t count = tern_request_headers(rq, headers, HEADERS);
    out->value = in->value;
    handled = true;
    answered.count = 0;
    if (well_formed) check_numbers(rq);
    for (size_t i = 0; i < count && i < HEADERS; i++) {
        tern_error err;
        bool fits = strlen(headers[i].name) < sizeof answered.items[0].name &&
                    strlen(headers[i].value) < sizeof answered.items[0].value;
        bool good = check_pair(headers[i].name, headers[i].value);
        tern_status st = fits ? tern_request_set_header(rq, headers[i].name, headers[i].value, &err) : TERN_OK;
        need(!fits || (st == TERN_OK) == good, "a header can be set where it is a good one");
        if (fits && good) put(&answered, headers[i].name, headers[i].value);
    }
    return TERN_OK;
}

/* Sends headers to the service. Returns its answer; NULL: none, or the error that they are too many. */
static const struct peer_message *ask_service(const char *headers, size_t size)
{
    struct peer_message message = {
        .subject = "test.v1.Calc.Increment", .reply = "R", .headers = headers, .header_size = size
    };
    size_t before = peer_count(line.peer);
    handled = false;
    well_formed = are_well_formed(headers, size);
    peer_send(line.peer, peer_subscription(line.peer, message.subject), &message);
    line_settle(&line);
    if (peer_count(line.peer) == before) {
        need(line_lost(&line) > 0 || !handled, "an answer is lost only where nats.c confuses its headers");
        return NULL;
    }
    const struct peer_message *answer = peer_message_at(line.peer, before);
    need(peer_count(line.peer) == before + 1 && strcmp(answer->subject, "R") == 0, "a request is answered once");
    static struct peer_header all[PEER_HEADERS];
    if (peer_header(all, peer_headers(answer, all), TERNI_HEADER_ERROR) == NULL) check_sent(answer, &answered);
    else return NULL;
    return answer;
}

/* ---- The call ---- */

/* Makes a call with the pairs as metadata, which are good or not. NULL: it was refused. */
static tern_call *make_call(const tern_header *metadata, size_t count, bool good)
{
    tern_error err = { .status = TERN_OK };
    tern_call *call = NULL;
    Test__V1__Number number = TEST__V1__NUMBER__INIT;
    tern_call_options options = { .metadata = metadata, .metadata_count = count };
    tern_status st = test_v1_calc_increment_async(client, &number, &options, NULL, NULL, &call, &err);
    need(st == TERN_OK || (st == TERN_INVALID_ARGUMENT && *err.text != '\0'), "a refusal has a text");
    need(good || st != TERN_OK, "a call with a bad header is refused");
    need((st == TERN_OK) == (call != NULL), "a call that begins has a handle");
    return call;
}

/* Ends the call with this reply, and reads it. reply NULL: by cancelling it. */
static void end_call(tern_call *call, const char *inbox, const struct peer_message *reply)
{
    tern_error err;
    Test__V1__Number *number = NULL;
    struct peer_message message = { .subject = inbox };
    if (reply != NULL) {
        message.headers = reply->headers;
        message.header_size = reply->header_size;
        peer_send(line.peer, peer_subscription(line.peer, inbox), &message);
    } else {
        tern_call_cancel(call);
    }
    line_settle(&line);
    tern_status st = test_v1_calc_increment_result(call, &number, &err);
    need(reply == NULL || st == TERN_OK, "headers of one's own do not make a reply an error");
    for (size_t i = 0; st == TERN_OK && i < answered.count; i++) {
        const struct peer_header *pair = &answered.items[i];
        const char *found = tern_call_header(call, pair->name);
        need(has(&answered, pair->name, pair->value, found), "a reply's header arrives as it was set");
    }
    if (number != NULL) tern_message_free(&number->base);
    tern_call_free(call);
}

/* The pairs go out with a call, in to the service, out with its answer, and in with the reply. */
static void go_round(tern_call *call)
{
    line_settle(&line);
    if (peer_count(line.peer) == 0) {
        need(line_lost(&line) == 1, "a request is lost only where nats.c confuses its headers");
        end_call(call, NULL, NULL);
        return;
    }
    const struct peer_message *sent = peer_message_at(line.peer, 0);
    need(sent->reply != NULL, "a request has a reply subject");
    check_sent(sent, &given);
    const struct peer_message *answer = ask_service(sent->headers, sent->header_size);
    for (size_t i = 0; answer != NULL && i < given.count; i++) {
        const struct peer_header *pair = &given.items[i];
        need(has(&given, pair->name, pair->value, find(&answered, pair->name)), "a header arrives as it was sent");
    }
    end_call(call, sent->reply, answer);
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    tern_error err;
    static const test_v1_calc_handlers handlers = { .increment = increment };
    tern_service_options options = { .executor = tern_executor_inline() };
    line_open(&line);
    need(test_v1_calc_serve(line.conn, &handlers, NULL, &options, &service, &err) == TERN_OK, "a service starts");
    need(tern_client_new(line.conn, NULL, &client, &err) == TERN_OK, "a client is made");
    line_settle(&line);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char names[PAIRS][200], values[PAIRS][1000];
    struct input input = { data, data + size };
    tern_header metadata[PAIRS];
    size_t count = input_byte(&input) % (PAIRS + 1);
    bool good = true;
    line_begin(&line);
    given.count = 0;
    for (size_t i = 0; i < count; i++) {
        input_text(&input, names[i], sizeof names[i]);
        input_text(&input, values[i], sizeof values[i]);
        metadata[i] = (tern_header){ .name = names[i], .value = values[i] };
        if (!check_pair(names[i], values[i])) good = false;
        put(&given, names[i], values[i]);
    }
    tern_call *call = make_call(metadata, count, good);
    if (call != NULL) go_round(call);
    struct piece raw = input_piece(&input);
    line_begin(&line);
    (void)ask_service((const char *)raw.bytes, raw.size);
    return 0;
}

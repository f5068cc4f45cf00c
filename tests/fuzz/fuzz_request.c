/* The request path of a service: hostile messages come in, and each request is answered once, well or with a whole
 * error.
 *
 * An input is a few messages, each: kind, manner (enum manner, and flags), for some kinds a subject's piece, with
 * HAS_HEADERS a piece of raw headers, and a piece of payload. REFUSED: by an interceptor. QUEUED: it goes to a service
 * whose handlers run after the next message with RUN_QUEUE, or the last one, as far as its queue takes requests. */
#include <string.h>

#include "input.h"
#include "line.h"
#include "need.h"
#include "test/v1/calc.tern.h"
#include "test/v1/legacy.tern.h"

enum { MESSAGES = 8, HEADERS = 32 };
enum kind { INCREMENT, FAIL, WAIT, UNSERVED, PLACE, UNKNOWN, ELSEWHERE, KINDS };
enum { MANNER_BITS = 7, HAS_HEADERS = 8, WANTS_NO_ANSWER = 16, REFUSED = 32, QUEUED = 64, RUN_QUEUE = 128 };

/* What a handler does beside what its method is for. */
enum manner { PLAIN, ECHO_HEADERS, DETAIL, ODD_STATUS, MUCH_MEMORY, FAILED_BUT_OK, NO_TEXT, CALL_ON };

struct asked {
    bool wants_answer, with_headers;
    bool may_be_status;                       /* "503" and no payload: nats.c swallows it, as the server's word */
    const ProtobufCMessageDescriptor *output; /* NULL: it can only fail */
    size_t answers;
};

static struct line line;
static tern_service *calc, *legacy, *queued;
static tern_executor *queue;
static tern_client *client;
static struct asked asked[MESSAGES];
static size_t asked_count;
static size_t calls_begun;               /* by handlers, and cancelled: those not sent count as lost */
static enum manner manner;               /* of the last message, for the handler */
static bool refuses;                     /* the same for the interceptor */
static int let_through;                  /* requests that the interceptor has seen begin, but not end */
static tern_request *deferred[MESSAGES]; /* not answered yet */
static enum manner deferred_manner[MESSAGES];
static size_t deferred_count;

/* ---- Handlers ---- */

/* Reads all that can be read of a request, and answers with its headers where that is wanted. */
static void read_request(tern_request *rq, bool echoes)
{
    tern_header headers[HEADERS];
    size_t count = tern_request_headers(rq, headers, HEADERS);
    need(tern_request_attempt(rq) >= 1, "the first attempt is 1");
    need(tern_request_remaining_ms(rq) <= 24 * 60 * 60 * 1000, "no request may take longer than a day");
    need(tern_request_header(rq, "") == NULL, "no header is nameless");
    for (size_t i = 0; i < count && i < HEADERS; i++) {
        tern_error err;
        const char *value = tern_request_header(rq, headers[i].name);
        need(strcmp(value == NULL ? "" : value, headers[i].value) == 0, "a header that is listed can be read");
        tern_status st = echoes ? tern_request_set_header(rq, headers[i].name, headers[i].value, &err) : TERN_OK;
        need(st == TERN_OK || *err.text != '\0', "a refusal has a text");
    }
}

/* Begins a call on the request's behalf, which is not sent. */
static void call_on(tern_request *rq)
{
    tern_error err;
    tern_call *call = NULL;
    Test__V1__Number number = TEST__V1__NUMBER__INIT;
    tern_call_options options = { .parent = rq };
    tern_status st = test_v1_calc_increment_async(client, &number, &options, NULL, NULL, &call, &err);
    const char *state = tern_request_header(rq, "tracestate"), *parent = tern_request_header(rq, "traceparent");
    bool fits = strlen(state == NULL ? "" : state) + strlen(parent == NULL ? "" : parent) < PEER_MAX_PAYLOAD / 2;
    need(st == TERN_OK || st == TERN_DEADLINE_EXCEEDED || !fits,
         "what came with a request does not hinder its handler's calls");
    if (st == TERN_OK) calls_begun++;
    tern_call_cancel(call);
    tern_call_free(call);
}

/* The status of a handler that goes about it in this manner; note: for a detail. */
static tern_status finish(tern_request *rq, enum manner how, char *note)
{
    Test__V1__Number detail = TEST__V1__NUMBER__INIT;
    detail.note = note;
    read_request(rq, how == ECHO_HEADERS);
    switch (how) {
    case DETAIL: return tern_request_fail_with(rq, TERN_NOT_FOUND, &detail.base, "with a detail");
    case ODD_STATUS: return (tern_status)99;
    case MUCH_MEMORY:
        for (size_t size = 1; size < 100000; size *= 3)
            if (tern_request_alloc(rq, size) == NULL) return TERN_RESOURCE_EXHAUSTED;
        return TERN_OK;
    case FAILED_BUT_OK: (void)tern_request_fail(rq, TERN_OK, "\r\n"); return TERN_OK;
    case NO_TEXT: return TERN_ABORTED;
    case CALL_ON: call_on(rq); return TERN_OK;
    default: return TERN_OK;
    }
}

static tern_status increment(tern_request *rq, const Test__V1__Number *in, Test__V1__Number *out)
{
    out->value = in->value; /* not what protobuf-c has not understood: what it packs of that may not decode */
    out->note = tern_request_printf(rq, "%s+", in->note);
    out->many = in->many;
    out->n_many = in->n_many;
    return finish(rq, manner, in->note);
}

static tern_status fail(tern_request *rq, const Test__V1__Number *in, Test__V1__Number *out)
{
    (void)out;
    (void)finish(rq, manner, in->note);
    return tern_request_fail(rq, (tern_status)in->value, "%s", in->note);
}

static tern_status defer(tern_request *rq, const Test__V1__Number *in, Test__V1__Number *out)
{
    out->value = in->value;
    deferred[deferred_count] = rq;
    deferred_manner[deferred_count++] = manner;
    tern_request_defer(rq);
    return TERN_UNKNOWN; /* does not matter */
}

static tern_status place(tern_request *rq, const Test__V1__Order *in, Test__V1__Order *out)
{
    out->customer = in->count < 0 ? NULL : in->customer;
    out->count = in->count;
    out->has_note = in->has_note;
    out->note = in->note;
    return finish(rq, manner, in->customer);
}

static tern_status before(tern_request *rq, void *arg)
{
    (void)arg;
    read_request(rq, false);
    if (refuses) return tern_request_fail(rq, TERN_UNAUTHENTICATED, "refused");
    let_through++;
    return TERN_OK;
}

static void after(tern_request *rq, tern_status status, void *arg)
{
    (void)arg;
    read_request(rq, false);
    need(status >= TERN_OK && status <= TERN_UNAUTHENTICATED, "a request ends with a status");
    let_through--;
}

static const test_v1_calc_handlers calc_handlers = { .increment = increment, .fail = fail, .wait = defer };
static const test_v1_legacy_handlers legacy_handlers = { .place = place };

static void complete_deferred(void)
{
    for (size_t i = 0; i < deferred_count; i++) {
        tern_request *rq = deferred[i];
        if (deferred_manner[i] == FAILED_BUT_OK) tern_request_drop(rq);
        else tern_request_complete(rq, finish(rq, deferred_manner[i], NULL));
    }
    deferred_count = 0;
}

/* ---- Messages in ---- */

static const char queued_prefix[] = "queued.";
static const char *const names[] = { [INCREMENT] = "test.v1.Calc.Increment",
                                     [FAIL] = "test.v1.Calc.Fail",
                                     [WAIT] = "test.v1.Calc.Wait",
                                     [UNSERVED] = "test.v1.Calc.Unserved",
                                     [PLACE] = "test.v1.Legacy.Place" };

/* What the service answers to a message with this subject; NULL: it can only fail. */
static const ProtobufCMessageDescriptor *output_of(bool by_legacy, const char *subject)
{
    if (by_legacy) return &test__v1__order__descriptor;
    size_t prefix = sizeof queued_prefix - 1;
    if (strncmp(subject, queued_prefix, prefix) == 0) subject += prefix;
    bool good = strcmp(subject, names[INCREMENT]) == 0 || strcmp(subject, names[WAIT]) == 0;
    return good ? &test__v1__number__descriptor : NULL;
}

static void make_subject(struct input *input, enum kind kind, bool is_queued, char *subject, size_t size)
{
    const char *prefix = is_queued ? queued_prefix : "";
    if (kind == ELSEWHERE) {
        input_subject(input, subject, size);
        return;
    }
    int length = snprintf(subject, size, "%s%s", prefix, kind == UNKNOWN ? "test.v1.Calc." : names[kind]);
    if (kind == UNKNOWN) input_token(input, subject + length, size - (size_t)length);
}

static void send_one(struct input *input)
{
    char subject[600], reply[16], inbox[64];
    enum kind kind = (enum kind)(input_byte(input) % KINDS);
    uint8_t how = input_byte(input);
    bool is_queued = (how & QUEUED) != 0 && kind != PLACE;
    make_subject(input, kind, is_queued, subject, sizeof subject);
    struct piece headers = { 0 }, payload;
    if ((how & HAS_HEADERS) != 0) headers = input_piece(input);
    payload = input_piece(input);
    (void)snprintf(reply, sizeof reply, "R.%zu", asked_count);
    asked[asked_count++] = (struct asked){ .wants_answer = (how & WANTS_NO_ANSWER) == 0,
                                           .with_headers = is_queued || (how & MANNER_BITS) == ECHO_HEADERS,
                                           .may_be_status = headers.size > 0 && payload.size == 0,
                                           .output = output_of(kind == PLACE, subject) };
    struct peer_message message = { .subject = subject,
                                    .reply = (how & WANTS_NO_ANSWER) == 0 ? reply : NULL,
                                    .headers = (const char *)headers.bytes,
                                    .header_size = headers.size,
                                    .payload = payload.bytes,
                                    .payload_size = payload.size };
    manner = (enum manner)(how & MANNER_BITS);
    refuses = (how & REFUSED) != 0;
    (void)snprintf(inbox, sizeof inbox, "%s%s", is_queued ? queued_prefix : "",
                   names[kind == PLACE ? PLACE : INCREMENT]);
    peer_send(line.peer, peer_subscription(line.peer, inbox), &message);
    line_settle(&line);
    if ((how & RUN_QUEUE) != 0) (void)tern_queue_dispatch(queue);
}

/* ---- Answers out ---- */

static void check_packed(const ProtobufCMessageDescriptor *type, const struct peer_message *answer)
{
    ProtobufCMessage *message = protobuf_c_message_unpack(type, NULL, answer->payload_size, answer->payload);
    need(message != NULL, "a payload is the message that was promised");
    protobuf_c_message_free_unpacked(message, NULL);
}

static void check_error(const struct peer_header *headers, size_t count, const struct peer_message *answer)
{
    const char *text = peer_header(headers, count, "Nats-Service-Error");
    const char *code = peer_header(headers, count, "Nats-Service-Error-Code");
    const char *detail = peer_header(headers, count, "Tern-Detail-Type");
    need(text != NULL && text[strspn(text, " \t\v\f")] != '\0', "an error has a text");
    need(code != NULL && code[strspn(code, "0123456789")] == '\0', "an error has a number");
    need(atoi(code) >= 1 && atoi(code) <= 16, "an error's number is a status");
    const char *mark = peer_header(headers, count, "Tern-Not-Executed");
    const char *pause = peer_header(headers, count, "Tern-Retry-After-Ms");
    need(mark == NULL || strcmp(mark, "1") == 0, "a mark is 1");
    need(pause == NULL || (mark != NULL && atoi(pause) > 0), "a pause is a number, of a request that has not run");
    need(detail != NULL || answer->payload_size == 0, "an error has no payload but its detail");
    if (detail == NULL) return;
    bool number = strcmp(detail, test__v1__number__descriptor.name) == 0;
    need(number, "a detail is of the type that was given");
    check_packed(&test__v1__number__descriptor, answer);
}

static void check_answer(const struct peer_message *answer)
{
    static struct peer_header headers[PEER_HEADERS];
    size_t at = 0;
    need(sscanf(answer->subject, "R.%zu", &at) == 1 && at < asked_count, "an answer goes to a reply subject");
    need(asked[at].wants_answer && asked[at].answers++ == 0, "a request is answered once");
    size_t count = peer_headers(answer, headers);
    bool failed = peer_header(headers, count, "Nats-Service-Error") != NULL ||
                  peer_header(headers, count, "Nats-Service-Error-Code") != NULL;
    if (failed) check_error(headers, count, answer);
    else need(asked[at].output != NULL, "what cannot succeed does not");
    if (!failed) check_packed(asked[at].output, answer);
}

static uint64_t expired(void)
{
    const tern_service *const services[] = { calc, legacy, queued };
    uint64_t all = 0;
    for (size_t i = 0; i < sizeof services / sizeof *services; i++) {
        tern_service_stats stats;
        tern_service_get_stats(services[i], &stats);
        all += stats.expired;
    }
    return all;
}

/* All are answered, but for those whose time was over when their turn came, and those whose own headers nats.c takes
 * for each other (tern/msg.h). */
static void check_answers(uint64_t expired_before)
{
    size_t missing = 0, with_headers = 0, statuses = 0, calls_sent = 0;
    for (size_t i = 0; i < peer_count(line.peer); i++) {
        const struct peer_message *message = peer_message_at(line.peer, i);
        if (strcmp(message->subject, "test.v1.Calc.Increment") == 0) calls_sent++;
        else check_answer(message);
    }
    need(calls_sent <= calls_begun, "nothing is called but what was begun");
    for (size_t i = 0; i < asked_count; i++) {
        if (!asked[i].wants_answer || asked[i].answers > 0) continue;
        missing++;
        if (asked[i].with_headers) with_headers++;
        if (asked[i].may_be_status) statuses++;
    }
    uint64_t lost = line_lost(&line) - (calls_begun - calls_sent);
    need(lost <= with_headers, "no answer is lost");
    need(missing <= expired() - expired_before + lost + statuses, "every request is answered");
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    tern_error err;
    const tern_service_interceptor interceptor = { .before = before, .after = after };
    tern_service_options options = { .executor = tern_executor_inline(),
                                     .interceptors = &interceptor,
                                     .interceptor_count = 1 };
    line_open(&line);
    need(tern_queue_new(&queue, &err) == TERN_OK, "a queue is made");
    need(test_v1_calc_serve(line.conn, &calc_handlers, NULL, &options, &calc, &err) == TERN_OK, "a service starts");
    need(test_v1_legacy_serve(line.conn, &legacy_handlers, NULL, &options, &legacy, &err) == TERN_OK,
         "a service starts");
    options.executor = queue;
    options.pending_limit = 2;
    options.subject_prefix = "queued";
    need(test_v1_calc_serve(line.conn, &calc_handlers, NULL, &options, &queued, &err) == TERN_OK, "a service starts");
    need(tern_client_new(line.conn, NULL, &client, &err) == TERN_OK, "a client is made");
    line_settle(&line);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = { data, data + size };
    uint64_t before = expired();
    line_begin(&line);
    asked_count = calls_begun = 0;
    while (!input_is_over(&input) && asked_count < MESSAGES) send_one(&input);
    (void)tern_queue_dispatch(queue);
    complete_deferred();
    need(let_through == 0, "an interceptor sees the end of what it has let through");
    line_settle(&line);
    check_answers(before);
    return 0;
}

/* The reply path of a client: hostile replies come in for a call, which ends once, as a message or as a whole error.
 *
 * An input is a byte (enum choice) that says which call is made, and a few replies, each: where it goes (enum where),
 * for some a piece of a subject, a piece of raw headers, and a piece of payload. */
#include <string.h>

#include "input.h"
#include "io/conn.h"
#include "line.h"
#include "need.h"
#include "rpc/client.h"
#include "test/v1/calc.tern.h"
#include "test/v1/legacy.tern.h"

enum { REPLIES = 8, HEADERS = 32, SLOTS = 256, RETRY_BUDGET = 100 };

/* Bits of the first byte. */
enum choice {
    IN_BULK = 1,      /* the reply comes to the bulk inbox, else to a slot */
    RETRIES = 2,      /* by a client that tries again */
    RESULT = 4,       /* without a callback */
    ORDER = 8,        /* Legacy.Place, else Calc.Increment */
    IDEMPOTENT = 16,  /* the method is declared so */
    CANCEL_FIRST = 32 /* it is cancelled before it is sent */
};

enum where { RIGHT, RIGHT_AND_MORE, WRONG_TOKEN, ELSEWHERE, NOBODY, WHERES };

/* One connection, with all that makes calls on it. */
struct side {
    struct line line;
    tern_client *client, *retrying;
};

/* The call of this input. */
struct made {
    struct side *side;
    const tern_method *method;
    tern_call *call;
    char inbox[256]; /* the reply subject of the last attempt */
    size_t seen;     /* what was published and looked at */
    int attempts, ends, afters;
    bool cancelled;
    uint8_t choice;
};

static struct side slots, bulk; /* all slots of the latter are taken */
static tern_method idempotent[2];
static struct made made;

/* ---- The outcome ---- */

static void check_error(const tern_error *err)
{
    need(err->status > TERN_OK && err->status <= TERN_UNAUTHENTICATED, "an error has a status");
    need(err->text[strspn(err->text, " ")] != '\0' && strlen(err->text) < sizeof err->text, "an error has a text");
    need(err->remote || err->remote_code == 0, "only a service sends a number");
}

/* Packs the message, which reads all of it. */
static void check_message(const ProtobufCMessage *message)
{
    static uint8_t packed[1 << 20];
    need(message->descriptor == made.method->output, "the message is of the method's type");
    need(protobuf_c_message_get_packed_size(message) <= sizeof packed, "the message is small");
    (void)protobuf_c_message_pack(message, packed);
}

static void read_detail(tern_call *call, const ProtobufCMessageDescriptor *type)
{
    tern_error err;
    ProtobufCMessage *detail = NULL;
    tern_status st = tern_call_detail(call, type, &detail, &err);
    need((st == TERN_OK) == (detail != NULL), "a detail is there when it is said to be");
    if (st != TERN_OK) check_error(&err);
    else need(strcmp(tern_call_detail_type(call), type->name) == 0, "a detail is of the type that was sent");
    tern_message_free(detail);
}

/* Reads what came with the outcome. */
static void read_call(tern_call *call)
{
    tern_header headers[HEADERS];
    size_t count = tern_call_headers(call, headers, HEADERS);
    for (size_t i = 0; i < count && i < HEADERS; i++) {
        const char *value = tern_call_header(call, headers[i].name);
        need(strcmp(value == NULL ? "" : value, headers[i].value) == 0, "a header that is listed can be read");
    }
    read_detail(call, &test__v1__number__descriptor);
    read_detail(call, &test__v1__order__descriptor);
    uint32_t unsent = tern_call_attempts(call) - (uint32_t)made.attempts;
    need(unsent == 0 || (unsent == 1 && made.cancelled), "each attempt was sent");
}

static void check_outcome(const ProtobufCMessage *message, const tern_error *err)
{
    need((err == NULL || err->status == TERN_OK) == (message != NULL), "the outcome is a message or an error");
    if (message != NULL) check_message(message);
    else check_error(err);
}

static void ended(tern_call *call, ProtobufCMessage *reply, const tern_error *err)
{
    need(++made.ends == 1 && call == made.call, "a call ends once");
    check_outcome(reply, err);
    read_call(call);
    tern_message_free(reply);
}

static void number_ended(tern_call *call, Test__V1__Number *reply, const tern_error *err, void *arg)
{
    (void)arg;
    ended(call, (ProtobufCMessage *)reply, err);
}

static void order_ended(tern_call *call, Test__V1__Order *reply, const tern_error *err, void *arg)
{
    (void)arg;
    ended(call, (ProtobufCMessage *)reply, err);
}

static void after(tern_call *call, const tern_error *outcome, void *arg)
{
    (void)arg;
    (void)call;
    made.afters++;
    if (outcome->status != TERN_OK) check_error(outcome);
}

/* Of a call without a callback. */
static void take_result(void)
{
    tern_error err;
    ProtobufCMessage *message = NULL;
    tern_status st = tern_call_result(made.call, made.method, &message, &err);
    check_outcome(message, st == TERN_OK ? NULL : &err);
    read_call(made.call);
    if (st != TERN_OK) return;
    tern_message_free(message);
    message = NULL;
    need(tern_call_result(made.call, made.method, &message, &err) == TERN_FAILED_PRECONDITION && message == NULL,
         "a reply is taken once");
}

static bool is_over(void)
{
    tern_error err;
    return tern_call_wait(made.call, 1, &err) == TERN_OK; /* on an I/O thread: without waiting */
}

/* ---- The call ---- */

/* Looks at what was published since: attempts, each with an inbox of its own. */
static void look_at_attempts(void)
{
    static struct peer_header headers[PEER_HEADERS];
    struct peer *peer = made.side->line.peer;
    for (; made.seen < peer_count(peer); made.seen++) {
        const struct peer_message *sent = peer_message_at(peer, made.seen);
        need(strcmp(sent->subject, made.method->subject) == 0 && sent->reply != NULL, "an attempt is a request");
        need(strcmp(sent->reply, made.inbox) != 0, "each attempt has its own reply subject");
        need(peer_subscription(peer, sent->reply) != NULL, "a reply subject is subscribed");
        const char *number = peer_header(headers, peer_headers(sent, headers), "Tern-Attempt");
        made.attempts++;
        need(made.attempts == (number == NULL ? 1 : atoi(number)), "attempts are numbered");
        (void)snprintf(made.inbox, sizeof made.inbox, "%s", sent->reply);
    }
}

static void settle(void)
{
    line_settle(&made.side->line);
    look_at_attempts();
}

static void cancel(void)
{
    made.cancelled = true;
    tern_call_cancel(made.call);
    settle();
}

static void make_call(uint8_t choice)
{
    tern_error err;
    Test__V1__Number number = TEST__V1__NUMBER__INIT;
    Test__V1__Order order = TEST__V1__ORDER__INIT;
    order.customer = "c";
    bool is_order = (choice & ORDER) != 0;
    made = (struct made){ .side = (choice & IN_BULK) != 0 ? &bulk : &slots, .choice = choice };
    made.method = is_order ? &test_v1_legacy_type.methods[0] : &test_v1_calc_type.methods[0];
    if ((choice & IDEMPOTENT) != 0) made.method = &idempotent[is_order];
    tern_client *client = (choice & RETRIES) != 0 ? made.side->retrying : made.side->client;
    tern_any_fn done = is_order ? (tern_any_fn)order_ended : (tern_any_fn)number_ended;
    atomic_store(&client->retry.tenths, 10 * RETRY_BUDGET);
    line_begin(&made.side->line);
    tern_status st = tern_client_call_async(client, made.method, is_order ? &order.base : &number.base, NULL,
                                            (choice & RESULT) != 0 ? NULL : done, NULL, &made.call, &err);
    need(st == TERN_OK, "a call begins");
    if ((choice & CANCEL_FIRST) != 0) cancel();
    else settle();
}

/* ---- Replies ---- */

/* The subscription of the bulk inbox, whose messages nats.c hands over on a thread of its own. */
static terni_threaded *threaded_inbox(tern_conn *conn)
{
    for (int group = 0; group < TERNI_ENTRY_GROUPS; group++)
        for (terni_entry *entry = conn->io.entries.first[group]; entry != NULL; entry = entry->next)
            if (entry->threaded != NULL) return entry->threaded;
    return NULL;
}

/* Gives a message the headers that the lines say, as nats.c would. */
static void add_headers(natsMsg *msg, struct piece lines)
{
    static const char space[] = " \t\v\f";
    char text[2048], *rest = NULL;
    size_t size = lines.size < sizeof text - 1 ? lines.size : sizeof text - 1;
    if (size > 0) memcpy(text, lines.bytes, size);
    text[size] = '\0';
    for (char *line = strtok_r(text, "\r\n", &rest); line != NULL; line = strtok_r(NULL, "\r\n", &rest)) {
        char *value = strchr(line, ':');
        if (strncmp(line, "NATS/1.0 ", 9) == 0) (void)natsMsgHeader_Set(msg, "Status", line + 9);
        if (value == NULL || value == line) continue;
        *value++ = '\0';
        value += strspn(value, space);
        for (size_t end = strlen(value); end > 0 && strchr(space, value[end - 1]) != NULL;) value[--end] = '\0';
        (void)natsMsgHeader_Add(msg, line, value);
    }
}

/* Does in one thread what that thread would do, so that an input always does the same. */
static void send_to_bulk(const char *subject, struct piece headers, struct piece payload)
{
    natsMsg *msg = NULL;
    terni_threaded *inbox = threaded_inbox(made.side->line.conn);
    natsStatus s = natsMsg_Create(&msg, subject, NULL, (const char *)payload.bytes, (int)payload.size);
    need(s == NATS_OK && inbox != NULL, "a message for the bulk inbox is made");
    add_headers(msg, headers);
    inbox->deliver(NULL, NULL, msg, inbox);
}

static void send_to_slot(const char *subject, struct piece headers, struct piece payload)
{
    struct peer *peer = made.side->line.peer;
    struct peer_message message = { .subject = subject,
                                    .headers = (const char *)headers.bytes,
                                    .header_size = headers.size,
                                    .payload = payload.bytes,
                                    .payload_size = payload.size };
    const char *id = peer_subscription(peer, made.inbox);
    if (id != NULL) peer_send(peer, id, &message);
}

static void make_subject(struct input *input, enum where where, char *subject, size_t size)
{
    size_t inbox = strlen(made.inbox), before = (size_t)(strrchr(made.inbox, '.') - made.inbox) + 1;
    (void)snprintf(subject, size, "%s", made.inbox);
    if (where == RIGHT_AND_MORE) input_token(input, subject + inbox, size - inbox);
    else if (where == WRONG_TOKEN) input_token(input, subject + before, size - before);
    else if (where == ELSEWHERE) input_subject(input, subject, size);
}

static void send_reply(struct input *input)
{
    char subject[600];
    static const char nobody[] = "NATS/1.0 503\r\n\r\n";
    enum where where = (enum where)(input_byte(input) % WHERES);
    make_subject(input, where, subject, sizeof subject);
    struct piece headers = { (const uint8_t *)nobody, sizeof nobody - 1 }, payload = { 0 };
    if (where != NOBODY) {
        headers = input_piece(input);
        payload = input_piece(input);
    }
    bool was_over = is_over(), may_end = strcmp(subject, made.inbox) == 0;
    if ((made.choice & IN_BULK) != 0) send_to_bulk(subject, headers, payload);
    else send_to_slot(subject, headers, payload);
    settle();
    /* The server's 503 needs no subject; nats.c swallows it. */
    bool nothing = payload.size == 0 && headers.size > 0;
    need(may_end || nothing || is_over() == was_over, "a reply to somebody else ends nothing");
}

/* ---- Life ---- */

static void side_open(struct side *side)
{
    tern_error err;
    tern_client_interceptor interceptor = { .after = after };
    tern_client_options options = { .executor = tern_executor_inline(),
                                    .timeout_ms = 24 * 60 * 60 * 1000,
                                    .interceptors = &interceptor,
                                    .interceptor_count = 1 };
    line_open(&side->line);
    need(tern_client_new(side->line.conn, &options, &side->client, &err) == TERN_OK, "a client is made");
    options.retry = (tern_retry_options){ .attempts = 4, .budget = RETRY_BUDGET };
    need(tern_client_new(side->line.conn, &options, &side->retrying, &err) == TERN_OK, "a client is made");
}

/* Makes calls that nobody answers, as many as there are slots. */
static void take_slots(struct side *side)
{
    static tern_call *standing[SLOTS];
    Test__V1__Number number = TEST__V1__NUMBER__INIT;
    tern_error err;
    for (size_t i = 0; i < SLOTS; i++) {
        tern_status st = tern_client_call_async(side->client, &test_v1_calc_type.methods[0], &number.base, NULL, NULL,
                                                NULL, &standing[i], &err);
        need(st == TERN_OK, "a call begins");
        line_settle(&side->line);
        line_begin(&side->line);
    }
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    idempotent[false] = test_v1_calc_type.methods[0];
    idempotent[true] = test_v1_legacy_type.methods[0];
    idempotent[false].idempotency = idempotent[true].idempotency = TERN_IDEMPOTENT;
    side_open(&slots);
    side_open(&bulk);
    take_slots(&bulk);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = { data, data + size };
    make_call(input_byte(&input));
    for (int i = 0; i < REPLIES && !input_is_over(&input) && made.attempts > 0; i++) send_reply(&input);
    if (!is_over()) cancel();
    need(is_over(), "a call that is cancelled ends");
    if ((made.choice & RESULT) != 0) take_result();
    else need(made.ends == 1, "a call ends once");
    need(made.afters == 1, "an interceptor hears of the end once");
    tern_call_free(made.call);
    return 0;
}

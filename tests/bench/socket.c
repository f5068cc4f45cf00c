/* The limit: just enough of the NATS protocol over a bare TCP socket. Only what no client can do without is left:
 * finding the messages in what has been read, and one write for all that they call for.
 *
 * A connection has one use: calls (call, start), a service, subscriptions, or publishing. call and publish work on the
 * thread that calls them. All else has the connection's own thread, which goes round: send what there is, read what
 * there is, handle every message in it. It waits in recv; only while the socket takes no more, in poll for both
 * directions, so that client and server never wait for each other to read.
 *
 * in is the thread's that reads. out is guarded by lock where there is a thread: subscribe and flush write beside it.
 * No TLS, no reconnecting; a message with headers can only be the server's "no responders". */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "side.h"

enum { BUFFER_BYTES = 1 << 17, WRITE_AT_BYTES = 1 << 15, SUBJECT_BYTES = 128, TIMEOUT_S = 10 };

/* What is held: from begin to end. */
struct buffer {
    char *data;
    size_t begin, end, capacity;
};

/* A message in in. */
struct message {
    const char *subject, *reply; /* each with a space at its end; NULL: no reply subject */
    const char *payload;
    const char *end; /* after the line end that follows the payload */
    size_t subject_length, payload_size;
    uint32_t sid;
};

struct side_conn {
    int fd;
    struct buffer in, out;
    char *body; /* the end of every PUB of bench.payload: its size and itself */
    size_t body_size;
    void (*handle)(side_conn *c, const struct message *m); /* the connection's use; NULL: none yet, or publishing */

    bool has_thread;
    pthread_t thread;
    pthread_mutex_t lock; /* out, counters; handle runs under it */
    sem_t pongs;
    atomic_bool closing;

    char call_head[SUBJECT_BYTES]; /* a call's PUB, up to the slot in the reply subject */
    size_t call_head_length;
    uint32_t begun, to_begin; /* of start's first calls */
    atomic_flag calling;
    bool replied; /* to call */

    struct bench_counter **counters; /* of subscriptions, by sid */
    uint32_t counter_count;
};

/* ---- Buffers ---- */

/* Makes room for so much at the end. */
static void make_room(struct buffer *b, size_t size)
{
    if (b->capacity - b->end >= size) return;
    size_t held = b->end - b->begin, capacity = b->capacity == 0 ? BUFFER_BYTES : b->capacity;
    if (held > 0) memmove(b->data, b->data + b->begin, held);
    b->begin = 0;
    b->end = held;
    while (capacity - held < size) capacity *= 2;
    if (capacity == b->capacity) return;
    b->data = realloc(b->data, capacity);
    if (b->data == NULL) bench_die("buffer", "no memory");
    b->capacity = capacity;
}

static void append(struct buffer *b, const void *data, size_t size)
{
    make_room(b, size);
    memcpy(b->data + b->end, data, size);
    b->end += size;
}

static void append_text(struct buffer *b, const char *text)
{
    append(b, text, strlen(text));
}

static void append_number(struct buffer *b, uint32_t number)
{
    char digits[10];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    append(b, digits + at, sizeof digits - at);
}

/* ---- Sending and reading ---- */

static void die_of_errno(const char *what)
{
    bench_die(what, strerror(errno));
}

/* Sends what the socket takes at once; with flags 0, all. */
static void send_out(side_conn *c, int flags)
{
    struct buffer *b = &c->out;
    while (b->begin < b->end) {
        ssize_t sent = send(c->fd, b->data + b->begin, b->end - b->begin, flags | MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0 && (errno == EAGAIN || atomic_load(&c->closing))) return;
        if (sent < 0) die_of_errno("send");
        b->begin += (size_t)sent;
    }
    b->begin = b->end = 0;
}

/* Waits until there is something to read, and with flags MSG_DONTWAIT also until there is room to send. False: the
 * connection is being closed. */
static bool read_in(side_conn *c, int flags)
{
    struct pollfd both = { .fd = c->fd, .events = POLLIN | POLLOUT };
    struct buffer *b = &c->in;
    if (b->begin == b->end) b->begin = b->end = 0;
    make_room(b, BUFFER_BYTES / 2);
    if (flags == MSG_DONTWAIT && poll(&both, 1, -1) < 0 && errno != EINTR) die_of_errno("poll");
    ssize_t got = recv(c->fd, b->data + b->end, b->capacity - b->end, flags);
    if (got > 0) b->end += (size_t)got;
    else if (atomic_load(&c->closing)) return false;
    else if (got == 0) bench_die("connection", "the server has closed it");
    else if (errno != EINTR && (errno != EAGAIN || flags == 0)) die_of_errno("recv");
    return true;
}

/* ---- The protocol ---- */

static uint32_t number(const char *digits)
{
    uint32_t value = 0;
    for (; *digits >= '0' && *digits <= '9'; digits++) value = value * 10 + (uint32_t)(*digits - '0');
    return value;
}

/* The word after the one at word; NULL: that was the line's last. */
static const char *next_word(const char *word, const char *line_end)
{
    const char *space = memchr(word, ' ', (size_t)(line_end - word));
    return space == NULL ? NULL : space + 1;
}

/* MSG SUBJECT SID [REPLY] SIZE, up to line_end, the '\n'; its payload need not be there yet. */
static struct message message_of(const char *line, const char *line_end)
{
    const char *subject = line + strlen("MSG ");
    const char *sid = next_word(subject, line_end);
    const char *reply = sid == NULL ? NULL : next_word(sid, line_end);
    const char *size = reply == NULL ? NULL : next_word(reply, line_end);
    if (reply == NULL) bench_die("the server", "a MSG of few words");
    if (size == NULL) size = reply, reply = NULL;
    struct message m = {
        .subject = subject,
        .subject_length = (size_t)(sid - 1 - subject),
        .sid = number(sid),
        .reply = reply,
        .payload_size = number(size),
        .payload = line_end + 1,
    };
    m.end = m.payload + m.payload_size + strlen("\r\n");
    return m;
}

/* All but MSG. */
static void handle_line(side_conn *c, const char *line, const char *line_end)
{
    size_t length = (size_t)(line_end - line);
    if (length >= 4 && memcmp(line, "PING", 4) == 0) append_text(&c->out, "PONG\r\n");
    else if (length >= 4 && memcmp(line, "PONG", 4) == 0) sem_post(&c->pongs);
    else if (length >= 4 && memcmp(line, "HMSG", 4) == 0) bench_die("call", "no responders");
    else if (length >= 4 && memcmp(line, "-ERR", 4) == 0) {
        char text[SUBJECT_BYTES];
        (void)snprintf(text, sizeof text, "%.*s", (int)length, line);
        bench_die("the server", text);
    }
}

/* Handles all that is complete in in, and makes room for the rest of what is not. */
static void handle_in(side_conn *c)
{
    struct buffer *b = &c->in;
    while (b->begin < b->end) {
        const char *line = b->data + b->begin, *end = b->data + b->end;
        const char *line_end = memchr(line, '\n', (size_t)(end - line));
        if (line_end == NULL) return;
        if (*line != 'M') {
            handle_line(c, line, line_end);
            b->begin += (size_t)(line_end + 1 - line);
            continue;
        }
        struct message m = message_of(line, line_end);
        if (m.payload_size + strlen("\r\n") > (size_t)(end - m.payload)) {
            make_room(b, (size_t)(m.payload - line) + m.payload_size + strlen("\r\n") - (size_t)(end - line));
            return;
        }
        c->handle(c, &m);
        b->begin += (size_t)(m.end - line);
    }
}

/* Once round, on a connection without a thread. */
static void go_round(side_conn *c)
{
    send_out(c, 0);
    (void)read_in(c, 0);
    handle_in(c);
}

static void begin_call(side_conn *c, uint32_t slot);

static void *go_round_and_round(void *conn)
{
    side_conn *c = conn;
    int flags;
    do {
        pthread_mutex_lock(&c->lock);
        handle_in(c);
        while (c->begun < c->to_begin && c->out.end - c->out.begin < WRITE_AT_BYTES) begin_call(c, c->begun++);
        send_out(c, MSG_DONTWAIT);
        flags = c->out.begin < c->out.end || c->begun < c->to_begin ? MSG_DONTWAIT : 0;
        pthread_mutex_unlock(&c->lock);
    } while (read_in(c, flags));
    return NULL;
}

static void start_thread(side_conn *c)
{
    if (pthread_create(&c->thread, NULL, go_round_and_round, c) != 0) bench_die("connection", "no thread");
    c->has_thread = true;
}

static void socket_flush(side_conn *c)
{
    pthread_mutex_lock(&c->lock);
    append_text(&c->out, "PING\r\n");
    send_out(c, 0);
    pthread_mutex_unlock(&c->lock);
    if (c->has_thread)
        while (sem_wait(&c->pongs) != 0) continue;
    else
        while (sem_trywait(&c->pongs) != 0) go_round(c);
}

/* ---- Connections ---- */

static int connect_to(const char *url)
{
    char host[256];
    const char *scheme = strstr(url, "://"), *at = scheme == NULL ? url : scheme + 3, *colon = strrchr(at, ':');
    const char *port = colon == NULL ? "4222" : colon + 1;
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *found = NULL;
    int fd, one = 1;
    (void)snprintf(host, sizeof host, "%.*s", (int)(colon == NULL ? strlen(at) : (size_t)(colon - at)), at);
    int error = getaddrinfo(host, port, &hints, &found);
    if (error != 0) bench_die(url, gai_strerror(error));
    fd = socket(found->ai_family, found->ai_socktype, found->ai_protocol);
    if (fd < 0 || connect(fd, found->ai_addr, found->ai_addrlen) != 0) die_of_errno(url);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    freeaddrinfo(found);
    return fd;
}

/* " SIZE", line end, payload, line end. */
static void make_body(side_conn *c)
{
    enum { HEAD_BYTES = 32 };
    c->body = malloc(HEAD_BYTES + bench.payload_size);
    if (c->body == NULL) bench_die("open", "no memory");
    size_t head = (size_t)snprintf(c->body, HEAD_BYTES, " %zu\r\n", bench.payload_size);
    memcpy(c->body + head, bench.payload, bench.payload_size);
    memcpy(c->body + head + bench.payload_size, "\r\n", 2);
    c->body_size = head + bench.payload_size + 2;
}

static side_conn *socket_open(void)
{
    side_conn *c = calloc(1, sizeof *c);
    if (c == NULL) bench_die("open", "no memory");
    if (bench.tls_ca != NULL) bench_die("tls_ca", "no TLS");
    if (*bench.mode != '\0') bench_die("mode", "there is none");
    pthread_mutex_init(&c->lock, NULL);
    sem_init(&c->pongs, 0, 0);
    atomic_flag_clear(&c->calling);
    make_body(c);
    c->fd = connect_to(bench.url);
    append_text(&c->out, "CONNECT {\"verbose\":false,\"pedantic\":false,\"tls_required\":false,\"lang\":\"c\","
                         "\"version\":\"0\",\"protocol\":1,\"headers\":true,\"no_responders\":true}\r\n");
    socket_flush(c);
    return c;
}

static void socket_close(side_conn *c)
{
    atomic_store(&c->closing, true);
    shutdown(c->fd, SHUT_RDWR);
    if (c->has_thread) pthread_join(c->thread, NULL);
    close(c->fd);
    sem_destroy(&c->pongs);
    pthread_mutex_destroy(&c->lock);
    free(c->counters);
    free(c->in.data);
    free(c->out.data);
    free(c->body);
    free(c);
}

/* ---- Calls ---- */

/* From the reply subject on, the reply's bytes are the request's. */
static void answer(side_conn *c, const struct message *m)
{
    if (m->reply == NULL) bench_die("service", "a request without a reply subject");
    bench_work();
    append(&c->out, "PUB ", 4);
    append(&c->out, m->reply, (size_t)(m->end - m->reply));
}

static uint32_t socket_serve(side_conn *c)
{
    if (c->handle != NULL) bench_die("service", "this connection has another use");
    c->handle = answer;
    append_text(&c->out, "SUB " BENCH_SUBJECT " 1\r\n");
    socket_flush(c);
    start_thread(c);
    return 0;
}

/* Subscribes to the connection's inbox. */
static void expect_replies(side_conn *c, void (*handle)(side_conn *c, const struct message *m))
{
    char subscribe[SUBJECT_BYTES];
    unsigned long long id = 0;
    if (c->handle != NULL) bench_die("calls", "this connection has another use");
    c->handle = handle;
    if (getrandom(&id, sizeof id, 0) != (ssize_t)sizeof id) die_of_errno("inbox");
    (void)snprintf(subscribe, sizeof subscribe, "SUB _INBOX.%016llx.* 1\r\n", id);
    append_text(&c->out, subscribe);
    c->call_head_length =
        (size_t)snprintf(c->call_head, sizeof c->call_head, "PUB " BENCH_SUBJECT " _INBOX.%016llx.", id);
}

static void begin_call(side_conn *c, uint32_t slot)
{
    append(&c->out, c->call_head, c->call_head_length);
    append_number(&c->out, slot);
    append(&c->out, c->body, c->body_size);
}

static void take_reply(side_conn *c, const struct message *m)
{
    bench_check(m->payload, m->payload_size);
    c->replied = true;
}

static void socket_call(side_conn *c)
{
    if (atomic_flag_test_and_set(&c->calling)) bench_die("call", "one caller only: this side's call has no threads");
    if (c->handle != take_reply) {
        struct timeval timeout = { .tv_sec = TIMEOUT_S };
        expect_replies(c, take_reply);
        setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    }
    c->replied = false;
    begin_call(c, 0);
    while (!c->replied) go_round(c);
    atomic_flag_clear(&c->calling);
}

static void take_reply_of_slot(side_conn *c, const struct message *m)
{
    const char *dot = memrchr(m->subject, '.', m->subject_length);
    if (dot == NULL) bench_die("a reply", "has no slot");
    uint32_t slot = number(dot + 1);
    bench_check(m->payload, m->payload_size);
    if (bench_done(slot)) begin_call(c, slot);
}

static void socket_start(side_conn *c, uint32_t count)
{
    expect_replies(c, take_reply_of_slot);
    c->to_begin = count;
    start_thread(c);
}

/* ---- Messages ---- */

static void socket_publish(side_conn *c, const char *subject)
{
    if (c->has_thread) bench_die("publish", "this connection has another use");
    append(&c->out, "PUB ", 4);
    append_text(&c->out, subject);
    append(&c->out, c->body, c->body_size);
    if (c->out.end - c->out.begin > WRITE_AT_BYTES) send_out(c, 0);
}

static void count_message(side_conn *c, const struct message *m)
{
    if (m->sid >= c->counter_count) bench_die("the server", "a message of no subscription");
    bench_received(c->counters[m->sid]);
}

static void socket_subscribe(side_conn *c, const char *subject, const char *group, struct bench_counter *counter)
{
    if (c->handle != NULL && c->handle != count_message) bench_die("subscribe", "this connection has another use");
    pthread_mutex_lock(&c->lock);
    c->handle = count_message;
    c->counters = realloc(c->counters, (c->counter_count + 1) * sizeof *c->counters);
    if (c->counters == NULL) bench_die("subscribe", "no memory");
    c->counters[c->counter_count] = counter;
    append_text(&c->out, "SUB ");
    append_text(&c->out, subject);
    append_text(&c->out, " ");
    append_text(&c->out, group == NULL ? "" : group);
    append_text(&c->out, " ");
    append_number(&c->out, c->counter_count++);
    append_text(&c->out, "\r\n");
    pthread_mutex_unlock(&c->lock);
    if (!c->has_thread) start_thread(c);
    socket_flush(c);
}

const struct side side = {
    .name = "socket",
    .open = socket_open,
    .close = socket_close,
    .serve = socket_serve,
    .call = socket_call,
    .start = socket_start,
    .publish = socket_publish,
    .flush = socket_flush,
    .subscribe = socket_subscribe,
};

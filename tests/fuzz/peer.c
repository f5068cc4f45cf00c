#include "peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "need.h"

enum { SUBSCRIPTIONS = 1024, BUFFER_SIZE = 1 << 20, LINE_SIZE = 4096, WAIT_MS = 10000 };

struct subscription {
    char subject[128], id[16]; /* id "": none */
};

struct peer {
    int listener, fd;
    char url[64];
    struct subscription subscriptions[SUBSCRIPTIONS];
    struct peer_message messages[PEER_MESSAGES];
    size_t count;
    uint64_t sent, came;
    size_t read, size; /* of buffer: taken apart, and filled */
    char buffer[BUFFER_SIZE];
};

/* ---- Life ---- */

struct peer *peer_new(void)
{
    struct peer *peer = calloc(1, sizeof *peer);
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof address;
    need(peer != NULL, "there is memory for a peer");
    peer->fd = -1;
    peer->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    need(bind(peer->listener, (struct sockaddr *)&address, size) == 0 && listen(peer->listener, 4) == 0 &&
             getsockname(peer->listener, (struct sockaddr *)&address, &size) == 0,
         "a socket listens");
    (void)snprintf(peer->url, sizeof peer->url, "nats://127.0.0.1:%u", ntohs(address.sin_port));
    return peer;
}

const char *peer_url(const struct peer *peer)
{
    return peer->url;
}

int peer_fd(const struct peer *peer)
{
    return peer->fd;
}

/* ---- Out ---- */

static void write_all(struct peer *peer, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t wrote = send(peer->fd, bytes, size, MSG_NOSIGNAL);
        struct pollfd room = { .fd = peer->fd, .events = POLLOUT };
        if (wrote < 0) need(errno == EAGAIN && poll(&room, 1, WAIT_MS) == 1, "the session takes what is sent");
        if (wrote < 0) continue;
        bytes += wrote;
        size -= (size_t)wrote;
    }
}

static void send_info(struct peer *peer)
{
    char line[256];
    int size = snprintf(line, sizeof line,
                        "INFO {\"server_id\":\"FUZZ\",\"version\":\"2.9.10\",\"proto\":1,\"headers\":true,"
                        "\"max_payload\":%d,\"host\":\"127.0.0.1\",\"port\":4222,\"client_id\":1}\r\n",
                        PEER_MAX_PAYLOAD);
    write_all(peer, line, (size_t)size);
}

void peer_send(struct peer *peer, const char *subscription, const struct peer_message *message)
{
    static char frame[2 * LINE_SIZE + (1 << 18)];
    const char *reply = message->reply == NULL ? "" : message->reply, *space = message->reply == NULL ? "" : " ";
    size_t headers = message->header_size, all = headers + message->payload_size;
    int line;
    need(all < sizeof frame - 2 * LINE_SIZE, "a message is small");
    if (headers > 0)
        line = snprintf(frame, LINE_SIZE, "HMSG %s %s %s%s%zu %zu\r\n", message->subject, subscription, reply, space,
                        headers, all);
    else line = snprintf(frame, LINE_SIZE, "MSG %s %s %s%s%zu\r\n", message->subject, subscription, reply, space, all);
    need(line < LINE_SIZE, "a subject is short");
    char *at = frame + line;
    if (headers > 0) memcpy(at, message->headers, headers);
    if (message->payload_size > 0) memcpy(at + headers, message->payload, message->payload_size);
    memcpy(at + all, "\r\n", 2);
    write_all(peer, frame, (size_t)line + all + 2);
    peer->sent++;
}

uint64_t peer_sent(const struct peer *peer)
{
    return peer->sent;
}

/* ---- Subscriptions ---- */

static bool matches(const char *pattern, const char *subject)
{
    size_t size = strlen(pattern);
    if (size < 2 || strcmp(pattern + size - 2, ".*") != 0) return strcmp(pattern, subject) == 0;
    return strncmp(pattern, subject, size - 1) == 0 && strchr(subject + size - 1, '.') == NULL;
}

const char *peer_subscription(const struct peer *peer, const char *subject)
{
    for (size_t i = 0; i < SUBSCRIPTIONS; i++) {
        const struct subscription *sub = &peer->subscriptions[i];
        if (*sub->id != '\0' && matches(sub->subject, subject)) return sub->id;
    }
    return NULL;
}

static struct subscription *find(struct peer *peer, const char *id)
{
    for (size_t i = 0; i < SUBSCRIPTIONS; i++)
        if (strcmp(peer->subscriptions[i].id, id) == 0) return &peer->subscriptions[i];
    return NULL;
}

/* ---- In ---- */

enum { WORDS = 6 };

/* Cuts the line into words; returns how many. */
static size_t cut(char *line, char *words[WORDS])
{
    size_t count = 0;
    char *rest = NULL;
    for (char *word = strtok_r(line, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
        need(count < WORDS, "a line of the protocol has at most six words");
        words[count++] = word;
    }
    return count;
}

static size_t number(const char *word)
{
    char *end = NULL;
    unsigned long value = strtoul(word, &end, 10);
    need(*word >= '0' && *word <= '9' && *end == '\0' && value <= 2 * PEER_MAX_PAYLOAD, "a size is a small number");
    return value;
}

/* A fence comes back; anything else is kept. */
static void publish(struct peer *peer, const struct peer_message *message)
{
    if (strstr(message->subject, ".fence.") != NULL) {
        const char *id = peer_subscription(peer, message->subject);
        need(id != NULL, "a fence has a subscription");
        peer_send(peer, id, message);
        return;
    }
    need(peer->count < PEER_MESSAGES, "an input brings few messages about");
    need(message->header_size + message->payload_size <= PEER_MAX_PAYLOAD, "a message is within max_payload");
    peer->messages[peer->count++] = *message;
    peer->came++;
}

/* A line as it stands in the buffer, and a copy of it cut into words. */
struct line {
    char *at;
    char copy[LINE_SIZE];
    char *words[WORDS];
    size_t count;
};

/* The word where it stands, as a text. */
static const char *in_place(struct line *line, const char *word)
{
    char *at = line->at + (word - line->copy);
    at[strlen(word)] = '\0';
    return at;
}

/* PUB subject [reply] size, or HPUB subject [reply] headers size; payload: behind the line. Returns its size with the
 * line end; 0: it is not there yet. */
static size_t take_publish(struct peer *peer, struct line *line, const char *payload, size_t left)
{
    char **words = line->words;
    size_t count = line->count, fixed = strcmp(words[0], "HPUB") == 0 ? 4 : 3;
    need(count == fixed || count == fixed + 1, "a PUB has its words");
    size_t all = number(words[count - 1]), header_size = fixed == 4 ? number(words[count - 2]) : 0;
    need(header_size <= all, "headers are within the message");
    if (left < all + 2) return 0;
    need(memcmp(payload + all, "\r\n", 2) == 0, "a payload ends where its size says");
    struct peer_message message = { .subject = in_place(line, words[1]),
                                    .reply = count > fixed ? in_place(line, words[2]) : NULL,
                                    .headers = payload,
                                    .header_size = header_size,
                                    .payload = (const uint8_t *)payload + header_size,
                                    .payload_size = all - header_size };
    publish(peer, &message);
    return all + 2;
}

static void subscribe(struct peer *peer, const struct line *line)
{
    struct subscription *sub = find(peer, "");
    need(sub != NULL && (line->count == 3 || line->count == 4), "a SUB has its words, and there are few");
    (void)snprintf(sub->subject, sizeof sub->subject, "%s", line->words[1]);
    (void)snprintf(sub->id, sizeof sub->id, "%s", line->words[line->count - 1]);
}

/* With a number of messages, nats.c goes on by itself. */
static void unsubscribe(struct peer *peer, const struct line *line)
{
    struct subscription *sub = line->count == 2 ? find(peer, line->words[1]) : NULL;
    if (sub != NULL) *sub->id = '\0';
}

/* Takes one line, with what belongs to it. Returns the size of both; 0: it is not there yet. */
static size_t take(struct peer *peer, char *at, size_t left)
{
    struct line line = { .at = at };
    const char *end = memmem(at, left, "\r\n", 2);
    if (end == NULL) return 0;
    size_t size = (size_t)(end - at) + 2;
    if (strncmp(at, "CONNECT ", 8) == 0) return size;
    need(size < sizeof line.copy, "a line is short");
    memcpy(line.copy, at, size - 2);
    line.count = cut(line.copy, line.words);
    const char *verb = line.count > 0 ? line.words[0] : "";
    if (strcmp(verb, "PUB") == 0 || strcmp(verb, "HPUB") == 0) {
        size_t more = take_publish(peer, &line, end + 2, left - size);
        return more == 0 ? 0 : size + more;
    }
    if (strcmp(verb, "PING") == 0) write_all(peer, "PONG\r\n", 6);
    else if (strcmp(verb, "SUB") == 0) subscribe(peer, &line);
    else if (strcmp(verb, "UNSUB") == 0) unsubscribe(peer, &line);
    else need(strcmp(verb, "PONG") == 0, "a line is one of the protocol");
    return size;
}

static void accept_session(struct peer *peer)
{
    int on = 1;
    peer->fd = accept4(peer->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (peer->fd < 0) return;
    (void)setsockopt(peer->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    send_info(peer);
}

void peer_read(struct peer *peer)
{
    if (peer->fd < 0) accept_session(peer);
    if (peer->fd < 0) return;
    need(peer->size < BUFFER_SIZE, "an input brings few bytes about");
    ssize_t got = recv(peer->fd, peer->buffer + peer->size, BUFFER_SIZE - peer->size, 0);
    need(got > 0 || (got < 0 && errno == EAGAIN), "the session stays up");
    if (got < 0) return;
    peer->size += (size_t)got;
    for (size_t took = 1; took > 0; peer->read += took)
        took = take(peer, peer->buffer + peer->read, peer->size - peer->read);
}

uint64_t peer_came(const struct peer *peer)
{
    return peer->came;
}

size_t peer_count(const struct peer *peer)
{
    return peer->count;
}

const struct peer_message *peer_message_at(const struct peer *peer, size_t at)
{
    return &peer->messages[at];
}

void peer_forget(struct peer *peer)
{
    memmove(peer->buffer, peer->buffer + peer->read, peer->size - peer->read);
    peer->size -= peer->read;
    peer->read = 0;
    peer->count = 0;
}

/* ---- Headers ---- */

static const char *copy_until(const char *at, const char *end, char stop, char *text, size_t size)
{
    size_t length = 0;
    for (; at < end && *at != stop; at++) {
        need(length + 1 < size && *at != '\0' && *at != '\r' && *at != '\n', "a header is one short line");
        text[length++] = *at;
    }
    text[length] = '\0';
    need(at < end, "a header has its parts");
    return at + 1;
}

size_t peer_headers(const struct peer_message *message, struct peer_header out_headers[PEER_HEADERS])
{
    static const char version[] = "NATS/1.0\r\n";
    size_t count = 0, first = sizeof version - 1;
    if (message->header_size == 0) return 0;
    const char *at = message->headers + first, *end = message->headers + message->header_size - 2;
    need(message->header_size >= first + 2 && memcmp(message->headers, version, first) == 0 &&
             memcmp(end, "\r\n", 2) == 0,
         "headers begin with the version and end with an empty line");
    while (at < end) {
        need(count < PEER_HEADERS, "there are few headers");
        struct peer_header *header = &out_headers[count++];
        at = copy_until(at, end, ':', header->name, sizeof header->name);
        if (at < end && *at == ' ') at++;
        at = copy_until(at, end, '\r', header->value, sizeof header->value);
        need(at <= end && *at == '\n', "a header ends with CR LF");
        at++;
    }
    return count;
}

const char *peer_header(const struct peer_header *headers, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(headers[i].name, name) == 0) return headers[i].value;
    return NULL;
}

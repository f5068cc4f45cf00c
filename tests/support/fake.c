#include "fake.h"

#include "check.h"
#include "tempdir.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_CLIENTS 256

struct fake_client {
    int fd;
    bool shaking; /* waits for PING */
    bool closing; /* has been told; closed when the client closes, so that no byte is lost to a reset */
    struct fake_script script;
    char tail[8]; /* the last bytes received */
};

struct fake {
    pthread_t thread;
    uint16_t port;
    char url[64];
    int listen_fd;
    int stop_fd; /* readable: end */
    struct test_gate accepted;
    struct test_gate answered;
    pthread_mutex_t lock;
    struct fake_script script;               /* guarded by lock */
    struct fake_client clients[MAX_CLIENTS]; /* the thread's own */
    int count;
};

static void say(const struct fake_client *client, const char *text)
{
    size_t left = text != NULL ? strlen(text) : 0;
    ssize_t sent;

    while (left > 0) {
        sent = send(client->fd, text, left, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent <= 0) return;
        text += sent;
        left -= (size_t)sent;
    }
}

static void end_sending(struct fake_client *client)
{
    shutdown(client->fd, SHUT_WR);
    client->closing = true;
}

static void accept_one(struct fake *fake)
{
    int fd = accept4(fake->listen_fd, NULL, NULL, SOCK_CLOEXEC);
    struct fake_client *client = &fake->clients[fake->count];

    if (fd < 0) return;
    *client = (struct fake_client){ .fd = fd };
    pthread_mutex_lock(&fake->lock);
    client->script = fake->script;
    pthread_mutex_unlock(&fake->lock);
    if (client->script.kind == FAKE_CLOSE || fake->count == MAX_CLIENTS - 1) {
        close(fd);
    } else {
        fake->count++;
        client->shaking = client->script.kind == FAKE_HANDSHAKE || client->script.kind == FAKE_HANDSHAKE_CLOSE;
        if (client->shaking) say(client, client->script.info != NULL ? client->script.info : FAKE_INFO);
        else say(client, client->script.text);
        if (client->script.kind == FAKE_SEND_CLOSE) end_sending(client);
    }
    gate_open(&fake->accepted);
}

/* Whether the bytes, after those of earlier calls, bring a line PING to its end. */
static bool saw_ping(struct fake_client *client, const char *bytes, size_t count)
{
    static const char ping[] = "\nPING\r\n";
    const size_t length = sizeof ping - 1;
    size_t i;

    for (i = 0; i < count; i++) {
        memmove(client->tail, client->tail + 1, length - 1);
        client->tail[length - 1] = bytes[i];
        if (memcmp(client->tail, ping, length) == 0) return true;
    }
    return false;
}

/* False when the client has gone. */
static bool serve(struct fake *fake, struct fake_client *client)
{
    char bytes[4096];
    ssize_t got = recv(client->fd, bytes, sizeof bytes, MSG_DONTWAIT);

    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return true;
    if (got <= 0) return false;
    if (client->shaking && saw_ping(client, bytes, (size_t)got)) {
        client->shaking = false;
        say(client, client->script.text);
        if (client->script.kind == FAKE_HANDSHAKE_CLOSE) end_sending(client);
        gate_open(&fake->answered);
    }
    return true;
}

static void *run(void *arg)
{
    struct fake *fake = arg;
    struct pollfd polled[2 + MAX_CLIENTS];
    int i, count;

    for (;;) {
        polled[0] = (struct pollfd){ .fd = fake->stop_fd, .events = POLLIN };
        polled[1] = (struct pollfd){ .fd = fake->listen_fd, .events = POLLIN };
        count = fake->count;
        for (i = 0; i < count; i++) polled[2 + i] = (struct pollfd){ .fd = fake->clients[i].fd, .events = POLLIN };
        if (poll(polled, (nfds_t)(2 + count), -1) < 0) continue;
        if (polled[0].revents != 0) return NULL;
        for (i = count - 1; i >= 0; i--) { /* backwards: the last takes the place of one that is removed */
            if (polled[2 + i].revents == 0 || serve(fake, &fake->clients[i])) continue;
            close(fake->clients[i].fd);
            fake->clients[i] = fake->clients[--fake->count];
        }
        if (polled[1].revents != 0) accept_one(fake);
    }
}

struct fake *fake_start(const struct fake_script *script)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t size = sizeof address;
    struct fake *fake = calloc(1, sizeof *fake);

    if (fake == NULL) test_abort("out of memory");
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    fake->script = *script;
    fake->stop_fd = eventfd(0, EFD_CLOEXEC);
    fake->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (bind(fake->listen_fd, (struct sockaddr *)&address, size) != 0 || listen(fake->listen_fd, 1024) != 0 ||
        getsockname(fake->listen_fd, (struct sockaddr *)&address, &size) != 0) {
        test_abort("the fake server cannot listen");
    }
    fake->port = ntohs(address.sin_port);
    snprintf(fake->url, sizeof fake->url, "nats://127.0.0.1:%d", fake->port);
    gate_init(&fake->accepted);
    gate_init(&fake->answered);
    pthread_mutex_init(&fake->lock, NULL);
    if (pthread_create(&fake->thread, NULL, run, fake) != 0) test_abort("the fake server has no thread");
    return fake;
}

void fake_set_script(struct fake *fake, const struct fake_script *script)
{
    pthread_mutex_lock(&fake->lock);
    fake->script = *script;
    pthread_mutex_unlock(&fake->lock);
}

void fake_stop(struct fake *fake)
{
    uint64_t one = 1;

    if (fake == NULL) return;
    if (write(fake->stop_fd, &one, sizeof one) < 0) test_abort("eventfd");
    pthread_join(fake->thread, NULL);
    while (fake->count > 0) close(fake->clients[--fake->count].fd);
    close(fake->listen_fd);
    close(fake->stop_fd);
    gate_destroy(&fake->accepted);
    gate_destroy(&fake->answered);
    pthread_mutex_destroy(&fake->lock);
    free(fake);
}

uint16_t fake_port(const struct fake *fake)
{
    return fake->port;
}

const char *fake_url(const struct fake *fake)
{
    return fake->url;
}

int fake_accepted(struct fake *fake)
{
    return gate_count(&fake->accepted);
}

bool fake_wait_accepted(struct fake *fake, int at_least, int timeout_ms)
{
    return gate_wait(&fake->accepted, at_least, timeout_ms);
}

int fake_answered(struct fake *fake)
{
    return gate_count(&fake->answered);
}

bool fake_wait_answered(struct fake *fake, int at_least, int timeout_ms)
{
    return gate_wait(&fake->answered, at_least, timeout_ms);
}

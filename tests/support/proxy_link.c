#include "proxy_link.h"

#include "check.h"
#include "tempdir.h"

#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define RESET_WAIT_MS 1000  /* for a client that does not read */
#define SERVER_WAIT_MS 1000 /* for a server that stands still */

static void prepare(int fd)
{
    int on = 1;

    if (fd >= 0) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

struct proxy_link *link_new(int client_fd, int server_fd)
{
    struct proxy_link *link = malloc(sizeof *link);

    if (link == NULL) test_abort("out of memory");
    link->next = NULL;
    link->client_fd = client_fd;
    link->server_fd = server_fd;
    link->state = server_fd >= 0 ? LINK_OPEN : LINK_HOLE;
    link->sent_to_client = 0;
    cutter_init(&link->cutter);
    link->up.start = link->up.end = link->down.start = link->down.end = 0;
    link->up.eof = link->up.shut = link->down.eof = link->down.shut = false;
    prepare(client_fd);
    prepare(server_fd);
    return link;
}

/* A reset throws away what the socket has not sent: let that go first. What has been sent stays readable. */
static void close_with_reset(int fd)
{
    struct linger reset = { .l_onoff = 1, .l_linger = 0 };
    long deadline_ms = test_now_ms() + RESET_WAIT_MS;
    int unsent = 0;

    if (fd < 0) return;
    while (ioctl(fd, SIOCOUTQNSD, &unsent) == 0 && unsent > 0 && test_now_ms() < deadline_ms) test_sleep_ms(1);
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    close(fd);
}

/* Waits until the server has read all that it was sent, and closes. Otherwise a client that comes back at once could be
 * served before that: two connections have no order among each other. */
static void end_server_side(int fd)
{
    char bytes[4096];
    struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
    long deadline_ms = test_now_ms() + SERVER_WAIT_MS;

    if (fd < 0) return;
    shutdown(fd, SHUT_WR);
    while (test_now_ms() < deadline_ms && poll(&poll_fd, 1, (int)(deadline_ms - test_now_ms())) > 0)
        if (recv(fd, bytes, sizeof bytes, 0) <= 0) break;
    close(fd);
}

void link_end(struct proxy_link *link, enum proxy_end end)
{
    if (link->state == LINK_CLOSED) return;
    end_server_side(link->server_fd);
    if (end == PROXY_FIN && link->state != LINK_LINGERING) {
        shutdown(link->client_fd, SHUT_WR);
        link->state = LINK_LINGERING;
    } else {
        close_with_reset(link->client_fd);
        link->client_fd = -1;
        link->state = LINK_CLOSED;
    }
    link->server_fd = -1;
}

/* When both sides have ended by themselves. */
static void close_both(struct proxy_link *link)
{
    close(link->client_fd);
    close(link->server_fd);
    link->client_fd = link->server_fd = -1;
    link->state = LINK_CLOSED;
}

static size_t waiting(const struct proxy_pipe *pipe)
{
    return pipe->end - pipe->start;
}

static bool has_room(const struct proxy_pipe *pipe)
{
    return !pipe->eof && waiting(pipe) < sizeof pipe->bytes;
}

/* How many of the waiting bytes may go to the client now. */
static size_t allowed_down(const struct proxy_link *link)
{
    uint64_t limit = cutter_limit(&link->cutter) - link->sent_to_client;

    return limit < waiting(&link->down) ? (size_t)limit : waiting(&link->down);
}

static struct pollfd interest(int fd, bool in, bool out)
{
    struct pollfd polled = { .fd = in || out ? fd : -1 };

    polled.events = (short)((in ? POLLIN : 0) | (out ? POLLOUT : 0));
    return polled;
}

void link_poll_for(const struct proxy_link *link, int stalled, struct pollfd *out_client, struct pollfd *out_server)
{
    bool up = link->state == LINK_OPEN && (stalled & PROXY_TO_SERVER) == 0;
    bool down = link->state == LINK_OPEN && (stalled & PROXY_TO_CLIENT) == 0;
    bool lingering = link->state == LINK_LINGERING;

    *out_client = interest(link->client_fd, lingering || (up && has_room(&link->up)), down && allowed_down(link) > 0);
    *out_server = interest(link->server_fd, down && has_room(&link->down), up && waiting(&link->up) > 0);
}

/* Reads once; false when the connection is broken. */
static bool fill(struct proxy_pipe *pipe, int fd, struct cutter *cutter)
{
    ssize_t got;

    if (pipe->start > 0) {
        memmove(pipe->bytes, pipe->bytes + pipe->start, waiting(pipe));
        pipe->end -= pipe->start;
        pipe->start = 0;
    }
    got = recv(fd, pipe->bytes + pipe->end, sizeof pipe->bytes - pipe->end, MSG_DONTWAIT);
    if (got < 0) return errno == EAGAIN || errno == EINTR;
    if (cutter != NULL) cutter_scan(cutter, pipe->bytes + pipe->end, (size_t)got);
    pipe->end += (size_t)got;
    pipe->eof = got == 0;
    return true;
}

/* Sends up to so many waiting bytes, and passes an end-of-file on behind the last; false when it is broken. */
static bool flush(struct proxy_pipe *pipe, int fd, size_t size_bytes, uint64_t *count)
{
    ssize_t sent = 0;

    if (size_bytes > 0) sent = send(fd, pipe->bytes + pipe->start, size_bytes, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0) return errno == EAGAIN || errno == EINTR;
    pipe->start += (size_t)sent;
    *count += (uint64_t)sent;
    if (pipe->eof && waiting(pipe) == 0 && !pipe->shut) {
        shutdown(fd, SHUT_WR);
        pipe->shut = true;
    }
    return true;
}

static bool pump_up(struct proxy_link *link, bool ready, struct proxy_stats *stats)
{
    if (ready && has_room(&link->up) && !fill(&link->up, link->client_fd, NULL)) return false;
    return flush(&link->up, link->server_fd, waiting(&link->up), &stats->bytes_to_server);
}

static bool pump_down(struct proxy_link *link, bool ready, struct proxy_stats *stats)
{
    uint64_t before = stats->bytes_to_client;
    bool sound;

    if (ready && has_room(&link->down) && !fill(&link->down, link->server_fd, &link->cutter)) return false;
    if (link->down.eof) link->cutter.cut.kind = PROXY_CUT_NONE; /* no more of the line that it holds back will come */
    sound = flush(&link->down, link->client_fd, allowed_down(link), &stats->bytes_to_client);
    link->sent_to_client += stats->bytes_to_client - before;
    return sound;
}

/* Waits for the client's own close; what it still sends is nobody's. */
static void pump_lingering(struct proxy_link *link)
{
    ssize_t got = recv(link->client_fd, link->up.bytes, sizeof link->up.bytes, MSG_DONTWAIT);

    if (got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR))) return;
    close(link->client_fd);
    link->client_fd = -1;
    link->state = LINK_CLOSED;
}

void link_pump(struct proxy_link *link, int stalled, bool client_ready, bool server_ready, struct proxy_stats *stats)
{
    bool sound = true;

    if (link->state == LINK_LINGERING && client_ready) pump_lingering(link);
    if (link->state != LINK_OPEN) return;
    if ((stalled & PROXY_TO_SERVER) == 0) sound = pump_up(link, client_ready, stats);
    if (sound && (stalled & PROXY_TO_CLIENT) == 0) sound = pump_down(link, server_ready, stats);
    if (link->cutter.cut_at == link->sent_to_client) {
        stats->cuts++;
        link_end(link, link->cutter.cut.end);
    } else if (!sound) {
        link_end(link, PROXY_RESET);
    } else if (link->up.shut && link->down.shut) {
        close_both(link);
    }
}

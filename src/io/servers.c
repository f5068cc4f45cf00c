#include "io/servers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/error.h"
#include "core/subject.h"

enum { DEFAULT_PORT = 4222 };

static void server_clear(terni_server *server)
{
    free(server->address);
    free(server->host);
    free(server->user);
    free(server->password);
    free(server->token);
    *server = (terni_server){ 0 };
}

void terni_servers_free(terni_servers *servers)
{
    for (size_t i = 0; i < servers->count; i++) server_clear(&servers->list[i]);
    free(servers->list);
    *servers = (terni_servers){ 0 };
}

/* A new last server of the list, or NULL: no memory. */
static terni_server *append(terni_servers *servers)
{
    if (servers->count == servers->capacity) {
        size_t capacity = servers->capacity == 0 ? 4 : servers->capacity * 2;
        terni_server *list = realloc(servers->list, capacity * sizeof *list);
        if (list == NULL) return NULL;
        servers->list = list;
        servers->capacity = capacity;
    }
    terni_server *server = &servers->list[servers->count++];
    *server = (terni_server){ 0 };
    return server;
}

static int hex(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/* A copy of size bytes with %XX decoded (RFC 3986), or NULL: no memory. */
static char *decode(const char *text, size_t size)
{
    char *out = malloc(size + 1), *at = out;
    if (out == NULL) return NULL;
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '%' && size - i > 2 && hex(text[i + 1]) >= 0 && hex(text[i + 2]) >= 0) {
            *at++ = (char)(hex(text[i + 1]) * 16 + hex(text[i + 2]));
            i += 2;
        } else {
            *at++ = text[i];
        }
    }
    *at = '\0';
    return out;
}

/* user:password, or a token where there is no colon. */
static bool parse_userinfo(terni_server *server, const char *text, size_t size)
{
    const char *colon = memchr(text, ':', size);
    if (colon == NULL) return size == 0 || (server->token = decode(text, size)) != NULL;
    size_t user_size = (size_t)(colon - text);
    server->user = decode(text, user_size);
    server->password = decode(colon + 1, size - user_size - 1);
    return server->user != NULL && server->password != NULL;
}

/* The port in text, DEFAULT_PORT where it is empty, or 0: not a port. */
static long parse_port(const char *text)
{
    if (*text == '\0') return DEFAULT_PORT;
    if (*text++ != ':') return 0;
    if (*text < '0' || *text > '9') return 0;
    char *end = NULL;
    long port = strtol(text, &end, 10);
    return *end == '\0' && port >= 1 && port <= 65535 ? port : 0;
}

/* Fills server from host[:port]; hosts of IPv6 stand in brackets. */
static tern_status parse_address(terni_server *server, const char *address, tern_error *err)
{
    const char *bracket = *address == '[' ? strchr(address, ']') : NULL;
    size_t host_size = bracket != NULL ? (size_t)(bracket - address) + 1 : strcspn(address, ":");
    long port = parse_port(address + host_size);
    bool bad_host = host_size == 0 || (*address == '[' && (bracket == NULL || host_size == 2)) ||
                    address[strcspn(address, " /@?#\t\r\n")] != '\0';
    if (bad_host || port == 0)
        return terni_fail(err, TERN_INVALID_ARGUMENT, "url \"%s\": %s", terni_quote(address).text,
                          bad_host ? "no host, or a character that no host has" : "not a port from 1 to 65535");
    size_t size = host_size + sizeof "nats://:65535";
    server->address = malloc(size);
    server->host = bracket != NULL ? strndup(address + 1, host_size - 2) : strndup(address, host_size);
    if (server->address == NULL || server->host == NULL) return terni_fail_memory(err);
    (void)snprintf(server->address, size, "nats://%.*s:%ld", (int)host_size, address, port);
    return TERN_OK;
}

static tern_status parse_url(terni_server *server, char *url, tern_error *err)
{
    char *rest = strstr(url, "://");
    if (rest == NULL) {
        rest = url;
    } else {
        *rest = '\0';
        rest += 3;
        server->tls = strcasecmp(url, "tls") == 0;
        if (!server->tls && strcasecmp(url, "nats") != 0)
            return terni_fail(err, TERN_INVALID_ARGUMENT, "url scheme \"%s\": neither nats nor tls",
                              terni_quote(url).text);
    }
    size_t size = strlen(rest);
    if (size > 0 && rest[size - 1] == '/') rest[size - 1] = '\0';
    char *at = strrchr(rest, '@');
    if (at != NULL) {
        *at = '\0';
        if (strstr(rest, "%00") != NULL) return terni_fail(err, TERN_INVALID_ARGUMENT, "url: %%00 in its user info");
        if (!parse_userinfo(server, rest, (size_t)(at - rest))) return terni_fail_memory(err);
        rest = at + 1;
    }
    return parse_address(server, rest, err);
}

static char *trim(char *text)
{
    text += strspn(text, " \t");
    size_t size = strlen(text);
    while (size > 0 && (text[size - 1] == ' ' || text[size - 1] == '\t')) text[--size] = '\0';
    return text;
}

tern_status terni_servers_parse(terni_servers *servers, const char *urls, tern_error *err)
{
    char *copy = strdup(urls);
    if (copy == NULL) return terni_fail_memory(err);
    tern_status st = TERN_OK;
    for (char *url = copy, *next; st == TERN_OK && url != NULL; url = next) {
        next = strchr(url, ',');
        if (next != NULL) *next++ = '\0';
        terni_server *server = append(servers);
        if (server == NULL) st = terni_fail_memory(err);
        else st = parse_url(server, trim(url), err);
    }
    free(copy);
    return st;
}

static bool copy_text(char **out_copy, const char *text)
{
    *out_copy = text == NULL ? NULL : strdup(text);
    return text == NULL || *out_copy != NULL;
}

void terni_servers_learn(terni_servers *servers, const terni_server *from, const char *address)
{
    for (size_t i = 0; i < servers->count; i++)
        if (strcmp(servers->list[i].address, address) == 0) return;
    terni_server learned = { .tls = from->tls, .learned = true }; /* made first: append may move from */
    bool ok = copy_text(&learned.address, address) && copy_text(&learned.host, from->host) &&
              copy_text(&learned.user, from->user) && copy_text(&learned.password, from->password) &&
              copy_text(&learned.token, from->token);
    terni_server *server = ok ? append(servers) : NULL;
    if (server != NULL) *server = learned;
    else server_clear(&learned);
}

static bool among(const char *address, char *const *addresses, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(address, addresses[i]) == 0) return true;
    return false;
}

void terni_servers_forget_except(terni_servers *servers, char *const *addresses, size_t count)
{
    size_t kept = 0, current = servers->current;
    for (size_t i = 0; i < servers->count; i++) {
        terni_server *server = &servers->list[i];
        if (server->learned && i != current && !among(server->address, addresses, count)) {
            server_clear(server);
            continue;
        }
        if (i == current) servers->current = kept;
        servers->list[kept++] = *server;
    }
    servers->count = kept;
}

const terni_server *terni_servers_current(const terni_servers *servers)
{
    return &servers->list[servers->current];
}

bool terni_servers_advance(terni_servers *servers)
{
    servers->current = (servers->current + 1) % servers->count;
    if (++servers->tried < servers->count) return false;
    servers->tried = 0;
    return true;
}

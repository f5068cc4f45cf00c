/* Readiness comes from the ports file, which the server writes once clients can connect. The write is not atomic:
 * the file counts when its JSON object is closed. A first start lets the server choose its ports; a restart names
 * the ports of the first start, so that clients find it again. On Linux the ports that bind() chooses are odd and
 * those of connect() even, so a client's own sockets hardly ever take the port of a server that is away. */
#include "server.h"

#include "check.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define START_TIMEOUT_MS 10000
#define HALT_TIMEOUT_MS 10000
#define USER_CONFIG_NAME "user.conf"
#define MAX_ARGS 64

static const char *find_program(char *path, size_t path_bytes)
{
    const char *from = getenv("PATH");
    char folders[4096];
    char *rest = folders;
    char *folder;

    snprintf(folders, sizeof folders, "%s:/usr/sbin:/usr/local/bin", from != NULL ? from : "");
    while ((folder = strsep(&rest, ":")) != NULL) {
        snprintf(path, path_bytes, "%s/nats-server", folder);
        if (access(path, X_OK) == 0) return path;
    }
    test_abort("no nats-server on the PATH or in /usr/sbin");
}

static char *copy_text(const char *text)
{
    char *copy = text != NULL ? strdup(text) : NULL;

    if (text != NULL && copy == NULL) test_abort("out of memory");
    return copy;
}

_Noreturn static void fail_start(const struct test_server *server, const char *why)
{
    server_dump_log(server);
    test_abort("nats-server %s", why);
}

/* The user's text is a file of its own, so that neither text can break the other. */
static void write_config(const struct test_server *server)
{
    char text[4096];
    int at = 0;

    if (server->cluster != NULL) {
        at += snprintf(text + at, sizeof text - (size_t)at, "cluster { name: \"%s\", listen: \"127.0.0.1:%d\"",
                       server->cluster, server->cluster_port != 0 ? (int)server->cluster_port : -1);
        if (server->routes != NULL) {
            at += snprintf(text + at, sizeof text - (size_t)at, ", routes: [ %s ]", server->routes);
        }
        at += snprintf(text + at, sizeof text - (size_t)at, " }\n");
    }
    if (server->name != NULL) {
        at += snprintf(text + at, sizeof text - (size_t)at, "server_name: \"%s\"\n", server->name);
    }
    snprintf(text + at, sizeof text - (size_t)at, "include \"" USER_CONFIG_NAME "\"\n");
    tempdir_write(&server->dir, "server.conf", text);
}

static void spawn(struct test_server *server)
{
    char program[512], config[512], log[512], store[512], port[16], monitor[16];
    char *argv[MAX_ARGS];
    int n = 0;
    char **arg;

    snprintf(config, sizeof config, "%s/server.conf", server->dir.path);
    snprintf(log, sizeof log, "%s/" SERVER_LOG_NAME, server->dir.path);
    snprintf(store, sizeof store, "%s/jetstream", server->dir.path);
    snprintf(port, sizeof port, "%d", server->port != 0 ? (int)server->port : -1);
    snprintf(monitor, sizeof monitor, "%d", server->monitor_port != 0 ? (int)server->monitor_port : -1);
#define ADD(text) argv[n++] = (char *)(uintptr_t)(text)
    ADD("nats-server");
    ADD("-a");
    ADD("127.0.0.1");
    ADD("-p");
    ADD(port);
    ADD("-c");
    ADD(config);
    ADD("--ports_file_dir");
    ADD(server->dir.path);
    if (server->monitor) ADD("-m"), ADD(monitor);
    if (server->jetstream) ADD("-js"), ADD("-sd"), ADD(store);
    if (server->debug) ADD("-DV");
    for (arg = server->args; arg != NULL && *arg != NULL && n < MAX_ARGS - 1; arg++) ADD(*arg);
    argv[n] = NULL;
#undef ADD
    write_config(server);
    child_start(&server->child, find_program(program, sizeof program), argv, log, server->dir.hold_fd);
}

/* Copies the first URL listed under key, if any, and gives its port. */
static uint16_t take_url(const char *json, const char *key, char *url, size_t url_bytes)
{
    const char *from = strstr(json, key);
    const char *end;

    url[0] = '\0';
    if (from == NULL) return 0;
    from += strlen(key);
    end = strchr(from, '"');
    if (end == NULL || (size_t)(end - from) >= url_bytes) return 0;
    memcpy(url, from, (size_t)(end - from));
    url[end - from] = '\0';
    return (uint16_t)strtoul(strrchr(url, ':') + 1, NULL, 10);
}

static bool read_ports(struct test_server *server, const char *ports_name)
{
    char *json = tempdir_read(&server->dir, ports_name);
    bool whole = json != NULL && strchr(json, '}') != NULL;

    if (whole) {
        server->port = take_url(json, "\"nats\":[\"", server->url, sizeof server->url);
        server->cluster_port = take_url(json, "\"cluster\":[\"", server->cluster_url, sizeof server->cluster_url);
        server->monitor_port = take_url(json, "\"monitoring\":[\"", server->monitor_url, sizeof server->monitor_url);
    }
    free(json);
    return whole;
}

/* True when ready, false when a port was busy. */
static bool try_start(struct test_server *server, long deadline_ms)
{
    int busy_before = server_count_log(server, "address already in use");
    char ports_name[64];
    bool ready = false;

    spawn(server);
    snprintf(ports_name, sizeof ports_name, "nats-server_%d.ports", (int)server->child.pid);
    while (!(ready = read_ports(server, ports_name)) && !child_wait(&server->child, 2)) {
        if (test_now_ms() > deadline_ms) fail_start(server, "was not ready in time");
    }
    if (ready) return true;
    if (server_count_log(server, "address already in use") == busy_before) fail_start(server, "ended at its start");
    return false;
}

static void start(struct test_server *server)
{
    long deadline_ms = test_now_ms() + START_TIMEOUT_MS;

    while (!try_start(server, deadline_ms)) {
        if (test_now_ms() > deadline_ms) fail_start(server, "found its port busy");
        test_sleep_ms(10);
    }
}

struct test_server *server_start(const struct test_server_options *options)
{
    static const struct test_server_options defaults;
    struct test_server *server = calloc(1, sizeof *server);
    size_t count = 0;
    size_t i;

    if (server == NULL) test_abort("out of memory");
    if (options == NULL) options = &defaults;
    tempdir_make(&server->dir);
    while (options->args != NULL && options->args[count] != NULL) count++;
    server->args = calloc(count + 1, sizeof *server->args);
    if (server->args == NULL) test_abort("out of memory");
    for (i = 0; i < count; i++) server->args[i] = copy_text(options->args[i]);
    server->name = copy_text(options->name);
    server->cluster = copy_text(options->cluster);
    server->routes = copy_text(options->routes);
    server->port = options->port;
    server->jetstream = options->jetstream;
    server->monitor = options->monitor;
    server->debug = options->debug;
    server_set_config(server, options->config);
    start(server);
    return server;
}

void server_stop(struct test_server *server)
{
    char **arg;

    if (server == NULL) return;
    server_halt(server);
    tempdir_remove(&server->dir);
    for (arg = server->args; *arg != NULL; arg++) free(*arg);
    free(server->args);
    free(server->name);
    free(server->cluster);
    free(server->routes);
    free(server);
}

const char *server_url(const struct test_server *server)
{
    return server->url;
}

uint16_t server_port(const struct test_server *server)
{
    return server->port;
}

const char *server_monitor_url(const struct test_server *server)
{
    return server->monitor_url;
}

pid_t server_pid(const struct test_server *server)
{
    return server->child.pid;
}

void server_kill(struct test_server *server)
{
    child_kill(&server->child);
}

void server_halt(struct test_server *server)
{
    child_signal(&server->child, SIGCONT);
    child_signal(&server->child, SIGTERM);
    if (!child_wait(&server->child, HALT_TIMEOUT_MS)) child_kill(&server->child);
}

void server_restart(struct test_server *server)
{
    server_kill(server);
    start(server);
}

void server_set_config(struct test_server *server, const char *config)
{
    tempdir_write(&server->dir, USER_CONFIG_NAME, config != NULL ? config : "");
}

void server_reload(struct test_server *server)
{
    int before = server_count_log(server, "Reloaded server configuration");
    long deadline_ms = test_now_ms() + START_TIMEOUT_MS;

    child_signal(&server->child, SIGHUP);
    while (server_count_log(server, "Reloaded server configuration") == before) {
        if (test_now_ms() > deadline_ms) fail_start(server, "did not reload its configuration");
        test_sleep_ms(2);
    }
}

/* The process stops after kill() has returned; a test must not send to it before. */
static void wait_stopped(pid_t pid)
{
    char path[64], line[512];
    const char *state;
    FILE *file;

    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    for (;;) {
        file = fopen(path, "re");
        if (file == NULL) return;
        state = fgets(line, sizeof line, file) != NULL ? strrchr(line, ')') : NULL;
        fclose(file);
        if (state == NULL || state[2] == 'T') return;
        test_sleep_ms(1);
    }
}

void server_pause(struct test_server *server)
{
    child_signal(&server->child, SIGSTOP);
    if (server->child.pid != 0) wait_stopped(server->child.pid);
}

void server_resume(struct test_server *server)
{
    child_signal(&server->child, SIGCONT);
}

void server_lame_duck(struct test_server *server)
{
    child_signal(&server->child, SIGUSR2);
}

bool server_wait_end(struct test_server *server, int timeout_ms)
{
    return child_wait(&server->child, timeout_ms);
}

/* A real nats-server for one test: on a free port of 127.0.0.1, in a private folder, gone when the test is.
 *
 *     struct test_server *server = server_start(NULL);
 *     ... connect to server_url(server) ...
 *     server_stop(server);
 *
 * What cannot work (no nats-server, a wrong configuration, no readiness within 10 s) prints the server's log and
 * aborts the test. One thread at a time may use a server; which one does not matter. */
#ifndef TEST_SERVER_H
#define TEST_SERVER_H

#include "child.h"
#include "server_log.h"
#include "tempdir.h"

#include <stdbool.h>
#include <stdint.h>

/* Zero means default. Texts are copied. */
struct test_server_options {
    const char *config;      /* text for the configuration file; NULL: none */
    const char *const *args; /* more command-line arguments, NULL-terminated; NULL: none */
    const char *name;        /* server_name; NULL: the server's own choice */
    const char *cluster;     /* the cluster's name, which opens a route port; NULL: no cluster */
    const char *routes;      /* the other nodes' route URLs, comma-separated */
    uint16_t port;           /* 0: the server chooses, and keeps it across restarts */
    bool jetstream;          /* with its store in the private folder, kept across restarts */
    bool monitor;            /* opens the HTTP monitoring port */
    bool debug;              /* logs debug lines and the protocol (-DV) */
};

/* Opaque to tests; cluster.c fills routes. */
struct test_server {
    struct tempdir dir;
    struct child child;
    char **args;
    char *name;
    char *cluster;
    char *routes;
    uint16_t port; /* 0 until first started */
    uint16_t cluster_port;
    uint16_t monitor_port;
    bool jetstream;
    bool monitor;
    bool debug;
    char url[128];
    char cluster_url[128];
    char monitor_url[128];
};

/* Starts a server and waits until clients can connect. options may be NULL. */
struct test_server *server_start(const struct test_server_options *options);

/* Ends the server (gracefully if it still runs), removes its folder, frees. Takes NULL. */
void server_stop(struct test_server *server);

/* "nats://127.0.0.1:PORT"; "tls://..." if the configuration asks for TLS. Valid until server_stop. */
const char *server_url(const struct test_server *server);
uint16_t server_port(const struct test_server *server);

/* "http://127.0.0.1:PORT" of the monitoring port, or "" without one. */
const char *server_monitor_url(const struct test_server *server);

/* The server's process; 0 once it has been seen to have ended. */
pid_t server_pid(const struct test_server *server);

/* Ends the process at once (SIGKILL), or gracefully (SIGTERM); returns when it is gone. The folder stays. */
void server_kill(struct test_server *server);
void server_halt(struct test_server *server);

/* Starts it again on the same ports, with the same folder, waiting up to 10 s for a port that is still busy.
 * A server that still runs is killed first. */
void server_restart(struct test_server *server);

/* Replaces the configuration text: for the next restart, or, if the server runs, at once by server_reload. */
void server_set_config(struct test_server *server, const char *config);

/* Makes a running server read its configuration again (SIGHUP), and waits until its log says that it has. */
void server_reload(struct test_server *server);

/* Freezes the process (SIGSTOP): connections stay open and silent. And thaws it. */
void server_pause(struct test_server *server);
void server_resume(struct test_server *server);

/* Asks for lame duck mode (SIGUSR2): the server tells its clients, then lets them go and ends. It ends at once
 * when it has no clients; otherwise after lame_duck_grace_period, then lame_duck_duration (see cluster.h's
 * SERVER_QUICK_LAME_DUCK). A client whose first PONG has only just come is, now and then, not told: let a second PING
 * go through first. */
void server_lame_duck(struct test_server *server);

/* Waits until the process has ended by itself; false when timeout_ms passes first. */
bool server_wait_end(struct test_server *server, int timeout_ms);

#endif

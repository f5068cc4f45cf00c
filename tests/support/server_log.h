/* What a test's nats-server has logged. */
#ifndef TEST_SERVER_LOG_H
#define TEST_SERVER_LOG_H

#include <stdbool.h>

#define SERVER_LOG_NAME "server.log"

struct test_server;

/* Waits until text shows in the log; false when timeout_ms passes first. */
bool server_wait_log(const struct test_server *server, const char *text, int timeout_ms);

/* How often text shows in the log. */
int server_count_log(const struct test_server *server, const char *text);

/* Prints the log to stderr. */
void server_dump_log(const struct test_server *server);

#endif

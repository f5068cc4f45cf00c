#include "server_log.h"

#include "check.h"
#include "server.h"

#include <stdlib.h>

int server_count_log(const struct test_server *server, const char *text)
{
    char *log = tempdir_read(&server->dir, SERVER_LOG_NAME);
    const char *at = log;
    int count = 0;

    while (at != NULL && (at = strstr(at, text)) != NULL) {
        at += strlen(text);
        count++;
    }
    free(log);
    return count;
}

bool server_wait_log(const struct test_server *server, const char *text, int timeout_ms)
{
    long deadline_ms = test_now_ms() + timeout_ms;

    while (server_count_log(server, text) == 0) {
        if (test_now_ms() >= deadline_ms) return false;
        test_sleep_ms(2);
    }
    return true;
}

void server_dump_log(const struct test_server *server)
{
    char *log = tempdir_read(&server->dir, SERVER_LOG_NAME);

    fprintf(stderr, "---- log of the nats-server in %s ----\n%s---- end of the log ----\n", server->dir.path,
            log != NULL ? log : "(none)\n");
    free(log);
}

/* One publisher, two subscribers: each gets every update, in order. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include <tern/tern.h>

enum { UPDATES = 5, SUBSCRIBERS = 2 };

/* Received so far by each subscriber, and whether all came in order. */
static pthread_mutex_t mu = PTHREAD_MUTEX_INITIALIZER;
static int received[SUBSCRIBERS];
static int in_order = 1;

static void on_update(tern_msg *msg, void *arg)
{
    int *count = arg;
    char expected[32];
    int size = (int)tern_msg_size(msg);
    pthread_mutex_lock(&mu);
    printf("Subscriber %d received: %.*s\n", (int)(count - received) + 1, size, (const char *)tern_msg_data(msg));
    snprintf(expected, sizeof expected, "Update #%d", ++*count);
    if (strcmp(expected, tern_msg_data(msg)) != 0) in_order = 0;
    pthread_mutex_unlock(&mu);
}

int main(void)
{
    tern_conn *conn = NULL;
    tern_sub *subs[SUBSCRIBERS] = { NULL };
    tern_error err;
    char text[32];

    tern_status st = tern_connect(NULL, &conn, &err);
    for (int i = 0; i < SUBSCRIBERS && st == TERN_OK; i++)
        st = tern_conn_subscribe(conn, "updates", NULL, on_update, &received[i], &subs[i], &err);
    for (int i = 1; i <= UPDATES && st == TERN_OK; i++) {
        int size = snprintf(text, sizeof text, "Update #%d", i);
        st = tern_conn_publish(conn, "updates", text, (size_t)size, &err);
    }
    /* Drained: what was published has been received, and every handler has returned. */
    if (st == TERN_OK) st = tern_conn_drain(conn, 5000, &err);
    for (int i = 0; i < SUBSCRIBERS; i++) tern_sub_free(subs[i]);
    tern_conn_free(conn);
    if (st != TERN_OK) fprintf(stderr, "pubsub: %s: %s\n", tern_status_name(st), err.text);
    return st == TERN_OK && in_order && received[0] == UPDATES && received[1] == UPDATES ? 0 : 1;
}

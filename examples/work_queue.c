/* Ten jobs, two workers in one queue group: each job goes to one of them. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tern/tern.h>

enum { JOBS = 10, WORKERS = 2 };

/* How often each job ran. */
static pthread_mutex_t mu = PTHREAD_MUTEX_INITIALIZER;
static int runs[JOBS + 1];

static void on_job(tern_msg *msg, void *arg)
{
    const int *worker = arg;
    const char *text = tern_msg_data(msg); /* "Job #3" */
    int job = atoi(text + strcspn(text, "0123456789"));
    pthread_mutex_lock(&mu);
    printf("Worker %d processing: %s\n", *worker, text);
    if (job >= 1 && job <= JOBS) runs[job]++;
    pthread_mutex_unlock(&mu);
}

int main(void)
{
    int names[WORKERS] = { 1, 2 };
    const tern_sub_options options = { .queue_group = "workers" };
    tern_conn *conn = NULL;
    tern_sub *workers[WORKERS] = { NULL };
    tern_error err;
    char text[32];
    int once = 1;

    tern_status st = tern_connect(NULL, &conn, &err);
    for (int i = 0; i < WORKERS && st == TERN_OK; i++)
        st = tern_conn_subscribe(conn, "jobs", &options, on_job, &names[i], &workers[i], &err);
    for (int i = 1; i <= JOBS && st == TERN_OK; i++) {
        int size = snprintf(text, sizeof text, "Job #%d", i);
        st = tern_conn_publish(conn, "jobs", text, (size_t)size, &err);
    }
    /* Drained: what was published has been received, and every handler has returned. */
    if (st == TERN_OK) st = tern_conn_drain(conn, 5000, &err);
    for (int i = 0; i < WORKERS; i++) tern_sub_free(workers[i]);
    tern_conn_free(conn);
    if (st != TERN_OK) fprintf(stderr, "work_queue: %s: %s\n", tern_status_name(st), err.text);
    for (int i = 1; i <= JOBS; i++) once = once && runs[i] == 1;
    return st == TERN_OK && once ? 0 : 1;
}

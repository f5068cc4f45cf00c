/* The inside of a service. */
#ifndef TERNI_SERVICE_H
#define TERNI_SERVICE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>

#include <tern/service.h>

struct tern_service {
    tern_sub *sub; /* owns the service */
    const tern_service_type *type;
    tern_conn *conn; /* the subscription holds it */
    void *arg;
    char *subject;       /* "<prefix>.<package>.<Service>.*" */
    size_t subject_size; /* up to and with the last dot */
    atomic_uint_fast64_t requests, errors, expired, unanswerable;
    pthread_mutex_t mu;
    tern_request *spares; /* mu */
    size_t spare_count;   /* mu */
    _Alignas(max_align_t) char handlers[];
};

#endif

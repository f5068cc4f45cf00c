/* The inside of a service. */
#ifndef TERNI_SERVICE_H
#define TERNI_SERVICE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>

#include <tern/service.h>

#include "rpc/admission.h"
#include "rpc/discovery/discovery.h"
#include "rpc/endpoint.h"

struct tern_service {
    tern_sub *sub; /* owns the service */
    const tern_service_type *type;
    tern_conn *conn; /* the subscription holds it */
    void *arg;
    char *subject;       /* "<prefix>.<package>.<Service>.*" */
    size_t subject_size; /* up to and with the last dot */
    tern_service_interceptor *interceptors;
    size_t interceptor_count;
    terni_endpoints *endpoints; /* one for each method, and one for what names none */
    terni_instance *discovery;  /* what discovery shows of it; the handle's */
    bool is_inline;             /* nothing waits */

    terni_admission admission;      /* the I/O thread decides */
    uint64_t admitted;              /* the I/O thread's: requests queued */
    atomic_uint_fast64_t handled;   /* of them, those whose handlers have returned */
    atomic_uint_fast64_t busy_ns;   /* what those took */
    atomic_uint_fast64_t expired;   /* of them, those that waited too long */
    atomic_uint_fast64_t withdrawn; /* of them, those that the service's end found waiting */
    atomic_uint_fast64_t refused;   /* not run, and told so */
    atomic_uint_fast64_t dropped;   /* not run, and nobody told */

    pthread_mutex_t mu;
    tern_request *spares; /* mu */
    size_t spare_count;   /* mu */
    _Alignas(max_align_t) char handlers[];
};

#endif

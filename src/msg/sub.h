/* Subscriptions, as the layers above use them. */
#ifndef TERNI_SUB_H
#define TERNI_SUB_H

#include <tern/sub.h>

/* The same as tern_conn_subscribe, and free_arg is called with arg when the subscription's memory is
 * freed, after the last handler has returned; also when this fails. */
tern_status terni_sub_open(tern_conn *conn, const char *subject, const tern_sub_options *options, tern_msg_fn handler,
                           void *arg, void (*free_arg)(void *arg), tern_sub **out_sub, tern_error *err);

/* What a layer above does with its subscription besides handling messages. NULL: nothing. */
typedef struct terni_sub_hooks {
    /* Here it is, before anything comes. */
    void (*opening)(tern_sub *sub, void *arg);
    /* A message came. False: it is not to be queued, and ends. On the I/O thread. */
    bool (*admit)(tern_msg *msg, void *arg);
    /* A message will not be handled: it is over a limit (full), or the subscription has ended. On any thread, perhaps
     * with locks of the connection held: it must neither wait nor tell the program. NULL: it is counted. */
    void (*dropped)(tern_msg *msg, bool full, void *arg);
} terni_sub_hooks;

/* The same, with hooks, which must be static. */
tern_status terni_sub_open_hooked(tern_conn *conn, const char *subject, const tern_sub_options *options,
                                  tern_msg_fn handler, void *arg, void (*free_arg)(void *arg),
                                  const terni_sub_hooks *hooks, tern_sub **out_sub, tern_error *err);

/* Inside a handler: the message is not done with when it returns. Draining waits until terni_sub_finish, on any thread,
 * and the subscription lives as long. */
void terni_sub_defer(tern_sub *sub);
void terni_sub_finish(tern_sub *sub);
uint32_t terni_sub_deferred(const tern_sub *sub);

/* Is this thread inside a handler of it? */
bool terni_sub_inside(const tern_sub *sub);

#endif

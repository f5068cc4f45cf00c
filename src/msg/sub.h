/* Subscriptions, as the layers above use them. */
#ifndef TERNI_SUB_H
#define TERNI_SUB_H

#include <tern/sub.h>

/* The same as tern_conn_subscribe, and free_arg is called with arg when the subscription's memory is
 * freed, after the last handler has returned; also when this fails. */
tern_status terni_sub_open(tern_conn *conn, const char *subject, const tern_sub_options *options, tern_msg_fn handler,
                           void *arg, void (*free_arg)(void *arg), tern_sub **out_sub, tern_error *err);

#endif

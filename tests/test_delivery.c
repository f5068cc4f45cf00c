/* Calls beyond those with an inbox of their own get their replies on a thread of nats.c's, which waits for more between
 * reads. nats.c can be told by its environment to have one such thread for all connections of the process. */
#include <stdlib.h>

#include "outcomes.h"

enum { CALLS = 300 };

/* So many calls at once, all of which must end well. */
static void call_all(tern_client *client)
{
    struct outcomes all;
    outcomes_init(&all, CALLS);
    outcomes_begin(client, increment_method(), &all, NULL);
    check_outcomes(&all, TERN_OK);
    outcomes_destroy(&all);
}

Test(delivery, no_connection_keeps_the_thread_that_another_needs, .timeout = 60)
{
    struct rig rig;

    check_int(setenv("NATS_DEFAULT_TO_LIB_MSG_DELIVERY", "1", 1), 0); /* before nats.c starts */
    rig_open(&rig);
    tern_conn *other = rig_connect(&rig);
    tern_service *service = calc_serve(rig.conn, NULL);
    tern_client *one = calc_client(rig.conn, NULL), *two = calc_client(other, NULL);
    call_all(one);
    call_all(two);
    call_all(one);
    tern_client_free(one);
    tern_client_free(two);
    tern_service_free(service);
    tern_conn_free(other);
    rig_close(&rig);
    test_check_leaks();
}

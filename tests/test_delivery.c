/* Calls beyond those with an inbox of their own get their replies on a thread of nats.c's, which waits for more between
 * reads. nats.c can be told by its environment to have one such thread for all connections of the process. */
#include <stdlib.h>

#include "calc.h"

enum { CALLS = 300 };

/* So many calls at once, all of which must end well. */
static void call_all(tern_client *client)
{
    Test__V1__Number number = TEST__V1__NUMBER__INIT;
    tern_error err = { .status = TERN_OK };
    tern_call *calls[CALLS];
    char note[] = "";
    number.note = note;
    for (int i = 0; i < CALLS; i++)
        check_ok(test_v1_calc_increment_async(client, &number, NULL, NULL, NULL, &calls[i], &err));
    check_ok(tern_call_wait_all(calls, CALLS, RIG_WAIT_MS, &err));
    for (int i = 0; i < CALLS; i++) {
        Test__V1__Number *reply = NULL;
        check_ok(test_v1_calc_increment_result(calls[i], &reply, &err));
        tern_message_free(&reply->base);
        tern_call_free(calls[i]);
    }
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

/* Calls while the system gives no more threads, to nats.c neither. */
#include "outcomes.h"
#include "player.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>

static atomic_bool refusing;

/* In place of libc's, for the libraries too. */
int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*body)(void *), void *arg)
{
    int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *) = NULL;
    if (atomic_load(&refusing)) return EAGAIN;
    *(void **)&real = dlsym(RTLD_NEXT, "pthread_create");
    return real(thread, attributes, body, arg);
}

static void say_nothing(struct player *player, tern_msg *request, int nth)
{
    (void)player;
    (void)request;
    (void)nth;
}

static bool is_tried_again(void *call)
{
    return tern_call_attempts(call) > 1;
}

/* So many calls have inboxes of their own; those beyond them share one, for which nats.c starts a thread. */
enum { OWN_INBOXES = 256, BEYOND = 50 };

Test(no_threads, calls_without_an_inbox_have_not_been_sent, .timeout = 60)
{
    tern_client_options silent = { .subject_prefix = "silent", .timeout_ms = 3 * RIG_WAIT_MS };
    tern_client_options retrying = { .timeout_ms = RIG_WAIT_MS, .retry = { .attempts = 100, .budget = 1000000 } };
    struct outcomes held, beyond, later;
    struct player player;
    struct pair pair;
    tern_error err = { .status = TERN_OK };
    tern_call *call = NULL;

    pair_open(&pair, &retrying);
    outcomes_init(&held, OWN_INBOXES);
    outcomes_init(&beyond, BEYOND);
    outcomes_init(&later, 1);
    player_start(&player, pair.other, "silent.>", say_nothing, NULL);
    tern_service *service = calc_serve(pair.other, NULL);
    tern_client *client = calc_client(pair.rig.conn, &silent);
    outcomes_begin(client, increment_method(), &held, NULL);
    check_true(gate_wait(&player.gate, OWN_INBOXES, RIG_WAIT_MS));
    atomic_store(&refusing, true);
    outcomes_begin(client, increment_method(), &beyond, NULL);
    check_outcomes(&beyond, TERN_RESOURCE_EXHAUSTED);
    check_ok(outcome_begin(pair.client, increment_method(), &later.items[0], NULL, &call, &err));
    check_true(wait_until(is_tried_again, call, RIG_WAIT_MS));
    atomic_store(&refusing, false);
    check_outcomes(&later, TERN_OK);
    check_int(gate_count(&player.gate), OWN_INBOXES);
    tern_call_free(call);
    tern_client_free(client);
    check_outcomes(&held, TERN_CANCELLED);
    tern_service_free(service);
    player_stop(&player);
    outcomes_destroy(&held);
    outcomes_destroy(&beyond);
    outcomes_destroy(&later);
    pair_close(&pair);
    test_check_leaks();
}

/* What a client's interceptors do to the headers of a request. */
#include "player.h"

#include <stdio.h>

#define CALC "test.v1.Calc.*"

static tern_status call_with(tern_client *client, const tern_call_options *options, tern_error *err)
{
    Test__V1__Number number = TEST__V1__NUMBER__INIT, *reply = NULL;
    tern_status st = test_v1_calc_increment(client, &number, options, &reply, err);
    if (st == TERN_OK) tern_message_free(&reply->base);
    return st;
}

struct setting {
    tern_status refusals[6];
    tern_error refused_err;
    tern_status in_after;
};

static tern_status set_headers(tern_call *call, void *arg, tern_error *err)
{
    static const tern_header bad[] = { { "Tern-Timeout-Ms", "1" },
                                       { "Nats-Service-Error", "x" },
                                       { "Two words", "x" },
                                       { "Name", "a\r\nB: c" },
                                       { "Name", "" },
                                       { NULL, "x" } };
    struct setting *setting = arg;
    char value[] = "from before";
    for (int i = 0; i < 6; i++)
        setting->refusals[i] =
            tern_call_set_header(call, bad[i].name, bad[i].value, i == 3 ? &setting->refused_err : NULL);
    tern_status st = tern_call_set_header(call, "Mine", value, err);
    memset(value, 'x', 4); /* it was copied */
    if (st == TERN_OK) st = tern_call_set_header(call, "Twice", "once", err);
    if (st == TERN_OK) st = tern_call_set_header(call, "Twice", "twice", err);
    return st;
}

static void set_in_after(tern_call *call, const tern_error *outcome, void *arg)
{
    struct setting *setting = arg;
    (void)outcome;
    setting->in_after = tern_call_set_header(call, "Late", "x", NULL);
}

/* Answers with what it was asked with. */
static void play_headers(struct player *player, tern_msg *request, int nth)
{
    tern_header headers[10];
    size_t count = tern_msg_headers(request, headers, 10);
    (void)nth;
    player_send(player, tern_msg_reply(request), headers, count < 10 ? count : 10, "", 0);
}

Test(interceptors_metadata, metadata_can_be_changed_inside_before_only, .timeout = 60)
{
    struct setting setting = { .in_after = TERN_OK };
    tern_client_interceptor interceptor = { .before = set_headers, .after = set_in_after, .arg = &setting };
    tern_header metadata[] = { { "Mine", "the call's" }, { "Other", "the call's" } }, seen[8];
    struct pair pair;
    static struct player player;
    tern_call *call = NULL;
    tern_call_options options = { .metadata = metadata, .metadata_count = 2, .out_call = &call };
    tern_error err = { .status = TERN_OK };

    pair_open(&pair, &(tern_client_options){ .interceptors = &interceptor, .interceptor_count = 1 });
    player_start(&player, pair.other, CALC, play_headers, NULL);
    check_ok(call_with(pair.client, &options, &err));
    check_str(tern_call_header(call, "Mine"), "from before");
    check_str(tern_call_header(call, "Twice"), "twice");
    check_str(tern_call_header(call, "Other"), "the call's");
    check_int(tern_call_headers(call, seen, 8), 3);
    for (int i = 0; i < 6; i++) check_int(setting.refusals[i], TERN_INVALID_ARGUMENT);
    check_str_has(setting.refused_err.text, "CR or LF");
    check_int(setting.in_after, TERN_FAILED_PRECONDITION);
    check_refused(tern_call_set_header(call, "Late", "x", &err), TERN_FAILED_PRECONDITION, "\"Late\"");
    check_refused(tern_call_set_header(NULL, "Late", "x", &err), TERN_INVALID_ARGUMENT, "call is NULL");
    tern_call_free(call);
    player_stop(&player);
    pair_close(&pair);
    test_check_leaks();
}

static tern_status fetch_token(tern_call *call, void *arg, tern_error *err)
{
    char text[24];
    int64_t token = calc_increment(arg, 6, err);
    if (token < 0) return err->status;
    (void)snprintf(text, sizeof text, "%d", (int)token);
    return tern_call_set_header(call, "Token", text, err);
}

Test(interceptors_metadata, before_may_make_a_call_itself, .timeout = 60)
{
    struct pair pair;
    static struct player player;
    tern_client_interceptor interceptor = { .before = fetch_token };
    tern_client *client = NULL;
    tern_call *call = NULL;
    tern_error err = { .status = TERN_OK };

    pair_open(&pair, &(tern_client_options){ .subject_prefix = "login" });
    interceptor.arg = pair.client;
    client = calc_client(pair.rig.conn, &(tern_client_options){ .interceptors = &interceptor, .interceptor_count = 1 });
    player_start(&player, pair.other, CALC, play_headers, NULL);
    check_status(call_with(client, NULL, &err), TERN_UNAVAILABLE);
    check_str_has(err.text, "login.test.v1.Calc.Increment");
    tern_service *service = calc_serve(pair.other, &(tern_service_options){ .subject_prefix = "login" });
    check_ok(call_with(client, &(tern_call_options){ .out_call = &call }, &err));
    check_str(tern_call_header(call, "Token"), "7");
    tern_call_free(call);
    tern_client_free(client);
    tern_service_free(service);
    player_stop(&player);
    pair_close(&pair);
    test_check_leaks();
}

Test(interceptors_metadata, bad_lists_are_refused, .timeout = 60)
{
    struct rig rig;
    tern_client *client = NULL;
    tern_client_interceptor none = { 0 };
    tern_error err = { .status = TERN_OK };

    rig_open(&rig);
    check_refused(tern_client_new(rig.conn, &(tern_client_options){ .interceptor_count = 1 }, &client, &err),
                  TERN_INVALID_ARGUMENT, "interceptors is NULL, interceptor_count 1");
    check_refused(tern_client_new(rig.conn, &(tern_client_options){ .interceptors = &none, .interceptor_count = 1001 },
                                  &client, &err),
                  TERN_INVALID_ARGUMENT, "interceptor_count 1001");
    rig_close(&rig);
    test_check_leaks();
}

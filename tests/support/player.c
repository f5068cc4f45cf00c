#include "player.h"

#include <stdio.h>

void pair_open(struct pair *pair, const tern_client_options *options)
{
    rig_open(&pair->rig);
    pair->other = rig_connect(&pair->rig);
    pair->client = calc_client(pair->rig.conn, options);
}

void pair_close(struct pair *pair)
{
    tern_client_free(pair->client);
    tern_conn_free(pair->other);
    rig_close(&pair->rig);
}

uint64_t pair_late_replies(const struct pair *pair)
{
    tern_conn_stats stats;
    tern_conn_get_stats(pair->rig.conn, &stats);
    return stats.late_replies;
}

void pair_settle(const struct pair *pair)
{
    rig_flush(pair->other);
    rig_flush(pair->rig.conn);
}

void pair_check_late(const struct pair *pair, uint64_t count)
{
    check_true(rig_wait_late(pair->rig.conn, count));
    pair_settle(pair);
    check_int(pair_late_replies(pair), count);
}

static void note(char *out, size_t size, const char *text)
{
    (void)snprintf(out, size, "%s", text == NULL ? "" : text);
}

static void take(tern_msg *msg, void *arg)
{
    struct player *player = arg;
    int nth = ++player->count;
    if (nth <= PLAYER_SEEN_MAX) {
        struct player_request *seen = &player->seen[nth - 1];
        seen->came_ms = test_now_ms();
        note(seen->attempt, sizeof seen->attempt, tern_msg_header(msg, "Tern-Attempt"));
        note(seen->timeout, sizeof seen->timeout, tern_msg_header(msg, "Tern-Timeout-Ms"));
        note(seen->reply, sizeof seen->reply, tern_msg_reply(msg));
    }
    gate_open(&player->gate);
    if (player->play != NULL) player->play(player, msg, nth);
    gate_open(&player->played);
}

void player_start(struct player *player, tern_conn *conn, const char *subject, player_fn play, void *arg)
{
    *player = (struct player){ .conn = conn, .play = play, .arg = arg };
    gate_init(&player->gate);
    gate_init(&player->played);
    player->sub = rig_subscribe(conn, subject, NULL, take, player);
}

void player_stop(struct player *player)
{
    tern_sub_free(player->sub);
    (void)tern_conn_flush(player->conn, RIG_WAIT_MS, NULL);
    gate_destroy(&player->gate);
    gate_destroy(&player->played);
}

void player_send(struct player *player, const char *reply, const tern_header *headers, size_t count, const void *data,
                 size_t size)
{
    tern_error err = { .status = TERN_OK };
    tern_outgoing answer = { .subject = reply, .data = data, .size = size, .headers = headers, .header_count = count };
    if (tern_conn_publish_outgoing(player->conn, &answer, &err) != TERN_OK) test_abort("no answer: %s", err.text);
}

void player_answer(struct player *player, tern_msg *request)
{
    uint8_t packed[256];
    Test__V1__Number *in = test__v1__number__unpack(NULL, tern_msg_size(request), tern_msg_data(request));
    if (in == NULL || test__v1__number__get_packed_size(in) > sizeof packed - 16) test_abort("no such request");
    in->value++;
    player_send(player, tern_msg_reply(request), NULL, 0, packed, test__v1__number__pack(in, packed));
    test__v1__number__free_unpacked(in, NULL);
}

void player_fail(struct player *player, tern_msg *request, const char *code, const char *text, const tern_header *more,
                 size_t count)
{
    tern_header headers[8];
    size_t used = 0;
    if (text != NULL) headers[used++] = (tern_header){ "Nats-Service-Error", text };
    if (code != NULL) headers[used++] = (tern_header){ "Nats-Service-Error-Code", code };
    for (size_t i = 0; i < count && used < sizeof headers / sizeof *headers; i++) headers[used++] = more[i];
    player_send(player, tern_msg_reply(request), headers, used, NULL, 0);
}

void player_refuse(struct player *player, tern_msg *request, const char *code, const char *retry_after)
{
    tern_header more[] = { { "Tern-Not-Executed", "1" }, { "Tern-Retry-After-Ms", retry_after } };
    player_fail(player, request, code, "refused", more, retry_after == NULL ? 1 : 2);
}

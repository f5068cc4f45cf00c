/* A service played by hand: a raw subscription that answers each request as the test wants. */
#ifndef TEST_PLAYER_H
#define TEST_PLAYER_H

#include "calc.h"

/* A rig with a client, and another connection for whoever answers its calls. */
struct pair {
    struct rig rig;
    tern_conn *other;
    tern_client *client; /* may be set to NULL by a test that frees it */
};

void pair_open(struct pair *pair, const tern_client_options *options);
void pair_close(struct pair *pair);

/* Replies that came to the client's connection and to no call. */
uint64_t pair_late_replies(const struct pair *pair);

/* What was played has come back to calls with slots of their own (up to 256 at once), and been dealt with. */
void pair_settle(const struct pair *pair);

/* Exactly so many of them come; many come over a thread of nats.c's, and so later than other replies. */
void pair_check_late(const struct pair *pair, uint64_t count);

struct player;

/* Plays the nth request, from 1. Requests come one after the other, on a thread of the pool. */
typedef void (*player_fn)(struct player *player, tern_msg *request, int nth);

enum { PLAYER_SEEN_MAX = 64 };

struct player_request {
    long came_ms;                              /* of test_now_ms */
    char attempt[16], timeout[16], reply[128]; /* Tern-Attempt, Tern-Timeout-Ms; "" where there is none */
};

struct player {
    struct test_gate gate;   /* counts the requests that have come */
    struct test_gate played; /* and those that have been played */
    tern_conn *conn;
    tern_sub *sub;
    player_fn play;
    void *arg;                                   /* the test's */
    int count;                                   /* the handler's */
    struct player_request seen[PLAYER_SEEN_MAX]; /* the first so many; to be read up to what gate says */
};

/* Plays the service behind subject. The server knows it when it returns. */
void player_start(struct player *player, tern_conn *conn, const char *subject, player_fn play, void *arg);

/* The server knows that, too, unless it is gone. */
void player_stop(struct player *player);

/* Answers: the request's Number plus one; bytes; an error with this code and text (NULL: leaves the header out) and
 * some headers more. Failures abort the test. */
void player_answer(struct player *player, tern_msg *request);
void player_send(struct player *player, const char *reply, const tern_header *headers, size_t count, const void *data,
                 size_t size);
void player_fail(struct player *player, tern_msg *request, const char *code, const char *text, const tern_header *more,
                 size_t count);

/* Refuses the request as one that has not run; retry_after: the header's value, NULL: none. */
void player_refuse(struct player *player, tern_msg *request, const char *code, const char *retry_after);

#endif

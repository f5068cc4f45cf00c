/* Tests of the scanner that finds the place of a cut, without any network. */
#include "test.h"

#include "cut.h"

#include <stdio.h>

#define INFO "INFO {\"a\":\"MSG x 1 5\"}\r\n"
#define MSG "MSG t 1 5\r\n"
#define HMSG "HMSG t 1 r.1 12 16\r\n"

static const char stream[] = INFO "PONG\r\n" MSG "he\r\no\r\n"
                                  "MSG t 1 0\r\n\r\n"
                                  "+OK\r\n" HMSG "NATS/1.0\r\n\r\nMSG \r\n" MSG "abcde\r\n";

/* Where the cut falls when the stream comes in chunks of so many bytes; at no time may the limit pass it. */
static uint64_t find(enum proxy_cut_kind kind, uint64_t seed, int nth, size_t chunk_bytes)
{
    static struct cutter cutter;
    uint64_t highest = 0;
    size_t at, part;

    cutter_init(&cutter);
    cutter_arm(&cutter, &(struct proxy_cut){ .kind = kind, .seed = seed, .nth = nth });
    for (at = 0; at < sizeof stream - 1; at += part) {
        part = sizeof stream - 1 - at < chunk_bytes ? sizeof stream - 1 - at : chunk_bytes;
        cutter_scan(&cutter, stream + at, part);
        if (cutter_limit(&cutter) <= cutter.seen && cutter_limit(&cutter) > highest) highest = cutter_limit(&cutter);
    }
    check_int_at_most(highest, cutter.cut_at);
    check_int(cutter.seen, sizeof stream - 1);
    return cutter.cut_at;
}

/* Every seed and every chunking cuts strictly inside [start, start + size); all places inside it are reached. */
static void check_inside(enum proxy_cut_kind kind, int nth, const char *start, size_t size)
{
    uint64_t from = (uint64_t)(start - stream);
    uint64_t seed, cut_at;
    size_t chunk, reached = 0, i;
    bool places[64] = { false };

    for (seed = 0; seed < 1000; seed++) {
        cut_at = find(kind, seed, nth, sizeof stream);
        check_int_at_least(cut_at, from + 1);
        check_int_less(cut_at, from + size);
        places[cut_at - from] = true;
        for (chunk = 1; seed < 20 && chunk < 40; chunk++) check_int(find(kind, seed, nth, chunk), cut_at);
    }
    for (i = 0; i < 64; i++) reached += places[i];
    check_int(reached, size - 1);
}

Test(cut, falls_inside_the_chosen_item, .timeout = 30)
{
    const char *first = stream + strlen(INFO "PONG\r\n");
    const char *second = first + strlen(MSG "he\r\no\r\n");
    const char *third = second + strlen("MSG t 1 0\r\n\r\n+OK\r\n");
    const char *fourth = third + strlen(HMSG) + 16 + 2;

    check_inside(PROXY_CUT_INFO_LINE, 1, stream, strlen(INFO));
    check_inside(PROXY_CUT_MSG_LINE, 1, first, strlen(MSG));
    check_inside(PROXY_CUT_MSG_LINE, 3, third, strlen(HMSG));
    check_inside(PROXY_CUT_MSG_LINE, 4, fourth, strlen(MSG));
    check_inside(PROXY_CUT_MSG_PAYLOAD, 1, first + strlen(MSG), 7);
    check_inside(PROXY_CUT_MSG_PAYLOAD, 2, second + strlen(MSG), 2);
    check_inside(PROXY_CUT_MSG_PAYLOAD, 3, third + strlen(HMSG), 18);
    check_inside(PROXY_CUT_MSG_PAYLOAD, 4, fourth + strlen(MSG), 7);
    test_check_leaks();
}

Test(cut, gives_up_on_what_is_not_nats, .timeout = 30)
{
    static struct cutter cutter;
    char noise[100] = { 0 };
    int i;

    cutter_init(&cutter);
    cutter_arm(&cutter, &(struct proxy_cut){ .kind = PROXY_CUT_MSG_LINE });
    for (i = 0; i < 1000; i++) cutter_scan(&cutter, noise, sizeof noise);
    check_int(cutter_limit(&cutter), 100000);
    test_check_leaks();
}

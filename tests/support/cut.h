/* Where to cut a server's stream: at a byte, or inside a chosen item of the NATS protocol. */
#ifndef TEST_CUT_H
#define TEST_CUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum proxy_cut_kind {
    PROXY_CUT_NONE,
    PROXY_CUT_AFTER_BYTES, /* after exactly .bytes bytes */
    PROXY_CUT_ANY_OFFSET,  /* after 1 to .bytes bytes (0: 4096), chosen by the seed */
    PROXY_CUT_INFO_LINE,   /* inside an INFO line */
    PROXY_CUT_MSG_LINE,    /* inside the header line of a message (MSG or HMSG) */
    PROXY_CUT_MSG_PAYLOAD  /* inside what follows it: headers, payload, or between the closing CR and LF */
};

enum proxy_end {
    PROXY_RESET, /* connection reset, after the client's system has taken all bytes before the cut */
    PROXY_FIN    /* orderly end of file */
};

/* A cut at byte k forwards the first k bytes and then closes both sides. Inside an item means: at least one byte of
 * it is forwarded, and at least one is not. */
struct proxy_cut {
    enum proxy_cut_kind kind;
    enum proxy_end end;
    uint64_t seed;  /* the same seed and stream give the same cut */
    uint64_t bytes; /* see the kinds */
    int nth;        /* which item of the kind, from 1; 0: the first INFO line, one of the first 8 messages */
};

/* Follows one stream. All positions are counts of bytes from the stream's beginning. */
struct cutter {
    struct proxy_cut cut;
    enum { CUTTER_LINE, CUTTER_PAYLOAD, CUTTER_OPAQUE } state; /* OPAQUE: not NATS in clear, for good */
    uint64_t seen;                                             /* scanned so far */
    uint64_t armed_at;   /* seen when the cut was armed; items that began earlier do not count */
    uint64_t item_start; /* of the line or payload that seen is in */
    uint64_t item_bytes; /* of the payload and its CR LF */
    uint64_t cut_at;     /* UINT64_MAX until it is known */
    uint64_t random;
    int items_left; /* the cut is in the item that makes this 0 */
    size_t line_bytes;
    char line[8192]; /* the current line's beginning */
};

void cutter_init(struct cutter *cutter);

/* Arms a cut in what comes from now on, in place of any earlier one. */
void cutter_arm(struct cutter *cutter, const struct proxy_cut *cut);

/* Looks at the next bytes of the stream. */
void cutter_scan(struct cutter *cutter, const char *bytes, size_t size_bytes);

/* Up to which position bytes may be forwarded. A line that may have to be cut is held back until it is whole. */
uint64_t cutter_limit(const struct cutter *cutter);

#endif

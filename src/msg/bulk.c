/* A slot costs a subscription of nats.c, some 900 bytes, and a look at it after every read; so there are only so many.
 * The calls beyond them share one subscription, "<inbox>.*", with an asynchronous callback: there the server's 503
 * keeps its subject, whose last token names the call, "<cell>-<generation>". The price is a hop over a thread of
 * nats.c's, which many calls at once share.
 *
 * Who owns what: the cells are the I/O thread's. The mailbox is shared with the threads of nats.c that deliver, one for
 * each session's subscription; it counts its holders, since such a thread may outlive the session and the connection.
 * Its lock guards the rest.
 *
 * Who wakes whom: the I/O thread says after each read how many messages it has brought (was_read). The thread that
 * delivers puts these in, wakes the I/O thread with the last one, and waits, inside its callback, for the next read. So
 * it does not struggle with a read for nats.c's locks; where it did, the two woke each other for every few messages,
 * a third of the time with 4,096 calls in flight. Only the session's own subscription is followed so: a retiring one's
 * messages are told of one by one, and so is what a subscription delivers after its end. Tried first, with more waking:
 * to hold that thread up by the lock, during the read alone. */
#include "msg/bulk.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/digits.h"
#include "msg/msg.h"

enum { CELLS_MIN = 256, MSGS_MIN = 256 };
enum { TOKEN_MAX = 2 * TERNI_DIGITS_MAX + 1 }; /* of two numbers, and what is between them */
#define NO_CELL UINT32_MAX

typedef struct msg_list {
    natsMsg **msgs;
    size_t count, capacity;
} msg_list;

struct terni_mailbox {
    terni_threaded threaded;
    atomic_uint refs;
    atomic_bool filled; /* there is something to take */
    pthread_mutex_t mu;
    terni_waker *waker;               /* mu: the I/O thread's; NULL: it takes nothing any more */
    msg_list came;                    /* mu */
    pthread_cond_t more;              /* signalled when expected grows, or followed changes */
    const natsSubscription *followed; /* mu: the session's; NULL: none */
    uint64_t delivered;               /* mu: by followed so far, lost ones included */
    uint64_t expected;                /* mu: brought by reads so far */
    uint64_t due;                     /* mu: when so many are delivered, the I/O thread takes them */
    msg_list taken;                   /* the I/O thread's, to be exchanged with came */
};

/* ---- The mailbox ---- */

static void drop_all(msg_list *list)
{
    for (size_t i = 0; i < list->count; i++) natsMsg_Destroy(list->msgs[i]);
    list->count = 0;
}

static void mailbox_hold(void *self)
{
    (void)atomic_fetch_add_explicit(&((terni_mailbox *)self)->refs, 1, memory_order_relaxed);
}

/* There is something to take. */
static void tell_locked(terni_mailbox *mailbox)
{
    if (mailbox->waker == NULL || mailbox->came.count == 0 || atomic_load(&mailbox->filled)) return;
    atomic_store(&mailbox->filled, true);
    terni_waker_wake(mailbox->waker);
}

static void mailbox_follow(void *self, const natsSubscription *nsub)
{
    terni_mailbox *mailbox = self;
    (void)pthread_mutex_lock(&mailbox->mu);
    mailbox->followed = nsub;
    mailbox->delivered = mailbox->expected = mailbox->due = 0;
    tell_locked(mailbox);
    (void)pthread_cond_broadcast(&mailbox->more);
    (void)pthread_mutex_unlock(&mailbox->mu);
}

static void mailbox_was_read(void *self, uint32_t count)
{
    terni_mailbox *mailbox = self;
    (void)pthread_mutex_lock(&mailbox->mu);
    bool all_told = mailbox->due <= mailbox->delivered;
    mailbox->expected += count;
    if (all_told) mailbox->due = mailbox->expected;
    (void)pthread_cond_signal(&mailbox->more);
    (void)pthread_mutex_unlock(&mailbox->mu);
}

static void mailbox_release(void *self)
{
    terni_mailbox *mailbox = self;
    if (atomic_fetch_sub_explicit(&mailbox->refs, 1, memory_order_acq_rel) != 1) return;
    drop_all(&mailbox->came);
    drop_all(&mailbox->taken);
    free(mailbox->came.msgs);
    free(mailbox->taken.msgs);
    (void)pthread_cond_destroy(&mailbox->more);
    (void)pthread_mutex_destroy(&mailbox->mu);
    free(mailbox);
}

static bool append(msg_list *list, natsMsg *msg)
{
    if (list->count == list->capacity) {
        size_t capacity = list->capacity == 0 ? MSGS_MIN : 2 * list->capacity;
        natsMsg **msgs = realloc(list->msgs, capacity * sizeof *msgs);
        if (msgs == NULL) return false;
        list->msgs = msgs;
        list->capacity = capacity;
    }
    list->msgs[list->count++] = msg;
    return true;
}

/* One of followed's messages is in. Waits for the next read when it is the last one. */
static void count_delivered_locked(terni_mailbox *mailbox, const natsSubscription *sub)
{
    mailbox->delivered++;
    if (mailbox->delivered >= mailbox->due) {
        tell_locked(mailbox);
        mailbox->due = mailbox->expected; /* what a later read has brought meanwhile */
    }
    while (mailbox->followed == sub && mailbox->delivered >= mailbox->expected)
        (void)pthread_cond_wait(&mailbox->more, &mailbox->mu);
}

/* On a thread of nats.c's. */
static void mailbox_deliver(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *closure)
{
    terni_mailbox *mailbox = closure;
    (void)nc;
    (void)pthread_mutex_lock(&mailbox->mu);
    bool kept = mailbox->waker != NULL && append(&mailbox->came, msg);
    if (!kept) natsMsg_Destroy(msg); /* without memory: its call ends by its deadline */
    if (mailbox->followed == sub) count_delivered_locked(mailbox, sub);
    else tell_locked(mailbox);
    (void)pthread_mutex_unlock(&mailbox->mu);
}

static terni_mailbox *mailbox_new(terni_waker *waker)
{
    terni_mailbox *mailbox = calloc(1, sizeof *mailbox);
    if (mailbox == NULL) return NULL;
    if (pthread_mutex_init(&mailbox->mu, NULL) != 0) goto no_mutex;
    if (pthread_cond_init(&mailbox->more, NULL) != 0) goto no_cond;
    mailbox->threaded = (terni_threaded){ .deliver = mailbox_deliver,
                                          .hold = mailbox_hold,
                                          .release = mailbox_release,
                                          .follow = mailbox_follow,
                                          .was_read = mailbox_was_read };
    mailbox->waker = waker;
    atomic_init(&mailbox->refs, 1);
    return mailbox;
no_cond:
    (void)pthread_mutex_destroy(&mailbox->mu);
no_mutex:
    free(mailbox);
    return NULL;
}

static msg_list *mailbox_take(terni_mailbox *mailbox)
{
    (void)pthread_mutex_lock(&mailbox->mu);
    msg_list came = mailbox->came;
    mailbox->came = mailbox->taken;
    mailbox->taken = came;
    atomic_store(&mailbox->filled, false);
    (void)pthread_mutex_unlock(&mailbox->mu);
    return &mailbox->taken;
}

/* ---- The inbox ---- */

static void bulk_gone(terni_entry *entry)
{
    (void)entry; /* it is the engine's, in the table or not */
}

static const terni_entry_class bulk_entry_class = { .gone = bulk_gone };

static bool set_up(terni_bulk *bulk)
{
    if (bulk->inbox != NULL) return true;
    size_t size = strlen(bulk->conn->inbox) + sizeof ".*";
    char *inbox = malloc(size + size + TOKEN_MAX);
    terni_mailbox *mailbox = inbox == NULL ? NULL : mailbox_new(&bulk->conn->waker);
    if (mailbox == NULL) {
        free(inbox);
        return false;
    }
    size_t token_at = (size_t)snprintf(inbox, size, "%s.*", bulk->conn->inbox) - 1;
    bulk->inbox = inbox;
    bulk->reply = memcpy(inbox + size, inbox, token_at);
    bulk->token = bulk->reply + token_at;
    bulk->mailbox = mailbox;
    bulk->free_cell = NO_CELL;
    bulk->entry = (terni_entry){ .class = &bulk_entry_class, .threaded = &mailbox->threaded, .subject = inbox };
    return true;
}

static bool grow(terni_bulk *bulk)
{
    uint32_t capacity = bulk->capacity == 0 ? CELLS_MIN : 2 * bulk->capacity;
    terni_cell *cells = realloc(bulk->cells, capacity * sizeof *cells);
    if (cells == NULL) return false;
    for (uint32_t i = bulk->capacity; i < capacity; i++)
        cells[i] = (terni_cell){ .next_free = i + 1 < capacity ? i + 1 : NO_CELL };
    bulk->free_cell = bulk->capacity;
    bulk->cells = cells;
    bulk->capacity = capacity;
    return true;
}

static natsStatus subscribe(terni_bulk *bulk)
{
    terni_entry_table *table = &bulk->conn->io.entries;
    if (!bulk->entry.in_table) terni_entry_add(table, &bulk->entry, TERNI_ENTRY_AWAITED);
    else if (bulk->entry.group != TERNI_ENTRY_AWAITED) terni_entry_regroup(table, &bulk->entry, TERNI_ENTRY_AWAITED);
    return terni_entry_subscribe(&bulk->entry, terni_session_nats(bulk->conn->io.session));
}

static void give_back(terni_bulk *bulk, uint32_t number)
{
    terni_cell *cell = &bulk->cells[number];
    cell->exchange = NULL;
    cell->generation++;
    cell->next_free = bulk->free_cell;
    bulk->free_cell = number;
    bulk->in_use--;
    if (bulk->in_use == 0 && bulk->entry.in_table)
        terni_entry_regroup(&bulk->conn->io.entries, &bulk->entry, TERNI_ENTRY_IDLE);
}

tern_status terni_bulk_take(terni_bulk *bulk, terni_exchange *exchange, const char **out_reply)
{
    if (!set_up(bulk)) return TERN_RESOURCE_EXHAUSTED;
    if (bulk->free_cell == NO_CELL && !grow(bulk)) return TERN_RESOURCE_EXHAUSTED;
    natsStatus s = subscribe(bulk);
    if (s == NATS_SYS_ERROR) return TERN_RESOURCE_EXHAUSTED; /* no thread for nats.c to deliver on */
    if (s != NATS_OK && s != NATS_CONNECTION_CLOSED) return terni_status_from_nats(s);
    uint32_t number = bulk->free_cell;
    terni_cell *cell = &bulk->cells[number];
    bulk->free_cell = cell->next_free;
    bulk->in_use++;
    cell->exchange = exchange;
    exchange->cell = number;
    char *at = terni_put_number(bulk->token, number, 16);
    *at++ = '-';
    *terni_put_number(at, cell->generation, 16) = '\0';
    *out_reply = bulk->reply;
    return TERN_OK;
}

void terni_bulk_leave(terni_bulk *bulk, terni_exchange *exchange)
{
    give_back(bulk, exchange->cell);
}

static int hex_value(char digit)
{
    if (digit >= '0' && digit <= '9') return digit - '0';
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

/* Reads the number at the beginning of text, as terni_put_number writes it to base 16. Returns what follows; NULL:
 * there is no such one. */
static const char *read_hex(const char *text, uint64_t *out_number)
{
    const char *at = text;
    uint64_t number = 0;
    for (; at - text <= 16 && hex_value(*at) >= 0; at++) number = number << 4 | (uint64_t)hex_value(*at);
    if (at == text || at - text > 16 || (*text == '0' && at - text > 1)) return NULL;
    *out_number = number;
    return at;
}

/* The call that waits for the message, or NULL. */
static terni_exchange *find(const terni_bulk *bulk, natsMsg *msg)
{
    uint64_t number = 0, generation = 0;
    const char *subject = natsMsg_GetSubject(msg);
    size_t token_at = (size_t)(bulk->token - bulk->reply);
    if (strncmp(subject, bulk->inbox, token_at) != 0) return NULL; /* nats.c does not compare them */
    const char *rest = read_hex(subject + token_at, &number);
    if (rest == NULL || *rest != '-' || number >= bulk->capacity) return NULL;
    rest = read_hex(rest + 1, &generation);
    const terni_cell *cell = &bulk->cells[number];
    return rest != NULL && *rest == '\0' && generation == cell->generation ? cell->exchange : NULL;
}

static void hand_over(terni_bulk *bulk, natsMsg *msg)
{
    tern_conn *conn = bulk->conn;
    terni_exchange *exchange = find(bulk, msg);
    bool bare = terni_nats_is_bare(msg);
    if (!bare && natsMsg_IsNoResponders(msg)) {
        if (exchange != NULL) bulk->answered(exchange, NULL);
        terni_conn_discard(conn, msg, TERNI_SIZE_UNKNOWN);
    } else if (exchange != NULL) {
        exchange->reply_is_bare = bare;
        bulk->answered(exchange, msg);
    } else {
        terni_calls_drop_late(conn, msg, terni_nats_size(msg, bare));
    }
}

void terni_bulk_step(terni_bulk *bulk)
{
    msg_list *list = mailbox_take(bulk->mailbox);
    for (size_t i = 0; i < list->count; i++) hand_over(bulk, list->msgs[i]);
    list->count = 0;
}

bool terni_bulk_pending(const terni_bulk *bulk)
{
    return bulk->mailbox != NULL && atomic_load(&bulk->mailbox->filled);
}

bool terni_bulk_refused(terni_bulk *bulk, const char *subject)
{
    if (bulk->inbox == NULL || strcmp(bulk->inbox, subject) != 0) return false;
    if (bulk->entry.in_table) terni_entry_remove(&bulk->conn->io.entries, &bulk->entry);
    return true;
}

void terni_bulk_close(terni_bulk *bulk)
{
    if (bulk->mailbox == NULL) return;
    (void)pthread_mutex_lock(&bulk->mailbox->mu);
    bulk->mailbox->waker = NULL;
    bulk->mailbox->followed = NULL;
    (void)pthread_cond_broadcast(&bulk->mailbox->more);
    drop_all(&bulk->mailbox->came);
    (void)pthread_mutex_unlock(&bulk->mailbox->mu);
}

void terni_bulk_free(terni_bulk *bulk)
{
    if (bulk->mailbox != NULL) mailbox_release(bulk->mailbox);
    free(bulk->inbox);
    free(bulk->cells);
}

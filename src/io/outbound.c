/* Who owns what: publishers append under mu, into chunks that many small messages share. The I/O
 * thread takes the whole list at once, and with it the chunk being filled, so that from then on those
 * chunks are its own and it reads them without the lock. A chunk whose records are all recycled
 * becomes a spare. A message above SMALL_MAX gets a chunk of its own, filled before mu is taken, so
 * that a large copy holds nobody up.
 *
 * Tried, and slower: a lock that spins (PTHREAD_MUTEX_ADAPTIVE_NP), since who waits for it lets more gather.
 *
 * Who wakes whom: terni_outbound_left and a change of rules wake publishers that wait for room.
 * Waking the I/O thread is the callers' business (io/loop.h): they know whether they are on it. */
#include "io/outbound.h"

#include <stdlib.h>
#include <string.h>

#include "core/error.h"

enum { CHUNK_SIZE = 32 * 1024, SMALL_MAX = 4 * 1024, SPARES_MAX = 8, ALIGNMENT = 16 };

typedef struct terni_chunk {
    struct terni_chunk *next; /* of the spares */
    size_t capacity, used;
    uint32_t records; /* not yet recycled */
    _Alignas(ALIGNMENT) uint8_t bytes[];
} terni_chunk;

const char *terni_record_subject(const terni_record *record)
{
    return (const char *)(record + 1);
}

const char *terni_record_reply(const terni_record *record)
{
    return record->reply_size == 0 ? NULL : terni_record_subject(record) + record->subject_size;
}

const char *terni_record_headers(const terni_record *record)
{
    return terni_record_subject(record) + record->subject_size + record->reply_size;
}

const void *terni_record_payload(const terni_record *record)
{
    return terni_record_headers(record) + record->header_size;
}

bool terni_outbound_init(terni_outbound *queue)
{
    if (pthread_mutex_init(&queue->mu, NULL) != 0) return false;
    if (terni_cond_init(&queue->room)) return true;
    (void)pthread_mutex_destroy(&queue->mu);
    return false;
}

void terni_outbound_destroy(terni_outbound *queue)
{
    free(queue->filling);
    while (queue->spares != NULL) {
        terni_chunk *chunk = queue->spares;
        queue->spares = chunk->next;
        free(chunk);
    }
    (void)pthread_cond_destroy(&queue->room);
    (void)pthread_mutex_destroy(&queue->mu);
}

static terni_chunk *chunk_new(size_t capacity)
{
    terni_chunk *chunk = malloc(sizeof *chunk + capacity);
    if (chunk == NULL) return NULL;
    chunk->next = NULL;
    chunk->capacity = capacity;
    chunk->used = 0;
    chunk->records = 0;
    return chunk;
}

/* How much room the message's record takes, and its measures into shape. */
static size_t measure(const terni_outgoing *message, terni_record *shape)
{
    size_t headers = 0;
    for (size_t i = 0; i < message->header_count; i++)
        headers += strlen(message->headers[i].name) + strlen(message->headers[i].value) + 2;
    size_t prefix = message->prefix == NULL ? 0 : strlen(message->prefix) + 1;
    *shape = (terni_record){
        .kind = TERNI_RECORD_MESSAGE,
        .sender = message->sender,
        .token = message->token,
        .subject_size = (uint32_t)(prefix + strlen(message->subject) + 1),
        .reply_size = message->reply == NULL ? 0 : (uint32_t)strlen(message->reply) + 1,
        .header_size = (uint32_t)headers,
        .header_count = (uint32_t)message->header_count,
        .payload_size = message->size,
    };
    size_t size = sizeof *shape + shape->subject_size + shape->reply_size + headers + message->size;
    shape->weight = size;
    return (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static char *put(char *at, const char *text)
{
    size_t size = strlen(text) + 1;
    memcpy(at, text, size);
    return at + size;
}

static terni_record *write_record(terni_chunk *chunk, const terni_outgoing *message, const terni_record *shape,
                                  size_t size)
{
    terni_record *record = (terni_record *)(void *)(chunk->bytes + chunk->used);
    chunk->used += size;
    chunk->records++;
    *record = *shape;
    record->chunk = chunk;
    char *at = (char *)(record + 1);
    if (message->prefix != NULL) {
        at = put(at, message->prefix);
        at[-1] = '.';
    }
    at = put(at, message->subject);
    if (message->reply != NULL) at = put(at, message->reply);
    for (size_t i = 0; i < message->header_count; i++)
        at = put(put(at, message->headers[i].name), message->headers[i].value);
    if (message->fill != NULL) message->fill(message->source, message->size, (uint8_t *)at);
    else if (message->size > 0) memcpy(at, message->source, message->size);
    return record;
}

/* The chunk with room for size bytes, or NULL: no memory. */
static terni_chunk *filling_locked(terni_outbound *queue, size_t size)
{
    if (queue->filling != NULL && queue->filling->capacity - queue->filling->used >= size) return queue->filling;
    terni_chunk *chunk = queue->spares;
    if (chunk != NULL) {
        queue->spares = chunk->next;
        queue->spare_count--;
    } else {
        chunk = chunk_new(CHUNK_SIZE);
    }
    if (chunk != NULL) queue->filling = chunk; /* the former one is its records' */
    return chunk;
}

static bool full_locked(const terni_outbound *queue, size_t weight)
{
    return queue->bytes > 0 && (queue->bytes >= queue->limit || weight > queue->limit - queue->bytes);
}

static tern_status refusal(tern_status status, tern_error *err)
{
    return terni_fail(err, status,
                      status == TERN_CANCELLED ? "the connection is closed" : "the connection is draining");
}

static tern_status wait_for_room_locked(terni_outbound *queue, const terni_outgoing *message, size_t weight,
                                        tern_error *err)
{
    while (queue->refuses == TERN_OK && !message->past_limit && full_locked(queue, weight)) {
        if (!queue->wait_for_room || !message->may_wait)
            return terni_fail(err, TERN_RESOURCE_EXHAUSTED,
                              "%zu bytes are held for sending, %zu more would pass the limit of %zu%s", queue->bytes,
                              weight, queue->limit,
                              queue->wait_for_room ? ", and the I/O thread cannot wait" : " while there is no session");
        queue->waiters++;
        bool in_time = terni_cond_wait_until(&queue->room, &queue->mu, message->deadline);
        queue->waiters--;
        if (!in_time) return terni_fail(err, TERN_DEADLINE_EXCEEDED, "no room to send within the deadline");
    }
    return queue->refuses == TERN_OK ? TERN_OK : refusal(queue->refuses, err);
}

static void append_locked(terni_outbound *queue, terni_record *record)
{
    record->next = NULL;
    if (queue->tail != NULL) queue->tail->next = record;
    else queue->head = record;
    queue->tail = record;
}

tern_status terni_outbound_push(terni_outbound *queue, const terni_outgoing *message, tern_error *err)
{
    terni_record shape;
    terni_chunk *own = NULL;
    terni_record *record = NULL;
    size_t size = measure(message, &shape);
    if (size > SMALL_MAX) {
        own = chunk_new(size);
        if (own == NULL) return terni_fail_memory(err);
        record = write_record(own, message, &shape, size);
    }
    (void)pthread_mutex_lock(&queue->mu);
    tern_status st = wait_for_room_locked(queue, message, shape.weight, err);
    if (st == TERN_OK && own == NULL) {
        terni_chunk *chunk = filling_locked(queue, size);
        if (chunk != NULL) record = write_record(chunk, message, &shape, size);
        else st = terni_fail_memory(err);
    }
    if (st == TERN_OK) {
        append_locked(queue, record);
        queue->bytes += shape.weight;
        own = NULL;
    }
    (void)pthread_mutex_unlock(&queue->mu);
    free(own);
    return st;
}

bool terni_outbound_control(terni_outbound *queue, terni_record *record)
{
    record->kind = TERNI_RECORD_CONTROL;
    (void)pthread_mutex_lock(&queue->mu);
    bool open = queue->refuses != TERN_CANCELLED;
    if (open) append_locked(queue, record);
    (void)pthread_mutex_unlock(&queue->mu);
    return open;
}

void terni_outbound_rules(terni_outbound *queue, size_t limit_bytes, bool wait_for_room)
{
    (void)pthread_mutex_lock(&queue->mu);
    queue->limit = limit_bytes;
    queue->wait_for_room = wait_for_room;
    if (queue->waiters > 0) (void)pthread_cond_broadcast(&queue->room);
    (void)pthread_mutex_unlock(&queue->mu);
}

void terni_outbound_refuse(terni_outbound *queue, tern_status status)
{
    (void)pthread_mutex_lock(&queue->mu);
    if (queue->refuses != TERN_CANCELLED) queue->refuses = status;
    if (queue->waiters > 0) (void)pthread_cond_broadcast(&queue->room);
    (void)pthread_mutex_unlock(&queue->mu);
}

terni_record *terni_outbound_take(terni_outbound *queue)
{
    (void)pthread_mutex_lock(&queue->mu);
    terni_record *head = queue->head;
    if (head != NULL) {
        queue->head = queue->tail = NULL;
        if (queue->filling != NULL && queue->filling->records > 0) queue->filling = NULL;
    }
    (void)pthread_mutex_unlock(&queue->mu);
    return head;
}

void terni_outbound_recycle(terni_outbound *queue, terni_record *record)
{
    terni_chunk *chunk = record->chunk;
    if (--chunk->records > 0) return;
    if (chunk->capacity == CHUNK_SIZE) {
        chunk->used = 0;
        (void)pthread_mutex_lock(&queue->mu);
        if (queue->spare_count < SPARES_MAX) {
            chunk->next = queue->spares;
            queue->spares = chunk;
            queue->spare_count++;
            chunk = NULL;
        }
        (void)pthread_mutex_unlock(&queue->mu);
    }
    free(chunk);
}

void terni_outbound_left(terni_outbound *queue, size_t weight)
{
    (void)pthread_mutex_lock(&queue->mu);
    queue->bytes -= weight;
    if (queue->waiters > 0) (void)pthread_cond_broadcast(&queue->room);
    (void)pthread_mutex_unlock(&queue->mu);
}

size_t terni_outbound_bytes(terni_outbound *queue)
{
    (void)pthread_mutex_lock(&queue->mu);
    size_t bytes = queue->bytes;
    (void)pthread_mutex_unlock(&queue->mu);
    return bytes;
}

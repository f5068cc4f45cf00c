/* Publishing: what is sent arrives as it was, in order, and what cannot be sent is refused. */
#include "numbers.h"
#include "rig.h"

#include <stdlib.h>

#include "test/v1/calc.pb-c.h"
#include "test/v1/legacy.pb-c.h"

static void keep_message(tern_msg *msg, void *arg)
{
    tern_msg **kept = arg;
    if (*kept != NULL) return;
    tern_msg_keep(msg);
    *kept = msg;
}

/* Publishes, and gives the message as it was received. */
static tern_msg *pass(struct rig *rig, const tern_outgoing *message)
{
    tern_error err = { .status = TERN_OK };
    tern_msg *kept = NULL;
    tern_sub *sub = rig_subscribe(rig->conn, message->subject, NULL, keep_message, &kept);
    check_ok(tern_conn_publish_outgoing(rig->conn, message, &err));
    check_true(rig_wait_handled(sub, 1));
    tern_sub_free(sub);
    return kept;
}

/* ---- What arrives ---- */

Test(publish, bytes_arrive_as_they_were, .timeout = 60)
{
    static const char bytes[] = "\0\1\r\n\xff PUB";
    tern_error err = { .status = TERN_OK };
    struct rig rig;
    struct inbox inbox;

    rig_open(&rig);
    inbox_init(&inbox);
    tern_sub *sub = rig_subscribe(rig.conn, "a.b", NULL, inbox_take, &inbox);
    check_ok(tern_conn_publish(rig.conn, "a.b", bytes, sizeof bytes, &err));
    check_true(inbox_wait(&inbox, 1));
    const struct received *got = inbox_get(&inbox, 0);
    check_str(got->subject, "a.b");
    check_false(got->has_reply);
    check_bytes(got->data, got->size, bytes, sizeof bytes);
    tern_sub_free(sub);
    inbox_destroy(&inbox);
    rig_close(&rig);
    test_check_leaks();
}

Test(publish, empty_payload_arrives_empty, .timeout = 60)
{
    struct rig rig;

    rig_open(&rig);
    tern_msg *msg = pass(&rig, &(tern_outgoing){ .subject = "empty" });
    check_int(tern_msg_size(msg), 0);
    check_str(tern_msg_data(msg), "");
    tern_msg_free(msg);
    rig_close(&rig);
    test_check_leaks();
}

Test(publish, data_may_be_reused_at_once, .timeout = 60)
{
    enum { COUNT = 2000 };
    tern_error err = { .status = TERN_OK };
    struct rig rig;
    struct inbox inbox;
    char data[32];

    rig_open(&rig);
    inbox_init(&inbox);
    tern_sub *sub = rig_subscribe(rig.conn, "a", NULL, inbox_take, &inbox);
    for (int i = 0; i < COUNT; i++) {
        (void)snprintf(data, sizeof data, "%d", i);
        check_ok(tern_conn_publish(rig.conn, "a", data, strlen(data), &err));
        memset(data, '#', sizeof data);
    }
    check_true(inbox_wait(&inbox, COUNT));
    for (int i = 0; i < COUNT; i++) check_int(atoi(inbox_get(&inbox, i)->data), i); /* in order, too */
    tern_sub_free(sub);
    inbox_destroy(&inbox);
    rig_close(&rig);
    test_check_leaks();
}

Test(publish, reply_and_headers_arrive, .timeout = 60)
{
    tern_header headers[] = { { "Color", "blue: \"very\"" }, { "x", "y" }, { "color", "red" } };
    struct rig rig;

    rig_open(&rig);
    tern_msg *msg =
        pass(&rig,
             &(tern_outgoing){
                 .subject = "h", .reply = "the.reply", .data = "x", .size = 1, .headers = headers, .header_count = 3 });
    check_str(tern_msg_reply(msg), "the.reply");
    check_str(tern_msg_header(msg, "Color"), "blue: \"very\"");
    check_str(tern_msg_header(msg, "color"), "red");
    check_str(tern_msg_header(msg, "x"), "y");
    check_true(tern_msg_header(msg, "COLOR") == NULL);
    check_true(tern_msg_header(msg, "") == NULL);
    check_true(tern_msg_header(msg, NULL) == NULL);
    check_bytes(tern_msg_data(msg), tern_msg_size(msg), "x", 1);
    tern_msg_free(msg);
    rig_close(&rig);
    test_check_leaks();
}

Test(publish, headers_go_without_payload, .timeout = 60)
{
    tern_header header = { "A", "1" };
    struct rig rig;

    rig_open(&rig);
    tern_msg *msg = pass(&rig, &(tern_outgoing){ .subject = "h", .headers = &header, .header_count = 1 });
    check_str(tern_msg_header(msg, "A"), "1");
    check_int(tern_msg_size(msg), 0);
    tern_msg_free(msg);
    rig_close(&rig);
    test_check_leaks();
}

Test(publish, first_of_several_values_is_read, .timeout = 60)
{
    tern_header headers[] = { { "A", "first" }, { "B", "b" }, { "A", "second" } };
    tern_header seen[3] = { { NULL, NULL } };
    struct rig rig;

    rig_open(&rig);
    tern_msg *msg = pass(&rig, &(tern_outgoing){ .subject = "h", .headers = headers, .header_count = 3 });
    check_str(tern_msg_header(msg, "A"), "first");
    check_int(tern_msg_headers(msg, NULL, 0), 2);
    check_int(tern_msg_headers(msg, seen, 1), 2); /* how many there are, not how many fitted */
    check_true(seen[0].name != NULL && seen[1].name == NULL);
    check_int(tern_msg_headers(msg, seen, 3), 2);
    for (int i = 0; i < 2; i++) check_str(seen[i].value, strcmp(seen[i].name, "A") == 0 ? "first" : "b");
    tern_msg_free(msg);
    rig_close(&rig);
    test_check_leaks();
}

Test(publish, message_without_headers_has_none, .timeout = 60)
{
    tern_header seen;
    struct rig rig;

    rig_open(&rig);
    tern_msg *msg = pass(&rig, &(tern_outgoing){ .subject = "h" });
    check_int(tern_msg_headers(msg, &seen, 1), 0);
    check_true(tern_msg_header(msg, "A") == NULL);
    check_true(tern_msg_reply(msg) == NULL);
    tern_msg_free(msg);
    rig_close(&rig);
    test_check_leaks();
}

Test(publish, many_large_headers_arrive, .timeout = 60)
{
    enum { COUNT = 200, SIZE = 500 };
    static char names[COUNT][16], values[COUNT][SIZE];
    tern_header headers[COUNT];
    struct rig rig;

    for (int i = 0; i < COUNT; i++) {
        (void)snprintf(names[i], sizeof names[i], "Name-%03d", i); /* none begins with another: see below */
        memset(values[i], 'a' + i % 26, SIZE - 1);
        headers[i] = (tern_header){ names[i], values[i] };
    }
    rig_open(&rig);
    tern_msg *msg = pass(&rig, &(tern_outgoing){ .subject = "h", .headers = headers, .header_count = COUNT });
    for (int i = 0; i < COUNT; i++) check_str(tern_msg_header(msg, names[i]), values[i]);
    tern_msg_free(msg);
    rig_close(&rig);
    test_check_leaks();
}

Test(publish, header_is_not_taken_for_one_that_begins_with_its_name, .timeout = 60)
{
    tern_header headers[] = { { "ABC", "1" }, { "Name-100", "2" } };
    struct rig rig;

    rig_open(&rig);
    tern_msg *msg = pass(&rig, &(tern_outgoing){ .subject = "h", .headers = headers, .header_count = 2 });
    check_str(tern_msg_header(msg, "ABC"), "1");
    check_str(tern_msg_header(msg, "Name-100"), "2");
    check_str(tern_msg_header(msg, "A"), NULL);
    check_str(tern_msg_header(msg, "Name-1"), NULL);
    tern_msg_free(msg);
    rig_close(&rig);
    test_check_leaks();
}

/* nats.c 3.4.1 mixes up some names of which one begins with the other; see tern_header. */
static void begin_alike(const char *first, const char *second)
{
    tern_error err = { .status = TERN_OK };
    tern_header headers[] = { { first, "1" }, { second, "2" } };
    struct rig rig;
    tern_msg *kept = NULL;

    rig_open(&rig);
    tern_sub *sub = rig_subscribe(rig.conn, "h", NULL, keep_message, &kept);
    check_ok(tern_conn_publish_outgoing(
        rig.conn, &(tern_outgoing){ .subject = "h", .headers = headers, .header_count = 2 }, &err));
    rig_flush(rig.conn);
    check_ok(tern_sub_drain(sub, 0, &err));
    if (kept != NULL) {
        check_str(tern_msg_header(kept, first), "1");
        check_str(tern_msg_header(kept, second), "2");
    } else {
        check_true(events_wait(&rig.events, TERN_EVENT_MESSAGE_LOST, 1));
    }
    tern_msg_free(kept);
    tern_sub_free(sub);
    rig_close(&rig);
}

Test(publish, headers_that_begin_alike_arrive_or_are_refused, .timeout = 60)
{
    begin_alike("ABC", "A");
    begin_alike("A", "ABC");
    begin_alike("Name-1", "Name-199");
    begin_alike("Name-135", "Name-1");
    test_check_leaks();
}

Test(publish, header_value_keeps_its_inner_spaces, .timeout = 60)
{
    tern_header header = { "A", "b  c\td" };
    struct rig rig;

    rig_open(&rig);
    tern_msg *msg = pass(&rig, &(tern_outgoing){ .subject = "h", .headers = &header, .header_count = 1 });
    check_str(tern_msg_header(msg, "A"), "b  c\td");
    tern_msg_free(msg);
    rig_close(&rig);
    test_check_leaks();
}

Test(publish, protobuf_message_arrives_as_its_bytes, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    Test__V1__Number number = TEST__V1__NUMBER__INIT, inner = TEST__V1__NUMBER__INIT;
    uint8_t packed[64];
    struct rig rig;
    struct inbox inbox;

    number.value = 42;
    number.inner = &inner;
    inner.note = (char[]){ "in" };
    rig_open(&rig);
    inbox_init(&inbox);
    tern_sub *sub = rig_subscribe(rig.conn, "n", NULL, inbox_take, &inbox);
    check_ok(tern_conn_publish_message(rig.conn, "n", &number.base, &err));
    check_true(inbox_wait(&inbox, 1));
    const struct received *got = inbox_get(&inbox, 0);
    check_bytes(got->data, got->size, packed, test__v1__number__pack(&number, packed));
    tern_sub_free(sub);
    inbox_destroy(&inbox);
    rig_close(&rig);
    test_check_leaks();
}

/* ---- Sizes ---- */

Test(publish, payload_of_the_servers_maximum_passes, .timeout = 60)
{
    const size_t size = 1024 * 1024;
    struct rig rig;
    char *data = malloc(size);

    for (size_t i = 0; i < size; i++) data[i] = (char)(i * 7 + i / 1000);
    rig_open(&rig);
    tern_msg *msg = pass(&rig, &(tern_outgoing){ .subject = "big", .data = data, .size = size });
    check_bytes(tern_msg_data(msg), tern_msg_size(msg), data, size);
    tern_msg_free(msg);
    free(data);
    rig_close(&rig);
    test_check_leaks();
}

Test(publish, payload_above_the_servers_maximum_is_refused_with_both_sizes, .timeout = 60)
{
    const size_t size = 1024 * 1024 + 1;
    tern_error err = { .status = TERN_OK };
    tern_conn_stats stats;
    struct rig rig;
    char *data = calloc(1, size);

    rig_open(&rig);
    check_refused(tern_conn_publish(rig.conn, "big", data, size, &err), TERN_INVALID_ARGUMENT, "1048577");
    check_str_has(err.text, "1048576");
    rig_flush(rig.conn);
    check_int(tern_conn_get_state(rig.conn), TERN_CONN_CONNECTED);
    tern_conn_get_stats(rig.conn, &stats);
    check_int(stats.msgs_out, 0);
    free(data);
    rig_close(&rig);
    test_check_leaks();
}

Test(publish, headers_count_towards_the_maximum, .timeout = 60)
{
    const size_t block = strlen("NATS/1.0\r\nA: 1\r\n\r\n");
    struct test_server_options server = { .config = "max_payload: 1000\n" };
    tern_header header = { "A", "1" };
    tern_error err = { .status = TERN_OK };
    struct rig rig;
    char data[1000] = "";

    rig_open_with(&rig, &server, NULL);
    check_int(tern_conn_max_payload(rig.conn), 1000);
    tern_outgoing message = {
        .subject = "a", .data = data, .size = 1001 - block, .headers = &header, .header_count = 1
    };
    check_refused(tern_conn_publish_outgoing(rig.conn, &message, &err), TERN_INVALID_ARGUMENT, "1001");
    message.size = 1000 - block;
    tern_msg *msg = pass(&rig, &message);
    check_int(tern_msg_size(msg), 1000 - block);
    tern_msg_free(msg);
    rig_close(&rig);
    test_check_leaks();
}

Test(publish, headers_go_nowhere_where_the_server_takes_none, .timeout = 60)
{
    struct test_server_options server = { .config = "no_header_support: true\n" };
    tern_header header = { "A", "1" };
    tern_outgoing message = { .subject = "a", .headers = &header, .header_count = 1 };
    tern_error err = { .status = TERN_OK };
    struct rig rig;

    rig_open_with(&rig, &server, NULL);
    check_ok(tern_conn_publish_outgoing(rig.conn, &message, &err));
    check_true(events_wait(&rig.events, TERN_EVENT_MESSAGE_LOST, 1));
    check_str_has(events_get(&rig.events, TERN_EVENT_MESSAGE_LOST, 0)->text, "does not support headers");
    rig_flush(rig.conn);
    check_int(events_count(&rig.events, TERN_EVENT_DISCONNECTED), 0);
    rig_close(&rig);
    test_check_leaks();
}

/* They share the session's buffer: none overtakes another. */
Test(publish, messages_with_and_without_headers_keep_their_order, .timeout = 60)
{
    enum { MESSAGES = 20000 };
    tern_header headers[] = { { "Number", "1" }, { "Other", "x" } };
    tern_error err = { .status = TERN_OK };
    struct rig rig;
    struct numbers numbers;

    rig_open(&rig);
    numbers_init(&numbers);
    tern_sub *sub = rig_subscribe(rig.conn, "numbers", NULL, numbers_take, &numbers);
    for (int i = 1; i <= MESSAGES; i++) {
        char text[16];
        (void)snprintf(text, sizeof text, "%d", i);
        tern_outgoing message = { .subject = "numbers", .data = text, .size = strlen(text), .headers = headers };
        message.header_count = (size_t)i * 7 % 3;
        check_ok(tern_conn_publish_outgoing(rig.conn, &message, &err));
    }
    check_true(numbers_wait(&numbers, MESSAGES, RIG_WAIT_MS));
    check_int(numbers.gaps, 0);
    check_int(numbers.disorder, 0);
    tern_sub_free(sub);
    rig_close(&rig);
    numbers_destroy(&numbers);
    test_check_leaks();
}

Test(publish, protobuf_message_above_the_maximum_is_refused, .timeout = 60)
{
    struct test_server_options server = { .config = "max_payload: 1000\n" };
    tern_error err = { .status = TERN_OK };
    Test__V1__Number number = TEST__V1__NUMBER__INIT;
    char note[1001];
    struct rig rig;

    memset(note, 'x', 1000);
    note[1000] = '\0';
    number.note = note;
    rig_open_with(&rig, &server, NULL);
    check_refused(tern_conn_publish_message(rig.conn, "a", &number.base, &err), TERN_INVALID_ARGUMENT, "1003");
    rig_close(&rig);
    test_check_leaks();
}

Test(publish, protobuf_message_without_a_required_field_is_refused, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    Test__V1__Order order = TEST__V1__ORDER__INIT;
    struct rig rig;

    rig_open(&rig);
    check_refused(tern_conn_publish_message(rig.conn, "a", &order.base, &err), TERN_INVALID_ARGUMENT, "test.v1.Order");
    check_refused(tern_conn_publish_message(rig.conn, "a", NULL, &err), TERN_INVALID_ARGUMENT, "message is NULL");
    rig_close(&rig);
    test_check_leaks();
}

/* ---- Without a session ---- */

Test(publish, without_a_session_it_is_held_up_to_the_outage_buffer, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    tern_conn_options options = { .url = rig_dead_url(), .connect_in_background = true, .outage_buffer_bytes = 10000 };
    tern_conn_stats stats;
    tern_conn *conn = NULL;
    char data[1000] = "";
    int accepted = 0;

    check_ok(tern_connect(&options, &conn, &err));
    while (tern_conn_publish(conn, "a", data, sizeof data, &err) == TERN_OK) accepted++;
    check_int(err.status, TERN_RESOURCE_EXHAUSTED);
    check_str_has(err.text, "10000");
    check_int_at_least(accepted, 8);
    check_int_at_most(accepted, 10);
    tern_conn_get_stats(conn, &stats);
    check_int_at_most(stats.buffered_bytes, 10000);
    check_int_at_least(stats.buffered_bytes, (size_t)accepted * sizeof data);
    tern_conn_free(conn);
    test_check_leaks();
}

Test(publish, a_message_may_exceed_the_limit_when_nothing_else_is_held, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    tern_conn_options options = { .url = rig_dead_url(), .connect_in_background = true, .outage_buffer_bytes = 100 };
    tern_conn *conn = NULL;
    char data[1000] = "";

    check_ok(tern_connect(&options, &conn, &err));
    check_ok(tern_conn_publish(conn, "a", data, sizeof data, &err));
    check_refused(tern_conn_publish(conn, "a", data, 1, &err), TERN_RESOURCE_EXHAUSTED, "limit of 100");
    tern_conn_free(conn);
    test_check_leaks();
}

Test(publish, what_a_close_drops_is_counted, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    tern_conn_options options = { .url = rig_dead_url(), .connect_in_background = true };
    tern_conn_stats stats;
    tern_conn *conn = NULL;

    check_ok(tern_connect(&options, &conn, &err));
    for (int i = 0; i < 7; i++) check_ok(tern_conn_publish(conn, "a", "x", 1, &err));
    tern_client *client = NULL; /* so that the counters can be read after the end */
    check_ok(tern_client_new(conn, NULL, &client, &err));
    tern_conn_free(conn);
    tern_conn_get_stats(conn, &stats);
    check_int(stats.dropped_out, 7);
    check_int(stats.buffered_bytes, 0);
    tern_client_free(client);
    test_check_leaks();
}

/* ---- Flush ---- */

struct publisher_flush {
    tern_conn *conn;
    tern_status status;
    pthread_t thread;
};

static void *flush_long(void *arg)
{
    struct publisher_flush *flusher = arg;
    flusher->status = tern_conn_flush(flusher->conn, 60000, NULL);
    return NULL;
}

Test(publish, flush_ends_at_its_deadline_when_the_server_stands_still, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    struct rig rig;

    rig_open(&rig);
    rig_publish(rig.conn, "a", "x");
    server_pause(rig.server);
    check_refused(tern_conn_flush(rig.conn, 100, &err), TERN_DEADLINE_EXCEEDED, "100 ms");
    server_resume(rig.server);
    rig_flush(rig.conn);
    check_int(events_count(&rig.events, TERN_EVENT_DISCONNECTED), 0);
    rig_close(&rig);
    test_check_leaks();
}

Test(publish, close_ends_a_flush_that_waits, .timeout = 60)
{
    struct publisher_flush flusher = { .status = TERN_OK };
    struct rig rig;

    rig_open(&rig);
    server_pause(rig.server);
    flusher.conn = rig.conn;
    pthread_create(&flusher.thread, NULL, flush_long, &flusher);
    tern_conn_close(rig.conn);
    pthread_join(flusher.thread, NULL);
    cr_assert(flusher.status == TERN_CANCELLED, "%s", tern_status_name(flusher.status));
    server_resume(rig.server);
    rig_close(&rig);
    test_check_leaks();
}

/* ---- Many threads ---- */

enum { THREADS = 8, PER_THREAD = 2000 };

struct publisher {
    tern_conn *conn;
    int number, failures;
    pthread_t thread;
};

static void *publish_many(void *arg)
{
    struct publisher *publisher = arg;
    char text[32];
    for (int i = 0; i < PER_THREAD; i++) {
        (void)snprintf(text, sizeof text, "%d %d", publisher->number, i);
        publisher->failures += tern_conn_publish(publisher->conn, "many", text, strlen(text), NULL) != TERN_OK;
    }
    return NULL;
}

Test(publish, each_threads_messages_keep_their_order, .timeout = 60)
{
    struct publisher publishers[THREADS];
    int next[THREADS] = { 0 };
    struct rig rig;
    struct inbox inbox;

    rig_open(&rig);
    inbox_init(&inbox);
    tern_sub *sub = rig_subscribe(rig.conn, "many", NULL, inbox_take, &inbox);
    for (int i = 0; i < THREADS; i++) {
        publishers[i] = (struct publisher){ .conn = rig.conn, .number = i };
        pthread_create(&publishers[i].thread, NULL, publish_many, &publishers[i]);
    }
    for (int i = 0; i < THREADS; i++) pthread_join(publishers[i].thread, NULL);
    for (int i = 0; i < THREADS; i++) check_int(publishers[i].failures, 0);
    check_true(inbox_wait(&inbox, THREADS * PER_THREAD));
    for (int i = 0; i < THREADS * PER_THREAD; i++) {
        char *space = NULL;
        long thread = strtol(inbox_get(&inbox, i)->data, &space, 10);
        check_int_less(thread, THREADS);
        check_int(atoi(space), next[thread]++);
    }
    tern_sub_free(sub);
    inbox_destroy(&inbox);
    rig_close(&rig);
    test_check_leaks();
}

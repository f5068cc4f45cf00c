/* Wrong arguments: each is refused with INVALID_ARGUMENT and a text that names it, and nothing is sent. */
#include "calc.h"

#include <stdlib.h>

/* Sees whatever reaches the server. */
struct watch {
    tern_conn *conn;
    tern_sub *sub;
    struct inbox inbox;
};

static void watch_start(struct watch *watch, struct rig *rig)
{
    rig_open(rig);
    inbox_init(&watch->inbox);
    watch->conn = rig_connect(rig);
    watch->sub = rig_subscribe(watch->conn, ">", NULL, inbox_take, &watch->inbox);
}

/* Nothing was sent: but for one message that shows the end. */
static void watch_end(struct watch *watch, struct rig *rig)
{
    tern_conn_stats stats;
    check_int(tern_conn_get_state(rig->conn), TERN_CONN_CONNECTED);
    tern_conn_get_stats(rig->conn, &stats);
    check_int(stats.reconnects, 0);
    check_int(stats.msgs_out, 0);
    check_int(stats.buffered_bytes, 0);
    rig_publish(rig->conn, "the.end", "");
    for (int i = 0;; i++) {
        check_true(inbox_wait(&watch->inbox, i + 1));
        const struct received *got = inbox_get(&watch->inbox, i);
        if (strcmp(got->subject, "the.end") == 0) break;
        check_int(strncmp(got->subject, "_INBOX.", 7), 0); /* Tern's own fences */
    }
    tern_sub_free(watch->sub);
    tern_conn_free(watch->conn);
    inbox_destroy(&watch->inbox);
    rig_close(rig);
}

static void ignore(tern_msg *msg, void *arg)
{
    (void)msg;
    (void)arg;
}

static void ignore_message(const ProtobufCMessage *message, tern_msg *msg, void *arg)
{
    (void)message;
    (void)msg;
    (void)arg;
}

/* ---- NULL ---- */

Test(bad_input, null_arguments_are_refused_by_name, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    Test__V1__Number number = TEST__V1__NUMBER__INIT, *reply = NULL;
    const tern_outgoing message = { .subject = "a" };
    struct rig rig;
    struct watch watch;
    tern_sub *sub = NULL;
    tern_client *client = NULL;
    tern_service *service = NULL;
    tern_msg *raw = NULL;

    watch_start(&watch, &rig);
    tern_conn *conn = rig.conn;
#define refused(call, part) check_refused(call, TERN_INVALID_ARGUMENT, part)
    refused(tern_connect(NULL, NULL, &err), "out_conn");
    refused(tern_conn_drain(NULL, 0, &err), "conn");
    refused(tern_conn_flush(NULL, 0, &err), "conn");
    refused(tern_conn_publish(NULL, "a", "", 0, &err), "conn");
    refused(tern_conn_publish(conn, NULL, "", 0, &err), "subject");
    refused(tern_conn_publish(conn, "a", NULL, 1, &err), "data");
    refused(tern_conn_publish_outgoing(NULL, &message, &err), "conn");
    refused(tern_conn_publish_outgoing(conn, NULL, &err), "message");
    refused(tern_conn_publish_outgoing(conn, &(tern_outgoing){ .subject = "a", .header_count = 1 }, &err), "headers");
    refused(tern_conn_publish_message(NULL, "a", &number.base, &err), "conn");
    refused(tern_conn_publish_message(conn, NULL, &number.base, &err), "subject");
    refused(tern_conn_publish_message(conn, "a", NULL, &err), "message");
    refused(tern_conn_request(NULL, &message, 0, &raw, &err), "conn");
    refused(tern_conn_request(conn, NULL, 0, &raw, &err), "message");
    refused(tern_conn_request(conn, &message, 0, NULL, &err), "out_reply");
    refused(tern_conn_request(conn, &(tern_outgoing){ 0 }, 0, &raw, &err), "subject");
    refused(tern_conn_subscribe(NULL, "a", NULL, ignore, NULL, &sub, &err), "conn");
    refused(tern_conn_subscribe(conn, NULL, NULL, ignore, NULL, &sub, &err), "subject");
    refused(tern_conn_subscribe(conn, "a", NULL, NULL, NULL, &sub, &err), "handler");
    refused(tern_conn_subscribe(conn, "a", NULL, ignore, NULL, NULL, &err), "out_sub");
    refused(tern_conn_subscribe_message(NULL, "a", number.base.descriptor, NULL, ignore_message, NULL, &sub, &err),
            "conn");
    refused(tern_conn_subscribe_message(conn, "a", NULL, NULL, ignore_message, NULL, &sub, &err), "type");
    refused(tern_conn_subscribe_message(conn, "a", number.base.descriptor, NULL, NULL, NULL, &sub, &err), "handler");
    refused(tern_conn_subscribe_message(conn, "a", number.base.descriptor, NULL, ignore_message, NULL, NULL, &err),
            "out_sub");
    refused(tern_sub_unsubscribe(NULL, &err), "sub");
    refused(tern_sub_drain(NULL, 0, &err), "sub");
    refused(tern_client_new(NULL, NULL, &client, &err), "conn");
    refused(tern_client_new(conn, NULL, NULL, &err), "out_client");
    refused(test_v1_calc_serve(NULL, &calc_handlers, NULL, NULL, &service, &err), "conn");
    refused(test_v1_calc_serve(conn, NULL, NULL, NULL, &service, &err), "handlers");
    refused(test_v1_calc_serve(conn, &calc_handlers, NULL, NULL, NULL, &err), "out_service");
    refused(tern_service_start(conn, NULL, &calc_handlers, NULL, NULL, &service, &err), "type");
    refused(tern_service_stop(NULL, 0, &err), "service");
    client = calc_client(conn, NULL);
    refused(test_v1_calc_increment(NULL, &number, NULL, &reply, &err), "client");
    refused(test_v1_calc_increment(client, NULL, NULL, &reply, &err), "request");
    refused(tern_client_call(client, NULL, &number.base, NULL, (ProtobufCMessage **)&reply, &err), "method");
    refused(tern_client_call(client, &test_v1_calc_type.methods[0], &number.base, NULL, NULL, &err), "out_reply");
    check_true(sub == NULL && service == NULL && raw == NULL && reply == NULL);
    tern_client_free(client);
    watch_end(&watch, &rig);
    test_check_leaks();
}

Test(bad_input, no_error_struct_is_needed, .timeout = 60)
{
    struct rig rig;

    rig_open(&rig);
    tern_sub *sub = NULL;
    check_int(tern_conn_publish(rig.conn, "a b", "", 0, NULL), TERN_INVALID_ARGUMENT);
    check_int(tern_conn_subscribe(rig.conn, "", NULL, ignore, NULL, &sub, NULL), TERN_INVALID_ARGUMENT);
    check_int(tern_connect(&(tern_conn_options){ .url = "http://x" }, &rig.conn, NULL), TERN_INVALID_ARGUMENT);
    rig_close(&rig);
    test_check_leaks();
}

/* ---- Subjects ---- */

static const struct {
    const char *subject, *shown;
} bad_subjects[] = {
    { "", "empty" },          { ".", "\".\"" },          { ".a", "\".a\"" },        { "a.", "\"a.\"" },
    { "a..b", "\"a..b\"" },   { "a b", "\"a b\"" },      { " a", "\" a\"" },        { "a ", "\"a \"" },
    { "a\tb", "a\\x09b" },    { "a\nb", "a\\x0ab" },     { "a\r\nPUB x 0\r\n", "a\\x0d\\x0aPUB" },
    { "a\001b", "a\\x01b" },  { "a\177b", "a\\x7fb" },
}, wild_subjects[] = {
    { "*", "\"*\"" },         { ">", "\">\"" },          { "a.*", "\"a.*\"" },      { "a.>", "\"a.>\"" },
    { "a.*.b", "\"a.*.b\"" }, { "a.>.b", "\"a.>.b\"" },
};
enum { BAD = sizeof bad_subjects / sizeof *bad_subjects, WILD = sizeof wild_subjects / sizeof *wild_subjects };

static void subject_is_refused(tern_conn *conn, const char *subject, const char *shown, bool pattern_too)
{
    tern_error err = { .status = TERN_OK };
    Test__V1__Number number = TEST__V1__NUMBER__INIT;
    tern_sub *sub = NULL;
    tern_msg *raw = NULL;
    tern_client *client = NULL;
    tern_service *service = NULL;

    refused(tern_conn_publish(conn, subject, "x", 1, &err), shown);
    check_str_has(err.text, "subject");
    refused(tern_conn_publish_message(conn, subject, &number.base, &err), shown);
    refused(tern_conn_publish_outgoing(conn, &(tern_outgoing){ .subject = "a", .reply = subject }, &err), shown);
    check_str_has(err.text, "reply");
    refused(tern_conn_request(conn, &(tern_outgoing){ .subject = subject }, 100, &raw, &err), shown);
    refused(tern_client_new(conn, &(tern_client_options){ .subject_prefix = subject }, &client, &err), shown);
    check_str_has(err.text, "prefix");
    refused(test_v1_calc_serve(conn, &calc_handlers, NULL, &(tern_service_options){ .subject_prefix = subject },
                               &service, &err),
            shown);
    check_str_has(err.text, "prefix");
    if (!pattern_too) return;
    refused(tern_conn_subscribe(conn, subject, NULL, ignore, NULL, &sub, &err), shown);
    refused(tern_conn_subscribe_message(conn, subject, &test__v1__number__descriptor, NULL, ignore_message, NULL, &sub,
                                        &err),
            shown);
    refused(tern_conn_subscribe(conn, "a", &(tern_sub_options){ .queue_group = subject }, ignore, NULL, &sub, &err),
            shown);
    check_str_has(err.text, "queue group");
    refused(test_v1_calc_serve(conn, &calc_handlers, NULL, &(tern_service_options){ .queue_group = subject }, &service,
                               &err),
            shown);
}

Test(bad_input, malformed_subjects_are_refused_everywhere, .timeout = 60)
{
    struct rig rig;
    struct watch watch;

    watch_start(&watch, &rig);
    for (int i = 0; i < BAD; i++) subject_is_refused(rig.conn, bad_subjects[i].subject, bad_subjects[i].shown, true);
    watch_end(&watch, &rig);
    test_check_leaks();
}

Test(bad_input, wildcards_are_refused_where_a_message_goes, .timeout = 60)
{
    struct rig rig;
    struct watch watch;

    watch_start(&watch, &rig);
    for (int i = 0; i < WILD; i++)
        subject_is_refused(rig.conn, wild_subjects[i].subject, wild_subjects[i].shown, false);
    tern_error err = { .status = TERN_OK };
    tern_sub *sub = NULL;
    refused(tern_conn_subscribe(rig.conn, "a.>.b", NULL, ignore, NULL, &sub, &err), "a.>.b");
    watch_end(&watch, &rig);
    test_check_leaks();
}

Test(bad_input, subjects_of_64_kib_are_refused, .timeout = 60)
{
    enum { SIZE = 64 * 1024 };
    char *subject = malloc(SIZE + 1);
    struct rig rig;
    struct watch watch;

    memset(subject, 'a', SIZE);
    subject[SIZE] = '\0';
    watch_start(&watch, &rig);
    subject_is_refused(rig.conn, subject, "aaa", true);
    watch_end(&watch, &rig);
    free(subject);
    test_check_leaks();
}

Test(bad_input, bytes_beyond_ascii_and_stars_within_tokens_are_fine, .timeout = 60)
{
    static const char *const subjects[] = { "gr\xc3\xbc\xc3\x9f"
                                            "e.\xe2\x82\xac",
                                            "a*b.c>d", "**", "$x.!", "a-b_c/d" };
    struct rig rig;
    struct inbox inbox;

    rig_open(&rig);
    for (size_t i = 0; i < sizeof subjects / sizeof *subjects; i++) {
        inbox_init(&inbox);
        tern_sub *sub = rig_subscribe(rig.conn, subjects[i], NULL, inbox_take, &inbox);
        rig_publish(rig.conn, subjects[i], "x");
        check_true(inbox_wait(&inbox, 1));
        check_str(inbox_get(&inbox, 0)->subject, subjects[i]);
        tern_sub_free(sub);
        inbox_destroy(&inbox);
    }
    rig_close(&rig);
    test_check_leaks();
}

Test(bad_input, longest_subject_that_passes_the_check_passes_the_server, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    char subject[5001];
    struct rig rig;
    struct inbox inbox;
    size_t size = 5000;

    memset(subject, 'a', sizeof subject);
    rig_open(&rig);
    inbox_init(&inbox);
    tern_sub *sub = rig_subscribe(rig.conn, ">", NULL, inbox_take, &inbox);
    for (;; size--) { /* the limit is Tern's own affair */
        subject[size] = '\0';
        tern_status st = tern_conn_publish(rig.conn, subject, "x", 1, &err);
        if (st == TERN_OK) break;
        check_int(st, TERN_INVALID_ARGUMENT);
        check_int_at_least(size, 255);
    }
    rig_flush(rig.conn);
    check_int(tern_conn_get_state(rig.conn), TERN_CONN_CONNECTED);
    check_int(events_count(&rig.events, TERN_EVENT_DISCONNECTED), 0);
    check_true(inbox_wait(&inbox, 1));
    tern_sub_free(sub);
    inbox_destroy(&inbox);
    rig_close(&rig);
    test_check_leaks();
}

Test(bad_input, longest_prefix_of_a_client_makes_calls_that_end, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    char prefix[5001];
    struct rig rig;
    tern_client *client = NULL;
    size_t size = 5000;

    memset(prefix, 'p', sizeof prefix);
    rig_open(&rig);
    for (prefix[size] = '\0'; size > 0; prefix[--size] = '\0')
        if (tern_client_new(rig.conn, &(tern_client_options){ .subject_prefix = prefix, .timeout_ms = 2000 }, &client,
                            &err) == TERN_OK)
            break;
    check_int_at_least(size, 100);
    check_int(calc_increment(client, 1, &err), -1); /* subject and inbox together must fit, too */
    cr_assert(err.status == TERN_UNAVAILABLE || err.status == TERN_INVALID_ARGUMENT, "%s: %.200s",
              tern_status_name(err.status), err.text);
    check_int(tern_conn_get_state(rig.conn), TERN_CONN_CONNECTED);
    check_int(events_count(&rig.events, TERN_EVENT_DISCONNECTED), 0);
    tern_client_free(client);
    rig_close(&rig);
    test_check_leaks();
}

/* ---- Headers ---- */

Test(bad_input, malformed_headers_are_refused, .timeout = 60)
{
    static const struct {
        tern_header header;
        const char *shown;
    } bad[] = {
        { { NULL, "x" }, "name is NULL" },
        { { "", "x" }, "name is empty" },
        { { "A", NULL }, "\"A\"" },
        { { "A B", "x" }, "\"A B\"" },
        { { "A:", "x" }, "\"A:\"" },
        { { "A\r\nB", "x" }, "A\\x0d\\x0aB" },
        { { "A\n", "x" }, "A\\x0a" },
        { { "\xc3\xa4", "x" }, "header name" },
        { { " A", "x" }, "\" A\"" },
        { { "A(", "x" }, "\"A(\"" },
        { { "A", "x\r\nB: y" }, "x\\x0d\\x0aB: y" },
        { { "A", "" }, "\"A\": value is empty" },
        { { "A", " \t" }, "\"A\": value is empty" },
        { { "A", "\v" }, "\"A\": value is empty" },
        { { "A", "\f \f" }, "\"A\": value is empty" },
        { { "A", "\r" }, "\\x0d" },
        { { "A", "x\n" }, "x\\x0a" },
    };
    tern_error err = { .status = TERN_OK };
    tern_msg *raw = NULL;
    struct rig rig;
    struct watch watch;

    watch_start(&watch, &rig);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        tern_header headers[] = { { "Good", "fine" }, bad[i].header };
        tern_outgoing message = { .subject = "a", .headers = headers, .header_count = 2 };
        refused(tern_conn_publish_outgoing(rig.conn, &message, &err), bad[i].shown);
        check_str_has(err.text, "header");
        refused(tern_conn_request(rig.conn, &message, 100, &raw, &err), bad[i].shown);
    }
    watch_end(&watch, &rig);
    test_check_leaks();
}

/* ---- Sizes ---- */

Test(bad_input, negative_sizes_are_refused, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    tern_msg *raw = NULL;
    static const size_t sizes[] = { (size_t)-1, (size_t)-8, SIZE_MAX / 2 + 1, (size_t)INT32_MAX + 1, UINT32_MAX };
    struct rig rig;
    struct watch watch;

    watch_start(&watch, &rig);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        refused(tern_conn_publish(rig.conn, "a.b", "x", sizes[i], &err), "a.b");
        refused(tern_conn_request(rig.conn, &(tern_outgoing){ .subject = "a.b", .data = "x", .size = sizes[i] }, 100,
                                  &raw, &err),
                "a.b");
    }
    watch_end(&watch, &rig);
    test_check_leaks();
}

Test(bad_input, refused_size_is_named_as_it_was_given, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    struct rig rig;

    rig_open(&rig);
    refused(tern_conn_publish(rig.conn, "a.b", "x", (size_t)INT32_MAX + 1, &err), "2147483648");
    rig_close(&rig);
    test_check_leaks();
}

Test(bad_input, absurd_concurrency_is_refused, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    tern_sub *sub = NULL;
    tern_service *service = NULL;
    struct rig rig;

    rig_open(&rig);
    refused(
        tern_conn_subscribe(rig.conn, "a", &(tern_sub_options){ .concurrency = UINT32_MAX }, ignore, NULL, &sub, &err),
        "4294967295");
    refused(test_v1_calc_serve(rig.conn, &calc_handlers, NULL, &(tern_service_options){ .concurrency = UINT32_MAX },
                               &service, &err),
            "4294967295");
    refused(test_v1_calc_serve(rig.conn, &calc_handlers, NULL,
                               &(tern_service_options){ .concurrency = 2, .executor = tern_executor_inline() },
                               &service, &err),
            "concurrency 2");
    rig_close(&rig);
    test_check_leaks();
}

Test(bad_input, request_of_another_type_than_the_methods_is_refused, .timeout = 60)
{
    tern_error err = { .status = TERN_OK };
    Test__V1__Number number = TEST__V1__NUMBER__INIT;
    ProtobufCMessage *reply = NULL;
    struct rig rig;

    rig_open(&rig);
    tern_client *client = calc_client(rig.conn, NULL);
    ProtobufCMessageDescriptor other = *number.base.descriptor; /* looks the same, and is another */
    number.base.descriptor = &other;
    refused(tern_client_call(client, &test_v1_calc_type.methods[0], &number.base, NULL, &reply, &err), "takes a");
    number.base.descriptor = NULL;
    refused(tern_client_call(client, &test_v1_calc_type.methods[0], &number.base, NULL, &reply, &err), "request");
    tern_client_free(client);
    rig_close(&rig);
    test_check_leaks();
}

#include "io/options.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/error.h"
#include "core/subject.h"
#include "io/nkey.h"

enum { PREFIX_MAX = 1024 };
/* Publishers that can wait need no long queue: it would only hold up calls behind it, and leave the caches on its
 * way (1 MiB instead of 8: a fifth more messages a second). */
static const size_t default_buffer_bytes = 8u * 1024 * 1024, default_wait_bytes = 1024u * 1024;

typedef const char *text_field;

/* Where the texts stand in tern_conn_options: copied and freed by this list. */
static const size_t text_fields[] = {
    offsetof(tern_conn_options, name),
    offsetof(tern_conn_options, user),
    offsetof(tern_conn_options, password),
    offsetof(tern_conn_options, token),
    offsetof(tern_conn_options, credentials_file),
    offsetof(tern_conn_options, nkey_seed_file),
    offsetof(tern_conn_options, tls_ca_file),
    offsetof(tern_conn_options, tls_cert_file),
    offsetof(tern_conn_options, tls_key_file),
    offsetof(tern_conn_options, tls_expected_host),
    offsetof(tern_conn_options, inbox_prefix),
    offsetof(tern_conn_options, discovery_prefix),
};
enum { TEXT_FIELDS = sizeof text_fields / sizeof *text_fields };

static text_field *field(tern_conn_options *values, size_t i)
{
    return (text_field *)(void *)((char *)values + text_fields[i]);
}

void terni_options_free(terni_options *options)
{
    for (size_t i = 0; i < TEXT_FIELDS; i++) {
        text_field *text = field(&options->values, i);
        free((void *)(uintptr_t)*text);
        *text = NULL;
    }
    free(options->nkey);
    free(options->first_server);
    options->nkey = options->first_server = NULL;
}

static bool copy_texts(tern_conn_options *values, const tern_conn_options *from)
{
    tern_conn_options source = *from;
    for (size_t i = 0; i < TEXT_FIELDS; i++) *field(values, i) = NULL;
    for (size_t i = 0; i < TEXT_FIELDS; i++) {
        const char *text = *field(&source, i);
        if (text == NULL || *text == '\0') continue;
        *field(values, i) = strdup(text);
        if (*field(values, i) == NULL) return false;
    }
    if (values->inbox_prefix == NULL) values->inbox_prefix = strdup("_INBOX");
    if (values->discovery_prefix == NULL) values->discovery_prefix = strdup("$SRV");
    return values->inbox_prefix != NULL && values->discovery_prefix != NULL;
}

static uint32_t or_default(uint32_t value, uint32_t otherwise)
{
    return value == 0 ? otherwise : value;
}

static void fill_defaults(terni_options *options)
{
    tern_conn_options *values = &options->values;
    values->connect_timeout_ms = or_default(values->connect_timeout_ms, 5000);
    uint32_t min_ms = values->reconnect_min_ms, max_ms = values->reconnect_max_ms;
    /* A default gives way to what is given of the other. */
    values->reconnect_min_ms = or_default(min_ms, max_ms > 0 && max_ms < 100 ? max_ms : 100);
    values->reconnect_max_ms = or_default(max_ms, min_ms > 5000 ? min_ms : 5000);
    values->liveness_interval_ms = or_default(values->liveness_interval_ms, 10000);
    if (values->outage_buffer_bytes == 0) values->outage_buffer_bytes = default_buffer_bytes;
    options->wait_bytes = values->outbound_limit_bytes == 0 ? default_wait_bytes : values->outbound_limit_bytes;
    if (values->outbound_limit_bytes == 0) values->outbound_limit_bytes = default_buffer_bytes;
}

static tern_status check_file(const char *what, const char *path, tern_error *err)
{
    if (path == NULL || access(path, R_OK) == 0) return TERN_OK;
    return terni_fail(err, TERN_INVALID_ARGUMENT, "%s \"%s\": cannot be read", what, terni_quote(path).text);
}

/* A subject with room behind it for more tokens. */
static tern_status check_prefix(const char *what, const char *prefix, tern_error *err)
{
    if (strlen(prefix) > PREFIX_MAX)
        return terni_fail(err, TERN_INVALID_ARGUMENT, "%s \"%s\": longer than %d bytes", what, terni_quote(prefix).text,
                          PREFIX_MAX);
    return terni_subject_check(what, prefix, err);
}

static tern_status check_files(const tern_conn_options *values, tern_error *err)
{
    tern_status st = check_file("credentials_file", values->credentials_file, err);
    if (st == TERN_OK) st = check_file("nkey_seed_file", values->nkey_seed_file, err);
    if (st == TERN_OK) st = check_file("tls_ca_file", values->tls_ca_file, err);
    if (st == TERN_OK) st = check_file("tls_cert_file", values->tls_cert_file, err);
    if (st == TERN_OK) st = check_file("tls_key_file", values->tls_key_file, err);
    return st;
}

static tern_status check(const tern_conn_options *values, tern_error *err)
{
    if ((values->user == NULL) != (values->password == NULL))
        return terni_fail(err, TERN_INVALID_ARGUMENT, "user and password: one is missing");
    if ((values->tls_cert_file == NULL) != (values->tls_key_file == NULL))
        return terni_fail(err, TERN_INVALID_ARGUMENT, "tls_cert_file and tls_key_file: one is missing");
    int ways = (values->user != NULL) + (values->token != NULL) + (values->credentials_file != NULL) +
               (values->nkey_seed_file != NULL);
    if (ways > 1)
        return terni_fail(err, TERN_INVALID_ARGUMENT,
                          "user, token, credentials_file, nkey_seed_file: %d are given, one is possible", ways);
    if (values->reconnect_min_ms > values->reconnect_max_ms)
        return terni_fail(err, TERN_INVALID_ARGUMENT, "reconnect_min_ms %u: above reconnect_max_ms %u",
                          values->reconnect_min_ms, values->reconnect_max_ms);
    tern_status st = check_prefix("inbox_prefix", values->inbox_prefix, err);
    if (st == TERN_OK) st = check_prefix("discovery_prefix", values->discovery_prefix, err);
    return st == TERN_OK ? check_files(values, err) : st;
}

/* The URLs to connect to, as tern_conn_options.url promises. */
static const char *urls_of(const tern_conn_options *options)
{
    if (options->url != NULL && *options->url != '\0') return options->url;
    const char *environment = getenv("NATS_URL");
    return environment != NULL && *environment != '\0' ? environment : "nats://127.0.0.1:4222";
}

tern_status terni_options_copy(terni_options *out, const tern_conn_options *options, terni_servers *servers,
                               tern_error *err)
{
    static const tern_conn_options none = TERN_CONN_OPTIONS_INIT;
    if (options == NULL) options = &none;
    out->values = *options;
    out->values.url = NULL;
    if (!copy_texts(&out->values, options)) return terni_fail_memory(err);
    fill_defaults(out);
    tern_status st = check(&out->values, err);
    if (st == TERN_OK) st = terni_servers_parse(servers, urls_of(options), err);
    if (st == TERN_OK && out->values.nkey_seed_file != NULL)
        st = terni_nkey_from_seed_file(out->values.nkey_seed_file, &out->nkey, err);
    if (st == TERN_OK && (out->first_server = strdup(servers->list[0].address)) == NULL) st = terni_fail_memory(err);
    out->tls = out->values.tls || out->values.tls_ca_file != NULL || out->values.tls_cert_file != NULL ||
               out->values.tls_expected_host != NULL;
    for (size_t i = 0; i < servers->count; i++) out->tls |= servers->list[i].tls;
    return st;
}

static natsStatus set_credentials(const terni_options *options, const terni_server *server, natsOptions *nats)
{
    const tern_conn_options *values = &options->values;
    if (server->user != NULL) return natsOptions_SetUserInfo(nats, server->user, server->password);
    if (server->token != NULL) return natsOptions_SetToken(nats, server->token);
    if (values->user != NULL) return natsOptions_SetUserInfo(nats, values->user, values->password);
    if (values->token != NULL) return natsOptions_SetToken(nats, values->token);
    if (values->credentials_file != NULL)
        return natsOptions_SetUserCredentialsFromFiles(nats, values->credentials_file, NULL);
    if (values->nkey_seed_file != NULL) return natsOptions_SetNKeyFromSeed(nats, options->nkey, values->nkey_seed_file);
    return NATS_OK;
}

static natsStatus set_tls(const terni_options *options, const terni_server *server, natsOptions *nats)
{
    const tern_conn_options *values = &options->values;
    const char *host = values->tls_expected_host != NULL ? values->tls_expected_host : server->host;
    natsStatus s = natsOptions_SetSecure(nats, true);
    if (s == NATS_OK && values->tls_ca_file != NULL)
        s = natsOptions_LoadCATrustedCertificates(nats, values->tls_ca_file);
    if (s == NATS_OK && values->tls_cert_file != NULL)
        s = natsOptions_LoadCertificatesChain(nats, values->tls_cert_file, values->tls_key_file);
    if (s == NATS_OK) s = natsOptions_SetExpectedHostname(nats, host);
    return s;
}

/* What every session of Tern asks of nats.c; see the top of io/session.c. */
static natsStatus set_basics(const terni_options *options, const terni_server *server, uint32_t timeout_ms,
                             natsOptions *nats)
{
    natsStatus s = natsOptions_SetURL(nats, server->address);
    if (s == NATS_OK) s = natsOptions_SetTimeout(nats, timeout_ms);
    if (s == NATS_OK) s = natsOptions_SetAllowReconnect(nats, false);
    if (s == NATS_OK) s = natsOptions_SetSendAsap(nats, true);
    /* Not on a thread that others use too, whatever the environment says: see msg/bulk.c. */
    if (s == NATS_OK) s = natsOptions_UseGlobalMessageDelivery(nats, false);
    if (s == NATS_OK) s = natsOptions_SetPingInterval(nats, 0);
    if (s == NATS_OK) s = natsOptions_SetNoRandomize(nats, true);
    if (s == NATS_OK && options->values.name != NULL) s = natsOptions_SetName(nats, options->values.name);
    return s;
}

tern_status terni_options_for_nats(const terni_options *options, const terni_server *server, uint32_t timeout_ms,
                                   natsOptions **out_nats, tern_error *err)
{
    natsOptions *nats = NULL;
    const char *step = "options";
    natsStatus s = natsOptions_Create(&nats);
    if (s == NATS_OK) s = set_basics(options, server, timeout_ms, nats);
    if (s == NATS_OK) {
        step = "credentials";
        s = set_credentials(options, server, nats);
    }
    if (s == NATS_OK && options->tls) {
        step = "TLS files";
        s = set_tls(options, server, nats);
    }
    if (s != NATS_OK) {
        const char *why = nats_GetLastError(NULL);
        natsOptions_Destroy(nats);
        return terni_fail(err, terni_status_from_nats(s), "%s: %s", step, why != NULL ? why : natsStatus_GetText(s));
    }
    *out_nats = nats;
    return TERN_OK;
}

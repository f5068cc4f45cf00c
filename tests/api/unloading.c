/* Loads the library it is told of, has it try to connect over TLS, unloads it, and goes on with OpenSSL. */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include <openssl/ssl.h>

#include <tern/tern.h>

typedef tern_status connect_fn(const tern_conn_options *options, tern_conn **out_conn, tern_error *err);

int main(int argc, char **argv)
{
    tern_conn_options options = { .url = "tls://127.0.0.1:1", .connect_timeout_ms = 200 };
    tern_conn *conn = NULL;
    tern_error err;
    connect_fn *connect_by_name;
    void *library = argc == 2 ? dlopen(argv[1], RTLD_NOW) : NULL;
    void *symbol = library == NULL ? NULL : dlsym(library, "tern_connect");
    if (symbol == NULL) return 2;
    memcpy(&connect_by_name, &symbol, sizeof symbol);
    if (connect_by_name(&options, &conn, &err) != TERN_UNAVAILABLE) return 2;
    if (dlclose(library) != 0 || dlopen(argv[1], RTLD_NOW | RTLD_NOLOAD) != NULL) {
        fprintf(stderr, "%s is still there\n", argv[1]);
        return 2;
    }
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    SSL *ssl = context == NULL ? NULL : SSL_new(context);
    SSL_free(ssl);
    SSL_CTX_free(context);
    return ssl == NULL;
}

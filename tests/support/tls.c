#include "tls.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

/* Run in the folder. leaf NAME CA DAYS EXTENSIONS: `x509 -req` takes a negative number of days, `req -x509` does not,
 * so every leaf is a request first. From OpenSSL 3.4 on neither does, but both take dates. */
static const char script[] =
    "set -e\n"
    "curve='-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes'\n"
    "authority() {\n"
    "    openssl req -x509 $curve -days 30 -subj /CN=$1 -keyout $1.key -out $1.pem \\\n"
    "        -addext keyUsage=critical,keyCertSign,cRLSign\n"
    "}\n"
    "leaf() {\n"
    "    openssl req $curve -subj /CN=$1 -keyout $1.key -out $1.csr\n"
    "    printf '%s\\nbasicConstraints=CA:FALSE\\nextendedKeyUsage=%s\\n' \"$4\" $5 >$1.ext\n"
    "    openssl x509 -req -in $1.csr -CA $2.pem -CAkey $2.key -days $3 -extfile $1.ext -out $1.pem\n"
    "}\n"
    "here=subjectAltName=DNS:localhost,IP:127.0.0.1\n"
    "authority ca\n"
    "authority other_ca\n"
    "leaf good ca 30 $here serverAuth\n"
    "leaf wrong_host ca 30 subjectAltName=DNS:wrong.example serverAuth\n"
    "leaf expired ca -1 $here serverAuth ||\n"
    "    openssl x509 -req -in expired.csr -CA ca.pem -CAkey ca.key -extfile expired.ext -out expired.pem \\\n"
    "        -not_before 20200101000000Z -not_after 20200102000000Z\n"
    "leaf other other_ca 30 $here serverAuth\n"
    "leaf client ca 30 subjectAltName=email:client@example.com clientAuth\n"
    "leaf other_client other_ca 30 subjectAltName=email:client@example.com clientAuth\n";

static void set_path(const struct tls_files *files, char path[320], const char *name)
{
    snprintf(path, 320, "%s/%s", files->dir.path, name);
}

void tls_make(struct tls_files *files)
{
    char command[512];
    char *log;
    int status;

    tempdir_make(&files->dir);
    tempdir_write(&files->dir, "make.sh", script);
    snprintf(command, sizeof command, "cd '%s' && sh make.sh >make.log 2>&1 </dev/null", files->dir.path);
    status = system(command);
    if (status != 0) {
        log = tempdir_read(&files->dir, "make.log");
        test_abort("openssl made no certificates: %s", log != NULL ? log : strerror(errno));
    }
    set_path(files, files->ca, "ca.pem");
    set_path(files, files->other_ca, "other_ca.pem");
    set_path(files, files->client_cert, "client.pem");
    set_path(files, files->client_key, "client.key");
    set_path(files, files->other_client_cert, "other_client.pem");
    set_path(files, files->other_client_key, "other_client.key");
}

void tls_remove(struct tls_files *files)
{
    tempdir_remove(&files->dir);
}

const char *tls_config(const struct tls_files *files, enum tls_server kind, bool verify, char *out, size_t out_bytes)
{
    static const char *const names[] = { "good", "wrong_host", "expired", "other" };
    int length;

    length = snprintf(out, out_bytes,
                      "tls {\n  cert_file: \"%s/%s.pem\"\n  key_file: \"%s/%s.key\"\n  ca_file: \"%s\"\n"
                      "  verify: %s\n  timeout: 5\n}\n",
                      files->dir.path, names[kind], files->dir.path, names[kind], files->ca, verify ? "true" : "false");
    if (length < 0 || (size_t)length >= out_bytes) test_abort("tls_config: %zu bytes are too few", out_bytes);
    return out;
}

/* An nkey is an Ed25519 key in base32 without padding (github.com/nats-io/nkeys): a seed is two prefix
 * bytes, 32 bytes of seed, and a CRC-16 (XMODEM, low byte first); a public key is one prefix byte, 32
 * bytes of key, and the CRC. nats.c signs with a seed but wants the public key told; OpenSSL, which
 * nats.c stands on, makes one from the other. */
#include "io/nkey.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/subject.h"

enum {
    KEY_SIZE = 32,
    SEED_SIZE = 2 + KEY_SIZE + 2,
    SEED_TEXT = 58, /* characters: 36 bytes in base32 */
    PUBLIC_SIZE = 1 + KEY_SIZE + 2,
    PUBLIC_TEXT = 56,
    PREFIX_SEED = 18 << 3, /* "S" */
    PREFIX_USER = 20 << 3  /* "U" */
};

static const char base32[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

static uint16_t crc16(const uint8_t *bytes, size_t size)
{
    uint16_t crc = 0;
    for (size_t i = 0; i < size; i++) {
        crc = (uint16_t)(crc ^ (bytes[i] << 8));
        for (int bit = 0; bit < 8; bit++) crc = (uint16_t)(crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1);
    }
    return crc;
}

static bool base32_decode(const char *text, size_t size, uint8_t *out)
{
    uint32_t bits = 0;
    int have = 0;
    for (size_t i = 0; i < size; i++) {
        const char *digit = text[i] == '\0' ? NULL : strchr(base32, text[i]);
        if (digit == NULL) return false;
        bits = bits << 5 | (uint32_t)(digit - base32);
        have += 5;
        if (have >= 8) {
            have -= 8;
            *out++ = (uint8_t)(bits >> have);
        }
    }
    return true;
}

static void base32_encode(const uint8_t *bytes, size_t size, char *out)
{
    uint32_t bits = 0;
    int have = 0;
    for (size_t i = 0; i < size; i++) {
        bits = bits << 8 | bytes[i];
        have += 8;
        for (; have >= 5; have -= 5) *out++ = base32[bits >> (have - 5) & 31];
    }
    if (have > 0) *out++ = base32[bits << (5 - have) & 31];
    *out = '\0';
}

/* The 32 bytes in a user's seed. */
static bool seed_decode(const char *text, uint8_t out_seed[KEY_SIZE])
{
    uint8_t raw[SEED_SIZE + 1];
    bool ok = strlen(text) == SEED_TEXT && base32_decode(text, SEED_TEXT, raw);
    if (ok) {
        uint16_t crc = (uint16_t)(raw[SEED_SIZE - 2] | raw[SEED_SIZE - 1] << 8);
        int kind = (raw[0] & 7) << 5 | raw[1] >> 3;
        ok = (raw[0] & 0xf8) == PREFIX_SEED && kind == PREFIX_USER && crc16(raw, SEED_SIZE - 2) == crc;
    }
    if (ok) memcpy(out_seed, raw + 2, KEY_SIZE);
    OPENSSL_cleanse(raw, sizeof raw);
    return ok;
}

static char *public_key_text(const uint8_t seed[KEY_SIZE])
{
    uint8_t raw[PUBLIC_SIZE] = { PREFIX_USER };
    size_t size = KEY_SIZE;
    char *text = malloc(PUBLIC_TEXT + 1);
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, KEY_SIZE);
    bool ok = text != NULL && key != NULL && EVP_PKEY_get_raw_public_key(key, raw + 1, &size) == 1;
    EVP_PKEY_free(key);
    if (!ok) {
        free(text);
        return NULL;
    }
    uint16_t crc = crc16(raw, PUBLIC_SIZE - 2);
    raw[PUBLIC_SIZE - 2] = (uint8_t)crc;
    raw[PUBLIC_SIZE - 1] = (uint8_t)(crc >> 8);
    base32_encode(raw, sizeof raw, text);
    return text;
}

/* Finds the line of the file that is a user's seed. */
static bool read_seed(FILE *file, uint8_t out_seed[KEY_SIZE])
{
    char line[256];
    bool found = false;
    while (!found && fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, " \t\r\n")] = '\0';
        found = seed_decode(line, out_seed);
    }
    OPENSSL_cleanse(line, sizeof line);
    return found;
}

tern_status terni_nkey_from_seed_file(const char *path, char **out_public_key, tern_error *err)
{
    uint8_t seed[KEY_SIZE];
    FILE *file = fopen(path, "re");
    bool found = file != NULL && read_seed(file, seed);
    if (file != NULL) (void)fclose(file);
    if (!found)
        return terni_fail(err, TERN_INVALID_ARGUMENT, "nkey_seed_file \"%s\": holds no user seed (SU...)",
                          terni_quote(path).text);
    char *text = public_key_text(seed);
    OPENSSL_cleanse(seed, sizeof seed);
    if (text == NULL) return terni_fail_memory(err);
    *out_public_key = text;
    return TERN_OK;
}

/* Keys in the files that minisign reads and writes. SPDX-License-Identifier: MIT
 *
 * A public key is "Ed", the key's id and the key, in base64. A secret key is a block of fixed places, described below,
 * whose last part is xored with a stream derived from the password. */
#include "core/package/keys.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/package/keylines.h"
#include "core/sys/file.h"

#define KEY_FILE_MAX 4096
#define PASSWORD_MAX 1024

#define PUBLIC_BLOCK 42 /* "Ed", id, key */
#define CHECKSUM     32

/* scrypt's effort for a new password: 256 MB, well under a second. minisign reads it from the file. */
#define SAVE_OPSLIMIT (UINT64_C(1) << 23)
#define SAVE_MEMLIMIT (UINT64_C(1) << 28)
/* What a key file may ask for: four times what minisign itself takes. */
#define LOAD_OPSLIMIT (UINT64_C(1) << 27)
#define LOAD_MEMLIMIT (UINT64_C(1) << 32)

/* The secret key file's block, byte for byte. */
struct secret_block {
    uint8_t sign_alg[2];     /* "Ed" */
    uint8_t kdf_alg[2];      /* "Sc", or two zeros: no password */
    uint8_t checksum_alg[2]; /* "B2" */
    uint8_t salt[32];
    uint8_t opslimit[8], memlimit[8]; /* little-endian */
    struct secret_part {
        uint8_t id[8];
        uint8_t key[OC_SIGN_SECRET];
        uint8_t checksum[CHECKSUM]; /* BLAKE2b-256 of sign_alg, id and key */
    } secret;
};
_Static_assert(sizeof(struct secret_block) == 158, "the block has no padding");

/* ---- ids and generation ---- */

void oc_key_id_text(const uint8_t id[8], char text[OC_KEY_ID_TEXT])
{
    uint64_t value;
    memcpy(&value, id, sizeof value);
    snprintf(text, OC_KEY_ID_TEXT, "%016" PRIX64, le64toh(value));
}

void oc_key_public_of(const struct oc_secret_key *secret, struct oc_public_key *public_key)
{
    memcpy(public_key->id, secret->id, sizeof public_key->id);
    memcpy(public_key->key, secret->key + OC_SIGN_SECRET - OC_SIGN_PUBLIC, OC_SIGN_PUBLIC);
}

void oc_key_generate(struct oc_secret_key *secret, struct oc_public_key *public_key)
{
    oc_random(secret->id, sizeof secret->id);
    oc_sign_keypair(public_key->key, secret->key);
    memcpy(public_key->id, secret->id, sizeof public_key->id);
}

/* ---- public keys ---- */

int oc_key_public_parse(const char *text, size_t len, struct oc_public_key *key,
                        struct oc_error *err)
{
    struct oc_key_lines lines = {.at = text, .end = text + len};
    struct oc_view line;
    uint8_t block[PUBLIC_BLOCK];
    bool got = oc_key_line(&lines, &line);

    if (got && oc_key_line_is(&line, OC_KEY_UNTRUSTED)) {
        got = oc_key_line(&lines, &line);
    }
    if (!got || !oc_base64_decode(line.ptr, line.len, block, sizeof block) ||
        memcmp(block, "Ed", 2) != 0) {
        oc_error_set(err, OC_E_CONFIG, "this is not a public key of minisign");
        oc_error_hint(err, "A public key is 56 characters that begin with RW, alone or below a "
                           "comment line, as in a .pub file.");
        return OC_E_CONFIG;
    }
    memcpy(key->id, block + 2, sizeof key->id);
    memcpy(key->key, block + 2 + sizeof key->id, sizeof key->key);
    return OC_OK;
}

int oc_key_public_load(const char *path, struct oc_public_key *key, struct oc_error *err)
{
    struct oc_buf text = {0};
    int code = oc_file_read(path, KEY_FILE_MAX, &text, err);
    if (code == OC_OK) {
        code = oc_key_public_parse(text.data ? text.data : "", text.len, key, err);
        if (code != OC_OK) {
            oc_error_prefix(err, "%s", path);
        }
    }
    oc_buf_finish(&text);
    return code;
}

void oc_key_public_text(const struct oc_public_key *key, struct oc_buf *out)
{
    uint8_t block[PUBLIC_BLOCK] = {'E', 'd'};
    memcpy(block + 2, key->id, sizeof key->id);
    memcpy(block + 2 + sizeof key->id, key->key, sizeof key->key);
    oc_base64(block, sizeof block, out);
}

/* ---- the secret part ---- */

static void checksum_of(const struct secret_block *b, uint8_t sum[CHECKSUM])
{
    uint8_t input[2 + 8 + OC_SIGN_SECRET];
    memcpy(input, b->sign_alg, 2);
    memcpy(input + 2, b->secret.id, 8);
    memcpy(input + 10, b->secret.key, OC_SIGN_SECRET);
    oc_blake2b_256(input, sizeof input, sum);
    oc_bytes_wipe(input, sizeof input);
}

/* Encrypts and decrypts: the same xor. */
static int mask(struct secret_block *b, const char *password, struct oc_error *err)
{
    uint8_t stream[sizeof b->secret], *secret = (uint8_t *)&b->secret;
    uint64_t opslimit, memlimit;
    memcpy(&opslimit, b->opslimit, sizeof opslimit);
    memcpy(&memlimit, b->memlimit, sizeof memlimit);
    opslimit = le64toh(opslimit);
    memlimit = le64toh(memlimit);
    if (opslimit > LOAD_OPSLIMIT || memlimit > LOAD_MEMLIMIT) {
        return oc_error_set(err, OC_E_CONFIG, "the key file asks for %" PRIu64 " MB of memory",
                            memlimit >> 20);
    }
    int code = oc_scrypt(password, b->salt, opslimit, memlimit, stream, sizeof stream, err);
    for (size_t i = 0; code == OC_OK && i < sizeof stream; i++) {
        secret[i] ^= stream[i];
    }
    oc_bytes_wipe(stream, sizeof stream);
    return code;
}

static int need_password(struct oc_error *err)
{
    oc_error_set(err, OC_E_AUTH, "the secret key is encrypted");
    oc_error_hint(err, "Give its password.");
    return OC_E_AUTH;
}

static int open_block(struct secret_block *b, const char *password, struct oc_secret_key *key,
                      struct oc_error *err)
{
    uint8_t sum[CHECKSUM];
    const bool encrypted = memcmp(b->kdf_alg, "Sc", 2) == 0;
    if (memcmp(b->sign_alg, "Ed", 2) != 0 || memcmp(b->checksum_alg, "B2", 2) != 0 ||
        (!encrypted && memcmp(b->kdf_alg, "\0\0", 2) != 0)) {
        return oc_error_set(err, OC_E_UNSUPPORTED, "unknown algorithm in the secret key file");
    }
    if (encrypted && !password) {
        return need_password(err);
    }
    int code = encrypted ? mask(b, password, err) : OC_OK;
    if (code != OC_OK) {
        return code;
    }
    checksum_of(b, sum);
    /* minisign leaves the checksum of a key without a password zero, and does not look at it */
    const uint8_t none[CHECKSUM] = {0};
    if (!encrypted && oc_bytes_equal(none, b->secret.checksum, sizeof none)) {
        memcpy(b->secret.checksum, sum, sizeof sum);
    }
    if (!oc_bytes_equal(sum, b->secret.checksum, sizeof sum)) {
        return encrypted ? oc_error_set(err, OC_E_AUTH, "the password is wrong")
                         : oc_error_set(err, OC_E_CONFIG, "the secret key file is damaged");
    }
    memcpy(key->id, b->secret.id, sizeof key->id);
    memcpy(key->key, b->secret.key, sizeof key->key);
    return OC_OK;
}

/* ---- secret key files ---- */

static int secret_parse(const struct oc_buf *text, struct secret_block *b, struct oc_error *err)
{
    struct oc_key_lines lines = {.at = text->data, .end = text->data + text->len};
    struct oc_view line;
    if (!text->len || !oc_key_line(&lines, &line) || !oc_key_line_is(&line, OC_KEY_UNTRUSTED) ||
        !oc_key_line(&lines, &line) || !oc_base64_decode(line.ptr, line.len, b, sizeof *b)) {
        return oc_error_set(err, OC_E_CONFIG, "this is not a secret key of minisign");
    }
    return OC_OK;
}

int oc_key_secret_load(const char *path, const char *password, struct oc_secret_key *key,
                       struct oc_error *err)
{
    struct oc_buf text = {0};
    struct secret_block block;
    int code = oc_file_read(path, KEY_FILE_MAX, &text, err);
    if (code == OC_OK) {
        code = secret_parse(&text, &block, err);
        if (code == OC_OK) {
            code = open_block(&block, password, key, err);
        }
        if (code != OC_OK) {
            oc_error_prefix(err, "%s", path);
        }
    }
    oc_bytes_wipe(&block, sizeof block);
    if (text.data) {
        oc_bytes_wipe(text.data, text.len);
    }
    oc_buf_finish(&text);
    return code;
}

/* Never over an existing file: a key that is gone cannot be had again. */
static int write_new(const char *path, mode_t mode, const struct oc_buf *text, struct oc_error *err)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    if (fd < 0) {
        return errno == EEXIST ? oc_error_set(err, OC_E_CONFLICT, "%s exists already", path)
                               : oc_error_errno(err, 0, errno, "cannot write %s", path);
    }
    int rc = oc_fd_write_all(fd, text->data, text->len);
    if (!rc && fsync(fd)) {
        rc = -errno;
    }
    close(fd);
    if (rc) {
        unlink(path);
        return oc_error_errno(err, 0, -rc, "cannot write %s", path);
    }
    return OC_OK;
}

static void put_le64(uint8_t out[8], uint64_t value)
{
    value = htole64(value);
    memcpy(out, &value, sizeof value);
}

int oc_key_secret_save(const char *path, const char *password, const struct oc_secret_key *key,
                       struct oc_error *err)
{
    struct secret_block b = {.sign_alg = "Ed", .checksum_alg = "B2"};
    struct oc_buf text = {0};
    int code = OC_OK;
    memcpy(b.secret.id, key->id, sizeof key->id);
    memcpy(b.secret.key, key->key, sizeof key->key);
    checksum_of(&b, b.secret.checksum);
    if (password) {
        memcpy(b.kdf_alg, "Sc", 2);
        oc_random(b.salt, sizeof b.salt);
        put_le64(b.opslimit, SAVE_OPSLIMIT);
        put_le64(b.memlimit, SAVE_MEMLIMIT);
        code = mask(&b, password, err);
    }
    if (code == OC_OK) {
        oc_buf_addf(&text, "%sminisign %ssecret key\n", OC_KEY_UNTRUSTED,
                    password ? "encrypted " : "");
        oc_base64(&b, sizeof b, &text);
        oc_buf_addc(&text, '\n');
        code = write_new(path, 0600, &text, err);
        oc_bytes_wipe(text.data, text.len);
    }
    oc_bytes_wipe(&b, sizeof b);
    oc_buf_finish(&text);
    return code;
}

int oc_key_public_save(const char *path, const struct oc_public_key *key, struct oc_error *err)
{
    struct oc_buf text = {0};
    char id[OC_KEY_ID_TEXT];
    oc_key_id_text(key->id, id);
    oc_buf_addf(&text, "%sminisign public key %s\n", OC_KEY_UNTRUSTED, id);
    oc_key_public_text(key, &text);
    oc_buf_addc(&text, '\n');
    const int code = write_new(path, 0644, &text, err);
    oc_buf_finish(&text);
    return code;
}

/* ---- passwords ---- */

int oc_key_password_read(const char *path, char **password, struct oc_error *err)
{
    struct oc_buf text = {0};
    *password = NULL;
    if (!*path) {
        return OC_OK;
    }
    const int code = oc_file_read(path, PASSWORD_MAX, &text, err);
    if (code == OC_OK) {
        const char *line = text.data ? text.data : "";
        *password = oc_strndup(line, strcspn(line, "\r\n"));
    }
    if (text.data) {
        oc_bytes_wipe(text.data, text.len);
    }
    oc_buf_finish(&text);
    return code;
}

void oc_key_password_forget(char *password)
{
    if (password) {
        oc_bytes_wipe(password, strlen(password));
        free(password);
    }
}

/* Signs and verifies files as minisign does. SPDX-License-Identifier: MIT
 *
 * A .minisig file has four lines: an untrusted comment, the signature with the id of its key, the trusted comment, and a
 * signature over signature and trusted comment together: so the comment cannot be moved to another file. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/package/keylines.h"
#include "core/package/keys.h"

#define SIGNATURE_MAX (16u << 10)         /* of a .minisig file */
#define CONTENT_MAX   (UINT64_C(4) << 30) /* of what is signed */
#define LEGACY_MAX    (64u << 20) /* "Ed" signs the content itself, which must be in memory */

struct signature {
    uint8_t alg[2];
    uint8_t id[8];
    uint8_t sum[OC_SIGN_SIGNATURE];
    uint8_t global[OC_SIGN_SIGNATURE]; /* over `sum` and the trusted comment */
    struct oc_view trusted;            /* borrowed from the text */
};

/* ---- parsing ---- */

/* A comment is shown to people: nothing in it may drive a terminal. minisign writes tabs. */
static bool is_plain(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        const unsigned char c = (unsigned char)text[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f) {
            return false;
        }
    }
    return true;
}

static bool parse_sum(const struct oc_view *line, struct signature *s)
{
    uint8_t block[2 + sizeof s->id + sizeof s->sum];
    if (!oc_base64_decode(line->ptr, line->len, block, sizeof block)) {
        return false;
    }
    memcpy(s->alg, block, 2);
    memcpy(s->id, block + 2, sizeof s->id);
    memcpy(s->sum, block + 2 + sizeof s->id, sizeof s->sum);
    return block[0] == 'E' && (block[1] == 'D' || block[1] == 'd');
}

static bool parse_lines(struct oc_key_lines *lines, struct signature *s)
{
    struct oc_view line;
    if (!oc_key_line(lines, &line) || !oc_key_line_is(&line, OC_KEY_UNTRUSTED) ||
        !oc_key_line(lines, &line) || !parse_sum(&line, s) || !oc_key_line(lines, &line) ||
        !oc_key_line_is(&line, OC_KEY_TRUSTED)) {
        return false;
    }
    s->trusted.ptr = line.ptr + strlen(OC_KEY_TRUSTED);
    s->trusted.len = line.len - strlen(OC_KEY_TRUSTED);
    return is_plain(s->trusted.ptr, s->trusted.len) && oc_key_line(lines, &line) &&
           oc_base64_decode(line.ptr, line.len, s->global, sizeof s->global) &&
           lines->at == lines->end;
}

static int parse(const char *text, size_t len, struct signature *s, struct oc_error *err)
{
    struct oc_key_lines lines = {.at = text, .end = text + len};
    if (len > SIGNATURE_MAX || !parse_lines(&lines, s)) {
        return oc_error_set(err, OC_E_VERIFY, "this is not a signature of minisign");
    }
    return OC_OK;
}

int oc_minisign_key_id(const char *signature, size_t len, uint8_t id[8], struct oc_error *err)
{
    struct signature s;
    const int code = parse(signature, len, &s, err);
    if (code == OC_OK) {
        memcpy(id, s.id, sizeof s.id);
    }
    return code;
}

/* ---- what is signed ---- */

/* Reads a content of at most LEGACY_MAX bytes. */
static int read_content(int fd, struct oc_buf *out, struct oc_error *err)
{
    for (;;) {
        oc_buf_reserve(out, 65536);
        const ssize_t n = pread(fd, out->data + out->len, 65536, (off_t)out->len);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return oc_error_errno(err, 0, errno, "cannot read the file");
        }
        if (n == 0) {
            return OC_OK;
        }
        out->len += (size_t)n;
        if (out->len > LEGACY_MAX) {
            return oc_error_set(err, OC_E_VERIFY, "too large for a signature of the old kind");
        }
    }
}

static int verify_content(const struct oc_public_key *key, int fd, const struct signature *s,
                          struct oc_error *err)
{
    uint8_t hash[OC_BLAKE2B];
    struct oc_buf content = {0};
    const void *data = hash;
    size_t len = sizeof hash;
    int code;
    if (s->alg[1] == 'D') {
        code = oc_blake2b_fd(fd, CONTENT_MAX, hash, err);
    } else {
        code = read_content(fd, &content, err);
        data = content.data;
        len = content.len;
    }
    if (code == OC_OK && !oc_sign_verify(key->key, data, len, s->sum)) {
        code = oc_error_set(err, OC_E_VERIFY, "the signature does not fit the content");
    }
    oc_buf_finish(&content);
    return code;
}

/* What the second signature is over; owned by the caller. */
static uint8_t *bound(const uint8_t sum[OC_SIGN_SIGNATURE], const char *trusted, size_t len)
{
    uint8_t *text = oc_alloc(OC_SIGN_SIGNATURE + len);
    memcpy(text, sum, OC_SIGN_SIGNATURE);
    memcpy(text + OC_SIGN_SIGNATURE, trusted, len);
    return text;
}

static int verify_comment(const struct oc_public_key *key, const struct signature *s,
                          struct oc_error *err)
{
    uint8_t *text = bound(s->sum, s->trusted.ptr, s->trusted.len);
    const bool fits = oc_sign_verify(key->key, text, OC_SIGN_SIGNATURE + s->trusted.len, s->global);
    free(text);
    return fits ? OC_OK
                : oc_error_set(err, OC_E_VERIFY, "the signature does not fit its trusted comment");
}

/* ---- the two directions ---- */

int oc_minisign_verify(const struct oc_public_key *key, int fd, const char *signature, size_t len,
                       struct oc_buf *trusted, struct oc_error *err)
{
    struct signature s;
    int code = parse(signature, len, &s, err);
    if (code != OC_OK) {
        return code;
    }
    if (memcmp(s.id, key->id, sizeof s.id) != 0) {
        char got[OC_KEY_ID_TEXT], wanted[OC_KEY_ID_TEXT];
        oc_key_id_text(s.id, got);
        oc_key_id_text(key->id, wanted);
        return oc_error_set(err, OC_E_VERIFY, "signed with the key %s, expected the key %s", got,
                            wanted);
    }
    code = verify_content(key, fd, &s, err);
    if (code == OC_OK) {
        code = verify_comment(key, &s, err);
    }
    if (code == OC_OK && trusted) {
        oc_buf_add(trusted, s.trusted.ptr, s.trusted.len);
    }
    return code;
}

int oc_minisign_sign(const struct oc_secret_key *key, int fd, const char *trusted,
                     struct oc_buf *out, struct oc_error *err)
{
    uint8_t hash[OC_BLAKE2B], global[OC_SIGN_SIGNATURE];
    uint8_t block[2 + sizeof key->id + OC_SIGN_SIGNATURE] = {'E', 'D'};
    uint8_t *sum = block + 2 + sizeof key->id;
    char id[OC_KEY_ID_TEXT];
    if (!is_plain(trusted, strlen(trusted)) || strlen(trusted) > SIGNATURE_MAX / 2) {
        return oc_error_set(err, OC_E_CONFIG, "the trusted comment is not one plain line");
    }
    const int code = oc_blake2b_fd(fd, CONTENT_MAX, hash, err);
    if (code != OC_OK) {
        return code;
    }
    memcpy(block + 2, key->id, sizeof key->id);
    oc_sign(key->key, hash, sizeof hash, sum);
    uint8_t *text = bound(sum, trusted, strlen(trusted));
    oc_sign(key->key, text, OC_SIGN_SIGNATURE + strlen(trusted), global);
    free(text);
    oc_key_id_text(key->id, id);
    oc_buf_addf(out, "%ssignature of the key %s\n", OC_KEY_UNTRUSTED, id);
    oc_base64(block, sizeof block, out);
    oc_buf_addf(out, "\n%s%s\n", OC_KEY_TRUSTED, trusted);
    oc_base64(global, sizeof global, out);
    oc_buf_addc(out, '\n');
    return OC_OK;
}

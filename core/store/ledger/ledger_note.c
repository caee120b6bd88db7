/* Reading and writing checkpoints. SPDX-License-Identifier: MIT */
#include "core/store/ledger/ledger_note.h"

#include <dirent.h>
#include <endian.h>
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/sys/crypto.h"
#include "core/sys/file.h"

#define DASH         "\xe2\x80\x94 " /* an em dash and a blank */
#define TYPE_HOST    1
#define TYPE_WITNESS 4

bool oc_note_name_good(const char *name)
{
    const size_t len = strlen(name);
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)name[i] <= ' ' || name[i] == '+' || name[i] == 0x7f) {
            return false;
        }
    }
    return len > 0 && len < OC_NOTE_NAME;
}

static void key_hash(const char *name, unsigned type, const uint8_t public_key[OC_SIGN_PUBLIC],
                     uint8_t hash[4])
{
    struct oc_buf text = {0};
    char hex[OC_SHA256_HEX];
    oc_buf_addf(&text, "%s\n", name);
    oc_buf_addc(&text, (char)type);
    oc_buf_add(&text, public_key, OC_SIGN_PUBLIC);
    oc_sha256_hex(text.data, text.len, hex);
    for (int i = 0; i < 4; i++) {
        unsigned byte = 0;
        sscanf(hex + (size_t)i * 2, "%2x", &byte);
        hash[i] = (uint8_t)byte;
    }
    oc_buf_finish(&text);
}

/* ---- writing ---- */

void oc_note_text(const char *origin, uint64_t size, const uint8_t root[OC_LEDGER_HASH],
                  struct oc_buf *out)
{
    oc_buf_addf(out, "%s\n%llu\n", origin, (unsigned long long)size);
    oc_base64(root, OC_LEDGER_HASH, out);
    oc_buf_adds(out, "\n\n");
}

static void add_line(struct oc_buf *out, const char *name, const void *data, size_t len)
{
    oc_buf_addf(out, DASH "%s ", name);
    oc_base64(data, len, out);
    oc_buf_addc(out, '\n');
}

/* The text that is signed ends before the empty line. */
static size_t text_length(const struct oc_buf *note)
{
    const char *empty = strstr(note->data, "\n\n");
    OC_ASSERT(empty);
    return (size_t)(empty - note->data) + 1;
}

void oc_note_sign(struct oc_buf *out, const char *name, const uint8_t secret[OC_SIGN_SECRET],
                  const uint8_t public_key[OC_SIGN_PUBLIC])
{
    uint8_t line[4 + OC_SIGN_SIGNATURE];
    key_hash(name, TYPE_HOST, public_key, line);
    oc_sign(secret, out->data, text_length(out), line + 4);
    add_line(out, name, line, sizeof line);
}

void oc_note_cosigned_text(const char *text, size_t text_len, uint64_t seconds, struct oc_buf *out)
{
    oc_buf_addf(out, "cosignature/v1\ntime %llu\n", (unsigned long long)seconds);
    oc_buf_add(out, text, text_len);
}

void oc_note_add_cosignature(struct oc_buf *out, const char *name,
                             const uint8_t public_key[OC_SIGN_PUBLIC], uint64_t seconds,
                             const uint8_t signature[OC_SIGN_SIGNATURE])
{
    uint8_t line[4 + 8 + OC_SIGN_SIGNATURE];
    const uint64_t big = htobe64(seconds);
    key_hash(name, TYPE_WITNESS, public_key, line);
    memcpy(line + 4, &big, 8);
    memcpy(line + 12, signature, OC_SIGN_SIGNATURE);
    add_line(out, name, line, sizeof line);
}

void oc_note_key_text(const char *name, const uint8_t public_key[OC_SIGN_PUBLIC], unsigned type,
                      struct oc_buf *out)
{
    uint8_t bytes[1 + OC_SIGN_PUBLIC] = {(uint8_t)type}, hash[4];
    memcpy(bytes + 1, public_key, OC_SIGN_PUBLIC);
    key_hash(name, type, public_key, hash);
    oc_buf_addf(out, "%s+%02x%02x%02x%02x+", name, hash[0], hash[1], hash[2], hash[3]);
    oc_base64(bytes, sizeof bytes, out);
}

bool oc_note_key_parse(const char *text, char name[OC_NOTE_NAME],
                       uint8_t public_key[OC_SIGN_PUBLIC], unsigned *type)
{
    uint8_t bytes[1 + OC_SIGN_PUBLIC];
    const char *first = strchr(text, '+'), *second = first ? strchr(first + 1, '+') : NULL;
    struct oc_buf again = {0};
    if (!second || (size_t)(first - text) >= OC_NOTE_NAME || first == text ||
        !oc_base64_decode(second + 1, strlen(second + 1), bytes, sizeof bytes)) {
        return false;
    }
    memcpy(name, text, (size_t)(first - text));
    name[first - text] = '\0';
    memcpy(public_key, bytes + 1, OC_SIGN_PUBLIC);
    *type = bytes[0];
    oc_note_key_text(name, public_key, *type, &again);
    const bool good = strcmp(again.data, text) == 0 && oc_note_name_good(name) &&
                      (*type == TYPE_HOST || *type == TYPE_WITNESS);
    oc_buf_finish(&again);
    return good;
}

/* ---- reading ---- */

/* Only as it is written: one form for each content. */
static bool get64(const char *text, size_t len, void *data, size_t size)
{
    struct oc_buf again = {0};
    bool good = oc_base64_decode(text, len, data, size);
    oc_base64(data, good ? size : 0, &again);
    good = good && again.len == len && memcmp(again.data, text, len) == 0;
    oc_buf_finish(&again);
    return good;
}

static const char *next_line(const char **at, const char *end, size_t *len)
{
    const char *line = *at, *stop = line < end ? memchr(line, '\n', (size_t)(end - line)) : NULL;
    if (!stop) {
        return NULL;
    }
    *len = (size_t)(stop - line);
    *at = stop + 1;
    return line;
}

static bool read_signature(const char *line, size_t len, struct oc_note_signature *s)
{
    uint8_t bytes[12 + OC_SIGN_SIGNATURE];
    const size_t dash = sizeof DASH - 1;
    if (len < dash || memcmp(line, DASH, dash) != 0) {
        return false;
    }
    line += dash;
    len -= dash;
    const char *blank = memchr(line, ' ', len);
    if (!blank || blank == line || (size_t)(blank - line) >= OC_NOTE_NAME ||
        memchr(line, '\0', len)) {
        return false;
    }
    memset(s, 0, sizeof *s);
    memcpy(s->name, line, (size_t)(blank - line));
    const size_t rest = len - (size_t)(blank - line) - 1;
    if (get64(blank + 1, rest, bytes, 4 + OC_SIGN_SIGNATURE)) {
        memcpy(s->signature, bytes + 4, OC_SIGN_SIGNATURE);
    } else if (get64(blank + 1, rest, bytes, sizeof bytes)) {
        uint64_t big;
        memcpy(&big, bytes + 4, 8);
        s->seconds = be64toh(big);
        s->cosignature = true;
        memcpy(s->signature, bytes + 12, OC_SIGN_SIGNATURE);
    } else {
        return false;
    }
    memcpy(s->key_hash, bytes, 4);
    return oc_note_name_good(s->name);
}

static bool read_text(const char **at, const char *end, struct oc_note *note)
{
    size_t len = 0;
    const char *line = next_line(at, end, &len);
    if (!line || len == 0 || len >= OC_NOTE_NAME || memchr(line, '\0', len)) {
        return false;
    }
    memcpy(note->origin, line, len);
    line = next_line(at, end, &len);
    if (!line || len == 0 || len > 15 || (line[0] == '0' && len > 1)) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if (line[i] < '0' || line[i] > '9') {
            return false;
        }
        note->size = note->size * 10 + (uint64_t)(line[i] - '0');
    }
    line = next_line(at, end, &len);
    return line && get64(line, len, note->root, OC_LEDGER_HASH);
}

/* Nobody signs twice. */
static bool is_new(const struct oc_note *note, const struct oc_note_signature *s)
{
    for (size_t i = 0; i < note->count; i++) {
        const struct oc_note_signature *other = &note->signatures[i];
        if (strcmp(other->name, s->name) == 0 && memcmp(other->key_hash, s->key_hash, 4) == 0) {
            return false;
        }
    }
    return true;
}

int oc_note_parse(const char *text, size_t len, struct oc_note *note, struct oc_error *err)
{
    const char *at = text, *end = text + len, *line;
    size_t n = 0;
    memset(note, 0, sizeof *note);
    bool good = len <= OC_NOTE_MAX && read_text(&at, end, note);
    note->text_len = (size_t)(at - text);
    line = good ? next_line(&at, end, &n) : NULL;
    good = line && n == 0;
    while (good && at < end) {
        line = next_line(&at, end, &n);
        struct oc_note_signature *next = &note->signatures[note->count];
        good = line && note->count < OC_NOTE_SIGNATURES && read_signature(line, n, next) &&
               is_new(note, next);
        note->count++;
    }
    return good && note->count > 0 ? OC_OK
                                   : oc_error_set(err, OC_E_VERIFY, "this is not a checkpoint");
}

static bool is_by(const struct oc_note_signature *s, const char *name, unsigned type,
                  const uint8_t public_key[OC_SIGN_PUBLIC])
{
    uint8_t hash[4];
    key_hash(name, type, public_key, hash);
    return strcmp(s->name, name) == 0 && memcmp(s->key_hash, hash, 4) == 0 &&
           s->cosignature == (type == TYPE_WITNESS);
}

bool oc_note_is_signed(const char *text, const struct oc_note *note, const char *name,
                       const uint8_t public_key[OC_SIGN_PUBLIC])
{
    for (size_t i = 0; i < note->count; i++) {
        const struct oc_note_signature *s = &note->signatures[i];
        if (is_by(s, name, TYPE_HOST, public_key) &&
            oc_sign_verify(public_key, text, note->text_len, s->signature)) {
            return true;
        }
    }
    return false;
}

bool oc_note_is_cosigned(const char *text, const struct oc_note *note, const char *name,
                         const uint8_t public_key[OC_SIGN_PUBLIC], uint64_t *seconds)
{
    bool found = false;
    for (size_t i = 0; i < note->count && !found; i++) {
        const struct oc_note_signature *s = &note->signatures[i];
        struct oc_buf signed_text = {0};
        if (!is_by(s, name, TYPE_WITNESS, public_key)) {
            continue;
        }
        oc_note_cosigned_text(text, note->text_len, s->seconds, &signed_text);
        found = oc_sign_verify(public_key, signed_text.data, signed_text.len, s->signature);
        *seconds = s->seconds;
        oc_buf_finish(&signed_text);
    }
    return found;
}

uint64_t oc_ledger_note_latest(const char *dir)
{
    char *path = oc_path_join(dir, "checkpoints");
    DIR *d = opendir(path);
    uint64_t newest = 0;
    for (struct dirent *e; d && (e = readdir(d));) {
        unsigned long long size = 0;
        int used = 0;
        if (sscanf(e->d_name, "%12llu%n", &size, &used) == 1 && used == 12 && !e->d_name[12]) {
            newest = size > newest ? size : newest;
        }
    }
    if (d) {
        closedir(d);
    }
    free(path);
    return newest;
}

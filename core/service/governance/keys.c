/* Members' keys: made, read, listed, revoked. SPDX-License-Identifier: MIT */
#include "core/service/governance/keys.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/text.h"
#include "core/package/keys.h"
#include "core/sys/file.h"

#define KEY_FILE_MAX 4096
#define RAW_PUBLIC   44 /* characters of base64 of 32 bytes */
#define RAW_SECRET   88 /* of 64 bytes */

void oc_member_key_id(const uint8_t key[OC_SIGN_PUBLIC], char id[OC_MEMBER_KEY_ID])
{
    char hex[OC_SHA256_HEX];
    oc_sha256_hex(key, OC_SIGN_PUBLIC, hex);
    memcpy(id, hex, OC_MEMBER_KEY_ID - 1);
    id[OC_MEMBER_KEY_ID - 1] = '\0';
}

/* ---- secret keys ---- */

/* Whoever may write the folder could put another key in the place of this one. */
static int check_folder(const char *path, struct oc_error *err)
{
    struct stat st;
    int code = OC_OK;
    char *dir = oc_path_dir(path);
    if (stat(dir, &st) != 0) {
        code = oc_error_errno(err, 0, errno, "%s", dir);
    } else if ((st.st_mode & 022) && !(st.st_mode & S_ISVTX)) {
        code = oc_error_set(err, OC_E_DENIED, "%s can be written by others", dir);
        oc_error_hint(err, "Choose a folder of the member's own, or `chmod go-w %s`.", dir);
    }
    free(dir);
    return code;
}

int oc_member_key_create(const char *path, const char *member, int64_t now,
                         struct oc_member_key *key, struct oc_error *err)
{
    struct oc_secret_key secret;
    struct oc_public_key public_key;
    memset(key, 0, sizeof *key);
    if (!oc_name_valid(member)) {
        oc_error_set(err, OC_E_CONFIG, "\"%s\" is not a member's name", member);
        oc_error_hint(err, OC_MEMBER_NAME_RULE);
        return OC_E_CONFIG;
    }
    int code = check_folder(path, err);
    if (code != OC_OK) {
        return code;
    }
    oc_key_generate(&secret, &public_key);
    code = oc_key_secret_save(path, NULL, &secret, err);
    oc_bytes_wipe(&secret, sizeof secret);
    if (code == OC_OK) {
        oc_copy(key->member, sizeof key->member, member);
        memcpy(key->key, public_key.key, sizeof key->key);
        oc_member_key_id(key->key, key->id);
        key->registered_at = now;
        key->revoked_at = OC_TALLY_NEVER;
    }
    return code;
}

static size_t line_length(const struct oc_buf *text)
{
    return text->data ? strcspn(text->data, "\r\n") : 0;
}

/* The public half at the end of a secret key belongs to the seed before it: else what it signs verifies with neither. */
static bool is_pair(const uint8_t secret[OC_SIGN_SECRET])
{
    static const char probe[] = "openclaw-probe-v1\n";
    uint8_t signature[OC_SIGN_SIGNATURE];
    oc_sign(secret, probe, sizeof probe - 1, signature);
    return oc_sign_verify(secret + OC_SIGN_SECRET - OC_SIGN_PUBLIC, probe, sizeof probe - 1,
                          signature);
}

static int read_secret(const char *path, uint8_t secret[OC_SIGN_SECRET], struct oc_error *err)
{
    struct oc_secret_key minisign;
    struct oc_buf text = {0};
    int code = oc_file_read(path, KEY_FILE_MAX, &text, err);
    const size_t len = line_length(&text);
    if (code == OC_OK && len == RAW_SECRET &&
        oc_base64_decode(text.data, len, secret, OC_SIGN_SECRET)) {
        goto out;
    }
    if (code == OC_OK) {
        code = oc_key_secret_load(path, NULL, &minisign, err);
        if (code == OC_OK) {
            memcpy(secret, minisign.key, OC_SIGN_SECRET);
        }
        oc_bytes_wipe(&minisign, sizeof minisign);
    }
out:
    if (text.data) {
        oc_bytes_wipe(text.data, text.len);
    }
    oc_buf_finish(&text);
    return code;
}

int oc_member_key_secret(const char *path, uint8_t secret[OC_SIGN_SECRET], struct oc_error *err)
{
    struct stat st;
    memset(secret, 0, OC_SIGN_SECRET);
    if (stat(path, &st) != 0) {
        return oc_error_errno(err, 0, errno, "%s", path);
    }
    if (st.st_mode & 077) {
        oc_error_set(err, OC_E_REFUSED, "%s can be read by others", path);
        oc_error_hint(err, "Make a new key: this one may be known. Keep it with mode 0600.");
        return OC_E_REFUSED;
    }
    int code = read_secret(path, secret, err);
    if (code == OC_OK && !is_pair(secret)) {
        code = oc_error_set(err, OC_E_CONFIG, "%s: its two halves are not of one key", path);
    }
    if (code != OC_OK) {
        oc_bytes_wipe(secret, OC_SIGN_SECRET);
    }
    return code;
}

/* ---- public keys ---- */

int oc_member_key_parse(const char *text, size_t len, struct oc_member_key *key,
                        struct oc_error *err)
{
    struct oc_public_key public_key;
    while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\r')) {
        len--;
    }
    if (len == RAW_PUBLIC && oc_base64_decode(text, len, key->key, OC_SIGN_PUBLIC)) {
        oc_member_key_id(key->key, key->id);
        return OC_OK;
    }
    if (len > KEY_FILE_MAX || oc_key_public_parse(text, len, &public_key, err) != OC_OK) {
        oc_error_set(err, OC_E_CONFIG, "this is not a public key");
        oc_error_hint(err, "Give base64 of the 32 bytes of an Ed25519 key (44 characters), or a "
                           "public key of minisign.");
        return OC_E_CONFIG;
    }
    memcpy(key->key, public_key.key, OC_SIGN_PUBLIC);
    oc_member_key_id(key->key, key->id);
    return OC_OK;
}

/* ---- as they are kept ---- */

json_t *oc_member_key_json(const struct oc_member_key *key)
{
    struct oc_buf text = {0};
    json_t *o = json_object();
    oc_base64(key->key, sizeof key->key, &text);
    oc_json_set_str(o, "member", key->member);
    oc_json_set_str(o, "id", key->id);
    oc_json_set_str(o, "key", text.data);
    oc_json_set_int(o, "registered_at", key->registered_at);
    oc_json_take(o, "revoked_at",
                 key->revoked_at == OC_TALLY_NEVER ? json_null() : json_integer(key->revoked_at));
    oc_buf_finish(&text);
    return o;
}

int oc_member_key_read(const json_t *json, struct oc_member_key *key, struct oc_error *err)
{
    const char *member = oc_json_str(json, "member", ""), *text = oc_json_str(json, "key", "");
    const json_t *registered = json_object_get(json, "registered_at");
    const json_t *ended = json_object_get(json, "revoked_at");
    memset(key, 0, sizeof *key);
    if (!oc_name_valid(member) || strlen(text) != RAW_PUBLIC || !json_is_integer(registered) ||
        (ended && !json_is_null(ended) && !json_is_integer(ended)) ||
        oc_member_key_parse(text, RAW_PUBLIC, key, NULL) != OC_OK ||
        strcmp(oc_json_str(json, "id", key->id), key->id) != 0) {
        return oc_error_set(err, OC_E_VERIFY, "the key of \"%s\" is not one", member);
    }
    oc_copy(key->member, sizeof key->member, member);
    key->registered_at = json_integer_value(registered);
    key->revoked_at = json_is_integer(ended) ? json_integer_value(ended) : OC_TALLY_NEVER;
    return OC_OK;
}

const struct oc_member_key *oc_member_key_find(const struct oc_member_key *keys, size_t count,
                                               const char *member, int64_t now)
{
    const struct oc_member_key *newest = NULL;
    for (size_t i = 0; i < count; i++) {
        const struct oc_member_key *k = &keys[i];
        if (strcmp(k->member, member) == 0 && k->registered_at <= now && now < k->revoked_at &&
            (!newest || k->registered_at >= newest->registered_at)) {
            newest = k;
        }
    }
    return newest;
}

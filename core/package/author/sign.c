/* The verbs plugin.keygen and plugin.sign. SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/package/author/author.h"
#include "core/package/author/trusted.h"
#include "core/package/keys.h"
#include "core/sys/file.h"

/* ---- keygen ---- */

static int save_pair(struct oc_work *w, const char *password, const char *secret_path,
                     const char *public_path, json_t *result)
{
    struct oc_secret_key secret;
    struct oc_public_key public_key;
    struct oc_buf text = {0};
    char id[OC_KEY_ID_TEXT];
    oc_key_generate(&secret, &public_key);
    int code = oc_key_secret_save(secret_path, password, &secret, &w->err);
    if (code == OC_OK) {
        code = oc_key_public_save(public_path, &public_key, &w->err);
        if (code != OC_OK) {
            unlink(secret_path); /* half a pair is of no use */
        }
    }
    if (code == OC_OK) {
        oc_key_id_text(public_key.id, id);
        oc_key_public_text(&public_key, &text);
        oc_json_set_str(result, "key_id", id);
        oc_json_set_str(result, "public_key", text.data);
        oc_json_set_str(result, "secret_file", secret_path);
        oc_json_set_str(result, "public_file", public_path);
        oc_json_set_bool(result, "protected", password != NULL);
    }
    oc_buf_finish(&text);
    explicit_bzero(&secret, sizeof secret);
    return code;
}

int oc_author_keygen(struct oc_work *w)
{
    char *prefix = oc_path_expand(oc_json_str(w->params, "output", "openclaw"), NULL);
    char *secret = oc_asprintf("%s.key", prefix), *public_file = oc_asprintf("%s.pub", prefix);
    char *password = NULL;
    json_t *result = json_object();
    int code = OC_OK;
    if (oc_file_exists(secret) || oc_file_exists(public_file)) {
        code = oc_error_set(&w->err, OC_E_CONFLICT, "%s is there already",
                            oc_file_exists(secret) ? secret : public_file);
        oc_error_hint(&w->err, "A key is never overwritten: choose another --output.");
        oc_work_reason(w, "target-exists");
    }
    if (code == OC_OK) {
        code =
            oc_key_password_read(oc_json_str(w->params, "password_file", ""), &password, &w->err);
    }
    if (code == OC_OK) {
        code = save_pair(w, password, secret, public_file, result);
    }
    if (code == OC_OK) {
        oc_work_result(w, json_incref(result));
    }
    json_decref(result);
    oc_key_password_forget(password);
    free(public_file);
    free(secret);
    free(prefix);
    return code;
}

/* ---- sign ---- */

static int load_key(struct oc_work *w, struct oc_secret_key *key)
{
    char *password = NULL;
    const char *path = oc_json_str(w->params, "key", "");
    if (!*path) {
        oc_error_set(&w->err, OC_E_CONFIG, "key: required and missing");
        oc_error_hint(&w->err, "`openclaw plugin keygen` makes a pair of keys.");
        return OC_E_CONFIG;
    }
    int code =
        oc_key_password_read(oc_json_str(w->params, "password_file", ""), &password, &w->err);
    if (code == OC_OK) {
        code = oc_key_secret_load(path, password, key, &w->err);
    }
    if (code == OC_E_AUTH && !password) {
        oc_error_hint(&w->err, "Give the file with its password as --password-file.");
    }
    oc_key_password_forget(password);
    return code;
}

static int sign_file(struct oc_work *w, const char *file, const char *target)
{
    struct oc_secret_key key;
    struct oc_buf text = {0};
    char *trusted = NULL, id[OC_KEY_ID_TEXT];
    const int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st;
    int code = fd < 0 ? oc_error_errno(&w->err, 0, errno, "cannot read %s", file) : OC_OK;
    if (code == OC_OK && (fstat(fd, &st) || !S_ISREG(st.st_mode))) {
        code = oc_error_set(&w->err, OC_E_CONFIG, "%s is not a regular file", file);
        oc_error_hint(&w->err, "Name the archive that `openclaw plugin pack` wrote.");
    }
    if (code == OC_OK) {
        trusted = oc_author_trusted_comment(w, file);
        code = trusted ? load_key(w, &key) : w->err.code;
    }
    if (code == OC_OK) {
        code = oc_minisign_sign(&key, fd, trusted, &text, &w->err);
        oc_key_id_text(key.id, id);
        explicit_bzero(&key, sizeof key);
    }
    if (code == OC_OK) {
        code = oc_file_write(target, text.data, text.len, 0644, &w->err);
    }
    if (code == OC_OK) {
        json_t *result = json_object();
        oc_json_set_str(result, "file", file);
        oc_json_set_str(result, "signature", target);
        oc_json_set_str(result, "key_id", id);
        oc_json_set_str(result, "trusted_comment", trusted);
        oc_work_result(w, result);
    }
    if (fd >= 0) {
        close(fd);
    }
    oc_buf_finish(&text);
    free(trusted);
    return code;
}

int oc_author_sign(struct oc_work *w)
{
    char *file = oc_path_expand(oc_json_str(w->params, "file", ""), NULL);
    char *target = oc_asprintf("%s.minisig", file);
    const int code = sign_file(w, file, target);
    free(target);
    free(file);
    return code;
}

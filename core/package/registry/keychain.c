/* The secret keys that a keeper has at hand. SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/package/registry/folder.h"
#include "core/sys/file.h"

/* `all`: one of many, which may be another's and want another password. */
static int add_file(struct oc_work *w, struct oc_keychain *chain, const char *path,
                    const char *password, bool all)
{
    struct oc_error err;
    oc_error_init(&err);
    if (chain->count == OC_COUNT(chain->keys)) {
        return oc_error_set(&w->err, OC_E_CONFIG, "more than %zu keys", OC_COUNT(chain->keys));
    }
    const int code = oc_key_secret_load(path, password, &chain->keys[chain->count], &err);
    if (code == OC_OK) {
        chain->count++;
    } else if (code == OC_E_AUTH && all) {
        chain->locked++;
    } else {
        w->err = err;
        return code;
    }
    return OC_OK;
}

int oc_keychain_add(struct oc_work *w, struct oc_keychain *chain, const char *path,
                    const char *password_param)
{
    const bool own = *oc_json_str(w->params, password_param, "") != '\0';
    char *password = NULL;
    int code = oc_key_password_read(
        oc_json_str(w->params, own ? password_param : "password_file", ""), &password, &w->err);
    if (code == OC_OK) {
        code = add_file(w, chain, path, password, false);
    }
    if (code == OC_E_AUTH) {
        oc_error_hint(&w->err, "Give the file whose first line is its password as --%s.",
                      own ? "publisher-password-file, the right one" : "publisher-password-file");
    }
    oc_key_password_forget(password);
    return code;
}

static int add_folder(struct oc_work *w, struct oc_keychain *chain, const char *folder,
                      const char *password)
{
    DIR *dir = opendir(folder);
    struct dirent *e;
    int code = OC_OK;
    while (code == OC_OK && dir && (e = readdir(dir))) {
        if (oc_ends(e->d_name, ".key")) {
            char *path = oc_path_join(folder, e->d_name);
            code = add_file(w, chain, path, password, true);
            free(path);
        }
    }
    if (dir) {
        closedir(dir);
    }
    return code;
}

int oc_keychain_load(struct oc_work *w, const struct oc_folder *f, struct oc_keychain *chain)
{
    const json_t *files = json_object_get(w->params, "key");
    char *password = NULL;
    *chain = (struct oc_keychain){0};
    int code =
        oc_key_password_read(oc_json_str(w->params, "password_file", ""), &password, &w->err);
    if (code == OC_OK && json_is_string(files)) {
        code = add_file(w, chain, json_string_value(files), password, false);
    }
    for (size_t i = 0; code == OC_OK && i < json_array_size(files); i++) {
        code = add_file(w, chain, json_string_value(json_array_get(files, i)), password, false);
    }
    if (code == OC_OK && f->keys) {
        code = add_folder(w, chain, f->keys, password);
    }
    oc_key_password_forget(password);
    if (code != OC_OK) {
        oc_keychain_wipe(chain);
    }
    return code;
}

void oc_keychain_wipe(struct oc_keychain *chain)
{
    oc_bytes_wipe(chain, sizeof *chain);
}

size_t oc_keychain_pick(const struct oc_keychain *chain, const struct oc_ring *ring,
                        struct oc_secret_key *out)
{
    size_t n = 0;
    for (size_t r = 0; r < ring->count; r++) {
        for (size_t i = 0; i < chain->count; i++) {
            struct oc_public_key pub;
            oc_key_public_of(&chain->keys[i], &pub);
            if (memcmp(pub.key, ring->keys[r].key, sizeof pub.key) == 0) {
                out[n] = chain->keys[i];
                memcpy(out[n++].id, ring->keys[r].id, sizeof out->id);
                break;
            }
        }
    }
    return n;
}

static int too_few(struct oc_work *w, const struct oc_keychain *chain, const struct oc_ring *ring,
                   const char *type, size_t n)
{
    struct oc_buf ids = {0};
    for (size_t i = 0; i < ring->count; i++) {
        char id[OC_KEY_ID_TEXT];
        oc_key_id_text(ring->keys[i].id, id);
        oc_buf_addf(&ids, "%s%s", i ? ", " : "", id);
    }
    oc_refuse(w, OC_E_AUTH, "key-missing",
              chain->locked ? "Some keys want a password: give --password-file FILE."
                            : "Give the secret keys with --key FILE, or their folder with --keys.",
              "%zu of %u keys that sign a %s are at hand; they are %s", n, ring->threshold, type,
              ids.data ? ids.data : "none");
    oc_buf_finish(&ids);
    return w->err.code;
}

int oc_keychain_sign(struct oc_work *w, const struct oc_keychain *chain, const struct oc_ring *ring,
                     const char *type, const json_t *body, struct oc_buf *out)
{
    struct oc_secret_key keys[OC_RING_MAX];
    const size_t n = oc_keychain_pick(chain, ring, keys);
    int code = OC_OK;
    if (n < ring->threshold) {
        code = too_few(w, chain, ring, type, n);
    } else {
        char *text = oc_json_text(body);
        oc_document_sign(type, text, strlen(text), keys, n, out);
        free(text);
    }
    oc_bytes_wipe(keys, sizeof keys);
    return code;
}

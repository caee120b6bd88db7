/* registry.init: a new registry, its keys and its first root. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/package/registry/keeper.h"
#include "core/sys/file.h"

/* Makes <keys>/<name>.key and .pub. */
int oc_keeper_make_key(struct oc_work *w, const struct oc_folder *f, const char *name,
                       struct oc_keychain *chain, struct oc_public_key *public_key)
{
    struct oc_secret_key secret;
    char *key = oc_asprintf("%s/%s.key", f->keys, name),
         *pub = oc_asprintf("%s/%s.pub", f->keys, name);
    oc_key_generate(&secret, public_key);
    int code = oc_dir_make(f->keys, 0700, &w->err);
    if (code == OC_OK) {
        code = oc_key_secret_save(key, NULL, &secret, &w->err);
    }
    if (code == OC_OK) {
        code = oc_key_public_save(pub, public_key, &w->err);
    }
    if (code == OC_OK && chain->count < OC_COUNT(chain->keys)) {
        chain->keys[chain->count++] = secret;
    }
    oc_bytes_wipe(&secret, sizeof secret);
    free(pub);
    free(key);
    return code;
}

static int make_role(struct oc_work *w, struct oc_folder *f, enum oc_registry_role role,
                     int64_t count, int64_t threshold, struct oc_keychain *chain)
{
    struct oc_ring *ring = &f->root.roles[role];
    int code = OC_OK;
    for (int64_t i = 0; code == OC_OK && i < count; i++) {
        struct oc_public_key key;
        char *name = count > 1 ? oc_asprintf("%s-%d", oc_role_names[role], (int)i + 1)
                               : oc_strdup(oc_role_names[role]);
        code = oc_keeper_make_key(w, f, name, chain, &key);
        if (code == OC_OK) {
            oc_ring_add(ring, &key);
        }
        free(name);
    }
    ring->threshold = (unsigned)threshold;
    return code;
}

static json_t *role_json(const struct oc_ring *ring, json_t *keys)
{
    json_t *ids = json_array();
    for (size_t i = 0; i < ring->count; i++) {
        char id[OC_KEY_ID_TEXT];
        struct oc_buf text = {0};
        oc_key_id_text(ring->keys[i].id, id);
        oc_key_public_text(&ring->keys[i], &text);
        oc_json_set_str(keys, id, text.data);
        json_array_append_new(ids, json_string(id));
        oc_buf_finish(&text);
    }
    return json_pack("{s:o, s:i}", "keys", ids, "threshold", (int)ring->threshold);
}

json_t *oc_keeper_root_json(const struct oc_root *root, const char *name, const json_t *policy)
{
    json_t *json = oc_folder_head("root", root->version, root->expires_ms);
    json_t *keys = json_object(), *roles = json_object();
    for (int i = 0; i < OC_REGISTRY_ROLES; i++) {
        oc_json_take(roles, oc_role_names[i], role_json(&root->roles[i], keys));
    }
    oc_json_set_str(json, "name", name);
    oc_json_take(json, "keys", keys);
    oc_json_take(json, "roles", roles);
    json_object_set(json, "policy", (json_t *)(uintptr_t)policy);
    return json;
}

/* The last part of the folder's path as far as it is a word. Owned. */
static char *name_of(const struct oc_work *w, const struct oc_folder *f)
{
    const char *given = oc_json_str(w->params, "name", ""), *slash = strrchr(f->dir, '/');
    char *name = oc_strdup(*given ? given : slash ? slash + 1 : f->dir);
    for (char *c = name; !*given && *c; c++) {
        const bool upper = *c >= 'A' && *c <= 'Z';
        *c = upper ? (char)(*c + 32) : *c == '_' || *c == '.' || *c == ' ' ? '-' : *c;
    }
    return name;
}

static json_t *policy_of(const struct oc_work *w)
{
    json_t *policy = json_pack("{s:{s:s, s:s}, s:b}", "tiers", "publisher", "process", "community",
                               "sandbox", "community", 1);
    json_t *popular = json_object_get(w->params, "popular");
    json_object_set_new(policy, "popular",
                        json_is_array(popular) ? json_incref(popular) : json_array());
    return policy;
}

static int put_first(struct oc_work *w, struct oc_folder *f, const struct oc_keychain *chain,
                     const char *name, struct oc_buf *root)
{
    json_t *policy = policy_of(w), *body = oc_keeper_root_json(&f->root, name, policy);
    int code = oc_keychain_sign(w, chain, &f->root.roles[OC_ROLE_ROOT], "root", body, root);
    if (code == OC_OK) {
        code = oc_folder_write(w, f, "v1/root.1.json", root->data, root->len);
    }
    if (code == OC_OK) {
        code = oc_folder_publish(w, f, chain, false);
    }
    json_decref(policy);
    json_decref(body);
    return code;
}

static json_t *result_of(const struct oc_folder *f, const char *name, const struct oc_buf *root)
{
    static const char keep[] =
        "Move root-*.key and publish.key off this machine and keep them apart; timestamp.key and "
        "snapshot.key stay where `openclaw registry sign` runs.";
    char fingerprint[OC_SHA256_HEX];
    oc_sha256_hex(root->data, root->len, fingerprint);
    json_t *json = json_object();
    oc_json_set_str(json, "dir", f->dir);
    oc_json_set_str(json, "name", name);
    oc_json_set_str(json, "fingerprint", fingerprint);
    oc_json_set_str(json, "keys", f->keys);
    oc_json_set_int(json, "root_keys", (int64_t)f->root.roles[OC_ROLE_ROOT].count);
    oc_json_set_int(json, "root_threshold", f->root.roles[OC_ROLE_ROOT].threshold);
    oc_json_set_str(json, "offline", keep);
    return json;
}

static int check_new(struct oc_work *w, const struct oc_folder *f, const char *name, int64_t keys,
                     int64_t threshold)
{
    char *v1 = oc_folder_path(f, "v1");
    const bool there = oc_file_exists(v1);
    free(v1);
    if (there) {
        return oc_refuse(w, OC_E_CONFLICT, "target-exists", "Choose another folder.",
                         "%s is a registry already", f->dir);
    }
    if (!oc_registry_word(name)) {
        return oc_refuse(w, OC_E_CONFIG, "name-invalid",
                         "Give --name small letters, digits and dashes.",
                         "'%.100s' is no name of a registry", name);
    }
    if (keys < 1 || keys > OC_RING_MAX || threshold < 1 || threshold > keys) {
        return oc_refuse(w, OC_E_CONFIG, "threshold-invalid", "2 of 3 is a good choice.",
                         "%lld of %lld root keys is no threshold", (long long)threshold,
                         (long long)keys);
    }
    return OC_OK;
}

int oc_keeper_init(struct oc_work *w)
{
    struct oc_folder f;
    struct oc_keychain chain = {0};
    struct oc_buf root = {0};
    const int64_t keys = oc_json_int(w->params, "root_keys", 3);
    const int64_t threshold = oc_json_int(w->params, "threshold", keys > 1 ? 2 : 1);
    int code = oc_folder_begin(w, &f);
    char *name = name_of(w, &f);
    if (code == OC_OK) {
        code = check_new(w, &f, name, keys, threshold);
    }
    for (int i = 0; code == OC_OK && i < OC_REGISTRY_ROLES; i++) {
        const bool is_root = i == OC_ROLE_ROOT;
        code = make_role(w, &f, (enum oc_registry_role)i, is_root ? keys : 1,
                         is_root ? threshold : 1, &chain);
    }
    if (code == OC_OK) {
        f.root.version = 1;
        f.root.expires_ms = oc_time_wall() + oc_folder_span(w, "root_expires", OC_EXPIRES_ROOT);
        code = put_first(w, &f, &chain, name, &root);
    }
    if (code == OC_OK) {
        oc_work_result(w, result_of(&f, name, &root));
    }
    oc_keychain_wipe(&chain);
    oc_buf_finish(&root);
    free(name);
    oc_folder_close(&f);
    return code;
}

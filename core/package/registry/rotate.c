/* registry.sign and registry.rotate: signing again, and other keys. SPDX-License-Identifier: MIT
 *
 * A new root is a draft until the old root's threshold and its own are reached: each holder adds a signature on a machine of their own,
 * with `registry sign root --key`, and passes draft/root.json on. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/package/registry/keeper.h"
#include "core/sys/file.h"

#define DRAFT "draft/root.json"

#define LATER_SIGN                                                                                 \
    "run `openclaw registry sign` where the timestamp and snapshot keys are: until then clients "  \
    "that ask for a new root get no timestamp that fits it"
#define LATER_PUBLISH                                                                              \
    "run `openclaw registry delegate DIR PUBLISHER` for every publisher where the new publish "    \
    "key is: until then clients refuse their packages"

struct draft {
    struct oc_buf text;
    struct oc_document doc;
    struct oc_root root;
};

static void draft_finish(struct draft *d)
{
    oc_buf_finish(&d->text);
    oc_root_finish(&d->root);
}

static int draft_read(struct oc_work *w, const struct oc_folder *f, struct draft *d)
{
    int code = oc_document_split(d->text.data ? d->text.data : "", d->text.len, &d->doc, &w->err);
    if (code == OC_OK) {
        oc_root_finish(&d->root);
        code = oc_root_parse(d->doc.body, d->doc.body_len, &d->root, &w->err);
    }
    if (code == OC_OK && d->root.version != f->root.version + 1) {
        code = oc_refuse(w, OC_E_CONFLICT, "root-chain", "Remove draft/root.json and begin again.",
                         "the draft is of version %" PRId64 ", and the next one is %" PRId64,
                         d->root.version, f->root.version + 1);
    }
    return code;
}

static bool draft_there(const struct oc_folder *f)
{
    char *path = oc_folder_path(f, DRAFT);
    const bool there = oc_file_exists(path);
    free(path);
    return there;
}

/* One signature more of each key at hand that either root knows. */
static int draft_sign(struct oc_work *w, const struct oc_folder *f, const struct oc_keychain *chain,
                      struct draft *d)
{
    struct oc_secret_key keys[2 * OC_RING_MAX];
    size_t n = oc_keychain_pick(chain, &f->root.roles[OC_ROLE_ROOT], keys);
    n += oc_keychain_pick(chain, &d->root.roles[OC_ROLE_ROOT], keys + n);
    int code = OC_OK;
    for (size_t i = 0; code == OC_OK && i < n; i++) {
        struct oc_buf text = {0};
        code = oc_document_add(&d->doc, "root", &keys[i], &text, &w->err);
        if (code == OC_OK) {
            oc_buf_finish(&d->text);
            d->text = text;
            text = (struct oc_buf){0};
            code = draft_read(w, f, d);
        }
        oc_buf_finish(&text);
    }
    oc_bytes_wipe(keys, sizeof keys);
    return code;
}

static json_t *signers_json(const struct oc_folder *f, const struct draft *d, bool done)
{
    const struct oc_ring *old = &f->root.roles[OC_ROLE_ROOT], *new = &d->root.roles[OC_ROLE_ROOT];
    char fingerprint[OC_SHA256_HEX];
    json_t *json = json_object();
    oc_json_set_int(json, "root", d->root.version);
    oc_json_set_bool(json, "in_force", done);
    oc_json_set_int(json, "old_signatures", oc_document_signers(&d->doc, "root", old));
    oc_json_set_int(json, "old_threshold", old->threshold);
    oc_json_set_int(json, "new_signatures", oc_document_signers(&d->doc, "root", new));
    oc_json_set_int(json, "new_threshold", new->threshold);
    if (done) {
        oc_sha256_hex(d->text.data, d->text.len, fingerprint);
        oc_json_set_str(json, "fingerprint", fingerprint);
    } else {
        char *draft = oc_folder_path(f, DRAFT);
        oc_json_set_str(json, "draft", draft);
        free(draft);
    }
    return json;
}

static void remove_draft(const struct oc_folder *f)
{
    char *path = oc_folder_path(f, DRAFT), *dir = oc_folder_path(f, "draft");
    unlink(path);
    rmdir(dir);
    free(dir);
    free(path);
}

/* In force when both thresholds are reached; then timestamp and snapshot are signed by whoever may sign them now. */
static int draft_settle(struct oc_work *w, struct oc_folder *f, const struct oc_keychain *chain,
                        struct draft *d)
{
    const bool done =
        oc_document_verify(&d->doc, "root", &f->root.roles[OC_ROLE_ROOT]) == OC_VERDICT_GOOD &&
        oc_document_verify(&d->doc, "root", &d->root.roles[OC_ROLE_ROOT]) == OC_VERDICT_GOOD;
    const bool other_publish =
        !oc_ring_equal(&f->root.roles[OC_ROLE_PUBLISH], &d->root.roles[OC_ROLE_PUBLISH]);
    json_t *result = signers_json(f, d, done);
    int code = OC_OK;
    if (done) {
        char path[64];
        snprintf(path, sizeof path, "v1/root.%" PRId64 ".json", d->root.version);
        code = oc_folder_write(w, f, path, d->text.data, d->text.len);
        if (code == OC_OK) {
            remove_draft(f);
            oc_root_finish(&f->root);
            f->root = d->root;
            d->root = (struct oc_root){0};
            code = other_publish ? oc_keeper_redelegate(w, f, chain) : OC_OK;
        }
        if (code == OC_OK) {
            code = oc_folder_publish(w, f, chain, false);
        }
        if (code == OC_E_AUTH) {
            /* whoever signed the root need not be who signs timestamps */
            oc_refuse_clear(w);
            oc_work_warn(w, "%s", other_publish ? LATER_PUBLISH : LATER_SIGN);
            code = OC_OK;
        }
    } else {
        code = oc_folder_write(w, f, DRAFT, d->text.data, d->text.len);
    }
    if (code == OC_OK) {
        oc_work_result(w, json_incref(result));
    }
    json_decref(result);
    return code;
}

/* A draft of the next version from `root`, without signatures. */
static int draft_make(struct oc_work *w, const struct oc_folder *f, struct oc_root *root,
                      struct draft *d)
{
    root->version = f->root.version + 1;
    root->expires_ms = oc_time_wall() + oc_folder_span(w, "root_expires", OC_EXPIRES_ROOT);
    json_t *body = oc_keeper_root_json(root, oc_json_str(f->root.json, "name", ""),
                                       json_object_get(f->root.json, "policy"));
    char *text = oc_json_text(body);
    oc_buf_clear(&d->text);
    oc_document_sign("root", text, strlen(text), NULL, 0, &d->text);
    free(text);
    json_decref(body);
    return draft_read(w, f, d);
}

/* ---- registry.sign ---- */

static int sign_root(struct oc_work *w, struct oc_folder *f, const struct oc_keychain *chain)
{
    struct draft d = {0};
    struct oc_root next = f->root;
    int code;
    if (draft_there(f)) {
        code = oc_folder_read(w, f, DRAFT, OC_ROOT_MAX, &d.text);
        code = code == OC_OK ? draft_read(w, f, &d) : code;
    } else {
        code = draft_make(w, f, &next, &d); /* the yearly one: the same keys, a new end */
    }
    if (code == OC_OK) {
        code = draft_sign(w, f, chain, &d);
    }
    if (code == OC_OK) {
        code = draft_settle(w, f, chain, &d);
    }
    draft_finish(&d);
    return code;
}

static int sign_online(struct oc_work *w, struct oc_folder *f, const struct oc_keychain *chain)
{
    char timestamp[32], snapshot[32];
    const int64_t left = f->snapshot.expires_ms - oc_time_wall();
    const bool renew =
        left < OC_EXPIRES_SNAPSHOT / 2 || json_object_get(w->params, "snapshot_expires");
    const int64_t keep = oc_json_int(w->params, "prune", 0);
    int64_t removed = 0;
    int code = oc_folder_publish(w, f, chain, !renew);
    if (code == OC_OK && keep > 0) {
        code = oc_keeper_prune(w, f, keep, &removed);
    }
    if (code == OC_OK) {
        json_t *result = json_object();
        oc_json_set_int(result, "timestamp", f->timestamp.version);
        oc_json_set_str(result, "timestamp_expires",
                        oc_time_format(f->timestamp.expires_ms, timestamp, sizeof timestamp));
        oc_json_set_int(result, "snapshot", f->snapshot.version);
        oc_json_set_str(result, "snapshot_expires",
                        oc_time_format(f->snapshot.expires_ms, snapshot, sizeof snapshot));
        if (keep > 0) {
            oc_json_set_int(result, "pruned", removed);
        }
        oc_work_result(w, result);
    }
    return code;
}

int oc_keeper_sign(struct oc_work *w)
{
    struct oc_folder f;
    struct oc_keychain chain = {0};
    const bool root = strcmp(oc_json_str(w->params, "what", "timestamp"), "root") == 0;
    int code = oc_folder_open(w, &f);
    if (code == OC_OK) {
        code = oc_keychain_load(w, &f, &chain);
    }
    if (code == OC_OK) {
        code = root ? sign_root(w, &f, &chain) : sign_online(w, &f, &chain);
    }
    oc_keychain_wipe(&chain);
    oc_folder_close(&f);
    return code;
}

/* ---- registry.rotate ---- */

static bool wants_out(const struct oc_work *w, const uint8_t id[8])
{
    const json_t *list = json_object_get(w->params, "remove");
    char text[OC_KEY_ID_TEXT];
    oc_key_id_text(id, text);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *item = json_string_value(json_array_get(list, i));
        if (item && strcmp(item, text) == 0) {
            return true;
        }
    }
    return json_array_size(list) == 0; /* all of them */
}

/* <role>-r<root version>[-n] */
static int new_key(struct oc_work *w, const struct oc_folder *f, int role, size_t n,
                   struct oc_keychain *chain, struct oc_ring *ring)
{
    struct oc_public_key key;
    char *name =
        oc_asprintf("%s-r%" PRId64 "-%zu", oc_role_names[role], f->root.version + 1, n + 1);
    const int code = oc_keeper_make_key(w, f, name, chain, &key);
    if (code == OC_OK) {
        oc_ring_add(ring, &key);
    }
    free(name);
    return code;
}

/* The ring with given public keys, or new ones, in the place of those that go. */
static int replace_keys(struct oc_work *w, const struct oc_folder *f, int role,
                        struct oc_keychain *chain, struct oc_ring *ring)
{
    const json_t *given = json_object_get(w->params, "add");
    struct oc_ring next = {0};
    size_t gone = 0;
    int code = OC_OK;
    for (size_t i = 0; i < ring->count; i++) {
        if (wants_out(w, ring->keys[i].id)) {
            gone++;
        } else {
            oc_ring_add(&next, &ring->keys[i]);
        }
    }
    if (gone == 0) {
        return oc_refuse(w, OC_E_NOT_FOUND, "key-unknown",
                         "`openclaw registry verify DIR` lists the keys of each role.",
                         "the role %s has no such key", oc_role_names[role]);
    }
    for (size_t i = 0; code == OC_OK && i < json_array_size(given); i++) {
        struct oc_public_key key;
        code = oc_key_public_load(json_string_value(json_array_get(given, i)), &key, &w->err);
        if (code == OC_OK) {
            oc_ring_add(&next, &key);
        }
    }
    for (size_t i = 0; code == OC_OK && json_array_size(given) == 0 && i < gone; i++) {
        code = new_key(w, f, role, i, chain, &next);
    }
    next.threshold = (unsigned)oc_json_int(w->params, "threshold", ring->threshold);
    if (code == OC_OK && (next.threshold < 1 || next.threshold > next.count)) {
        code = oc_refuse(w, OC_E_CONFIG, "threshold-invalid", "Give more keys, or --threshold N.",
                         "%u of %zu keys is no threshold", next.threshold, next.count);
    }
    *ring = next;
    return code;
}

int oc_keeper_rotate(struct oc_work *w)
{
    struct oc_folder f;
    struct oc_keychain chain = {0};
    struct draft d = {0};
    const char *word = oc_json_str(w->params, "role", "");
    const int role = oc_role_find(word);
    int code = oc_folder_open(w, &f);
    if (code == OC_OK && role < 0) {
        code = oc_error_set(&w->err, OC_E_CONFIG,
                            "role: expected root, timestamp, snapshot or publish");
    } else if (code == OC_OK && draft_there(&f)) {
        code = oc_refuse(w, OC_E_CONFLICT, "draft-pending",
                         "Finish it with `openclaw registry sign root`, or remove draft/root.json.",
                         "a draft of the next root waits for signatures");
    }
    if (code == OC_OK) {
        code = oc_keychain_load(w, &f, &chain);
    }
    if (code == OC_OK) {
        struct oc_root next = f.root;
        code = replace_keys(w, &f, role, &chain, &next.roles[role]);
        code = code == OC_OK ? draft_make(w, &f, &next, &d) : code;
    }
    if (code == OC_OK) {
        code = draft_sign(w, &f, &chain, &d);
    }
    if (code == OC_OK) {
        code = draft_settle(w, &f, &chain, &d);
    }
    oc_keychain_wipe(&chain);
    draft_finish(&d);
    oc_folder_close(&f);
    return code;
}

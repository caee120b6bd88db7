/* Whose keys sign the releases of a publisher. SPDX-License-Identifier: MIT
 *
 * The delegation is signed by the role "publish", lies in v1/publisher/ for keepers and auditors, and is the first line of every package
 * file of the publisher, where clients read it. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/package/registry/keeper.h"
#include "core/package/registry/package.h"
#include "core/sys/file.h"

static char *path_of(const char *publisher)
{
    return oc_asprintf("v1/publisher/%s.json", publisher);
}

int oc_keeper_delegation(struct oc_work *w, const struct oc_folder *f, const char *publisher,
                         struct oc_buf *text, struct oc_delegation *d)
{
    struct oc_document doc;
    char *path = path_of(publisher), *full = oc_path_join(f->dir, path);
    int code = OC_E_NOT_FOUND;
    if (oc_file_exists(full)) {
        code = oc_folder_read(w, f, path, OC_LINE_MAX, text);
        if (code == OC_OK) {
            code = oc_document_split(text->data, text->len, &doc, &w->err);
        }
        if (code == OC_OK) {
            code = oc_delegation_parse(doc.body, doc.body_len, d, &w->err);
        }
    }
    free(full);
    free(path);
    return code;
}

static json_t *body_of(const struct oc_delegation *d)
{
    json_t *json = oc_folder_head("delegation", d->version, 0), *keys = json_array();
    for (size_t i = 0; i < d->ring.count; i++) {
        struct oc_buf text = {0};
        oc_key_public_text(&d->ring.keys[i], &text);
        json_array_append_new(keys, json_string(text.data));
        oc_buf_finish(&text);
    }
    oc_json_set_str(json, "publisher", d->publisher);
    oc_json_set_str(json, "trust", d->community ? "community" : "publisher");
    oc_json_set_int(json, "threshold", d->ring.threshold);
    oc_json_take(json, "keys", keys);
    return json;
}

int oc_keeper_put_delegation(struct oc_work *w, const struct oc_folder *f,
                             const struct oc_keychain *chain, struct oc_delegation *d,
                             struct oc_buf *text)
{
    char *path = path_of(d->publisher);
    d->version++;
    json_t *body = body_of(d);
    oc_buf_clear(text);
    int code =
        oc_keychain_sign(w, chain, &f->root.roles[OC_ROLE_PUBLISH], "delegation", body, text);
    if (code == OC_OK) {
        code = oc_folder_write(w, f, path, text->data, text->len);
    }
    json_decref(body);
    free(path);
    return code;
}

/* ---- the packages of a publisher get the new line ---- */

/* The trusted comment of a signature: what it is for stays the same. Owned. */
static char *trusted_of(const char *minisig)
{
    static const char mark[] = "\ntrusted comment: ";
    const char *at = strstr(minisig, mark);
    at = at ? at + sizeof mark - 1 : "";
    return oc_strndup(at, strcspn(at, "\r\n"));
}

static int resign_artifact(struct oc_work *w, const struct oc_folder *f,
                           const struct oc_secret_key *key, json_t *artifact)
{
    const char *sha = oc_json_str(artifact, "sha256", "");
    struct oc_buf minisig = {0};
    char *trusted = trusted_of(oc_json_str(artifact, "minisig", ""));
    char *path = oc_folder_path(f, "v1/blob/sha256/%.2s/%s", sha, sha);
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    int code = fd < 0 ? oc_error_errno(&w->err, 0, errno, "cannot read %s", path)
                      : oc_minisign_sign(key, fd, trusted, &minisig, &w->err);
    if (code == OC_OK) {
        oc_json_set_str(artifact, "minisig", minisig.data);
    }
    if (fd >= 0) {
        close(fd);
    }
    oc_buf_finish(&minisig);
    free(path);
    free(trusted);
    return code;
}

/* The row with its archives signed by `keys[0]`, and itself by all of them. */
static int resign_body(struct oc_work *w, const struct oc_folder *f, const struct oc_document *doc,
                       const struct oc_secret_key *keys, size_t n, struct oc_buf *out)
{
    json_t *row = oc_json_parse(doc->body, doc->body_len, &w->err);
    const json_t *list = json_object_get(row, "artifacts");
    int code = row ? OC_OK : OC_E_VERIFY;
    for (size_t i = 0; code == OC_OK && i < json_array_size(list); i++) {
        code = resign_artifact(w, f, &keys[0], json_array_get(list, i));
    }
    if (code == OC_OK) {
        char *text = oc_json_text(row);
        oc_document_sign("release", text, strlen(text), keys, n, out);
        free(text);
    }
    json_decref(row);
    return code;
}

/* Every row is signed anew by the keys at hand: a key that was taken away signs nothing any more, also no old version. */
static int resign_row(struct oc_work *w, const struct oc_folder *f, const struct oc_keychain *chain,
                      const struct oc_delegation *d, const char *line, size_t len,
                      struct oc_buf *out)
{
    struct oc_document doc;
    struct oc_secret_key keys[OC_RING_MAX];
    int code = oc_document_split(line, len, &doc, &w->err);
    if (code == OC_OK && oc_document_verify(&doc, "release", &d->ring) == OC_VERDICT_GOOD) {
        oc_buf_add(out, line, len);
        oc_buf_adds(out, "\n");
        return OC_OK;
    }
    const size_t n = oc_keychain_pick(chain, &d->ring, keys);
    if (code == OC_OK && n < d->ring.threshold) {
        code = oc_refuse(w, OC_E_AUTH, "key-missing",
                         "Give the publisher's new secret key with --key FILE.",
                         "the versions of %s are signed by keys that it has no more, and the new "
                         "secret keys are not at hand",
                         d->publisher);
    }
    if (code == OC_OK) {
        code = resign_body(w, f, &doc, keys, n, out);
    }
    oc_bytes_wipe(keys, sizeof keys);
    return code;
}

static int rewrite_lines(struct oc_work *w, const struct oc_folder *f,
                         const struct oc_keychain *chain, const struct oc_delegation *d,
                         const struct oc_buf *delegation, const struct oc_buf *old,
                         struct oc_buf *out)
{
    const char *at = memchr(old->data, '\n', old->len), *end = old->data + old->len;
    int code = OC_OK;
    oc_buf_add(out, delegation->data, delegation->len);
    for (at = at ? at + 1 : end; code == OC_OK && at < end;) {
        const char *lf = memchr(at, '\n', (size_t)(end - at));
        code = resign_row(w, f, chain, d, at, (size_t)((lf ? lf : end) - at), out);
        at = lf ? lf + 1 : end;
    }
    return code;
}

static int rewrite_package(struct oc_work *w, struct oc_folder *f, const struct oc_keychain *chain,
                           const struct oc_delegation *d, const struct oc_buf *delegation,
                           const char *id, json_t *row)
{
    struct oc_file_ref ref = {0};
    struct oc_buf old = {0}, text = {0};
    oc_file_ref_parse(json_object_get(row, "file"), OC_PACKAGE_MAX, &ref);
    char *path = oc_asprintf("v1/p/%s.%s.jsonl", id, ref.sha256),
         *prefix = oc_asprintf("v1/p/%s.", id);
    int code = oc_folder_read(w, f, path, OC_PACKAGE_MAX, &old);
    if (code == OC_OK) {
        code = rewrite_lines(w, f, chain, d, delegation, &old, &text);
    }
    if (code == OC_OK) {
        code = oc_folder_put(w, f, prefix, ".jsonl", text.data, text.len, &ref);
    }
    if (code == OC_OK) {
        oc_json_take(row, "file", oc_file_ref_json(&ref));
    }
    oc_buf_finish(&text);
    oc_buf_finish(&old);
    free(prefix);
    free(path);
    return code;
}

/* *count packages were rewritten. */
static int rewrite_all(struct oc_work *w, struct oc_folder *f, const struct oc_keychain *chain,
                       const struct oc_delegation *d, const struct oc_buf *delegation, int *count)
{
    const size_t len = strlen(d->publisher);
    int code = OC_OK;
    *count = 0;
    for (unsigned n = 0; code == OC_OK && n < OC_SHARDS; n++) {
        const int before = *count;
        json_t *packages = oc_folder_shard(w, f, "shard", n), *row;
        const char *id;
        code = packages ? OC_OK : w->err.code;
        json_object_foreach(packages, id, row)
        {
            if (code == OC_OK && strncmp(id, d->publisher, len) == 0 && id[len] == '/') {
                code = rewrite_package(w, f, chain, d, delegation, id, row);
                (*count)++;
            }
        }
        if (code == OC_OK && *count > before) {
            code = oc_folder_put_shard(w, f, "shard", n, packages);
        }
        json_decref(packages);
    }
    return code;
}

/* ---- registry.delegate ---- */

static int read_keys(struct oc_work *w, struct oc_delegation *d)
{
    const json_t *files = json_object_get(w->params, "public_keys");
    int code = OC_OK;
    if (json_array_size(files) > 0) {
        d->ring = (struct oc_ring){0};
    }
    for (size_t i = 0; code == OC_OK && i < json_array_size(files); i++) {
        struct oc_public_key key;
        const char *text = json_string_value(json_array_get(files, i));
        char *path = oc_path_expand(text, NULL);
        code = oc_file_exists(path) ? oc_key_public_load(path, &key, &w->err)
                                    : oc_key_public_parse(text, strlen(text), &key, &w->err);
        if (code == OC_OK && !oc_ring_add(&d->ring, &key)) {
            code = oc_error_set(&w->err, OC_E_CONFIG, "%s: the key is there twice", text);
        }
        free(path);
    }
    const int64_t fallback = d->ring.threshold ? d->ring.threshold : 1;
    const int64_t threshold = oc_json_int(w->params, "threshold", fallback);
    if (code == OC_OK && (threshold < 1 || (uint64_t)threshold > d->ring.count)) {
        code = oc_refuse(w, OC_E_CONFIG, "threshold-invalid",
                         "Give the publisher's public keys, and a threshold that they can reach.",
                         "%lld of %zu keys is no threshold", (long long)threshold, d->ring.count);
    }
    d->ring.threshold = (unsigned)threshold;
    return code;
}

/* After the role "publish" has other keys: the same delegations, signed by them. */
int oc_keeper_redelegate(struct oc_work *w, struct oc_folder *f, const struct oc_keychain *chain)
{
    char *path = oc_folder_path(f, "v1/publisher");
    DIR *dir = opendir(path);
    struct dirent *e;
    int code = OC_OK;
    while (code == OC_OK && dir && (e = readdir(dir))) {
        struct oc_delegation d = {0};
        struct oc_buf text = {0};
        int count;
        if (oc_ends(e->d_name, ".json")) {
            char *publisher = oc_strndup(e->d_name, strlen(e->d_name) - 5);
            code = oc_keeper_delegation(w, f, publisher, &text, &d);
            code = code == OC_OK ? oc_keeper_put_delegation(w, f, chain, &d, &text) : code;
            code = code == OC_OK ? rewrite_all(w, f, chain, &d, &text, &count) : code;
            free(publisher);
        }
        oc_buf_finish(&text);
    }
    if (dir) {
        closedir(dir);
    }
    free(path);
    return code;
}

static json_t *result_of(const struct oc_delegation *d, int count)
{
    json_t *json = body_of(d);
    json_object_del(json, "format");
    json_object_del(json, "type");
    oc_json_set_int(json, "packages", count);
    return json;
}

int oc_keeper_delegate(struct oc_work *w)
{
    struct oc_folder f;
    struct oc_keychain chain = {0};
    struct oc_delegation d = {0};
    struct oc_buf text = {0};
    int count = 0;
    const char *publisher = oc_json_str(w->params, "publisher", "");
    int code = oc_folder_open(w, &f);
    if (code == OC_OK && (!oc_registry_word(publisher) || strcmp(publisher, "local") == 0)) {
        code = oc_refuse(w, OC_E_CONFIG, "name-invalid",
                         "Small letters, digits and dashes; \"local\" is nobody's.",
                         "'%.100s' is no name of a publisher", publisher);
    }
    if (code == OC_OK) {
        code = oc_keychain_load(w, &f, &chain);
    }
    if (code == OC_OK &&
        (code = oc_keeper_delegation(w, &f, publisher, &text, &d)) == OC_E_NOT_FOUND) {
        oc_copy(d.publisher, sizeof d.publisher, publisher);
        code = OC_OK;
    }
    if (code == OC_OK) {
        d.community = oc_json_bool(w->params, "community", d.community);
        code = read_keys(w, &d);
    }
    if (code == OC_OK) {
        code = oc_keeper_put_delegation(w, &f, &chain, &d, &text);
    }
    if (code == OC_OK) {
        code = rewrite_all(w, &f, &chain, &d, &text, &count);
    }
    if (code == OC_OK && count) {
        code = oc_folder_publish(w, &f, &chain, false);
    }
    if (code == OC_OK) {
        oc_work_result(w, result_of(&d, count));
    }
    oc_keychain_wipe(&chain);
    oc_buf_finish(&text);
    oc_folder_close(&f);
    return code;
}

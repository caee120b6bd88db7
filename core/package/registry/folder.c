/* Opening and writing registry folders. SPDX-License-Identifier: MIT */
#include "core/package/registry/folder.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/sys/file.h"

/* ---- files ---- */

char *oc_folder_path(const struct oc_folder *f, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *below = oc_vasprintf(fmt, ap), *path = oc_path_join(f->dir, below);
    va_end(ap);
    free(below);
    return path;
}

int oc_folder_read(struct oc_work *w, const struct oc_folder *f, const char *path, size_t max,
                   struct oc_buf *out)
{
    char *full = oc_path_join(f->dir, path);
    const int code = oc_file_read(full, max, out, &w->err);
    free(full);
    return code;
}

int oc_folder_write(struct oc_work *w, const struct oc_folder *f, const char *path,
                    const void *data, size_t len)
{
    char *full = oc_path_join(f->dir, path), *dir = oc_path_dir(full);
    int code = oc_dir_make(dir, 0755, &w->err);
    if (code == OC_OK) {
        code = oc_file_write(full, data, len, 0644, &w->err);
    }
    free(dir);
    free(full);
    return code;
}

int oc_folder_put(struct oc_work *w, const struct oc_folder *f, const char *prefix,
                  const char *suffix, const void *data, size_t len, struct oc_file_ref *ref)
{
    oc_sha256_hex(data, len, ref->sha256);
    ref->length = len;
    char *path = oc_asprintf("%s%s%s", prefix, ref->sha256, suffix);
    char *full = oc_path_join(f->dir, path);
    const int code = oc_file_exists(full) ? OC_OK : oc_folder_write(w, f, path, data, len);
    free(full);
    free(path);
    return code;
}

json_t *oc_folder_head(const char *type, int64_t version, int64_t expires_ms)
{
    char when[32];
    json_t *json = json_object();
    oc_json_set_str(json, "type", type);
    oc_json_set_int(json, "format", OC_REGISTRY_FORMAT);
    oc_json_set_int(json, "version", version);
    if (expires_ms) {
        oc_json_set_str(json, "expires", oc_time_format(expires_ms, when, sizeof when));
    }
    return json;
}

int64_t oc_folder_span(const struct oc_work *w, const char *key, int64_t fallback)
{
    const json_t *value = json_object_get(w->params, key);
    int64_t ms = 0;
    if (json_is_integer(value)) {
        ms = json_integer_value(value);
    } else if (json_is_string(value) && oc_duration_parse(json_string_value(value), &ms) != OC_OK) {
        ms = 0;
    }
    return ms > 0 ? ms : fallback;
}

/* ---- opening ---- */

int oc_folder_begin(struct oc_work *w, struct oc_folder *f)
{
    const char *keys = oc_json_str(w->params, "keys", "");
    *f = (struct oc_folder){.params = (json_t *)(uintptr_t)w->params};
    f->dir = oc_path_expand(oc_json_str(w->params, "dir", "."), NULL);
    size_t n = strlen(f->dir);
    while (n > 1 && f->dir[n - 1] == '/') {
        f->dir[--n] = '\0';
    }
    f->keys = *keys ? oc_path_expand(keys, NULL) : oc_asprintf("%s.keys", f->dir);
    if (oc_starts(f->keys, f->dir) && (f->keys[n] == '/' || f->keys[n] == '\0')) {
        return oc_refuse(w, OC_E_REFUSED, "keys-in-registry",
                         "Give --keys a folder beside the registry, not in it.",
                         "secret keys below %s would be served to everyone", f->dir);
    }
    return OC_OK;
}

static int64_t newest_root(const struct oc_folder *f)
{
    char *path = oc_folder_path(f, "v1");
    DIR *dir = opendir(path);
    struct dirent *e;
    int64_t newest = 0;
    while (dir && (e = readdir(dir))) {
        char *end;
        const long long n = oc_starts(e->d_name, "root.") ? strtoll(e->d_name + 5, &end, 10) : 0;
        if (n > newest && n <= OC_VERSION_MAX && strcmp(end, ".json") == 0) {
            newest = n;
        }
    }
    if (dir) {
        closedir(dir);
    }
    free(path);
    return newest;
}

/* Reads and splits; our own folder is not verified at each step, `registry verify` does that. */
static int read_document(struct oc_work *w, const struct oc_folder *f, const char *path, size_t max,
                         struct oc_buf *text, struct oc_document *doc)
{
    const int code = oc_folder_read(w, f, path, max, text);
    return code == OC_OK ? oc_document_split(text->data, text->len, doc, &w->err) : code;
}

static int load(struct oc_work *w, struct oc_folder *f)
{
    struct oc_buf root = {0}, timestamp = {0}, snapshot = {0};
    struct oc_document doc;
    char path[64];
    snprintf(path, sizeof path, "v1/root.%" PRId64 ".json", newest_root(f));
    int code = read_document(w, f, path, OC_ROOT_MAX, &root, &doc);
    if (code == OC_OK) {
        code = oc_root_parse(doc.body, doc.body_len, &f->root, &w->err);
    }
    if (code == OC_OK) {
        code = read_document(w, f, "v1/timestamp.json", OC_TIMESTAMP_MAX, &timestamp, &doc);
    }
    if (code == OC_OK) {
        code = oc_timestamp_parse(doc.body, doc.body_len, &f->timestamp, &w->err);
    }
    snprintf(path, sizeof path, "v1/snapshot.%" PRId64 ".json", f->timestamp.snapshot_version);
    if (code == OC_OK) {
        code = read_document(w, f, path, OC_SNAPSHOT_MAX, &snapshot, &doc);
    }
    if (code == OC_OK) {
        code = oc_snapshot_parse(doc.body, doc.body_len, &f->snapshot, &w->err);
    }
    oc_buf_finish(&root);
    oc_buf_finish(&timestamp);
    oc_buf_finish(&snapshot);
    return code;
}

int oc_folder_open(struct oc_work *w, struct oc_folder *f)
{
    int code = oc_folder_begin(w, f);
    if (code == OC_OK && newest_root(f) == 0) {
        code = oc_refuse(w, OC_E_NOT_FOUND, "not-a-registry",
                         "`openclaw registry init DIR` makes one.", "%s holds no registry", f->dir);
    }
    return code == OC_OK ? load(w, f) : code;
}

void oc_folder_close(struct oc_folder *f)
{
    oc_root_finish(&f->root);
    free(f->dir);
    free(f->keys);
    *f = (struct oc_folder){0};
}

/* ---- shards ---- */

static struct oc_file_ref *ref_of(struct oc_folder *f, const char *what, unsigned n)
{
    return strcmp(what, "status") == 0 ? &f->snapshot.status[n] : &f->snapshot.shards[n];
}

json_t *oc_folder_shard(struct oc_work *w, const struct oc_folder *f, const char *what, unsigned n)
{
    const struct oc_file_ref *ref = ref_of((struct oc_folder *)(uintptr_t)f, what, n);
    struct oc_buf text = {0};
    json_t *packages = NULL;
    if (!ref->length) {
        return json_object();
    }
    char *path = oc_asprintf("v1/%s/%02x.%s.json", what, n, ref->sha256);
    if (oc_folder_read(w, f, path, OC_SHARD_MAX, &text) == OC_OK) {
        oc_shard_parse(text.data, text.len, &packages, &w->err);
    }
    oc_buf_finish(&text);
    free(path);
    return packages;
}

int oc_folder_put_shard(struct oc_work *w, struct oc_folder *f, const char *what, unsigned n,
                        const json_t *packages)
{
    struct oc_file_ref *ref = ref_of(f, what, n);
    if (json_object_size(packages) == 0) {
        *ref = (struct oc_file_ref){0};
        return OC_OK;
    }
    json_t *json = json_pack("{s:i, s:O}", "format", OC_REGISTRY_FORMAT, "packages", packages);
    char *text = oc_json_text(json), *prefix = oc_asprintf("v1/%s/%02x.", what, n);
    const int code = oc_folder_put(w, f, prefix, ".json", text, strlen(text), ref);
    free(prefix);
    free(text);
    json_decref(json);
    return code;
}

/* ---- snapshot and timestamp ---- */

static json_t *refs_json(const struct oc_file_ref refs[OC_SHARDS])
{
    json_t *json = json_object();
    char key[8];
    for (unsigned i = 0; i < OC_SHARDS; i++) {
        if (refs[i].length) {
            snprintf(key, sizeof key, "%02x", i);
            json_object_set_new(json, key, oc_file_ref_json(&refs[i]));
        }
    }
    return json;
}

static int put_snapshot(struct oc_work *w, struct oc_folder *f, const struct oc_keychain *chain)
{
    struct oc_buf text = {0};
    char path[64];
    const int64_t now = oc_time_wall(), version = f->snapshot.version + 1;
    f->snapshot.expires_ms = now + oc_folder_span(w, "snapshot_expires", OC_EXPIRES_SNAPSHOT);
    json_t *body = oc_folder_head("snapshot", version, f->snapshot.expires_ms);
    oc_json_take(body, "shards", refs_json(f->snapshot.shards));
    oc_json_take(body, "status", refs_json(f->snapshot.status));
    if (f->snapshot.search.length) {
        oc_json_take(body, "search", oc_file_ref_json(&f->snapshot.search));
    }
    int code =
        oc_keychain_sign(w, chain, &f->root.roles[OC_ROLE_SNAPSHOT], "snapshot", body, &text);
    if (code == OC_OK) {
        snprintf(path, sizeof path, "v1/snapshot.%" PRId64 ".json", version);
        code = oc_folder_write(w, f, path, text.data, text.len);
    }
    if (code == OC_OK) {
        f->snapshot.version = version;
        f->timestamp.snapshot_version = version;
        oc_sha256_hex(text.data, text.len, f->timestamp.snapshot.sha256);
        f->timestamp.snapshot.length = text.len;
    }
    oc_buf_finish(&text);
    json_decref(body);
    return code;
}

static int put_timestamp(struct oc_work *w, struct oc_folder *f, const struct oc_keychain *chain)
{
    struct oc_buf text = {0};
    const int64_t expires = oc_time_wall() + oc_folder_span(w, "expires", OC_EXPIRES_TIMESTAMP);
    json_t *body = oc_folder_head("timestamp", f->timestamp.version + 1, expires);
    json_t *snapshot = oc_file_ref_json(&f->timestamp.snapshot);
    oc_json_set_int(snapshot, "version", f->timestamp.snapshot_version);
    oc_json_set_int(body, "root", f->root.version);
    oc_json_take(body, "snapshot", snapshot);
    int code =
        oc_keychain_sign(w, chain, &f->root.roles[OC_ROLE_TIMESTAMP], "timestamp", body, &text);
    if (code == OC_OK) {
        code = oc_folder_write(w, f, "v1/timestamp.json", text.data, text.len);
    }
    if (code == OC_OK) {
        f->timestamp.version++;
        f->timestamp.expires_ms = expires;
    }
    oc_buf_finish(&text);
    json_decref(body);
    return code;
}

int oc_folder_publish(struct oc_work *w, struct oc_folder *f, const struct oc_keychain *chain,
                      bool keep_snapshot)
{
    int code = keep_snapshot ? OC_OK : put_snapshot(w, f, chain);
    return code == OC_OK ? put_timestamp(w, f, chain) : code;
}

/* Opening registries and reading files that verified ones name. SPDX-License-Identifier: MIT */
#include "core/package/registry/client.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/package/registry/registries.h"
#include "core/sys/compress.h"
#include "core/sys/file.h"

#define TELL_THEM  "Tell whoever keeps the registry; nothing of it was used."
#define SEARCH_RAW (256u << 20)

/* ---- opening ---- */

struct oc_client *oc_client_new(struct oc_work *w, const char *name, const char *url,
                                const struct oc_source_options *options)
{
    char *real = NULL;
    struct oc_source *source = oc_source_open(w, url, options, &real);
    if (!source) {
        return NULL;
    }
    struct oc_client *c = oc_calloc(1, sizeof *c);
    c->source = source;
    c->name = oc_strdup(name);
    c->url = real;
    c->dir = oc_registries_dir(w, name);
    c->publishers = json_object();
    return c;
}

void oc_client_close(struct oc_client *c)
{
    if (!c) {
        return;
    }
    oc_client_drop(c);
    oc_source_close(c->source);
    oc_root_finish(&c->root);
    oc_buf_finish(&c->root_text);
    oc_buf_finish(&c->timestamp_text);
    oc_buf_finish(&c->snapshot_text);
    json_decref(c->publishers);
    free(c->name);
    free(c->url);
    free(c->dir);
    free(c);
}

/* A file of ours; true when it is there. */
static bool load_file(const struct oc_client *c, const char *name, size_t max, struct oc_buf *out)
{
    char *path = oc_path_join(c->dir, name);
    const bool there = oc_file_read(path, max, out, NULL) == OC_OK;
    free(path);
    return there;
}

static json_t *load_json(const struct oc_client *c, const char *name)
{
    struct oc_buf text = {0};
    json_t *json =
        load_file(c, name, OC_SHARD_MAX, &text) ? oc_json_parse(text.data, text.len, NULL) : NULL;
    oc_buf_finish(&text);
    return json_is_object(json) ? json : (json_decref(json), json_object());
}

static bool body_of(const struct oc_buf *text, struct oc_document *doc)
{
    return text->len > 0 && oc_document_split(text->data, text->len, doc, NULL) == OC_OK;
}

/* What cannot be read of timestamp and snapshot is fetched again; without the pinned root there is no trust. */
static bool load(struct oc_client *c)
{
    struct oc_document doc;
    if (!load_file(c, "root.json", OC_ROOT_MAX, &c->root_text) || !body_of(&c->root_text, &doc) ||
        oc_root_parse(doc.body, doc.body_len, &c->root, NULL) != OC_OK) {
        return false;
    }
    if (load_file(c, "timestamp.json", OC_TIMESTAMP_MAX, &c->timestamp_text) &&
        (!body_of(&c->timestamp_text, &doc) ||
         oc_timestamp_parse(doc.body, doc.body_len, &c->timestamp, NULL) != OC_OK)) {
        c->timestamp = (struct oc_timestamp){0};
        oc_buf_clear(&c->timestamp_text);
    }
    if (load_file(c, "snapshot.json", OC_SNAPSHOT_MAX, &c->snapshot_text) &&
        (!body_of(&c->snapshot_text, &doc) ||
         oc_snapshot_parse(doc.body, doc.body_len, &c->snapshot, NULL) != OC_OK)) {
        c->snapshot = (struct oc_snapshot){0};
        oc_buf_clear(&c->snapshot_text);
    }
    json_decref(c->publishers);
    c->publishers = load_json(c, "publishers.json");
    json_t *state = load_json(c, "state.json");
    c->refreshed_ms = oc_json_int(state, "refreshed_ms", 0);
    c->written_ms = c->refreshed_ms;
    c->root_checked_ms = oc_json_int(state, "root_checked_ms", 0);
    json_decref(state);
    return true;
}

struct oc_client *oc_client_open(struct oc_work *w, const json_t *row)
{
    const struct oc_source_options options = {.ca = oc_json_str(row, "ca", NULL),
                                              .timeout_ms = oc_json_int(row, "timeout_ms", 0)};
    struct oc_client *c =
        oc_client_new(w, oc_json_str(row, "name", ""), oc_json_str(row, "url", ""), &options);
    if (c && !load(c)) {
        oc_refuse(w, OC_E_CONFIG, "registries-damaged",
                  "Remove the registry and add it again with its fingerprint.",
                  "the pinned root of the registry %s is damaged or gone", c->name);
        oc_client_close(c);
        c = NULL;
    }
    return c;
}

void oc_client_fingerprint(const struct oc_client *c, char hex[OC_SHA256_HEX])
{
    oc_sha256_hex(c->root_text.data ? c->root_text.data : "", c->root_text.len, hex);
}

/* ---- files that verified ones name ---- */

static bool is_it(const struct oc_file_ref *ref, const struct oc_buf *text)
{
    char hex[OC_SHA256_HEX];
    if (text->len != ref->length) {
        return false;
    }
    oc_sha256_hex(text->data, text->len, hex);
    return strcmp(hex, ref->sha256) == 0;
}

/* Takes the content of `text`: it is written when all has gone well. */
static void cache_later(struct oc_client *c, const char *name, const struct oc_buf *text)
{
    struct oc_client_file *file = oc_calloc(1, sizeof *file);
    file->name = oc_strdup(name);
    oc_buf_add(&file->text, text->data, text->len);
    file->next = c->kept;
    c->kept = file;
}

static bool cache_get(const struct oc_client *c, const char *name, const struct oc_file_ref *ref,
                      struct oc_buf *out)
{
    char *path = oc_asprintf("%s/cache/%s", c->dir, name);
    const bool good = oc_file_read(path, ref->length, out, NULL) == OC_OK && is_it(ref, out);
    if (!good) {
        oc_buf_clear(out);
    }
    free(path);
    return good;
}

int oc_client_file(struct oc_work *w, struct oc_client *c, const struct oc_file_ref *ref,
                   const char *path, const char *cache, const char *reason, bool offline,
                   struct oc_buf *out)
{
    if (cache_get(c, cache, ref, out)) {
        return OC_OK;
    }
    if (offline) {
        return oc_refuse(w, OC_E_NETWORK, "offline",
                         "Run it once without --offline, or use a bundle.",
                         "%s of the registry %s is not on this host", path, c->name);
    }
    const int code = oc_source_read(c->source, w, path, ref->length, out);
    if (code != OC_OK) {
        oc_buf_clear(out);
        return code;
    }
    if (!is_it(ref, out)) {
        oc_refuse(w, OC_E_VERIFY, reason, TELL_THEM,
                  "%s of the registry %s is not the file that was promised: %zu of %" PRIu64
                  " bytes, or another digest",
                  path, c->name, out->len, ref->length);
        oc_buf_clear(out);
        return w->err.code;
    }
    if (oc_source_remote(c->source)) {
        cache_later(c, cache, out);
    }
    return OC_OK;
}

json_t *oc_client_shard(struct oc_work *w, struct oc_client *c, const char *id_or_name,
                        bool offline)
{
    const unsigned n = oc_registry_shard(id_or_name);
    const struct oc_file_ref *ref = &c->snapshot.shards[n];
    struct oc_buf text = {0};
    json_t *packages = NULL;
    if (!ref->length) {
        return json_object();
    }
    char *path = oc_asprintf("v1/shard/%02x.%s.json", n, ref->sha256);
    char *cache = oc_asprintf("shard-%02x", n);
    if (oc_client_file(w, c, ref, path, cache, "shard-mismatch", offline, &text) == OC_OK &&
        oc_shard_parse(text.data, text.len, &packages, &w->err) != OC_OK) {
        oc_work_reason(w, "shard-format");
    }
    oc_buf_finish(&text);
    free(cache);
    free(path);
    return packages;
}

/* The newest delegation of a publisher that was ever seen binds: an older one could bring back a key that was taken away. */
static int check_delegation(struct oc_work *w, struct oc_client *c, const struct oc_delegation *d)
{
    const int64_t known = oc_json_int(c->publishers, d->publisher, 0);
    if (d->version < known) {
        return oc_refuse(w, OC_E_VERIFY, "delegation-rollback", TELL_THEM,
                         "the keys of %s are those of version %" PRId64 ", and version %" PRId64
                         " was seen",
                         d->publisher, d->version, known);
    }
    if (d->version == known || d->version == 1) {
        return OC_OK; /* nothing is older than the first */
    }
    oc_json_set_int(c->publishers, d->publisher, d->version);
    c->publishers_changed = true;
    return OC_OK;
}

int oc_client_package(struct oc_work *w, struct oc_client *c, const char *id, const json_t *row,
                      bool offline, struct oc_package *p)
{
    struct oc_file_ref ref;
    struct oc_buf text = {0};
    *p = (struct oc_package){0};
    if (!oc_registry_id(id) ||
        !oc_file_ref_parse(json_object_get(row, "file"), OC_PACKAGE_MAX, &ref)) {
        return oc_refuse(w, OC_E_VERIFY, "shard-format", TELL_THEM,
                         "the shard's entry of %s cannot be read", id);
    }
    char *path = oc_asprintf("v1/p/%s.%s.jsonl", id, ref.sha256);
    char *cache = oc_asprintf("p/%s", id);
    int code = oc_client_file(w, c, &ref, path, cache, "package-mismatch", offline, &text);
    if (code == OC_OK) {
        code = oc_package_parse(w, id, text.data, text.len, &c->root, p);
    }
    if (code == OC_OK && (code = check_delegation(w, c, &p->delegation)) != OC_OK) {
        oc_package_finish(p);
    }
    oc_buf_finish(&text);
    free(cache);
    free(path);
    return code;
}

json_t *oc_client_status(struct oc_work *w, struct oc_client *c, const char *id, bool offline)
{
    const unsigned n = oc_registry_shard(id);
    const struct oc_file_ref *ref = &c->snapshot.status[n];
    struct oc_buf text = {0};
    json_t *packages = NULL, *status = NULL;
    if (!ref->length) {
        return json_object();
    }
    char *path = oc_asprintf("v1/status/%02x.%s.json", n, ref->sha256);
    char *cache = oc_asprintf("status-%02x", n);
    if (oc_client_file(w, c, ref, path, cache, "status-mismatch", offline, &text) == OC_OK) {
        if (oc_shard_parse(text.data, text.len, &packages, &w->err) == OC_OK) {
            status = json_object_get(packages, id);
            status = status ? json_incref(status) : json_object();
        } else {
            oc_work_reason(w, "shard-format");
        }
    }
    json_decref(packages);
    oc_buf_finish(&text);
    free(cache);
    free(path);
    return status;
}

int oc_client_search(struct oc_work *w, struct oc_client *c, bool offline, struct oc_buf *out)
{
    const struct oc_file_ref *ref = &c->snapshot.search;
    struct oc_buf packed = {0};
    if (!ref->length) {
        return OC_OK;
    }
    char *path = oc_asprintf("v1/search.%s", ref->sha256);
    int code = oc_client_file(w, c, ref, path, "search", "search-mismatch", offline, &packed);
    if (code == OC_OK &&
        oc_decompress(packed.data, packed.len, SEARCH_RAW, out, &w->err) != OC_OK) {
        code = oc_refuse(w, OC_E_VERIFY, "search-mismatch", TELL_THEM,
                         "the search file of the registry %s cannot be unpacked", c->name);
    }
    oc_buf_finish(&packed);
    free(path);
    return code;
}

/* ---- all of them ---- */

/* A verb may resolve many names: one connection, and one refresh, for all of them. The worker runs one verb and ends. */
static struct oc_client *session;

static struct oc_client *open_all(struct oc_work *w)
{
    json_t *list = oc_registries_load(w);
    struct oc_client *first = NULL, **end = &first;
    bool good = list != NULL;
    for (size_t i = 0; good && i < json_array_size(list); i++) {
        *end = oc_client_open(w, json_array_get(list, i));
        good = *end != NULL;
        end = good ? &(*end)->next : end;
    }
    if (good && !first) {
        oc_refuse(w, OC_E_NOT_FOUND, "no-registry",
                  "`openclaw registry add NAME URL` adds one; a folder or an .ocp file needs none.",
                  "this host knows no registry");
    }
    json_decref(list);
    if (!good) {
        session = first;
        oc_session_end();
        return NULL;
    }
    return first;
}

struct oc_client *oc_session(struct oc_work *w)
{
    if (!session) {
        session = open_all(w);
    }
    return session;
}

struct oc_client *oc_session_find(struct oc_work *w, const char *name)
{
    for (struct oc_client *c = oc_session(w); c; c = c->next) {
        if (strcmp(c->name, name) == 0) {
            return c;
        }
    }
    if (session) {
        json_t *list = oc_registries_load(w);
        oc_registries_unknown(w, list, name);
        json_decref(list);
    }
    return NULL;
}

int oc_session_commit(struct oc_work *w)
{
    int code = OC_OK;
    for (struct oc_client *c = session; c && code == OC_OK; c = c->next) {
        code = c->fresh ? oc_client_commit(w, c) : OC_OK;
    }
    return code;
}

void oc_session_end(void)
{
    while (session) {
        struct oc_client *next = session->next;
        oc_client_close(session);
        session = next;
    }
}

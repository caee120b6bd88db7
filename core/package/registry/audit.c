/* registry.verify and registry.mirror: everything that a registry holds, read as a client reads it. SPDX-License-Identifier: MIT
 *
 * The same code as a client's: what it accepts here it would accept on a host, and what it refuses is a finding. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/package/registry/client.h"
#include "core/package/registry/keeper.h"
#include "core/sys/file.h"
#include "core/sys/sign.h"

struct audit {
    struct oc_work *w;
    struct oc_client *client;
    const char *copy; /* folder of the mirror; NULL: only verify */
    json_t *findings; /* owned */
    int64_t packages, versions, artifacts, bytes, done, all;
};

/* What was refused becomes a finding; cancelling and broken disks end the audit. */
static int note(struct audit *a, const char *where)
{
    struct oc_work *w = a->w;
    if (w->err.code == OC_E_CANCELLED || w->err.code == OC_E_INTERNAL) {
        return w->err.code;
    }
    json_t *finding = json_object();
    oc_json_set_str(finding, "where", where);
    oc_json_set_str(finding, "reason", oc_refusal(w));
    oc_json_set_str(finding, "message", w->err.message);
    json_array_append_new(a->findings, finding);
    oc_refuse_clear(w);
    return OC_OK;
}

static int copy_text(struct audit *a, const char *path, const struct oc_buf *text)
{
    if (!a->copy) {
        return OC_OK;
    }
    const struct oc_folder f = {.dir = (char *)(uintptr_t)a->copy};
    const int code = oc_folder_write(a->w, &f, path, text->data, text->len);
    if (code != OC_OK && code != OC_E_CANCELLED) {
        a->w->err.code = OC_E_INTERNAL; /* our disk, not the registry: see note() */
        return OC_E_INTERNAL;
    }
    return code;
}

/* A file that has been verified, by its reference. */
static int read_ref(struct audit *a, const struct oc_file_ref *ref, const char *path,
                    const char *reason, struct oc_buf *out)
{
    const int code = oc_client_file(a->w, a->client, ref, path, "audit", reason, false, out);
    oc_client_drop(a->client);
    return code == OC_OK ? copy_text(a, path, out) : code;
}

/* ---- artifacts ---- */

struct blob {
    int fd;
    uint64_t got;
    struct oc_sha256 hash;
    struct oc_work *w;
};

static int on_blob(void *ctx, const void *data, size_t len)
{
    struct blob *b = ctx;
    oc_sha256_add(&b->hash, data, len);
    b->got += len;
    const int rc = oc_fd_write_all(b->fd, data, len);
    return rc ? oc_error_errno(&b->w->err, OC_E_INTERNAL, -rc, "cannot write an archive") : OC_OK;
}

static int check_minisig(struct audit *a, const struct oc_delegation *d, const json_t *artifact,
                         int fd)
{
    const char *text = oc_json_str(artifact, "minisig", "");
    for (size_t i = 0; i < d->ring.count; i++) {
        if (oc_minisign_verify(&d->ring.keys[i], fd, text, strlen(text), NULL, NULL) == OC_OK) {
            return OC_OK;
        }
    }
    return oc_refuse(a->w, OC_E_VERIFY, "publisher-signature", "",
                     "an archive is not signed by its publisher");
}

static int read_blob(struct audit *a, const struct oc_delegation *d, const json_t *artifact,
                     const char *path, int fd)
{
    struct blob b = {.fd = fd, .w = a->w};
    char hex[OC_SHA256_HEX];
    const int64_t size = oc_json_int(artifact, "size", 0);
    oc_sha256_begin(&b.hash);
    int code = oc_source_get(a->client->source, a->w, path, (uint64_t)size, on_blob, &b);
    oc_sha256_end(&b.hash, hex);
    if (code == OC_OK && b.got != (uint64_t)size) {
        code = oc_refuse(a->w, OC_E_VERIFY, "artifact-length", "", "%s has another length", path);
    }
    if (code == OC_OK && strcmp(hex, oc_json_str(artifact, "sha256", "")) != 0) {
        code = oc_refuse(a->w, OC_E_VERIFY, "artifact-digest", "", "%s has another digest", path);
    }
    if (code == OC_OK) {
        a->artifacts++;
        a->bytes += size;
        code = check_minisig(a, d, artifact, fd);
    }
    return code;
}

/* Through a file beside its place, which is renamed when it is the right one. */
static int take_artifact(struct audit *a, const struct oc_delegation *d, const json_t *artifact)
{
    const char *sha = oc_json_str(artifact, "sha256", "");
    char *path = oc_asprintf("v1/blob/sha256/%.2s/%s", sha, sha), *to = NULL, *dir = NULL;
    char *temp = NULL;
    int fd = -1, code = OC_OK;
    if (a->copy) {
        to = oc_path_join(a->copy, path);
        dir = oc_path_dir(to);
        temp = oc_asprintf("%s.%ld.tmp", to, (long)getpid());
        code = oc_dir_make(dir, 0755, &a->w->err);
        fd = open(temp, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    } else {
        fd = open("/tmp", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
    }
    if (code == OC_OK && fd < 0) {
        code = oc_error_set(&a->w->err, OC_E_INTERNAL, "cannot write %s", temp ? temp : "/tmp");
    }
    if (code == OC_OK) {
        code = read_blob(a, d, artifact, path, fd);
    }
    if (temp && code == OC_OK && (fsync(fd) != 0 || rename(temp, to) != 0)) {
        code = oc_error_errno(&a->w->err, OC_E_INTERNAL, errno, "cannot write %s", to);
    }
    if (temp && code != OC_OK) {
        unlink(temp);
    }
    if (fd >= 0) {
        close(fd);
    }
    if (code != OC_OK) {
        code = note(a, path);
    }
    free(temp);
    free(dir);
    free(to);
    free(path);
    return code;
}

/* ---- packages ---- */

static int take_rows(struct audit *a, const struct oc_package *p)
{
    int code = OC_OK;
    for (size_t i = 0; code == OC_OK && i < json_array_size(p->rows); i++) {
        const json_t *list = json_object_get(json_array_get(p->rows, i), "artifacts");
        a->versions++;
        for (size_t k = 0; code == OC_OK && k < json_array_size(list); k++) {
            code = take_artifact(a, &p->delegation, json_array_get(list, k));
        }
    }
    return code;
}

static int take_package(struct audit *a, const char *id, const json_t *row)
{
    struct oc_file_ref ref = {0};
    struct oc_package p = {0};
    struct oc_buf text = {0};
    oc_file_ref_parse(json_object_get(row, "file"), OC_PACKAGE_MAX, &ref);
    char *path = oc_asprintf("v1/p/%s.%s.jsonl", id, ref.sha256);
    int code = read_ref(a, &ref, path, "package-mismatch", &text);
    if (code == OC_OK) {
        code = oc_package_parse(a->w, id, text.data, text.len, &a->client->root, &p);
    }
    if (code == OC_OK) {
        a->packages++;
        code = take_rows(a, &p);
    } else {
        code = note(a, path);
    }
    const char *near = oc_registry_near(&a->client->root, oc_registry_bare(id));
    if (code == OC_OK && near && !oc_json_bool(row, "reviewed", false)) {
        oc_refuse(a->w, OC_E_REFUSED, "name-near-popular", "", "%s is near to %s", id, near);
        code = note(a, path);
    }
    oc_package_finish(&p);
    oc_buf_finish(&text);
    free(path);
    return code;
}

static int take_shard(struct audit *a, const char *what, unsigned n, const struct oc_file_ref *ref)
{
    struct oc_buf text = {0};
    json_t *packages = NULL, *row;
    const char *id;
    char *path = oc_asprintf("v1/%s/%02x.%s.json", what, n, ref->sha256);
    char *reason = oc_asprintf("%s-mismatch", what);
    int code = read_ref(a, ref, path, reason, &text);
    if (code == OC_OK) {
        code = oc_shard_parse(text.data, text.len, &packages, &a->w->err);
    }
    if (code != OC_OK) {
        code = note(a, path);
    }
    json_object_foreach(packages, id, row)
    {
        if (code == OC_OK && strcmp(what, "shard") == 0) {
            code = oc_registry_shard(id) == n ? take_package(a, id, row) : OC_OK;
        }
        if (code == OC_OK && oc_work_cancelled()) {
            code = oc_error_set(&a->w->err, OC_E_CANCELLED, "cancelled");
        }
    }
    json_decref(packages);
    oc_buf_finish(&text);
    free(reason);
    free(path);
    return code;
}

static int take_search(struct audit *a)
{
    const struct oc_file_ref *ref = &a->client->snapshot.search;
    struct oc_buf text = {0};
    if (!ref->length) {
        return OC_OK;
    }
    char *path = oc_asprintf("v1/search.%s", ref->sha256);
    int code = read_ref(a, ref, path, "search-mismatch", &text);
    if (code != OC_OK) {
        code = note(a, path);
    }
    oc_buf_finish(&text);
    free(path);
    return code;
}

/* Every file that the snapshot names, and what those name. */
static int take_all(struct audit *a)
{
    const struct oc_snapshot *s = &a->client->snapshot;
    int code = OC_OK;
    for (unsigned n = 0; code == OC_OK && n < OC_SHARDS; n++) {
        if (s->shards[n].length) {
            code = take_shard(a, "shard", n, &s->shards[n]);
        }
        if (code == OC_OK && s->status[n].length) {
            code = take_shard(a, "status", n, &s->status[n]);
        }
        if (n % 16 == 15) {
            oc_work_progress(a->w, (n + 1.0) / OC_SHARDS, "reading the registry");
        }
    }
    return code == OC_OK ? take_search(a) : code;
}

/* ---- the signed documents of a mirror: the timestamp last, for it makes the rest real ---- */

static int copy_roots(struct audit *a)
{
    int code = OC_OK;
    for (int64_t v = 1; code == OC_OK && v <= a->client->root.version; v++) {
        struct oc_buf text = {0};
        char *path = oc_asprintf("v1/root.%" PRId64 ".json", v);
        code = oc_source_read(a->client->source, a->w, path, OC_ROOT_MAX, &text);
        if (code == OC_OK) {
            code = copy_text(a, path, &text);
        }
        free(path);
        oc_buf_finish(&text);
    }
    return code;
}

static int copy_documents(struct audit *a)
{
    char *path = oc_asprintf("v1/snapshot.%" PRId64 ".json", a->client->snapshot.version);
    int code = copy_roots(a);
    if (code == OC_OK) {
        code = copy_text(a, path, &a->client->snapshot_text);
    }
    if (code == OC_OK) {
        code = copy_text(a, "v1/timestamp.json", &a->client->timestamp_text);
    }
    free(path);
    return code;
}

/* ---- the verbs ---- */

static json_t *keys_of(const struct oc_root *root)
{
    json_t *json = json_object();
    for (int i = 0; i < OC_REGISTRY_ROLES; i++) {
        const struct oc_ring *ring = &root->roles[i];
        json_t *ids = json_array();
        for (size_t k = 0; k < ring->count; k++) {
            char id[OC_KEY_ID_TEXT];
            oc_key_id_text(ring->keys[k].id, id);
            json_array_append_new(ids, json_string(id));
        }
        oc_json_take(json, oc_role_names[i],
                     json_pack("{s:o, s:i}", "keys", ids, "threshold", (int)ring->threshold));
    }
    return json;
}

static json_t *result_of(const struct audit *a)
{
    char hex[OC_SHA256_HEX], when[32];
    json_t *json = json_object();
    oc_client_fingerprint(a->client, hex);
    oc_json_set_str(json, "url", a->client->url);
    oc_json_set_str(json, "name", oc_json_str(a->client->root.json, "name", ""));
    oc_json_set_str(json, "fingerprint", hex);
    oc_json_set_int(json, "root", a->client->root.version);
    oc_json_set_int(json, "snapshot", a->client->snapshot.version);
    oc_json_set_str(json, "timestamp_expires",
                    oc_time_format(a->client->timestamp.expires_ms, when, sizeof when));
    oc_json_set_int(json, "packages", a->packages);
    oc_json_set_int(json, "versions", a->versions);
    oc_json_set_int(json, "artifacts", a->artifacts);
    oc_json_set_int(json, "bytes", a->bytes);
    oc_json_take(json, "keys", keys_of(&a->client->root));
    oc_json_take(json, "findings", json_incref(a->findings));
    return json;
}

static int run(struct oc_work *w, const char *source, const char *copy)
{
    const struct oc_source_options options = {.ca = oc_json_str(w->params, "ca", NULL)};
    struct audit a = {.w = w, .copy = copy, .findings = json_array()};
    a.client = oc_client_new(w, "audit", source, &options);
    int code = a.client ? oc_client_pin(w, a.client, oc_json_str(w->params, "fingerprint", NULL))
                        : w->err.code;
    if (code == OC_OK) {
        code = oc_client_refresh(w, a.client, false);
    }
    if (code == OC_OK) {
        code = take_all(&a);
    }
    if (code == OC_OK && copy) {
        code =
            json_array_size(a.findings)
                ? oc_refuse(w, OC_E_VERIFY, "mirror-incomplete",
                            "`openclaw registry verify` lists what is wrong with the source.",
                            "%zu files of the registry are not what they should be; the first: %s",
                            json_array_size(a.findings),
                            oc_json_str(json_array_get(a.findings, 0), "message", ""))
                : copy_documents(&a);
    }
    if (code == OC_OK && !copy && json_array_size(a.findings)) {
        const json_t *first = json_array_get(a.findings, 0);
        oc_work_detail(w, "report", result_of(&a));
        code = oc_refuse(w, OC_E_VERIFY, "registry-damaged",
                         "Clients refuse what is listed; publish or restore it again.",
                         "%zu findings, the first: %s: %s", json_array_size(a.findings),
                         oc_json_str(first, "where", ""), oc_json_str(first, "message", ""));
    }
    if (code == OC_OK) {
        oc_work_result(w, result_of(&a));
    }
    oc_client_close(a.client);
    json_decref(a.findings);
    return code;
}

int oc_keeper_verify(struct oc_work *w)
{
    return run(w, oc_json_str(w->params, "dir", "."), NULL);
}

int oc_keeper_mirror(struct oc_work *w)
{
    char *copy = oc_path_expand(oc_json_str(w->params, "dir", "."), NULL);
    const int code = run(w, oc_json_str(w->params, "source", ""), copy);
    free(copy);
    return code;
}

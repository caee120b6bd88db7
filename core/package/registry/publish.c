/* registry.publish: a packed and signed plugin becomes a version of a registry. SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/package/registry/keeper.h"
#include "core/package/registry/package.h"
#include "core/package/semver.h"
#include "core/package/surface.h"
#include "core/sys/file.h"

/* What is being published. */
struct publication {
    struct oc_folder f;
    struct oc_keychain chain;
    struct oc_delegation delegation;
    struct oc_buf delegation_line;
    char *id;    /* owned */
    json_t *row; /* owned: the version row */
    bool new_publisher;
};

/* ---- the publisher ---- */

static int delegate_first(struct oc_work *w, struct publication *p, const char *publisher)
{
    struct oc_public_key key;
    if (!*oc_json_str(w->params, "publisher_key", "")) {
        return oc_refuse(w, OC_E_NOT_FOUND, "publisher-unknown",
                         "`openclaw registry delegate DIR PUBLISHER KEY.pub` adds one; or give the "
                         "publisher's own key as --publisher-key.",
                         "the registry knows no publisher %s", publisher);
    }
    oc_key_public_of(&p->chain.keys[p->chain.count - 1], &key); /* the one that was added last */
    oc_copy(p->delegation.publisher, sizeof p->delegation.publisher, publisher);
    oc_ring_add(&p->delegation.ring, &key);
    p->delegation.ring.threshold = 1;
    p->delegation.community = oc_json_bool(w->params, "community", false);
    p->new_publisher = true;
    return oc_keeper_put_delegation(w, &p->f, &p->chain, &p->delegation, &p->delegation_line);
}

static int load_publisher(struct oc_work *w, struct publication *p)
{
    const char *publisher = oc_json_str(w->params, "publisher", "");
    const char *file = oc_json_str(w->params, "publisher_key", "");
    if (!oc_registry_word(publisher) || strcmp(publisher, "local") == 0) {
        return oc_refuse(w, OC_E_CONFIG, "name-invalid",
                         "Give --publisher NAME: small letters, digits and dashes, and not local.",
                         "'%.100s' is no name of a publisher", publisher);
    }
    if (*file && oc_keychain_add(w, &p->chain, file, "publisher_password_file") != OC_OK) {
        return w->err.code;
    }
    const int code = oc_keeper_delegation(w, &p->f, publisher, &p->delegation_line, &p->delegation);
    return code == OC_E_NOT_FOUND ? delegate_first(w, p, publisher) : code;
}

/* ---- the row ---- */

static int check_name(struct oc_work *w, const struct publication *p, const char *name)
{
    const char *near = oc_registry_near(&p->f.root, name);
    if (!oc_registry_word(name)) {
        return oc_refuse(w, OC_E_CONFIG, "name-invalid",
                         "Names in a registry have small letters, digits and dashes.",
                         "'%.100s' is no name of a package", name);
    }
    if (near && !oc_json_bool(w->params, "reviewed", false)) {
        return oc_refuse(w, OC_E_REFUSED, "name-near-popular",
                         "If somebody has looked at it and it is honest, say --reviewed.",
                         "%s is one letter away from the popular %s", name, near);
    }
    return OC_OK;
}

static json_t *provides_of(const json_t *manifest)
{
    json_t *list = json_array();
    const json_t *operations = json_object_get(manifest, "operations");
    for (size_t i = 0; i < json_array_size(operations); i++) {
        const char *name = oc_json_str(json_array_get(operations, i), "name", "");
        json_array_append_new(list, json_string(name));
    }
    return list;
}

static json_t *row_of(const struct oc_work *w, const char *id, const json_t *manifest)
{
    static const char *const texts[] = {"version", "summary",  "kind",
                                        "license", "homepage", "author"};
    json_t *row = json_object(), *permissions = json_object_get(manifest, "permissions");
    char when[32], surface[OC_SHA256_HEX];
    oc_json_set_str(row, "type", "release");
    oc_json_set_int(row, "format", OC_REGISTRY_FORMAT);
    oc_json_set_str(row, "id", id);
    oc_json_set_str(row, "published", oc_time_format(oc_time_wall(), when, sizeof when));
    for (size_t i = 0; i < OC_COUNT(texts); i++) {
        json_t *value = json_object_get(manifest, texts[i]);
        if (value) {
            json_object_set(row, texts[i], value);
        }
    }
    json_object_set_new(row, "permissions",
                        json_is_array(permissions) ? json_incref(permissions) : json_array());
    oc_surface(json_object_get(row, "permissions"), surface);
    oc_json_set_str(row, "surface", surface);
    oc_json_take(row, "provides", provides_of(manifest));
    oc_json_take(row, "requires", json_object());
    oc_json_take(row, "artifacts", json_array());
    if (*oc_json_str(w->params, "changelog", "")) {
        oc_json_set_str(row, "changelog", oc_json_str(w->params, "changelog", ""));
    }
    return row;
}

/* ---- the signature of the archive ---- */

/* "openclaw:<id>@<version> target:<target>": what a signature is for. */
static char *trusted_of(const struct publication *p, const json_t *artifact)
{
    const char *os = oc_json_str(artifact, "os", "any");
    char *target = strcmp(os, "any") == 0
                       ? oc_strdup("any")
                       : oc_asprintf("%s-%s-%s", os, oc_json_str(artifact, "arch", ""),
                                     oc_json_str(artifact, "libc", ""));
    char *text =
        oc_asprintf("openclaw:%s@%s target:%s", p->id, oc_json_str(p->row, "version", ""), target);
    free(target);
    return text;
}

/* FILE.minisig when it is by a key of the publisher and for this release. */
static bool given_signature(const struct publication *p, const char *file, int fd,
                            const char *trusted, struct oc_buf *out)
{
    char *path = oc_asprintf("%s.minisig", file);
    bool good = false;
    if (oc_file_read(path, 4096, out, NULL) == OC_OK) {
        for (size_t i = 0; !good && i < p->delegation.ring.count; i++) {
            struct oc_buf comment = {0};
            good = oc_minisign_verify(&p->delegation.ring.keys[i], fd, out->data, out->len,
                                      &comment, NULL) == OC_OK &&
                   comment.data && oc_starts(comment.data, trusted) &&
                   strchr(" ", comment.data[strlen(trusted)]);
            oc_buf_finish(&comment);
        }
    }
    if (!good) {
        oc_buf_clear(out);
    }
    free(path);
    return good;
}

static int make_signature(struct oc_work *w, const struct publication *p, const char *file, int fd,
                          const char *trusted, struct oc_buf *out)
{
    struct oc_secret_key keys[OC_RING_MAX];
    const char *slash = strrchr(file, '/');
    if (oc_keychain_pick(&p->chain, &p->delegation.ring, keys) == 0) {
        return oc_refuse(w, OC_E_AUTH, "key-missing",
                         "Sign it with `openclaw plugin sign --id PUBLISHER/NAME`, or give "
                         "--publisher-key FILE.",
                         "%s has no signature of its publisher for %s", file, trusted);
    }
    char *comment = oc_asprintf("%s file:%s timestamp:%lld", trusted, slash ? slash + 1 : file,
                                (long long)(oc_time_wall() / 1000));
    const int code = oc_minisign_sign(&keys[0], fd, comment, out, &w->err);
    oc_bytes_wipe(keys, sizeof keys);
    free(comment);
    return code;
}

static int sign_artifact(struct oc_work *w, const struct publication *p, const char *file,
                         json_t *artifact)
{
    struct oc_buf minisig = {0};
    char *trusted = trusted_of(p, artifact);
    const int fd = open(file, O_RDONLY | O_CLOEXEC);
    int code = fd < 0 ? oc_error_errno(&w->err, 0, errno, "cannot read %s", file) : OC_OK;
    if (code == OC_OK && !given_signature(p, file, fd, trusted, &minisig)) {
        code = make_signature(w, p, file, fd, trusted, &minisig);
    }
    if (code == OC_OK) {
        oc_json_set_str(artifact, "minisig", minisig.data);
    }
    if (fd >= 0) {
        close(fd);
    }
    oc_buf_finish(&minisig);
    free(trusted);
    return code;
}

static int put_blob(struct oc_work *w, const struct oc_folder *f, const char *file,
                    const json_t *artifact)
{
    const char *sha = oc_json_str(artifact, "sha256", "");
    struct oc_buf data = {0};
    char *path = oc_asprintf("v1/blob/sha256/%.2s/%s", sha, sha);
    int code = oc_file_read(file, (size_t)oc_json_int(artifact, "size", 0), &data, &w->err);
    if (code == OC_OK) {
        code = oc_folder_write(w, f, path, data.data, data.len);
    }
    oc_buf_finish(&data);
    free(path);
    return code;
}

/* ---- one archive after the other ---- */

static int begin_row(struct oc_work *w, struct publication *p, const json_t *manifest)
{
    const char *name = oc_json_str(manifest, "name", "");
    const int code = check_name(w, p, name);
    if (code == OC_OK) {
        p->id = oc_asprintf("%s/%s", p->delegation.publisher, name);
        p->row = row_of(w, p->id, manifest);
    }
    return code;
}

/* The second archive of a release is the same plugin built for another host. */
static int check_same(struct oc_work *w, const struct publication *p, const json_t *manifest)
{
    if (strcmp(oc_json_str(manifest, "name", ""), oc_registry_bare(p->id)) == 0 &&
        strcmp(oc_json_str(manifest, "version", ""), oc_json_str(p->row, "version", "")) == 0) {
        return OC_OK;
    }
    return oc_refuse(w, OC_E_CONFIG, "archives-differ",
                     "One call publishes one version: give builds of the same plugin.",
                     "%s %s and %s %s are not one release", oc_registry_bare(p->id),
                     oc_json_str(p->row, "version", ""), oc_json_str(manifest, "name", ""),
                     oc_json_str(manifest, "version", ""));
}

static int add_archive(struct oc_work *w, struct publication *p, const char *file)
{
    json_t *described = oc_keeper_describe(w, file);
    if (!described) {
        return w->err.code;
    }
    json_t *artifact = json_object_get(described, "artifact");
    const json_t *manifest = json_object_get(described, "manifest");
    int code = p->row ? check_same(w, p, manifest) : begin_row(w, p, manifest);
    if (code == OC_OK) {
        code = sign_artifact(w, p, file, artifact);
    }
    if (code == OC_OK) {
        code = put_blob(w, &p->f, file, artifact);
    }
    if (code == OC_OK) {
        json_array_append(json_object_get(p->row, "artifacts"), artifact);
    }
    json_decref(described);
    return code;
}

static int add_archives(struct oc_work *w, struct publication *p)
{
    const json_t *files = json_object_get(w->params, "files");
    int code = OC_OK;
    if (json_array_size(files) == 0) {
        return oc_error_set(&w->err, OC_E_CONFIG, "files: required and missing");
    }
    for (size_t i = 0; code == OC_OK && i < json_array_size(files); i++) {
        char *file = oc_path_expand(json_string_value(json_array_get(files, i)), NULL);
        code = add_archive(w, p, file);
        free(file);
    }
    return code;
}

/* ---- into the registry ---- */

static int read_package(struct oc_work *w, const struct publication *p, const json_t *entry,
                        struct oc_buf *text)
{
    struct oc_file_ref ref;
    struct oc_package old = {0};
    int code = OC_OK;
    if (!oc_file_ref_parse(json_object_get(entry, "file"), OC_PACKAGE_MAX, &ref)) {
        oc_buf_add(text, p->delegation_line.data, p->delegation_line.len);
        return OC_OK;
    }
    char *path = oc_asprintf("v1/p/%s.%s.jsonl", p->id, ref.sha256);
    code = oc_folder_read(w, &p->f, path, OC_PACKAGE_MAX, text);
    if (code == OC_OK) {
        code = oc_package_parse(w, p->id, text->data, text->len, &p->f.root, &old);
    }
    for (size_t i = 0; code == OC_OK && i < json_array_size(old.rows); i++) {
        const char *version = oc_json_str(json_array_get(old.rows, i), "version", "");
        if (oc_semver_compare(version, oc_json_str(p->row, "version", "")) == 0) {
            code = oc_refuse(w, OC_E_CONFLICT, "version-exists",
                             "A published version never changes: raise the number.",
                             "%s %s is published already", p->id, version);
        }
    }
    oc_package_finish(&old);
    free(path);
    return code;
}

static bool is_newest(const struct oc_work *w, const struct publication *p,
                      const struct oc_buf *text)
{
    struct oc_package all;
    struct oc_work quiet = {.home = w->home, .params = w->params};
    bool newest = false;
    if (oc_package_parse(&quiet, p->id, text->data, text->len, &p->f.root, &all) == OC_OK) {
        const char *first = oc_json_str(json_array_get(all.rows, 0), "version", "");
        newest = strcmp(first, oc_json_str(p->row, "version", "")) == 0;
        oc_package_finish(&all);
    }
    oc_refuse_clear(&quiet);
    return newest;
}

static int put_package(struct oc_work *w, struct publication *p, json_t *packages)
{
    struct oc_buf text = {0};
    struct oc_file_ref ref;
    const unsigned shard = oc_registry_shard(p->id);
    json_t *entry = json_object_get(packages, p->id);
    char *prefix = oc_asprintf("v1/p/%s.", p->id);
    int code = read_package(w, p, entry, &text);
    if (code == OC_OK) {
        code = oc_keychain_sign(w, &p->chain, &p->delegation.ring, "release", p->row, &text);
    }
    if (code == OC_OK) {
        code = oc_folder_put(w, &p->f, prefix, ".jsonl", text.data, text.len, &ref);
    }
    if (code == OC_OK) {
        json_t *row = json_pack("{s:o}", "file", oc_file_ref_json(&ref));
        if (oc_json_bool(entry, "reviewed", false) || oc_json_bool(w->params, "reviewed", false)) {
            oc_json_set_bool(row, "reviewed", true);
        }
        oc_json_take(packages, p->id, row);
        code = oc_folder_put_shard(w, &p->f, "shard", shard, packages);
    }
    if (code == OC_OK && is_newest(w, p, &text)) {
        code = oc_keeper_index(w, &p->f, p->id, p->row,
                               p->delegation.community ? "community" : "publisher");
    }
    oc_buf_finish(&text);
    free(prefix);
    return code;
}

static json_t *result_of(const struct publication *p)
{
    json_t *json = json_object();
    oc_json_set_str(json, "id", p->id);
    oc_json_set_str(json, "version", oc_json_str(p->row, "version", ""));
    oc_json_set_str(json, "surface", oc_json_str(p->row, "surface", ""));
    oc_json_set_int(json, "artifacts",
                    (int64_t)json_array_size(json_object_get(p->row, "artifacts")));
    oc_json_set_int(json, "snapshot", p->f.snapshot.version);
    oc_json_set_bool(json, "new_publisher", p->new_publisher);
    return json;
}

int oc_keeper_publish(struct oc_work *w)
{
    struct publication p = {0};
    json_t *packages = NULL;
    int code = oc_folder_open(w, &p.f);
    if (code == OC_OK) {
        code = oc_keychain_load(w, &p.f, &p.chain);
    }
    if (code == OC_OK) {
        code = load_publisher(w, &p);
    }
    if (code == OC_OK) {
        code = add_archives(w, &p);
    }
    if (code == OC_OK) {
        code = oc_row_check(p.row, &w->err);
    }
    if (code == OC_OK) {
        packages = oc_folder_shard(w, &p.f, "shard", oc_registry_shard(p.id));
        code = packages ? put_package(w, &p, packages) : w->err.code;
    }
    if (code == OC_OK) {
        code = oc_folder_publish(w, &p.f, &p.chain, false);
    }
    if (code == OC_OK) {
        oc_work_result(w, result_of(&p));
    }
    json_decref(packages);
    json_decref(p.row);
    free(p.id);
    oc_keychain_wipe(&p.chain);
    oc_buf_finish(&p.delegation_line);
    oc_folder_close(&p.f);
    return code;
}

/* Writes, reads and obeys openclaw.lock. SPDX-License-Identifier: MIT */
#include "core/package/install/lockfile.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/version.h"
#include "core/package/install/candidate.h"
#include "core/package/registry/refuse.h"
#include "core/sys/file.h"

#define LOCK_MAX  (8u << 20)
#define COUNT_MAX 10000u

static const char HINT[] = "Write it anew with `openclaw plugin lock`.";

/* ---- writing ---- */

static void copy_keys(json_t *to, const json_t *from)
{
    static const char *const keys[] = {
        "name",         "id",     "version", "source",  "registry",    "range",
        "root_version", "digest", "size",    "digests", "permissions", "surface",
        "abi",          "tier",   "trust",   "key",     "comment"};
    for (size_t i = 0; i < OC_COUNT(keys); i++) {
        json_t *value = json_object_get(from, keys[i]);
        if (value && !json_is_null(value)) {
            json_object_set(to, keys[i], value);
        }
    }
}

/* The version of the registry's root that this host trusts: who has an older one cannot have verified this. */
static void add_root(const struct oc_work *w, json_t *row)
{
    const char *registry = oc_json_str(row, "registry", NULL);
    if (!registry || !oc_name_valid(registry)) {
        return;
    }
    struct oc_buf text = {0};
    char *path = oc_asprintf("%s/packages/registries/%s/root.json", w->home, registry);
    json_t *root = oc_file_read(path, LOCK_MAX, &text, NULL) == OC_OK && text.len
                       ? oc_json_parse(text.data, text.len, NULL)
                       : NULL;
    const json_t *version = oc_json_path(root, "signed.version");
    if (json_is_integer(version)) {
        json_object_set(row, "root_version", (json_t *)(uintptr_t)version);
    }
    json_decref(root);
    oc_buf_finish(&text);
    free(path);
}

json_t *oc_lockfile_make(struct oc_work *w, const struct oc_state *state)
{
    json_t *lock = json_object(), *rows = json_array();
    oc_json_set_str(lock, "schema", OC_LOCK_SCHEMA);
    oc_json_set_str(lock, "made_by", "openclaw " OC_VERSION);
    for (size_t i = 0; i < state->count; i++) {
        const struct oc_installed *p = &state->plugins[i];
        json_t *row = json_object();
        if (!*p->digest) {
            oc_work_warn(w, "%s is a linked folder and is left out", p->name);
            json_decref(row);
            continue;
        }
        copy_keys(row, p->json);
        add_root(w, row);
        if (!json_object_get(row, "digests")) {
            json_t *digests = json_object();
            oc_json_set_str(digests, oc_target(), p->digest);
            oc_json_take(row, "digests", digests);
        }
        json_array_append_new(rows, row);
    }
    oc_json_take(lock, "plugins", rows);
    return lock;
}

/* ---- reading ---- */

static json_t *wrong(struct oc_work *w, json_t *lock, const char *what)
{
    json_decref(lock);
    oc_refuse(w, OC_E_CONFIG, "lock-wrong", HINT, "the lock file is wrong: %s", what);
    return NULL;
}

static bool row_valid(const json_t *row)
{
    const char *digest = oc_lockfile_digest(row);
    return oc_name_valid(oc_json_str(row, "name", "")) && *oc_json_str(row, "version", "") &&
           strchr(oc_json_str(row, "id", ""), '/') && strlen(digest) == 64 &&
           strspn(digest, "0123456789abcdef") == 64;
}

json_t *oc_lockfile_parse(struct oc_work *w, const char *text, size_t len)
{
    json_t *lock = oc_json_parse(text, len, &w->err);
    const json_t *rows = json_object_get(lock, "plugins"), *row;
    size_t i;
    if (!lock) {
        return wrong(w, lock, "it is no JSON document");
    }
    if (strcmp(oc_json_str(lock, "schema", ""), OC_LOCK_SCHEMA) != 0) {
        return wrong(w, lock, "its schema is not " OC_LOCK_SCHEMA);
    }
    if (!json_is_array(rows) || json_array_size(rows) > COUNT_MAX) {
        return wrong(w, lock, "it has no list of plugins");
    }
    json_array_foreach(rows, i, row)
    {
        if (!row_valid(row)) {
            return wrong(w, lock, "a plugin lacks its name, id, version or digest");
        }
    }
    return lock;
}

json_t *oc_lockfile_read(struct oc_work *w, const char *path)
{
    struct oc_buf text = {0};
    json_t *lock = NULL;
    const int code = oc_file_read(path, LOCK_MAX, &text, &w->err);
    if (code == OC_OK) {
        lock = oc_lockfile_parse(w, text.data ? text.data : "", text.len);
    } else {
        oc_error_hint(&w->err, "%s", HINT);
        oc_work_reason(w, "lock-missing");
    }
    oc_buf_finish(&text);
    return lock;
}

const json_t *oc_lockfile_find(const json_t *lock, const char *name_or_id)
{
    const json_t *row;
    size_t i;
    json_array_foreach(json_object_get(lock, "plugins"), i, row)
    {
        if (strcmp(oc_json_str(row, "name", ""), name_or_id) == 0 ||
            strcmp(oc_json_str(row, "id", ""), name_or_id) == 0) {
            return row;
        }
    }
    return NULL;
}

const char *oc_lockfile_digest(const json_t *row)
{
    return oc_json_str(json_object_get(row, "digests"), oc_target(),
                       oc_json_str(row, "digest", ""));
}

char *oc_lockfile_path(const struct oc_work *w)
{
    return oc_path_join(w->home, "openclaw.lock");
}

/* ---- obeying ---- */

int oc_step_lock(struct oc_selection *s, struct oc_candidate *c)
{
    if (!s->o.locked) {
        return OC_OK;
    }
    const json_t *row = oc_lockfile_find(s->lock, c->id);
    if (!row) {
        return oc_refuse(
            s->w, OC_E_CONFLICT, "lock-mismatch",
            "Install it without --locked, then write the lock with `openclaw plugin lock`.",
            "%s is not in the lock file", c->id);
    }
    const char *field = strcmp(oc_json_str(row, "version", ""), c->version) != 0 ? "version"
                        : strcmp(oc_lockfile_digest(row), c->digest) != 0        ? "digest"
                        : strcmp(oc_json_str(row, "surface", c->surface), c->surface) != 0
                            ? "surface"
                            : NULL;
    if (field) {
        const bool version = strcmp(field, "version") == 0;
        const char *is = version ? c->version : *field == 'd' ? c->digest : c->surface;
        const char *want = *field == 'd' ? oc_lockfile_digest(row) : oc_json_str(row, field, "");
        return oc_refuse(
            s->w, OC_E_CONFLICT, "lock-mismatch",
            "Install it without --locked, then write the lock with `openclaw plugin lock`.",
            "the lock file wants %s with the %s %.16s, found %.16s", c->id, field, want, is);
    }
    return OC_OK;
}

/* registry.yank and registry.advise: what is said about versions after they were published. SPDX-License-Identifier: MIT
 *
 * Nothing is removed: who has a yanked version keeps it, nobody new gets it. */
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/package/registry/keeper.h"
#include "core/package/registry/package.h"
#include "core/package/registry/spec.h"
#include "core/package/semver.h"

#define SEVERITIES "low|medium|high|critical|malicious"

/* A package of the folder whose status changes. */
struct change {
    struct oc_folder f;
    struct oc_keychain chain;
    char *id, *range; /* owned */
    json_t *all;      /* owned: the status file's packages */
    json_t *status;   /* borrowed from all: of this package */
};

static int open_package(struct oc_work *w, struct change *c)
{
    const unsigned n = oc_registry_shard(c->id);
    json_t *packages = oc_folder_shard(w, &c->f, "shard", n);
    const bool there = json_object_get(packages, c->id) != NULL;
    json_decref(packages);
    if (!packages) {
        return w->err.code;
    }
    if (!there) {
        return oc_refuse(w, OC_E_NOT_FOUND, "package-unknown",
                         "Write publisher/name, and @version where one is meant.",
                         "the registry has no package %s", c->id);
    }
    c->all = oc_folder_shard(w, &c->f, "status", n);
    if (!c->all) {
        return w->err.code;
    }
    c->status = json_object_get(c->all, c->id);
    if (!c->status) {
        c->status = json_object();
        json_object_set_new(c->all, c->id, c->status);
    }
    return OC_OK;
}

static int begin(struct oc_work *w, struct change *c)
{
    struct oc_spec spec;
    int code = oc_folder_open(w, &c->f);
    if (code == OC_OK) {
        code = oc_spec_parse(oc_json_str(w->params, "package", ""), &spec, &w->err);
    }
    if (code == OC_OK && !*spec.publisher) {
        code = oc_refuse(w, OC_E_CONFIG, "name-invalid", "Write publisher/name@version.",
                         "%s names no publisher", spec.name);
    }
    if (code == OC_OK) {
        c->id = oc_asprintf("%s/%s", spec.publisher, spec.name);
        c->range = oc_strdup(spec.range);
        code = oc_keychain_load(w, &c->f, &c->chain);
    }
    return code == OC_OK ? open_package(w, c) : code;
}

/* Takes `result`. */
static int end(struct oc_work *w, struct change *c, int code, json_t *result)
{
    if (code == OC_OK) {
        if (json_object_size(c->status) == 0) {
            json_object_del(c->all, c->id);
        }
        code = oc_folder_put_shard(w, &c->f, "status", oc_registry_shard(c->id), c->all);
    }
    if (code == OC_OK) {
        code = oc_folder_publish(w, &c->f, &c->chain, false);
    }
    if (code == OC_OK) {
        oc_json_set_str(result, "id", c->id);
        oc_json_set_int(result, "snapshot", c->f.snapshot.version);
        oc_work_result(w, json_incref(result));
    }
    json_decref(result);
    json_decref(c->all);
    oc_keychain_wipe(&c->chain);
    free(c->range);
    free(c->id);
    oc_folder_close(&c->f);
    return code;
}

/* ---- yank ---- */

static int has_version(struct oc_work *w, const struct change *c, const char *version)
{
    struct oc_package p = {0};
    struct oc_file_ref ref = {0};
    struct oc_buf text = {0};
    json_t *packages = oc_folder_shard(w, &c->f, "shard", oc_registry_shard(c->id));
    const json_t *entry = json_object_get(packages, c->id);
    bool found = false;
    oc_file_ref_parse(json_object_get(entry, "file"), OC_PACKAGE_MAX, &ref);
    char *path = oc_asprintf("v1/p/%s.%s.jsonl", c->id, ref.sha256);
    int code = oc_folder_read(w, &c->f, path, OC_PACKAGE_MAX, &text);
    if (code == OC_OK) {
        code = oc_package_parse(w, c->id, text.data, text.len, &c->f.root, &p);
    }
    for (size_t i = 0; i < json_array_size(p.rows); i++) {
        const char *v = oc_json_str(json_array_get(p.rows, i), "version", "");
        found = found || oc_semver_compare(v, version) == 0;
    }
    if (code == OC_OK && !found) {
        code = oc_refuse(w, OC_E_NOT_FOUND, "version-unknown", "Write publisher/name@version.",
                         "%s has no version %s", c->id, version);
    }
    oc_package_finish(&p);
    oc_buf_finish(&text);
    free(path);
    json_decref(packages);
    return code;
}

static void set_yank(struct oc_work *w, struct change *c, const char *version)
{
    json_t *yanked = json_object_get(c->status, "yanked");
    if (!yanked) {
        yanked = json_object();
        json_object_set_new(c->status, "yanked", yanked);
    }
    if (oc_json_bool(w->params, "undo", false)) {
        json_object_del(yanked, version);
    } else {
        oc_json_set_str(yanked, version, oc_json_str(w->params, "reason", ""));
    }
    if (json_object_size(yanked) == 0) {
        json_object_del(c->status, "yanked");
    }
}

int oc_keeper_yank(struct oc_work *w)
{
    struct change c = {0};
    json_t *result = json_object();
    int code = begin(w, &c);
    const char *version = code == OC_OK ? oc_range_exact(c.range) : NULL;
    if (code == OC_OK && !version) {
        code = oc_refuse(w, OC_E_CONFIG, "version-unknown", "Write publisher/name@1.2.0.",
                         "one exact version is yanked, not '%s'", c.range);
    }
    if (code == OC_OK) {
        code = has_version(w, &c, version);
    }
    if (code == OC_OK) {
        set_yank(w, &c, version);
        oc_json_set_str(result, "version", version);
        oc_json_set_bool(result, "yanked", !oc_json_bool(w->params, "undo", false));
    }
    return end(w, &c, code, result);
}

/* ---- advise ---- */

static bool severity_ok(const char *word)
{
    static const char *const words[] = {"low", "medium", "high", "critical", "malicious"};
    for (size_t i = 0; i < OC_COUNT(words); i++) {
        if (strcmp(word, words[i]) == 0) {
            return true;
        }
    }
    return false;
}

static json_t *advisory_of(const struct oc_work *w, const struct change *c, const char *id)
{
    static const char *const texts[] = {"severity", "summary", "url", "fixed"};
    json_t *a = json_object();
    char when[32];
    oc_json_set_str(a, "id", id);
    oc_json_set_str(a, "range", *c->range ? c->range : "*");
    oc_json_set_str(a, "published", oc_time_format(oc_time_wall(), when, sizeof when));
    for (size_t i = 0; i < OC_COUNT(texts); i++) {
        const char *text = oc_json_str(w->params, texts[i], "");
        if (*text) {
            oc_json_set_str(a, texts[i], text);
        }
    }
    return a;
}

/* In the place of an older one of that id; taken out with --withdraw. */
static int set_advisory(struct oc_work *w, struct change *c, const char *id)
{
    json_t *list = json_object_get(c->status, "advisories");
    const bool withdraw = oc_json_bool(w->params, "withdraw", false);
    if (!withdraw && !severity_ok(oc_json_str(w->params, "severity", "medium"))) {
        return oc_error_set(&w->err, OC_E_CONFIG, "severity: expected " SEVERITIES);
    }
    for (size_t i = json_array_size(list); i > 0; i--) {
        if (strcmp(oc_json_str(json_array_get(list, i - 1), "id", ""), id) == 0) {
            json_array_remove(list, i - 1);
        }
    }
    if (!list) {
        list = json_array();
        json_object_set_new(c->status, "advisories", list);
    }
    if (!withdraw) {
        json_array_append_new(list, advisory_of(w, c, id));
    }
    if (json_array_size(list) == 0) {
        json_object_del(c->status, "advisories");
    }
    return OC_OK;
}

/* A text of the whole package; an empty one takes it away. */
static bool set_text(struct oc_work *w, struct change *c, const char *param, const char *key)
{
    const json_t *value = json_object_get(w->params, param);
    if (!json_is_string(value)) {
        return false;
    }
    if (*json_string_value(value)) {
        oc_json_set_str(c->status, key, json_string_value(value));
    } else {
        json_object_del(c->status, key);
    }
    return true;
}

int oc_keeper_advise(struct oc_work *w)
{
    struct change c = {0};
    const char *advisory = oc_json_str(w->params, "advisory", "");
    json_t *result = json_object();
    int code = begin(w, &c);
    if (code == OC_OK) {
        const bool deprecated = set_text(w, &c, "deprecate", "deprecated");
        const bool quarantined = set_text(w, &c, "quarantine", "quarantined");
        if (*advisory) {
            code = set_advisory(w, &c, advisory);
        } else if (!deprecated && !quarantined) {
            code = oc_error_set(&w->err, OC_E_CONFIG, "nothing is said about %s", c.id);
            oc_error_hint(&w->err, "Give --advisory ID, --deprecate TEXT or --quarantine TEXT.");
        }
    }
    if (code == OC_OK) {
        oc_json_take(result, "status", json_incref(c.status));
    }
    return end(w, &c, code, result);
}

/* Puts what was prepared into the store and writes the next state. SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/package/install/candidate.h"
#include "core/package/install/plan.h"
#include "core/package/install/refer.h"
#include "core/package/tree.h"
#include "core/sys/file.h"

/* ---- the receipt ---- */

static json_t *receipt_of(const struct oc_candidate *c)
{
    json_t *r = json_object();
    oc_json_set_int(r, "schema", 1);
    oc_json_set_str(r, "id", c->id);
    oc_json_set_str(r, "name", c->name);
    oc_json_set_str(r, "version", c->version);
    oc_json_set_str(r, "digest", c->digest);
    oc_json_set_int(r, "size", (int64_t)c->size);
    oc_json_set_str(r, "target", oc_target());
    oc_json_set_str(r, "source", c->source);
    oc_json_set_str(r, "registry",
                    c->release.registry ? c->release.registry
                                        : oc_json_str(c->receipt, "registry", NULL));
    oc_json_set_str(r, "trust", c->trust);
    oc_json_set_str(r, "key", strcmp(c->trust, "unsigned") != 0 ? c->key : NULL);
    oc_json_set_str(r, "comment", c->comment);
    oc_json_set_str(r, "surface", c->surface);
    oc_json_set_str(r, "describe_error", c->describe ? NULL : c->disabled_text);
    oc_json_set_time(r, "installed", oc_time_wall());
    json_object_set(r, "permissions", c->permissions);
    json_object_set(r, "files", c->files);
    if (c->describe) {
        json_object_set(r, "describe", c->describe);
    }
    if (c->findings) {
        json_object_set(r, "findings", c->findings);
    }
    if (c->release.row) {
        json_object_set(r, "release", c->release.row);
    }
    return r;
}

static int put(struct oc_selection *s, const char *folder, const char *name, const char *text,
               size_t len)
{
    char *path = oc_path_join(folder, name);
    const int code = oc_file_write(path, text, len, 0644, &s->w->err);
    free(path);
    return code;
}

/* The archive itself stays, too: so the signature can be verified again, and a bundle made. */
static int keep_archive(struct oc_selection *s, struct oc_candidate *c, const char *folder)
{
    char *path = oc_path_join(folder, "artifact.ocp");
    int code = rename(c->archive, path)
                   ? oc_error_errno(&s->w->err, 0, errno, "cannot keep the archive")
                   : OC_OK;
    free(path);
    if (code == OC_OK && c->minisig.len) {
        code = put(s, folder, "artifact.ocp.minisig", c->minisig.data, c->minisig.len);
    }
    return code;
}

static int add_receipt(struct oc_selection *s, struct oc_candidate *c)
{
    char *folder = oc_path_join(c->dir, ".openclaw");
    json_t *receipt = receipt_of(c);
    char *text = oc_json_pretty(receipt);
    int code = oc_dir_make(folder, 0755, &s->w->err);
    if (code == OC_OK) {
        code = put(s, folder, "receipt.json", text, strlen(text));
    }
    if (code == OC_OK) {
        code = keep_archive(s, c, folder);
    }
    free(text);
    json_decref(receipt);
    free(folder);
    return code;
}

/* ---- the store ---- */

/* The same artifact with the same receipt is there, and its bytes are as they should be. */
static bool is_stored(struct oc_selection *s, const struct oc_candidate *c)
{
    struct oc_error err;
    oc_error_init(&err);
    const struct oc_installed p = {.name = c->name, .digest = c->digest};
    json_t *receipt = oc_state_receipt(s->w->home, &p, &err);
    char *place = oc_txn_artifact(s->t, c->digest);
    json_t *files = receipt ? oc_tree_files(place, &err) : NULL;
    const json_t *described = json_object_get(receipt, "describe");
    const char *signer = strcmp(c->trust, "unsigned") != 0 ? c->key : NULL;
    const bool same = files && json_equal(files, c->files) &&
                      json_equal(files, json_object_get(receipt, "files")) &&
                      strcmp(oc_json_str(receipt, "trust", ""), c->trust) == 0 &&
                      strcmp(oc_json_str(receipt, "id", ""), c->id) == 0 &&
                      strcmp(oc_json_str(receipt, "key", ""), signer ? signer : "") == 0 &&
                      (c->describe ? json_equal(described, c->describe) : !described);
    json_decref(files);
    json_decref(receipt);
    free(place);
    return same;
}

static int publish(struct oc_selection *s, struct oc_candidate *c)
{
    if (!c->archive || (!s->o.force && is_stored(s, c))) {
        return OC_OK;
    }
    const int code = add_receipt(s, c);
    return code == OC_OK ? oc_txn_publish(s->t, c->dir, c->digest) : code;
}

/* ---- the row ---- */

/* What the release is on every platform that it was built for. */
static json_t *digests_of(const json_t *release)
{
    json_t *digests = json_object();
    const json_t *a;
    size_t i;
    json_array_foreach(json_object_get(release, "artifacts"), i, a)
    {
        char *target = oc_asprintf("%s-%s-%s", oc_json_str(a, "os", "any"),
                                   oc_json_str(a, "arch", "any"), oc_json_str(a, "libc", "any"));
        oc_json_set_str(digests, target, oc_json_str(a, "sha256", NULL));
        free(target);
    }
    return digests;
}

static void set_release(json_t *row, const struct oc_candidate *c)
{
    json_t *digests = digests_of(c->release.row);
    oc_json_set_str(row, "registry", c->release.registry);
    if (c->range) {
        oc_json_set_str(row, "range", c->range);
    }
    if (json_object_size(digests)) {
        json_object_set(row, "digests", digests);
    }
    json_decref(digests);
}

/* What a lock file tells, for one that came from the store; which registry it was is in the receipt. */
static void copy_wanted(json_t *row, const json_t *wanted, const json_t *receipt)
{
    static const char *const keys[] = {"range", "digests", "root_version"};
    if (oc_json_str(receipt, "registry", NULL)) {
        oc_json_set_str(row, "registry", oc_json_str(receipt, "registry", NULL));
    }
    for (size_t i = 0; i < OC_COUNT(keys); i++) {
        json_t *value = json_object_get(wanted, keys[i]);
        if (value) {
            json_object_set(row, keys[i], value);
        }
    }
}

static json_t *row_of(const struct oc_candidate *c)
{
    json_t *row = json_object();
    oc_json_set_str(row, "name", c->name);
    oc_json_set_str(row, "id", c->id);
    oc_json_set_str(row, "version", c->version);
    oc_json_set_str(row, "kind", c->kind);
    oc_json_set_str(row, "digest", c->digest);
    oc_json_set_int(row, "size", (int64_t)c->size);
    oc_json_set_str(row, "source", c->source);
    oc_json_set_str(row, "trust", c->trust);
    oc_json_set_str(row, "key", strcmp(c->trust, "unsigned") != 0 ? c->key : NULL);
    oc_json_set_str(row, "tier", c->tier);
    oc_json_set_bool(row, "tier_chosen", c->tier_chosen);
    oc_json_set_bool(row, "enabled", c->enabled);
    if (!c->enabled) {
        oc_json_set_str(row, "disabled_why", c->disabled_why ? c->disabled_why : "user");
        oc_json_set_str(row, "disabled_text", c->disabled_text);
    }
    oc_json_set_bool(row, "pinned", oc_json_bool(c->before, "pinned", false));
    oc_json_set_str(row, "surface", c->surface);
    oc_json_set_str(row, "abi", oc_json_str(c->manifest, "abi", NULL));
    json_object_set(row, "permissions", c->permissions);
    json_object_set(row, "grants", c->grants);
    if (c->release.id) {
        set_release(row, c);
    } else if (c->receipt) {
        copy_wanted(row, c->wanted, c->receipt);
    }
    return row;
}

/* ---- all ---- */

static char *about(const struct oc_selection *s)
{
    json_t *changed = json_array();
    for (size_t i = 0; i < s->list.count; i++) {
        const struct oc_candidate *c = s->list.items[i];
        if (c->action != OC_DO_NOTHING) {
            json_array_append_new(changed,
                                  json_pack("{s:s, s:s}", "name", c->name, "version", c->version));
        }
    }
    char *text = oc_refer_about(changed);
    json_decref(changed);
    return text;
}

int oc_selection_apply(struct oc_selection *s, const char *op, uint64_t *generation)
{
    int code = OC_OK;
    for (size_t i = 0; code == OC_OK && i < s->list.count; i++) {
        struct oc_candidate *c = s->list.items[i];
        if (c->action != OC_DO_NOTHING) {
            code = publish(s, c);
            oc_txn_set(s->t, c->name, row_of(c));
        }
    }
    if (code == OC_OK && oc_work_cancelled()) {
        code = oc_error_set(&s->w->err, OC_E_CANCELLED, "cancelled; nothing was changed");
    }
    if (code == OC_OK) {
        char *text = about(s);
        code = oc_txn_commit(s->t, op, text, generation);
        free(text);
    }
    if (code == OC_OK) {
        oc_txn_drop_fetched(s->t);
    }
    return code;
}

/* ---- the way through ---- */

static int prepare_one(struct oc_selection *s, struct oc_candidate *c)
{
    static int (*const steps[])(struct oc_selection *, struct oc_candidate *) = {
        oc_step_signature, oc_step_unpack,   oc_step_inspect,
        oc_step_lock,      oc_step_describe, oc_step_decide};
    int code = OC_OK;
    for (size_t i = 0; code == OC_OK && i < OC_COUNT(steps); i++) {
        code = oc_work_cancelled() ? oc_error_set(&s->w->err, OC_E_CANCELLED, "cancelled")
                                   : steps[i](s, c);
    }
    if (code != OC_OK && s->list.count > 1 && c->name) {
        oc_error_prefix(&s->w->err, "%s", c->name);
    }
    return code;
}

int oc_selection_prepare(struct oc_selection *s)
{
    int code = OC_OK;
    for (size_t i = 0; code == OC_OK && i < s->list.count; i++) {
        struct oc_candidate *c = s->list.items[i];
        char *text = oc_asprintf("checking %s", c->release.id ? c->release.id : c->source);
        oc_work_progress(s->w, (double)i / (double)s->list.count, text);
        free(text);
        code = prepare_one(s, c);
    }
    return code;
}

static json_t *answer(const json_t *plan, uint64_t generation)
{
    json_t *result = oc_refer_answer(plan, generation);
    const char *changelog = oc_json_str(plan, "changelog", NULL);
    if (changelog) {
        oc_json_set_str(result, "changelog", changelog);
    }
    return result;
}

static int run(struct oc_selection *s, const char *op)
{
    uint64_t generation = 0;
    int code = oc_selection_prepare(s);
    if (code != OC_OK) {
        return code;
    }
    json_t *plan = oc_selection_plan(s);
    if (s->o.dry_run) {
        oc_work_result(s->w, plan);
        return OC_OK;
    }
    code = oc_plan_check(s->w, plan, s->o.plan);
    if (code == OC_OK) {
        code = oc_selection_consent(s, plan);
    }
    if (code == OC_OK) {
        code = oc_selection_apply(s, op, &generation);
    }
    if (code == OC_OK) {
        oc_work_result(s->w, answer(plan, generation));
    }
    json_decref(plan);
    return code;
}

/* What a plan has fetched waits for its execution; after a refusal nothing is left. */
int oc_selection_run(struct oc_selection *s, const char *op)
{
    const int code = run(s, op);
    if (code != OC_OK) {
        oc_txn_drop_fetched(s->t);
    }
    return code;
}

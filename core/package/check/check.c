/* Runs the checks that are asked for and puts the result together. SPDX-License-Identifier: MIT */
#include "core/package/check/check.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/package/check/internal.h"
#include "core/sys/file.h"

/* ---- the result ---- */

struct counting {
    const struct oc_report *r;
    int level;
    json_t *made; /* owned by the result: {"OC0001":true} */
};

static void count_check(void *ctx, const struct oc_check *check)
{
    struct counting *c = ctx;
    if (oc_check_level(check) <= c->level && oc_report_wants(c->r, check->id)) {
        json_object_set_new(c->made, check->id, json_true());
    }
}

static json_t *make_result(const struct oc_subject *s, const struct oc_report *r, int level)
{
    struct counting counting = {r, level, json_object()};
    json_t *result = json_object();
    oc_check_each(count_check, &counting);
    oc_json_set_str(result, "path", s->so ? s->so : s->dir);
    oc_json_set_str(result, "name", s->manifest ? s->manifest->name : NULL);
    oc_json_set_str(result, "version", s->manifest ? s->manifest->version : NULL);
    oc_json_set_int(result, "level", level);
    oc_json_set_int(result, "checks", (int64_t)json_object_size(counting.made));
    oc_json_take(result, "made", counting.made);
    oc_json_set_int(result, "errors", r->counts[OC_SEVERITY_ERROR]);
    oc_json_set_int(result, "warnings", r->counts[OC_SEVERITY_WARNING]);
    oc_json_set_int(result, "notes", r->counts[OC_SEVERITY_NOTE]);
    json_object_set(result, "findings", r->findings);
    return result;
}

static void check_static(const struct oc_subject *s, const struct oc_work *w, struct oc_report *r)
{
    oc_check_manifest(s, r);
    oc_check_preset(s, w, r);
    oc_check_note(s, r);
    oc_check_binary(s, r);
    oc_check_imports(s, r);
    oc_check_libraries(s, r);
    oc_check_files(s, r);
}

/* The highest level of a check that is asked for: what nobody wants to know is not found out. */
static void find_level(void *ctx, const struct oc_check *check)
{
    struct counting *c = ctx;
    if (oc_check_level(check) > c->level && oc_report_wants(c->r, check->id)) {
        c->level = oc_check_level(check);
    }
}

static int level_of(const struct oc_report *r)
{
    struct counting counting = {.r = r};
    oc_check_each(find_level, &counting);
    return counting.level < r->options->level ? counting.level : r->options->level;
}

/* What L0 calls an error is not executed. */
static int check_running(const struct oc_subject *s, const struct oc_check_options *options,
                         struct oc_report *r, struct oc_work *w)
{
    struct oc_error err;
    oc_error_init(&err);
    const char *why = NULL;
    const int level = level_of(r);
    if (level == 0 || (s->manifest && !s->manifest->library)) {
        return level; /* a preset or a skill holds no code */
    }
    if (s->alone) {
        why = "a library without its folder is only looked at: nothing of it was run";
    } else if (r->counts[OC_SEVERITY_ERROR] > 0 || !s->manifest || !s->elf_ok || !s->note_ok) {
        why = "the errors of level 0 come first: nothing of the plugin was run";
    } else if (s->sanitized && !oc_check_can_run(s)) {
        why = "it was built with sanitizers and this program was not: it cannot be loaded here";
    } else if (oc_check_run(s, options, r, w, &err)) {
        why = err.message;
    }
    if (why) {
        oc_report_leave_out(r, 1, why);
        return 0;
    }
    return options->level;
}

static int check_subject(struct oc_work *w, const char *dir, const char *so,
                         const struct oc_check_options *options, json_t **result)
{
    struct oc_report r = {.options = options,
                          .findings = json_array(),
                          .used = json_object(),
                          .left_out = json_array()};
    struct oc_subject s;
    oc_subject_open(&s, dir, so, &r);
    check_static(&s, w, &r);
    const int level = check_running(&s, options, &r, w);
    oc_report_check_accepted(&r);
    *result = make_result(&s, &r, level);
    oc_json_take(*result, "left_out", r.left_out);
    oc_subject_finish(&s);
    json_decref(r.findings);
    json_decref(r.used);
    return oc_work_cancelled() ? oc_error_set(&w->err, OC_E_CANCELLED, "cancelled") : OC_OK;
}

/* ---- what was given ---- */

int oc_check_path(struct oc_work *w, const char *path, const struct oc_check_options *options,
                  json_t **result)
{
    struct stat st;
    *result = NULL;
    if (stat(path, &st)) {
        oc_error_set(&w->err, OC_E_NOT_FOUND, "there is nothing at %s", path);
        oc_error_hint(&w->err, "Name the folder of a plugin, its .so or a .ocp archive.");
        return OC_E_NOT_FOUND;
    }
    if (S_ISDIR(st.st_mode)) {
        return check_subject(w, path, NULL, options, result);
    }
    if (oc_ends(path, ".so")) {
        char *full = oc_path_expand(path, NULL), *dir = oc_path_dir(full);
        const int code = check_subject(w, dir, full, options, result);
        free(dir);
        free(full);
        return code;
    }
    if (oc_ends(path, ".ocp")) {
        return oc_check_archive(w, path, options, result);
    }
    oc_error_set(&w->err, OC_E_CONFIG, "%s is no folder, no .so and no .ocp archive", path);
    oc_error_hint(&w->err, "Name the folder of a plugin, its .so or a .ocp archive.");
    return OC_E_CONFIG;
}

int oc_check_gate(struct oc_work *w, const char *dir, json_t **findings)
{
    const struct oc_check_options options = {.packed = true};
    json_t *result = NULL, *errors = json_array(), *finding;
    size_t i;
    int code = oc_check_path(w, dir, &options, &result);
    json_array_foreach(json_object_get(result, "findings"), i, finding)
    {
        if (strcmp(oc_json_str(finding, "severity", ""), "error") == 0) {
            json_array_append(errors, finding);
        } else if (strcmp(oc_json_str(finding, "id", ""), "OC0019") == 0) {
            /* of this host, as the plugins that it uses are: no error of the package, and yet it will not run */
            oc_work_warn(w, "%s: %s", oc_json_str(result, "name", "?"),
                         oc_json_str(finding, "message", ""));
        }
    }
    if (!code && json_array_size(errors) > 0) {
        finding = json_array_get(errors, 0);
        code = oc_error_set(&w->err, OC_E_REFUSED, "%s: %s: %s", oc_json_str(finding, "id", ""),
                            oc_json_str(finding, "title", ""), oc_json_str(finding, "message", ""));
        oc_error_hint(&w->err, "%s", oc_json_str(finding, "hint", ""));
        oc_work_detail(w, "findings", json_incref(errors));
        oc_work_reason(w, "check-failed");
    }
    if (findings) {
        *findings = json_incref(errors);
    }
    json_decref(errors);
    json_decref(result);
    return code;
}

/* The operations that change the folder of policies: apply, remove. SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/policy/inspect.h"
#include "core/service/policy/internal.h"
#include "core/sys/file.h"

#define NAME_MAX_BYTES 64

struct apply_params {
    const char *text, *name, *test;
    int32_t dry_run;
};
#define AT(member) offsetof(struct apply_params, member)
static const struct oc_option apply_options[] = {
    {.name = "text",
     .type = OC_OPT_STRING,
     .choices = "content",
     .flags = OC_OPT_REQUIRED | OC_OPT_POSITIONAL,
     .offset = AT(text),
     .help = "the Lua text; on the command line the file with it"},
    {.name = "name",
     .type = OC_OPT_STRING,
     .offset = AT(name),
     .help = "the policy; on the command line the name of the file unless it is given"},
    {.name = "test",
     .type = OC_OPT_STRING,
     .choices = "content",
     .offset = AT(test),
     .help = "tests that it must pass, kept beside it; on the command line the file with them"},
    {.name = "dry_run",
     .type = OC_OPT_BOOL,
     .offset = AT(dry_run),
     .help = "look whether it could be applied and what it would change, and change nothing"},
    {0}};

struct remove_params {
    const char *name;
    int32_t dry_run;
};
static const struct oc_option remove_options[] = {
    {.name = "name",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_REQUIRED | OC_OPT_POSITIONAL,
     .offset = offsetof(struct remove_params, name),
     .help = "the policy"},
    {.name = "dry_run",
     .type = OC_OPT_BOOL,
     .offset = offsetof(struct remove_params, dry_run),
     .help = "show what would be removed, and change nothing"},
    {0}};

/* ---- is it good ---- */

static int check_name(const char *name, struct oc_error *err)
{
    if (name == NULL || !oc_name_valid(name) || strlen(name) > NAME_MAX_BYTES ||
        strchr(name, '.') != NULL || oc_ends(name, "_test")) {
        oc_error_set(err, OC_E_CONFIG, "a policy cannot be called '%.64s'",
                     name != NULL ? name : "");
        oc_error_hint(err, "Give a word such as `route` with --name, without .lua; names that end "
                           "in _test are those of tests.");
        return OC_E_CONFIG;
    }
    return OC_OK;
}

/* What somebody wrote by hand may have a name that would not be applied; a name of a folder is none. */
static int check_written(const char *name, struct oc_error *err)
{
    return oc_name_valid(name) ? OC_OK : check_name(name, err);
}

static int first_failure(const json_t *report, struct oc_error *err)
{
    size_t i;
    json_t *test;
    json_array_foreach(json_object_get(report, "tests"), i, test)
    {
        if (!oc_json_bool(test, "ok", false)) {
            char *got = oc_json_text(json_object_get(test, "got"));
            char *expected = oc_json_text(json_object_get(test, "expected"));
            oc_error_set(err, OC_E_CONFIG, "its test failed: %s: expected %.100s, got %.100s",
                         oc_json_str(test, "name", ""), expected, got);
            oc_error_hint(err, "`openclaw policy test FILE` runs all of them.");
            free(got);
            free(expected);
            return OC_E_CONFIG;
        }
    }
    return OC_OK;
}

static int run_tests(struct oc_policy_service *s, const struct apply_params *p, json_t *result,
                     struct oc_error *err)
{
    char name[NAME_MAX_BYTES + 16];
    json_t *report = NULL;
    if (p->test == NULL) {
        return OC_OK;
    }
    snprintf(name, sizeof(name), "%s_test.lua", p->name);
    struct oc_policy_suite suite = {.name = name,
                                    .text = p->test,
                                    .len = strlen(p->test),
                                    .subject = p->name,
                                    .subject_text = p->text,
                                    .subject_len = strlen(p->text)};
    int code = oc_policies_run_tests(s->env->policies, &suite, &report, err);
    if (code == OC_OK) {
        code = first_failure(report, err);
        oc_json_set_int(result, "tests",
                        (int64_t)json_array_size(json_object_get(report, "tests")));
    }
    json_decref(report);
    return code;
}

static int check(struct oc_policy_service *s, const struct apply_params *p, json_t *result,
                 struct oc_error *err)
{
    char file[NAME_MAX_BYTES + 8];
    json_t *hooks = NULL;
    int code = check_name(p->name, err);
    if (code == OC_OK) {
        snprintf(file, sizeof(file), "%s.lua", p->name);
        code = oc_policy_check_hooks(file, p->text, strlen(p->text), &hooks, err);
    }
    if (code == OC_OK) {
        code = run_tests(s, p, result, err);
    }
    oc_json_take(result, "hooks", hooks != NULL ? hooks : json_array());
    return code;
}

/* ---- putting it in place ---- */

static char *file_of(const struct oc_policy_service *s, const char *name, const char *suffix)
{
    const char *dir = oc_policies_dir(s->env->policies);
    return oc_asprintf("%s/%s%s", dir != NULL ? dir : "", name, suffix);
}

/* What is in the file becomes NAME.lua.previous. What a start falls back to is kept by whoever puts it in force: NAME.lua.last. */
static int keep_previous(const struct oc_policy_service *s, const char *name, bool *kept,
                         struct oc_error *err)
{
    struct oc_buf text = {0};
    char *file = file_of(s, name, ".lua"), *previous = file_of(s, name, ".lua.previous");
    int code = OC_OK;
    *kept = oc_file_exists(file);
    if (*kept) {
        code = oc_file_read(file, OC_POLICY_FILE_MAX, &text, err);
    }
    if (*kept && code == OC_OK) {
        code = oc_file_write(previous, text.data != NULL ? text.data : "", text.len, 0600, err);
    }
    oc_buf_finish(&text);
    free(file);
    free(previous);
    return code;
}

static int write_text(const struct oc_policy_service *s, const char *name, const char *suffix,
                      const char *text, struct oc_error *err)
{
    char *file = file_of(s, name, suffix);
    int code = oc_file_write(file, text, strlen(text), 0600, err);
    free(file);
    return code;
}

static int put_in_place(struct oc_policy_service *s, const struct apply_params *p, json_t *result,
                        struct oc_error *err)
{
    bool kept = false;
    const char *dir = oc_policies_dir(s->env->policies);
    if (dir == NULL) {
        return oc_error_set(err, OC_E_CONFIG, "there is no folder of policies");
    }
    int code = oc_file_exists(dir) ? OC_OK : oc_dir_make(dir, 0700, err);
    if (code == OC_OK) {
        code = keep_previous(s, p->name, &kept, err);
    }
    if (code == OC_OK && p->test != NULL) {
        code = write_text(s, p->name, "_test.lua", p->test, err);
    }
    if (code == OC_OK) {
        code = write_text(s, p->name, ".lua", p->text, err);
    }
    if (code == OC_OK) {
        oc_policies_reload(s->env->policies);
        oc_policies_remember(s->env->policies, p->name);
        oc_json_set_bool(result, "replaced", kept);
    }
    return code;
}

static void op_apply(struct oc_call *call, void *ctx)
{
    struct oc_policy_service *s = ctx;
    const struct apply_params *p = oc_call_params(call);
    struct oc_error err;
    json_t *result = json_object();
    oc_error_init(&err);
    oc_json_set_str(result, "policy", p->name);
    int code = check(s, p, result, &err);
    if (code == OC_OK && p->dry_run) {
        oc_json_take(result, "changes", oc_policy_changes(s, p->name, p->text, p->test));
    } else if (code == OC_OK) {
        code = put_in_place(s, p, result, &err);
    }
    if (code != OC_OK) {
        json_decref(result);
        oc_call_fail(call, &err);
        return;
    }
    char *file = file_of(s, p->name, ".lua");
    oc_json_set_str(result, "file", file);
    oc_json_set_bool(result, "applied", !p->dry_run);
    free(file);
    oc_call_succeed(call, result);
}

/* ---- policy.remove ---- */

static int remove_files(struct oc_policy_service *s, const char *name, struct oc_error *err)
{
    bool kept;
    int code = keep_previous(s, name, &kept, err);
    char *file = file_of(s, name, ".lua"), *test = file_of(s, name, "_test.lua"),
         *last = file_of(s, name, ".lua.last");
    if (code == OC_OK && unlink(file) != 0) {
        code = oc_error_set(err, OC_E_PERMANENT, "%s: %s", file, strerror(errno));
    }
    if (code == OC_OK) {
        unlink(test); /* neither need ever have been there */
        unlink(last);
        oc_policies_reload(s->env->policies);
    }
    free(file);
    free(test);
    free(last);
    return code;
}

static void op_remove(struct oc_call *call, void *ctx)
{
    struct oc_policy_service *s = ctx;
    const struct remove_params *p = oc_call_params(call);
    struct oc_error err;
    oc_error_init(&err);
    int code = check_written(p->name, &err);
    char *file = file_of(s, p->name, ".lua");
    if (code == OC_OK && !oc_file_exists(file)) {
        code = oc_error_set(&err, OC_E_NOT_FOUND, "there is no policy file %s", file);
        oc_error_hint(&err, "`openclaw policy list` shows them; what is built in cannot be "
                            "removed, only replaced.");
    }
    if (code == OC_OK && !p->dry_run) {
        code = remove_files(s, p->name, &err);
    }
    if (code != OC_OK) {
        oc_call_fail(call, &err);
    } else {
        size_t len;
        json_t *result = json_object();
        oc_json_set_str(result, "policy", p->name);
        oc_json_set_str(result, "file", file);
        oc_json_set_bool(result, "removed", !p->dry_run);
        if (p->dry_run) {
            oc_json_take(result, "changes", oc_policy_changes(s, p->name, NULL, NULL));
        }
        oc_json_set_bool(result, "built_in",
                         !p->dry_run && oc_policy_source(s->env->policies, p->name, &len) != NULL);
        oc_call_succeed(call, result);
    }
    free(file);
}

#define CHANGE                                                                                     \
    "{file: string, before: string|null, after: string|null, added: integer, removed: integer, "   \
    "lines: [string], left_out: integer}"

static const struct oc_op OPS[] = {
    {.name = "policy.apply",
     .summary = "Put a policy in force when it is good",
     .role = OC_ROLE_ADMIN,
     .flags = OC_OP_MUTATES | OC_OP_EPHEMERAL | OC_OP_PREVIEWS,
     .params = apply_options,
     .params_size = sizeof(struct apply_params),
     .view = "custom:policy_change",
     .description =
         "It must compile, its functions must be hooks, among them the one that it is named after, "
         "and it must pass the tests that are given. It replaces the file of its name whole; what "
         "was there is kept "
         "beside it as NAME.lua.previous. Changing a policy needs a strategic decision once "
         "the triad has keys.",
     .example = "openclaw policy apply route.lua --test route_test.lua",
     .result = "{policy: string, hooks: [string], tests?: integer, replaced?: boolean, file: "
               "string, applied: boolean, changes?: [" CHANGE "]}",
     .handler = op_apply},
    {.name = "policy.remove",
     .summary = "Remove a policy from the folder",
     .role = OC_ROLE_ADMIN,
     .flags = OC_OP_MUTATES | OC_OP_EPHEMERAL | OC_OP_PREVIEWS,
     .params = remove_options,
     .params_size = sizeof(struct remove_params),
     .view = "custom:policy_change",
     .description = "What is built in under that name is in force again. The file is kept beside "
                    "as NAME.lua.previous.",
     .example = "openclaw policy remove route",
     .result = "{policy: string, file: string, removed: boolean, built_in: boolean, changes?: "
               "[" CHANGE "]}",
     .handler = op_remove},
};

void oc_policy_add_change_ops(struct oc_policy_service *s)
{
    for (size_t i = 0; i < OC_COUNT(OPS); i++) {
        oc_ops_add(s->env->ops, &OPS[i], s);
    }
}

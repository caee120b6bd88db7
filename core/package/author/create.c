/* The verbs plugin.create and plugin.template. SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/package/author/author.h"
#include "core/package/author/stage.h"
#include "core/package/author/subst.h"
#include "core/package/author/template.h"
#include "core/sys/file.h"

#define NAME_MAX_LEN 48

/* ---- the name ---- */

/* What a registry takes (oc_registry_word), and begins as an identifier does. */
static bool is_name(const char *name)
{
    const size_t len = strlen(name);
    return islower((unsigned char)*name) && len <= NAME_MAX_LEN &&
           !name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-")] &&
           isalnum((unsigned char)name[len - 1]);
}

/* What the name would have to be: "Disk Space!" gives "disk-space". Owned. */
static char *better_name(const char *name)
{
    char *word = oc_template_identifier(name);
    for (char *c = word; *c; c++) {
        *c = *c == '_' ? '-' : *c;
    }
    if (strlen(word) > NAME_MAX_LEN) {
        word[NAME_MAX_LEN] = '\0';
    }
    return word;
}

static int check_name(struct oc_work *w, const char *name)
{
    if (!*name) {
        oc_error_set(&w->err, OC_E_CONFIG, "name: required and missing");
        oc_error_hint(&w->err, "`openclaw plugin create my-plugin --template tool`, for example.");
        return oc_work_reason(w, "name-invalid");
    }
    if (!is_name(name)) {
        char *better = better_name(name);
        oc_error_set(&w->err, OC_E_CONFIG,
                     "\"%s\" is no name for a plugin: expected a lower-case letter, then letters, "
                     "digits and dashes, at most %d",
                     name, NAME_MAX_LEN);
        oc_error_hint(&w->err, "`%s` would do; how it is shown is said by --display-name.", better);
        free(better);
        return oc_work_reason(w, "name-invalid");
    }
    return OC_OK;
}

/* ---- the variables ---- */

static int add_variable(struct oc_work *w, json_t *vars, const char *name, const char *value)
{
    const int code = oc_subst_check_value(name, value, &w->err);
    if (code == OC_OK) {
        oc_json_set_str(vars, name, value);
        return OC_OK;
    }
    return oc_work_reason(w, "variable-invalid");
}

static int gather(struct oc_work *w, json_t *vars)
{
    static const struct {
        const char *param, *variable;
    } named[] = {{"name", "pluginName"},
                 {"display_name", "pluginDisplayName"},
                 {"description", "pluginDescription"},
                 {"author", "authorName"},
                 {"email", "authorEmail"}};
    const json_t *value;
    const char *key;
    int code = OC_OK;
    for (size_t i = 0; i < OC_COUNT(named) && code == OC_OK; i++) {
        const char *text = oc_json_str(w->params, named[i].param, "");
        if (*text) {
            code = add_variable(w, vars, named[i].variable, text);
        }
    }
    json_object_foreach(json_object_get(w->params, "var"), key, value)
    {
        if (code == OC_OK && strcmp(key, "pluginName") != 0 &&
            strcmp(key, "pluginIdentifier") != 0) {
            code = add_variable(w, vars, key,
                                json_string_value(value) ? json_string_value(value) : "");
        }
    }
    return code;
}

static int check_missing(struct oc_work *w, const struct oc_template *t, const json_t *vars)
{
    json_t *missing = oc_template_missing(t, vars), *name;
    struct oc_buf names = {0};
    size_t i;
    json_array_foreach(missing, i, name)
    {
        oc_buf_addf(&names, "%s%s", i ? ", " : "", json_string_value(name));
    }
    if (!names.len) {
        json_decref(missing);
        return OC_OK;
    }
    oc_error_set(&w->err, OC_E_CONFIG, "the template wants to know: %s", names.data);
    oc_error_hint(&w->err, "Give each as --var NAME=VALUE, or --description and --author.");
    oc_work_detail(w, "missing", missing);
    oc_buf_finish(&names);
    return oc_work_reason(w, "variables-missing");
}

/* Tool and metric names are used as words in code: a bad one is said here and not by the compiler. */
static int check_words(struct oc_work *w, const json_t *vars)
{
    static const char *const words[] = {"toolName"};
    for (size_t i = 0; i < OC_COUNT(words); i++) {
        const char *value = oc_json_str(vars, words[i], "");
        char *word = oc_template_identifier(value);
        const bool good = strcmp(word, value) == 0 && strlen(value) <= 64;
        if (!good) {
            oc_error_set(&w->err, OC_E_CONFIG, "%s: \"%s\" is no snake_case word", words[i], value);
            oc_error_hint(&w->err, "`%s` would do.", word);
        }
        free(word);
        if (!good) {
            return oc_work_reason(w, "variable-invalid");
        }
    }
    return oc_name_valid(oc_json_str(vars, "skillName", ""))
               ? OC_OK
               : (oc_error_set(&w->err, OC_E_CONFIG, "skillName: \"%s\" is no name",
                               oc_json_str(vars, "skillName", "")),
                  oc_work_reason(w, "variable-invalid"));
}

/* ---- the folder ---- */

static int publish(struct oc_work *w, const char *partial, const char *target)
{
    if (renameat2(AT_FDCWD, partial, AT_FDCWD, target, RENAME_NOREPLACE) == 0) {
        return OC_OK;
    }
    const int code = oc_error_errno(&w->err, errno == EEXIST ? OC_E_CONFLICT : 0, errno,
                                    "cannot create %s", target);
    oc_error_hint(&w->err, "Nothing is ever overwritten: choose another name or --output.");
    return code;
}

/* Beside the target, then renamed: half a plugin is never there. */
static int write_folder(struct oc_work *w, const struct oc_template *t, const json_t *vars,
                        const char *target, json_t *files)
{
    char *parent = oc_path_dir(target), *name = oc_asprintf(".openclaw-create-%d", (int)getpid());
    char *partial = oc_path_join(parent, name);
    json_t *unknown = json_array(), *item;
    size_t i;
    int code = oc_dir_make(parent, 0755, &w->err);
    if (code == OC_OK && mkdir(partial, 0755) != 0) {
        code = oc_error_errno(&w->err, 0, errno, "cannot create a folder in %s", parent);
    }
    if (code == OC_OK) {
        code = oc_template_write(t, vars, partial, files, unknown, &w->err);
        if (code == OC_OK) {
            code = publish(w, partial, target);
        }
        if (code != OC_OK) {
            oc_stage_remove(partial);
        }
    }
    json_array_foreach(unknown, i, item)
    {
        if (code == OC_OK) {
            oc_work_warn(w, "the template uses {{%s}}, which nothing gives a value",
                         json_string_value(item));
        }
    }
    json_decref(unknown);
    free(partial);
    free(name);
    free(parent);
    return code;
}

static int check_free(struct oc_work *w, const char *target)
{
    struct stat st;
    if (lstat(target, &st) != 0) {
        return OC_OK;
    }
    oc_error_set(&w->err, OC_E_CONFLICT, "%s is there already", target);
    oc_error_hint(&w->err, "Nothing is ever overwritten: choose another name or --output.");
    return oc_work_reason(w, "target-exists");
}

/* ---- the verbs ---- */

static void warn_unlisted(struct oc_work *w, const struct oc_template *t)
{
    json_t *list = oc_template_unlisted(t), *file;
    size_t i;
    json_array_foreach(list, i, file)
    {
        oc_work_warn(w, "%s lies in the template and is not in its files[]: left out",
                     json_string_value(file));
    }
    json_decref(list);
}

static json_t *result_of(const struct oc_template *t, const json_t *vars, const char *target,
                         json_t *files)
{
    json_t *result = json_object();
    oc_json_set_str(result, "name", oc_json_str(vars, "pluginName", ""));
    oc_json_set_str(result, "folder", target);
    oc_json_set_str(result, "template", oc_json_str(t->json, "id", ""));
    oc_json_take(result, "files", files);
    char *next = oc_asprintf("openclaw plugin test %s", target);
    oc_json_set_str(result, "next", next);
    free(next);
    return result;
}

static int create(struct oc_work *w, const struct oc_template *t, json_t *vars)
{
    const char *name = oc_json_str(w->params, "name", "");
    char *output = oc_path_expand(oc_json_str(w->params, "output", "."), NULL);
    char *target = oc_path_join(output, name);
    json_t *files = json_array();
    int code = check_free(w, target);
    if (code == OC_OK) {
        code = gather(w, vars);
    }
    if (code == OC_OK) {
        oc_template_derive(t, vars);
        code = check_missing(w, t, vars);
    }
    if (code == OC_OK) {
        code = check_words(w, vars);
    }
    if (code == OC_OK) {
        code = write_folder(w, t, vars, target, files);
    }
    if (code == OC_OK) {
        warn_unlisted(w, t);
        oc_work_result(w, result_of(t, vars, target, json_incref(files)));
    }
    json_decref(files);
    free(target);
    free(output);
    return code;
}

static int list_templates(struct oc_work *w)
{
    oc_work_result(w, oc_template_list());
    return OC_OK;
}

int oc_author_create(struct oc_work *w)
{
    struct oc_template t = {0};
    json_t *vars = json_object();
    if (oc_json_bool(w->params, "list", false)) {
        json_decref(vars);
        return list_templates(w);
    }
    int code = check_name(w, oc_json_str(w->params, "name", ""));
    if (code == OC_OK) {
        code = oc_template_open(oc_json_str(w->params, "template", "basic"), &t, &w->err);
    }
    if (code == OC_OK) {
        code = create(w, &t, vars);
    }
    oc_template_close(&t);
    json_decref(vars);
    return code;
}

int oc_author_template(struct oc_work *w)
{
    struct oc_template t;
    const char *name = oc_json_str(w->params, "template", "");
    if (!*name) {
        return list_templates(w);
    }
    const int code = oc_template_open(name, &t, &w->err);
    if (code == OC_OK) {
        json_t *result = json_object();
        oc_json_set_str(result, "name", oc_json_str(t.json, "id", name));
        oc_json_set_str(result, "kind", oc_json_str(t.json, "kind", NULL));
        oc_json_set_str(result, "description", oc_json_str(t.json, "description", NULL));
        oc_json_set_str(result, "path", t.dir);
        oc_json_take(result, "variables", oc_template_variables(&t));
        oc_work_result(w, result);
        oc_template_close(&t);
    }
    return code;
}

/* Reads a template: where it lies, what it wants to know. SPDX-License-Identifier: MIT */
#include "core/package/author/template.h"

#include <ctype.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/version.h"
#include "core/package/author/identity.h"
#include "core/package/author/subst.h"
#include "core/sys/file.h"

#define MANIFEST     "template.json"
#define MANIFEST_MAX (256u << 10)

/* ---- where ---- */

/* In a build tree the programs are in bin/, installed the worker is in libexec/openclaw/. */
char *oc_template_shipped(void)
{
    static const char *const places[] = {"../share/openclaw/plugin-templates",
                                         "../../share/openclaw/plugin-templates"};
    const char *given = getenv("OPENCLAW_TEMPLATES");
    if (given && *given) {
        return oc_path_expand(given, NULL);
    }
    char *self = oc_path_self_dir(), *found = NULL;
    for (size_t i = 0; !found && i < OC_COUNT(places); i++) {
        char *dir = oc_path_expand(places[i], self);
        found = realpath(dir, NULL);
        free(dir);
    }
    free(self);
    return found;
}

static char *manifest_path(const char *dir)
{
    return oc_path_join(dir, MANIFEST);
}

static bool has_manifest(const char *dir)
{
    char *path = manifest_path(dir);
    const bool there = oc_file_exists(path);
    free(path);
    return there;
}

/* "tool" or, as it was called elsewhere, "tool-plugin". Owned; NULL when there is none. */
static char *find_shipped(const char *name)
{
    char *root = oc_template_shipped(), *found = NULL;
    const size_t len = strlen(name), tail = oc_ends(name, "-plugin") ? strlen("-plugin") : 0;
    const size_t lengths[] = {len, len - tail};
    for (size_t i = 0; root && !found && i < OC_COUNT(lengths); i++) {
        char *word = oc_strndup(name, lengths[i]);
        char *dir = oc_name_valid(word) ? oc_path_join(root, word) : NULL;
        found = dir && has_manifest(dir) ? oc_strdup(dir) : NULL;
        free(dir);
        free(word);
    }
    free(root);
    return found;
}

static char *find(const char *name)
{
    char *dir = NULL;
    if (!strchr(name, '/')) {
        dir = find_shipped(name);
    }
    if (!dir) {
        dir = oc_path_expand(name, NULL);
    }
    if (!has_manifest(dir)) {
        OC_FREE(dir);
    }
    return dir;
}

static int fail_unknown(const char *name, struct oc_error *err)
{
    const char *names[64];
    size_t count = 0, i;
    json_t *list = oc_template_list(), *row;
    json_array_foreach(list, i, row)
    {
        if (count < OC_COUNT(names)) {
            names[count++] = oc_json_str(row, "name", "");
        }
    }
    const char *near = oc_nearest(name, names, count);
    oc_error_set(err, OC_E_NOT_FOUND, "no template is named %s", name);
    oc_error_hint(err,
                  near ? "Did you mean %s? `openclaw plugin create --list` shows all."
                       : "`openclaw plugin create --list` shows them; a folder with a "
                         "template.json is given by its path.",
                  near);
    json_decref(list);
    return OC_E_NOT_FOUND;
}

/* ---- template.json ---- */

static int fail_shape(const struct oc_template *t, struct oc_error *err, const char *what)
{
    return oc_error_set(err, OC_E_CONFIG, "%s/" MANIFEST ": %s", t->dir, what);
}

static int check_files(const struct oc_template *t, struct oc_error *err)
{
    const json_t *files = json_object_get(t->json, "files"), *file;
    size_t i;
    if (json_array_size(files) == 0 || json_array_size(files) > OC_TEMPLATE_FILES_MAX) {
        return fail_shape(t, err, "files: expected a list of 1 to 200 paths");
    }
    json_array_foreach(files, i, file)
    {
        if (!json_is_string(file)) {
            return fail_shape(t, err, "files: expected a list of texts");
        }
        if (oc_subst_path_check(json_string_value(file), err) != OC_OK) {
            return oc_error_prefix(err, "%s/" MANIFEST, t->dir);
        }
    }
    return OC_OK;
}

static int check_variables(const struct oc_template *t, struct oc_error *err)
{
    json_t *variables = json_object_get(t->json, "variables"), *variable;
    const char *name;
    if (variables && !json_is_object(variables)) {
        return fail_shape(t, err, "variables: expected an object");
    }
    json_object_foreach(variables, name, variable)
    {
        const json_t *fallback = json_object_get(variable, "default");
        const bool text = strcmp(oc_json_str(variable, "type", "string"), "string") == 0;
        if (!json_is_object(variable) || !text || (fallback && !json_is_string(fallback))) {
            return oc_error_set(err, OC_E_CONFIG,
                                "%s/" MANIFEST
                                ": variables.%s: expected an object of type \"string\"",
                                t->dir, name);
        }
    }
    return OC_OK;
}

int oc_template_open(const char *name, struct oc_template *t, struct oc_error *err)
{
    struct oc_buf text = {0};
    *t = (struct oc_template){.dir = find(name)};
    if (!t->dir) {
        return fail_unknown(name, err);
    }
    char *path = manifest_path(t->dir);
    int code = oc_file_read(path, MANIFEST_MAX, &text, err);
    if (code == OC_OK && !(t->json = oc_json_parse(text.data ? text.data : "", text.len, err))) {
        oc_error_prefix(err, "%s", path);
        code = err->code;
    }
    if (code == OC_OK && !json_is_object(t->json)) {
        code = fail_shape(t, err, "expected an object");
    }
    if (code == OC_OK) {
        code = check_files(t, err);
    }
    if (code == OC_OK) {
        code = check_variables(t, err);
    }
    oc_buf_finish(&text);
    free(path);
    if (code != OC_OK) {
        oc_template_close(t);
    }
    return code;
}

void oc_template_close(struct oc_template *t)
{
    OC_FREE(t->dir);
    json_decref(t->json);
    t->json = NULL;
}

/* ---- the list ---- */

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void add_row(json_t *list, const char *name)
{
    struct oc_template t;
    struct oc_error err;
    json_t *row = json_object();
    oc_error_init(&err);
    oc_json_set_str(row, "name", name);
    json_array_append_new(list, row);
    if (oc_template_open(name, &t, &err) != OC_OK) {
        oc_json_set_str(row, "error", err.message);
        return;
    }
    oc_json_set_str(row, "kind", oc_json_str(t.json, "kind", NULL));
    oc_json_set_str(row, "description", oc_json_str(t.json, "description", NULL));
    oc_json_set_str(row, "path", t.dir);
    oc_template_close(&t);
}

json_t *oc_template_list(void)
{
    json_t *list = json_array();
    char *root = oc_template_shipped(), *names[64];
    DIR *dir = root ? opendir(root) : NULL;
    size_t count = 0;
    for (const struct dirent *e; dir && count < OC_COUNT(names) && (e = readdir(dir));) {
        char *path = oc_path_join(root, e->d_name);
        if (oc_name_valid(e->d_name) && has_manifest(path)) {
            names[count++] = oc_strdup(e->d_name);
        }
        free(path);
    }
    if (dir) {
        closedir(dir);
    }
    qsort(names, count, sizeof *names, by_name);
    for (size_t i = 0; i < count; i++) {
        add_row(list, names[i]);
        free(names[i]);
    }
    free(root);
    return list;
}

/* ---- variables ---- */

char *oc_template_identifier(const char *text)
{
    struct oc_buf out = {0};
    for (const char *c = text; *c; c++) {
        const bool fits = isalnum((unsigned char)*c) && (unsigned char)*c < 0x80;
        if (fits) {
            oc_buf_addc(&out, (char)tolower((unsigned char)*c));
        } else if (out.len && out.data[out.len - 1] != '_') {
            oc_buf_addc(&out, '_');
        }
    }
    while (out.len && out.data[out.len - 1] == '_') {
        out.data[--out.len] = '\0';
    }
    char *word = oc_buf_take(&out);
    if (!isalpha((unsigned char)*word)) {
        char *longer = oc_asprintf("p%s%s", *word ? "_" : "", word);
        free(word);
        return longer;
    }
    return word;
}

/* "disk-space" gives "Disk Space". Owned. */
static char *title_of(const char *name)
{
    char *title = oc_strdup(name);
    bool first = true;
    for (char *c = title; *c; c++) {
        if (*c == '-' || *c == '_') {
            *c = ' ';
        } else if (first) {
            *c = (char)toupper((unsigned char)*c);
        }
        first = *c == ' ';
    }
    return title;
}

static void set_default(json_t *vars, const char *name, const char *value)
{
    if (!*oc_json_str(vars, name, "")) {
        oc_json_set_str(vars, name, value);
    }
}

static void set_defaults_of_file(const struct oc_template *t, json_t *vars)
{
    json_t *variables = json_object_get(t->json, "variables"), *variable;
    const char *name;
    json_object_foreach(variables, name, variable)
    {
        const char *text = oc_json_str(variable, "default", "");
        struct oc_buf value = {0};
        oc_subst_text("", text, strlen(text), vars, NULL, &value, NULL);
        set_default(vars, name, value.data ? value.data : "");
        oc_buf_finish(&value);
    }
}

/* "Ann Lee <ann@example.org>" */
static void set_contact(json_t *vars)
{
    const char *name = oc_json_str(vars, "authorName", ""),
               *email = oc_json_str(vars, "authorEmail", "");
    char *contact = *email ? oc_asprintf("%s <%s>", name, email) : oc_strdup(name);
    set_default(vars, "authorContact", contact);
    free(contact);
}

/* What the plugin does, as long as nobody says it better: "A new backup-source plugin". Owned. */
static char *description_of(const struct oc_template *t)
{
    const char *kind = oc_json_str(t->json, "kind", "");
    return oc_asprintf("A new %s%splugin", kind, *kind ? " " : "");
}

/* What a person is asked for first, and rarely wants to think about before there is something to see. Nobody else's name gets
 * the address of who sits here. */
static void set_suggestions(const struct oc_template *t, json_t *vars)
{
    char *author = oc_author_name(), *description = description_of(t);
    char *email = *oc_json_str(vars, "authorName", "") ? NULL : oc_author_email();
    set_default(vars, "authorName", author);
    set_default(vars, "authorEmail", email ? email : "");
    set_default(vars, "pluginDescription", description);
    free(description);
    free(author);
    free(email);
}

void oc_template_derive(const struct oc_template *t, json_t *vars)
{
    const char *name = oc_json_str(vars, "pluginName", "plugin");
    char *identifier = oc_template_identifier(name), *title = title_of(name);
    set_default(vars, "pluginIdentifier", identifier);
    set_default(vars, "pluginDisplayName", title);
    set_defaults_of_file(t, vars);
    set_suggestions(t, vars);
    set_default(vars, "toolName", identifier);
    set_default(vars, "skillName", name);
    set_default(vars, "toolDescription", oc_json_str(vars, "pluginDescription", ""));
    set_default(vars, "skillDescription", oc_json_str(vars, "pluginDescription", ""));
    set_default(vars, "openclawVersion", OC_VERSION);
    set_contact(vars);
    free(identifier);
    free(title);
}

static bool is_one_of(const char *const *names, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(names[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_derived(const char *name)
{
    static const char *const names[] = {"pluginName",       "pluginIdentifier", "pluginDisplayName",
                                        "toolName",         "toolDescription",  "skillName",
                                        "skillDescription", "openclawVersion"};
    return is_one_of(names, OC_COUNT(names), name);
}

bool oc_template_fills(const char *name)
{
    static const char *const names[] = {"pluginDescription", "authorName", "authorEmail",
                                        "authorContact"};
    return is_derived(name) || is_one_of(names, OC_COUNT(names), name);
}

json_t *oc_template_variables(const struct oc_template *t)
{
    json_t *list = json_array(), *suggested = json_object(), *variable;
    const char *name;
    set_suggestions(t, suggested);
    json_object_foreach(json_object_get(t->json, "variables"), name, variable)
    {
        json_t *row = json_object();
        oc_json_set_str(row, "name", name);
        oc_json_set_str(row, "description", oc_json_str(variable, "description", ""));
        oc_json_set_bool(row, "required",
                         oc_json_bool(variable, "required", false) && !is_derived(name));
        oc_json_set_str(row, "default",
                        oc_json_str(variable, "default", oc_json_str(suggested, name, NULL)));
        json_array_append_new(list, row);
    }
    json_decref(suggested);
    return list;
}

json_t *oc_template_missing(const struct oc_template *t, const json_t *vars)
{
    json_t *missing = json_array(), *variable;
    const char *name;
    json_object_foreach(json_object_get(t->json, "variables"), name, variable)
    {
        if (oc_json_bool(variable, "required", false) && !*oc_json_str(vars, name, "")) {
            json_array_append_new(missing, json_string(name));
        }
    }
    return missing;
}

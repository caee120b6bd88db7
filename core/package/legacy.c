/* Translates foreign manifests into ours. SPDX-License-Identifier: MIT */
#include "core/package/legacy.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/package/skill.h"
#include "core/plugin/manifest/manifest.h"
#include "core/sys/file.h"

#define SUMMARY_MAX 500u

struct legacy {
    const char *dir;
    json_t *file;         /* owned: the document that the fields are in, or NULL */
    const json_t *fields; /* borrowed from it, or NULL */
    const char *where;    /* for messages */
    struct oc_skill skill;
    bool has_skill;
    json_t *warnings; /* borrowed, or NULL */
};

static void warn(const struct legacy *l, char *text /* taken */)
{
    if (l->warnings) {
        json_array_append_new(l->warnings, json_string(text));
    }
    free(text);
}

/* ---- where the fields are ---- */

static bool exists(const char *dir, const char *name)
{
    char *path = oc_path_join(dir, name);
    const bool there = oc_file_exists(path);
    free(path);
    return there;
}

static int read_json(struct legacy *l, const char *name, struct oc_error *err)
{
    struct oc_buf text = {0};
    char *path = oc_path_join(l->dir, name);
    int code = oc_file_read(path, OC_MANIFEST_MAX, &text, err);
    if (code == OC_OK) {
        l->file = oc_json_parse(text.data ? text.data : "", text.len, err);
        code = l->file ? OC_OK : OC_E_CONFIG;
    }
    if (code == OC_OK && !json_is_object(l->file)) {
        code = oc_error_set(err, OC_E_CONFIG, "expected an object");
    }
    if (code != OC_OK) {
        oc_error_prefix(err, "%s", name);
    }
    oc_buf_finish(&text);
    free(path);
    return code;
}

static int find_fields(struct legacy *l, struct oc_error *err)
{
    int code = OC_OK;
    if (exists(l->dir, "openclaw.plugin.json")) {
        l->where = "openclaw.plugin.json";
        code = read_json(l, l->where, err);
        l->fields = l->file;
    } else if (exists(l->dir, "package.json")) {
        l->where = "package.json";
        code = read_json(l, l->where, err);
        const json_t *own = json_object_get(l->file, "openclaw");
        const json_t *plugin = json_object_get(own, "plugin");
        l->fields = json_is_object(plugin) ? plugin : json_is_object(own) ? own : NULL;
    }
    return code;
}

/* A field of the manifest, of the package.json around it, or NULL. */
static const char *field(const struct legacy *l, const char *key)
{
    const char *value = oc_json_str(l->fields, key, NULL);
    return value ? value : oc_json_str(l->file, key, NULL);
}

/* ---- field by field ---- */

/* "@scope/Some Name" gives "some-name". Owned; "" when nothing of it fits. */
static char *name_of(const char *text)
{
    const char *slash = strrchr(text, '/');
    struct oc_buf out = {0};
    for (const char *c = slash ? slash + 1 : text; *c && out.len < 60; c++) {
        const bool fits = isalnum((unsigned char)*c) || *c == '_' || *c == '.';
        if (fits) {
            oc_buf_addc(&out, (char)tolower((unsigned char)*c));
        } else if (out.len && out.data[out.len - 1] != '-') {
            oc_buf_addc(&out, '-');
        }
    }
    while (out.len && !isalnum((unsigned char)out.data[out.len - 1])) {
        out.data[--out.len] = '\0';
    }
    return oc_buf_take(&out);
}

static void set_name(const struct legacy *l, json_t *m)
{
    const char *base = strrchr(l->dir, '/');
    const char *const candidates[] = {oc_json_str(l->fields, "id", NULL), field(l, "name"),
                                      l->skill.name, base ? base + 1 : l->dir, "skill"};
    char *name = NULL;
    for (size_t i = 0; i < OC_COUNT(candidates); i++) {
        name = candidates[i] ? name_of(candidates[i]) : NULL;
        if (name && oc_name_valid(name)) {
            break;
        }
        OC_FREE(name);
    }
    oc_json_set_str(m, "name", name);
    free(name);
}

/* "1", "1.0" and "v1.0" are met too. Owned; NULL when it is no version. */
static char *version_of(const char *text)
{
    int parts = 1;
    const char *from = *text == 'v' ? text + 1 : text;
    for (const char *c = from; *c; c++) {
        parts += *c == '.';
    }
    if (parts < 3 && *from && !from[strspn(from, "0123456789.")]) {
        return oc_asprintf("%s%s", from, parts == 1 ? ".0.0" : ".0");
    }
    return oc_strdup(from);
}

static void set_version(const struct legacy *l, json_t *m)
{
    const char *text = field(l, "version");
    text = text ? text : l->skill.version;
    char *version = text ? version_of(text) : NULL;
    if (version && strlen(version) < 64 && isdigit((unsigned char)*version)) {
        oc_json_set_str(m, "version", version);
    } else {
        oc_json_set_str(m, "version", "0.0.0");
        warn(l, oc_strdup("it says no version that can be ordered: it is taken for 0.0.0"));
    }
    free(version);
}

/* The first line, no longer than a summary may be. */
static void set_summary(const struct legacy *l, json_t *m)
{
    const char *text = field(l, "description");
    text = text && *text ? text : *l->skill.description ? l->skill.description : "A skill";
    size_t len = strcspn(text, "\r\n");
    while (len > SUMMARY_MAX || (len && !oc_utf8_valid(text, len))) {
        len--;
    }
    char *line = oc_strndup(text, len);
    oc_json_set_str(m, "summary", *line ? line : "A skill");
    free(line);
}

static void set_author(const struct legacy *l, json_t *m)
{
    json_t *author = json_object_get(l->fields, "author");
    author = author ? author : json_object_get(l->file, "author");
    const char *name = oc_json_str(author, "name", NULL),
               *email = oc_json_str(author, "email", NULL);
    if (json_is_string(author)) {
        oc_json_set_str(m, "author", json_string_value(author));
    } else if (name) {
        char *text = email ? oc_asprintf("%s <%s>", name, email) : oc_strdup(name);
        oc_json_set_str(m, "author", text);
        free(text);
    }
}

static void set_rest(const struct legacy *l, json_t *m)
{
    const char *license = field(l, "license"), *homepage = field(l, "homepage");
    set_author(l, m);
    oc_json_set_str(m, "license", license ? license : "MIT");
    if (homepage) {
        oc_json_set_str(m, "homepage", homepage);
    }
    if (json_object_get(l->fields, "configSchema")) {
        warn(l, oc_strdup("configSchema is left out: a skill has no options here"));
    }
    if (json_object_get(l->file, "scripts")) {
        warn(l, oc_strdup("the scripts of package.json are not run, now or later"));
    }
}

/* ---- the whole ---- */

static int read_skill(struct legacy *l, struct oc_error *err)
{
    l->has_skill = exists(l->dir, OC_SKILL_FILE);
    if (l->has_skill) {
        return oc_skill_load(l->dir, &l->skill, err);
    }
    if (l->fields) {
        oc_error_set(err, OC_E_UNSUPPORTED, "%s: no " OC_SKILL_FILE " beside %s", l->dir, l->where);
        oc_error_hint(err, "Of this format only skills can be used; code needs a plugin.json: "
                           "`openclaw plugin create` makes one.");
        return OC_E_UNSUPPORTED;
    }
    oc_error_set(err, OC_E_NOT_FOUND, "%s holds no plugin", l->dir);
    oc_error_hint(err, "A plugin has a plugin.json, a skill at least a " OC_SKILL_FILE ".");
    return OC_E_NOT_FOUND;
}

int oc_legacy_manifest(const char *dir, json_t **manifest, json_t *warnings, struct oc_error *err)
{
    struct legacy l = {.dir = dir, .where = OC_SKILL_FILE, .warnings = warnings};
    *manifest = NULL;
    int code = find_fields(&l, err);
    if (code == OC_OK) {
        code = read_skill(&l, err);
    }
    if (code == OC_OK) {
        *manifest = json_object();
        set_name(&l, *manifest);
        set_version(&l, *manifest);
        set_summary(&l, *manifest);
        oc_json_set_str(*manifest, "kind", "skill");
        set_rest(&l, *manifest);
    }
    oc_skill_finish(&l.skill);
    json_decref(l.file);
    return code;
}

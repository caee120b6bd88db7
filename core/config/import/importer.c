/* Moving values from the original's documents into ours. SPDX-License-Identifier: MIT */
#include "core/config/import/importer.h"

#include <ctype.h>
#include <stdarg.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/text.h"
#include "core/base/vec.h"

#define LEFTOVERS_MAX 200 /* findings of one file */

static char *full_key(const char *where, const char *key)
{
    return oc_asprintf("%s%s%s", where, *where ? "." : "", key);
}

/* ---- taking and putting ---- */

json_t *oc_import_take(json_t *object, const char *path)
{
    const char *dot;

    while (object && (dot = strchr(path, '.'))) {
        char *key = oc_strndup(path, (size_t)(dot - path));
        object = json_object_get(object, key);
        free(key);
        path = dot + 1;
    }
    json_t *value = json_incref(json_object_get(object, path));
    json_object_del(object, path);
    return value;
}

void oc_import_put(struct oc_importer *imp, json_t *out, const char *path, json_t *value)
{
    const char *dot;

    while ((dot = strchr(path, '.'))) {
        char *key = oc_strndup(path, (size_t)(dot - path));
        json_t *group = json_object_get(out, key);
        if (!group) {
            group = json_object();
            oc_json_take(out, key, group);
        }
        out = group;
        free(key);
        path = dot + 1;
    }
    oc_json_take(out, path, value);
    imp->mapped++;
}

json_t *oc_import_list(struct oc_importer *imp, const char *path)
{
    json_t *list = oc_json_path(imp->out, path);
    if (!list) {
        list = json_array();
        oc_import_put(imp, imp->out, path, list);
        imp->mapped--;
    }
    return list;
}

static void add_finding(struct oc_importer *imp, struct oc_diags *list, const char *key,
                        const char *hint, char *message /* taken */)
{
    oc_diags_add(list, true, &imp->at, key, hint, "%s", message);
    free(message);
}

void oc_import_skip(struct oc_importer *imp, const char *key, const char *hint, const char *fmt,
                    ...)
{
    va_list ap;
    va_start(ap, fmt);
    add_finding(imp, imp->diags, key, hint, oc_vasprintf(fmt, ap));
    va_end(ap);
}

void oc_import_note(struct oc_importer *imp, const char *key, const char *hint, const char *fmt,
                    ...)
{
    va_list ap;
    va_start(ap, fmt);
    add_finding(imp, imp->channel.reading ? &imp->channel.notes : imp->diags, key, hint,
                oc_vasprintf(fmt, ap));
    va_end(ap);
}

void oc_import_tell(struct oc_importer *imp, const struct oc_diags *found)
{
    for (size_t i = 0; i < found->list.count; i++) {
        const struct oc_diag *d = &found->list.items[i];
        oc_import_skip(imp, d->key, d->hint, "%s", d->message);
    }
}

static const char *kind_of(const json_t *value)
{
    static const char *const names[] = {
        [JSON_OBJECT] = "a group",   [JSON_ARRAY] = "a list",  [JSON_STRING] = "a text",
        [JSON_INTEGER] = "a number", [JSON_REAL] = "a number", [JSON_TRUE] = "true",
        [JSON_FALSE] = "false",      [JSON_NULL] = "nothing"};
    return names[json_typeof(value)];
}

void oc_import_expect(struct oc_importer *imp, const char *key, const char *expected,
                      const json_t *found)
{
    char *text = json_is_array(found) || json_is_object(found) ? NULL : oc_json_text(found);
    oc_import_skip(imp, key, "The value was left out: what is shipped holds.",
                   text ? "expected %s, found %s (%.60s)" : "expected %s, found %s%.0s", expected,
                   kind_of(found), text ? text : "");
    free(text);
}

/* The same for a value inside the group at `where`; where nothing is said there is nothing to tell. */
static void expect_in(struct oc_importer *imp, const char *where, const char *key,
                      const char *expected, const json_t *found)
{
    if (found && !oc_import_empty(found)) {
        char *full = full_key(where, key);
        oc_import_expect(imp, full, expected, found);
        free(full);
    }
}

bool oc_import_flag(struct oc_importer *imp, json_t *object, const char *where, const char *path,
                    bool fallback)
{
    json_t *value = oc_import_take(object, path);
    const int truth = oc_import_truth(value);
    if (truth < 0) {
        expect_in(imp, where, path, "true or false", value);
    }
    json_decref(value);
    return truth < 0 ? fallback : truth == 1;
}

json_t *oc_import_text_at(struct oc_importer *imp, json_t *object, const char *where,
                          const char *path)
{
    json_t *value = oc_import_take(object, path);
    if (json_is_string(value) && !oc_import_empty(value)) {
        return value;
    }
    expect_in(imp, where, path, "a text", value);
    json_decref(value);
    return NULL;
}

json_t *oc_import_group_at(struct oc_importer *imp, json_t *object, const char *where,
                           const char *path)
{
    json_t *value = oc_import_take(object, path);
    if (json_is_object(value)) {
        return value;
    }
    expect_in(imp, where, path, "a group", value);
    json_decref(value);
    return NULL;
}

/* ---- groups and lists of them ---- */

void oc_import_group(struct oc_importer *imp, const char *where, json_t *value, oc_import_read read)
{
    if (json_is_object(value)) {
        read(imp, where, value);
        oc_import_rest(imp, where, value);
    } else {
        expect_in(imp, "", where, "a group", value);
    }
}

void oc_import_each(struct oc_importer *imp, const char *path, oc_import_read read)
{
    json_t *list = oc_import_take(imp->source, path), *item;
    size_t i;

    json_array_foreach(list, i, item)
    {
        char *where = oc_asprintf("%s[%zu]", path, i);
        oc_import_group(imp, where, item, read);
        free(where);
    }
    if (!json_is_array(list)) {
        expect_in(imp, "", path, "a list", list);
    }
    json_decref(list);
}

/* ---- rows ---- */

static void import_row(struct oc_importer *imp, const char *where, const struct oc_import_row *row,
                       const json_t *value, json_t *out)
{
    json_t *ours = oc_import_empty(value) ? NULL : oc_import_convert(value, row);

    if (!ours) {
        char *wanted = oc_import_wanted(row);
        expect_in(imp, where, row->from, wanted, value);
        free(wanted);
        return;
    }
    char *key = full_key(where, row->from);
    if (row->as == OC_IMPORT_URL &&
        strcmp(json_string_value(ours), json_string_value(value)) != 0) {
        oc_import_note(imp, key, "Give user and password as options of their own.",
                       "user and password in the address were not copied");
    }
    if (out == imp->out) {
        oc_json_set_str(imp->origins, row->to, key);
    }
    oc_import_put(imp, out, row->to, ours);
    free(key);
}

void oc_import_rows(struct oc_importer *imp, json_t *source, const char *where,
                    const struct oc_import_row *rows, json_t *out)
{
    for (; rows->from; rows++) {
        json_t *value = oc_import_take(source, rows->from);
        if (value) {
            import_row(imp, where, rows, value, out);
        }
        json_decref(value);
    }
}

/* ---- secrets ---- */

/* The NAME of "${NAME}" or "$NAME", NULL for anything else; owned by the caller. */
static char *variable_of(const char *text)
{
    bool braces = oc_starts(text, "${");
    const char *name = text + (braces ? 2 : 1);
    size_t len = *text == '$' ? strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") : 0;
    return len && !strcmp(name + len, braces ? "}" : "") ? oc_strndup(name, len) : NULL;
}

static void find_variables(json_t *found, const json_t *value)
{
    json_t *child;
    const char *key;
    size_t i;

    json_array_foreach(value, i, child)
    {
        find_variables(found, child);
    }
    json_object_foreach((json_t *)value, key, child)
    {
        find_variables(found, child);
    }
    char *name = json_is_string(value) ? variable_of(json_string_value(value)) : NULL;
    if (name) {
        oc_json_set_bool(found, name, true);
    }
    free(name);
}

void oc_import_find_variables(struct oc_importer *imp)
{
    find_variables(imp->variables, imp->source);
}

/* Whether the file names it, or a channel that was added refers to it. */
static bool is_taken(const struct oc_importer *imp, const char *variable)
{
    const json_t *list = oc_json_path(imp->out, "alerts.channels"), *channel;
    bool taken = json_object_get(imp->variables, variable) != NULL;
    char *reference = oc_asprintf("$env:%s", variable);
    json_t *option;
    const char *key;
    size_t i;

    json_array_foreach(list, i, channel)
    {
        json_object_foreach((json_t *)channel, key, option)
        {
            taken = taken ||
                    (json_is_string(option) && strcmp(json_string_value(option), reference) == 0);
        }
    }
    free(reference);
    return taken;
}

/* `variable`, and what the channel is called when it is not called as its plugin: names that differ
 * in case or punctuation alone are told apart by a number. Owned. */
static char *variable_for(const struct oc_importer *imp, const char *variable,
                          const json_t *channel)
{
    const char *name = oc_json_str(channel, "name", NULL);
    char *own = oc_asprintf("%s%s%s", variable, name ? "_" : "", name ? name : "");
    for (char *c = own; *c; c++) {
        *c = isalnum((unsigned char)*c) ? (char)toupper((unsigned char)*c) : '_';
    }
    char *fresh = oc_strdup(own);
    for (size_t i = 2; is_taken(imp, fresh); i++) {
        free(fresh);
        fresh = oc_asprintf("%s_%zu", own, i);
    }
    free(own);
    return fresh;
}

static void put_secret(struct oc_importer *imp, const char *key, const json_t *value,
                       json_t *channel, const char *to, const char *variable)
{
    char *named = json_is_string(value) ? variable_of(json_string_value(value)) : NULL;
    char *ours = named ? named : variable_for(imp, variable, channel);

    oc_import_put(imp, channel, to, json_sprintf("$env:%s", ours));
    if (!named) {
        char *hint = oc_asprintf("Set %s in the environment of the program.", ours);
        oc_import_note(imp, key, hint, "the secret was not copied: ours refers to $env:%s", ours);
        free(hint);
    }
    free(ours);
}

void oc_import_secret(struct oc_importer *imp, json_t *source, const char *where, const char *from,
                      json_t *channel, const char *to, const char *variable)
{
    json_t *value = oc_import_take(source, from);
    if (value && !oc_import_empty(value)) {
        char *key = full_key(where, from);
        put_secret(imp, key, value, channel, to, variable);
        free(key);
    }
    json_decref(value);
}

/* ---- leftovers ---- */

/* The key that may have been meant; NULL when none is near. */
static const char *nearest_key(const struct oc_importer *imp, const char *key)
{
    OC_VEC(const char *) names = {0};
    for (const struct oc_import_row *row = imp->known; row && row->from; row++) {
        OC_VEC_PUSH(&names, row->from);
    }
    const char *found = oc_nearest(key, names.items, names.count);
    OC_VEC_FINISH(&names);
    return found;
}

void oc_import_rest(struct oc_importer *imp, const char *where, const json_t *value)
{
    const char *key;
    json_t *child;

    if (json_is_object(value)) {
        json_object_foreach((json_t *)value, key, child)
        {
            char *below = full_key(where, key);
            oc_import_rest(imp, below, child);
            free(below);
        }
    } else if (!oc_import_empty(value) && imp->left++ < LEFTOVERS_MAX) {
        const char *near = nearest_key(imp, where);
        char *hint = near ? oc_asprintf("Did you mean %s?", near) : oc_strdup("");
        oc_import_skip(imp, where, hint, "there is no such setting here");
        free(hint);
    }
}

void oc_import_leftovers(struct oc_importer *imp, const struct oc_import_reason *reasons)
{
    for (; reasons->from; reasons++) {
        json_t *value = oc_import_take(imp->source, reasons->from);
        bool nothing =
            !value || oc_import_empty(value) || (json_is_object(value) && !json_object_size(value));
        if (!nothing && reasons->why) {
            oc_import_skip(imp, reasons->from, reasons->hint, "%s", reasons->why);
        }
        json_decref(value);
    }
    oc_import_rest(imp, "", imp->source);
    if (imp->left > LEFTOVERS_MAX) {
        oc_import_skip(imp, "", "", "%zu more settings have no place here",
                       imp->left - LEFTOVERS_MAX);
    }
}

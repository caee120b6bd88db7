/* Moving values from the original's documents into ours. SPDX-License-Identifier: MIT */
#include "core/config/import/importer.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/base/vec.h"
#include "core/config/binder.h"

#define LEFTOVERS_MAX 200 /* findings of one file */

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

void oc_import_skip(struct oc_importer *imp, const char *key, const char *hint, const char *fmt,
                    ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *message = oc_vasprintf(fmt, ap);
    va_end(ap);
    oc_diags_add(imp->diags, true, &imp->at, key, hint, "%s", message);
    free(message);
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

/* ---- values ---- */

static char *full_key(const char *where, const char *key)
{
    return oc_asprintf("%s%s%s", where, *where ? "." : "", key);
}

static bool is_empty(const json_t *value)
{
    return json_is_null(value) || (json_is_string(value) && !json_string_length(value)) ||
           (json_is_array(value) && !json_array_size(value));
}

static json_t *duration(const json_t *value, int64_t unit)
{
    char text[32];
    double ms = json_number_value(value) * (double)unit;
    if (!json_is_number(value) || ms < 0 || ms > 1e15) {
        return NULL;
    }
    return json_string(oc_duration_format((int64_t)ms, text, sizeof text));
}

static json_t *megabytes(const json_t *value)
{
    double mb = json_number_value(value);
    if (!json_is_number(value) || mb < 0 || mb > 1e9 || mb != floor(mb)) {
        return NULL;
    }
    char *text = oc_asprintf("%.0fMB", mb);
    json_t *size = json_string(text);
    free(text);
    return size;
}

static json_t *strings(const json_t *value)
{
    json_t *item;
    size_t i;

    json_array_foreach(value, i, item)
    {
        if (!json_is_string(item)) {
            return NULL;
        }
    }
    return json_is_array(value) ? json_incref((json_t *)value) : NULL;
}

static json_t *url(const json_t *value)
{
    const char *text = json_string_value(value);
    const char *start = text ? strstr(text, "://") : NULL;
    if (!start) {
        return NULL;
    }
    start += 3;
    const char *at = memrchr(start, '@', strcspn(start, "/?#"));
    char *bare = oc_asprintf("%.*s%s", (int)(start - text), text, at ? at + 1 : start);
    json_t *out = json_string(bare);
    free(bare);
    return out;
}

static json_t *json_text(const json_t *value)
{
    char *text = oc_json_text(value);
    json_t *out = json_string(text);
    free(text);
    return out;
}

static json_t *single_braces(const json_t *value)
{
    struct oc_buf out = {0};
    for (const char *s = json_string_value(value); s && *s; s++) {
        s += (s[0] == '{' && s[1] == '{') || (s[0] == '}' && s[1] == '}');
        oc_buf_addc(&out, *s);
    }
    json_t *subject = out.len ? json_stringn(out.data, out.len) : NULL;
    oc_buf_finish(&out);
    return subject;
}

/* The value as ours, NULL when it is of the wrong kind. */
static json_t *convert(const json_t *value, enum oc_import_as as)
{
    switch (as) {
    case OC_IMPORT_NUMBER:
        return json_is_number(value) ? json_incref((json_t *)value) : NULL;
    case OC_IMPORT_INTEGER:
        return json_is_integer(value) ? json_incref((json_t *)value) : NULL;
    case OC_IMPORT_STRING:
        return json_is_string(value) ? json_incref((json_t *)value) : NULL;
    case OC_IMPORT_STRINGS:
        return strings(value);
    case OC_IMPORT_BOOL:
        return json_is_boolean(value) ? json_incref((json_t *)value) : NULL;
    case OC_IMPORT_URL:
        return url(value);
    case OC_IMPORT_MS:
        return duration(value, 1);
    case OC_IMPORT_SECONDS:
        return duration(value, OC_SECOND);
    case OC_IMPORT_MINUTES:
        return duration(value, OC_MINUTE);
    case OC_IMPORT_DAYS:
        return duration(value, OC_DAY);
    case OC_IMPORT_MB:
        return megabytes(value);
    case OC_IMPORT_TLS:
        return json_is_boolean(value) ? json_string(json_is_true(value) ? "starttls" : "none")
                                      : NULL;
    case OC_IMPORT_JSON:
        return json_text(value);
    case OC_IMPORT_SUBJECT:
        return single_braces(value);
    }
    return NULL;
}

/* What a row wants, in words. */
static const char *wanted(enum oc_import_as as)
{
    switch (as) {
    case OC_IMPORT_NUMBER:
        return "a number";
    case OC_IMPORT_INTEGER:
        return "a whole number";
    case OC_IMPORT_STRING:
    case OC_IMPORT_JSON:
    case OC_IMPORT_SUBJECT:
        return "a text";
    case OC_IMPORT_STRINGS:
        return "a list of texts";
    case OC_IMPORT_BOOL:
    case OC_IMPORT_TLS:
        return "true or false";
    case OC_IMPORT_URL:
        return "an address with ://";
    case OC_IMPORT_MS:
    case OC_IMPORT_SECONDS:
    case OC_IMPORT_MINUTES:
    case OC_IMPORT_DAYS:
        return "a duration, as a number that is not negative";
    case OC_IMPORT_MB:
        return "a whole number of megabytes";
    }
    return "another value";
}

static void import_row(struct oc_importer *imp, const char *where, const struct oc_import_row *row,
                       const json_t *value, json_t *out)
{
    char *key = full_key(where, row->from);
    json_t *ours = is_empty(value) ? NULL : convert(value, row->as);

    if (ours) {
        oc_import_put(imp, out, row->to, ours);
    } else if (!is_empty(value)) {
        oc_import_expect(imp, key, wanted(row->as), value);
    }
    if (ours && row->as == OC_IMPORT_URL &&
        strcmp(json_string_value(ours), json_string_value(value)) != 0) {
        oc_import_skip(imp, key, "Give user and password as options of their own.",
                       "user and password in the address were not copied");
    }
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

void oc_import_secret(struct oc_importer *imp, json_t *source, const char *where, const char *from,
                      json_t *out, const char *to, const char *variable)
{
    json_t *value = oc_import_take(source, from);
    if (value && !is_empty(value)) {
        char *key = full_key(where, from);
        char *named = json_is_string(value) ? variable_of(json_string_value(value)) : NULL;
        char *reference = oc_asprintf("$env:%s", named ? named : variable);
        oc_import_put(imp, out, to, json_string(reference));
        if (!named) {
            char *hint = oc_asprintf("Set %s in the environment of the program.", variable);
            oc_import_skip(imp, key, hint, "the secret was not copied: ours refers to %s",
                           reference);
            free(hint);
        }
        free(reference);
        free(named);
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

static void report_left(struct oc_importer *imp, const char *where, const json_t *value,
                        size_t *count)
{
    const char *key;
    json_t *child;

    if (json_is_object(value)) {
        json_object_foreach((json_t *)value, key, child)
        {
            char *below = full_key(where, key);
            report_left(imp, below, child, count);
            free(below);
        }
    } else if (!is_empty(value) && (*count)++ < LEFTOVERS_MAX) {
        const char *near = nearest_key(imp, where);
        char *hint = near ? oc_asprintf("Did you mean %s?", near) : oc_strdup("");
        oc_import_skip(imp, where, hint, "there is no such setting here");
        free(hint);
    }
}

void oc_import_rest(struct oc_importer *imp, const char *where, json_t *object)
{
    size_t count = 0;
    report_left(imp, where, object, &count);
    json_decref(object);
}

void oc_import_leftovers(struct oc_importer *imp, const struct oc_import_reason *reasons)
{
    size_t count = 0;

    for (; reasons->from; reasons++) {
        json_t *value = oc_import_take(imp->source, reasons->from);
        bool nothing =
            !value || is_empty(value) || (json_is_object(value) && !json_object_size(value));
        if (!nothing && reasons->why) {
            oc_import_skip(imp, reasons->from, reasons->hint, "%s", reasons->why);
        }
        json_decref(value);
    }
    report_left(imp, "", imp->source, &count);
    if (count > LEFTOVERS_MAX) {
        oc_import_skip(imp, "", "", "%zu more settings have no place here", count - LEFTOVERS_MAX);
    }
}

/* ---- channels ---- */

void oc_import_add_channel(struct oc_importer *imp, const char *where, json_t *channel,
                           const char *address, bool enabled)
{
    if (address && !json_object_get(channel, address)) {
        oc_import_skip(imp, where, "", "the channel is left out: it %s no address",
                       enabled ? "has" : "is off and has");
        json_decref(channel);
        return;
    }
    if (!enabled) {
        oc_json_set_bool(channel, "enabled", false);
    }
    json_array_append_new(oc_import_list(imp, "alerts.channels"), channel);
    imp->mapped++;
}

/* Manifests of plugins that may never be used: most of their text stays text. SPDX-License-Identifier: MIT
 *
 * A host knows dozens of plugins and uses few, and the metrics are two thirds of what a manifest says. They are checked as they are read, without
 * a tree; whatever is not plainly right goes the long way, which says what is wrong. */
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/jsonscan.h"
#include "core/base/map.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/plugin/internal.h"
#include "core/plugin/manifest/manifest.h"
#include "core/plugin/manifest/shape.h"

#define METRICS  "metrics"
#define TEXT_MAX 600 /* bytes of a text that may be right */
#define KEY_MAX  64

static bool is(struct oc_view text, const char *word)
{
    return strncmp(word, text.ptr, text.len) == 0 && word[text.len] == '\0';
}

/* ---- the shape, without a tree ---- */

static bool text_fits(const struct oc_shape *shape, struct oc_view text)
{
    char copy[TEXT_MAX];
    if (text.len >= sizeof copy) {
        return false;
    }
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    return oc_utf8_printable(copy, text.len, true) &&
           (!shape->choices || oc_choice_has(shape->choices, copy)) &&
           (!shape->check || shape->check(copy));
}

static bool value_fits(struct oc_scan *s, const struct oc_shape *shape, struct oc_view *text)
{
    bool first = true, fits = true;
    if (shape->type == OC_SHAPE_STRING) {
        return oc_scan_string(s, text) && text_fits(shape, *text);
    }
    if (shape->type != OC_SHAPE_STRINGS || !oc_scan_enter(s, '[')) {
        return false;
    }
    while (fits && oc_scan_item(s, &first)) {
        fits = oc_scan_string(s, text) && text_fits(shape, *text);
    }
    return fits;
}

/* An object; `name` becomes its member of that name. */
static bool object_fits(struct oc_scan *s, const struct oc_shape *keys, struct oc_view *name)
{
    unsigned seen = 0, required = 0;
    bool first = true, fits = oc_scan_enter(s, '{');
    struct oc_view key, text;
    while (fits && oc_scan_member(s, &first, &key)) {
        unsigned i = 0;
        while (keys[i].key && !is(key, keys[i].key)) {
            i++;
        }
        fits = keys[i].key && !(seen & 1u << i) && value_fits(s, &keys[i], &text);
        seen |= 1u << i;
        *name = fits && is(key, "name") ? text : *name;
    }
    for (unsigned i = 0; keys[i].key; i++) {
        required |= keys[i].required ? 1u << i : 0;
    }
    return fits && (seen & required) == required;
}

/* The list of metrics, plainly right. */
static bool metrics_fit(struct oc_scan *s)
{
    struct oc_map names = {0};
    bool first = true, fits = oc_scan_enter(s, '[');
    while (fits && oc_scan_item(s, &first)) {
        struct oc_view name = {0};
        fits = object_fits(s, oc_manifest_metric_keys, &name) &&
               !oc_map_setn(&names, name.ptr, name.len, s);
    }
    oc_map_finish(&names, NULL);
    return fits && !s->wrong;
}

/* ---- the document ---- */

/* The next member: into the object, or, of the metrics, where they stand. */
static bool take_member(struct oc_scan *s, struct oc_view key, json_t *json,
                        struct oc_view *metrics)
{
    char name[KEY_MAX];
    oc_scan_peek(s);
    const char *from = s->at;
    if (is(key, METRICS)) {
        const bool again = metrics->ptr != NULL;
        const bool fits = metrics_fit(s);
        *metrics = (struct oc_view){from, (uint64_t)(s->at - from)};
        return fits && !again;
    }
    oc_scan_skip(s);
    if (s->wrong || key.len >= sizeof name) {
        return false;
    }
    memcpy(name, key.ptr, key.len);
    name[key.len] = '\0';
    json_t *value = json_object_get(json, name)
                        ? NULL
                        : json_loadb(from, (size_t)(s->at - from),
                                     JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL);
    return value && json_object_set_new_nocheck(json, name, value) == 0;
}

/* Everything but the metrics; NULL when the text needs to be read the long way. */
static json_t *read_slim(const char *text, size_t len, struct oc_view *metrics)
{
    struct oc_scan s;
    struct oc_view key;
    bool first = true;
    if (len > OC_MANIFEST_MAX || !oc_utf8_valid(text, len) || memmem(text, len, "\\u", 2)) {
        return NULL;
    }
    json_t *json = json_object();
    oc_scan_init(&s, text, len);
    bool fits = oc_scan_enter(&s, '{');
    while (fits && oc_scan_member(&s, &first, &key)) {
        fits = take_member(&s, key, json, metrics);
    }
    if (!fits || !oc_scan_end(&s)) {
        json_decref(json);
        json = NULL;
    }
    oc_scan_finish(&s);
    return json;
}

/* Older releases asked less of a manifest than this one does. */
static struct oc_manifest *parse_mended(const char *text, size_t len, const char *dir)
{
    struct oc_error quiet;
    oc_error_init(&quiet);
    json_t *json = len <= OC_MANIFEST_MAX ? oc_json_parse(text, len, &quiet) : NULL;
    json_t *left_out = oc_manifest_mend(json);
    struct oc_manifest *m = oc_manifest_of(json, dir, &quiet);
    if (m) {
        m->left_out = left_out;
    } else {
        json_decref(left_out);
    }
    return m;
}

/* The long way; told is what is wrong with the text as it stands. */
static struct oc_manifest *parse_whole(const char *text, size_t len, const char *dir,
                                       struct oc_error *err)
{
    struct oc_error why;
    oc_error_init(&why);
    struct oc_manifest *m = oc_manifest_parse(text, len, dir, &why);
    m = m ? m : parse_mended(text, len, dir);
    if (!m && err) {
        *err = why;
    }
    return m;
}

struct oc_manifest *oc_manifest_parse_kept(const char *text, size_t len, const char *dir,
                                           struct oc_error *err)
{
    struct oc_view metrics = {0};
    struct oc_error quiet;
    oc_error_init(&quiet);
    json_t *json = read_slim(text ? text : "", len, &metrics);
    struct oc_manifest *m = json ? oc_manifest_of(json, dir, &quiet) : NULL;
    if (!m) {
        return parse_whole(text, len, dir, err);
    }
    m->metrics = metrics;
    return m;
}

json_t *oc_manifest_metrics(const struct oc_manifest *m)
{
    return m->metrics.ptr ? oc_json_parse(m->metrics.ptr, m->metrics.len, NULL)
                          : json_incref(json_object_get(m->json, METRICS));
}

json_t *oc_manifest_whole(const struct oc_manifest *m)
{
    json_t *whole = json_copy(m->json), *metrics = oc_manifest_metrics(m);
    if (metrics) {
        oc_json_take(whole, METRICS, metrics);
    }
    return whole;
}

char *oc_manifest_metric_help(const struct oc_manifest *m, const char *name)
{
    char *help = NULL;
    json_t *metric, *metrics;
    size_t i;
    if (m->metrics.ptr && !memmem(m->metrics.ptr, m->metrics.len, name, strlen(name))) {
        return NULL; /* that is quicker than to parse it */
    }
    metrics = oc_manifest_metrics(m);
    json_array_foreach(metrics, i, metric)
    {
        if (!help && strcmp(oc_json_str(metric, "name", ""), name) == 0) {
            const char *text = oc_json_str(metric, "help", NULL);
            help = text ? oc_strdup(text) : NULL;
        }
    }
    json_decref(metrics);
    return help;
}

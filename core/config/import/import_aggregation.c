/* alert-rules.yaml of the original system: what it sums up. SPDX-License-Identifier: MIT */
#include <string.h>

#include "core/base/text.h"
#include "core/base/time.h"
#include "core/config/import/import_alerting.h"

#define WINDOW_MAX 86400 /* seconds */

/* The label that a rule groups by; NULL when it does not say, or says several. */
static const char *label_of(const json_t *rule)
{
    const json_t *by = json_object_get(rule, "groupBy");
    if (json_is_array(by)) {
        by = json_array_size(by) == 1 ? json_array_get(by, 0) : NULL;
    }
    return json_string_value(by);
}

/* In seconds; a figure that is none is 0. */
static int64_t window_of(const json_t *rule)
{
    const json_t *said = json_object_get(rule, "window");
    return said ? json_integer_value(said) : 300;
}

static bool is_understood(const json_t *rule)
{
    const int64_t window = window_of(rule);
    return label_of(rule) && window >= 1 && window <= WINDOW_MAX;
}

/* Whether it is one of the two that digests follow as it is. */
static bool is_digest(const json_t *rule)
{
    static const char *const texts[][2] = {
        {"category", "{{count}} {{severity}} alerts in {{category}}"},
        {"agent", "{{count}} alerts for agent {{agent}}"},
    };
    const char *label = label_of(rule);
    for (size_t i = 0; label && i < OC_COUNT(texts); i++) {
        if (strcmp(label, texts[i][0]) == 0 &&
            strcmp(oc_json_str(rule, "format", texts[i][1]), texts[i][1]) == 0) {
            return true;
        }
    }
    return false;
}

const json_t *oc_import_grouping(const json_t *list)
{
    const json_t *rule;
    size_t i;
    json_array_foreach(list, i, rule)
    {
        if (oc_import_is_on(rule) && is_understood(rule) && !is_digest(rule)) {
            return rule;
        }
    }
    return NULL;
}

/* As a duration under `to`; false when another rule said another one. */
static bool put_window(struct oc_importer *imp, const char *to, int64_t seconds)
{
    char text[32];
    oc_duration_format(seconds * OC_SECOND, text, sizeof text);
    const char *said = json_string_value(oc_json_path(imp->out, to));
    if (said) {
        return strcmp(said, text) == 0;
    }
    oc_import_put(imp, imp->out, to, json_string(text));
    return true;
}

/* A text of its own belongs to the routes; that of a digest is ours already. */
static void import_format(struct oc_importer *imp, const char *where, json_t *rule)
{
    json_t *format = oc_import_text_at(imp, rule, where, "format");
    if (format) {
        char *key = oc_asprintf("%s.format", where);
        oc_import_skip(imp, key, OC_IMPORT_AS_POLICY "route.lua.",
                       "the text of a group is decided by a policy");
        free(key);
    }
    json_decref(format);
}

static void import_group(struct oc_importer *imp, const char *where, json_t *rule, int64_t window)
{
    if (oc_json_path(imp->out, "alerts.group_by")) {
        oc_import_skip(imp, where,
                       "Give a route of policies/route.lua its own `group_by` and `text`.",
                       "alerts are grouped in one way unless a route says otherwise");
        json_object_clear(rule);
    } else {
        oc_import_put(imp, imp->out, "alerts.group_by", json_pack("[s]", label_of(rule)));
        put_window(imp, "alerts.group_interval", window);
        import_format(imp, where, rule);
    }
}

static void import_digest(struct oc_importer *imp, const char *where, json_t *rule, int64_t window)
{
    if (!put_window(imp, "alerts.storm_interval", window)) {
        oc_import_skip(imp, where, "Set `alerts.storm_interval`.",
                       "one digest sums up by category and by agent, so it has one window");
    }
    json_decref(oc_import_text_at(imp, rule, where, "format"));
}

static void import_rule(struct oc_importer *imp, const char *where, json_t *rule)
{
    const bool enabled = oc_import_flag(imp, rule, where, "enabled", true);
    const int64_t window = window_of(rule);

    if (!enabled) {
        imp->mapped++; /* nothing is grouped */
        json_object_clear(rule);
    } else if (!is_understood(rule)) {
        oc_import_skip(imp, where, "Write groupBy: category and window: 300.",
                       "expected `groupBy`, one label, and `window`, seconds up to a day");
        json_object_clear(rule);
    } else if (is_digest(rule)) {
        import_digest(imp, where, rule, window);
    } else {
        import_group(imp, where, rule, window);
    }
    json_object_del(rule, "window");
    json_object_del(rule, "groupBy");
    json_object_del(rule, "name");
    json_object_del(rule, "description");
}

void oc_import_aggregation(struct oc_importer *imp)
{
    oc_import_each(imp, "aggregation.rules", import_rule);
}

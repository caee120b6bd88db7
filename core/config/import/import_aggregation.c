/* alert-rules.yaml of the original system: what it sums up. SPDX-License-Identifier: MIT */
#include <string.h>

#include "core/base/text.h"
#include "core/base/time.h"
#include "core/config/import/import_alerting.h"

#define WINDOW_MAX 86400 /* seconds */

const char *oc_import_group_label(const json_t *rule)
{
    const json_t *by = json_object_get(rule, "groupBy");
    if (json_is_array(by)) {
        by = json_array_size(by) == 1 ? json_array_get(by, 0) : NULL;
    }
    return json_string_value(by);
}

bool oc_import_is_digest(const json_t *rule)
{
    static const char *const texts[][2] = {
        {"category", "{{count}} {{severity}} alerts in {{category}}"},
        {"agent", "{{count}} alerts for agent {{agent}}"},
    };
    const char *label = oc_import_group_label(rule);
    for (size_t i = 0; label && i < OC_COUNT(texts); i++) {
        if (strcmp(label, texts[i][0]) == 0 &&
            strcmp(oc_json_str(rule, "format", texts[i][1]), texts[i][1]) == 0) {
            return true;
        }
    }
    return false;
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

static void import_rule(struct oc_importer *imp, const char *where, const json_t *rule)
{
    const char *label = oc_import_group_label(rule);
    const int64_t window = oc_json_int(rule, "window", 300);
    if (!oc_json_bool(rule, "enabled", true)) {
        imp->mapped++; /* nothing is grouped */
    } else if (!label || window < 1 || window > WINDOW_MAX) {
        oc_import_skip(imp, where, "Write groupBy: category and window: 300.",
                       "expected `groupBy`, one label, and `window`, seconds up to a day");
    } else if (oc_import_is_digest(rule)) {
        if (!put_window(imp, "alerts.storm_interval", window)) {
            oc_import_skip(imp, where, "Set `alerts.storm_interval`.",
                           "one digest sums up by category and by agent, so it has one window");
        }
    } else if (oc_json_path(imp->out, "alerts.group_by")) {
        oc_import_skip(imp, where,
                       "Give a route of policies/route.lua its own `group_by` and `text`.",
                       "alerts are grouped in one way unless a route says otherwise");
    } else {
        oc_import_put(imp, imp->out, "alerts.group_by", json_pack("[s]", label));
        put_window(imp, "alerts.group_interval", window);
    }
}

void oc_import_aggregation(struct oc_importer *imp)
{
    json_t *list = oc_import_take(imp->source, "aggregation.rules"), *rule;
    size_t i;

    json_array_foreach(list, i, rule)
    {
        char *where = oc_asprintf("aggregation.rules[%zu]", i);
        if (json_is_object(rule)) {
            import_rule(imp, where, rule);
        } else {
            oc_import_expect(imp, where, "a group", rule);
        }
        free(where);
    }
    json_decref(list);
}

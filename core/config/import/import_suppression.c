/* alert-rules.yaml of the original system: what it suppresses. SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "core/base/text.h"
#include "core/base/time.h"
#include "core/config/import/import_alerting.h"

/* "HH:MM" as minutes, -1 when it is none. */
static int minutes_of(const char *text)
{
    int hours, minutes, end = 0;
    bool read = sscanf(text, "%2d:%2d%n", &hours, &minutes, &end) == 2 && !text[end];
    return read && hours >= 0 && hours < 24 && minutes >= 0 && minutes < 60 ? hours * 60 + minutes
                                                                            : -1;
}

static bool import_window(struct oc_importer *imp, const json_t *slot, size_t i, bool enabled)
{
    int start = minutes_of(oc_json_str(slot, "start", ""));
    int end = minutes_of(oc_json_str(slot, "end", ""));
    const char *day = oc_json_str(slot, "day", NULL), *zone = oc_json_str(slot, "timezone", "UTC");
    char text[32];

    if (start < 0 || end < 0 || start == end) {
        return false;
    }
    json_t *window = json_object();
    char *name = i ? oc_asprintf("maintenance-window-%zu", i + 1) : oc_strdup("maintenance-window");
    oc_json_set_str(window, "name", name);
    oc_json_take(window, "services", json_pack("[s]", "*"));
    if (day) {
        oc_json_take(window, "days", json_pack("[s]", day));
    }
    oc_json_set_str(window, "start", oc_json_str(slot, "start", ""));
    oc_duration_format((end - start + (end < start ? 24 * 60 : 0)) * OC_MINUTE, text, sizeof text);
    oc_json_set_str(window, "duration", text);
    if (strcmp(zone, "UTC") != 0) {
        oc_json_set_str(window, "zone", zone);
    }
    if (!enabled) {
        oc_json_set_bool(window, "enabled", false);
    }
    json_array_append_new(oc_import_list(imp, "maintenance"), window);
    imp->mapped++;
    free(name);
    return true;
}

/* One that is off is taken over as off. */
static void import_windows(struct oc_importer *imp, const char *where, const json_t *rule)
{
    const json_t *slot, *schedule = json_object_get(rule, "schedule");
    const bool enabled = oc_json_bool(rule, "enabled", true);
    json_t *list =
        json_is_object(schedule) ? json_pack("[O]", schedule) : json_incref((json_t *)schedule);
    size_t i;

    json_array_foreach(list, i, slot)
    {
        if (!import_window(imp, slot, i, enabled)) {
            char *key = oc_asprintf("%s.schedule", where);
            oc_import_skip(imp, key, "Write { day: sunday, start: '02:00', end: '04:00' }.",
                           "expected `start` and `end` as HH:MM in window %zu", i + 1);
            free(key);
        }
    }
    if (json_array_size(list) == 0) {
        oc_import_skip(imp, where,
                       "Write schedule: [ { day: sunday, start: '02:00', end: '04:00' } ].",
                       "the maintenance window has no `schedule`");
    }
    json_decref(list);
}

static void import_duplicates(struct oc_importer *imp, const char *where, const json_t *rule)
{
    const int64_t window = oc_json_int(rule, "window", 0);
    char text[32];
    if (!oc_json_bool(rule, "enabled", true)) {
        oc_import_put(imp, imp->out, "alerts.cooldown", json_string("0"));
    } else if (window > 0 && window < 1000000000) {
        oc_duration_format(window * OC_SECOND, text, sizeof text);
        oc_import_put(imp, imp->out, "alerts.cooldown", json_string(text));
    } else {
        oc_import_skip(imp, where, "Write window: 300.", "expected `window`, a number of seconds");
    }
}

static void import_suppression_rule(struct oc_importer *imp, const char *where, const json_t *rule)
{
    const char *name = oc_json_str(rule, "name", "");

    if (!json_is_object(rule)) {
        oc_import_expect(imp, where, "a group", rule);
    } else if (!strcmp(name, "duplicate-suppression")) {
        import_duplicates(imp, where, rule);
    } else if (!strcmp(name, "maintenance-window")) {
        import_windows(imp, where, rule);
    } else if (!strcmp(name, "severity-cascade")) {
        oc_import_skip(imp, where, "`openclaw alert import` writes it as policies/inhibit.lua.",
                       "which alerts keep others quiet is decided by a policy: %s", name);
    } else {
        oc_import_skip(imp, where, "Rules of `alerts.inhibit` keep alerts quiet while others fire.",
                       "the rule \"%.60s\" has no counterpart", name);
    }
}

void oc_import_suppression(struct oc_importer *imp)
{
    json_t *list = oc_import_take(imp->source, "suppression.rules"), *rule;
    size_t i;

    json_array_foreach(list, i, rule)
    {
        char *where = oc_asprintf("suppression.rules[%zu]", i);
        import_suppression_rule(imp, where, rule);
        free(where);
    }
    json_decref(list);
}

/* alert-rules.yaml of the original system: what it suppresses. SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/base/text.h"
#include "core/base/time.h"
#include "core/config/import/import_alerting.h"
#include "core/sys/zone.h"

/* "HH:MM" as minutes, -1 when it is none. */
static int minutes_of(const json_t *value)
{
    const char *text = json_string_value(value);
    int hours, minutes, end = 0;
    bool read = text && sscanf(text, "%2d:%2d%n", &hours, &minutes, &end) == 2 && !text[end];
    return read && hours >= 0 && hours < 24 && minutes >= 0 && minutes < 60 ? hours * 60 + minutes
                                                                            : -1;
}

static bool is_weekday(const json_t *day)
{
    static const char *const week[] = {"monday", "tuesday",  "wednesday", "thursday",
                                       "friday", "saturday", "sunday"};
    const char *text = json_string_value(day);
    for (size_t i = 0; text && i < OC_COUNT(week); i++) {
        if (strcasecmp(text, week[i]) == 0) {
            return true;
        }
    }
    return false;
}

static bool are_weekdays(const json_t *days)
{
    bool sound = json_array_size(days) > 0;
    for (size_t i = 0; i < json_array_size(days); i++) {
        sound = sound && is_weekday(json_array_get(days, i));
    }
    return sound;
}

/* `day` or `days`, a text or a list of them, as a list; NULL when neither is there. Owned. */
static json_t *take_days(json_t *slot)
{
    json_t *said = oc_import_take(slot, "day");
    said = said ? said : oc_import_take(slot, "days");
    return said && !json_is_array(said) ? json_pack("[o]", said) : said;
}

static bool is_zone(const json_t *zone)
{
    struct oc_error err;
    struct oc_zone clock;
    if (!json_is_string(zone) || oc_zone_init(&clock, json_string_value(zone), &err) != OC_OK) {
        return false;
    }
    oc_zone_finish(&clock);
    return true;
}

/* The name of a zone; NULL when there is none, which is UTC. Owned. */
static json_t *take_zone(json_t *slot)
{
    json_t *zone = oc_import_take(slot, "timezone");
    if (!zone || !oc_import_empty(zone)) {
        return zone;
    }
    json_decref(zone);
    return NULL;
}

/* When a window is, out of the file. */
struct slot {
    json_t *start, *end, *days, *zone; /* owned; the last two may be NULL */
};

/* What the windows of a rule have in common. */
struct windows {
    json_t *services; /* owned */
    bool enabled;
};

static void put_window(struct oc_importer *imp, const struct slot *slot, const struct windows *w)
{
    json_t *list = oc_import_list(imp, "maintenance"), *window = json_object();
    const size_t number = json_array_size(list) + 1;
    const int start = minutes_of(slot->start), end = minutes_of(slot->end);
    char *name = number > 1 ? oc_asprintf("maintenance-window-%zu", number)
                            : oc_strdup("maintenance-window");
    char text[32];

    oc_json_set_str(window, "name", name);
    json_object_set(window, "services", w->services);
    if (slot->days) {
        json_object_set(window, "days", slot->days);
    }
    json_object_set(window, "start", slot->start);
    oc_duration_format((end - start + (end < start ? 24 * 60 : 0)) * OC_MINUTE, text, sizeof text);
    oc_json_set_str(window, "duration", text);
    if (slot->zone && strcmp(json_string_value(slot->zone), "UTC") != 0) {
        json_object_set(window, "zone", slot->zone);
    }
    if (!w->enabled) {
        oc_json_set_bool(window, "enabled", false);
    }
    json_array_append_new(list, window);
    imp->mapped++;
    free(name);
}

/* What is wrong with it: what was expected; NULL: nothing. */
static const char *fault_of(const struct slot *slot)
{
    const int start = minutes_of(slot->start), end = minutes_of(slot->end);
    return start < 0 || end < 0 || start == end      ? "`start` and `end` as HH:MM"
           : slot->days && !are_weekdays(slot->days) ? "`day` as a weekday or a list of them"
           : slot->zone && !is_zone(slot->zone)      ? "`timezone` as the name of a zone"
                                                     : NULL;
}

/* A window that is not understood is none: on more days than were meant it would keep alerts quiet. */
static void import_slot(struct oc_importer *imp, const char *where, json_t *source, size_t i,
                        const struct windows *w)
{
    struct slot slot = {.start = oc_import_take(source, "start"),
                        .end = oc_import_take(source, "end"),
                        .days = take_days(source),
                        .zone = take_zone(source)};
    const char *fault = fault_of(&slot);
    if (fault) {
        oc_import_skip(imp, where, "Write { day: sunday, start: '02:00', end: '04:00' }.",
                       "expected %s in window %zu", fault, i + 1);
    } else {
        put_window(imp, &slot, w);
        oc_import_rest(imp, where, source);
    }
    json_decref(slot.start);
    json_decref(slot.end);
    json_decref(slot.days);
    json_decref(slot.zone);
}

static void import_schedule(struct oc_importer *imp, const char *where, json_t *rule,
                            const struct windows *w)
{
    json_t *schedule = oc_import_take(rule, "schedule"), *slot;
    json_t *list = json_is_object(schedule) ? json_pack("[O]", schedule) : json_incref(schedule);
    char *key = oc_asprintf("%s.schedule", where);
    size_t i;

    json_array_foreach(list, i, slot)
    {
        import_slot(imp, key, slot, i, w);
    }
    if (json_array_size(list) == 0) {
        oc_import_skip(imp, where,
                       "Write schedule: [ { day: sunday, start: '02:00', end: '04:00' } ].",
                       "the maintenance window has no `schedule`");
    }
    free(key);
    json_decref(list);
    json_decref(schedule);
}

/* One that is off is taken over as off. Without `services` it is for all of them; with some that are
 * not understood it is none. */
static void import_windows(struct oc_importer *imp, const char *where, json_t *rule)
{
    static const struct oc_import_row services[] = {
        {"services", "services", OC_IMPORT_STRINGS},
        {0},
    };
    const bool limited = json_object_get(rule, "services") != NULL;
    json_t *taken = json_object();

    oc_import_rows(imp, rule, where, services, taken);
    struct windows w = {.services = limited ? json_incref(json_object_get(taken, "services"))
                                            : json_pack("[s]", "*"),
                        .enabled = oc_import_flag(imp, rule, where, "enabled", true)};
    if (w.services) {
        import_schedule(imp, where, rule, &w);
    } else {
        oc_import_skip(imp, where, "Write services: [ '*' ].",
                       "the maintenance window is left out: it names no services");
        json_object_clear(rule);
    }
    json_decref(w.services);
    json_decref(taken);
}

/* What makes two alerts the same: here that is the rule with all labels. */
static void import_fields(struct oc_importer *imp, const char *where, json_t *rule)
{
    json_t *fields = oc_import_take(rule, "matchFields"),
           *usual = json_pack("[s,s]", "id", "severity");
    if (fields && !json_equal(fields, usual)) {
        char *key = oc_asprintf("%s.matchFields", where);
        oc_import_skip(imp, key, "",
                       "alerts are the same when their rule and all their labels are");
        free(key);
    }
    json_decref(usual);
    json_decref(fields);
}

static void import_duplicates(struct oc_importer *imp, const char *where, json_t *rule)
{
    static const struct oc_import_row window[] = {
        {"window", "alerts.cooldown", OC_IMPORT_SECONDS},
        {0},
    };
    if (!oc_import_flag(imp, rule, where, "enabled", true)) {
        oc_import_put(imp, imp->out, "alerts.cooldown", json_string("0"));
        json_object_clear(rule);
    } else if (!json_object_get(rule, "window")) {
        oc_import_skip(imp, where, "Write window: 300.", "expected `window`, a number of seconds");
    }
    oc_import_rows(imp, rule, where, window, imp->out);
    import_fields(imp, where, rule);
}

static void import_rule(struct oc_importer *imp, const char *where, json_t *rule)
{
    json_t *said = oc_import_take(rule, "name");
    const char *name = json_is_string(said) ? json_string_value(said) : "";

    json_object_del(rule, "description");
    if (!strcmp(name, "duplicate-suppression")) {
        import_duplicates(imp, where, rule);
    } else if (!strcmp(name, "maintenance-window")) {
        import_windows(imp, where, rule);
    } else {
        const bool policy = strcmp(name, "severity-cascade") == 0;
        oc_import_skip(imp, where,
                       policy ? OC_IMPORT_AS_POLICY "inhibit.lua."
                              : "Rules of `alerts.inhibit` keep alerts quiet while others fire.",
                       policy ? "which alerts keep others quiet is decided by a policy: %s"
                              : "the rule \"%.60s\" has no counterpart",
                       name);
        json_object_clear(rule);
    }
    json_decref(said);
}

void oc_import_suppression(struct oc_importer *imp)
{
    oc_import_each(imp, "suppression.rules", import_rule);
}

/* Named time intervals: what the configuration says of them. SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/config/bind.h"
#include "core/service/alert/route/interval.h"

#define RANGE_TEXT_MAX 64

struct entry {
    const char *name, *zone, *times, *weekdays, *days, *months, *years;
};

#define AT(member) offsetof(struct entry, member)
static const struct oc_option options[] = {
    {.name = "name",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_REQUIRED,
     .offset = AT(name),
     .help = "what routes call it; entries of one name add up"},
    {.name = "times",
     .type = OC_OPT_STRING,
     .offset = AT(times),
     .help = "times of the day, \"22:00-06:00\"; none = all day"},
    {.name = "weekdays",
     .type = OC_OPT_STRING,
     .offset = AT(weekdays),
     .help = "days of the week, \"mon-fri\"; none = every day"},
    {.name = "days_of_month",
     .type = OC_OPT_STRING,
     .offset = AT(days),
     .help = "days of the month, \"1:7\"; negative ones count from its end, \"-1\""},
    {.name = "months", .type = OC_OPT_STRING, .offset = AT(months), .help = "months, \"jan-mar\""},
    {.name = "years", .type = OC_OPT_STRING, .offset = AT(years), .help = "years, \"2026:2028\""},
    {.name = "zone",
     .type = OC_OPT_STRING,
     .offset = AT(zone),
     .default_text = "UTC",
     .help = "the time zone, \"Europe/Berlin\""},
    {0}};
#undef AT

static const char *const weekdays[] = {"sunday",   "monday", "tuesday", "wednesday",
                                       "thursday", "friday", "saturday"};
static const char *const months[] = {"january",   "february", "march",    "april",
                                     "may",       "june",     "july",     "august",
                                     "september", "october",  "november", "december"};

/* A name, or its first three letters. */
static bool read_name(const char *const *names, size_t count, const char *text, int *value)
{
    for (size_t i = 0; i < count; i++) {
        if (strcasecmp(text, names[i]) == 0 ||
            (strlen(text) == 3 && strncasecmp(text, names[i], 3) == 0)) {
            *value = (int)i;
            return true;
        }
    }
    return false;
}

static bool read_number(const char *text, int min, int max, int *value)
{
    char *end;
    long number = strtol(text, &end, 10);
    *value = (int)number;
    return *text && !*end && number >= min && number <= max && strspn(text, "-0123456789") > 0;
}

static bool read_time(const char *text, int *value)
{
    int hours, minutes, used = 0;
    if (sscanf(text, "%2d:%2d%n", &hours, &minutes, &used) != 2 || text[used] || used < 4 ||
        hours < 0 || minutes < 0 || minutes > 59 || hours * 60 + minutes > 1440) {
        return false;
    }
    *value = hours * 60 + minutes;
    return true;
}

static bool read_value(enum oc_interval_key key, const char *text, int *value)
{
    switch (key) {
    case OC_INTERVAL_TIMES:
        return read_time(text, value);
    case OC_INTERVAL_WEEKDAYS:
        return read_name(weekdays, 7, text, value);
    case OC_INTERVAL_DAYS:
        return read_number(text, -31, 31, value) && *value != 0;
    case OC_INTERVAL_MONTHS:
        if (read_name(months, 12, text, value)) {
            *value += 1;
            return true;
        }
        return read_number(text, 1, 12, value);
    case OC_INTERVAL_YEARS:
        return read_number(text, 1970, 9999, value);
    }
    return false;
}

/* Where the range is divided: at ":" or "-", but for times, which have a ":" of their own. NULL: it is one value. */
static char *divider(enum oc_interval_key key, char *text)
{
    char *colon = key == OC_INTERVAL_TIMES ? NULL : strchr(text, ':');
    return colon ? colon : strchr(text + (*text == '-' ? 1 : 0), '-');
}

static char *trim(char *text)
{
    size_t len;
    text += strspn(text, " \t");
    for (len = strlen(text); len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\t'); len--) {
        text[len - 1] = '\0';
    }
    return text;
}

static bool read_range(enum oc_interval_key key, char *text, struct oc_interval_range *range)
{
    char *at = divider(key, text);
    if (at) {
        *at++ = '\0';
    } else if (key == OC_INTERVAL_TIMES) {
        return false;
    }
    if (!read_value(key, trim(text), &range->begin) ||
        !read_value(key, at ? trim(at) : trim(text), &range->end)) {
        return false;
    }
    bool wraps = key == OC_INTERVAL_WEEKDAYS || key == OC_INTERVAL_MONTHS;
    bool same_side = (range->begin < 0) == (range->end < 0);
    if (key == OC_INTERVAL_TIMES) {
        return range->begin != range->end && range->begin < 1440;
    }
    return wraps || range->begin <= range->end || (key == OC_INTERVAL_DAYS && !same_side);
}

static int refuse(enum oc_interval_key key, const char *text, struct oc_error *err)
{
    static const char *const what[] = {"a range of times", "days of the week", "days of a month",
                                       "months", "years"};
    static const char *const hint[] = {
        "Write \"22:00-06:00\"; the end of a day is \"24:00\".", "Write \"mon-fri\" or \"sunday\".",
        "Write \"1:7\", or \"-3:-1\" for the last three days.", "Write \"jan-mar\" or \"12\".",
        "Write \"2026\" or \"2026:2028\"."};
    oc_error_set(err, OC_E_CONFIG, "'%.40s' does not say %s", text, what[key]);
    oc_error_hint(err, "%s", hint[key]);
    return OC_E_CONFIG;
}

int oc_interval_parse(enum oc_interval_key key, const char *text, struct oc_interval_ranges *ranges,
                      struct oc_error *err)
{
    const char *at = text;
    for (bool more = true; more;) {
        char one[RANGE_TEXT_MAX];
        size_t len = strcspn(at, ",");
        struct oc_interval_range range;
        if (len >= sizeof one || ranges->count >= OC_INTERVAL_RANGES_MAX) {
            return refuse(key, text, err);
        }
        memcpy(one, at, len);
        one[len] = '\0';
        if (!read_range(key, one, &range)) {
            return refuse(key, text, err);
        }
        ranges->items[ranges->count++] = range;
        more = at[len] == ',';
        at += len + 1;
    }
    return OC_OK;
}

/* ---- entries ---- */

static void free_part(struct oc_interval_part *part)
{
    oc_zone_finish(&part->zone);
    free(part);
}

void oc_intervals_finish(struct oc_intervals *set)
{
    for (size_t i = 0; i < set->list.count; i++) {
        struct oc_interval *interval = set->list.items[i];
        for (size_t k = 0; k < interval->parts.count; k++) {
            free_part(interval->parts.items[k]);
        }
        OC_VEC_FINISH(&interval->parts);
        free(interval->name);
        free(interval);
    }
    OC_VEC_FINISH(&set->list);
}

const struct oc_interval *oc_intervals_find(const struct oc_intervals *set, const char *name)
{
    for (size_t i = 0; i < set->list.count; i++) {
        if (strcmp(set->list.items[i]->name, name) == 0) {
            return set->list.items[i];
        }
    }
    return NULL;
}

static struct oc_interval *named(struct oc_intervals *set, const char *name)
{
    for (size_t i = 0; i < set->list.count; i++) {
        if (strcmp(set->list.items[i]->name, name) == 0) {
            return set->list.items[i];
        }
    }
    struct oc_interval *interval = oc_calloc(1, sizeof *interval);
    interval->name = oc_strdup(name);
    OC_VEC_PUSH(&set->list, interval);
    return interval;
}

struct reading {
    const struct oc_node *node;
    const char *path;
    struct oc_diags *diags;
    bool sound;
};

static void complain(struct reading *r, const char *key, const struct oc_error *err)
{
    const struct oc_node *at = oc_node_get(r->node, key);
    char *path = oc_asprintf("%s.%s", r->path, key);
    oc_diags_add(r->diags, false, at ? at : r->node, path, err->hint, "%s", err->message);
    free(path);
    r->sound = false;
}

static void read_key(struct reading *r, enum oc_interval_key key, const char *name,
                     const char *text, struct oc_interval_ranges *ranges)
{
    struct oc_error err;
    oc_error_init(&err);
    if (text && oc_interval_parse(key, text, ranges, &err) != OC_OK) {
        complain(r, name, &err);
    }
}

static void read_zone(struct reading *r, const char *name, struct oc_zone *zone)
{
    struct oc_error err;
    oc_error_init(&err);
    if (oc_zone_init(zone, name, &err) != OC_OK) {
        complain(r, "zone", &err);
    }
}

static void read_entry(struct oc_intervals *set, const struct oc_node *node, const char *path,
                       struct oc_diags *diags)
{
    struct reading r = {node, path, diags, true};
    struct oc_arena arena = {0};
    struct entry e = {0};
    struct oc_interval_part *part = oc_calloc(1, sizeof *part);
    if (oc_bind(options, sizeof options[0], node, path, NULL, &e, sizeof e, &arena, diags) == 0) {
        read_key(&r, OC_INTERVAL_TIMES, "times", e.times, &part->times);
        read_key(&r, OC_INTERVAL_WEEKDAYS, "weekdays", e.weekdays, &part->weekdays);
        read_key(&r, OC_INTERVAL_DAYS, "days_of_month", e.days, &part->days);
        read_key(&r, OC_INTERVAL_MONTHS, "months", e.months, &part->months);
        read_key(&r, OC_INTERVAL_YEARS, "years", e.years, &part->years);
        read_zone(&r, e.zone, &part->zone);
        if (!e.times && !e.weekdays && !e.days && !e.months && !e.years) {
            oc_diags_add(diags, true, node, path,
                         "Say when, for example times = \"22:00-06:00\"; for all day that is "
                         "\"00:00-24:00\".",
                         "interval %s has no condition: it holds at all times", e.name);
        }
    } else {
        r.sound = false;
    }
    if (r.sound) {
        struct oc_interval *interval = named(set, e.name);
        OC_VEC_PUSH(&interval->parts, part);
    } else {
        free_part(part);
    }
    oc_arena_finish(&arena);
}

void oc_intervals_configure(struct oc_intervals *set, const struct oc_node *root,
                            struct oc_diags *diags)
{
    const struct oc_node *list = oc_node_get(root, "alerts.intervals");
    oc_intervals_finish(set);
    if (list && (list->type != OC_NODE_LIST || list->count > OC_INTERVALS_MAX)) {
        oc_diags_add(diags, false, list, "alerts.intervals",
                     "Write ( { name = \"nights\"; times = \"22:00-06:00\"; } ).",
                     "expected a list of at most %d groups", OC_INTERVALS_MAX);
        return;
    }
    for (size_t i = 0; list && i < list->count; i++) {
        char *path = oc_asprintf("alerts.intervals[%zu]", i);
        read_entry(set, list->children[i], path, diags);
        free(path);
    }
}

json_t *oc_intervals_options_json(void)
{
    return oc_options_json(options, sizeof options[0]);
}

/* Escalation of the original system as tables of escalate.lua. SPDX-License-Identifier: MIT
 *
 * Its files say the same in several words and depths (`after` or `timeout`, beside the name or within `condition`), so a figure is looked
 * for by its names in the whole rule. */
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/vec.h"
#include "core/config/import/importer.h"
#include "core/service/alert/intake/import.h"

#define DEPTH_MAX   4
#define SECONDS_MAX (30 * 86400)
#define COUNT_MAX   17 /* occurrences that the policy is told of */
#define STEPS_MAX   20
#define CHANNEL_MAX 64

/* What may be wrong with a rule. */
static const char expected[] =
    "expected `after` (whole seconds, up to 30 days) with `channels` (up to 64), or `occurrences` "
    "(up to 17) with `window` (whole seconds, up to 30 days)";
static const char many_steps[] = "there are 20 steps already: no more are taken over";
static const char second_repeats[] = "a second rule for repeats: the first one holds";

/* The first member of one of these names (NULL ends them) in `json` or below it; borrowed. */
static const json_t *find_member(const json_t *json, const char *const *names, int depth)
{
    const char *key;
    json_t *child;
    size_t i;
    for (const char *const *name = names; *name && json_is_object(json); name++) {
        if (json_object_get(json, *name)) {
            return json_object_get(json, *name);
        }
    }
    const json_t *found = NULL;
    json_object_foreach((json_t *)json, key, child)
    {
        found = found || depth >= DEPTH_MAX ? found : find_member(child, names, depth + 1);
    }
    json_array_foreach(json, i, child)
    {
        found = found || depth >= DEPTH_MAX ? found : find_member(child, names, depth + 1);
    }
    return found;
}

/* Whole seconds or a count, -1 when it is none within the bounds. */
static int64_t figure(const json_t *rule, const char *const *names, int64_t max, int64_t fallback)
{
    const json_t *value = find_member(rule, names, 0);
    if (!value) {
        return fallback;
    }
    const int64_t n = json_is_integer(value) ? json_integer_value(value) : -1;
    return n >= 1 && n <= max ? n : -1;
}

/* A list of texts, or of groups with `channel`; false when there is anything else. */
static bool add_channels(const json_t *rule, struct oc_buf *out)
{
    static const char *const names[] = {"channels", "notify", NULL};
    const json_t *list = find_member(rule, names, 0), *item;
    size_t i;
    json_array_foreach(list, i, item)
    {
        const char *name =
            json_is_object(item) ? oc_json_str(item, "channel", NULL) : json_string_value(item);
        if (!name || i >= CHANNEL_MAX) {
            return false;
        }
        oc_buf_adds(out, i ? ", " : "");
        oc_alert_import_string(out, name);
    }
    return json_array_size(list) > 0;
}

/* What the rules come to. */
struct escalation {
    struct oc_buf steps, repeats;
    size_t step_count;
    bool has_steps, has_repeats; /* a rule spoke of them, be it to turn them off */
};

/* What is wrong with it; NULL: nothing. */
static const char *add_step(struct escalation *e, const json_t *rule)
{
    static const char *const names[] = {"after",        "timeout",           "delay",
                                        "afterSeconds", "unacknowledgedFor", NULL};
    const int64_t after = figure(rule, names, SECONDS_MAX, 900);
    struct oc_buf channels = {0};
    const char *fault = after < 0 || !add_channels(rule, &channels) ? expected
                        : e->step_count >= STEPS_MAX                ? many_steps
                                                                    : NULL;
    if (!fault) {
        oc_buf_addf(&e->steps, "  { after = %lld, channels = { %.*s } },\n", (long long)after,
                    (int)channels.len, channels.data);
        e->step_count++;
    }
    oc_buf_finish(&channels);
    return fault;
}

static const char *const count_names[] = {"occurrences", "count", "threshold", NULL};

/* The first rule that speaks of them has the word. One that is off: never so often. */
static const char *put_repeats(struct escalation *e, const json_t *rule, bool on)
{
    static const char *const names[] = {"window", "within", "timeWindow", "period", NULL};
    const int64_t count = figure(rule, count_names, COUNT_MAX, 5);
    const int64_t within = figure(rule, names, SECONDS_MAX, 1800);
    if (e->has_repeats) {
        return second_repeats;
    }
    if (on && (count < 0 || within < 0)) {
        return expected;
    }
    if (on) {
        oc_buf_addf(&e->repeats, " count = %lld, within = %lld }\n", (long long)count,
                    (long long)within);
    } else {
        oc_buf_adds(&e->repeats, " count = math.huge, within = 1800 }\n");
    }
    e->has_repeats = true;
    return NULL;
}

static const char *add_rule(struct escalation *e, const json_t *rule)
{
    const char *name = oc_json_str(rule, "name", "");
    const bool on = oc_import_is_on(rule);
    if (strcmp(name, "warning-escalation") == 0 || find_member(rule, count_names, 0)) {
        return put_repeats(e, rule, on);
    }
    const char *fault = !json_is_object(rule) ? expected : on ? add_step(e, rule) : NULL;
    e->has_steps = e->has_steps || !fault;
    return fault;
}

/* Replaces what a rule spoke of; the rest stays as it is shipped. */
static bool write_policy(const struct escalation *e, const char *source, size_t len,
                         struct oc_buf *out)
{
    struct oc_buf first = {0};
    bool done = true;
    if (e->has_steps) {
        done = oc_alert_import_replace(source, len, "local steps = {\n", "}\n", &e->steps, &first);
    } else {
        oc_buf_add(&first, source, len);
    }
    if (done && e->has_repeats) {
        done = oc_alert_import_replace(first.data, first.len, "local repeats = {", "\nlocal",
                                       &e->repeats, out);
    } else if (done) {
        oc_buf_add(out, first.data, first.len);
    }
    oc_buf_finish(&first);
    return done;
}

bool oc_alert_import_escalation(const json_t *rules, const char *source, size_t len,
                                struct oc_buf *out, json_t *findings)
{
    struct escalation e = {0};
    const json_t *rule;
    size_t i;
    json_array_foreach(oc_alert_import_list(rules, "escalation", findings), i, rule)
    {
        const char *fault = add_rule(&e, rule);
        if (fault) {
            char *key = oc_asprintf("escalation.rules[%zu]", i);
            oc_alert_import_find(findings, key, fault,
                                 "Write it into the tables at the top of policies/escalate.lua.");
            free(key);
        }
    }
    const bool done = (e.has_steps || e.has_repeats) && write_policy(&e, source, len, out);
    oc_buf_finish(&e.steps);
    oc_buf_finish(&e.repeats);
    return done;
}

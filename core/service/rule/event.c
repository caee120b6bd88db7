/* What is said about a state: the event and its message. SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/service/rule/engine.h"

#define MESSAGE_MAX  2000 /* bytes */
#define NAME_MAX_LEN 64   /* of a variable */

static const char *label_of(const struct oc_series *series, const char *name)
{
    for (uint32_t i = 0; i < series->label_count; i++) {
        if (strcmp(series->labels[i].name, name) == 0) {
            return series->labels[i].value;
        }
    }
    return NULL;
}

static void add_number(struct oc_buf *out, double number)
{
    /* people read 92.3, not 92.2999999 */
    if (fabs(number) < 1e15 && number == floor(number)) {
        oc_buf_addf(out, "%.0f", number);
    } else {
        oc_buf_addf(out, fabs(number) >= 100 ? "%.1f" : "%.3g", number);
    }
}

static void add_value(struct oc_buf *out, const struct oc_series *series, double value)
{
    if (isnan(value)) {
        oc_buf_adds(out, "gone");
    } else if (series->kind == OC_KIND_BOOL) {
        oc_buf_adds(out, value != 0 ? "true" : "false");
    } else {
        add_number(out, value);
    }
}

static void add_threshold(struct oc_buf *out, const struct oc_rule *rule)
{
    if (!rule->when.has_constant) {
        oc_buf_adds(out, rule->o.expr);
    } else if (rule->when.constant.type == OC_LUA_BOOL) {
        oc_buf_adds(out, rule->when.constant.boolean ? "true" : "false");
    } else {
        add_number(out, rule->when.constant.number);
    }
}

/* Templates of the original say "for {duration} seconds". */
static void add_duration(struct oc_buf *out, int64_t ms, const char *rest)
{
    char text[32];
    if (oc_starts(rest, " seconds")) {
        oc_buf_addf(out, "%lld", (long long)(ms / OC_SECOND));
    } else {
        oc_buf_adds(out, oc_duration_human(ms > 0 ? ms : 0, text, sizeof(text)));
    }
}

/* agent_id and service_name are what the original calls the labels agent and service. */
static const char *find_text(const struct oc_rule_live *live, const char *name)
{
    const struct oc_series *series = live->series;
    const char *label = label_of(series, name);
    if (label != NULL) {
        return label;
    }
    if (strcmp(name, "rule") == 0) {
        return live->rule->o.name;
    }
    if (strcmp(name, "severity") == 0) {
        return oc_severity_name(live->rule->o.severity);
    }
    if (strcmp(name, "metric") == 0) {
        return series->name;
    }
    bool agent = strcmp(name, "agent_id") == 0, service = strcmp(name, "service_name") == 0;
    if (agent || service) {
        label = label_of(series, agent ? "agent" : "service");
        label = label != NULL ? label : series->target;
        return label != NULL ? label : series->instance;
    }
    return NULL;
}

static bool is_metric_name(const struct oc_series *series, const char *name)
{
    const char *dot = strrchr(series->name, '.');
    return strcmp(name, "value") == 0 || strcmp(name, series->name) == 0 ||
           (dot != NULL && strcmp(name, dot + 1) == 0);
}

/* False for a name that nobody knows: it is then left as it was written, for the author to see. */
static bool add_variable(struct oc_buf *out, const struct oc_rule_live *live, int64_t at_ms,
                         const char *name, const char *rest)
{
    const char *text = find_text(live, name);
    if (text != NULL) {
        oc_buf_adds(out, text);
    } else if (is_metric_name(live->series, name)) {
        add_value(out, live->series, live->value);
    } else if (strcmp(name, "duration") == 0) {
        add_duration(out, at_ms - live->machine.since_ms, rest);
    } else if (strcmp(name, "threshold") == 0) {
        add_threshold(out, live->rule);
    } else {
        return false;
    }
    return true;
}

/* {name} or {{name}} at p: fills it in and returns what follows it; NULL when it is not one. */
static const char *expand(struct oc_buf *out, const struct oc_rule_live *live, int64_t at_ms,
                          const char *p)
{
    char name[NAME_MAX_LEN];
    size_t braces = p[1] == '{' ? 2 : 1;
    const char *start = p + braces + strspn(p + braces, " ");
    size_t len = strcspn(start, "{} ");
    const char *end = start + len + strspn(start + len, " ");
    if (len == 0 || len >= sizeof(name) || strncmp(end, "}}", braces) != 0) {
        return NULL;
    }
    memcpy(name, start, len);
    name[len] = '\0';
    return add_variable(out, live, at_ms, name, end + braces) ? end + braces : NULL;
}

static void add_default(struct oc_buf *out, const struct oc_rule_live *live)
{
    char series[256];
    oc_buf_addf(out, "%s is ", oc_series_format(live->series, series, sizeof(series)));
    add_value(out, live->series, live->value);
}

char *oc_rule_message(const struct oc_rule_live *live, int64_t at_ms)
{
    struct oc_buf out = {0};
    const char *p = live->rule->o.message;
    if (p == NULL) {
        add_default(&out, live);
        return oc_buf_take(&out);
    }
    while (*p != '\0' && out.len < MESSAGE_MAX) {
        const char *next = *p == '{' ? expand(&out, live, at_ms, p) : NULL;
        if (next == NULL) {
            oc_buf_addc(&out, *p++);
        } else {
            p = next;
        }
    }
    return oc_buf_take(&out);
}

/* ---- the event ---- */

json_t *oc_rule_labels_json(const struct oc_series *series)
{
    json_t *labels = json_object();
    for (uint32_t i = 0; i < series->label_count; i++) {
        oc_json_set_str(labels, series->labels[i].name, series->labels[i].value);
    }
    return labels;
}

static void set_value(json_t *json, const struct oc_rule_live *live)
{
    if (live->series->kind == OC_KIND_BOOL && !isnan(live->value)) {
        oc_json_set_bool(json, "value", live->value != 0);
    } else {
        oc_json_set_num(json, "value", live->value);
    }
}

/* More than env.h promises: what `route` may want to look at. */
static void set_extras(json_t *json, const struct oc_rule *rule)
{
    json_t *channels = json_array(), *annotations = json_object();
    const char *const *names = rule->o.channels.items;
    const struct oc_pair *pairs = rule->o.annotations.items;
    for (uint64_t i = 0; i < rule->o.channels.count; i++) {
        json_array_append_new(channels, json_string(names[i]));
    }
    for (uint64_t i = 0; i < rule->o.annotations.count; i++) {
        oc_json_set_str(annotations, pairs[i].name, pairs[i].value);
    }
    oc_json_take(json, "channels", channels);
    oc_json_take(json, "annotations", annotations);
    oc_json_set_str(json, "expr", rule->o.expr);
}

json_t *oc_rule_event_json(const struct oc_rule_live *live, int64_t at_ms, const char *reason)
{
    const struct oc_rule *rule = live->rule;
    json_t *json = json_object();
    char *message = oc_rule_message(live, at_ms);
    oc_json_set_str(json, "rule", rule->o.name);
    oc_json_set_str(json, "fingerprint", live->fingerprint);
    oc_json_set_str(json, "severity", oc_severity_name(rule->o.severity));
    oc_json_set_str(json, "category", rule->o.category);
    oc_json_set_str(json, "instance", live->series->instance);
    oc_json_set_str(json, "target", live->series->target);
    oc_json_take(json, "labels", oc_rule_labels_json(live->series));
    oc_json_set_str(json, "metric", live->series->name);
    set_value(json, live);
    oc_json_set_str(json, "message", message);
    oc_json_set_int(json, "since", live->machine.since_ms);
    oc_json_set_int(json, "at", at_ms);
    oc_json_set_str(json, "reason", reason);
    set_extras(json, rule);
    free(message);
    return json;
}

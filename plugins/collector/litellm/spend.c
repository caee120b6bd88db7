/* What LiteLLM's JSON endpoints say about models, keys and spend. SPDX-License-Identifier: MIT */
#include "spend.h"

#include <ctype.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <openclaw/emit.h>

/* More than any proxy has, and a bound on what a broken one can make us emit. */
#define ACTIVITY_MAX 5000

static double number(const json_t *object, const char *name)
{
    const json_t *v = json_object_get(object, name);
    return json_is_number(v) ? json_number_value(v) : NAN;
}

static const char *string(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

static json_t *parse(const char *text, size_t len)
{
    return text ? json_loadb(text, len, 0, NULL) : NULL;
}

double spend_database(const char *text, size_t len)
{
    json_t *doc = parse(text, len);
    const char *db = string(doc, "db");
    double connected = NAN;
    if (db && strcmp(db, "connected") == 0) {
        connected = 1;
    } else if (db && strcmp(db, "Not connected") != 0) {
        connected = 0; /* "Not connected" is said by a proxy that was given none */
    }
    json_decref(doc);
    return connected;
}

double spend_models(const char *text, size_t len, struct agent_names *agents)
{
    json_t *doc = parse(text, len);
    const json_t *data = json_object_get(doc, "data");
    double count = json_is_array(data) ? (double)json_array_size(data) : NAN;
    size_t i;
    json_t *model;
    if (json_is_array(data)) {
        agent_names_clear(agents);
    }
    json_array_foreach(data, i, model)
    {
        const json_t *info = json_object_get(model, "model_info");
        const char *id = string(info, "id");
        const char *agent = string(info, "agent_id");
        if (id && agent && *agent && i < USAGE_ROWS_MAX) {
            agent_names_add(agents, id, agent);
        }
    }
    json_decref(doc);
    return count;
}

bool spend_key(const char *text, size_t len, struct spend_figures *out)
{
    json_t *doc = parse(text, len);
    const json_t *info = json_object_get(doc, "info");
    info = info ? info : doc;
    out->spend = number(info, "spend");
    out->max_budget = number(info, "max_budget");
    if (out->max_budget == 0) {
        out->max_budget = NAN; /* no budget is set */
    }
    bool found = json_is_object(info) && (json_object_get(info, "spend") != NULL);
    json_decref(doc);
    return found;
}

static bool is_day(const char *time, const char *day)
{
    return time && strncmp(time, day, strlen(day)) == 0;
}

double spend_of_day(const char *text, size_t len, const char *day)
{
    json_t *doc = parse(text, len);
    double sum = json_is_array(doc) ? 0 : NAN;
    size_t i;
    json_t *row;
    json_array_foreach(doc, i, row)
    {
        double spend = number(row, "spend");
        if (is_day(string(row, "startTime"), day) && isfinite(spend)) {
            sum += spend;
        }
    }
    json_decref(doc);
    return sum;
}

/* ---- daily activity ---- */

struct telling {
    const struct oc_sink *out;
    size_t emitted;
};

static void tell(struct telling *t, const json_t *metrics, const char *member, const char *name,
                 const struct oc_label *labels, uint32_t count)
{
    double value = number(metrics, member);
    if (isfinite(value) && value >= 0 && t->emitted < ACTIVITY_MAX) {
        t->emitted++;
        oc_emit_sample(t->out, name, OC_KIND_COUNTER, value, labels, count);
    }
}

static void tell_tokens(struct telling *t, const json_t *metrics, const char *member,
                        const char *type, struct oc_label *labels, uint32_t count)
{
    labels[count] = oc_label("type", type);
    tell(t, metrics, member, "usage.tokens", labels, count + 1);
}

static void tell_requests(struct telling *t, const json_t *metrics, const char *member,
                          const char *status, struct oc_label *labels, uint32_t count)
{
    labels[count] = oc_label("status", status);
    tell(t, metrics, member, "usage.requests", labels, count + 1);
}

static void tell_row(struct telling *t, const json_t *metrics, const char *group, const char *key)
{
    struct oc_label labels[4];
    uint32_t count = 0;
    bool agent = strncmp(group, "agent/", 6) == 0 && group[6];
    labels[count++] = agent ? oc_label("agent", group + 6) : oc_label("model", group);
    if (key && *key) {
        labels[count++] = oc_label("key", key);
    }
    tell(t, metrics, "spend", "usage.spend_dollars", labels, count);
    tell_tokens(t, metrics, "prompt_tokens", "input", labels, count);
    tell_tokens(t, metrics, "completion_tokens", "output", labels, count);
    tell_tokens(t, metrics, "cache_read_input_tokens", "cache_read", labels, count);
    tell_tokens(t, metrics, "cache_creation_input_tokens", "cache_write", labels, count);
    tell_requests(t, metrics, "successful_requests", "ok", labels, count);
    tell_requests(t, metrics, "failed_requests", "failed", labels, count);
}

static void tell_group(struct telling *t, const char *group, const json_t *entry)
{
    const json_t *keys = json_object_get(entry, "api_key_breakdown");
    const char *hash;
    json_t *key;
    if (json_object_size(keys) == 0) {
        tell_row(t, json_object_get(entry, "metrics"), group, NULL);
    }
    json_object_foreach((json_t *)keys, hash, key)
    {
        const char *alias = string(json_object_get(key, "metadata"), "key_alias");
        char shown[13];
        snprintf(shown, sizeof shown, "%s", hash);
        tell_row(t, json_object_get(key, "metrics"), group, alias ? alias : shown);
    }
}

static void tell_groups(const json_t *day, const struct oc_sink *out)
{
    struct telling t = {.out = out};
    const json_t *breakdown = json_object_get(day, "breakdown");
    json_t *groups = json_object_get(breakdown, "model_groups");
    const char *name;
    json_t *entry;
    groups = json_object_size(groups) ? groups : json_object_get(breakdown, "models");
    json_object_foreach(groups, name, entry)
    {
        tell_group(&t, name, entry);
    }
}

double spend_activity(const char *text, size_t len, const char *day, const struct oc_sink *out)
{
    json_t *doc = parse(text, len);
    const json_t *results = json_object_get(doc, "results");
    /* One page of several is no day's sum. */
    bool whole = !json_is_true(json_object_get(json_object_get(doc, "metadata"), "has_more"));
    double sum = json_is_array(results) && whole ? 0 : NAN;
    size_t i;
    json_t *row;
    json_array_foreach(results, i, row)
    {
        if (!whole || !is_day(string(row, "date"), day)) {
            continue;
        }
        double spend = number(json_object_get(row, "metrics"), "spend");
        sum += isfinite(spend) ? spend : 0;
        if (out) {
            tell_groups(row, out);
        }
    }
    json_decref(doc);
    return sum;
}

/* ---- reasons ---- */

static const char *message_of(const json_t *doc)
{
    const json_t *error = json_object_get(doc, "error");
    const json_t *detail = json_object_get(doc, "detail");
    const char *found = json_string_value(error);
    found = found ? found : string(error, "message");
    found = found ? found : json_string_value(detail);
    return found ? found : string(detail, "error");
}

void spend_reason(const char *text, size_t len, char *reason, size_t size)
{
    json_t *doc = text ? json_loadb(text, len, JSON_DECODE_ANY, NULL) : NULL;
    const char *words = json_is_string(doc) ? json_string_value(doc) : message_of(doc);
    size_t n = 0;
    for (const char *c = words; c && *c && *c != '\n' && n + 1 < size; c++) {
        reason[n++] = iscntrl((unsigned char)*c) ? ' ' : *c;
    }
    if (size > 0) {
        reason[n] = '\0';
    }
    json_decref(doc);
}

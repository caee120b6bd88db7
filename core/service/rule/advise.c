/* What is odd about a sound rule. SPDX-License-Identifier: MIT */
#include "core/service/rule/advise.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/plugin/plugin.h"

#define TEXT_MAX 320

/* Metrics of the host itself. */
static const char scores[] = "service.health_score";
static const char uptimes[] = "service.uptime_percent";

struct advice {
    struct oc_rule *rule;
    const struct oc_node *item;
    const char *path;
    struct oc_diags *diags;
};

static void warn(const struct advice *a, const char *key, const char *hint, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

static void warn(const struct advice *a, const char *key, const char *hint, const char *fmt, ...)
{
    const struct oc_node *node = oc_node_get(a->item, key);
    char text[TEXT_MAX];
    char *full = oc_asprintf("%s.%s", a->path, key);
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    oc_diags_add(a->diags, true, node ? node : a->item, full, hint, "%s", text);
    if (!a->rule->advice) {
        a->rule->advice = oc_asprintf("%s: %s", key, text);
    }
    free(full);
}

/* ---- metrics ---- */

static void add_plugin(void *ctx, struct oc_plugin *plugin)
{
    struct oc_rule_declared *d = ctx;
    const struct oc_manifest *m = oc_plugin_manifest(plugin);
    size_t i;
    json_t *metric;
    json_t *metrics = m ? oc_manifest_metrics(m) : NULL;
    json_array_foreach(metrics, i, metric)
    {
        OC_VEC_PUSH(&d->names, oc_json_str(metric, "name", ""));
    }
    if (metrics) {
        OC_VEC_PUSH(&d->lists, metrics);
    }
}

static bool is_declared(const struct oc_rule_declared *d, const char *name)
{
    for (size_t i = 0; i < d->names.count; i++) {
        if (oc_glob(d->names.items[i], name)) {
            return true;
        }
    }
    return false;
}

/* Some metric is declared that begins with the same word. */
static bool has_family(const struct oc_rule_declared *d, const char *name)
{
    size_t len = strcspn(name, ".") + 1;
    for (size_t i = 0; i < d->names.count; i++) {
        if (strlen(d->names.items[i]) > len && strncmp(d->names.items[i], name, len) == 0) {
            return true;
        }
    }
    return false;
}

struct search {
    const char *name;
    bool found;
};

static void look(void *ctx, struct oc_series *series)
{
    struct search *s = ctx;
    s->found = s->found || strcmp(series->name, s->name) == 0;
}

static bool is_stored(struct oc_store *store, const char *name)
{
    struct search s = {.name = name};
    oc_store_series_each(store, look, &s);
    return s.found;
}

static bool begins_like_thresholds(const char *name)
{
    static const char *const words[] = {"thresholds"};
    char *first = oc_strndup(name, strcspn(name, "."));
    bool like =
        strchr(name, '.') && strcmp(first, words[0]) != 0 && oc_nearest(first, words, 1) != NULL;
    free(first);
    return like;
}

static void advise_metric(const struct advice *a, const struct oc_rule_declared *d,
                          struct oc_store *store, const char *name)
{
    char hint[TEXT_MAX] = "`openclaw metrics list` shows the metrics that there are.";
    if (is_declared(d, name) || is_stored(store, name)) {
        return;
    }
    const char *near = oc_nearest(name, d->names.items, d->names.count);
    if (begins_like_thresholds(name)) {
        snprintf(hint, sizeof hint, "Did you mean `thresholds%s`?", strchr(name, '.'));
    } else if (near) {
        snprintf(hint, sizeof hint, "Did you mean `%s`?", near);
    } else if (!has_family(d, name)) {
        return;
    }
    warn(a, "expr", hint, "no plugin declares the metric %s", name);
}

static void gather(struct oc_rule_advisor *from)
{
    OC_VEC_PUSH(&from->declared.names, scores);
    OC_VEC_PUSH(&from->declared.names, uptimes);
    if (from->plugins) {
        oc_plugins_each(from->plugins, add_plugin, &from->declared);
    }
}

void oc_rule_advisor_finish(struct oc_rule_advisor *a)
{
    for (size_t i = 0; i < a->declared.lists.count; i++) {
        json_decref(a->declared.lists.items[i]);
    }
    OC_VEC_FINISH(&a->declared.lists);
    OC_VEC_FINISH(&a->declared.names);
}

/* The rules that come with the host are tested, and name metrics of plugins that not every host has. */
static bool is_shipped(const struct oc_node *item)
{
    const struct oc_node *expr = oc_node_get(item, "expr");
    return expr && expr->layer == OC_LAYER_DEFAULT;
}

static void advise_metrics(const struct advice *a, struct oc_rule_advisor *from)
{
    if (is_shipped(a->item)) {
        return;
    }
    if (a->rule->reads.count > 0 && from->declared.names.count == 0) {
        gather(from);
    }
    for (size_t i = 0; i < a->rule->reads.count; i++) {
        advise_metric(a, &from->declared, from->store, a->rule->reads.items[i]);
    }
}

/* ---- thresholds ---- */

/* `<` or `>` stands before or behind the name at `at`. */
static bool is_ordered(const char *text, const char *at, size_t len)
{
    const char *before = at, *after = at + len;
    while (before > text && (isspace((unsigned char)before[-1]) || before[-1] == '=')) {
        before--;
    }
    after += strspn(after, " \t");
    return (before > text && strchr("<>", before[-1])) || *after == '<' || *after == '>';
}

static void advise_thresholds(const struct advice *a, const struct oc_thresholds *t)
{
    const char *expr = a->rule->o.expr, *at = expr;
    while ((at = strstr(at, OC_THRESHOLDS_PREFIX))) {
        size_t len = 0;
        while (isalnum((unsigned char)at[len]) || at[len] == '_' || at[len] == '.') {
            len++;
        }
        char *name = oc_strndup(at, len);
        const struct oc_lua_value *value = oc_thresholds_get(t, name);
        if (value && value->type != OC_LUA_NUMBER && is_ordered(expr, at, len)) {
            const bool text = value->type == OC_LUA_STRING;
            warn(a, "expr", text ? "Write it without quotation marks." : "Write a number.",
                 "the threshold %s is a %s and cannot be compared with a number", name,
                 text ? "text" : "boolean");
        }
        free(name);
        at += len;
    }
}

/* ---- channels ---- */

static void advise_channel(const struct advice *a, const struct oc_node *channels, const char *name)
{
    OC_VEC(const char *) names = {0};
    char hint[128] = "`openclaw alert channels` lists those that there are.";
    bool found = false;
    for (size_t i = 0; i < channels->count; i++) {
        const struct oc_node *n = oc_node_get(channels->children[i], "name");
        n = n ? n : oc_node_get(channels->children[i], "plugin");
        if (n && n->type == OC_NODE_STRING) {
            OC_VEC_PUSH(&names, n->string);
            found = found || strcmp(n->string, name) == 0;
        }
    }
    const char *near = oc_nearest(name, names.items, names.count);
    if (near) {
        snprintf(hint, sizeof hint, "Did you mean `%s`?", near);
    }
    if (!found) {
        warn(a, "channels", hint, "no channel is named %s", name);
    }
    OC_VEC_FINISH(&names);
}

void oc_rule_advise(struct oc_rule_advisor *from, struct oc_rule *rule,
                    const struct oc_thresholds *thresholds, const struct oc_node *item,
                    const char *path, struct oc_diags *diags)
{
    struct advice a = {rule, item, path, diags};
    const char *const *names = rule->o.channels.items;
    if (!rule->usable) {
        return;
    }
    advise_metrics(&a, from);
    advise_thresholds(&a, thresholds);
    bool listed = from->channels && from->channels->type == OC_NODE_LIST;
    for (uint64_t i = 0; listed && i < rule->o.channels.count; i++) {
        advise_channel(&a, from->channels, names[i]);
    }
}

/* Life of an engine, and what a new configuration means. SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/service/rule/engine.h"
#include "core/service/rule/watch.h"

static void free_readers(void *value)
{
    struct oc_rule_readers *r = value;
    OC_VEC_FINISH(&r->rules);
    OC_VEC_FINISH(&r->series);
    free(r);
}

static void index_rule(struct oc_rule_engine *e, struct oc_rule *rule)
{
    for (size_t i = 0; i < rule->reads.count; i++) {
        const char *metric = oc_store_intern(e->store, rule->reads.items[i]);
        rule->reads.items[i] = metric;
        struct oc_rule_readers *r = oc_map_get(&e->readers, metric);
        if (r == NULL) {
            r = oc_calloc(1, sizeof(*r));
            r->metric = metric;
            oc_map_set(&e->readers, metric, r);
        }
        OC_VEC_PUSH(&r->rules, rule);
        r->secondary = r->secondary || i > 0;
    }
}

static void read_rules(struct oc_rule_engine *e, const struct oc_rule_source *source,
                       struct oc_diags *diags)
{
    const struct oc_node *list = source->rules;
    size_t count = list != NULL && list->type == OC_NODE_LIST ? list->count : 0;
    char path[80];
    if (list != NULL && list->type != OC_NODE_LIST) {
        oc_diags_add(diags, false, list, source->path,
                     "Write rules = ( { name = \"...\"; expr = \"...\"; } );",
                     "expected a list, found a %s", oc_node_type_name(list->type));
    }
    for (size_t i = 0; i < count; i++) {
        const struct oc_node *item = list->children[i];
        snprintf(path, sizeof(path), "%s[%zu]", source->path, i);
        if (i >= OC_RULES_MAX || item->type != OC_NODE_GROUP) {
            oc_diags_add(diags, false, item, path, "", "%s",
                         i >= OC_RULES_MAX ? "more than 2000 rules" : "a rule is a group");
            continue;
        }
        struct oc_rule *rule = oc_rule_read(item, path, e->lua, &e->thresholds, diags);
        if (rule->usable && oc_rule_engine_find(e, rule->o.name) != NULL) {
            oc_diags_add(diags, false, item, path, "Give it another name.",
                         "there is a rule %s already", rule->o.name);
            rule->problem = oc_strdup("there is a rule of this name already");
            rule->usable = false;
        }
        OC_VEC_PUSH(&e->rules, rule);
        if (rule->usable) {
            index_rule(e, rule);
        }
    }
}

/* Finds the states their new rules; ends those whose rule went away or asks something else now. */
static void rejoin(struct oc_rule_engine *e, int64_t now_ms)
{
    OC_VEC(struct oc_rule_live *) ended = {0};
    const char *key;
    void *value;
    for (size_t it = 0; oc_map_next(&e->live, &it, &key, &value);) {
        struct oc_rule_live *live = value;
        struct oc_rule *rule = oc_rule_engine_find(e, live->rule->o.name);
        live->subject = NULL;
        live->told = false;
        if (rule != NULL && rule->version == live->rule->version) {
            live->rule = rule;
        } else {
            OC_VEC_PUSH(&ended, live);
        }
    }
    for (size_t i = 0; i < ended.count; i++) {
        oc_rule_live_end(e, ended.items[i], now_ms, "rule changed");
        oc_rule_live_drop(e, ended.items[i]);
    }
    OC_VEC_FINISH(&ended);
}

static void free_rules(struct oc_rule **rules, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        oc_rule_free(rules[i]);
    }
    free(rules);
}

static void meet_known(void *ctx, struct oc_series *series)
{
    if (series->time_ms != 0 && series->rules == NULL) {
        oc_rule_meet(ctx, series);
    }
}

void oc_rule_engine_configure(struct oc_rule_engine *e, const struct oc_rule_source *source,
                              int64_t now_ms, struct oc_diags *diags)
{
    struct oc_rule **old = e->rules.items;
    size_t old_count = e->rules.count;
    struct oc_lua *old_lua = e->lua;
    oc_rule_unwatch_all(e);
    oc_map_finish(&e->readers, free_readers);
    oc_thresholds_finish(&e->thresholds);
    e->rules.items = NULL;
    e->rules.count = e->rules.cap = 0;
    e->lua = oc_lua_create(NULL);
    oc_thresholds_init(&e->thresholds, source->thresholds, source->defaults, source->rules, diags);
    read_rules(e, source, diags);
    rejoin(e, now_ms);
    free_rules(old, old_count);
    oc_lua_destroy(old_lua);
    oc_store_series_each(e->store, meet_known, e);
    oc_rule_rebind(e);
}

struct oc_rule *oc_rule_engine_find(struct oc_rule_engine *e, const char *name)
{
    for (size_t i = 0; i < e->rules.count; i++) {
        struct oc_rule *rule = e->rules.items[i];
        if (rule->usable && strcmp(rule->o.name, name) == 0) {
            return rule;
        }
    }
    return NULL;
}

const struct oc_rule *oc_rule_engine_named(const struct oc_rule_engine *e, const char *name)
{
    for (size_t i = 0; i < e->rules.count; i++) {
        if (strcmp(oc_rule_name(e->rules.items[i]), name) == 0) {
            return e->rules.items[i];
        }
    }
    return NULL;
}

void oc_rule_engine_count(struct oc_rule_engine *e, const struct oc_rule *rule, size_t counts[4])
{
    const char *key;
    void *value;
    memset(counts, 0, 4 * sizeof(counts[0]));
    for (size_t it = 0; oc_map_next(&e->live, &it, &key, &value);) {
        const struct oc_rule_live *live = value;
        if (live->rule == rule) {
            counts[live->machine.state]++;
        }
    }
    size_t busy = counts[OC_RULE_PENDING] + counts[OC_RULE_FIRING] + counts[OC_RULE_RESOLVED];
    counts[OC_RULE_INACTIVE] = rule->subjects > busy ? rule->subjects - busy : 0;
}

struct oc_rule_engine *oc_rule_engine_create(struct oc_store *store)
{
    struct oc_rule_engine *e = oc_calloc(1, sizeof(*e));
    e->store = store;
    e->lua = oc_lua_create(NULL);
    e->live_max = OC_RULE_LIVE_MAX;
    return e;
}

void oc_rule_engine_destroy(struct oc_rule_engine *e)
{
    if (e == NULL) {
        return;
    }
    oc_rule_unwatch_all(e);
    oc_map_finish(&e->readers, free_readers);
    oc_map_finish(&e->live, free);
    oc_thresholds_finish(&e->thresholds);
    free_rules(e->rules.items, e->rules.count);
    for (size_t i = 0; i < e->events.count; i++) {
        json_decref(e->events.items[i].data);
    }
    OC_VEC_FINISH(&e->events);
    OC_VEC_FINISH(&e->touched);
    OC_VEC_FINISH(&e->watched);
    OC_VEC_FINISH(&e->subjects);
    OC_VEC_FINISH(&e->queue);
    oc_lua_destroy(e->lua);
    free(e);
}

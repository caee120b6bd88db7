/* Thresholds, flat by name. SPDX-License-Identifier: MIT */
#include "core/service/rule/thresholds.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/error.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/config/dump.h"
#include "core/config/threshold_limits.h"
#include "core/service/rule/threshold_names.h"

#define SPAN_MAX 1e12 /* ms */

static void add(struct oc_thresholds *t, const char *name, const struct oc_node *node)
{
    struct oc_lua_value value = {.type = OC_LUA_NUMBER};
    if (node->type == OC_NODE_BOOL) {
        value = (struct oc_lua_value){.type = OC_LUA_BOOL, .boolean = node->boolean};
    } else if (node->type == OC_NODE_INT) {
        value.number = (double)node->integer;
    } else if (node->type == OC_NODE_FLOAT) {
        value.number = node->number;
    } else {
        value = (struct oc_lua_value){.type = OC_LUA_STRING, .string = oc_strdup(node->string)};
    }
    oc_map_set(&t->values, name, oc_memdup(&value, sizeof(value)));
}

struct reading {
    struct oc_thresholds *t;
    const struct oc_threshold_limits *limits;
    bool names; /* whether somebody uses them is looked at, too */
};

static void tell_shape(const struct reading *r, const char *name, const struct oc_node *node,
                       const struct oc_node *shipped)
{
    const bool group = shipped && shipped->type == OC_NODE_GROUP;
    char *hint = group
                     ? oc_asprintf("Write %s = { ... };. Until then the defaults hold.", node->key)
                     : oc_asprintf("A threshold is a number, a text or a boolean.%s",
                                   shipped ? " Until then the default holds." : "");
    struct oc_buf found = {0};
    if (node->type < OC_NODE_LIST) {
        oc_dump_value(node, &found);
    } else {
        oc_buf_addf(&found, "a %s", oc_node_type_name(node->type));
    }
    oc_diags_add(r->limits->diags, false, node, name, hint, "expected a %s, found %s",
                 group ? "group" : "value", found.data);
    oc_buf_finish(&found);
    free(hint);
}

static bool has_shape(const struct oc_node *node, const struct oc_node *shipped)
{
    return node->type != OC_NODE_LIST &&
           (!shipped || (node->type == OC_NODE_GROUP) == (shipped->type == OC_NODE_GROUP));
}

static void add_group(const struct reading *r, const char *prefix, const struct oc_node *group,
                      const struct oc_node *defaults);

/* `defaults`: those of the group, or NULL. */
static void add_member(const struct reading *r, const char *prefix, const char *name,
                       const struct oc_node *group, const struct oc_node *defaults,
                       const struct oc_node *node)
{
    const struct oc_node *shipped = defaults ? oc_node_get(defaults, node->key) : NULL;
    struct reading inner = *r;
    if (!has_shape(node, shipped)) {
        tell_shape(r, name, node, shipped);
        node = shipped;
    } else if (r->names && !shipped) {
        inner.names = oc_threshold_is_used(r->limits, name, defaults, node);
    }
    if (node && node->type == OC_NODE_GROUP) {
        add_group(&inner, name, node, shipped);
    } else if (node && (node = oc_threshold_settle(r->limits, prefix, group, defaults, node))) {
        add(r->t, name, node);
    }
}

static void add_group(const struct reading *r, const char *prefix, const struct oc_node *group,
                      const struct oc_node *defaults)
{
    char name[256];
    for (size_t i = 0; i < group->count; i++) {
        const struct oc_node *node = group->children[i];
        int len = snprintf(name, sizeof(name), "%s.%s", prefix, node->key);
        if (len < 0 || (size_t)len >= sizeof(name)) {
            oc_diags_add(r->limits->diags, false, node, prefix, "Give it a shorter name.",
                         "a name in it makes more than %zu bytes with those of its groups",
                         sizeof(name) - 1);
        } else {
            add_member(r, prefix, name, group, defaults, node);
        }
    }
}

void oc_thresholds_init(struct oc_thresholds *t, const struct oc_node *group,
                        const struct oc_node *defaults, const struct oc_node *rules,
                        struct oc_diags *diags)
{
    const struct oc_threshold_limits limits = {.rules = rules, .diags = diags};
    const struct reading r = {t, &limits, defaults != NULL};
    *t = (struct oc_thresholds){0};
    if (group == NULL) {
        return;
    }
    if (group->type != OC_NODE_GROUP) {
        oc_diags_add(diags, false, group, "thresholds",
                     "Write thresholds = { cpu = { critical_percent = 90; }; };",
                     "expected a group, found a %s", oc_node_type_name(group->type));
        group = defaults;
    }
    if (group != NULL) {
        add_group(&r, "thresholds", group, defaults);
    }
}

static void free_value(void *value)
{
    struct oc_lua_value *v = value;
    free((char *)v->string);
    free(v);
}

int oc_thresholds_check(const struct oc_node *group, const struct oc_node *rules,
                        struct oc_error *err)
{
    struct oc_thresholds t;
    struct oc_diags diags = {0};
    int code = OC_OK;
    oc_thresholds_init(&t, group, NULL, rules, &diags);
    if (diags.list.count > 0) {
        const struct oc_diag *d = &diags.list.items[0];
        const char *until = strstr(d->hint, " Until then");
        code = oc_error_set(err, OC_E_CONFIG, "%s: %s", d->key, d->message);
        oc_error_hint(err, "%.*s", until ? (int)(until - d->hint) : (int)strlen(d->hint), d->hint);
    }
    oc_diags_finish(&diags);
    oc_thresholds_finish(&t);
    return code;
}

void oc_thresholds_finish(struct oc_thresholds *t)
{
    oc_map_finish(&t->values, free_value);
}

const struct oc_lua_value *oc_thresholds_get(const struct oc_thresholds *t, const char *name)
{
    return oc_map_get(&t->values, name);
}

const char *oc_thresholds_nearest(const struct oc_thresholds *t, const char *name)
{
    const char **names = oc_calloc(t->values.count + 1, sizeof(*names));
    size_t count = 0;
    void *value;
    for (size_t it = 0; oc_map_next(&t->values, &it, &names[count], &value);) {
        count++;
    }
    const char *nearest = oc_nearest(name, names, count);
    free(names);
    return nearest;
}

int oc_thresholds_duration(const struct oc_thresholds *t, const char *text, int64_t *ms,
                           struct oc_error *err)
{
    const struct oc_lua_value *value = NULL;
    int64_t unit_ms = OC_SECOND;
    if (oc_starts(text, OC_THRESHOLDS_PREFIX)) {
        value = oc_thresholds_get(t, text);
        if (value == NULL) {
            const char *near = oc_thresholds_nearest(t, text);
            oc_error_set(err, OC_E_CONFIG, "there is no threshold %s", text);
            if (near != NULL) {
                oc_error_hint(err, "Did you mean `%s`?", near);
            }
            return OC_E_CONFIG;
        }
        if (!oc_threshold_unit(text, &unit_ms)) {
            oc_error_set(err, OC_E_CONFIG, "%s is no time", text);
            oc_error_hint(err, "Name a threshold that ends in _ms, _seconds, _minutes, _hours or "
                               "_days, or write \"5m\".");
            return OC_E_CONFIG;
        }
    }
    if (value != NULL && value->type == OC_LUA_NUMBER && value->number >= 0 &&
        value->number * (double)unit_ms < SPAN_MAX) {
        *ms = llround(value->number * (double)unit_ms);
        return OC_OK;
    }
    const char *duration = value != NULL && value->type == OC_LUA_STRING ? value->string : text;
    if (oc_duration_parse(duration, ms) != OC_OK || *ms < 0) {
        oc_error_set(err, OC_E_CONFIG, "\"%s\" is not a duration", duration);
        oc_error_hint(err, "Write \"5m\", or name a threshold: \"thresholds.cpu.sustained\".");
        return OC_E_CONFIG;
    }
    return OC_OK;
}

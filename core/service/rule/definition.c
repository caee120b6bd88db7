/* Reading rules from the configuration. SPDX-License-Identifier: MIT */
#include "core/service/rule/definition.h"

#include <stddef.h>
#include <string.h>

#include "core/base/error.h"
#include "core/base/map.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/config/bind.h"

#define O(member) offsetof(struct oc_rule_options, member)

const struct oc_option oc_rule_options[] = {
    {.name = "name",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_REQUIRED,
     .offset = O(name),
     .help = "name of the rule in alerts, silences and commands"},
    {.name = "expr",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_REQUIRED,
     .offset = O(expr),
     .help = "the condition, a Lua expression over samples: system.cpu_percent > "
             "thresholds.cpu.critical_percent"},
    {.name = "severity",
     .type = OC_OPT_ENUM,
     .offset = O(severity),
     .default_text = "warning",
     .choices = "warning|critical|info",
     .help = "how grave its alerts are"},
    {.name = "for",
     .type = OC_OPT_STRING,
     .offset = O(for_text),
     .default_text = "0",
     .help = "how long the condition must hold before the rule fires: a duration, or the name of a "
             "threshold"},
    {.name = "message",
     .type = OC_OPT_STRING,
     .offset = O(message),
     .help = "what people are told; {value} {duration} {threshold} {cpu_percent} and {label} are "
             "filled in"},
    {.name = "resolve",
     .type = OC_OPT_STRING,
     .offset = O(resolve),
     .help = "a firing rule ends only when this expression is true as well; default: when the "
             "condition is false"},
    {.name = "keep_firing_for",
     .type = OC_OPT_DURATION,
     .offset = O(keep_ms),
     .default_text = "0",
     .min = 0,
     .max = 2.592e9,
     .help = "how long a firing rule goes on after its condition ended"},
    {.name = "cooldown",
     .type = OC_OPT_DURATION,
     .offset = O(cooldown_ms),
     .help =
         "how long nothing is sent again about the same rule and target; default: that of alerts"},
    {.name = "category",
     .type = OC_OPT_STRING,
     .offset = O(category),
     .help = "agent, service, resource ...: for routing and silences"},
    {.name = "channels",
     .type = OC_OPT_STRINGS,
     .offset = O(channels),
     .help = "names of the channels to tell; default: what the route policy says"},
    {.name = "enabled",
     .type = OC_OPT_BOOL,
     .offset = O(enabled),
     .default_text = "true",
     .help = "false turns the rule off"},
    {.name = "annotations",
     .type = OC_OPT_MAP,
     .offset = O(annotations),
     .help = "free texts that go with its alerts: runbook = \"https://...\""},
    {0}};

const char *oc_severity_name(int32_t severity)
{
    static const char *const NAMES[] = {"warning", "critical", "info"};
    return severity >= 0 && severity <= OC_SEVERITY_INFO ? NAMES[severity] : "warning";
}

/* Where a finding about `key` points: at the key, or at the rule when it is left out. */
static const struct oc_node *node_of(const struct oc_node *item, const char *key)
{
    const struct oc_node *node = oc_node_get(item, key);
    return node != NULL ? node : item;
}

static void find_fault(struct oc_rule *rule, const struct oc_node *item, const char *path,
                       const char *key, const struct oc_error *err, struct oc_diags *diags)
{
    char *full = oc_asprintf("%s.%s", path, key);
    oc_diags_add(diags, false, node_of(item, key), full, err->hint, "%s", err->message);
    if (rule->problem == NULL) {
        rule->problem = oc_asprintf("%s: %s", key, err->message);
    }
    free(full);
}

static void add_reads(struct oc_rule *rule, const struct oc_cond *cond)
{
    for (size_t i = 0; i < cond->metrics.count; i++) {
        bool known = false;
        for (size_t k = 0; k < rule->reads.count; k++) {
            known = known || strcmp(rule->reads.items[k], cond->metrics.items[i]) == 0;
        }
        if (!known) {
            OC_VEC_PUSH(&rule->reads, cond->metrics.items[i]);
        }
    }
}

static int compile(struct oc_cond *cond, struct oc_lua *lua, const struct oc_thresholds *t,
                   const char *text, struct oc_error *err)
{
    oc_error_init(err);
    return text != NULL ? oc_cond_init(cond, lua, t, text, err) : OC_OK;
}

static void read_conditions(struct oc_rule *rule, const struct oc_node *item, const char *path,
                            struct oc_lua *lua, const struct oc_thresholds *t,
                            struct oc_diags *diags)
{
    struct oc_error err;
    if (compile(&rule->when, lua, t, rule->o.expr, &err) != OC_OK) {
        find_fault(rule, item, path, "expr", &err, diags);
        return;
    }
    if (compile(&rule->until, lua, t, rule->o.resolve, &err) != OC_OK) {
        find_fault(rule, item, path, "resolve", &err, diags);
        return;
    }
    add_reads(rule, &rule->when);
    add_reads(rule, &rule->until);
    if (rule->when.metrics.count == 0 || rule->reads.count > OC_RULE_METRICS_MAX) {
        oc_error_set(&err, OC_E_CONFIG,
                     rule->when.metrics.count == 0 ? "the expression reads no metric"
                                                   : "more than 16 metrics in one rule");
        oc_error_hint(&err, "`openclaw metrics list` shows the metrics that there are.");
        find_fault(rule, item, path, "expr", &err, diags);
    }
}

static uint64_t version_of(const struct oc_rule_options *o)
{
    uint64_t hash = oc_hash_bytes(o->expr, strlen(o->expr), 1);
    return o->resolve != NULL ? oc_hash_bytes(o->resolve, strlen(o->resolve), hash) : hash;
}

struct oc_rule *oc_rule_read(const struct oc_node *item, const char *path, struct oc_lua *lua,
                             const struct oc_thresholds *t, struct oc_diags *diags)
{
    struct oc_rule *rule = oc_calloc(1, sizeof(*rule));
    struct oc_error err;
    rule->o.cooldown_ms = -1;
    rule->file = oc_strdup(item->file != NULL ? item->file : "");
    rule->line = item->line;
    size_t errors = oc_bind(oc_rule_options, sizeof(oc_rule_options[0]), item, path, NULL, &rule->o,
                            sizeof(rule->o), &rule->arena, diags);
    if (rule->o.name == NULL || rule->o.expr == NULL) {
        rule->problem = oc_strdup("name and expr are required");
        return rule;
    }
    if (errors > 0) {
        rule->problem = oc_strdup(diags->list.items[diags->list.count - 1].message);
    } else if (!oc_name_valid(rule->o.name)) {
        oc_error_set(&err, OC_E_CONFIG,
                     "not a name: letters, digits, '_', '.' and '-', at most 64");
        oc_error_hint(&err, "Write a name such as high_cpu_usage.");
        find_fault(rule, item, path, "name", &err, diags);
    }
    if (oc_thresholds_duration(t, rule->o.for_text, &rule->times.for_ms, &err) != OC_OK) {
        find_fault(rule, item, path, "for", &err, diags);
    }
    rule->times.keep_ms = rule->o.keep_ms;
    rule->version = version_of(&rule->o);
    read_conditions(rule, item, path, lua, t, diags);
    rule->usable = rule->o.enabled && rule->problem == NULL;
    return rule;
}

const char *oc_rule_name(const struct oc_rule *rule)
{
    return rule->o.name != NULL ? rule->o.name : "(no name)";
}

void oc_rule_free(struct oc_rule *rule)
{
    if (rule == NULL) {
        return;
    }
    oc_cond_finish(&rule->when);
    oc_cond_finish(&rule->until);
    OC_VEC_FINISH(&rule->reads);
    oc_arena_finish(&rule->arena);
    free(rule->file);
    free(rule->problem);
    free(rule->advice);
    free(rule->last_error);
    free(rule);
}

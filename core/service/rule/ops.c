/* The operations over rules. SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <string.h>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/service/rule/service.h"
#include "core/service/rule/testing.h"

#define STATES_MAX 1000 /* that rules.show lists */

/* ---- rules.list ---- */

static const char *worst_state(const struct oc_rule *rule, const size_t counts[4])
{
    if (rule->problem != NULL) {
        return "broken";
    }
    if (!rule->usable) {
        return "disabled";
    }
    if (counts[OC_RULE_FIRING] > 0) {
        return "firing";
    }
    return counts[OC_RULE_PENDING] > 0 ? "pending" : "inactive";
}

static void set_duration(json_t *json, const char *key, int64_t ms)
{
    char text[32];
    oc_json_set_str(json, key, oc_duration_format(ms, text, sizeof(text)));
}

static json_t *rule_json(struct oc_rule_engine *e, const struct oc_rule *rule)
{
    size_t counts[4];
    json_t *json = json_object();
    oc_rule_engine_count(e, rule, counts);
    oc_json_set_str(json, "name", oc_rule_name(rule));
    oc_json_set_str(json, "severity", oc_severity_name(rule->o.severity));
    oc_json_set_str(json, "expr", rule->o.expr);
    set_duration(json, "for", rule->times.for_ms);
    oc_json_set_str(json, "state", worst_state(rule, counts));
    oc_json_set_int(json, "inactive", (int64_t)counts[OC_RULE_INACTIVE]);
    oc_json_set_int(json, "pending", (int64_t)counts[OC_RULE_PENDING]);
    oc_json_set_int(json, "firing", (int64_t)counts[OC_RULE_FIRING]);
    oc_json_set_int(json, "resolved", (int64_t)counts[OC_RULE_RESOLVED]);
    oc_json_set_bool(json, "enabled", rule->o.enabled != 0);
    oc_json_set_str(json, "problem", rule->problem != NULL ? rule->problem : rule->last_error);
    return json;
}

static void op_list(struct oc_call *call, void *ctx)
{
    struct oc_rule_service *s = ctx;
    json_t *rows = json_array();
    for (size_t i = 0; i < s->engine->rules.count; i++) {
        json_array_append_new(rows, rule_json(s->engine, s->engine->rules.items[i]));
    }
    if (s->engine->full) {
        oc_call_warn(call, "%zu rule states are the limit: new alerts are not raised",
                     s->engine->live_max);
    }
    oc_call_succeed(call, rows);
}

static const struct oc_op list_op = {
    .name = "rules.list",
    .summary = "List the rules with their conditions and states",
    .flags = OC_OP_EPHEMERAL,
    .view = "table:name=Rule,severity=Severity,state=State,expr=Condition,for=For,pending=Pending,"
            "firing=Firing",
    .handler = op_list,
};

/* ---- rules.show ---- */

struct show_params {
    const char *name;
};
static const struct oc_option show_options[] = {{.name = "name",
                                                 .type = OC_OPT_STRING,
                                                 .flags = OC_OPT_REQUIRED | OC_OPT_POSITIONAL,
                                                 .offset = offsetof(struct show_params, name),
                                                 .help = "name of a rule"},
                                                {0}};

static json_t *states_json(struct oc_rule_engine *e, const struct oc_rule *rule)
{
    json_t *rows = json_array();
    const char *key;
    void *value;
    for (size_t it = 0; oc_map_next(&e->live, &it, &key, &value);) {
        const struct oc_rule_live *live = value;
        char series[512];
        if (live->rule != rule || json_array_size(rows) == STATES_MAX) {
            continue;
        }
        json_t *row = json_object();
        oc_json_set_str(row, "series", oc_series_format(live->series, series, sizeof(series)));
        oc_json_set_str(row, "state", oc_rule_state_name(live->machine.state));
        oc_json_set_time(row, "since", live->machine.since_ms);
        oc_json_set_num(row, "value", live->value);
        oc_json_set_str(row, "fingerprint", live->fingerprint);
        json_array_append_new(rows, row);
    }
    return rows;
}

static void fail_unknown(struct oc_call *call, const struct oc_rule_engine *e, const char *name)
{
    const char **names = oc_calloc(e->rules.count + 1, sizeof(*names));
    char hint[160] = "`openclaw rules list` shows the rules.";
    for (size_t i = 0; i < e->rules.count; i++) {
        names[i] = oc_rule_name(e->rules.items[i]);
    }
    const char *near = oc_nearest(name, names, e->rules.count);
    if (near != NULL) {
        snprintf(hint, sizeof(hint), "Did you mean `%s`?", near);
    }
    free(names);
    oc_call_failf(call, OC_E_NOT_FOUND, hint, "there is no rule %s", name);
}

static void op_show(struct oc_call *call, void *ctx)
{
    struct oc_rule_service *s = ctx;
    const struct show_params *p = oc_call_params(call);
    const struct oc_rule *rule = oc_rule_engine_named(s->engine, p->name);
    if (rule == NULL) {
        fail_unknown(call, s->engine, p->name);
        return;
    }
    json_t *json = rule_json(s->engine, rule), *metrics = json_array();
    for (size_t i = 0; i < rule->reads.count; i++) {
        json_array_append_new(metrics, json_string(rule->reads.items[i]));
    }
    set_duration(json, "keep_firing_for", rule->times.keep_ms);
    oc_json_set_str(json, "resolve", rule->o.resolve);
    oc_json_set_str(json, "message", rule->o.message);
    oc_json_set_str(json, "category", rule->o.category);
    oc_json_set_str(json, "file", rule->file);
    oc_json_set_int(json, "line", rule->line);
    oc_json_take(json, "metrics", metrics);
    oc_json_set_int(json, "evaluations", (int64_t)rule->evaluations);
    oc_json_set_int(json, "errors", (int64_t)rule->errors);
    oc_json_take(json, "states", states_json(s->engine, rule));
    oc_call_succeed(call, json);
}

static const struct oc_op show_op = {
    .name = "rules.show",
    .summary = "Show one rule, where it is written, and what it says now",
    .flags = OC_OP_EPHEMERAL,
    .params = show_options,
    .params_size = sizeof(struct show_params),
    .view = "record",
    .example = "openclaw rules show high_cpu_usage",
    .handler = op_show,
};

/* ---- rules.check ---- */

static void op_check(struct oc_call *call, void *ctx)
{
    struct oc_rule_service *s = ctx;
    json_t *rows = json_array();
    size_t broken = 0;
    for (size_t i = 0; i < s->engine->rules.count; i++) {
        const struct oc_rule *rule = s->engine->rules.items[i];
        json_t *row = json_object();
        oc_json_set_str(row, "name", oc_rule_name(rule));
        oc_json_set_bool(row, "ok", rule->problem == NULL);
        oc_json_set_str(row, "file", rule->file);
        oc_json_set_int(row, "line", rule->line);
        oc_json_set_str(row, "problem", rule->problem != NULL ? rule->problem : "");
        json_array_append_new(rows, row);
        if (rule->problem == NULL && rule->advice != NULL) {
            oc_call_warn(call, "%s:%d: %s: %s", rule->file, rule->line, oc_rule_name(rule),
                         rule->advice);
        }
        if (rule->problem != NULL) {
            broken++;
            oc_call_warn(call, "%s:%d: %s: %s", rule->file, rule->line, oc_rule_name(rule),
                         rule->problem);
        }
    }
    if (broken == 0) {
        oc_call_succeed(call, rows);
        return;
    }
    size_t count = json_array_size(rows);
    json_decref(rows);
    oc_call_failf(call, OC_E_CONFIG, "A broken rule is off; the others work.",
                  "%zu of %zu rules are broken", broken, count);
}

static const struct oc_op check_op = {
    .name = "rules.check",
    .summary = "Say which rules of the configuration are broken, and where",
    .flags = OC_OP_EPHEMERAL,
    .view = "table:name=Rule,ok=OK,problem=Problem,file=File,line=Line",
    .handler = op_check,
};

/* ---- rules.test ---- */

struct test_params {
    const char *file;
};
static const struct oc_option test_options[] = {{.name = "file",
                                                 .type = OC_OPT_PATH,
                                                 .flags = OC_OPT_REQUIRED | OC_OPT_POSITIONAL,
                                                 .offset = offsetof(struct test_params, file),
                                                 .help = "a file of tests"},
                                                {0}};

static void op_test(struct oc_call *call, void *ctx)
{
    const struct oc_rule_service *s = ctx;
    const struct test_params *p = oc_call_params(call);
    struct oc_error err;
    json_t *rows;
    size_t failed = 0;
    oc_error_init(&err);
    if (oc_rule_test_file(p->file, &s->source, &rows, &err) != OC_OK) {
        oc_call_fail(call, &err);
        return;
    }
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        if (!oc_json_bool(row, "ok", false)) {
            failed++;
            oc_call_warn(call, "%s: %s", oc_json_str(row, "name", ""),
                         oc_json_str(row, "message", ""));
        }
    }
    if (failed == 0) {
        oc_call_succeed(call, rows);
        return;
    }
    size_t count = json_array_size(rows);
    json_decref(rows);
    oc_call_failf(call, OC_E_PERMANENT, "Each warning names a test and what came instead.",
                  "%zu of %zu rule tests failed", failed, count);
}

static const struct oc_op test_op = {
    .name = "rules.test",
    .summary = "Run unit tests of rules at simulated times",
    .flags = OC_OP_EPHEMERAL | OC_OP_PRIVATE,
    .params = test_options,
    .params_size = sizeof(struct test_params),
    .view = "table:name=Test,ok=OK,message=Message",
    .description =
        "The file has tests = ( { name = \"...\"; interval = \"30s\"; input = ( { series = "
        "\"system.cpu_percent{instance=\\\"system\\\"}\"; values = \"50 95x10 _\"; } ); expect = ( "
        "{ at = "
        "\"6m\"; rule = \"high_cpu_usage\"; state = \"firing\"; } ); } ); and may bring its own "
        "`rules` and "
        "`thresholds`; without them those of the configuration are tested. Nothing that is running "
        "is "
        "touched.",
    .example = "openclaw rules test rules-test.conf",
    .handler = op_test,
};

void oc_rule_add_ops(struct oc_rule_service *s)
{
    static const struct oc_op *const OPS[] = {&list_op, &show_op, &check_op, &test_op};
    for (size_t i = 0; i < OC_COUNT(OPS); i++) {
        oc_ops_add(s->env->ops, OPS[i], s);
    }
}

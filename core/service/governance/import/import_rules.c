/* The original's governance-quorum-rules.json. SPDX-License-Identifier: MIT
 *
 * A document of a known form: what is understood is taken out of a copy, and what is left at the end has no place here. Nothing is
 * lost without a word. */
#include <stdio.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/service/governance/import/import_internal.h"

struct reading {
    json_t *left; /* shrinks */
    struct oc_gov_rules *rules;
    json_t *findings;
    size_t errors;
};

/* Takes the member at `path` ("a.b") out of the document; owned by the caller. `names` of the last part: "timeout|timeout_seconds". */
static json_t *take(struct reading *r, const char *group, const char *names, char path[128])
{
    json_t *object = group[0] ? oc_json_path(r->left, group) : r->left;
    const char *name = names;
    while (json_is_object(object) && *name) {
        char key[64];
        const size_t len = strcspn(name, "|");
        snprintf(key, sizeof key, "%.*s", (int)len, name);
        snprintf(path, 128, "%s%s%s", group, group[0] ? "." : "", key);
        json_t *value = json_object_get(object, key);
        if (value) {
            json_incref(value);
            json_object_del(object, key);
            return value;
        }
        name += len + (name[len] == '|');
    }
    snprintf(path, 128, "%s%s%.*s", group, group[0] ? "." : "", (int)strcspn(names, "|"), names);
    return NULL;
}

static void error(struct reading *r, const char *path, const char *message, const char *hint)
{
    r->errors++;
    oc_gov_finding(r->findings, path, "error", hint, "%s", message);
}

static void take_count(struct reading *r, const char *group, const char *names, uint32_t max,
                       uint32_t *value)
{
    char path[128];
    json_t *v = take(r, group, names, path);
    if (v && json_is_integer(v) && json_integer_value(v) >= 0 && json_integer_value(v) <= max) {
        *value = (uint32_t)json_integer_value(v);
    } else if (v) {
        error(r, path, "not a whole number in its range", "Write the number itself.");
    }
    json_decref(v);
}

/* Seconds, as the original counts. */
static void take_seconds(struct reading *r, const char *group, const char *names, int64_t *ms)
{
    char path[128];
    json_t *v = take(r, group, names, path);
    if (v && json_is_integer(v) && json_integer_value(v) > 0 &&
        json_integer_value(v) <= 3650 * 86400LL) {
        *ms = json_integer_value(v) * OC_SECOND;
    } else if (v) {
        error(r, path, "not a number of seconds above 0", "Write whole seconds.");
    }
    json_decref(v);
}

static bool take_bool(struct reading *r, const char *group, const char *names, bool fallback)
{
    char path[128];
    json_t *v = take(r, group, names, path);
    const bool value = json_is_boolean(v) ? json_is_true(v) : fallback;
    if (v && !json_is_boolean(v)) {
        error(r, path, "not true or false", "Write true or false.");
    }
    json_decref(v);
    return value;
}

static void settled(struct reading *r, const char *path, const char *message, const char *hint)
{
    oc_gov_finding(r->findings, path, "settled", hint, "%s", message);
}

/* Takes what needs no place here, because it is always so. */
static void drop(struct reading *r, const char *group, const char *name)
{
    char path[128];
    json_decref(take(r, group, name, path));
}

/* ---- quorum_configuration ---- */

static void read_triad(struct reading *r)
{
    char path[128];
    json_t *list = take(r, "quorum_configuration", "triad_members", path);
    const size_t count = json_array_size(list);
    if (list && (count < 1 || count > OC_ELECTORS_MAX)) {
        error(r, path, "not a list of 1 to 64 names", "List the members that vote.");
        json_decref(list);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        const char *name = json_string_value(json_array_get(list, i));
        if (!name || !oc_name_valid(name)) {
            error(r, path, "a member's name is not one", "Use letters, digits, - and _.");
            json_decref(list);
            return;
        }
    }
    for (size_t i = 0; i < count; i++) {
        oc_copy(r->rules->triad[i], OC_GOV_NAME, json_string_value(json_array_get(list, i)));
        r->rules->triad_count = (uint32_t)count;
    }
    json_decref(list);
}

static void read_quorum(struct reading *r)
{
    static const char group[] = "quorum_configuration";
    uint32_t least = 0;
    char path[128];
    read_triad(r);
    take_count(r, group, "minimum_quorum_size", OC_ELECTORS_MAX, &least);
    for (unsigned i = 0; least > 0 && i < OC_GOV_CATEGORIES; i++) {
        r->rules->categories[i].min_votes = least;
    }
    json_t *percentage = take(r, group, "quorum_percentage", path);
    if (percentage) {
        settled(r, path,
                "66.67 % of a triad is 3 of 3 as it is written; it is read as two thirds, which is "
                "3*yes >= 2*eligible",
                "Set strict_supermajority to have it as written.");
    }
    json_decref(percentage);
    json_decref(take(r, group, "voting_timeout|voting_timeout_seconds", path));
    json_decref(take(r, group, "deliberation_timeout|deliberation_timeout_seconds", path));
    if (!take_bool(r, group, "auto_abort_on_timeout", true)) {
        settled(r, "quorum_configuration.auto_abort_on_timeout",
                "what has not passed by its deadline is always rejected",
                "Propose it again; silence is no consent.");
    }
}

/* ---- voting_thresholds ---- */

/* The mildest of ours that is at least as strict. */
static enum oc_threshold of_percentage(double percent)
{
    return percent <= 50.01   ? OC_THRESHOLD_SIMPLE
           : percent <= 66.67 ? OC_THRESHOLD_SUPER
                              : OC_THRESHOLD_UNANIMOUS;
}

static void read_threshold(struct reading *r, enum oc_threshold kind, uint32_t least[3])
{
    char group[96], path[128];
    snprintf(group, sizeof group, "voting_thresholds.%s", oc_threshold_name(kind));
    json_t *percent = take(
        r, group, "approval_percentage|percentage|threshold_percentage|approval|threshold", path);
    if (percent && (!json_is_number(percent) || json_number_value(percent) <= 0 ||
                    json_number_value(percent) > 100)) {
        error(r, path, "not a percentage", "Write a number above 0 and up to 100.");
    } else if (percent && of_percentage(json_number_value(percent)) != kind) {
        settled(r, path, "the percentage does not fit its name; the name counts",
                "Name the threshold that you mean in each category.");
    }
    json_decref(percent);
    take_count(r, group, "minimum_votes|min_votes", OC_ELECTORS_MAX, &least[kind]);
    drop(r, group, "description");
    json_t *uses = take(r, group, "use_cases", path);
    for (size_t i = 0; i < json_array_size(uses); i++) {
        const char *use = json_string_value(json_array_get(uses, i));
        if (use && strcmp(use, "governance_rule_changes") == 0 && kind != OC_THRESHOLD_UNANIMOUS) {
            settled(r, path,
                    "a change of governance rules is a supermajority here and strategic, which is "
                    "unanimous, there: it is strategic",
                    "The stricter reading counts.");
        }
    }
    json_decref(uses);
    if (kind == OC_THRESHOLD_UNANIMOUS && least[kind] > 0 && least[kind] < r->rules->triad_count) {
        settled(r, group, "unanimous with fewer votes than voters: all of them must vote",
                "\"All present\" is every member of the electorate, in its own hand.");
    }
}

/* ---- decision_categories ---- */

static void read_category(struct reading *r, unsigned i, const uint32_t least[3])
{
    struct oc_gov_category_rules *c = &r->rules->categories[i];
    char group[96], path[128];
    snprintf(group, sizeof group, "decision_categories.%s",
             oc_gov_category_name((enum oc_gov_category)i));
    if (!json_is_object(oc_json_path(r->left, group))) {
        settled(r, group, "the file does not have this category; it stays as it is here",
                "A category cannot be taken away: write its rules down.");
        return;
    }
    json_t *threshold = take(r, group, "threshold|voting_threshold|required_threshold", path);
    const char *name = json_string_value(threshold);
    if (threshold && !oc_threshold_parse(name, &c->threshold)) {
        error(r, path, "not one of simple_majority, supermajority, unanimous", "Name one of them.");
    }
    json_decref(threshold);
    if (least[c->threshold] > 0) {
        c->min_votes = least[c->threshold];
    }
    take_seconds(r, group, "timeout|timeout_seconds", &c->timeout_ms);
    c->examiner_review =
        take_bool(r, group, "requires_examiner_review|examiner_review|examiner_review_required",
                  c->examiner_review);
    c->sentinel_approval = take_bool(
        r, group, "requires_sentinel_approval|sentinel_approval|sentinel_approval_required",
        c->sentinel_approval);
    drop(r, group, "description");
    drop(r, group, "examples");
}

/* ---- voting_process ---- */

static void read_stage(struct reading *r, const char *stage, int64_t *ms)
{
    char group[96];
    snprintf(group, sizeof group, "voting_process.stages.%s", stage);
    take_seconds(r, group, "timeout|timeout_seconds|duration|duration_seconds", ms);
    drop(r, group, "description");
    drop(r, group, "required_fields|fields");
    drop(r, group, "options|actions|vote_options");
}

/* Stages as a list of {"stage"|"name",...} become an object. */
static void name_stages(struct reading *r)
{
    json_t *process = json_object_get(r->left, "voting_process");
    json_t *list = json_object_get(process, "stages");
    if (!json_is_array(list)) {
        return;
    }
    json_t *named = json_object();
    for (size_t i = 0; i < json_array_size(list); i++) {
        json_t *stage = json_array_get(list, i);
        const char *name = oc_json_str(stage, "stage", oc_json_str(stage, "name", NULL));
        if (name) {
            char *copy = oc_strdup(name);
            json_object_del(stage, "stage");
            json_object_del(stage, "name");
            json_object_set(named, copy, stage);
            free(copy);
        } else {
            error(r, "voting_process.stages", "a stage has no name", "Give each stage a name.");
        }
    }
    json_object_set_new(process, "stages", named);
}

static void read_process(struct reading *r)
{
    struct oc_gov_stage_rules *s = &r->rules->stages;
    name_stages(r);
    read_stage(r, "proposal_submission", &s->submission_ms);
    read_stage(r, "initial_review", &s->review_ms);
    read_stage(r, "deliberation", &s->deliberation_ms);
    take_count(r, "voting_process.stages.deliberation", "max_modification_rounds", 100,
               &s->modification_rounds);
    read_stage(r, "final_vote", &s->final_vote_ms);
    read_stage(r, "result_declaration", &s->declaration_ms);
    for (unsigned i = 0; i < OC_GOV_CATEGORIES; i++) {
        struct oc_gov_category_rules *c = &r->rules->categories[i];
        c->declaration_ms = c->declaration_ms > 0 ? s->declaration_ms : 0;
    }
}

static void compare_times(struct reading *r)
{
    const struct oc_gov_stage_rules *s = &r->rules->stages;
    const int64_t sum = s->submission_ms + s->review_ms + s->deliberation_ms + s->final_vote_ms;
    for (unsigned i = 0; i < OC_GOV_CATEGORIES; i++) {
        const struct oc_gov_category_rules *c = &r->rules->categories[i];
        if (sum > c->timeout_ms) {
            const char *name = oc_gov_category_name((enum oc_gov_category)i);
            char path[96];
            snprintf(path, sizeof path, "decision_categories.%s.timeout", name);
            oc_gov_finding(r->findings, path, "settled",
                           "A stage ends as soon as its work is done; the deadline ends them all.",
                           "the stages may take %lld s, the whole decision %lld s",
                           (long long)(sum / OC_SECOND), (long long)(c->timeout_ms / OC_SECOND));
        }
    }
}

/* ---- special_rules ---- */

static void read_holders(struct reading *r)
{
    char path[128];
    json_t *list = take(r, "special_rules.veto_power", "holders|veto_holders", path);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *name = json_string_value(json_array_get(list, i));
        if (name && strcmp(name, "sentinel") == 0) {
            settled(r, path,
                    "the sentinel has no executive power and yet a veto: the veto can stop, never "
                    "start, and the triad can override it",
                    "agents.advisory.sentinel.no_executive_power stays as it is.");
        } else if (!name || strcmp(name, "steward") != 0) {
            error(r, path, "only steward and sentinel can hold the veto",
                  "Take the other name out.");
        }
    }
    json_decref(list);
}

static void read_conditions(struct reading *r)
{
    char path[128];
    enum oc_veto_condition condition;
    json_t *list = take(r, "special_rules.veto_power", "conditions|veto_conditions", path);
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (!oc_veto_parse(json_string_value(json_array_get(list, i)), &condition)) {
            error(r, path, "a condition that is none of the three", "Take it out.");
        }
    }
    json_decref(list);
}

static void read_special(struct reading *r)
{
    if (!take_bool(r, "special_rules.veto_power", "enabled", true)) {
        settled(r, "special_rules.veto_power.enabled", "the veto cannot be switched off",
                "Whoever holds it need not use it.");
    }
    read_holders(r);
    read_conditions(r);
    drop(r, "special_rules.veto_power", "override|override_requirement|override_threshold");
    drop(r, "special_rules.emergency_override", "enabled");
    drop(r, "special_rules.emergency_override", "trigger|activation|declared_by");
    take_seconds(r, "special_rules.emergency_override",
                 "duration|duration_seconds|max_duration|max_duration_seconds",
                 &r->rules->emergency_ms);
    drop(r, "special_rules.emergency_override", "post_action_review|post_action_review_required");
    drop(r, "special_rules.deadlock_resolution", "enabled");
    drop(r, "special_rules.deadlock_resolution", "trigger");
    drop(r, "special_rules.deadlock_resolution", "methods|resolution_methods");
}

/* ---- audit ---- */

static void read_audit(struct reading *r)
{
    uint32_t days = 0;
    take_count(r, "audit_requirements", "retention_days|retention|retention_period_days", 36500,
               &days);
    if (days > 0) {
        r->rules->retention_ms = (int64_t)days * OC_DAY;
    }
    json_object_del(r->left, "audit_requirements"); /* all of it is always done */
    if (json_object_get(r->left, "audit_trail")) {
        oc_gov_finding(r->findings, "audit_trail", "settled",
                       "See `openclaw ledger show` and the exported copies.",
                       "there is one ledger, and it lies in the host's data folder");
        json_object_del(r->left, "audit_trail");
    }
    if (json_object_get(r->left, "governance_events")) {
        oc_gov_finding(r->findings, "governance_events", "settled",
                       "Read governance-events.log in the host's log folder.",
                       "the events are always written, where the host keeps its logs");
        json_object_del(r->left, "governance_events");
    }
}

/* ---- what became looser ---- */

static void looser(struct reading *r, unsigned i, const char *what)
{
    char path[96];
    snprintf(path, sizeof path, "decision_categories.%s",
             oc_gov_category_name((enum oc_gov_category)i));
    oc_gov_finding(r->findings, path, "settled",
                   "It is taken over as it is written. Look whether it is meant.",
                   "%s than the rules that are shipped", what);
}

/* What makes a decision easier than the rules that were there is said, whichever part of the file asks for it. */
static void compare_strictness(struct reading *r, const struct oc_gov_rules *was)
{
    for (unsigned i = 0; i < OC_GOV_CATEGORIES; i++) {
        const struct oc_gov_category_rules *c = &r->rules->categories[i], *w = &was->categories[i];
        if (c->threshold < w->threshold) {
            looser(r, i, "a lower threshold");
        }
        if (c->min_votes < w->min_votes) {
            looser(r, i, "fewer votes are the minimum");
        }
        if (w->examiner_review && !c->examiner_review) {
            looser(r, i, "no examiner's review: that is looser");
        }
        if (w->sentinel_approval && !c->sentinel_approval) {
            looser(r, i, "no sentinel's approval: that is looser");
        }
    }
}

/* ---- what is left ---- */

static void report_left(struct reading *r, const char *prefix, const json_t *value, int depth)
{
    const char *key;
    json_t *member;
    json_object_foreach((json_t *)value, key, member)
    {
        char path[256];
        snprintf(path, sizeof path, "%s%s%s", prefix, prefix[0] ? "." : "", key);
        if (json_is_object(member) && depth < 4) {
            report_left(r, path, member, depth + 1);
        } else {
            oc_gov_finding(r->findings, path, "not_mapped",
                           "Look into the page on governance for what takes its place.",
                           "nothing here has this setting");
        }
    }
}

size_t oc_gov_import_rules(const json_t *document, struct oc_gov_rules *rules, json_t *findings)
{
    static const char *const about[] = {"version", "description",  "name",
                                        "title",   "last_updated", "$schema"};
    struct oc_error err;
    struct reading r = {.rules = rules, .findings = findings};
    uint32_t least[3] = {0, 0, 0};
    const struct oc_gov_rules was = *rules;
    r.left = json_deep_copy(document);
    oc_error_init(&err);
    for (size_t i = 0; i < OC_COUNT(about); i++) {
        json_object_del(r.left, about[i]);
    }
    read_quorum(&r);
    for (unsigned i = OC_THRESHOLD_SIMPLE; i <= OC_THRESHOLD_UNANIMOUS; i++) {
        read_threshold(&r, (enum oc_threshold)i, least);
    }
    for (unsigned i = 0; i < OC_GOV_CATEGORIES; i++) {
        read_category(&r, i, least);
    }
    read_process(&r);
    compare_times(&r);
    read_special(&r);
    read_audit(&r);
    compare_strictness(&r, &was);
    report_left(&r, "", r.left, 0);
    if (r.errors == 0 && oc_gov_rules_check(rules, &err) != OC_OK) {
        r.errors++;
        oc_gov_finding(findings, "", "error", err.hint, "%s", err.message);
    }
    json_decref(r.left);
    return r.errors;
}

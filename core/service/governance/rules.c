/* The rules of governance: shipped values, checks, and their JSON. SPDX-License-Identifier: MIT */
#include "core/service/governance/rules.h"

#include <string.h>
#include <strings.h>

#include "core/base/buf.h"
#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"

static const char *const categories[OC_GOV_CATEGORIES] = {"operational", "tactical", "strategic",
                                                          "emergency"};

const char *oc_gov_category_name(enum oc_gov_category category)
{
    return category < OC_GOV_CATEGORIES ? categories[category] : "unknown";
}

bool oc_gov_category_parse(const char *name, enum oc_gov_category *category)
{
    for (unsigned i = 0; name && i < OC_GOV_CATEGORIES; i++) {
        if (strcmp(categories[i], name) == 0) {
            *category = (enum oc_gov_category)i;
            return true;
        }
    }
    return false;
}

/* ---- shipped values ---- */

static const struct oc_gov_category_rules shipped[OC_GOV_CATEGORIES] = {
    [OC_GOV_OPERATIONAL] = {.threshold = OC_THRESHOLD_SIMPLE,
                            .min_votes = 2,
                            .timeout_ms = 5 * OC_MINUTE,
                            .declaration_ms = 30 * OC_SECOND},
    [OC_GOV_TACTICAL] = {.threshold = OC_THRESHOLD_SUPER,
                         .min_votes = 2,
                         .timeout_ms = 10 * OC_MINUTE,
                         .examiner_review = true,
                         .declaration_ms = 30 * OC_SECOND},
    [OC_GOV_STRATEGIC] = {.threshold = OC_THRESHOLD_UNANIMOUS,
                          .min_votes = 2,
                          .timeout_ms = 15 * OC_MINUTE,
                          .examiner_review = true,
                          .sentinel_approval = true,
                          .declaration_ms = 30 * OC_SECOND},
    [OC_GOV_EMERGENCY] = {.threshold = OC_THRESHOLD_SIMPLE,
                          .min_votes = 2,
                          .timeout_ms = OC_MINUTE,
                          .declaration_ms = 0},
};

void oc_gov_rules_default(struct oc_gov_rules *rules)
{
    static const char *const triad[] = {"alpha", "beta", "charlie"};
    memset(rules, 0, sizeof *rules);
    memcpy(rules->categories, shipped, sizeof shipped);
    rules->stages = (struct oc_gov_stage_rules){
        .submission_ms = 60 * OC_SECOND,
        .review_ms = 120 * OC_SECOND,
        .deliberation_ms = 300 * OC_SECOND,
        .final_vote_ms = 120 * OC_SECOND,
        .declaration_ms = 30 * OC_SECOND,
        .modification_rounds = 3,
    };
    rules->override_ms = 10 * OC_MINUTE;
    rules->emergency_ms = OC_HOUR;
    rules->deadlock_cycles = 2;
    rules->ratification_ms = OC_DAY;
    rules->retention_ms = 365 * OC_DAY;
    rules->triad_count = OC_COUNT(triad);
    for (size_t i = 0; i < OC_COUNT(triad); i++) {
        oc_copy(rules->triad[i], OC_GOV_NAME, triad[i]);
    }
    oc_copy(rules->steward, OC_GOV_NAME, "steward");
    oc_copy(rules->sentinel, OC_GOV_NAME, "sentinel");
    oc_copy(rules->examiner, OC_GOV_NAME, "examiner");
}

/* ---- checks ---- */

static int check_triad(const struct oc_gov_rules *rules, struct oc_error *err)
{
    if (rules->triad_count < 1 || rules->triad_count > OC_ELECTORS_MAX) {
        oc_error_set(err, OC_E_CONFIG, "%u voters, 1 to %d are possible", rules->triad_count,
                     OC_ELECTORS_MAX);
        oc_error_hint(err, "List the members that vote.");
        return OC_E_CONFIG;
    }
    for (uint32_t i = 0; i < rules->triad_count; i++) {
        if (!oc_name_valid(rules->triad[i])) {
            return oc_error_set(err, OC_E_CONFIG, "\"%s\" is not a member's name", rules->triad[i]);
        }
        for (uint32_t j = 0; j < i; j++) {
            if (strcmp(rules->triad[i], rules->triad[j]) == 0) {
                oc_error_set(err, OC_E_CONFIG, "%s votes twice", rules->triad[i]);
                oc_error_hint(err, "List each member once: one voice, one vote.");
                return OC_E_CONFIG;
            }
        }
    }
    return OC_OK;
}

static int check_category(const struct oc_gov_rules *rules, unsigned i, struct oc_error *err)
{
    const struct oc_gov_category_rules *c = &rules->categories[i];
    if (c->timeout_ms <= 0 || c->declaration_ms < 0) {
        return oc_error_set(err, OC_E_CONFIG, "%s: its time must be above 0", categories[i]);
    }
    if (c->min_votes < 1 || c->min_votes > rules->triad_count) {
        oc_error_set(err, OC_E_CONFIG, "%s: %u votes are asked for and %u can be cast",
                     categories[i], c->min_votes, rules->triad_count);
        oc_error_hint(err, "Name at least %u voters in `triad`.", c->min_votes);
        return OC_E_CONFIG;
    }
    return OC_OK;
}

int oc_gov_rules_check(const struct oc_gov_rules *rules, struct oc_error *err)
{
    const struct oc_gov_stage_rules *s = &rules->stages;
    const char *const offices[] = {rules->steward, rules->sentinel, rules->examiner};
    int code = check_triad(rules, err);
    for (unsigned i = 0; code == OC_OK && i < OC_GOV_CATEGORIES; i++) {
        code = check_category(rules, i, err);
    }
    for (size_t i = 0; code == OC_OK && i < OC_COUNT(offices); i++) {
        if (!oc_name_valid(offices[i])) {
            code = oc_error_set(err, OC_E_CONFIG, "\"%s\" is not a member's name", offices[i]);
        }
    }
    if (code == OC_OK &&
        (s->submission_ms <= 0 || s->review_ms <= 0 || s->deliberation_ms <= 0 ||
         s->final_vote_ms <= 0 || s->declaration_ms < 0 || rules->override_ms <= 0 ||
         rules->emergency_ms <= 0 || rules->ratification_ms <= 0 || rules->retention_ms <= 0)) {
        code = oc_error_set(err, OC_E_CONFIG, "a time of the governance rules is not above 0");
    }
    return code;
}

void oc_gov_rules_freeze(const struct oc_gov_rules *rules, enum oc_gov_category category,
                         int64_t opened, struct oc_tally_rules *frozen)
{
    const struct oc_gov_category_rules *c = &rules->categories[category];
    int64_t deadline;
    if (__builtin_add_overflow(opened, c->timeout_ms, &deadline)) {
        deadline = INT64_MAX - 1;
    }
    *frozen = (struct oc_tally_rules){
        .threshold = c->threshold,
        .strict_supermajority = rules->strict_supermajority,
        .min_votes = c->min_votes,
        .examiner_review = c->examiner_review,
        .sentinel_approval = c->sentinel_approval,
        .deadline = deadline,
        .declaration_ms = c->declaration_ms,
        .override_ms = rules->override_ms,
    };
}

/* ---- JSON ---- */

json_t *oc_tally_rules_json(const struct oc_tally_rules *rules)
{
    json_t *o = json_object();
    oc_json_set_str(o, "threshold", oc_threshold_name(rules->threshold));
    oc_json_set_bool(o, "strict_supermajority", rules->strict_supermajority);
    oc_json_set_int(o, "minimum_votes", rules->min_votes);
    oc_json_set_bool(o, "examiner_review", rules->examiner_review);
    oc_json_set_bool(o, "sentinel_approval", rules->sentinel_approval);
    oc_json_set_int(o, "deadline", rules->deadline);
    oc_json_set_int(o, "declaration_ms", rules->declaration_ms);
    oc_json_set_int(o, "override_ms", rules->override_ms);
    return o;
}

static int read_int(const json_t *json, const char *name, int64_t max, int64_t *value,
                    struct oc_error *err)
{
    const json_t *member = json_object_get(json, name);
    *value = json_integer_value(member);
    if (!json_is_integer(member) || *value < 0 || *value > max) {
        return oc_error_set(err, OC_E_VERIFY, "rules: %s is not a whole number from 0", name);
    }
    return OC_OK;
}

static int read_bool(const json_t *json, const char *name, bool *value, struct oc_error *err)
{
    const json_t *member = json_object_get(json, name);
    *value = json_is_true(member);
    if (!json_is_boolean(member)) {
        return oc_error_set(err, OC_E_VERIFY, "rules: %s is not true or false", name);
    }
    return OC_OK;
}

int oc_tally_rules_read(const json_t *json, struct oc_tally_rules *rules, struct oc_error *err)
{
    int64_t votes;
    memset(rules, 0, sizeof *rules);
    if (!oc_threshold_parse(oc_json_str(json, "threshold", NULL), &rules->threshold)) {
        return oc_error_set(err, OC_E_VERIFY, "rules: threshold is none that is known");
    }
    int code = read_bool(json, "strict_supermajority", &rules->strict_supermajority, err);
    code = code == OC_OK ? read_int(json, "minimum_votes", UINT32_MAX, &votes, err) : code;
    code = code == OC_OK ? read_bool(json, "examiner_review", &rules->examiner_review, err) : code;
    code =
        code == OC_OK ? read_bool(json, "sentinel_approval", &rules->sentinel_approval, err) : code;
    code = code == OC_OK ? read_int(json, "deadline", INT64_MAX, &rules->deadline, err) : code;
    code = code == OC_OK ? read_int(json, "declaration_ms", INT64_MAX, &rules->declaration_ms, err)
                         : code;
    code =
        code == OC_OK ? read_int(json, "override_ms", INT64_MAX, &rules->override_ms, err) : code;
    if (code == OC_OK) {
        rules->min_votes = (uint32_t)votes;
    }
    return code;
}

static json_t *category_json(const struct oc_gov_rules *rules, unsigned i)
{
    const struct oc_gov_category_rules *c = &rules->categories[i];
    json_t *o = json_object();
    oc_json_set_str(o, "category", categories[i]);
    oc_json_set_str(o, "threshold", oc_threshold_name(c->threshold));
    oc_json_set_int(
        o, "needed",
        oc_threshold_needed(c->threshold, rules->strict_supermajority, rules->triad_count));
    oc_json_set_int(o, "eligible", rules->triad_count);
    oc_json_set_int(o, "minimum_votes", c->min_votes);
    oc_json_set_int(o, "timeout_ms", c->timeout_ms);
    oc_json_set_bool(o, "examiner_review", c->examiner_review);
    oc_json_set_bool(o, "sentinel_approval", c->sentinel_approval);
    oc_json_set_int(o, "declaration_ms", c->declaration_ms);
    return o;
}

static json_t *stages_json(const struct oc_gov_stage_rules *s)
{
    json_t *o = json_object();
    oc_json_set_int(o, "submission_ms", s->submission_ms);
    oc_json_set_int(o, "review_ms", s->review_ms);
    oc_json_set_int(o, "deliberation_ms", s->deliberation_ms);
    oc_json_set_int(o, "final_vote_ms", s->final_vote_ms);
    oc_json_set_int(o, "declaration_ms", s->declaration_ms);
    oc_json_set_int(o, "modification_rounds", s->modification_rounds);
    return o;
}

/* ---- what nobody may change ---- */

const struct oc_gov_inviolable oc_gov_inviolables[] = {
    {"triad.consensus.threshold", "2/3"},
    {"security.credential.vault_first", "true"},
    {"security.credential.no_group_chat", "true"},
    {"deliberation.advocate.one_voice_per_round", "true"},
    {"deliberation.advocate.advisory_only", "true"},
    {"agents.advisory.oracle.no_veto", "true"},
    {"agents.advisory.examiner.no_veto", "true"},
    {"agents.advisory.sentinel.no_executive_power", "true"},
    {"deliberation.phases.required", "signal, build, ratify"},
    {NULL, NULL},
};

static json_t *inviolables_json(void)
{
    json_t *list = json_array();
    for (const struct oc_gov_inviolable *i = oc_gov_inviolables; i->name; i++) {
        json_array_append_new(list, json_pack("{s:s,s:s}", "name", i->name, "value", i->value));
    }
    return list;
}

json_t *oc_gov_rules_json(const struct oc_gov_rules *rules)
{
    json_t *o = json_object(), *list = json_array(), *triad = json_array();
    for (uint32_t i = 0; i < rules->triad_count; i++) {
        json_array_append_new(triad, json_string(rules->triad[i]));
    }
    for (unsigned i = 0; i < OC_GOV_CATEGORIES; i++) {
        json_array_append_new(list, category_json(rules, i));
    }
    oc_json_take(o, "triad", triad);
    oc_json_set_str(o, "steward", rules->steward);
    oc_json_set_str(o, "sentinel", rules->sentinel);
    oc_json_set_str(o, "examiner", rules->examiner);
    oc_json_take(o, "categories", list);
    oc_json_take(o, "stages", stages_json(&rules->stages));
    oc_json_set_bool(o, "strict_supermajority", rules->strict_supermajority);
    oc_json_set_int(o, "override_ms", rules->override_ms);
    oc_json_set_int(o, "emergency_ms", rules->emergency_ms);
    oc_json_set_int(o, "deadlock_cycles", rules->deadlock_cycles);
    oc_json_set_int(o, "ratification_ms", rules->ratification_ms);
    oc_json_set_int(o, "retention_ms", rules->retention_ms);
    oc_json_take(o, "inviolable", inviolables_json());
    return o;
}

/* ---- whether something is inviolable ---- */

/* Whether `path` is `name`, or holds it: "a.b" holds "a.b.c". */
static bool holds(const char *path, const char *name)
{
    const size_t len = strlen(path);
    return strncasecmp(path, name, len) == 0 && (name[len] == '\0' || name[len] == '.');
}

const struct oc_gov_inviolable *oc_gov_inviolable_find(const char *path)
{
    for (const struct oc_gov_inviolable *i = oc_gov_inviolables; i->name && path && path[0]; i++) {
        if (holds(path, i->name) || holds(i->name, path)) {
            return i;
        }
    }
    return NULL;
}

/* The last word of a path. */
static const char *end_of(const char *path)
{
    const char *dot = strrchr(path, '.');
    return dot ? dot + 1 : path;
}

static bool is_path(const char *name)
{
    const size_t len = strlen(name);
    return strchr(name, '.') && name[0] != '.' && name[len - 1] != '.' && !strstr(name, "..") &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.") == len;
}

int oc_gov_change_check(const char *name, struct oc_error *err)
{
    const struct oc_gov_inviolable *i = oc_gov_inviolables;
    struct oc_buf list = {0};
    while (i->name && strcasecmp(end_of(i->name), end_of(name)) != 0) {
        i++;
    }
    if (is_path(name) && !i->name) {
        return OC_OK;
    }
    for (const struct oc_gov_inviolable *k = oc_gov_inviolables; k->name; k++) {
        oc_buf_addf(&list, "%s%s", k == oc_gov_inviolables ? "" : ", ", k->name);
    }
    oc_error_set(err, OC_E_CONFIG, "'%.64s' names no parameter; inviolable are %s", name,
                 list.data);
    oc_error_hint(err, "Name it in full, such as alerts.cooldown.");
    oc_buf_finish(&list);
    return OC_E_CONFIG;
}

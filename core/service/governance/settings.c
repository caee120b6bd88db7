/* The section `governance` of the configuration. SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/service/governance/internal.h"

#define YEAR 31536000000.0

struct section {
    struct oc_list triad;
    const char *steward, *sentinel, *examiner;
    int32_t strict;
    int64_t operational, tactical, strategic, emergency;
    int64_t submission, review, deliberation, final_vote, declaration;
    int64_t rounds, cycles;
    int64_t override_ms, emergency_override, ratification;
    int64_t review_within, deadlock, human, degraded_after, posting;
};
#define AT(member) offsetof(struct section, member)
#define TIME(key, field, text, words)                                                              \
    {                                                                                              \
        .name = key, .type = OC_OPT_DURATION, .offset = AT(field), .default_text = text, .min = 1, \
        .max = YEAR, .help = words                                                                 \
    }

static const struct oc_option options[] = {
    {.name = "triad",
     .type = OC_OPT_STRINGS,
     .offset = AT(triad),
     .default_text = "alpha,beta,charlie",
     .help = "the members that vote"},
    {.name = "steward",
     .type = OC_OPT_STRING,
     .offset = AT(steward),
     .default_text = "steward",
     .help = "holds a veto, and is asked first in a deadlock"},
    {.name = "sentinel",
     .type = OC_OPT_STRING,
     .offset = AT(sentinel),
     .default_text = "sentinel",
     .help = "holds a veto, approves strategic proposals, declares an emergency"},
    {.name = "examiner",
     .type = OC_OPT_STRING,
     .offset = AT(examiner),
     .default_text = "examiner",
     .help = "reviews tactical and strategic proposals, and arbitrates a deadlock"},
    {.name = "strict_supermajority",
     .type = OC_OPT_BOOL,
     .offset = AT(strict),
     .default_text = "false",
     .help = "read 66.67 % as more than two thirds: 3 of a triad of 3"},
    TIME("operational_timeout", operational, "5m", "from submission to deadline: operational"),
    TIME("tactical_timeout", tactical, "10m", "from submission to deadline: tactical"),
    TIME("strategic_timeout", strategic, "15m", "from submission to deadline: strategic"),
    TIME("emergency_timeout", emergency, "1m", "from submission to deadline: emergency"),
    TIME("submission", submission, "1m", "to complete a proposal"),
    TIME("review", review, "2m", "the stage in which a proposal is reviewed, at the most"),
    TIME("deliberation", deliberation, "5m", "the stage in which it is discussed, at the most"),
    TIME("final_vote", final_vote, "2m", "what the last stage keeps of the time to the deadline"),
    {.name = "declaration",
     .type = OC_OPT_DURATION,
     .offset = AT(declaration),
     .default_text = "30s",
     .min = 0,
     .max = 86400000,
     .help = "from a vote that is won to its declaration: the last chance of a veto; an emergency "
             "is declared at once"},
    {.name = "modification_rounds",
     .type = OC_OPT_INT,
     .offset = AT(rounds),
     .default_text = "3",
     .min = 0,
     .max = 16,
     .help = "how often a proposal may be amended"},
    {.name = "deadlock_cycles",
     .type = OC_OPT_INT,
     .offset = AT(cycles),
     .default_text = "2",
     .min = 1,
     .max = 16,
     .help = "votes without a decision that are a deadlock"},
    TIME("override", override_ms, "10m", "how long the triad has to override a veto"),
    TIME("emergency_override", emergency_override, "1h", "how long a declared emergency lasts"),
    TIME("ratification", ratification, "1d",
         "how long provisional decisions may be reviewed once the members are back"),
    TIME("review_within", review_within, "1d",
         "when the review of what was done without a vote is overdue"),
    TIME("deadlock_step", deadlock, "5m", "how long each way out of a deadlock is tried"),
    TIME("human_step", human, "1d", "how long people are asked, the last of these ways"),
    TIME("degraded_after", degraded_after, "10m",
         "members out of reach for so long: the degraded mode"),
    TIME("posting_interval", posting, "4h", "between two provisional decisions, at least"),
    {0}};
#undef AT

static void take_name(char *to, const char *from)
{
    oc_copy(to, OC_GOV_NAME, from ? from : "");
}

static void take_categories(struct oc_gov_rules *r, const struct section *s)
{
    const int64_t timeouts[OC_GOV_CATEGORIES] = {s->operational, s->tactical, s->strategic,
                                                 s->emergency};
    for (size_t i = 0; i < OC_GOV_CATEGORIES; i++) {
        r->categories[i].timeout_ms = timeouts[i];
        r->categories[i].declaration_ms = i == OC_GOV_EMERGENCY ? 0 : s->declaration;
    }
}

static void take(struct oc_gov_rules *r, const struct section *s)
{
    const char *const *names = s->triad.items;
    oc_gov_rules_default(r);
    r->triad_count = 0;
    for (uint64_t i = 0; i < s->triad.count && i < OC_ELECTORS_MAX; i++) {
        take_name(r->triad[r->triad_count++], names[i]);
    }
    take_name(r->steward, s->steward);
    take_name(r->sentinel, s->sentinel);
    take_name(r->examiner, s->examiner);
    r->strict_supermajority = s->strict != 0;
    take_categories(r, s);
    r->stages = (struct oc_gov_stage_rules){.submission_ms = s->submission,
                                            .review_ms = s->review,
                                            .deliberation_ms = s->deliberation,
                                            .final_vote_ms = s->final_vote,
                                            .declaration_ms = s->declaration,
                                            .modification_rounds = (uint32_t)s->rounds};
    r->deadlock_cycles = (uint32_t)s->cycles;
    r->override_ms = s->override_ms;
    r->emergency_ms = s->emergency_override;
    r->ratification_ms = s->ratification;
}

/* Who votes, reviews and approves alone: the rules ask for signatures, and one key would give them all. */
static void warn_of_one(const struct oc_gov_rules *r, const struct oc_node *node,
                        struct oc_diags *diags)
{
    static const char hint[] = "Name another member, or know that one key stands for both.";
    const char *const offices[] = {r->sentinel, r->examiner};
    static const char *const names[] = {"sentinel", "examiner"};
    char key[48];
    if (strcmp(r->sentinel, r->examiner) == 0) {
        oc_diags_add(diags, true, oc_node_get(node, "examiner"), "governance.examiner", hint,
                     "%s would review and approve alone", r->examiner);
    }
    for (size_t i = 0; i < OC_COUNT(offices); i++) {
        for (uint32_t k = 0; k < r->triad_count; k++) {
            if (strcmp(r->triad[k], offices[i]) == 0) {
                snprintf(key, sizeof key, "governance.%s", names[i]);
                oc_diags_add(diags, true, oc_node_get(node, names[i]), key, hint,
                             "%s votes, and would %s the vote, too", offices[i],
                             i == 0 ? "approve" : "review");
            }
        }
    }
}

void oc_governance_bind(struct oc_governance *g, const struct oc_config *config,
                        struct oc_diags *diags)
{
    struct section s = {0};
    struct oc_arena arena = {0};
    struct oc_gov_rules rules;
    struct oc_error err;
    const struct oc_node *node = oc_node_get(oc_config_root(config), "governance");
    const size_t errors =
        oc_bind(options, sizeof *options, node, "governance", NULL, &s, sizeof s, &arena, diags);
    oc_error_init(&err);
    take(&rules, &s);
    if (errors == 0 && oc_gov_rules_check(&rules, &err) != OC_OK) {
        oc_diags_add(diags, false, node, "governance", err.hint, "%s", err.message);
    } else if (errors == 0) {
        warn_of_one(&rules, node, diags);
        g->rules = rules;
        g->settings = (struct oc_governance_settings){.review_within_ms = s.review_within,
                                                      .deadlock_ms = s.deadlock,
                                                      .human_ms = s.human,
                                                      .degraded_after_ms = s.degraded_after,
                                                      .posting_ms = s.posting};
    }
    oc_arena_finish(&arena);
}

void oc_governance_describe(json_t *sections)
{
    oc_json_take(sections, "governance", oc_options_json(options, sizeof *options));
}

/* Inhibition: alerts that are not told while a graver one of the same place fires. SPDX-License-Identifier: MIT  [loop]
 *
 * A rule has matchers for its sources, matchers for its targets, and labels that both must have equal (what neither has is equal). While a source fires,
 * and for `window` after, its targets are told nobody. As in Alertmanager, an alert that is both source and target of a rule is kept quiet only by sources
 * that are not targets.
 *
 * Every source is entered under (rule, values of the equal labels; inhibit_entry.h), so that a target costs one look-up for each rule that could
 * mean it; which rules these are is found by one of their = matchers. What an entry keeps quiet is remembered there and looked at again when
 * its last source has gone. A rule sleeps, and costs nothing, until the first target of it is reviewed: then its sources are looked for among the alerts that have the rarest
 * of its labels. Rules that have the same sources, and no alert that is source and target, share what is entered. Nothing of this is written down: it follows
 * from the alerts that are. */
#ifndef OC_SERVICE_ALERT_INHIBIT_H
#define OC_SERVICE_ALERT_INHIBIT_H

#include "core/config/config.h"
#include "core/service/alert/inhibit/inhibit_entry.h"
#include "core/service/alert/table/matcher.h"

#define OC_INHIBIT_RULES_MAX    1000
#define OC_INHIBIT_MATCHERS_MAX 16 /* of one side */
#define OC_INHIBIT_EQUAL_MAX    16

struct oc_inhibit_matcher {
    struct oc_matcher matcher;
    uint32_t pair; /* of an = matcher, held; else OC_LABEL_NONE */
};

struct oc_inhibit_side {
    struct oc_inhibit_matcher *items; /* owned */
    size_t count;
};

struct oc_inhibit_rule {
    char *name; /* owned */
    struct oc_inhibit_side source, target;
    char *equal[OC_INHIBIT_EQUAL_MAX]; /* owned */
    size_t equal_count;
    int64_t window; /* ms */
    uint32_t
        sources; /* the first rule that has the same ones: they are entered once, for that one */
    bool awake;  /* of that one: there was a target, and its sources are entered */
};

/* A side of a rule that an alert with this pair may match. */
struct oc_inhibit_anchor {
    uint32_t pair, rule;
};

struct oc_inhibitor {
    struct oc_alerts *alerts; /* borrowed */
    char *text;               /* owned: the rules as they were given, as JSON */
    OC_VEC(struct oc_inhibit_rule *) rules;
    size_t distinct; /* rules with sources of their own */
    size_t asleep;   /* of these: not awake */
    struct oc_inhibit_sides {
        OC_VEC(struct oc_inhibit_anchor) anchors; /* by pair */
        OC_VEC(uint32_t) loose;                   /* rules without one */
        uint64_t filter[64];                      /* of the anchors' pairs */
    } sides[2];                                   /* sources, targets */
    struct oc_inhibit_entries entries;
    size_t seen; /* of the changed alerts, how many have been indexed */
};

void oc_inhibit_init(struct oc_inhibitor *i, struct oc_alerts *alerts);
void oc_inhibit_finish(struct oc_inhibitor *i);

/* inhibit_rules.c: takes [{"name","source":[..],"target":[..],"equal":[..],"window"}] (borrowed). A rule that is wrong is left out and said in
 * `*complaint` (owned by the caller; NULL: none). False when the rules are what they were; else every alert has to be looked at again. */
bool oc_inhibit_set_rules(struct oc_inhibitor *i, const json_t *rules, char **complaint);

/* Enters the alert as a source, or takes it out, as it is now. */
void oc_inhibit_index(struct oc_inhibitor *i, struct oc_alert *a, int64_t now);
/* When a source that is over ends to be one; INT64_MAX: it is none. */
int64_t oc_inhibit_until(const struct oc_inhibitor *i, const struct oc_alert *a);
/* Wakes the rules that the alert is a target of; oc_inhibit_review does so, too. */
void oc_inhibit_wake(struct oc_inhibitor *i, const struct oc_alert *a, int64_t now);
/* Whether the alert is kept quiet, which is also noted in it. */
bool oc_inhibit_review(struct oc_inhibitor *i, struct oc_alert *a, int64_t now);
/* It is forgotten. */
void oc_inhibit_forget(struct oc_inhibitor *i, struct oc_alert *a);

/* By whom: a source for each rule that holds, at most `max`; returns how many. `rules` (may be NULL) receives the rules. */
size_t oc_inhibit_find(const struct oc_inhibitor *i, const struct oc_alert *a,
                       const struct oc_alert **sources, const struct oc_inhibit_rule **rules,
                       size_t max);

/* ---- between the files of inhibition ---- */

void oc_inhibit_anchor(struct oc_inhibitor *i);

#endif

/* The rule service: conditions with durations and hysteresis. SPDX-License-Identifier: MIT
 *
 * A rule (`alerts.rules`) is evaluated for each label set of the first metric that its expression
 * names. Its other metrics are looked up with the same labels, else with the same instance and
 * target, else with the same instance, else as the only series of that name; what is not unique is
 * unknown, and so is a series that is silent for longer than its rhythm allows (rhythm.h). An
 * unknown answer changes no state.
 *
 *   inactive -> pending   the expression is true (straight to firing when `for` is 0)
 *   pending  -> firing    it is still true `for` later; one false answer goes back to inactive
 *   firing   -> resolved  it is false, `resolve` (when given) is true, and has been so for
 * `keep_firing_for` resolved -> pending   as from inactive
 *
 * Time is that of the samples. A rule is looked at when a series that it reads got a sample and at
 * no other time: no data is no proof, so a collector that fell silent makes nothing fire. Only the
 * end of `keep_firing_for` is also looked for by a timer, because the samples that ended the
 * condition are proof already. A sample that is NaN says that its series is gone: that resolves
 * with the reason "gone". States of pending and firing survive a restart.
 *
 * Publishes rule.pending, rule.firing, rule.resolved (core/service/env.h). Operations: rules.list
 * show check test. */
#ifndef OC_SERVICE_RULE_RULE_H
#define OC_SERVICE_RULE_RULE_H

#include "core/service/env.h"

struct oc_rule_service;

struct oc_rule_service *oc_rule_create(const struct oc_env *env); /* `env` is borrowed */
/* Takes `thresholds` and `alerts.rules`. A rule that is wrong is disabled alone, with a finding
 * that has its file and line. A rule that went away or has another expression resolves its alerts
 * with the reason "rule changed". */
void oc_rule_configure(struct oc_rule_service *s, const struct oc_config *config,
                       struct oc_diags *diags);
/* Adds the option tables of alerts.rules to `sections` (core/daemon/sections.h), for the reference. */
void oc_rule_describe(json_t *sections);
void oc_rule_destroy(struct oc_rule_service *s); /* NULL is fine */

#endif

/* What people ask of a silence: whether it can be, and the silence that it makes. SPDX-License-Identifier: MIT  [loop] */
#ifndef OC_SERVICE_ALERT_SILENCE_DRAFT_H
#define OC_SERVICE_ALERT_SILENCE_DRAFT_H

#include "core/service/alert/silence/silence.h"

/* `starts` is when it will begin; `count` how many silences there are. OC_E_CONFIG, OC_E_CONFLICT. */
int oc_silence_check(const struct oc_silence_draft *draft, size_t count, int64_t starts,
                     int64_t now, struct oc_error *err);
/* Owned by the caller; the recurrence of the draft is taken. */
struct oc_silence *oc_silence_make(const struct oc_silence_draft *draft, const char *id,
                                   int64_t starts, int64_t now);
/* As Alertmanager: what has begun keeps its start, and what is silenced stays the same. */
bool oc_silence_may_change(const struct oc_silence *old, const struct oc_silence_draft *draft,
                           int64_t starts, int64_t now);
void oc_silence_make_id(char id[37]);

/* silence_cost.c: tries the expressions on the alerts that there are. OC_E_CONFIG when that would hold the loop. */
int oc_silence_check_cost(const struct oc_silences *set, const struct oc_silence_draft *draft,
                          struct oc_error *err);

#endif

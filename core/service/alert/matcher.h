/* What a silence speaks of: "rule=~disk_*", "env!=prod". SPDX-License-Identifier: MIT
 *
 * NAME OP VALUE, where NAME is rule, severity, instance, target, category or a label, and OP is =
 * != =~ !~; the last two take a glob (* and ?). A word without an operator means rule=~WORD. A
 * label that an alert does not have counts as "". [loop] */
#ifndef OC_SERVICE_ALERT_MATCHER_H
#define OC_SERVICE_ALERT_MATCHER_H

#include "core/base/error.h"
#include "core/service/alert/record.h"

enum oc_matcher_op { OC_MATCH_EQUAL, OC_MATCH_UNEQUAL, OC_MATCH_GLOB, OC_MATCH_NOT_GLOB };

struct oc_matcher {
    char *name, *value; /* owned */
    enum oc_matcher_op op;
};

/* OC_E_CONFIG with a hint when `text` is no matcher; then `m` holds nothing. */
int oc_matcher_parse(const char *text, struct oc_matcher *m, struct oc_error *err);
void oc_matcher_finish(struct oc_matcher *m);
bool oc_matcher_holds(const struct oc_matcher *m, const struct oc_alert *alert);
char *
oc_matcher_text(const struct oc_matcher *m); /* as oc_matcher_parse reads it; owned by the caller */

#endif

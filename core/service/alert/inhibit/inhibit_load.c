/* The rules of inhibition: asked of the policy once, with those of the configuration. SPDX-License-Identifier: MIT */
#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/time.h"
#include "core/service/alert/service.h"

/* What the policy says; owned by the caller. NULL: it failed, and what held before holds. */
static json_t *policy_rules(const struct oc_alert_service *s)
{
    struct oc_error err;
    json_t *rules = NULL, *args = json_pack("[I]", (json_int_t)oc_time_wall());
    oc_error_init(&err);
    int rc = oc_policy_ask(s->env->policies, "inhibit", args, &rules, NULL, &err);
    json_decref(args);
    if (rc == OC_E_NOT_FOUND || (rc == OC_OK && !json_is_array(rules))) {
        json_decref(rules);
        return json_array();
    }
    return rc == OC_OK ? rules : NULL;
}

void oc_alert_load_inhibition(struct oc_alert_service *s)
{
    char *complaint = NULL;
    uint32_t it = 0;
    json_t *rules = policy_rules(s);
    if (!rules) {
        return;
    }
    json_array_extend(rules, s->inhibit_rules);
    bool changed = oc_inhibit_set_rules(&s->inhibitor, rules, &complaint);
    json_decref(rules);
    if (complaint) {
        oc_warn("rule of inhibition left out", "reason=%s", complaint);
        free(complaint);
    }
    if (!changed) {
        return;
    }
    s->inhibitor.seen = 0;
    for (struct oc_alert *a; (a = oc_alerts_next(&s->alerts, &it));) {
        oc_alerts_change(&s->alerts, a);
    }
    oc_alert_wake(s, 0);
}

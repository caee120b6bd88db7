/* What the operations over figures share: ranges of days, and sums as JSON. SPDX-License-Identifier: MIT */
#include "core/service/cost/range.h"

#include <math.h>
#include <string.h>

#include "core/base/json.h"

static void named_range(const struct oc_cost *c, int32_t period, struct oc_cost_range *r)
{
    static const int back[] = {0, 1, 6, 0, 364};
    oc_zone_add(c->today, -back[period], r->from);
    oc_zone_add(c->today, period == 1 ? -1 : 0, r->to);
    if (period == 3) {
        memcpy(r->from + 8, "01", 2);
    }
}

static int check_day(const char *day, struct oc_error *err)
{
    int64_t ms;
    if (!day || oc_zone_is_day(day)) {
        return OC_OK;
    }
    if (strlen(day) == 10 && oc_time_parse(day, 0, &ms) == OC_OK && ms < 0) {
        oc_error_set(err, OC_E_CONFIG, "%s is before 1970: nothing was counted then", day);
    } else {
        oc_error_set(err, OC_E_CONFIG, "expected a date, found %s", day);
    }
    oc_error_hint(err, "Write --from 2026-11-01 --to 2026-11-30.");
    return OC_E_CONFIG;
}

int oc_cost_read_range(struct oc_cost *c, const struct oc_cost_params *p, struct oc_cost_range *r,
                       struct oc_error *err)
{
    oc_cost_refresh(c);
    named_range(c, p->period, r);
    if (check_day(p->from, err) != OC_OK || check_day(p->to, err) != OC_OK) {
        return OC_E_CONFIG;
    }
    if (p->from && p->period) {
        oc_error_set(err, OC_E_CONFIG, "a period and a first day are two answers to one question");
        oc_error_hint(err, "Leave --period or --from out.");
        return OC_E_CONFIG;
    }
    if (p->from) {
        memcpy(r->from, p->from, sizeof r->from);
        memcpy(r->to, c->today, sizeof r->to);
    }
    if (p->to) {
        memcpy(r->to, p->to, sizeof r->to);
    }
    if (strcmp(r->from, r->to) > 0) {
        return oc_error_set(err, OC_E_CONFIG, "%s is after %s", r->from, r->to);
    }
    return OC_OK;
}

/* ---- sums as JSON ---- */

void oc_cost_put(json_t *o, const char *key, double value, bool known)
{
    oc_json_set_num(o, key, known ? value : NAN);
}

void oc_cost_put_sum(json_t *o, const struct oc_cost_sum *s, bool known)
{
    double requests = s->v[OC_USAGE_REQUESTS] + s->v[OC_USAGE_FAILED];
    oc_cost_put(o, "dollars", s->dollars, known);
    oc_cost_put(o, "estimated_dollars", s->estimated, known);
    oc_cost_put(o, "reported_dollars", s->v[OC_USAGE_REPORTED], s->reported_known);
    oc_cost_put(o, "requests", requests, known);
    oc_cost_put(o, "failed", s->v[OC_USAGE_FAILED], known);
    oc_cost_put(o, "tokens", s->v[OC_USAGE_INPUT] + s->v[OC_USAGE_OUTPUT], known);
    oc_cost_put(o, "input_tokens", s->v[OC_USAGE_INPUT], known);
    oc_cost_put(o, "output_tokens", s->v[OC_USAGE_OUTPUT], known);
    oc_cost_put(o, "cache_read_tokens", s->v[OC_USAGE_CACHE_READ], known);
    oc_cost_put(o, "cache_write_tokens", s->v[OC_USAGE_CACHE_WRITE], known);
    oc_json_set_bool(o, "estimated", s->estimated > 0);
}

/* Where today and this month will end. SPDX-License-Identifier: MIT
 *
 * day   = spent today + the rate of the last six hours (or of today, while it is younger) * hours left today
 * month = spent this month + (day - spent today) + days left * the average of up to seven full days before today; without
 *         such a day the forecast of today stands for them */
#include <string.h>

#include "core/service/cost/internal.h"

#define AVERAGE_DAYS 7

struct average {
    struct oc_cost *c;
    const char *agent;
    int32_t unit;
    double sum;
    char first[OC_ZONE_DAY]; /* the oldest day that has figures */
};

static void add(void *ctx, const char *day, const struct oc_usage_row *row)
{
    struct average *a = ctx;
    if (!a->first[0]) {
        memcpy(a->first, day, sizeof a->first);
    }
    if (strcmp(a->agent, OC_COST_GLOBAL) == 0 || strcmp(a->agent, row->id.agent) == 0) {
        a->sum += a->unit == OC_BUDGET_TOKENS ? oc_cost_tokens(row) : oc_cost_dollars(a->c, row);
    }
}

static int days_between(const char *from, const char *to)
{
    char day[OC_ZONE_DAY];
    int days = 0;
    for (oc_zone_add(from, 0, day); strcmp(day, to) < 0; oc_zone_add(day, 1, day)) {
        days++;
    }
    return days;
}

void oc_cost_forecast(struct oc_cost *c, const char *agent, int32_t unit, struct oc_forecast *out)
{
    char from[OC_ZONE_DAY], yesterday[OC_ZONE_DAY], tomorrow[OC_ZONE_DAY], month[OC_ZONE_DAY];
    const struct average start = {.c = c, .agent = agent, .unit = unit};
    struct average a = start;
    memset(out, 0, sizeof *out);
    oc_cost_refresh(c);
    const struct oc_cost_scope *s = oc_cost_scope(c, agent);
    bool tokens = unit == OC_BUDGET_TOKENS;
    int64_t now = oc_time_wall();
    double gone = (double)(now - oc_zone_start(&c->zone, c->today)) / (double)OC_HOUR;
    oc_zone_add(c->today, 1, tomorrow);
    out->hours_left = (double)(oc_zone_start(&c->zone, tomorrow) - now) / (double)OC_HOUR;
    out->days_left = days_between(tomorrow, oc_zone_next_month(c->today, month));
    out->spent_day = !s ? 0 : tokens ? s->day_tokens : s->day_dollars;
    out->spent_month = out->spent_day + (!s ? 0 : tokens ? s->before_tokens : s->before_dollars);
    out->burn_1h = oc_cost_burn(c, s, 1, unit);
    out->burn_6h = oc_cost_burn(c, s, 6, unit);
    double rate = gone >= 6 ? out->burn_6h : gone > 0.25 ? out->spent_day / gone : out->burn_1h;
    out->day = out->spent_day + rate * out->hours_left;
    oc_cost_each(c, oc_zone_add(c->today, -AVERAGE_DAYS, from),
                 oc_zone_add(c->today, -1, yesterday), add, &a);
    out->days = a.first[0] ? days_between(a.first, c->today) : 0;
    out->average_day = out->days ? a.sum / out->days : out->day;
    out->month = out->spent_month + (out->day - out->spent_day) + out->days_left * out->average_day;
}

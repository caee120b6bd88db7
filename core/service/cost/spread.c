/* Growth of counters, laid evenly over the time in which it may have come. SPDX-License-Identifier: MIT */
#include "core/service/cost/spread.h"

#include <math.h>

#include "core/service/cost/internal.h"

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t end_of_day(const struct oc_zone *z, const char *day)
{
    char next[OC_ZONE_DAY];
    return oc_zone_start(z, oc_zone_add(day, 1, next));
}

/* Of a clock that is set back across midnight the end of a day may lie behind: what is left belongs to that day. */
static int64_t end_within(int64_t end, int64_t from, int64_t to)
{
    return end > from && end < to ? end : to;
}

static void add_days(struct oc_cost_spread *sp, struct oc_cost *c)
{
    char day[OC_ZONE_DAY];
    for (int64_t at = sp->from_ms, end; at < sp->to_ms; at = end) {
        oc_zone_day(&c->zone, at, day);
        end = end_within(end_of_day(&c->zone, day), at, sp->to_ms);
        struct oc_cost_piece p = {oc_ledger_bucket(&c->ledger, day), at, end, true};
        OC_VEC_PUSH(&sp->pieces, p);
    }
}

static void add_hours(struct oc_cost_spread *sp, struct oc_cost *c)
{
    char hour[OC_ZONE_HOUR];
    int64_t at = later(sp->from_ms, sp->to_ms - c->options.hourly_retention);
    for (int64_t end; at < sp->to_ms; at = end) {
        oc_zone_hour(&c->zone, at, hour);
        end = end_within(oc_zone_hour_end(&c->zone, at), at, sp->to_ms);
        struct oc_cost_piece p = {oc_ledger_bucket(&c->ledger, hour), at, end, false};
        OC_VEC_PUSH(&sp->pieces, p);
    }
}

void oc_cost_spread_init(struct oc_cost_spread *sp, struct oc_cost *c, int64_t from_ms,
                         int64_t to_ms)
{
    *sp = (struct oc_cost_spread){.from_ms = later(from_ms, to_ms - c->options.retention),
                                  .to_ms = to_ms};
    if (sp->from_ms >= to_ms) {
        sp->from_ms = to_ms;
        sp->to_ms = to_ms + 1;
    }
    add_days(sp, c);
    add_hours(sp, c);
}

void oc_cost_spread_finish(struct oc_cost_spread *sp)
{
    OC_VEC_FINISH(&sp->pieces);
}

double oc_cost_spread_until(const struct oc_cost_spread *sp, double grown, bool whole,
                            int64_t at_ms)
{
    if (at_ms <= sp->from_ms || at_ms >= sp->to_ms) {
        return at_ms <= sp->from_ms ? 0 : grown;
    }
    double part = grown * (double)(at_ms - sp->from_ms) / (double)(sp->to_ms - sp->from_ms);
    return whole ? floor(part) : part;
}

double oc_cost_spread_share(const struct oc_cost_spread *sp, double grown, bool whole,
                            const struct oc_cost_piece *piece)
{
    return oc_cost_spread_until(sp, grown, whole, piece->to_ms) -
           oc_cost_spread_until(sp, grown, whole, piece->from_ms);
}

/* From rows to dollars, and who has spent how much today and this month. SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/floor.h"
#include "core/base/mem.h"
#include "core/service/cost/internal.h"

/* Further back nothing is kept: the longest retention is ten years. */
#define DAYS_MAX 4000

/* ---- rows ---- */

static struct oc_tokens tokens_of(const struct oc_usage_row *row)
{
    return (struct oc_tokens){row->v[OC_USAGE_INPUT], row->v[OC_USAGE_OUTPUT],
                              row->v[OC_USAGE_CACHE_READ], row->v[OC_USAGE_CACHE_WRITE]};
}

static const struct oc_price *price_of(struct oc_cost *c, const struct oc_usage_row *row)
{
    return oc_prices_find(oc_cost_prices(c), *row->id.provider ? row->id.provider : NULL,
                          row->id.model);
}

double oc_cost_tokens(const struct oc_usage_row *row)
{
    return row->v[OC_USAGE_INPUT] + row->v[OC_USAGE_OUTPUT];
}

double oc_cost_dollars(struct oc_cost *c, const struct oc_usage_row *row)
{
    struct oc_tokens tokens = tokens_of(row);
    double reported = row->v[OC_USAGE_REPORTED];
    return reported > 0 ? reported : oc_price_of(price_of(c, row), &tokens);
}

void oc_cost_add(struct oc_cost *c, struct oc_cost_sum *sum, const struct oc_usage_row *row)
{
    const struct oc_price *price = price_of(c, row);
    struct oc_tokens tokens = tokens_of(row);
    double reported = row->v[OC_USAGE_REPORTED];
    double computed = oc_price_of(price, &tokens);
    for (size_t i = 0; i < OC_USAGE_FIELDS; i++) {
        sum->v[i] += row->v[i];
    }
    sum->dollars += reported > 0 ? reported : computed;
    sum->estimated += reported > 0 || price ? 0 : computed;
    sum->computed += price ? computed : 0;
    if (price && reported > 0) {
        sum->compared += reported;
        sum->priced += computed;
    }
    sum->saved += oc_price_saved(price, tokens.cache_read);
    sum->reported_known = sum->reported_known || row->reported_known;
    sum->price_known = sum->price_known || price;
}

void oc_cost_each(struct oc_cost *c, const char *from, const char *to,
                  void (*fn)(void *ctx, const char *day, const struct oc_usage_row *row), void *ctx)
{
    char day[OC_ZONE_DAY], last[OC_ZONE_DAY];
    oc_zone_add(c->today, 1 - DAYS_MAX, day);
    oc_zone_add(c->today, 1, last);
    const char *first = strcmp(from, day) > 0 ? from : day;
    const char *end = strcmp(to, last) < 0 ? to : last;
    for (oc_zone_add(first, 0, day); strcmp(day, end) <= 0; oc_zone_add(day, 1, day)) {
        if (oc_ledger_has(&c->ledger, day) || strcmp(day, c->today) == 0) {
            const struct oc_bucket *b = oc_ledger_bucket(&c->ledger, day);
            for (size_t k = 0; k < b->rows.count; k++) {
                fn(ctx, day, b->rows.items[k]);
            }
        }
    }
}

/* ---- scopes ---- */

void oc_cost_scope_destroy(void *scope)
{
    free(((struct oc_cost_scope *)scope)->agent);
    free(scope);
}

struct oc_cost_scope *oc_cost_scope(struct oc_cost *c, const char *agent)
{
    return oc_map_get(&c->scopes, agent);
}

struct oc_cost_scope *oc_cost_scope_make(struct oc_cost *c, const char *agent)
{
    struct oc_cost_scope *s = oc_map_get(&c->scopes, agent);
    if (!s && c->scopes.count < OC_COST_SCOPES_MAX) {
        s = oc_calloc(1, sizeof *s);
        s->agent = oc_strdup(agent);
        oc_map_set(&c->scopes, agent, s);
    }
    return s;
}

static void add_before(void *ctx, const char *day, const struct oc_usage_row *row)
{
    struct oc_cost *c = ctx;
    const char *const agents[] = {OC_COST_GLOBAL, row->id.agent};
    (void)day;
    for (size_t i = 0; i < OC_COUNT(agents); i++) {
        struct oc_cost_scope *s = *agents[i] ? oc_cost_scope_make(c, agents[i]) : NULL;
        if (s) {
            s->before_dollars += oc_cost_dollars(c, row);
            s->before_tokens += oc_cost_tokens(row);
        }
    }
}

static void add_today(void *ctx, const char *day, const struct oc_usage_row *row)
{
    struct oc_cost *c = ctx;
    const char *const agents[] = {OC_COST_GLOBAL, row->id.agent};
    (void)day;
    for (size_t i = 0; i < OC_COUNT(agents); i++) {
        struct oc_cost_scope *s = *agents[i] ? oc_cost_scope_make(c, agents[i]) : NULL;
        if (s) {
            s->day_dollars += oc_cost_dollars(c, row);
            s->day_tokens += oc_cost_tokens(row);
        }
    }
}

static void clear_scopes(struct oc_cost *c, bool month)
{
    size_t it = 0;
    void *value;
    const char *name;
    while (oc_map_next(&c->scopes, &it, &name, &value)) {
        struct oc_cost_scope *s = value;
        s->day_dollars = s->day_tokens = 0;
        if (month) {
            s->before_dollars = s->before_tokens = 0;
        }
    }
}

void oc_cost_reprice(struct oc_cost *c)
{
    c->today[0] = '\0';
    c->stale = true;
}

void oc_cost_refresh(struct oc_cost *c)
{
    char today[OC_ZONE_DAY], first[OC_ZONE_DAY], yesterday[OC_ZONE_DAY];
    oc_zone_day(&c->zone, oc_time_wall(), today);
    bool another_day = strcmp(today, c->today) != 0;
    if (!another_day && !c->stale) {
        return;
    }
    clear_scopes(c, another_day);
    memcpy(c->today, today, sizeof today);
    oc_cost_scope_make(c, OC_COST_GLOBAL);
    if (another_day) {
        memcpy(first, today, sizeof today);
        memcpy(first + 8, "01", 2);
        oc_zone_add(today, -1, yesterday);
        oc_cost_each(c, first, yesterday, add_before, c);
    }
    oc_cost_each(c, today, today, add_today, c);
    c->stale = false;
}

/* ---- burn rates ---- */

static int64_t slot_now(void)
{
    return oc_floor_div(oc_time_wall(), OC_COST_SLOT_MS);
}

/* Where slot `n` since 1970 is kept. */
static int64_t place_of(int64_t n)
{
    return oc_floor_mod(n, OC_COST_SLOTS);
}

/* Empties the slots between the newest one and now. */
static void advance(struct oc_cost *c)
{
    int64_t now = slot_now();
    int64_t steps = now - c->slot;
    if (steps == 0) {
        return;
    }
    steps = steps < 0 || steps > OC_COST_SLOTS ? OC_COST_SLOTS
                                               : steps; /* a clock set back: begin anew */
    size_t it = 0;
    void *value;
    const char *name;
    while (oc_map_next(&c->scopes, &it, &name, &value)) {
        struct oc_cost_scope *s = value;
        for (int64_t i = 0; i < steps; i++) {
            s->dollars[place_of(now - i)] = s->tokens[place_of(now - i)] = 0;
        }
    }
    c->slot = now;
}

static void note(struct oc_cost_scope *s, int64_t slot, double dollars, double tokens)
{
    s->dollars[place_of(slot)] += dollars;
    s->tokens[place_of(slot)] += tokens;
}

/* What lies ahead of our clock is taken as spent now. */
void oc_cost_note(struct oc_cost *c, const char *agent, double dollars, double tokens,
                  int64_t from_ms, int64_t to_ms)
{
    struct oc_cost_scope *s = *agent ? oc_cost_scope_make(c, agent) : NULL;
    const int64_t now = oc_time_wall(), from = from_ms < now ? from_ms : now;
    int64_t to = to_ms < now ? to_ms : now;
    to = to > from ? to : from + 1;
    advance(c);
    const int64_t first = oc_floor_div(from, OC_COST_SLOT_MS);
    const int64_t last = oc_floor_div(to - 1, OC_COST_SLOT_MS);
    int64_t slot = first > c->slot - OC_COST_SLOTS ? first : c->slot - OC_COST_SLOTS + 1;
    for (; s && slot <= last; slot++) {
        const int64_t begin = slot * OC_COST_SLOT_MS, end = begin + OC_COST_SLOT_MS;
        const int64_t within = (end < to ? end : to) - (begin > from ? begin : from);
        const double share = (double)within / (double)(to - from);
        note(s, slot, dollars * share, tokens * share);
    }
}

double oc_cost_burn(struct oc_cost *c, const struct oc_cost_scope *s, int hours, int32_t unit)
{
    const int64_t slots = hours * OC_HOUR / OC_COST_SLOT_MS;
    double sum = 0;
    advance(c);
    /* The current slot is not over; of the oldest one counts what is still within the hours. */
    double gone = (double)(oc_time_wall() % OC_COST_SLOT_MS) / (double)OC_COST_SLOT_MS;
    for (int64_t i = 0; s && i <= slots && i < OC_COST_SLOTS; i++) {
        int64_t at = place_of(c->slot - i);
        sum += (unit == OC_BUDGET_TOKENS ? s->tokens[at] : s->dollars[at]) *
               (i == slots ? 1 - gone : 1);
    }
    return sum / hours;
}

/* The cost service's life: configuration, clock, what is written. SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/config/path.h"
#include "core/service/cost/internal.h"
#include "core/sys/file.h"

#define TICK        OC_MINUTE
#define FLUSH_EVERY (10 * OC_SECOND)
#define BUCKETS_MAX 64 /* kept in memory: the current month, and the hours of a day */

#define AT(member) offsetof(struct oc_cost, options.member) - offsetof(struct oc_cost, options)
static const struct oc_option options[] = {
    {.name = "time_zone",
     .type = OC_OPT_STRING,
     .offset = AT(time_zone),
     .default_text = "UTC",
     .help = "where days and months begin: UTC, a name such as Europe/Berlin, or +02:00"},
    {.name = "budgets",
     .type = OC_OPT_GROUPS,
     .offset = AT(budgets),
     .item_size = sizeof(struct oc_budget_option),
     .options = oc_budget_options,
     .help = "limits by agent, or of everybody; cost budget set adds to them"},
    {.name = "default_budgets",
     .type = OC_OPT_BOOL,
     .offset = AT(default_budgets),
     .default_text = "false",
     .help = "the collective's own daily limits for its agents, under those of budgets"},
    {.name = "soft",
     .type = OC_OPT_FLOAT,
     .offset = AT(soft),
     .default_text = "0.8",
     .min = 0.01,
     .max = 1,
     .help = "share of a budget that warns"},
    {.name = "stale_after",
     .type = OC_OPT_DURATION,
     .offset = AT(stale_after),
     .default_text = "15m",
     .min = 1000,
     .max = 604800000,
     .help = "a source that has told no figures for this long is lost"},
    {.name = "reconcile_percent",
     .type = OC_OPT_FLOAT,
     .offset = AT(reconcile_percent),
     .default_text = "5",
     .max = 1000,
     .help = "difference between our prices and the gateway's charges that is reported"},
    {.name = "retention",
     .type = OC_OPT_DURATION,
     .offset = AT(retention),
     .default_text = "400d",
     .min = 2678400000,
     .max = 315360000000.0,
     .help = "how long daily figures are kept"},
    {.name = "hourly_retention",
     .type = OC_OPT_DURATION,
     .offset = AT(hourly_retention),
     .default_text = "7d",
     .min = 86400000,
     .max = 31536000000.0,
     .help = "how long hourly figures are kept"},
    {0}};
#undef AT

/* ---- writing ---- */

void oc_cost_flush(struct oc_cost *c)
{
    struct oc_error err;
    oc_error_init(&err);
    if (!c->dirty || c->env.ephemeral) {
        return;
    }
    oc_store_begin(c->env.store);
    oc_ledger_write(&c->ledger);
    oc_cost_write_sources(c);
    oc_cost_write_counters(c);
    bool done = oc_store_end(c->env.store, &err) == OC_OK;
    oc_ledger_written(&c->ledger, done);
    if (done) {
        oc_cost_written_sources(c);
        oc_cost_written_counters(c);
    } else {
        oc_warn("cost figures could not be written, they are tried again", "error=%s", err.message);
    }
    c->dirty = !done;
    c->flushed_ms = oc_time_mono();
}

static void expire(struct oc_cost *c)
{
    char day[OC_ZONE_DAY], hours[OC_ZONE_DAY];
    int64_t now = oc_time_wall();
    oc_ledger_expire(&c->ledger, oc_zone_day(&c->zone, now - c->options.retention, day),
                     oc_zone_day(&c->zone, now - c->options.hourly_retention, hours));
    c->expired_ms = oc_time_mono();
}

static void tick(void *ctx)
{
    struct oc_cost *c = ctx;
    char hour[OC_ZONE_HOUR];
    oc_cost_flush(c);
    if (oc_time_mono() - c->expired_ms >= OC_HOUR) {
        expire(c);
    }
    if (c->ledger.buckets.count > BUCKETS_MAX) {
        oc_ledger_trim(&c->ledger, c->today, oc_zone_hour(&c->zone, oc_time_wall(), hour));
    }
}

static void minute(void *ctx)
{
    struct oc_cost *c = ctx;
    tick(c);
    oc_cost_emit(c, oc_time_wall());
}

/* ---- the burn rates of before a restart ---- */

/* Within an hour the spend is taken as even: slots are not written. */
static void recall_hour(struct oc_cost *c, const char *hour, int64_t from_ms, int64_t to_ms)
{
    if (!oc_ledger_has(&c->ledger, hour)) {
        return;
    }
    const struct oc_bucket *b = oc_ledger_bucket(&c->ledger, hour);
    for (size_t i = 0; i < b->rows.count; i++) {
        const struct oc_usage_row *row = b->rows.items[i];
        const double dollars = oc_cost_dollars(c, row), tokens = oc_cost_tokens(row);
        oc_cost_note(c, OC_COST_GLOBAL, dollars, tokens, from_ms, to_ms);
        oc_cost_note(c, row->id.agent, dollars, tokens, from_ms, to_ms);
    }
}

/* By the hours of the zone, from a midnight on, so that each is there once and with its true length, also when the clocks
 * change. */
static void recall(struct oc_cost *c)
{
    char day[OC_ZONE_DAY], hour[OC_ZONE_HOUR], latest[OC_ZONE_HOUR] = "";
    const int64_t now = oc_time_wall(), first = now - OC_COST_SLOTS * OC_COST_SLOT_MS;
    int64_t end, at = oc_zone_start(&c->zone, oc_zone_day(&c->zone, first, day));
    for (; at <= now; at = end) {
        end = oc_zone_hour_end(&c->zone, at);
        oc_zone_hour(&c->zone, at, hour);
        if (end > first && strcmp(hour, latest) > 0) {
            memcpy(latest, hour, sizeof latest);
            recall_hour(c, hour, at, end < now ? end : now);
        }
    }
    c->recalled = true;
}

/* ---- life ---- */

static const char *whose(const struct oc_budget_option *b)
{
    return b->agent && *b->agent ? b->agent : OC_COST_GLOBAL;
}

static bool is_limited_twice(const struct oc_budget_option *a, const struct oc_budget_option *b)
{
    return strcmp(whose(a), whose(b)) == 0 && ((a->daily_dollars > 0 && b->daily_dollars > 0) ||
                                               (a->monthly_dollars > 0 && b->monthly_dollars > 0) ||
                                               (a->daily_tokens > 0 && b->daily_tokens > 0) ||
                                               (a->monthly_tokens > 0 && b->monthly_tokens > 0));
}

static void check_once(const struct oc_cost *c, uint64_t i, const struct oc_node *group,
                       struct oc_diags *diags)
{
    const struct oc_budget_option *list = c->options.budgets.items;
    char path[64];
    for (uint64_t k = 0; k < i; k++) {
        if (is_limited_twice(&list[k], &list[i])) {
            snprintf(path, sizeof path, "cost.budgets[%d]", (int)i);
            oc_diags_add(diags, false, oc_node_get(group, path + sizeof "cost." - 1), path,
                         "Leave one of the two limits out.",
                         "%s has a limit of this kind already, in cost.budgets[%d]",
                         whose(&list[i]), (int)k);
            return;
        }
    }
}

static void check_budgets(const struct oc_cost *c, const struct oc_node *group,
                          struct oc_diags *diags)
{
    const struct oc_budget_option *list = c->options.budgets.items;
    char path[64];
    for (uint64_t i = 0; i < c->options.budgets.count; i++) {
        const struct oc_budget_option *b = &list[i];
        check_once(c, i, group, diags);
        if (b->daily_dollars + b->monthly_dollars + b->daily_tokens + b->monthly_tokens > 0) {
            continue;
        }
        snprintf(path, sizeof path, "cost.budgets[%d]", (int)i);
        oc_diags_add(diags, false, oc_node_get(group, path + sizeof "cost." - 1), path,
                     "Write for example daily_dollars = 25.0.",
                     "expected one of daily_dollars, monthly_dollars, daily_tokens and "
                     "monthly_tokens above 0, found no limit");
    }
}

void oc_cost_configure(struct oc_cost *c, const struct oc_config *config, struct oc_diags *diags)
{
    struct oc_error err;
    const struct oc_node *group = config ? oc_node_get(oc_config_root(config), "cost") : NULL;
    oc_error_init(&err);
    oc_arena_finish(&c->arena);
    oc_bind(options, sizeof *options, group, "cost", NULL, &c->options, sizeof c->options,
            &c->arena, diags);
    check_budgets(c, group, diags);
    oc_zone_finish(&c->zone);
    if (oc_zone_init(&c->zone, c->options.time_zone ? c->options.time_zone : "UTC", &err) !=
        OC_OK) {
        oc_diags_add(diags, false, group ? oc_node_get(group, "time_zone") : NULL, "cost.time_zone",
                     err.hint, "%s", err.message);
    }
    oc_cost_reprice(c);
    oc_budgets_load(c);
    if (c->complete) { /* a reload: budgets may have gone */
        oc_cost_emit_anew(c);
    }
    if (!c->recalled) {
        recall(c);
    }
    if (!c->env.ephemeral && !oc_timer_active(c->timer)) {
        oc_timer_start(c->timer, FLUSH_EVERY, TICK);
    }
}

struct oc_prices *oc_cost_prices(struct oc_cost *c)
{
    if (!c->priced) {
        char *dir = oc_path_join(c->env.home, "prices");
        oc_prices_load(&c->prices, dir);
        c->priced = true;
        free(dir);
    }
    return &c->prices;
}

/* What is wrong in a file of our own is told at the start, not by the first model that is priced. */
static void read_own_prices(struct oc_cost *c)
{
    char *dir = oc_path_join(c->env.home, "prices");
    if (oc_file_exists(dir)) {
        oc_cost_prices(c);
    }
    free(dir);
}

struct oc_cost *oc_cost_create(const struct oc_env *env)
{
    struct oc_cost *c = oc_calloc(1, sizeof *c);
    c->env = *env;
    c->expired_ms = oc_time_mono();
    oc_zone_init(&c->zone, "UTC", NULL);
    read_own_prices(c);
    oc_ledger_init(&c->ledger, env->store);
    c->counters_max = OC_COST_COUNTERS_MAX;
    oc_cost_load_sources(c);
    oc_cost_load_counters(c);
    c->samples = oc_bus_subscribe(env->bus, "samples", oc_cost_take, c);
    c->details = oc_bus_subscribe(env->bus, "collector.detail", oc_cost_take_detail, c);
    c->swept = oc_bus_subscribe(env->bus, "collector.swept", oc_cost_take_swept, c);
    c->timer = oc_timer_create(env->loop, minute, c);
    oc_cost_add_figures(c);
    oc_cost_add_export(c);
    oc_cost_add_budgets(c);
    oc_cost_add_prices(c);
    return c;
}

void oc_cost_describe(json_t *sections)
{
    oc_json_take(sections, "cost", oc_options_json(options, sizeof *options));
}

void oc_cost_destroy(struct oc_cost *c)
{
    if (!c) {
        return;
    }
    oc_bus_unsubscribe(c->samples);
    oc_bus_unsubscribe(c->details);
    oc_bus_unsubscribe(c->swept);
    oc_timer_destroy(c->timer);
    oc_cost_flush(c);
    oc_budgets_finish(c);
    oc_map_finish(&c->sources, oc_cost_source_destroy);
    oc_map_finish(&c->counters, free);
    oc_map_finish(&c->scopes, oc_cost_scope_destroy);
    oc_ledger_finish(&c->ledger);
    oc_prices_finish(&c->prices);
    oc_zone_finish(&c->zone);
    oc_arena_finish(&c->arena);
    free(c);
}

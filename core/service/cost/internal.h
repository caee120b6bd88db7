/* The cost service's own state, shared by its files. SPDX-License-Identifier: MIT  [loop] */
#ifndef OC_SERVICE_COST_INTERNAL_H
#define OC_SERVICE_COST_INTERNAL_H

#include "core/base/buf.h"
#include "core/base/time.h"
#include "core/service/cost/cost.h"
#include "core/service/cost/ledger.h"
#include "core/service/cost/prices.h"
#include "core/sys/zone.h"

#define OC_COST_SLOT_MS    (5 * OC_MINUTE) /* of the recent spend, for burn rates */
#define OC_COST_SLOTS      73              /* six hours, and the slot that is not over */
#define OC_COST_SCOPES_MAX 2000            /* agents that are told apart */
#define OC_COST_GLOBAL     "global"        /* the scope of everybody together */

/* ---- sums ---- */

struct oc_cost_sum {
    double v[OC_USAGE_FIELDS];
    double dollars;   /* what the gateway charged; where it charged nothing, by our prices */
    double estimated; /* of these, for models without a price */
    double computed;  /* tokens by our prices, of rows with a price */
    double compared;  /* what the gateway charged for the rows in `computed`, where it charged */
    double priced;    /* `computed` of those rows */
    double saved;     /* by reading from a cache */
    bool reported_known;
    bool price_known; /* of any row */
};

/* ---- who spends ---- */

struct oc_cost_scope {
    char *agent; /* owned; OC_COST_GLOBAL for everybody */
    double day_dollars, day_tokens;
    double before_dollars, before_tokens; /* of this month, before today */
    double dollars[OC_COST_SLOTS], tokens[OC_COST_SLOTS];
};

/* ---- budgets ---- */

enum oc_budget_period { OC_BUDGET_DAILY, OC_BUDGET_MONTHLY };
enum oc_budget_unit { OC_BUDGET_DOLLARS, OC_BUDGET_TOKENS };
enum oc_budget_origin { OC_BUDGET_DEFAULT, OC_BUDGET_CONFIG, OC_BUDGET_SET };
enum oc_budget_state { OC_BUDGET_OK, OC_BUDGET_SOFT, OC_BUDGET_HARD, OC_BUDGET_UNKNOWN };

struct oc_budget {
    char *id, *agent; /* owned; "coder/daily/dollars", "coder" */
    int32_t period, unit, origin;
    double limit, soft; /* soft: share of the limit that warns */
};

/* ---- where figures come from ---- */

struct oc_cost_source {
    char *name;         /* owned; the collector's instance */
    double since;       /* 0 = not said */
    int64_t epoch;      /* grows with each restart of the counters */
    int64_t tracked_ms; /* of the last figures; 0 = never */
    int64_t seen_ms;    /* when its counters were looked at last; 0 = never */
    int64_t before_ms;  /* and the time before: what has grown has grown since */
    bool told;          /* has brought figures before: what appears now began at 0 ... */
    bool forgot;        /* ... unless it is one of those that were forgotten (counter.c) */
    bool gone;          /* its collector was removed; kept for when it comes back */
    double ledger;      /* its own books of the day (UTC) of ledger_ms; NaN = unknown */
    int64_t ledger_ms;
    double charged;     /* dollars that it has charged on the day (UTC) of seen_ms, as counted */
    bool charged_whole; /* none of that day is missing in it */
    json_t *
        endpoints; /* owned; {"metrics": {"state": "ok"}, ..} as the collector said, NULL = nothing */
    bool dirty;
};

struct oc_cost_counter {
    double last;
    int64_t epoch;
    bool ended; /* so has its series, for now */
    bool dirty;
};

struct oc_cost {
    struct oc_env env;
    struct oc_arena arena; /* of options */
    struct {
        int32_t default_budgets;
        const char *time_zone;
        int64_t retention, hourly_retention, stale_after;
        double reconcile_percent, soft;
        struct oc_list budgets; /* struct oc_budget_option */
    } options;
    struct oc_zone zone;
    struct oc_prices prices; /* by oc_cost_prices */
    bool priced;             /* they have been read */
    struct oc_ledger ledger;
    struct oc_map sources;  /* name -> struct oc_cost_source */
    struct oc_map counters; /* series as text -> struct oc_cost_counter */
    size_t counters_max, counters_ended;
    bool full;            /* there are too many: what is new is not counted */
    struct oc_map scopes; /* agent -> struct oc_cost_scope */
    OC_VEC(struct oc_budget) budgets;
    struct oc_subscription *samples, *details, *swept;
    struct oc_timer *timer;
    char today[OC_ZONE_DAY]; /* of the scopes' figures */
    int64_t slot;            /* number of the newest slot of the scopes */
    bool recalled;           /* the spend of before a restart is in the slots */
    int64_t flushed_ms, expired_ms;
    bool stale;         /* figures have changed since the scopes were added up */
    bool dirty;         /* something is to be written */
    bool complete;      /* all samples have been told, since budgets or sources went, too */
    int64_t emitted_ms; /* the newest sample */
};

/* ---- service.c ---- */

/* Writes what has changed, in one transaction. */
void oc_cost_flush(struct oc_cost *c);

/* ---- figures.c ---- */

void oc_cost_add(struct oc_cost *c, struct oc_cost_sum *sum, const struct oc_usage_row *row);
double oc_cost_dollars(struct oc_cost *c, const struct oc_usage_row *row);
double oc_cost_tokens(const struct oc_usage_row *row);
/* Visits the rows of all days [from, to]. */
void oc_cost_each(struct oc_cost *c, const char *from, const char *to,
                  void (*fn)(void *ctx, const char *day, const struct oc_usage_row *row),
                  void *ctx);
/* NULL: nobody of that name has spent, or has a budget. */
struct oc_cost_scope *oc_cost_scope(struct oc_cost *c, const char *agent);
struct oc_cost_scope *oc_cost_scope_make(struct oc_cost *c, const char *agent);
/* Adds the scopes up again when figures, prices or the day have changed. */
void oc_cost_refresh(struct oc_cost *c);
void oc_cost_reprice(struct oc_cost *c); /* everything is to be added up again */
/* What was spent evenly from then to then, for burn rates; the agent "" is nobody. */
void oc_cost_note(struct oc_cost *c, const char *agent, double dollars, double tokens,
                  int64_t from_ms, int64_t to_ms);
/* Dollars (or tokens) an hour over the last `hours`, at most 6. */
double oc_cost_burn(struct oc_cost *c, const struct oc_cost_scope *s, int hours, int32_t unit);
void oc_cost_scope_destroy(void *scope);

/* ---- intake.c ---- */

void oc_cost_take(void *ctx, const struct oc_event *event);        /* "samples" */
void oc_cost_take_detail(void *ctx, const struct oc_event *event); /* "collector.detail" */
void oc_cost_take_swept(void *ctx, const struct oc_event *event);  /* "collector.swept" */
void oc_cost_load_sources(struct oc_cost *c);
void oc_cost_write_sources(struct oc_cost *c);
void oc_cost_written_sources(struct oc_cost *c);
void oc_cost_source_destroy(void *source);
/* Of today (UTC): what its own books say, and what was counted; NaN = unknown, the day may just have begun. */
double oc_cost_ledger_today(const struct oc_cost_source *s);
double oc_cost_charged_today(const struct oc_cost_source *s);

/* ---- counter.c ---- */

#define OC_COST_COUNTERS_MAX 50000
bool oc_cost_began_today(struct oc_cost *c, const struct oc_cost_source *s, int64_t at_ms);
/* What the counter of this sample has grown by since it was seen last. */
double oc_cost_growth(struct oc_cost *c, const struct oc_cost_source *s, const struct oc_sample *p);
void oc_cost_counter_end(struct oc_cost *c, const struct oc_series *series);
void oc_cost_load_counters(struct oc_cost *c);
void oc_cost_write_counters(struct oc_cost *c);
void oc_cost_written_counters(struct oc_cost *c);

/* ---- budget.c ---- */

struct oc_budget_option {
    const char *agent;
    double daily_dollars, monthly_dollars, daily_tokens, monthly_tokens, soft;
};
extern const struct oc_option oc_budget_options[];
/* Makes the list of budgets from defaults, configuration and what was set. */
void oc_budgets_load(struct oc_cost *c);
void oc_budgets_finish(struct oc_cost *c);
struct oc_budget *oc_budget_find(struct oc_cost *c, const char *agent, int32_t period,
                                 int32_t unit);
/* NaN while nobody has told any figures. */
double oc_budget_used(struct oc_cost *c, const struct oc_budget *b);
enum oc_budget_state oc_budget_state(struct oc_cost *c, const struct oc_budget *b);
/* The pace of the last `hours`: 1 uses the budget up exactly at its end; NaN as above. */
double oc_budget_pace(struct oc_cost *c, const struct oc_budget *b, int hours);
json_t *oc_budget_json(struct oc_cost *c, const struct oc_budget *b);
extern const char *const oc_budget_periods[], *const oc_budget_units[];

/* ---- forecast.c ---- */

struct oc_forecast {
    double spent_day, spent_month, day, month, burn_1h, burn_6h, average_day;
    int days;          /* full days that the average is made of */
    double hours_left; /* of today */
    int days_left;     /* of the month, after today */
};
void oc_cost_forecast(struct oc_cost *c, const char *agent, int32_t unit, struct oc_forecast *out);

/* ---- emit.c ---- */

void oc_cost_emit(struct oc_cost *c, int64_t at_ms);
/* The same, and what was told before of a budget or source that is no more is over: alerts about it resolve. */
void oc_cost_emit_anew(struct oc_cost *c);

/* ---- operations ---- */

/* summary, by, forecast, reconcile */
void oc_cost_add_figures(struct oc_cost *c);
void oc_cost_add_export(struct oc_cost *c);
/* budget.list, set, remove; check */
void oc_cost_add_budgets(struct oc_cost *c);
/* The price tables, which are read when the first model is priced: many hosts never do. */
struct oc_prices *oc_cost_prices(struct oc_cost *c);

/* prices.show, update */
void oc_cost_add_prices(struct oc_cost *c);
json_t *oc_cost_sources_json(struct oc_cost *c);
bool oc_cost_told(const struct oc_cost *c); /* whether any source has ever told figures */
/* Where none has, or not all could be counted, the answer gets a warning. */
void oc_cost_warn_unless_told(struct oc_call *call, const struct oc_cost *c);

#endif

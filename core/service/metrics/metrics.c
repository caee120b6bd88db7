/* The operations over stored samples: list, query, export. SPDX-License-Identifier: MIT */
#include "core/service/metrics/metrics.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/csv.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/store/query.h"

#define SERIES_MAX 1000u      /* of one answer */
#define EXPORT_MAX (6u << 20) /* bytes of one export: with JSON escapes it fits one frame */
#define AUTO_STEPS 60         /* rows that `step = auto` aims at */

struct oc_metrics {
    struct oc_env env;
};

struct params {
    const char *selector, *since, *until, *step;
    int32_t aggregation, format;
    bool allow_empty;
};

#define AT(member) offsetof(struct params, member)
#define SELECTOR(flag)                                                                             \
    {                                                                                              \
        .name = "selector", .type = OC_OPT_STRING, .flags = OC_OPT_POSITIONAL | (flag),            \
        .offset = AT(selector),                                                                    \
        .help = "which series: name{label=\"value\",label=~\"glob*\"}; the name may hold * and ?"  \
    }
#define RANGE                                                                                      \
    {.name = "since",                                                                              \
     .type = OC_OPT_STRING,                                                                        \
     .offset = AT(since),                                                                          \
     .default_text = "1h",                                                                         \
     .help = "from when: \"2h\", a date or a time"},                                               \
    {                                                                                              \
        .name = "until", .type = OC_OPT_STRING, .offset = AT(until), .default_text = "now",        \
        .help = "up to when"                                                                       \
    }
#define AGGREGATION                                                                                \
    {                                                                                              \
        .name = "aggregation", .type = OC_OPT_ENUM, .offset = AT(aggregation),                     \
        .default_text = "avg",                                                                     \
        .choices = "avg|min|max|sum|count|last|first|p50|p95|p99|rate|increase",                   \
        .help = "how the points of one step become one; rate and increase know counter resets"     \
    }

#define SERIES_SHAPE "series: string, name: string, labels: {*: string}, kind: string"

static const struct oc_option list_options[] = {SELECTOR(0), {0}};
static const struct oc_option query_options[] = {
    SELECTOR(OC_OPT_REQUIRED),
    RANGE,
    {.name = "step",
     .type = OC_OPT_STRING,
     .offset = AT(step),
     .default_text = "auto",
     .help = "one point for each step, \"5m\"; 0 = every stored point; auto = about 60 steps"},
    AGGREGATION,
    {.name = "allow_empty",
     .type = OC_OPT_BOOL,
     .offset = AT(allow_empty),
     .help = "a selector that matches no series is an empty answer, not an error"},
    {0}};
static const struct oc_option export_options[] = {
    SELECTOR(OC_OPT_REQUIRED),
    RANGE,
    {.name = "step",
     .type = OC_OPT_STRING,
     .offset = AT(step),
     .default_text = "0",
     .help = "one point for each step, \"5m\"; 0 = every stored point; auto = about 60 steps"},
    AGGREGATION,
    {.name = "format",
     .type = OC_OPT_ENUM,
     .offset = AT(format),
     .default_text = "csv",
     .choices = "csv|json",
     .help = "csv: time,series,value; json: one object for each point and line"},
    {0}};
#undef AT

/* ---- what is asked ---- */

struct question {
    struct oc_series_list series;
    int64_t from, to, step;
    enum oc_agg agg;
    bool more; /* series were left out */
};

static int read_range(const struct params *p, struct question *q, struct oc_error *err)
{
    int64_t now = oc_time_wall();
    if (oc_time_parse(p->since, now, &q->from) != OC_OK ||
        oc_time_parse(p->until, now, &q->to) != OC_OK || q->from >= q->to) {
        oc_error_set(err, OC_E_CONFIG, "expected a range of time, found %s to %s", p->since,
                     p->until);
        oc_error_hint(err, "Write --since 2h, or --since 2026-11-20 --until 2026-11-21.");
        return OC_E_CONFIG;
    }
    if (strcmp(p->step, "auto") == 0) {
        q->step = (q->to - q->from) / AUTO_STEPS;
        q->step = q->step < OC_SECOND ? OC_SECOND : q->step / OC_SECOND * OC_SECOND;
    } else if (oc_duration_parse(p->step, &q->step) != OC_OK) {
        oc_error_set(err, OC_E_CONFIG, "expected a duration as --step, found %s", p->step);
        oc_error_hint(err, "Write --step 5m.");
        return OC_E_CONFIG;
    }
    return OC_OK;
}

static int select_series(struct oc_store *store, const char *text, struct question *q,
                         struct oc_error *err)
{
    struct oc_selector sel;
    if (oc_selector_init(&sel, text ? text : "*", err) != OC_OK) {
        return OC_E_CONFIG;
    }
    q->more = oc_store_select(store, &sel, SERIES_MAX, &q->series);
    oc_selector_finish(&sel);
    return OC_OK;
}

static void question_finish(struct question *q)
{
    oc_series_list_finish(&q->series);
}

static int ask(struct oc_metrics *m, struct oc_call *call, struct question *q, struct oc_error *err)
{
    const struct params *p = oc_call_params(call);
    memset(q, 0, sizeof *q);
    q->agg = (enum oc_agg)p->aggregation;
    int rc = read_range(p, q, err);
    if (rc == OC_OK) {
        rc = select_series(m->env.store, p->selector, q, err);
    }
    if (rc == OC_OK && !q->series.list.count && !p->allow_empty) {
        rc = oc_error_set(err, OC_E_NOT_FOUND, "no series matches %s", p->selector);
        oc_error_hint(err, "`openclaw metrics list` shows all of them.");
    }
    if (q->more) {
        oc_call_warn(call, "more than %u series match: the rest is left out", SERIES_MAX);
    }
    return rc;
}

/* ---- metrics.list ---- */

static json_t *labels_json(const struct oc_series *s)
{
    json_t *o = json_object();
    for (uint32_t i = 0; i < s->label_count; i++) {
        oc_json_set_str(o, s->labels[i].name, s->labels[i].value);
    }
    return o;
}

static void describe(json_t *o, const struct oc_series *s)
{
    static const char *const kinds[] = {"gauge", "counter", "bool"};
    char text[1024];
    oc_json_set_str(o, "series", oc_series_format(s, text, sizeof text));
    oc_json_set_str(o, "name", s->name);
    oc_json_take(o, "labels", labels_json(s));
    oc_json_set_str(o, "kind", s->kind < OC_COUNT(kinds) ? kinds[s->kind] : "gauge");
}

static void op_list(struct oc_call *call, void *ctx)
{
    struct oc_metrics *m = ctx;
    const struct params *p = oc_call_params(call);
    struct question q = {0};
    struct oc_error err;
    oc_error_init(&err);
    if (select_series(m->env.store, p->selector, &q, &err) != OC_OK) {
        oc_call_fail(call, &err);
        return;
    }
    json_t *rows = json_array();
    for (size_t i = 0; i < q.series.list.count; i++) {
        const struct oc_series *s = q.series.list.items[i];
        json_t *row = json_object();
        describe(row, s);
        json_object_set_new(row, "value",
                            s->time_ms && isfinite(s->value) ? json_real(s->value) : json_null());
        oc_json_set_time(row, "time", s->time_ms);
        json_array_append_new(rows, row);
    }
    if (q.more) {
        oc_call_warn(call, "more than %u series match: the rest is left out", SERIES_MAX);
    }
    question_finish(&q);
    oc_call_succeed(call, rows);
}

static const struct oc_op list_op = {
    .name = "metrics.list",
    .summary = "List the series and their latest values",
    .flags = OC_OP_EPHEMERAL,
    .params = list_options,
    .params_size = sizeof(struct params),
    .view = "table:series=Series,kind=Kind,value=Value,time=Time",
    .example = "openclaw metrics list 'system.*'",
    .result = "[{" SERIES_SHAPE ", value: number|null, time: time|null}]",
    .handler = op_list,
};

/* ---- metrics.query ---- */

static json_t *points_json(const struct oc_points *points)
{
    json_t *list = json_array();
    for (size_t i = 0; i < points->list.count; i++) {
        const struct oc_point *p = &points->list.items[i];
        json_t *pair = json_array();
        json_array_append_new(pair, json_integer(p->time_ms));
        json_array_append_new(pair, isfinite(p->value) ? json_real(p->value) : json_null());
        json_array_append_new(list, pair);
    }
    return list;
}

static void summarize(json_t *o, const struct oc_points *points)
{
    double low = INFINITY, high = -INFINITY, sum = 0, last = NAN;
    size_t n = 0;
    for (size_t i = 0; i < points->list.count; i++) {
        double v = points->list.items[i].value;
        if (isfinite(v)) {
            low = fmin(low, v);
            high = fmax(high, v);
            sum += v;
            last = v;
            n++;
        }
    }
    oc_json_set_num(o, "min", low);
    oc_json_set_num(o, "avg", n ? sum / (double)n : NAN);
    oc_json_set_num(o, "max", high);
    oc_json_set_num(o, "last", last);
    oc_json_set_int(o, "count", (int64_t)n);
}

static void op_query(struct oc_call *call, void *ctx)
{
    struct oc_metrics *m = ctx;
    struct question q;
    struct oc_error err;
    oc_error_init(&err);
    int rc = ask(m, call, &q, &err);
    json_t *list = json_array();
    for (size_t i = 0; rc == OC_OK && i < q.series.list.count; i++) {
        struct oc_points points = {0};
        rc = oc_store_query(m->env.store, q.series.list.items[i], q.from, q.to, q.step, q.agg,
                            &points, &err);
        json_t *row = json_object();
        describe(row, q.series.list.items[i]);
        summarize(row, &points);
        oc_json_take(row, "points", points_json(&points));
        json_array_append_new(list, row);
        oc_points_finish(&points);
    }
    if (rc == OC_OK) {
        json_t *o = json_object();
        oc_json_set_time(o, "from", q.from);
        oc_json_set_time(o, "to", q.to);
        oc_json_set_int(o, "step_ms", q.step);
        oc_json_set_str(o, "aggregation", oc_agg_name(q.agg));
        json_object_set(o, "series", list);
        oc_call_succeed(call, o);
    } else {
        oc_call_fail(call, &err);
    }
    json_decref(list);
    question_finish(&q);
}

static const struct oc_op query_op = {
    .name = "metrics.query",
    .summary = "Show the history of series over a range of time",
    .flags = OC_OP_EPHEMERAL,
    .params = query_options,
    .params_size = sizeof(struct params),
    .view = "custom:query",
    .example = "openclaw metrics query system.cpu_percent --since 6h --step 5m --aggregation max",
    .result =
        "{from: time, to: time, step_ms: integer, aggregation: string, series: [{" SERIES_SHAPE
        ", min: number|null, avg: number|null, max: number|null, last: number|null, "
        "count: integer, points: [[number|null]]}]}",
    .handler = op_query,
};

/* ---- metrics.export ---- */

static void csv_rows(struct oc_buf *out, const struct oc_series *s, const struct oc_points *points)
{
    char name[1024], at[40];
    oc_series_format(s, name, sizeof name);
    for (size_t i = 0; i < points->list.count && out->len < EXPORT_MAX; i++) {
        const struct oc_point *p = &points->list.items[i];
        oc_buf_addf(out, "%s,", oc_time_format(p->time_ms, at, sizeof at));
        oc_csv_field(out, name);
        if (isfinite(p->value)) {
            oc_buf_addf(out, ",%.15g\r\n", p->value);
        } else {
            oc_buf_adds(out, ",\r\n");
        }
    }
}

static void json_rows(struct oc_buf *out, const struct oc_series *s, const struct oc_points *points)
{
    for (size_t i = 0; i < points->list.count && out->len < EXPORT_MAX; i++) {
        json_t *o = json_object();
        oc_json_set_time(o, "time", points->list.items[i].time_ms);
        oc_json_set_str(o, "name", s->name);
        oc_json_take(o, "labels", labels_json(s));
        oc_json_set_num(o, "value", points->list.items[i].value);
        char *text = oc_json_text(o);
        oc_buf_addf(out, "%s\n", text);
        free(text);
        json_decref(o);
    }
}

static void op_export(struct oc_call *call, void *ctx)
{
    struct oc_metrics *m = ctx;
    const struct params *p = oc_call_params(call);
    struct question q;
    struct oc_buf out = {0};
    struct oc_error err;
    oc_error_init(&err);
    int rc = ask(m, call, &q, &err);
    if (p->format == 0) {
        oc_buf_adds(&out, "time,series,value\r\n");
    }
    for (size_t i = 0; rc == OC_OK && i < q.series.list.count; i++) {
        struct oc_points points = {0};
        rc = oc_store_query(m->env.store, q.series.list.items[i], q.from, q.to, q.step, q.agg,
                            &points, &err);
        (p->format == 0 ? csv_rows : json_rows)(&out, q.series.list.items[i], &points);
        oc_points_finish(&points);
    }
    question_finish(&q);
    if (rc == OC_OK && out.len >= EXPORT_MAX) {
        rc = oc_error_set(&err, OC_E_CONFIG, "the export is larger than %u MB", EXPORT_MAX >> 20);
        oc_error_hint(&err, "Export fewer series or a shorter range at a time, or give a --step.");
    }
    if (rc == OC_OK) {
        json_t *o = json_object();
        oc_json_set_str(o, "format", p->format == 0 ? "csv" : "json");
        oc_json_set_str(o, "text", out.data ? out.data : "");
        oc_call_succeed(call, o);
    } else {
        oc_call_fail(call, &err);
    }
    oc_buf_finish(&out);
}

static const struct oc_op export_op = {
    .name = "metrics.export",
    .summary = "Write stored points as CSV or JSON lines",
    .flags = OC_OP_EPHEMERAL,
    .params = export_options,
    .params_size = sizeof(struct params),
    .view = "text:text",
    .example = "openclaw metrics export 'system.*' --since 24h --step 1m > system.csv",
    .handler = op_export,
};

struct oc_metrics *oc_metrics_create(const struct oc_env *env)
{
    struct oc_metrics *m = oc_calloc(1, sizeof *m);
    m->env = *env;
    oc_ops_add(env->ops, &list_op, m);
    oc_ops_add(env->ops, &query_op, m);
    oc_ops_add(env->ops, &export_op, m);
    return m;
}

void oc_metrics_destroy(struct oc_metrics *m)
{
    free(m);
}

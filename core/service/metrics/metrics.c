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
#include "core/op/sliced.h"
#include "core/store/query.h"

#define SERIES_MAX 1000u   /* of one answer */
#define POINTS_MAX 300000u /* of one answer in all: charts of SERIES_MAX, 30 days of one series */
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
     .help = "from when: \"2h\" or \"-2h\", which are two hours ago, a date or a time"},           \
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

/* ---- what reads one series after the other, in slices ---- */

struct reading {
    struct oc_sliced sliced; /* first */
    struct oc_metrics *m;
    struct question q;
    size_t at, points; /* series and points that have been read */
    json_t *list;      /* of a query */
    struct oc_buf out; /* of an export */
    int32_t format;
    int rc;
    struct oc_error err;
};

static void reading_destroy(struct oc_sliced *sliced)
{
    struct reading *r = (struct reading *)sliced;
    question_finish(&r->q);
    json_decref(r->list);
    oc_buf_finish(&r->out);
    free(r);
}

/* The points of the series that is next. */
static const struct oc_series *read_next(struct reading *r, struct oc_points *points)
{
    struct oc_series *series = r->q.series.list.items[r->at++];
    r->rc = oc_store_query(r->m->env.store, series, r->q.from, r->q.to, r->q.step, r->q.agg, points,
                           &r->err);
    r->points += points->list.count;
    return series;
}

static bool is_read(const struct reading *r)
{
    return r->rc != OC_OK || r->at == r->q.series.list.count;
}

static void read_in_slices(struct oc_metrics *m, struct oc_call *call,
                           bool (*work)(struct oc_sliced *, int64_t),
                           json_t *(*answer)(struct oc_sliced *, struct oc_error *))
{
    struct reading *r = oc_calloc(1, sizeof *r);
    r->sliced = (struct oc_sliced){.work = work, .answer = answer, .destroy = reading_destroy};
    r->m = m;
    r->format = ((const struct params *)oc_call_params(call))->format;
    oc_error_init(&r->err);
    r->rc = ask(m, call, &r->q, &r->err);
    oc_sliced_run(&r->sliced, m->env.loop, call);
}

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

static void add_row(struct reading *r)
{
    struct oc_points points = {0};
    const struct oc_series *series = read_next(r, &points);
    if (r->rc == OC_OK && r->points > POINTS_MAX) {
        r->rc = oc_error_set(&r->err, OC_E_CONFIG, "the query has more than %u points in all",
                             POINTS_MAX);
        oc_error_hint(&r->err, "Take a larger step, a shorter range or fewer series.");
    } else if (r->rc == OC_OK) {
        json_t *row = json_object();
        describe(row, series);
        summarize(row, &points);
        oc_json_take(row, "points", points_json(&points));
        json_array_append_new(r->list, row);
    }
    oc_points_finish(&points);
}

static bool query_work(struct oc_sliced *sliced, int64_t until)
{
    struct reading *r = (struct reading *)sliced;
    r->list = r->list ? r->list : json_array();
    while (!is_read(r)) {
        add_row(r);
        if (oc_time_mono() >= until) {
            break;
        }
    }
    return is_read(r);
}

static json_t *query_answer(struct oc_sliced *sliced, struct oc_error *err)
{
    struct reading *r = (struct reading *)sliced;
    if (r->rc != OC_OK) {
        *err = r->err;
        return NULL;
    }
    json_t *o = json_object();
    oc_json_set_time(o, "from", r->q.from);
    oc_json_set_time(o, "to", r->q.to);
    oc_json_set_int(o, "step_ms", r->q.step);
    oc_json_set_str(o, "aggregation", oc_agg_name(r->q.agg));
    json_object_set(o, "series", r->list);
    return o;
}

static void op_query(struct oc_call *call, void *ctx)
{
    read_in_slices(ctx, call, query_work, query_answer);
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

static void add_text(struct reading *r)
{
    struct oc_points points = {0};
    const struct oc_series *series = read_next(r, &points);
    (r->format == 0 ? csv_rows : json_rows)(&r->out, series, &points);
    oc_points_finish(&points);
    if (r->rc == OC_OK && r->out.len >= EXPORT_MAX) {
        r->rc =
            oc_error_set(&r->err, OC_E_CONFIG, "the export is larger than %u MB", EXPORT_MAX >> 20);
        oc_error_hint(&r->err,
                      "Export fewer series or a shorter range at a time, or give a --step.");
    }
}

static bool export_work(struct oc_sliced *sliced, int64_t until)
{
    struct reading *r = (struct reading *)sliced;
    if (r->format == 0 && r->out.len == 0) {
        oc_buf_adds(&r->out, "time,series,value\r\n");
    }
    while (!is_read(r)) {
        add_text(r);
        if (oc_time_mono() >= until) {
            break;
        }
    }
    return is_read(r);
}

static json_t *export_answer(struct oc_sliced *sliced, struct oc_error *err)
{
    struct reading *r = (struct reading *)sliced;
    if (r->rc != OC_OK) {
        *err = r->err;
        return NULL;
    }
    json_t *o = json_object();
    oc_json_set_str(o, "format", r->format == 0 ? "csv" : "json");
    oc_json_set_str(o, "text", r->out.data ? r->out.data : "");
    return o;
}

static void op_export(struct oc_call *call, void *ctx)
{
    read_in_slices(ctx, call, export_work, export_answer);
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

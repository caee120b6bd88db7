/* Folding points into steps. SPDX-License-Identifier: MIT */
#include "core/store/query.h"

#include <math.h>

#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/store/store.h"

#define LOOK_BACK_MS (5 * OC_MINUTE) /* at least, for the point before a counter's range */

#define AGG_NAME(name, text) text,
static const char *const names[OC_AGG_NUMBER] = {OC_AGG_MAP(AGG_NAME)};

const char *oc_agg_name(enum oc_agg agg)
{
    return names[agg];
}

void oc_points_finish(struct oc_points *p)
{
    OC_VEC_FINISH(&p->list);
}

/* What is known of the step at hand, and of the point before. */
struct fold {
    struct oc_points *out;
    enum oc_agg agg;
    int64_t step_ms, from_ms;
    int64_t step; /* number of the step at hand */
    size_t count;
    double sum, min, max, first, last;
    double grown;           /* of a counter, within the step */
    int64_t grown_ms;       /* the time in which it grew */
    struct oc_point before; /* time 0: none */
    OC_VEC(double) values;  /* percentiles only */
    bool too_many;
};

static bool is_percentile(enum oc_agg agg)
{
    return agg == OC_AGG_P50 || agg == OC_AGG_P95 || agg == OC_AGG_P99;
}

static bool is_growth(enum oc_agg agg)
{
    return agg == OC_AGG_RATE || agg == OC_AGG_INCREASE;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Linear between the nearest ranks (R. J. Hyndman and Y. Fan, 1996, definition 7). */
static double percentile(struct fold *f, double q)
{
    qsort(f->values.items, f->values.count, sizeof(double), compare);
    double rank = q * (double)(f->values.count - 1);
    size_t low = (size_t)rank;
    size_t high = low + 1 < f->values.count ? low + 1 : low;
    double share = rank - (double)low;
    return share == 0 ? f->values.items[low]
                      : f->values.items[low] * (1 - share) + f->values.items[high] * share;
}

static double result(struct fold *f)
{
    switch (f->agg) {
    case OC_AGG_MIN:
        return f->min;
    case OC_AGG_MAX:
        return f->max;
    case OC_AGG_SUM:
        return f->sum;
    case OC_AGG_COUNT:
        return (double)f->count;
    case OC_AGG_LAST:
        return f->last;
    case OC_AGG_FIRST:
        return f->first;
    case OC_AGG_P50:
        return percentile(f, 0.50);
    case OC_AGG_P95:
        return percentile(f, 0.95);
    case OC_AGG_P99:
        return percentile(f, 0.99);
    case OC_AGG_RATE:
        return f->grown * 1000 / (double)f->grown_ms;
    case OC_AGG_INCREASE:
        return f->grown;
    case OC_AGG_AVG:
    case OC_AGG_NUMBER:
        break;
    }
    return f->sum / (double)f->count;
}

static void end_step(struct fold *f)
{
    if (f->count && (!is_growth(f->agg) || f->grown_ms)) {
        OC_VEC_PUSH(&f->out->list, ((struct oc_point){f->step * f->step_ms, result(f)}));
    }
    f->count = 0;
    f->sum = f->grown = 0;
    f->grown_ms = 0;
    f->values.count = 0;
}

static void grow(struct fold *f, const struct oc_point *p)
{
    if (f->before.time_ms && p->time_ms >= f->from_ms) {
        f->grown += p->value >= f->before.value ? p->value - f->before.value : p->value;
        f->grown_ms += p->time_ms - f->before.time_ms;
    }
}

static void add(struct fold *f, const struct oc_point *p)
{
    f->min = f->count && f->min < p->value ? f->min : p->value;
    f->max = f->count && f->max > p->value ? f->max : p->value;
    f->first = f->count ? f->first : p->value;
    f->last = p->value;
    f->sum += p->value;
    f->count++;
    if (is_percentile(f->agg)) {
        if (f->values.count == OC_QUERY_RAW_MAX) {
            f->too_many = true;
            return;
        }
        OC_VEC_PUSH(&f->values, p->value);
    }
}

static void on_points(void *ctx, const struct oc_point *points, size_t count)
{
    struct fold *f = ctx;

    for (size_t i = 0; i < count; i++) {
        const struct oc_point *p = &points[i];
        if (isnan(p->value)) {
            f->before.time_ms = 0; /* what follows a gap grew from an unknown value */
            continue;
        }
        int64_t step = p->time_ms / f->step_ms;
        if (step != f->step) {
            end_step(f);
            f->step = step;
        }
        grow(f, p);
        if (p->time_ms >= f->from_ms) {
            add(f, p);
        }
        f->before = *p;
    }
}

static void on_raw(void *ctx, const struct oc_point *points, size_t count)
{
    struct fold *f = ctx;

    for (size_t i = 0; i < count && !f->too_many; i++) {
        f->too_many = f->out->list.count == OC_QUERY_RAW_MAX;
        if (!f->too_many) {
            OC_VEC_PUSH(&f->out->list, points[i]);
        }
    }
}

static int too_many(struct oc_error *err, const char *what, int max)
{
    oc_error_set(err, OC_E_CONFIG, "the query has more than %d %s", max, what);
    oc_error_hint(err, "Take a larger step or a shorter range.");
    return OC_E_CONFIG;
}

static int check(int64_t from_ms, int64_t to_ms, int64_t step_ms, struct oc_error *err)
{
    if (from_ms < 0) {
        return oc_error_set(err, OC_E_CONFIG, "the range begins before 1970");
    }
    if (to_ms <= from_ms) {
        return oc_error_set(err, OC_E_CONFIG, "the range is empty");
    }
    if (step_ms < 0) {
        return oc_error_set(err, OC_E_CONFIG, "the step is negative");
    }
    if (step_ms && (to_ms - from_ms) / step_ms > OC_QUERY_STEPS_MAX) {
        return too_many(err, "steps", OC_QUERY_STEPS_MAX);
    }
    return OC_OK;
}

int oc_store_query(struct oc_store *s, struct oc_series *series, int64_t from_ms, int64_t to_ms,
                   int64_t step_ms, enum oc_agg agg, struct oc_points *out, struct oc_error *err)
{
    struct fold f = {.out = out, .agg = agg, .step_ms = step_ms, .from_ms = from_ms, .step = -1};
    int rc = check(from_ms, to_ms, step_ms, err);

    if (rc != OC_OK) {
        return rc;
    }
    if (step_ms && is_growth(agg)) {
        from_ms -= step_ms > LOOK_BACK_MS ? step_ms : LOOK_BACK_MS;
    }
    rc = oc_store_read(s, series, from_ms, to_ms, step_ms ? on_points : on_raw, &f, err);
    if (step_ms) {
        end_step(&f);
    }
    OC_VEC_FINISH(&f.values);
    return rc == OC_OK && f.too_many ? too_many(err, "points", OC_QUERY_RAW_MAX) : rc;
}

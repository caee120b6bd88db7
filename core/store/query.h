/* Range queries and metric selectors, for people. SPDX-License-Identifier: MIT  [loop]
 *
 * A query folds the points of one series into steps that are aligned to multiples of the step since
 * 1970, so that the same question a minute later gives the same steps. NaN ("gone") counts as no
 * point. */
#ifndef OC_STORE_QUERY_H
#define OC_STORE_QUERY_H

#include "core/base/error.h"
#include "core/base/vec.h"
#include "core/store/series.h"

#define OC_QUERY_STEPS_MAX 20000   /* rows of one answer */
#define OC_QUERY_RAW_MAX   1000000 /* points of an answer without steps */
#define OC_SELECTOR_MAX    2048    /* bytes of a selector */
#define OC_SELECTOR_TERMS  16

/* name on the wire */
#define OC_AGG_MAP(X)                                                                              \
    X(AVG, "avg")                                                                                  \
    X(MIN, "min")                                                                                  \
    X(MAX, "max")                                                                                  \
    X(SUM, "sum")                                                                                  \
    X(COUNT, "count")                                                                              \
    X(LAST, "last")                                                                                \
    X(FIRST, "first")                                                                              \
    X(P50, "p50")                                                                                  \
    X(P95, "p95")                                                                                  \
    X(P99, "p99")                                                                                  \
    X(RATE, "rate")         /* growth of a counter per second; a fall is a restart from zero */    \
    X(INCREASE, "increase") /* growth of a counter over the step */

#define OC_AGG_ENUM(name, text) OC_AGG_##name,
enum oc_agg { OC_AGG_MAP(OC_AGG_ENUM) OC_AGG_NUMBER };
#undef OC_AGG_ENUM

const char *oc_agg_name(enum oc_agg agg);

struct oc_points {
    OC_VEC(struct oc_point) list;
};
void oc_points_finish(struct oc_points *p);

/* Appends one point for each step that has data, at the time of the step's beginning; steps lie
 * within [from, to) or begin just before it. step 0 = the points themselves (`agg` is not looked
 * at, NaN included). Percentiles interpolate between the nearest ranks. RATE and INCREASE look back
 * one step (at least 5 minutes) for the point before `from`, and give growth to the step in which
 * it was seen. OC_E_CONFIG: too many steps or points, or a bad range. */
int oc_store_query(struct oc_store *s, struct oc_series *series, int64_t from_ms, int64_t to_ms,
                   int64_t step_ms, enum oc_agg agg, struct oc_points *out, struct oc_error *err);

/* ---- selectors: name{label="x",other!="y",path=~"glob*",path!~"*.bak"} ---- */

struct oc_selector_term {
    const char *label, *value; /* in `text` */
    bool glob, negated;
};

/* The name may be a glob ("redis.*"); no name at all means any. A label that a series lacks is the
 * empty text. In quotes \" \\ and \n are escapes. */
struct oc_selector {
    char *text; /* owned; the parts point into it */
    const char *name;
    struct oc_selector_term terms[OC_SELECTOR_TERMS];
    size_t count;
};

/* OC_OK, or OC_E_CONFIG with the place of the mistake. */
int oc_selector_init(struct oc_selector *sel, const char *text, struct oc_error *err);
void oc_selector_finish(struct oc_selector *sel);
bool oc_selector_matches(const struct oc_selector *sel, const struct oc_series *series);

struct oc_series_list {
    OC_VEC(struct oc_series *) list;
};
void oc_series_list_finish(struct oc_series_list *l);
/* Appends every series that matches, in id order, at most `max` (0 = no limit); true when more
 * would have matched. */
bool oc_store_select(struct oc_store *s, const struct oc_selector *sel, size_t max,
                     struct oc_series_list *out);

#endif

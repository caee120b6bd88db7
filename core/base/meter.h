/* What the host counts about itself: counters, gauges and histograms of durations. SPDX-License-Identifier: MIT
 *
 * A meter is a static struct of whoever counts; it joins the list of all meters with its first figure. Its cells, one for
 * each combination of label values, live until the process ends. Whoever publishes (core/api/prometheus) reads the list.
 * Names and labels follow Prometheus' rules: base units, counters end in _total. All of it is [loop]. */
#ifndef OC_BASE_METER_H
#define OC_BASE_METER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/map.h"

#define OC_METER_LABELS    3
#define OC_METER_CELLS_MAX 1000 /* of one meter; what comes after counts as "other" */
#define OC_METER_BOUNDS    13

enum oc_meter_kind { OC_METER_COUNTER, OC_METER_GAUGE, OC_METER_SECONDS /* a histogram */ };

struct oc_meter_cell {
    char *values[OC_METER_LABELS]; /* owned; NULL behind the last label */
    double value;                  /* of a histogram: the sum of seconds */
    uint64_t count;                /* histogram: observations */
    uint64_t *buckets;             /* histogram: OC_METER_BOUNDS figures, not yet added up; owned */
};

struct oc_meter {
    const char *name, *help;
    enum oc_meter_kind kind;
    const char *labels[OC_METER_LABELS];
    /* the meter's own state */
    struct oc_map cells;
    struct oc_meter *next;
    bool listed;
};

/* Upper bounds of the buckets in seconds; the one of infinity is not among them. */
extern const double oc_meter_bounds[OC_METER_BOUNDS];

/* The cell of these label values (NULL = ""), made when it is new; it stays where it is. */
struct oc_meter_cell *oc_meter_cell(struct oc_meter *m, const char *a, const char *b,
                                    const char *c);
void oc_meter_add(struct oc_meter *m, double amount, const char *a, const char *b, const char *c);
void oc_meter_set(struct oc_meter *m, double value, const char *a, const char *b, const char *c);
void oc_meter_observe(struct oc_meter *m, int64_t us, const char *a, const char *b, const char *c);

/* The first of all meters that have counted something; follow `next`. */
struct oc_meter *oc_meters(void);
/* Forgets every figure (tests). */
void oc_meters_reset(void);

#endif

/* Quantiles out of cumulative histograms, over a sliding window. SPDX-License-Identifier: MIT
 *
 * LiteLLM counts since its start; what people want is how long requests take now. So the growth of every bucket between
 * two scrapes is kept for the length of the window, and the quantile is taken of their sum, interpolated as Prometheus'
 * histogram_quantile does. A count that fell means that the proxy began anew: then all of it is growth.
 * [worker] */
#ifndef OC_LITELLM_LATENCY_H
#define OC_LITELLM_LATENCY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openclaw/plugin.h>

#define LATENCY_BUCKETS_MAX 64
#define LATENCY_SLOTS       32  /* growths that are kept apart within a window */
#define LATENCY_MAX         512 /* histograms: a proxy with more models shows the first ones */

/* The quantile 0 <= q <= 1 of `count` buckets: `le` ascending, the last +Inf, `cumulative` counts (made monotonic here, as
 * scrapes are not atomic). NaN when nothing was observed or the buckets are no histogram. Beyond the last finite bound it is
 * that bound, below the first one it begins at 0. Source: Prometheus, promql/quantile.go. */
double latency_quantile(double q, const double *le, const double *cumulative, size_t count);

struct latency_set; /* histograms by family and model */

struct latency_set *latency_create(void);    /* NULL when memory is short */
void latency_destroy(struct latency_set *s); /* NULL is fine */

/* One scrape: begin, the value of each bucket (added up over series of the same model), end. `known`: the counts began
 * within the window, so that those of a first scrape are growth too. */
void latency_begin(struct latency_set *s);
void latency_bucket(struct latency_set *s, unsigned family, struct oc_view model, double le,
                    double value);
void latency_end(struct latency_set *s, int64_t now_ms, int64_t window_ms, bool known);

size_t latency_count(const struct latency_set *s);
/* The i-th histogram: its family and model; false when nothing was observed within the window. */
bool latency_get(const struct latency_set *s, size_t i, unsigned *family, struct oc_view *model);
double latency_of(const struct latency_set *s, size_t i, double q);

#endif

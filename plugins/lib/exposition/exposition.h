/* Parser of the Prometheus text format 0.0.4 and of OpenMetrics 1.0. SPDX-License-Identifier: MIT
 *
 * Source of the formats: prometheus.io/docs/instrumenting/exposition_formats and the
 * OpenMetrics 1.0 specification. One malformed line costs that line and is counted; it does not
 * cost the page. Nothing is allocated: names and labels point into the text, in which label values
 * are unescaped in place. [any] */
#ifndef OC_EXPOSITION_H
#define OC_EXPOSITION_H

#include <stdbool.h>
#include <stddef.h>

#include <openclaw/plugin.h>

#define EXPOSITION_LABELS_MAX 64

struct exposition_sample {
    struct oc_view name;
    const struct oc_label *labels;
    uint32_t label_count;
    uint32_t kind;   /* OC_KIND_* */
    double value;    /* also NaN and infinities */
    int64_t time_ms; /* 0 = none given */
    bool created; /* OpenMetrics' time of creation of a counter and its like, not a value of its own
                   */
};

/* False = no more wanted. What the sample points to is valid until the text is freed. */
typedef bool (*exposition_fn)(void *ctx, const struct exposition_sample *sample);

struct exposition_result {
    size_t lines;       /* lines that held a sample */
    size_t bad;         /* lines that were malformed */
    size_t first_bad;   /* number of the first one, from 1 */
    const char *reason; /* what was wrong with it; a constant */
};

/* Parses `len` bytes at `text`, which is changed. */
void exposition_parse(char *text, size_t len, exposition_fn fn, void *ctx,
                      struct exposition_result *result);

#endif

/* From a page's text to records: filters, names, labels, ratios. SPDX-License-Identifier: MIT
 * [worker] */
#ifndef OC_EXPOSITION_SCRAPE_H
#define OC_EXPOSITION_SCRAPE_H

#include "exposition/exposition.h"

struct scrape_ratio {
    const char *metric, *numerator, *denominator;
    double scale;
};

/* What is taken over, and how. */
struct scrape_options {
    struct oc_list include, exclude;       /* globs */
    struct oc_list label_keep, label_drop; /* globs */
    struct oc_list rename;                 /* struct oc_pair */
    struct oc_list ratios;                 /* struct scrape_ratio */
    const char *prefix;
    int64_t max_samples;
    int32_t honor_timestamps;
    /* sees every sample of the page, before anything is left out; may be NULL */
    void (*watch)(void *ctx, const struct exposition_sample *sample);
    void *watch_ctx;
};

/* Sums of a ratio's counters at the last scrape. */
struct ratio_state {
    double numerator, denominator;
    bool known;
};

struct scrape_result {
    struct exposition_result page;
    size_t emitted;
    size_t skipped; /* NaN, infinities, more labels than a sample may have */
    bool capped;    /* there were more than max_samples */
    int32_t code;   /* of the sink */
};

/* Emits what `options` want of the page (`text` is changed). `target` is the label, "" = none.
 * `ratios` has one state for each of options->ratios. */
void scrape_emit(const struct scrape_options *options, const char *target, char *text, size_t len,
                 struct ratio_state *ratios, const struct oc_sink *out,
                 struct scrape_result *result);

#endif

/* From a page's text to records: filters, names, labels, ratios. SPDX-License-Identifier: MIT
 * [worker] */
#ifndef OC_PROMETHEUS_SCRAPE_H
#define OC_PROMETHEUS_SCRAPE_H

#include "exposition.h"
#include "options.h"

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
void scrape_emit(const struct prometheus_options *options, const char *target, char *text,
                 size_t len, struct ratio_state *ratios, const struct oc_sink *out,
                 struct scrape_result *result);

#endif

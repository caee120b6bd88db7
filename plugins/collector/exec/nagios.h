/* Output of monitoring plugins: text and performance data. SPDX-License-Identifier: MIT
 *
 * The format is that of the Monitoring Plugins Development Guidelines: a line of text, '|',
 * performance data; further lines of long text, and after another '|' further performance data.
 * Input is untrusted and bounded by its length; nothing is allocated. What does not parse is
 * skipped: a broken item never hides the ones after it. [any] */
#ifndef OC_EXEC_NAGIOS_H
#define OC_EXEC_NAGIOS_H

#include <stdbool.h>
#include <stddef.h>

#define OC_PERF_LABEL_MAX 128 /* bytes of a label that are kept, with the NUL */

/* "[@]start:end"; an end that is not given is infinite, a start that is not given is 0. */
struct oc_perf_range {
    bool set;
    bool inside; /* '@': alert inside the range instead of outside */
    double start, end;
};

/* One item, in base units: seconds, bytes, percent, or whatever the check counts. */
struct oc_perf {
    char label[OC_PERF_LABEL_MAX]; /* unquoted, valid as it came except that control characters are
                                      blanks */
    const char *unit;              /* "seconds", "bytes", "percent", "" */
    bool counter;                  /* the unit was 'c' */
    double value;
    struct oc_perf_range warn, crit;
    bool has_min, has_max;
    double min, max;
};

typedef void (*oc_perf_fn)(void *ctx, const struct oc_perf *perf);

/* Writes the first line's text (trimmed, without performance data, cut at `cap`) to `text` and
 * calls `perf` for each item. Returns the number of items. */
size_t oc_nagios_parse(const char *output, size_t len, char *text, size_t cap, oc_perf_fn perf,
                       void *ctx);

#endif

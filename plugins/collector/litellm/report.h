/* What the collector says of its endpoints. SPDX-License-Identifier: MIT [worker] */
#ifndef OC_LITELLM_REPORT_H
#define OC_LITELLM_REPORT_H

#include "ask.h"
#include "latency.h"

/* The state of readiness (the instance's own), liveliness and metrics, with their http.* samples. */
int32_t report_ask(const struct ask *a, int64_t warning_ms, int64_t critical_ms,
                   const struct oc_sink *out);
/* How the metrics page was read. */
int32_t report_page(const struct scrape_result *r, const struct oc_fetch *f, bool capped,
                    const struct oc_sink *out);
int32_t report_latency(const struct latency_set *latency, const struct oc_sink *out);
/* `asks` are all EP_COUNT. For every optional endpoint whether it is there: litellm.supported{endpoint}, and as detail "ok", or "unknown" and why. What
 * was asked and is not known is said so, never as zero. */
int32_t report_sources(const struct ask *asks, bool tracked, const struct oc_sink *out);

#endif

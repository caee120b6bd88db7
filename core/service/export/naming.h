/* Series of the store as Prometheus names them. SPDX-License-Identifier: MIT  [loop]
 *
 * A name with a dot is ours: "redis.memory_used_bytes" becomes openclaw_redis_memory_used_bytes, in base units: what ends in
 * _ms, _days or the like becomes _seconds, _percent a _ratio from 0 to 1, _kb or _mb _bytes; the value follows. A counter
 * ends in _total, a gauge never does. A name without a dot came from a page of somebody else (LiteLLM, an exporter) and keeps
 * its name, unless it is one of ours or of this process: then it begins with "scraped_".
 *
 * The label `instance`, which for us is the collector and for Prometheus the address that it scraped, becomes `collector`;
 * `target` of an agent becomes `agent_id`. docs/prometheus.md has the whole mapping. */
#ifndef OC_SERVICE_EXPORT_NAMING_H
#define OC_SERVICE_EXPORT_NAMING_H

#include "core/base/buf.h"
#include "core/store/series.h"

enum oc_export_type { OC_EXPORT_GAUGE, OC_EXPORT_COUNTER, OC_EXPORT_UNKNOWN };

#define OC_EXPORT_NAME_MAX 240

struct oc_export_name {
    char text[OC_EXPORT_NAME_MAX]; /* a counter's ends in _total */
    enum oc_export_type type;
    double multiply, divide; /* the value: v * multiply / divide */
};

void oc_export_name(const char *name, uint32_t kind, struct oc_export_name *out);
static inline double oc_export_value(const struct oc_export_name *n, double value)
{
    return value * n->multiply / n->divide;
}

/* Calls fn for each label as it is exported, sorted by its name, each name once. Borrowed. */
void oc_export_labels(const struct oc_series *series,
                      void (*fn)(void *ctx, const char *name, const char *value), void *ctx);

/* A label's value between quotes: \ " and line ends are escaped. */
void oc_export_escape(struct oc_buf *out, const char *value);
/* The shortest text that reads back as the same number; "NaN", "+Inf", "-Inf". */
void oc_export_number(struct oc_buf *out, double value);

#endif

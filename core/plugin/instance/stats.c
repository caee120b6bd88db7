/* Counts and quantiles of the calls of one instance. SPDX-License-Identifier: MIT */
#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/text.h"
#include "core/plugin/internal.h"

#define STEPS     8u /* buckets of each doubling: a quantile is right within an eighth */
#define STEP_BITS 3u
#define SEEN_MAX  10000u /* then old calls lose half of their weight */

/* 0..7 have a bucket each; from there every doubling has STEPS of them. */
static size_t bucket_of(int64_t ms)
{
    const uint64_t v = ms > 0 ? (uint64_t)ms : 0;
    if (v < STEPS) {
        return (size_t)v;
    }
    const unsigned log = 63u - (unsigned)__builtin_clzll(v);
    const size_t bucket = (log - STEP_BITS + 1) * STEPS + ((v >> (log - STEP_BITS)) & (STEPS - 1));
    return bucket < OC_STATS_BUCKETS ? bucket : OC_STATS_BUCKETS - 1;
}

/* The largest value that the bucket holds. */
static int64_t bucket_top(size_t bucket)
{
    if (bucket < STEPS) {
        return (int64_t)bucket;
    }
    const size_t doubling = bucket / STEPS - 1;
    return (int64_t)(((STEPS + bucket % STEPS + 1) << doubling) - 1);
}

static void fade(struct oc_stats *s)
{
    s->seen = 0;
    for (size_t i = 0; i < OC_STATS_BUCKETS; i++) {
        s->buckets[i] /= 2;
        s->seen += s->buckets[i];
    }
}

void oc_stats_add(struct oc_stats *s, int code, const char *message, int64_t took_ms)
{
    s->calls++;
    s->last_ms = took_ms;
    s->max_ms = took_ms > s->max_ms ? took_ms : s->max_ms;
    if (code != OC_OK) {
        s->failures++;
        s->timeouts += code == OC_E_TIMEOUT;
        oc_copy(s->last_error, sizeof s->last_error, message);
    }
    if (s->seen >= SEEN_MAX) {
        fade(s);
    }
    s->buckets[bucket_of(took_ms)]++;
    s->seen++;
}

int64_t oc_stats_quantile(const struct oc_stats *s, double q)
{
    const double rank = q * (double)s->seen;
    uint64_t below = 0;
    for (size_t i = 0; i < OC_STATS_BUCKETS; i++) {
        below += s->buckets[i];
        if (s->buckets[i] && (double)below >= rank) {
            return bucket_top(i) < s->max_ms ? bucket_top(i) : s->max_ms;
        }
    }
    return 0;
}

json_t *oc_stats_json(const struct oc_stats *s)
{
    json_t *json = json_object();
    oc_json_set_int(json, "calls", (int64_t)s->calls);
    oc_json_set_int(json, "failures", (int64_t)s->failures);
    oc_json_set_int(json, "timeouts", (int64_t)s->timeouts);
    oc_json_set_str(json, "last_error", s->last_error[0] ? s->last_error : NULL);
    oc_json_set_int(json, "last_ms", s->last_ms);
    oc_json_set_int(json, "p50_ms", oc_stats_quantile(s, 0.5));
    oc_json_set_int(json, "p99_ms", oc_stats_quantile(s, 0.99));
    oc_json_set_int(json, "records", (int64_t)s->records);
    return json;
}

/* Samples as the core handles them: series, their latest value, batches. SPDX-License-Identifier: MIT
 *
 * A series is a metric name and a sorted set of labels, interned once; its handle stays valid until the store is
 * closed. Handles are what moves through the core, so the hot path compares pointers. [loop] */
#ifndef OC_STORE_SERIES_H
#define OC_STORE_SERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openclaw/plugin.h>

struct oc_store;

struct oc_series_label {
    const char *name, *value; /* interned */
};

struct oc_series {
    uint32_t id;      /* stable across restarts */
    uint32_t kind;    /* OC_KIND_* */
    const char *name; /* interned: equal names are equal pointers (oc_store_intern) */
    const struct oc_series_label *labels; /* sorted by name */
    uint32_t label_count;
    const char *instance; /* value of the label "instance", NULL when it has none */
    const char *target;   /* value of the label "target", NULL when it has none */
    double value;         /* the latest sample ... */
    int64_t time_ms;      /* ... and its time; 0 = none since the start */
    void *rules;          /* owned by the alert service: what watches this series */
};

/* The series of this name and these labels (any order, duplicates: the last wins), made when it is new. `instance` is
 * added as the label of that name unless NULL. NULL when the cap on series (default 200 000) is reached, or a name or
 * label is invalid (names: [A-Za-z_:][A-Za-z0-9_:.]*, at most 200 bytes; label values are cleaned to UTF-8, 256 bytes). */
struct oc_series *oc_store_series(struct oc_store *s, const char *instance, struct oc_view name,
                                  uint32_t kind, const struct oc_label *labels, uint32_t count);
const char *oc_store_intern(struct oc_store *s, const char *text);
/* Visits every known series, in id order. */
void oc_store_series_each(struct oc_store *s, void (*fn)(void *ctx, struct oc_series *series),
                          void *ctx);
/* "name{instance="x",target="y"}" into buf; returns buf. */
char *oc_series_format(const struct oc_series *series, char *buf, size_t size);

/* Appends one sample and makes it the latest. NaN marks "gone". Samples older than the series' last one are dropped
 * (returns false); an equal time replaces nothing and is dropped too. Unless the last one lies over an hour in the future
 * (the clock was wrong and has been put right): then the series goes on here, and what was ahead is forgotten. Costs
 * well under a microsecond; what is appended reaches the disk with the next flush (every `flush_interval`, 10 s by
 * default, and at close). */
bool oc_store_append(struct oc_store *s, struct oc_series *series, int64_t time_ms, double value);

struct oc_point {
    int64_t time_ms;
    double value;
};
/* Calls fn for runs of points with from <= time < to, oldest first, from disk and memory. 0 or OC_E_*. */
int oc_store_read(struct oc_store *s, struct oc_series *series, int64_t from_ms, int64_t to_ms,
                  void (*fn)(void *ctx, const struct oc_point *points, size_t count), void *ctx,
                  struct oc_error *err);

/* Bus topic "samples" (native): all samples and statuses of one call, or of a part of it, already appended. */
struct oc_sample {
    struct oc_series *series;
    int64_t time_ms;
    double value;
};
struct oc_status {
    const char *target; /* "" = the instance; borrowed for the delivery */
    int32_t state;      /* OC_STATE_* */
    const char *text;
};
struct oc_batch {
    const char *instance, *plugin;
    int64_t time_ms;
    const struct oc_sample *samples;
    size_t sample_count;
    const struct oc_status *statuses;
    size_t status_count;
    bool last; /* the call is over with this batch; then `code` and `error` say how */
    int code;  /* OC_OK or OC_E_* */
    const char *error;
    int64_t took_ms;
};

#endif

/* Quantiles out of cumulative histograms, over a sliding window. SPDX-License-Identifier: MIT */
#include "latency.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct growth {
    int64_t time_ms;
    double counts[LATENCY_BUCKETS_MAX];
};

struct histogram {
    unsigned family;
    char *model; /* owned */
    size_t count;
    double le[LATENCY_BUCKETS_MAX];
    double now[LATENCY_BUCKETS_MAX];    /* of the scrape that is being read */
    double before[LATENCY_BUCKETS_MAX]; /* of the last one */
    double sum[LATENCY_BUCKETS_MAX];    /* growth within the window */
    struct growth *slots;               /* owned; LATENCY_SLOTS of them, the oldest first */
    size_t used;
    bool fresh; /* never seen before this scrape */
};

struct latency_set {
    struct histogram **items; /* owned */
    size_t count, size;
    bool scraped; /* there was a scrape before */
};

double latency_quantile(double q, const double *le, const double *cumulative, size_t count)
{
    double top = 0;
    if (count < 2 || !isinf(le[count - 1]) || !(q >= 0 && q <= 1)) {
        return NAN;
    }
    for (size_t i = 0; i < count; i++) {
        top = fmax(top, cumulative[i]);
    }
    if (!(top > 0)) {
        return NAN;
    }
    double rank = q * top, below = 0;
    for (size_t i = 0; i < count; i++) {
        double here = fmax(below, cumulative[i]);
        if (here >= rank && (here > below || i + 1 == count)) {
            double from = i > 0 ? le[i - 1] : 0;
            if (i + 1 == count) {
                return le[count - 2];
            }
            if (i == 0 && le[0] <= 0) {
                return le[0];
            }
            return from + (le[i] - from) * ((rank - below) / (here - below));
        }
        below = here;
    }
    return le[count - 2];
}

struct latency_set *latency_create(void)
{
    return calloc(1, sizeof(struct latency_set));
}

static void destroy_histogram(struct histogram *h)
{
    if (h) {
        free(h->model);
        free(h->slots);
        free(h);
    }
}

void latency_destroy(struct latency_set *s)
{
    for (size_t i = 0; s && i < s->count; i++) {
        destroy_histogram(s->items[i]);
    }
    free(s ? s->items : NULL);
    free(s);
}

void latency_begin(struct latency_set *s)
{
    for (size_t i = 0; i < s->count; i++) {
        memset(s->items[i]->now, 0, sizeof s->items[i]->now);
    }
}

static struct histogram *create_histogram(unsigned family, struct oc_view model)
{
    struct histogram *h = calloc(1, sizeof *h);
    if (h) {
        h->family = family;
        h->model = strndup(model.ptr, (size_t)model.len);
        h->slots = calloc(LATENCY_SLOTS, sizeof *h->slots);
        h->fresh = true;
    }
    if (h && (!h->model || !h->slots)) {
        destroy_histogram(h);
        h = NULL;
    }
    return h;
}

static struct histogram *find(struct latency_set *s, unsigned family, struct oc_view model)
{
    for (size_t i = 0; i < s->count; i++) {
        struct histogram *h = s->items[i];
        if (h->family == family && strlen(h->model) == model.len &&
            memcmp(h->model, model.ptr, (size_t)model.len) == 0) {
            return h;
        }
    }
    if (s->count == LATENCY_MAX || model.len > 256) {
        return NULL;
    }
    if (s->count == s->size) {
        size_t size = s->size ? s->size * 2 : 16;
        struct histogram **grown = realloc(s->items, size * sizeof(struct histogram *));
        if (!grown) {
            return NULL;
        }
        s->items = grown;
        s->size = size;
    }
    struct histogram *h = create_histogram(family, model);
    if (h) {
        s->items[s->count++] = h;
    }
    return h;
}

static void insert_bound(struct histogram *h, size_t at, double le)
{
    size_t behind = (h->count - at) * sizeof(double);
    memmove(h->le + at + 1, h->le + at, behind);
    memmove(h->now + at + 1, h->now + at, behind);
    memmove(h->before + at + 1, h->before + at, behind);
    h->le[at] = le;
    h->now[at] = h->before[at] = 0;
    h->count++;
    h->used = 0; /* other bounds: what was kept counts something else */
}

void latency_bucket(struct latency_set *s, unsigned family, struct oc_view model, double le,
                    double value)
{
    struct histogram *h = isnan(le) || !(value >= 0) ? NULL : find(s, family, model);
    size_t at = 0;
    while (h && at < h->count && h->le[at] < le) {
        at++;
    }
    if (!h || (at == h->count && h->count == LATENCY_BUCKETS_MAX)) {
        return;
    }
    if (at == h->count || h->le[at] > le) {
        if (h->count == LATENCY_BUCKETS_MAX) {
            return;
        }
        insert_bound(h, at, le);
    }
    h->now[at] += value;
}

/* The growth since the last scrape becomes the newest slot. */
static void add_growth(struct histogram *h, int64_t now_ms, int64_t window_ms, bool known)
{
    size_t last = h->count ? h->count - 1 : 0;
    bool anew = h->now[last] < h->before[last];
    struct growth g = {.time_ms = now_ms};
    for (size_t i = 0; i < h->count; i++) {
        double grown = anew ? h->now[i] : fmax(0, h->now[i] - h->before[i]);
        g.counts[i] = h->fresh && !known ? 0 : grown;
        h->before[i] = h->now[i];
    }
    h->fresh = false;
    size_t gone = 0;
    while (gone < h->used && h->slots[gone].time_ms <= now_ms - window_ms) {
        gone++;
    }
    memmove(h->slots, h->slots + gone, (h->used - gone) * sizeof *h->slots);
    h->used -= gone;
    struct growth *newest = h->used ? &h->slots[h->used - 1] : NULL;
    if (newest && now_ms - newest->time_ms < window_ms / LATENCY_SLOTS &&
        now_ms >= newest->time_ms) {
        for (size_t i = 0; i < h->count; i++) {
            newest->counts[i] += g.counts[i]; /* scrapes that are closer together share a slot */
        }
    } else if (h->used < LATENCY_SLOTS) {
        h->slots[h->used++] = g;
    } else {
        memmove(h->slots, h->slots + 1, (LATENCY_SLOTS - 1) * sizeof *h->slots);
        h->slots[LATENCY_SLOTS - 1] = g;
    }
}

static void add_up(struct histogram *h)
{
    memset(h->sum, 0, sizeof h->sum);
    for (size_t k = 0; k < h->used; k++) {
        for (size_t i = 0; i < h->count; i++) {
            h->sum[i] += h->slots[k].counts[i];
        }
    }
}

void latency_end(struct latency_set *s, int64_t now_ms, int64_t window_ms, bool known)
{
    for (size_t i = 0; i < s->count; i++) {
        add_growth(s->items[i], now_ms, window_ms, known || s->scraped);
        add_up(s->items[i]);
    }
    s->scraped = true;
}

size_t latency_count(const struct latency_set *s)
{
    return s->count;
}

bool latency_get(const struct latency_set *s, size_t i, unsigned *family, struct oc_view *model)
{
    const struct histogram *h = s->items[i];
    *family = h->family;
    *model = (struct oc_view){h->model, strlen(h->model)};
    return h->count > 0 && h->sum[h->count - 1] > 0;
}

double latency_of(const struct latency_set *s, size_t i, double q)
{
    const struct histogram *h = s->items[i];
    return latency_quantile(q, h->le, h->sum, h->count);
}

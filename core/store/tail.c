/* The token stream of a series' newest points. SPDX-License-Identifier: MIT */
#include "core/store/tail.h"

#include "core/base/mem.h"
#include "core/store/chunk.h"
#include "core/store/number.h"

#define RUN       0x80u
#define RUN_MAX   0x7fu
#define STEP      0x08u
#define KIND      0x07u
#define TOKEN_MAX (1 + OC_VARINT_MAX + OC_VALUE_BYTES)

void oc_tail_finish(struct oc_tail *t)
{
    free(t->data);
    *t = (struct oc_tail){0};
}

void oc_tail_clear(struct oc_tail *t)
{
    OC_FREE(t->data);
    t->len = t->cap = 0;
    t->count = 0;
    t->run = false;
    t->step_ms = 0;
}

bool oc_tail_full(const struct oc_tail *t, size_t limit)
{
    return t->len + (size_t)TOKEN_MAX > limit || t->count == OC_CHUNK_POINTS;
}

/* 24, 56, 120, 248: what malloc hands out without waste. */
static void reserve(struct oc_tail *t, size_t extra)
{
    size_t cap = t->cap;
    while (t->len + extra > cap) {
        cap = cap ? cap * 2 + 8 : 24;
    }
    if (cap > t->cap) {
        OC_ASSERT(cap <= OC_TAIL_BYTES);
        t->data = oc_realloc(t->data, cap);
        t->cap = (uint8_t)cap;
    }
}

static void append(struct oc_tail *t, const uint8_t *bytes, size_t len)
{
    reserve(t, len);
    memcpy(t->data + t->len, bytes, len);
    t->len = (uint8_t)(t->len + len);
}

static void add_run(struct oc_tail *t)
{
    if (t->run && t->data[t->len - 1] < (RUN | RUN_MAX)) {
        t->data[t->len - 1]++;
        return;
    }
    append(t, &(const uint8_t){RUN}, 1);
    t->run = true;
}

static void add_token(struct oc_tail *t, int64_t turn, double value)
{
    uint8_t token[TOKEN_MAX];
    uint8_t bytes[OC_VALUE_BYTES];
    size_t len = 1, value_len;

    token[0] = (uint8_t)oc_value_put(bytes, t->last, value, &value_len);
    if (turn) {
        token[0] |= STEP;
        len += oc_varint_put(token + 1, oc_zigzag(turn));
    }
    memcpy(token + len, bytes, value_len);
    append(t, token, len + value_len);
    t->run = false;
}

void oc_tail_add(struct oc_tail *t, int64_t time_ms, double value)
{
    if (t->count == 0) {
        t->first_ms = t->last_ms = time_ms;
        t->step_ms = 0;
        t->last = 0; /* a tail is read without what was before it */
    }
    int64_t step = time_ms - t->last_ms;
    if (step == t->step_ms && oc_double_bits(value) == oc_double_bits(t->last)) {
        add_run(t);
    } else {
        add_token(t, step - t->step_ms, value);
    }
    t->count++;
    t->step_ms = step;
    t->last_ms = time_ms;
    t->last = value;
}

/* ---- reading ---- */

struct reader {
    const uint8_t *p, *end;
    unsigned run; /* points left of a run */
    int64_t time_ms, step_ms;
    double value;
};

static struct reader begin(const struct oc_tail *t)
{
    const uint8_t *end = t->len ? t->data + t->len : t->data; /* an empty tail has no data */
    return (struct reader){.p = t->data, .end = end, .time_ms = t->first_ms};
}

static bool next(struct reader *r)
{
    uint64_t turn = 0;

    if (r->run) {
        r->run--;
    } else if (r->p == r->end) {
        return false;
    } else if (*r->p & RUN) {
        r->run = *r->p++ & RUN_MAX;
    } else {
        unsigned token = *r->p++;
        if ((token & STEP) && !oc_varint_get(&r->p, r->end, &turn)) {
            return false;
        }
        if (!oc_value_get(token & KIND, &r->p, r->end, r->value, &r->value)) {
            return false;
        }
    }
    r->step_ms = oc_wrap_add(r->step_ms, oc_unzigzag(turn));
    r->time_ms = oc_wrap_add(r->time_ms, r->step_ms);
    return true;
}

size_t oc_tail_points(const struct oc_tail *t, struct oc_point *points)
{
    struct reader r = begin(t);
    size_t n = 0;

    while (n < t->count && next(&r)) {
        points[n++] = (struct oc_point){r.time_ms, r.value};
    }
    return n;
}

/* ---- snapshots ---- */

static void put(struct oc_buf *out, uint64_t v)
{
    uint8_t bytes[OC_VARINT_MAX];
    oc_buf_add(out, bytes, oc_varint_put(bytes, v));
}

void oc_tail_save(const struct oc_tail *t, struct oc_buf *out)
{
    uint64_t last = oc_double_bits(t->last);

    put(out, oc_zigzag(t->last_ms));
    oc_buf_add(out, &last, sizeof last);
    put(out, t->count);
    if (t->count) {
        put(out, oc_zigzag(t->last_ms - t->first_ms));
        put(out, t->len);
        oc_buf_addc(out, t->run);
        oc_buf_add(out, t->data, t->len);
    }
}

/* Walks the tokens: they must make `count` points of growing times that end in the last one. */
static bool sound(struct oc_tail *t)
{
    struct reader r = begin(t);
    bool run = false;

    for (size_t i = 0; i < t->count; i++) {
        int64_t before = r.time_ms;
        const uint8_t *at = r.p;
        run = r.run || (at < r.end && (*at & RUN));
        if (!next(&r) || (i && r.time_ms <= before)) {
            return false;
        }
    }
    t->step_ms = r.step_ms;
    return r.p == r.end && !r.run && run == t->run && r.time_ms == t->last_ms &&
           oc_double_bits(r.value) == oc_double_bits(t->last);
}

static bool load_tokens(struct oc_tail *t, const uint8_t **p, const uint8_t *end, uint64_t count)
{
    uint64_t span, len;

    if (count > OC_CHUNK_POINTS || !oc_varint_get(p, end, &span) || !oc_varint_get(p, end, &len) ||
        len == 0 || len > OC_TAIL_BYTES || (uint64_t)(end - *p) < len + 1 || **p > 1) {
        return false;
    }
    t->run = *(*p)++;
    t->count = (uint16_t)count;
    t->first_ms = oc_wrap_sub(t->last_ms, oc_unzigzag(span));
    append(t, *p, (size_t)len);
    *p += len;
    return sound(t);
}

bool oc_tail_load(struct oc_tail *t, const uint8_t **p, const uint8_t *end)
{
    uint64_t last_ms, last, count;

    oc_tail_finish(t);
    if (!oc_varint_get(p, end, &last_ms) || end - *p < (ptrdiff_t)sizeof last) {
        return false;
    }
    memcpy(&last, *p, sizeof last);
    *p += sizeof last;
    t->last_ms = oc_unzigzag(last_ms);
    t->last = oc_bits_double(last);
    if (!oc_varint_get(p, end, &count) || (count && !load_tokens(t, p, end, count))) {
        oc_tail_finish(t);
        return false;
    }
    return true;
}

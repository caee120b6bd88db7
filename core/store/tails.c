/* Series handles, appending, and sealing full tails. SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/store/internal.h"

#define FUTURE_MS OC_HOUR /* a point further ahead of the clock is none to hold on to */

/* ---- series ---- */

static struct oc_series_entry *series_add(struct oc_store *s, const struct oc_series_key *key,
                                          uint32_t kind)
{
    struct oc_registry *r = &s->registry;
    struct oc_series_entry *e = oc_registry_add(r, key, r->next_id, kind);

    if (!e && !s->capped) {
        s->capped = true;
        oc_warn("no more series are taken", "series=%zu max=%zu name=%.*s", r->count, r->max,
                (int)key->name.len, key->name.ptr);
    }
    return e;
}

static void set_kind(struct oc_store *s, struct oc_series_entry *e, uint32_t kind)
{
    e->pub.kind = kind;
    s->registry.unsaved += e->saved;
    e->saved = false;
}

struct oc_series *oc_store_series(struct oc_store *s, const char *instance, struct oc_view name,
                                  uint32_t kind, const struct oc_label *labels, uint32_t count)
{
    struct oc_series_key key;
    struct oc_series_entry *e = NULL;

    kind = kind <= OC_KIND_BOOL ? kind : OC_KIND_GAUGE;
    if (oc_series_key_init(&key, instance, name, labels, count)) {
        e = oc_registry_find(&s->registry, &key);
        if (!e) {
            e = series_add(s, &key, kind);
        } else if (e->pub.kind != kind) {
            set_kind(s, e, kind);
        }
    }
    oc_series_key_finish(&key);
    return e ? &e->pub : NULL;
}

const char *oc_store_intern(struct oc_store *s, const char *text)
{
    return oc_interns_add(&s->registry.interns, text, strlen(text));
}

void oc_store_series_each(struct oc_store *s, void (*fn)(void *ctx, struct oc_series *series),
                          void *ctx)
{
    for (size_t i = 0; i < s->registry.count; i++) {
        fn(ctx, &s->registry.items[i]->pub);
    }
}

static size_t put_text(char *buf, size_t size, size_t at, const char *text, bool escape)
{
    for (; *text && at + 2 < size; text++) {
        if (escape && (*text == '"' || *text == '\\' || *text == '\n')) {
            buf[at++] = '\\';
        }
        buf[at++] = escape && *text == '\n' ? 'n' : *text;
    }
    return at;
}

char *oc_series_format(const struct oc_series *series, char *buf, size_t size)
{
    size_t at;

    if (!size) {
        return buf;
    }
    at = put_text(buf, size, 0, series->name, false);
    for (uint32_t i = 0; i < series->label_count; i++) {
        at = put_text(buf, size, at, i ? "," : "{", false);
        at = put_text(buf, size, at, series->labels[i].name, false);
        at = put_text(buf, size, at, "=\"", false);
        at = put_text(buf, size, at, series->labels[i].value, true);
        at = put_text(buf, size, at, "\"", false);
    }
    if (series->label_count) {
        at = put_text(buf, size, at, "}", false);
    }
    buf[at < size ? at : size - 1] = '\0';
    return buf;
}

/* ---- sealing ---- */

static void piece_push(struct oc_store *s, struct oc_piece *piece)
{
    *s->pieces_end = piece;
    s->pieces_end = &piece->next;
    s->piece_bytes += sizeof *piece + piece->len;
    s->piece_samples += piece->count;
}

static void piece_shift(struct oc_store *s)
{
    struct oc_piece *piece = s->pieces;

    s->pieces = piece->next;
    if (!s->pieces) {
        s->pieces_end = &s->pieces;
    }
    s->piece_bytes -= sizeof *piece + piece->len;
    s->piece_samples -= piece->count;
    free(piece);
}

void oc_store_pieces_drop(struct oc_store *s)
{
    while (s->pieces) {
        piece_shift(s);
    }
}

static void pieces_bound(struct oc_store *s)
{
    while (s->pieces && s->piece_bytes > OC_PENDING_BYTES_MAX) {
        s->lost += s->pieces->count;
        piece_shift(s);
    }
}

void oc_store_seal(struct oc_store *s, struct oc_series_entry *e)
{
    size_t count = oc_tail_points(&e->tail, s->points);

    OC_ASSERT(count == e->tail.count && count > 0);
    oc_buf_clear(&s->scratch);
    oc_chunk_encode(s->points, count, &s->scratch);
    struct oc_piece *piece = oc_alloc(sizeof *piece + s->scratch.len);
    *piece = (struct oc_piece){.series = e,
                               .start_ms = s->points[0].time_ms,
                               .count = (uint32_t)count,
                               .len = (uint32_t)s->scratch.len};
    memcpy(piece->data, s->scratch.data, s->scratch.len);
    piece_push(s, piece);
    oc_tail_clear(&e->tail);
    if (s->mode == OC_STORE_DISK && !s->snapshot_due) {
        oc_head_seal(&s->head, e->pub.id);
    }
    pieces_bound(s);
}

/* Series that began together would all be full together; so some are full earlier. */
static size_t tail_limit(const struct oc_series_entry *e)
{
    return OC_TAIL_BYTES - (e->pub.id & 7) * 8;
}

static void head_add(struct oc_store *s, const struct oc_series_entry *e, int64_t time_ms,
                     double value)
{
    if (s->mode != OC_STORE_DISK || s->snapshot_due) {
        return;
    }
    oc_head_sample(&s->head, e->pub.id, time_ms, e->tail.last, value);
    if (s->head.buf.len > OC_HEAD_BYTES_MAX) {
        oc_head_finish(&s->head);
        s->snapshot_due = true;
    }
}

/* A clock that was far ahead and was put right must not silence a series until time has caught up:
 * when its last point lies in the future and this one does not, the points from here on go. True
 * when the series can go on. */
static bool put_right(struct oc_store *s, struct oc_series_entry *e, int64_t time_ms)
{
    int64_t future_ms = oc_time_wall() + FUTURE_MS;

    if (time_ms <= 0 || time_ms > future_ms || e->tail.last_ms <= future_ms) {
        return false;
    }
    size_t count = oc_tail_points(&e->tail, s->points);
    oc_tail_finish(&e->tail);
    for (size_t i = 0; i < count && s->points[i].time_ms < time_ms; i++) {
        oc_tail_add(&e->tail, s->points[i].time_ms, s->points[i].value);
    }
    oc_head_clear(&s->head);
    s->snapshot_due = true; /* the log knows no way back */
    return true;
}

bool oc_store_append(struct oc_store *s, struct oc_series *series, int64_t time_ms, double value)
{
    struct oc_series_entry *e = oc_series_entry(series);
    struct oc_tail *tail = &e->tail;

    if (time_ms >= OC_TIME_MAX || (time_ms <= tail->last_ms && !put_right(s, e, time_ms))) {
        s->dropped++;
        return false;
    }
    if (tail->count &&
        (oc_tail_full(tail, tail_limit(e)) || oc_bucket(time_ms) != oc_bucket(tail->first_ms))) {
        oc_store_seal(s, e);
    }
    head_add(s, e, time_ms, value);
    oc_tail_add(tail, time_ms, value);
    series->value = value;
    series->time_ms = time_ms;
    s->appended++;
    return true;
}

/* Tails on disk: written whole now and then, and replayed. SPDX-License-Identifier: MIT */
#include "core/base/log.h"
#include "core/store/internal.h"
#include "core/store/number.h"

#define VERSION    1
#define PART_BYTES (64u << 10) /* of one row: bounds the memory that writing takes */

static int put_part(struct oc_store *s, size_t *bytes, struct oc_error *err)
{
    int rc = oc_db_run(&s->db, OC_SQL_SNAPSHOT_PUT, err, "b", s->scratch.data, s->scratch.len);
    *bytes += s->scratch.len;
    oc_buf_clear(&s->scratch);
    return rc;
}

static void put_entry(struct oc_buf *out, const struct oc_series_entry *e)
{
    uint8_t id[OC_VARINT_MAX];

    if (!out->len) {
        oc_buf_addc(out, VERSION);
    }
    oc_buf_add(out, id, oc_varint_put(id, e->pub.id));
    oc_tail_save(&e->tail, out);
}

int oc_snapshot_write(struct oc_store *s, size_t *bytes, struct oc_error *err)
{
    int rc = oc_db_run(&s->db, OC_SQL_SNAPSHOT_CLEAR, err, "");

    if (rc == OC_OK) {
        rc = oc_db_run(&s->db, OC_SQL_HEAD_CLEAR, err, "");
    }
    *bytes = 0;
    oc_buf_clear(&s->scratch);
    for (size_t i = 0; i < s->registry.count && rc == OC_OK; i++) {
        const struct oc_series_entry *e = s->registry.items[i];
        if (e->tail.last_ms) {
            put_entry(&s->scratch, e);
        }
        if (s->scratch.len > PART_BYTES) {
            rc = put_part(s, bytes, err);
        }
    }
    if (rc == OC_OK && s->scratch.len) {
        rc = put_part(s, bytes, err);
    }
    oc_buf_finish(&s->scratch);
    return rc;
}

/* A tail that crosses a bucket would break the order of chunks. */
static bool in_one_bucket(const struct oc_tail *t)
{
    return t->last_ms >= 0 && t->last_ms < OC_TIME_MAX &&
           (!t->count || (t->first_ms > 0 && oc_bucket(t->first_ms) == oc_bucket(t->last_ms)));
}

bool oc_snapshot_read(struct oc_store *s, const void *data, size_t len)
{
    const uint8_t *p = data, *end = p + len;

    if (!len || *p++ != VERSION) {
        return false;
    }
    while (p < end) {
        uint64_t id;
        struct oc_tail tail = {0};
        if (!oc_varint_get(&p, end, &id) || !oc_tail_load(&tail, &p, end)) {
            return false;
        }
        struct oc_series_entry *e =
            id <= OC_SERIES_ID_MAX ? oc_registry_by_id(&s->registry, (uint32_t)id) : NULL;
        if (!e || !in_one_bucket(&tail)) {
            oc_tail_finish(&tail);
            continue;
        }
        oc_tail_finish(&e->tail);
        e->tail = tail;
    }
    return true;
}

static void replay_sample(struct oc_store *s, struct oc_series_entry *e, int64_t time_ms,
                          double value)
{
    if (oc_store_append(s, &e->pub, time_ms, value)) {
        e->pub.time_ms = 0; /* the latest sample is one of this run, or none */
        e->pub.value = 0;
        s->appended--;
    }
}

bool oc_store_replay(struct oc_store *s, const void *data, size_t len)
{
    struct oc_head_reader r;

    if (!oc_head_begin(&r, data, len)) {
        return false;
    }
    for (;;) {
        double value;
        enum oc_head_next next = oc_head_step(&r);
        if (next == OC_HEAD_END || next == OC_HEAD_BAD) {
            return next == OC_HEAD_END;
        }
        struct oc_series_entry *e = oc_registry_by_id(&s->registry, r.id);
        if (next == OC_HEAD_SEAL) {
            if (e) {
                oc_tail_clear(&e->tail); /* its points are in a piece */
            }
            continue;
        }
        if (!oc_head_value(&r, e ? e->tail.last : 0, &value)) {
            return false;
        }
        if (e) {
            replay_sample(s, e, r.time_ms, value);
        }
    }
}

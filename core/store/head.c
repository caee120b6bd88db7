/* Records of appended samples. SPDX-License-Identifier: MIT */
#include "core/store/head.h"

#include "core/store/number.h"

#define VERSION    1
#define KIND       0x07u
#define KIND_SEAL  7u
#define NEXT_ID    0x08u
#define SAME_TIME  0x10u
#define RECORD_MAX (1 + 2 * OC_VARINT_MAX + OC_VALUE_BYTES)

void oc_head_clear(struct oc_head *h)
{
    oc_buf_clear(&h->buf);
    h->id = 0;
    h->time_ms = 0;
}

void oc_head_finish(struct oc_head *h)
{
    oc_buf_finish(&h->buf);
    *h = (struct oc_head){0};
}

static void put_record(struct oc_head *h, unsigned kind, uint32_t id, int64_t time_ms,
                       const uint8_t *value, size_t value_len)
{
    uint8_t record[RECORD_MAX];
    size_t len = 1;

    if (!h->buf.len) {
        oc_buf_addc(&h->buf, VERSION);
    }
    record[0] = (uint8_t)kind;
    if (id == h->id + 1) {
        record[0] |= NEXT_ID;
    } else {
        len += oc_varint_put(record + len, oc_zigzag((int64_t)id - (int64_t)h->id));
    }
    if (time_ms == h->time_ms) {
        record[0] |= SAME_TIME;
    } else {
        len += oc_varint_put(record + len, oc_zigzag(time_ms - h->time_ms));
    }
    memcpy(record + len, value, value_len);
    oc_buf_add(&h->buf, record, len + value_len);
    h->id = id;
    h->time_ms = time_ms;
}

void oc_head_sample(struct oc_head *h, uint32_t id, int64_t time_ms, double before, double value)
{
    uint8_t bytes[OC_VALUE_BYTES];
    size_t len;
    unsigned kind = oc_value_put(bytes, before, value, &len);

    put_record(h, kind, id, time_ms, bytes, len);
}

void oc_head_seal(struct oc_head *h, uint32_t id)
{
    put_record(h, KIND_SEAL, id, h->time_ms, (const uint8_t *)"", 0);
}

bool oc_head_begin(struct oc_head_reader *r, const void *data, size_t len)
{
    *r = (struct oc_head_reader){.p = data, .end = (const uint8_t *)data + len};
    return len > 0 && *r->p++ == VERSION;
}

enum oc_head_next oc_head_step(struct oc_head_reader *r)
{
    uint64_t delta;

    if (r->p == r->end) {
        return OC_HEAD_END;
    }
    unsigned token = *r->p++;
    if (token & NEXT_ID) {
        r->id++;
    } else if (oc_varint_get(&r->p, r->end, &delta)) {
        r->id = (uint32_t)oc_wrap_add(r->id, oc_unzigzag(delta));
    } else {
        return OC_HEAD_BAD;
    }
    if (!(token & SAME_TIME)) {
        if (!oc_varint_get(&r->p, r->end, &delta)) {
            return OC_HEAD_BAD;
        }
        r->time_ms = oc_wrap_add(r->time_ms, oc_unzigzag(delta));
    }
    r->kind = token & KIND;
    return r->kind == KIND_SEAL ? OC_HEAD_SEAL : OC_HEAD_SAMPLE;
}

bool oc_head_value(struct oc_head_reader *r, double before, double *value)
{
    return oc_value_get(r->kind, &r->p, r->end, before, value);
}

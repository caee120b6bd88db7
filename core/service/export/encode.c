/* A WriteRequest in protobuf's wire format. SPDX-License-Identifier: MIT */
#include "core/service/export/encode.h"

#include <math.h>
#include <string.h>

#define STALE_NAN UINT64_C(0x7ff0000000000002) /* Prometheus, model/value: StaleNaN */

enum { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_BYTES = 2 };

static size_t varint_size(uint64_t v)
{
    size_t size = 1;
    while (v >= 0x80) {
        v >>= 7;
        size++;
    }
    return size;
}

static void add_varint(struct oc_buf *out, uint64_t v)
{
    while (v >= 0x80) {
        oc_buf_addc(out, (char)(0x80 | (v & 0x7f)));
        v >>= 7;
    }
    oc_buf_addc(out, (char)v);
}

static void add_key(struct oc_buf *out, unsigned field, unsigned wire)
{
    add_varint(out, field << 3 | wire);
}

static size_t bytes_size(size_t len)
{
    return 1 + varint_size(len) + len;
}

static void add_bytes(struct oc_buf *out, unsigned field, const char *text, size_t len)
{
    add_key(out, field, WIRE_BYTES);
    add_varint(out, len);
    oc_buf_add(out, text, len);
}

static size_t label_size(const struct oc_encode_label *l)
{
    return bytes_size(strlen(l->name)) + bytes_size(strlen(l->value));
}

static void add_label(struct oc_buf *out, const struct oc_encode_label *l)
{
    add_key(out, 1, WIRE_BYTES);
    add_varint(out, label_size(l));
    add_bytes(out, 1, l->name, strlen(l->name));
    add_bytes(out, 2, l->value, strlen(l->value));
}

/* Fixed 64 bits, the lowest byte first. */
static void add_double(struct oc_buf *out, unsigned field, double value)
{
    uint64_t bits;
    char bytes[8];
    memcpy(&bits, &value, sizeof bits);
    bits = isnan(value) ? STALE_NAN : bits;
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (char)(bits >> (8 * i) & 0xff);
    }
    add_key(out, field, WIRE_64);
    oc_buf_add(out, bytes, sizeof bytes);
}

void oc_encode_sample(struct oc_buf *out, const struct oc_encode_label *labels, size_t count,
                      int64_t time_ms, double value)
{
    size_t sample = 1 + 8 + 1 + varint_size((uint64_t)time_ms), series = bytes_size(sample);
    for (size_t i = 0; i < count; i++) {
        series += bytes_size(label_size(&labels[i]));
    }
    add_key(out, 1, WIRE_BYTES);
    add_varint(out, series);
    for (size_t i = 0; i < count; i++) {
        add_label(out, &labels[i]);
    }
    add_key(out, 2, WIRE_BYTES);
    add_varint(out, sample);
    add_double(out, 1, value);
    add_key(out, 2, WIRE_VARINT);
    add_varint(out, (uint64_t)time_ms);
}

/* Lines of the ledger's files: a checksum, a flag, a text. SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/map.h"
#include "core/base/mem.h"
#include "core/store/ledger/ledger_internal.h"

#define SEED  UINT64_C(0x6c65646765723031)
#define HEAD  9 /* checksum and flag */
#define CHUNK (128u << 10)
#define AHEAD 0x1000000u /* entries that a damaged place may hide */

static uint32_t sum_of(char flag, const char *text, size_t len)
{
    const uint64_t sum = oc_hash_bytes(text, len, SEED + (unsigned char)flag);
    return (uint32_t)(sum ^ sum >> 32);
}

static void put_hex(char *to, const uint8_t *bytes, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < len; i++) {
        to[2 * i] = digits[bytes[i] >> 4];
        to[2 * i + 1] = digits[bytes[i] & 15];
    }
}

/* Small letters only: every text has one form. */
static bool get_hex(const char *from, uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < 2 * len; i++) {
        const char c = from[i];
        const bool digit = c >= '0' && c <= '9';
        if (!digit && (c < 'a' || c > 'f')) {
            return false;
        }
        const uint8_t value = (uint8_t)(digit ? c - '0' : c - 'a' + 10);
        bytes[i / 2] = (uint8_t)(i % 2 ? bytes[i / 2] | value : value << 4);
    }
    return true;
}

void oc_ledger_line_put(struct oc_buf *out, char flag, uint64_t number, const char *text,
                        size_t len)
{
    const uint32_t sum = sum_of(flag, text, len) ^ (uint32_t)number;
    const uint8_t bytes[4] = {(uint8_t)(sum >> 24), (uint8_t)(sum >> 16), (uint8_t)(sum >> 8),
                              (uint8_t)sum};
    char head[HEAD];
    put_hex(head, bytes, 4);
    head[8] = flag;
    oc_buf_reserve(out, sizeof head + len + 1);
    oc_buf_add(out, head, sizeof head);
    oc_buf_add(out, text, len);
    oc_buf_addc(out, '\n');
}

bool oc_ledger_line_get(const char *data, size_t left, uint32_t *number,
                        struct oc_ledger_line *line)
{
    uint8_t b[4];
    const char *end = left > HEAD ? memchr(data + HEAD, '\n', left - HEAD) : NULL;
    if (!end || !get_hex(data, b, 4)) {
        return false;
    }
    *line = (struct oc_ledger_line){data[8], data + HEAD, (size_t)(end - data) - HEAD,
                                    (size_t)(end - data) + 1};
    const uint32_t sum =
        (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | (uint32_t)b[3];
    *number = sum ^ sum_of(line->flag, line->text, line->len);
    return line->flag == OC_LEDGER_HEADER || line->flag == OC_LEDGER_BEGINS ||
           line->flag == OC_LEDGER_GOES_ON;
}

/* ---- headers ---- */

static void header_text(struct oc_buf *out, const struct oc_frontier *f, uint64_t segment_size)
{
    char hex[2 * OC_LEDGER_HASH];
    const char *comma = "";
    oc_buf_addf(out, "{\"openclaw\":\"ledger/1\",\"first\":%llu,\"entries\":%llu,\"edge\":[",
                (unsigned long long)f->size, (unsigned long long)segment_size);
    for (unsigned level = 0; level < OC_FRONTIER_LEVELS; level++) {
        if (f->size >> level & 1) {
            put_hex(hex, f->hash[level], OC_LEDGER_HASH);
            oc_buf_addf(out, "%s\"%.*s\"", comma, (int)sizeof hex, hex);
            comma = ",";
        }
    }
    oc_buf_adds(out, "]}");
}

void oc_ledger_header_put(struct oc_buf *out, const struct oc_frontier *f, uint64_t segment_size)
{
    struct oc_buf text = {0};
    header_text(&text, f, segment_size);
    oc_ledger_line_put(out, OC_LEDGER_HEADER, f->size, text.data, text.len);
    oc_buf_finish(&text);
}

static bool read_edge(const json_t *list, struct oc_frontier *f)
{
    size_t at = 0;
    for (unsigned level = 0; level < OC_FRONTIER_LEVELS; level++) {
        if (f->size >> level & 1) {
            const json_t *one = json_array_get(list, at++);
            if (json_string_length(one) != 2 * (size_t)OC_LEDGER_HASH ||
                !get_hex(json_string_value(one), f->hash[level], OC_LEDGER_HASH)) {
                return false;
            }
        }
    }
    return true;
}

bool oc_ledger_header_get(const char *text, size_t len, struct oc_frontier *f,
                          uint64_t *segment_size)
{
    json_t *o = oc_json_parse(text, len, NULL);
    struct oc_buf again = {0};
    const int64_t first = oc_json_int(o, "first", -1), size = oc_json_int(o, "entries", 0);
    memset(f, 0, sizeof *f);
    bool good = first >= 0 && first >> OC_FRONTIER_LEVELS == 0 && size > 0 && size <= 1 << 24 &&
                (size & (size - 1)) == 0 && first % size == 0;
    if (good) {
        f->size = (uint64_t)first;
        *segment_size = (uint64_t)size;
        good = read_edge(json_object_get(o, "edge"), f);
        header_text(&again, f, *segment_size);
    }
    good = good && again.len == len && memcmp(again.data, text, len) == 0;
    oc_buf_finish(&again);
    json_decref(o);
    return good;
}

/* ---- reading ---- */

void oc_ledger_reader_begin(struct oc_ledger_reader *r, int fd, uint64_t offset, uint64_t limit)
{
    *r = (struct oc_ledger_reader){.fd = fd, .offset = offset, .limit = limit};
}

void oc_ledger_reader_end(struct oc_ledger_reader *r)
{
    free(r->data);
    r->data = NULL;
}

/* More bytes behind those that are there. False at the end of the file, or when it cannot be read. */
static bool more(struct oc_ledger_reader *r)
{
    const size_t left = r->len - r->at;
    if (r->at > 0 && left > 0) {
        memmove(r->data, r->data + r->at, left);
    }
    r->at = 0;
    r->len = left;
    if (r->cap - r->len < CHUNK) {
        r->cap = r->len + CHUNK;
        r->data = oc_realloc(r->data, r->cap);
    }
    const uint64_t from = r->offset + r->len;
    const uint64_t want = from < r->limit ? r->limit - from : 0;
    if (want == 0 || r->len > 2 * OC_LEDGER_LINE_MAX) {
        return false;
    }
    const size_t room = r->cap - r->len;
    ssize_t n;
    do {
        n = pread(r->fd, r->data + r->len, want < room ? (size_t)want : room, (off_t)from);
    } while (n < 0 && errno == EINTR);
    r->error = n < 0 ? errno : 0;
    r->len += n > 0 ? (size_t)n : 0;
    return n > 0;
}

enum oc_ledger_got oc_ledger_reader_next(struct oc_ledger_reader *r, bool header, uint64_t number,
                                         struct oc_ledger_line *line)
{
    uint32_t said = 0;
    bool whole = false;
    do {
        const size_t left = r->len - r->at;
        whole = left > 0 && memchr(r->data + r->at, '\n', left);
    } while (!whole && more(r));
    if (r->error) {
        return OC_LEDGER_FAILED;
    }
    if (r->at == r->len) {
        return OC_LEDGER_END;
    }
    if (!oc_ledger_line_get(r->data + r->at, r->len - r->at, &said, line)) {
        return OC_LEDGER_BAD;
    }
    if (said != (uint32_t)number || header != (line->flag == OC_LEDGER_HEADER) ||
        line->len > OC_LEDGER_ENTRY_MAX) {
        r->other = true;
        return OC_LEDGER_BAD;
    }
    r->at += line->size;
    r->offset += line->size;
    return OC_LEDGER_LINE;
}

/* Wherever in the bytes it is: the end of the line before it may be what is damaged. */
static bool has_group(const char *data, size_t len, uint64_t number)
{
    static const char begins[] =
        " {\"time\":"; /* no text has this inside: quotes are escaped there */
    const char *at = data, *end = data + len;
    while ((at = memmem(at, (size_t)(end - at), begins, sizeof begins - 1))) {
        struct oc_ledger_line line;
        uint32_t said = 0;
        if (at - data >= 8 && oc_ledger_line_get(at - 8, (size_t)(end - at) + 8, &said, &line) &&
            said - (uint32_t)number < AHEAD) {
            return true;
        }
        at++;
    }
    return false;
}

bool oc_ledger_reader_goes_on(struct oc_ledger_reader *r, uint64_t number)
{
    bool end = false;
    if (r->other) { /* no crash puts a sound line there */
        return true;
    }
    while (!end) {
        end = !more(r);
        if (r->len > OC_LEDGER_LINE_MAX || end) {
            const size_t keep = end ? r->len : OC_LEDGER_LINE_MAX;
            if (has_group(r->data, r->len, number)) {
                return true;
            }
            r->at = r->len - keep; /* a line may go on in what is read next */
            r->offset += r->at;
        }
    }
    return false;
}

/* Two texts, parted by a zero byte: their changes make the second of the first, and what is told of them is JSON. SPDX-License-Identifier: MIT */
// uses: oc_base
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/textdiff.h"

static void add(struct oc_buf *out, const struct oc_text_line *line)
{
    oc_buf_add(out, line->text, line->len);
}

static void check_changes(const struct oc_textdiff *d, const char *text, size_t len)
{
    struct oc_buf made = {0};
    size_t at = 0;
    for (size_t i = 0; i < d->changes.count; i++) {
        const struct oc_text_change *c = &d->changes.items[i];
        OC_ASSERT(c->old_count + c->new_count > 0 && c->old_at >= at);
        for (; at < c->old_at; at++) {
            add(&made, &d->old_lines.items[at]);
        }
        at += c->old_count;
        for (size_t k = 0; k < c->new_count; k++) {
            add(&made, &d->new_lines.items[c->new_at + k]);
        }
    }
    for (; at < d->old_lines.count; at++) {
        add(&made, &d->old_lines.items[at]);
    }
    OC_ASSERT(made.len == len && (!len || memcmp(made.data, text, len) == 0));
    oc_buf_finish(&made);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct oc_textdiff_limits limits = {
        .context = 2, .lines = 40, .bytes = 2000, .line = 30};
    const char *text = (const char *)data;
    const char *zero = size ? memchr(text, 0, size) : NULL;
    const size_t len = zero ? (size_t)(zero - text) : size;
    const char *next = zero ? zero + 1 : text;
    const size_t next_len = zero ? size - len - 1 : size;
    struct oc_textdiff d;
    oc_textdiff_init(&d, text, len, next, next_len);
    check_changes(&d, next, next_len);
    json_t *o = oc_textdiff_json(&d, &limits);
    char *written = oc_json_text(o);
    OC_ASSERT(json_array_size(json_object_get(o, "lines")) <= limits.lines);
    OC_ASSERT(written && strlen(written) < limits.bytes + 200);
    free(written);
    json_decref(o);
    oc_textdiff_finish(&d);
    return 0;
}

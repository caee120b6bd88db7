/* Changes as the lines of a unified diff, no more of them than can be read. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/textdiff.h"
#include "core/base/utf8.h"

struct writer {
    const struct oc_textdiff_limits *limits;
    json_t *lines;
    size_t bytes, left_out;
};

/* What it takes in JSON, with its quotes and its comma. */
static size_t size_in_json(const char *text)
{
    size_t size = 3;
    for (; *text; text++) {
        size += (unsigned char)*text < ' ' ? 6 : *text == '"' || *text == '\\' ? 2 : 1;
    }
    return size;
}

/* Takes the text. Once one was left out all that follow are: a diff with holes would read as another one. */
static void put(struct writer *w, char *text)
{
    const size_t size = size_in_json(text);
    if (w->left_out || json_array_size(w->lines) >= w->limits->lines ||
        w->bytes + size > w->limits->bytes) {
        w->left_out++;
    } else {
        w->bytes += size;
        json_array_append_new(w->lines, json_string(text));
    }
    free(text);
}

static void put_line(struct writer *w, char sign, const struct oc_text_line *line)
{
    const bool whole = line->text[line->len - 1] == '\n';
    const size_t len = whole ? line->len - 1 : line->len;
    const bool cut = len > w->limits->line;
    size_t shown = cut ? w->limits->line : len;
    while (cut && shown && oc_utf8_inner(line->text[shown])) {
        shown--; /* not within a character */
    }
    char *clean = oc_utf8_clean(line->text, shown);
    put(w, oc_asprintf("%c%s%s", sign, clean, cut ? "…" : ""));
    free(clean);
    if (!whole) {
        put(w, oc_strdup("\\ No newline at end of file"));
    }
}

/* Where a range begins as diffs have it: from 1; an empty one stands behind the line before it. */
static size_t begin_of(size_t at, size_t count)
{
    return count ? at + 1 : at;
}

/* Changes `first` to `last` and what is around them. */
static void put_hunk(struct writer *w, const struct oc_textdiff *d, size_t first, size_t last)
{
    const struct oc_text_change *c = d->changes.items, *end = &c[last];
    const size_t before =
        c[first].old_at < w->limits->context ? c[first].old_at : w->limits->context;
    const size_t after = d->old_lines.count - end->old_at - end->old_count;
    const size_t tail = after < w->limits->context ? after : w->limits->context;
    size_t at = c[first].old_at - before;
    const size_t old_count = end->old_at + end->old_count + tail - at;
    const size_t new_at = c[first].new_at - before;
    const size_t new_count = end->new_at + end->new_count + tail - new_at;
    put(w, oc_asprintf("@@ -%zu,%zu +%zu,%zu @@", begin_of(at, old_count), old_count,
                       begin_of(new_at, new_count), new_count));
    for (size_t i = first; i <= last; i++) {
        for (; at < c[i].old_at; at++) {
            put_line(w, ' ', &d->old_lines.items[at]);
        }
        for (size_t k = 0; k < c[i].old_count; k++, at++) {
            put_line(w, '-', &d->old_lines.items[at]);
        }
        for (size_t k = 0; k < c[i].new_count; k++) {
            put_line(w, '+', &d->new_lines.items[c[i].new_at + k]);
        }
    }
    for (size_t k = 0; k < tail; k++) {
        put_line(w, ' ', &d->old_lines.items[at + k]);
    }
}

json_t *oc_textdiff_json(const struct oc_textdiff *d, const struct oc_textdiff_limits *limits)
{
    struct writer w = {.limits = limits, .lines = json_array()};
    const struct oc_text_change *c = d->changes.items;
    size_t added = 0, removed = 0;
    for (size_t first = 0, last; first < d->changes.count; first = last + 1) {
        last = first;
        while (last + 1 < d->changes.count &&
               c[last + 1].old_at - c[last].old_at - c[last].old_count <= 2 * limits->context) {
            last++;
        }
        put_hunk(&w, d, first, last);
    }
    for (size_t i = 0; i < d->changes.count; i++) {
        added += c[i].new_count;
        removed += c[i].old_count;
    }
    json_t *o = json_object();
    oc_json_set_int(o, "added", (int64_t)added);
    oc_json_set_int(o, "removed", (int64_t)removed);
    oc_json_take(o, "lines", w.lines);
    oc_json_set_int(o, "left_out", (int64_t)w.left_out);
    return o;
}

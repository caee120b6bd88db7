/* What differs between two texts, line by line, and that as a unified diff. SPDX-License-Identifier: MIT
 *
 * The shortest list of changes (Myers, "An O(ND) difference algorithm and its variations", 1986) as long as it has no more than
 * OC_TEXTDIFF_MOST lines and does not take too long to find; texts that have less in common are told as one block that replaces
 * another, which is as true and needs no time. A line is what ends in '\n'; the last one may lack it, and then differs from one that has it. [any] */
#ifndef OC_BASE_TEXTDIFF_H
#define OC_BASE_TEXTDIFF_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/vec.h"

#define OC_TEXTDIFF_MOST 800

struct oc_text_line {
    const char *text; /* borrowed */
    size_t len;       /* with its '\n' */
    uint64_t hash;
};

/* `old_count` lines from `old_at` on, counted from 0, became `new_count` lines from `new_at` on; one of the counts may be 0. */
struct oc_text_change {
    size_t old_at, old_count, new_at, new_count;
};

struct oc_textdiff {
    OC_VEC(struct oc_text_line) old_lines, new_lines;
    OC_VEC(struct oc_text_change)
    changes; /* in order; between two of them at least one line is the same */
};

/* Both texts are borrowed until the end. */
void oc_textdiff_init(struct oc_textdiff *d, const char *old_text, size_t old_len,
                      const char *new_text, size_t new_len);
void oc_textdiff_finish(struct oc_textdiff *d);

/* How much of it may be told. */
struct oc_textdiff_limits {
    size_t context; /* lines before and after each change */
    size_t lines;   /* of the diff */
    size_t bytes;   /* as JSON */
    size_t line;    /* bytes of one line; what is longer is cut with "…" */
};

/* {"added", "removed": lines in all, "lines": ["@@ -1,4 +1,5 @@", " same", "-gone", "+new", ...], "left_out": lines of the diff beyond
 * the limits}. Valid UTF-8 whatever the texts hold. Owned by the caller. */
json_t *oc_textdiff_json(const struct oc_textdiff *d, const struct oc_textdiff_limits *limits);

#endif

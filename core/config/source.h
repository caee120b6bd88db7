/* One configuration text with its includes, checked for libconfig. SPDX-License-Identifier: MIT
 *
 * libconfig 1.5 reads includes without limits, cuts integers off at 32 bits without a word, says
 * "syntax error" for everything and recurses as deep as a text nests. So a text goes through here
 * first: includes are put in place (relative to the file that names them), sizes and nesting are
 * checked, mistakes are named, wide integers get their suffix L, arrays become lists (which may mix
 * types), and a comma before a closing bracket is forgiven. [any] */
#ifndef OC_CONFIG_SOURCE_H
#define OC_CONFIG_SOURCE_H

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/error.h"
#include "core/base/vec.h"
#include "core/config/parse.h"

/* The lines of the text from `first` on come from `file`, where they begin at `line`. */
struct oc_source_run {
    int first;
    const char *file, *dir;
    int line;
};

struct oc_source {
    struct oc_buf text;
    OC_VEC(struct oc_source_run) runs;
};

/* OC_E_CONFIG with "file:line: what" as the message. Names in the runs live in `arena`. */
int oc_source_init(struct oc_source *source, struct oc_arena *arena, const char *text, size_t len,
                   const struct oc_parse_from *from, struct oc_error *err);
void oc_source_finish(struct oc_source *source);

/* The file, folder and line behind a line of the text. */
struct oc_source_run oc_source_at(const struct oc_source *source, int line);

#endif

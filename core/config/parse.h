/* From libconfig text to a tree of nodes: the loader without layers. SPDX-License-Identifier: MIT
 * [any] */
#ifndef OC_CONFIG_PARSE_H
#define OC_CONFIG_PARSE_H

#include <stdbool.h>

#include "core/base/arena.h"
#include "core/base/error.h"
#include "core/config/node.h"

#define OC_CONFIG_MAX_BYTES    (1u << 20) /* a file with everything that it includes */
#define OC_CONFIG_MAX_DEPTH    32         /* groups and lists inside each other */
#define OC_CONFIG_MAX_KEYS     1024 /* in one group: libconfig looks for duplicates one by one */
#define OC_CONFIG_MAX_INCLUDES 64   /* files in all */

enum oc_includes { OC_INCLUDES_FOLLOW, OC_INCLUDES_REFUSE, OC_INCLUDES_SKIP };

struct oc_parse_from {
    const char *file; /* the name in messages and nodes */
    const char
        *dir; /* what relative paths and includes are relative to; NULL = the working directory */
    enum oc_layer layer;
    enum oc_includes includes;
    bool secret; /* no message repeats any of it; else what stands behind a secret's name is not */
};

/* The tree of a text; it lives in `arena`. NULL and OC_E_CONFIG with "file:line: what" when it does
 * not parse. Bytes from anywhere are fine; with OC_INCLUDES_REFUSE nothing but the text is read. */
struct oc_node *oc_config_parse(struct oc_arena *arena, const char *text, size_t len,
                                const struct oc_parse_from *from, struct oc_error *err);
/* As oc_config_parse for a file; also OC_E_NOT_FOUND and OC_E_DENIED. */
struct oc_node *oc_config_parse_file(struct oc_arena *arena, const char *file, enum oc_layer layer,
                                     struct oc_error *err);

/* One value given as text outside a file: libconfig text when it begins with a quotation mark or an
 * opening bracket, true and false, a number when it is written the way this program writes numbers,
 * else a string as it stands. */
struct oc_node *oc_config_value(struct oc_arena *arena, const char *key, const char *text,
                                const struct oc_parse_from *from, struct oc_error *err);

#endif

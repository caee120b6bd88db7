/* Where alerts end in the tree of routes: in what groups, when, and in which words people are told. SPDX-License-Identifier: MIT  [loop]
 *
 * There are as many leaves as routes that were ever taken: each is kept once, never changes and lives as long as the service, so that groups can
 * point to it. Times are ms. */
#ifndef OC_SERVICE_ALERT_LEAF_H
#define OC_SERVICE_ALERT_LEAF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/buf.h"
#include "core/base/map.h"
#include "core/base/vec.h"
#include "core/policy/ask.h"

#define OC_LEAF_NAMES_MAX 16   /* of group_by, of mute, of active */
#define OC_LEAVES_MAX     4096 /* beyond, what a policy makes up is told with the defaults */

struct oc_leaf_names {
    char **items; /* owned */
    size_t count;
};

struct oc_leaf {
    char *path;                    /* '{}/{severity="critical"}' */
    struct oc_leaf_names group_by; /* labels; empty: all alerts are one group */
    struct oc_leaf_names mute;     /* intervals in which nothing is told ... */
    struct oc_leaf_names active;   /* ... or, unless empty, outside of which */
    int64_t wait, interval, repeat;
    char *text; /* of a notification, "{{count}} alerts for {{agent}}"; NULL: the usual words */
    bool each;  /* group_by is "...": each alert is a group of its own */
    bool send_resolved;
    bool grouped; /* else alerts are told one by one, at once */
};

/* What the configuration says where a route says nothing. */
struct oc_leaf_defaults {
    const char *const *group_by; /* borrowed */
    size_t group_by_count;
    int64_t wait, interval, repeat;
};

struct oc_leaves {
    struct oc_leaf_defaults defaults;
    struct oc_map by_key;
    OC_VEC(struct oc_leaf *) list;
    struct oc_buf key; /* scratch */
};

void oc_leaves_finish(struct oc_leaves *l);
/* The leaf of one item of a `route` policy's answer; NULL: of a plain name, which has the defaults. Borrowed. */
const struct oc_leaf *oc_leaves_get(struct oc_leaves *l, const struct oc_answer *item);

#endif

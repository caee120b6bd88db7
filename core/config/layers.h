/* What a loaded configuration consists of. SPDX-License-Identifier: MIT  [loop] */
#ifndef OC_CONFIG_LAYERS_H
#define OC_CONFIG_LAYERS_H

#include "core/base/arena.h"
#include "core/config/config.h"

/* A file (or the built-in text) as a whole, or one value from the environment or a flag. */
struct oc_layer_entry {
    const struct oc_node *node; /* the root of the file, or the value */
    const char *key;            /* of the value, canonical (path.h); NULL for a file */
};

struct oc_config {
    struct oc_arena arena; /* holds every node */
    char *file, *folder, *home;
    OC_VEC(struct oc_layer_entry) layers; /* from the lowest up */
    const struct oc_node *root;           /* all layers merged */
};

#endif

/* What the parts of the binder share. SPDX-License-Identifier: MIT  [any] */
#ifndef OC_CONFIG_BINDER_H
#define OC_CONFIG_BINDER_H

#include "core/base/buf.h"
#include "core/config/bind.h"

#define OC_BIND_MAX_ITEMS 16384 /* of one list */
#define OC_BIND_MAX_DEPTH 8     /* of option tables inside each other */

struct oc_binder {
    size_t stride;
    struct oc_arena *arena;
    struct oc_diags *diags;
    bool plain_secrets; /* a secret is the text itself: parameters from a peer must not name files
                           or variables */
    bool default_list;  /* so it is in the default of a list, a map or groups, which a manifest may
                           have */
    int depth;          /* of tables */
};

/* Where a value is, as a chain on the stack that becomes text only when there is something to say.
 */
struct oc_where {
    const struct oc_where *up;
    const char *key; /* NULL: the item `index` of the list above */
    size_t index;
};

/* Adds an error about `node` (NULL: about something that is not there). */
void oc_binder_fail(struct oc_binder *b, const struct oc_where *where, const struct oc_node *node,
                    const char *hint, const char *fmt, ...) __attribute__((format(printf, 5, 6)));
void oc_binder_warn(struct oc_binder *b, const struct oc_where *where, const struct oc_node *node,
                    const char *hint, const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* Writes one value that is not a list or a group into `slot`; on failure the slot is left alone. */
void oc_bind_scalar(struct oc_binder *b, const struct oc_option *option, const struct oc_node *node,
                    const struct oc_where *where, void *slot);
/* "$env:NAME" or "$file:PATH". */
bool oc_secret_is_reference(const char *text);
/* Resolves a secret; NULL after a finding. `node` is a string. */
const char *oc_bind_secret(struct oc_binder *b, const struct oc_node *node,
                           const struct oc_where *where);
/* "expected <what the option wants>, found <what is there>", with a hint where one helps. */
void oc_bind_mismatch(struct oc_binder *b, const struct oc_option *option,
                      const struct oc_node *node, const struct oc_where *where);

/* Bytes that a value of the type takes in the target; 0 for an unknown type. GROUP: 1, as its size
 * is not known. */
size_t oc_option_size(uint32_t type);
/* A scalar as the text that would give it. */
const char *oc_scalar_text(struct oc_arena *arena, const struct oc_node *node);
/* "a|b|c" as an array in the arena; returns the number of choices. NULL gives none. */
size_t oc_choices_split(const char *choices, struct oc_arena *arena, const char ***out);

#endif

/* Parameters of an operation from a query string. SPDX-License-Identifier: MIT  [any]
 *
 * The option table says what a text means: "true" is a boolean, "7" a whole number, a name that comes twice a list. What the
 * table does not know is refused with the nearest name; nothing is guessed and nothing is left out. */
#ifndef OC_API_QUERY_H
#define OC_API_QUERY_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include <openclaw/plugin.h>

#include "core/base/error.h"

#define OC_QUERY_PAIRS_MAX 256

struct oc_query_pair {
    const char *name, *value; /* decoded, UTF-8 */
};

/* An object for oc_bind_json, owned by the caller; NULL and OC_E_CONFIG when a pair does not fit the table (NULL: one without
 * options). A map is given entry by entry, `labels[team]=db`. */
json_t *oc_query_params(const struct oc_option *table, const struct oc_query_pair *pairs,
                        size_t count, struct oc_error *err);

/* Whether an option can be written in a query at all: groups cannot, and secrets must not (URLs are logged). */
bool oc_query_takes(const struct oc_option *option);

#endif

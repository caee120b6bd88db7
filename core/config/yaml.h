/* A YAML document as JSON. SPDX-License-Identifier: MIT  [any] */
#ifndef OC_CONFIG_YAML_H
#define OC_CONFIG_YAML_H

#include "core/base/error.h"
#include "core/base/json.h"

/* The one document of a text, of mappings with scalar keys, sequences and scalars (typed by the core
 * schema of YAML 1.2). Aliases are refused, so nothing can grow; nesting is bounded by
 * OC_CONFIG_MAX_DEPTH and the number of values by 100 000. NULL and OC_E_CONFIG with the line in the
 * message on failure, which what follows the document is, too. Owned by the caller. */
json_t *oc_yaml_parse(const char *text, size_t len, struct oc_error *err);

#endif

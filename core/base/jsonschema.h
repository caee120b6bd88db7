/* JSON Schema, the part that describes arguments. SPDX-License-Identifier: MIT  [any]
 *
 * Keywords that count (JSON Schema 2020-12): type (a name or a list), enum, const, properties, required,
 * additionalProperties, minProperties, maxProperties, items, minItems, maxItems, uniqueItems, minLength, maxLength (in code
 * points), minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf (of integers), anyOf, oneOf, allOf, not, and the
 * schemas true and false. `$ref` and `$dynamicRef` are not supported: a schema with one is refused. All else, also `pattern`
 * and `format`, is an annotation. Nesting is bounded, and so is the work. */
#ifndef OC_BASE_JSONSCHEMA_H
#define OC_BASE_JSONSCHEMA_H

#include <jansson.h>

#include "core/base/error.h"

/* OC_OK, or OC_E_CONFIG with where in the value, what was expected and what was found: "a.b[2]: expected a whole number, found
 * a text". `name` is what the value is called there ("arguments"). */
int oc_jsonschema_check(const json_t *schema, const json_t *value, const char *name,
                        struct oc_error *err);

#endif

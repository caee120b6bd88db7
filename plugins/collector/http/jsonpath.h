/* Values in a JSON document by path. SPDX-License-Identifier: MIT [any] */
#ifndef OC_HTTP_JSONPATH_H
#define OC_HTTP_JSONPATH_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define JSON_DEPTH_MAX 64

/* Parses a document from outside; NULL when it is none or is nested deeper than JSON_DEPTH_MAX
 * (jansson recurses, and a worker's stack is small). Owned by the caller. */
json_t *json_parse_bounded(const char *text, size_t len);

/* Whether `path` can be followed at all: "a.b[0].c", with "$" or "$." in front if one likes,
 * ".length" at the end. */
bool json_path_valid(const char *path);

/* The value at `path`, a new reference; NULL when there is none. ".length" is the size of an array,
 * object or string, unless the object has a member of that name. */
json_t *json_path_get(json_t *root, const char *path);

/* Whether `value` is what `text` says: strings as they are, numbers by value, true, false and null
 * by name. */
bool json_equals_text(const json_t *value, const char *text);

#endif

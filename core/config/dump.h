/* From a tree back to libconfig text. SPDX-License-Identifier: MIT  [any] */
#ifndef OC_CONFIG_DUMP_H
#define OC_CONFIG_DUMP_H

#include "core/base/buf.h"
#include "core/config/node.h"

#define OC_NUMBER_TEXT 32

/* Appends the members of a group, one setting after the other; short groups and lists take one
 * line. What is written parses to the same tree. Returns the number of keys that were left out
 * because libconfig cannot spell them. */
size_t oc_config_dump(const struct oc_node *group, struct oc_buf *out);

/* A value on one line; returns the same. */
size_t oc_dump_value(const struct oc_node *node, struct oc_buf *out);
/* JSON to be shown: an object as its members, anything else as a value on one line. What cannot be spelled is counted in a comment.
 * Owned by the caller. */
char *oc_dump_json(const json_t *value);
void oc_dump_string(const char *s, struct oc_buf *out); /* with its quotation marks */
/* The shortest decimal number that reads back as `value` (finite), always with a point or an
 * exponent. */
char *oc_number_text(double value, char text[OC_NUMBER_TEXT]);
bool oc_config_name_valid(const char *name); /* a key that libconfig can spell */

#endif

/* The place of a setting in a libconfig text. SPDX-License-Identifier: MIT  [any] */
#ifndef OC_CONFIG_LOCATE_H
#define OC_CONFIG_LOCATE_H

#include <stdbool.h>
#include <stddef.h>

/* Offsets into the text. */
struct oc_place {
    bool found;
    size_t start; /* of the name, or of the item of a list; when not found: of the members of the
                     group to add to */
    size_t value_start, value_end; /* found only */
    bool value_string;             /* found only: the value is in quotation marks */
    size_t end; /* found: behind the separator; else: of the members of the group, where its bracket
                   closes */
    size_t last; /* not found: behind the last member of the group (with its separator), `start`
                    when it has none */
    const char *rest; /* not found: the part of the key that is missing below that group */
};

/* Finds `key`, in which items of lists go by number, in a text that parses. False when the key
 * leads through something that is not a group or a list, or through a list item that is not there.
 */
bool oc_locate(const char *text, size_t len, const char *key, struct oc_place *place);

#endif

/* Strings kept once. SPDX-License-Identifier: MIT  [loop]
 *
 * Equal texts are equal pointers; they live as long as the set. The bytes sit in blocks without a
 * header each: label values are many and short. */
#ifndef OC_STORE_INTERN_H
#define OC_STORE_INTERN_H

#include <stddef.h>
#include <stdint.h>

struct oc_interns {
    const char **slots; /* owned; open addressing */
    size_t count, cap;
    struct oc_intern_block *blocks; /* owned */
    uint64_t seed;
};

void oc_interns_init(struct oc_interns *set, uint64_t seed);
void oc_interns_finish(struct oc_interns *set);
const char *oc_interns_add(struct oc_interns *set, const char *text,
                           size_t len); /* without NUL bytes */

#endif

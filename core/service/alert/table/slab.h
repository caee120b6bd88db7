/* Numbered things of one size, in slabs. SPDX-License-Identifier: MIT  [loop]
 *
 * For tens of thousands of small records that point to each other: a number takes half the room of a pointer, and growing neither moves what is there nor leaves a half of
 * it empty, as a doubled array does. Numbers begin at 1; 0 is none. */
#ifndef OC_SERVICE_ALERT_SLAB_H
#define OC_SERVICE_ALERT_SLAB_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/vec.h"

#define OC_SLAB 256u /* things in one */

struct oc_slab {
    size_t size; /* of a thing; at least that of a number */
    OC_VEC(char *) blocks;
    uint32_t made; /* numbers ever given out */
    uint32_t free; /* a number that was given back; it begins with the next one */
};

void oc_slab_init(struct oc_slab *s, size_t size);
void oc_slab_clear(struct oc_slab *s); /* nothing is left; it can go on */
/* A new one, all zero. */
uint32_t oc_slab_take(struct oc_slab *s);
void oc_slab_give(struct oc_slab *s, uint32_t number);

static inline void *oc_slab_at(const struct oc_slab *s, uint32_t number)
{
    return s->blocks.items[(number - 1) / OC_SLAB] + (number - 1) % OC_SLAB * s->size;
}

#endif

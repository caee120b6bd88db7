/* Numbered things of one size. SPDX-License-Identifier: MIT */
#include "core/service/alert/table/slab.h"

#include <string.h>

#include "core/base/mem.h"

void oc_slab_init(struct oc_slab *s, size_t size)
{
    *s = (struct oc_slab){.size = size};
}

void oc_slab_clear(struct oc_slab *s)
{
    for (size_t i = 0; i < s->blocks.count; i++) {
        free(s->blocks.items[i]);
    }
    OC_VEC_FINISH(&s->blocks);
    s->made = s->free = 0;
}

uint32_t oc_slab_take(struct oc_slab *s)
{
    const uint32_t number = s->free ? s->free : s->made + 1;
    if (!s->free && s->made++ % OC_SLAB == 0) {
        OC_VEC_PUSH(&s->blocks, oc_alloc(OC_SLAB * s->size));
    }
    void *item = oc_slab_at(s, number);
    if (s->free) {
        memcpy(&s->free, item, sizeof s->free);
    }
    memset(item, 0, s->size);
    return number;
}

void oc_slab_give(struct oc_slab *s, uint32_t number)
{
    memcpy(oc_slab_at(s, number), &s->free, sizeof s->free);
    s->free = number;
}

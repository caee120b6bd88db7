/* Small things side by side. SPDX-License-Identifier: MIT */
#include "core/service/alert/table/pool.h"

#include <string.h>

#include "core/base/mem.h"

#define BLOCK (64u << 10)

static size_t class_of(size_t size)
{
    return size > 0 ? (size - 1) / OC_POOL_STEP : 0;
}

/* Its rest is lost; that is less than the largest thing. */
static void *cut(struct oc_pool *p, size_t size)
{
    if (p->left < size) {
        p->at = oc_alloc(BLOCK);
        p->left = BLOCK;
        OC_VEC_PUSH(&p->blocks, p->at);
    }
    char *item = p->at;
    p->at += size;
    p->left -= size;
    return item;
}

void *oc_pool_take(struct oc_pool *p, size_t size)
{
    const size_t class = class_of(size);
    if (size > OC_POOL_LARGE) {
        return oc_alloc(size);
    }
    void *item = p->free[class];
    if (!item) {
        return cut(p, (class + 1) * OC_POOL_STEP);
    }
    memcpy(&p->free[class], item, sizeof item);
    return item;
}

void oc_pool_give(struct oc_pool *p, void *item, size_t size)
{
    const size_t class = class_of(size);
    if (size > OC_POOL_LARGE) {
        free(item);
    } else {
        memcpy(item, &p->free[class], sizeof item);
        p->free[class] = item;
    }
}

void oc_pool_finish(struct oc_pool *p)
{
    for (size_t i = 0; i < p->blocks.count; i++) {
        free(p->blocks.items[i]);
    }
    OC_VEC_FINISH(&p->blocks);
    memset(p, 0, sizeof *p);
}

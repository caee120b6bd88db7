/* Memory of many small things of a few sizes, side by side. SPDX-License-Identifier: MIT  [loop]
 *
 * What is made one after the other lies one after the other, without the heads that malloc puts between: a walk over a hundred thousand values of a label is then as fast
 * as the memory is, where values spread over the heap would each be waited for. What is given back is given out again for the same size; the blocks
 * stay until the pool is finished. */
#ifndef OC_SERVICE_ALERT_POOL_H
#define OC_SERVICE_ALERT_POOL_H

#include <stddef.h>

#include "core/base/vec.h"

#define OC_POOL_STEP  8u   /* sizes are multiples of it */
#define OC_POOL_LARGE 256u /* what is larger comes from malloc */

struct oc_pool {
    OC_VEC(char *) blocks;
    char *at; /* what is left of the last block */
    size_t left;
    void *free[OC_POOL_LARGE / OC_POOL_STEP]; /* by size, each begins with the next one's address */
};

/* All zero is a pool. Aligned for pointers; not cleared. */
void *oc_pool_take(struct oc_pool *p, size_t size);
/* `size` as it was taken with. */
void oc_pool_give(struct oc_pool *p, void *item, size_t size);
/* What is larger than OC_POOL_LARGE is to be given back before. */
void oc_pool_finish(struct oc_pool *p);

#endif

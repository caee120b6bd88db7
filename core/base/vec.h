/* A typed growing array in four macros. SPDX-License-Identifier: MIT
 *
 * struct { OC_VEC(struct oc_thing) things; }: things.items, things.count. The items move when the array grows. */
#ifndef OC_BASE_VEC_H
#define OC_BASE_VEC_H

#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"

#define OC_VEC(type)                                                                               \
    struct {                                                                                       \
        type *items;                                                                               \
        size_t count, cap;                                                                         \
    }

#define OC_VEC_PUSH(v, item)                                                                       \
    do {                                                                                           \
        if ((v)->count == (v)->cap) {                                                              \
            (v)->cap = (v)->cap ? (v)->cap * 2 : 8;                                                \
            (v)->items = oc_realloc((v)->items, (v)->cap * sizeof(*(v)->items));                   \
        }                                                                                          \
        (v)->items[(v)->count++] = (item);                                                         \
    } while (0)

/* Removes item i, keeping the order. */
#define OC_VEC_REMOVE(v, i)                                                                        \
    do {                                                                                           \
        memmove((v)->items + (i), (v)->items + (i) + 1,                                            \
                ((v)->count - (i)-1) * sizeof(*(v)->items));                                       \
        (v)->count--;                                                                              \
    } while (0)

#define OC_VEC_FINISH(v) (free((v)->items), (v)->items = NULL, (v)->count = (v)->cap = 0)

#endif

/* The known series: found by name and labels, or by id. SPDX-License-Identifier: MIT  [loop] */
#ifndef OC_STORE_REGISTRY_H
#define OC_STORE_REGISTRY_H

#include "core/store/intern.h"
#include "core/store/series.h"
#include "core/store/tail.h"

#define OC_SERIES_LABELS    17        /* 16 from a record and the instance */
#define OC_SERIES_NAME_MAX  200       /* bytes of a name */
#define OC_SERIES_VALUE_MAX 256       /* bytes of a label's value */
#define OC_SERIES_ID_MAX    0xffffffu /* ids are 24 bits in the keys of chunks */

/* One allocation for each series, as small as can be: there are thousands. */
struct oc_series_entry {
    struct oc_series pub; /* first: a handle is a pointer to it */
    struct oc_tail tail;
    uint32_t hash;
    bool saved; /* its row in the database is up to date */
    struct oc_series_label labels[];
};

struct oc_registry {
    struct oc_series_entry **items; /* owned; ids grow */
    size_t count, cap;
    struct oc_series_entry **slots; /* open addressing over the same entries */
    size_t slot_cap;
    size_t max;     /* series */
    size_t unsaved; /* entries with !saved */
    uint32_t next_id;
    struct oc_interns interns;
    uint64_t seed;
};

/* A name with labels as they identify a series: sorted, without doubles, values clean. */
struct oc_series_key {
    struct oc_view name;
    uint32_t count;
    struct oc_label labels[OC_SERIES_LABELS];
    char *cleaned[OC_SERIES_LABELS]; /* owned: values that had to be changed */
    uint32_t cleaned_count;
};

/* False when a name is invalid or there are too many labels. Views stay borrowed; finish in either
 * case. */
bool oc_series_key_init(struct oc_series_key *key, const char *instance, struct oc_view name,
                        const struct oc_label *labels, uint32_t count);
void oc_series_key_finish(struct oc_series_key *key);

void oc_registry_init(struct oc_registry *r, size_t max);
void oc_registry_finish(struct oc_registry *r);
struct oc_series_entry *oc_registry_find(const struct oc_registry *r,
                                         const struct oc_series_key *key);
struct oc_series_entry *oc_registry_by_id(const struct oc_registry *r, uint32_t id);
/* Adds a series that is not there; id greater than all before. NULL when the cap is reached. */
struct oc_series_entry *oc_registry_add(struct oc_registry *r, const struct oc_series_key *key,
                                        uint32_t id, uint32_t kind);
/* Forgets the entries that `gone` picks; only while no handle is out (at open). */
void oc_registry_sweep(struct oc_registry *r,
                       bool (*gone)(void *ctx, const struct oc_series_entry *e), void *ctx);

/* Labels as one blob, "name\0value\0...", and the way back. */
void oc_series_pack(const struct oc_series *series, struct oc_buf *out);
bool oc_series_unpack(const char *data, size_t len, struct oc_label *labels, uint32_t *count);

static inline struct oc_series_entry *oc_series_entry(struct oc_series *series)
{
    return (struct oc_series_entry *)series;
}

#endif

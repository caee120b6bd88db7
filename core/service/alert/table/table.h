/* All alerts: places, ids, what is due when, what changed. SPDX-License-Identifier: MIT  [loop]
 *
 * Alerts live in slabs and never move; a place is reused when its alert is forgotten. */
#ifndef OC_SERVICE_ALERT_TABLE_H
#define OC_SERVICE_ALERT_TABLE_H

#include "core/service/alert/table/record.h"

#define OC_ALERT_SLAB         1024
#define OC_ALERT_CHANNELS_MAX 64 /* bits of oc_alert.told */

struct oc_silence_name {
    char id[37]; /* "" free */
};

struct oc_alerts {
    struct oc_labels labels;
    OC_VEC(struct oc_alert *) slabs;
    OC_VEC(uint32_t) free;
    OC_VEC(uint64_t) ours; /* bits of places: the alert may be one of our own rules */
    uint32_t made;         /* places ever given out */
    size_t count;          /* alerts */
    uint32_t *slots;       /* key -> place + 1 */
    size_t slot_count;
    OC_VEC(uint32_t) heap;                   /* places by due_at, the next first */
    OC_VEC(uint32_t) changed;                /* places, each once */
    char *channels[OC_ALERT_CHANNELS_MAX];   /* owned; names of the bits of `told` */
    OC_VEC(struct oc_silence_name) silences; /* number - 1 -> id */
};

void oc_alerts_init(struct oc_alerts *t);
void oc_alerts_finish(struct oc_alerts *t);

static inline struct oc_alert *oc_alerts_at(const struct oc_alerts *t, uint32_t index)
{
    return &t->slabs.items[index / OC_ALERT_SLAB][index % OC_ALERT_SLAB];
}
/* Steps through all: begin with *it = 0; NULL at the end. Alerts may be removed meanwhile. */
struct oc_alert *oc_alerts_next(const struct oc_alerts *t, uint32_t *it);

uint64_t oc_alerts_key(const char *id);
struct oc_alert *oc_alerts_find(const struct oc_alerts *t, uint64_t key);
struct oc_alert *oc_alerts_find_id(const struct oc_alerts *t, const char *id);
/* A new, resolved alert without labels. */
struct oc_alert *oc_alerts_add(struct oc_alerts *t, uint64_t key);
struct oc_alert *oc_alerts_add_id(struct oc_alerts *t, const char *id); /* cut to fit */
void oc_alerts_remove(struct oc_alerts *t, struct oc_alert *a);
/* Says whether it was posted. Until it is said, it counts as one of our own. */
void oc_alerts_set_posted(struct oc_alerts *t, struct oc_alert *a, bool posted);
/* False: it was posted, for certain. Known without a look at the alert. */
static inline bool oc_alerts_may_be_ours(const struct oc_alerts *t, uint32_t index)
{
    return t->ours.items[index / 64] >> (index % 64) & 1;
}

/* Puts it where it belongs by `due`; INT64_MAX takes it out. */
void oc_alerts_set_due(struct oc_alerts *t, struct oc_alert *a, int64_t due);
/* The next due one, borrowed, or NULL. */
struct oc_alert *oc_alerts_due(const struct oc_alerts *t);
/* To be looked at in the next round. */
void oc_alerts_change(struct oc_alerts *t, struct oc_alert *a);

/* The bit of a channel; a new one takes over the bit of a name that `used` does not have. -1: there is none to be had. */
int oc_alerts_channel_bit(struct oc_alerts *t, const char *name, uint64_t used);
/* The same without making one. */
int oc_alerts_find_channel(const struct oc_alerts *t, const char *name);

uint32_t oc_alerts_silence_number(struct oc_alerts *t, const char *id);       /* made if new */
const char *oc_alerts_silence_id(const struct oc_alerts *t, uint32_t number); /* "" for 0 */
void oc_alerts_silence_forget(struct oc_alerts *t, uint32_t number);

#endif

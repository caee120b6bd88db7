/* How much is told about each of many. SPDX-License-Identifier: MIT */
#include "core/base/ration.h"

#include <string.h>

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"

struct oc_ration_slot {
    char name[OC_RATION_NAME];
    int64_t minute_ms, last_ms; /* mono: when its minute began; when it was last asked about */
    unsigned told, left_out;    /* in that minute; since it was last told */
};

void oc_ration_finish(struct oc_ration *r)
{
    OC_FREE(r->slots);
    r->count = 0;
}

static struct oc_ration_slot *quietest(const struct oc_ration *r)
{
    struct oc_ration_slot *found = &r->slots[0];
    for (size_t i = 1; i < r->count; i++) {
        found = r->slots[i].last_ms < found->last_ms ? &r->slots[i] : found;
    }
    return found;
}

static struct oc_ration_slot *need(struct oc_ration *r, const char *name)
{
    char key[OC_RATION_NAME];
    oc_copy(key, sizeof key, name);
    for (size_t i = 0; i < r->count; i++) {
        if (strcmp(r->slots[i].name, key) == 0) {
            return &r->slots[i];
        }
    }
    r->slots = r->slots ? r->slots : oc_calloc(r->max, sizeof *r->slots);
    struct oc_ration_slot *slot = r->count < r->max ? &r->slots[r->count++] : quietest(r);
    memset(slot, 0, sizeof *slot);
    oc_copy(slot->name, sizeof slot->name, key);
    return slot;
}

bool oc_ration_take(struct oc_ration *r, const char *name, unsigned *left_out)
{
    const int64_t now = oc_time_mono();
    struct oc_ration_slot *slot = need(r, name);
    slot->last_ms = now;
    if (slot->told == 0 || now - slot->minute_ms >= OC_MINUTE) {
        slot->told = 0;
        slot->minute_ms = now;
    }
    if (slot->told >= r->each) {
        slot->left_out++;
        return false;
    }
    slot->told++;
    *left_out = slot->left_out;
    slot->left_out = 0;
    return true;
}

bool oc_ration_settle(struct oc_ration *r, int64_t now_ms, char name[OC_RATION_NAME],
                      unsigned *left_out)
{
    for (size_t i = 0; i < r->count; i++) {
        struct oc_ration_slot *slot = &r->slots[i];
        if (slot->left_out > 0 && now_ms - slot->minute_ms >= OC_MINUTE) {
            oc_copy(name, OC_RATION_NAME, slot->name);
            *left_out = slot->left_out;
            slot->left_out = 0;
            return true;
        }
    }
    return false;
}

/* Silences that have ended: remembered for a while, then forgotten. SPDX-License-Identifier: MIT */
#include <string.h>

#include "core/service/alert/silence/silence_store.h"

/* They come in about this order: whoever ends a silence ends it now. */
void oc_silences_remember(struct oc_silences *set, struct oc_silence *silence)
{
    OC_VEC_PUSH(&set->expired, silence);
    struct oc_silence **items = set->expired.items;
    for (size_t i = set->expired.count - 1; i > 0 && items[i - 1]->ends > silence->ends; i--) {
        items[i] = items[i - 1];
        items[i - 1] = silence;
    }
}

static bool is_old(const struct oc_silences *set, size_t i, int64_t now)
{
    return set->expired.count - i > OC_SILENCES_EXPIRED_MAX ||
           set->expired.items[i]->ends + OC_SILENCE_KEEP_EXPIRED <= now;
}

void oc_silences_forget_old(struct oc_silences *set, int64_t now)
{
    size_t gone = 0;
    for (; gone < set->expired.count && is_old(set, gone, now); gone++) {
        oc_silence_erase(set->env, set->expired.items[gone]);
        oc_silence_free(set->expired.items[gone]);
    }
    if (gone > 0) {
        set->expired.count -= gone;
        memmove(set->expired.items, set->expired.items + gone,
                set->expired.count * sizeof *set->expired.items);
    }
}

int64_t oc_silences_next_forgotten(const struct oc_silences *set)
{
    return set->expired.count > 0 ? set->expired.items[0]->ends + OC_SILENCE_KEEP_EXPIRED
                                  : INT64_MAX;
}

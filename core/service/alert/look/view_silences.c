/* Silences as data. SPDX-License-Identifier: MIT */
#include "core/base/time.h"
#include "core/service/alert/look/view.h"
#include "core/service/alert/service.h"

static void fill(const struct oc_silence *silence, int64_t now, struct oc_silence_view *view)
{
    *view = (struct oc_silence_view){.id = silence->id,
                                     .state = oc_silence_state(silence, now),
                                     .matchers = silence->matchers.items,
                                     .matcher_count = silence->matchers.count,
                                     .starts_at = silence->starts,
                                     .ends_at = silence->ends,
                                     .updated_at = silence->updated,
                                     .created_by = silence->created_by,
                                     .comment = silence->comment};
}

static bool has_all(const struct oc_silence *silence, const struct oc_matcher *filter, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        bool has = false;
        for (size_t k = 0; !has && k < silence->matchers.count; k++) {
            has = oc_matcher_same(&silence->matchers.items[k], &filter[i]);
        }
        if (!has) {
            return false;
        }
    }
    return true;
}

static int by_end(const void *x, const void *y)
{
    const struct oc_silence *const *a = x, *const *b = y;
    return ((*a)->ends > (*b)->ends) - ((*a)->ends < (*b)->ends);
}

struct walk {
    int64_t now;
    const struct oc_matcher *filter;
    size_t filter_count;
    bool (*fn)(void *ctx, const struct oc_silence_view *view);
    void *ctx;
};

/* Those of one state, the next to end first; false when fn has enough. */
static bool show(const struct walk *w, struct oc_silence *const *list, size_t count,
                 enum oc_silence_state state)
{
    OC_VEC(const struct oc_silence *) found = {0};
    struct oc_silence_view view;
    bool more = true;
    for (size_t i = 0; i < count; i++) {
        if (oc_silence_state(list[i], w->now) == state &&
            has_all(list[i], w->filter, w->filter_count)) {
            OC_VEC_PUSH(&found, list[i]);
        }
    }
    if (found.count > 1) {
        qsort(found.items, found.count, sizeof *found.items, by_end);
    }
    for (size_t i = 0; more && i < found.count; i++) {
        fill(found.items[i], w->now, &view);
        more = w->fn(w->ctx, &view);
    }
    OC_VEC_FINISH(&found);
    return more;
}

void oc_alert_view_silences(struct oc_alert_service *s, const struct oc_matcher *filter,
                            size_t filter_count,
                            bool (*fn)(void *ctx, const struct oc_silence_view *view), void *ctx)
{
    const struct oc_silences *set = &s->silences;
    struct walk w = {oc_time_wall(), filter, filter_count, fn, ctx};
    bool more = show(&w, set->list.items, set->list.count, OC_SILENCE_ACTIVE);
    more = more && show(&w, set->list.items, set->list.count, OC_SILENCE_PENDING);
    more = more && show(&w, set->list.items, set->list.count, OC_SILENCE_EXPIRED);
    if (more) {
        show(&w, set->expired.items, set->expired.count, OC_SILENCE_EXPIRED);
    }
}

bool oc_alert_view_silence(struct oc_alert_service *s, const char *id, struct oc_silence_view *view)
{
    const struct oc_silence *silence = oc_silences_get(&s->silences, id);
    if (silence) {
        fill(silence, oc_time_wall(), view);
    }
    return silence != NULL;
}

/* Silences that end with their alerts, and the word before a silence ends. SPDX-License-Identifier: MIT */
#include <string.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/time.h"
#include "core/service/alert/deliver/noise.h"
#include "core/service/alert/silence/silence_store.h"
#include "core/service/alert/table/select.h"

#define NAMED_MAX 20 /* alerts in an event */

/* Firing alerts that the matchers hold for, added to `ids` (may be NULL). */
static size_t count_firing(const struct oc_silences *set, const struct oc_silence *silence,
                           json_t *ids, enum oc_alert_severity *gravest)
{
    struct oc_selection found;
    char id[OC_ALERT_ID_MAX + 1];
    size_t count = 0;
    oc_alerts_select(set->alerts, silence->matchers.items, silence->matchers.count, &found);
    for (size_t i = 0; i < found.alerts.count; i++) {
        const struct oc_alert *a = found.alerts.items[i];
        if (!a->firing) {
            continue;
        }
        *gravest = a->severity > *gravest ? (enum oc_alert_severity)a->severity : *gravest;
        if (ids && count < NAMED_MAX) {
            json_array_append_new(ids, json_string(oc_alert_id(a, id)));
        }
        count++;
    }
    OC_VEC_FINISH(&found.alerts);
    return count;
}

/* ---- until resolved ---- */

bool oc_silences_holds_firing(const struct oc_silences *set, const struct oc_silence *silence)
{
    enum oc_alert_severity unused = OC_ALERT_INFO;
    return count_firing(set, silence, NULL, &unused) > 0;
}

void oc_silences_resolved(struct oc_silences *set, const struct oc_alert *alert)
{
    for (size_t i = 0; set->conditional > 0 && i < set->list.count; i++) {
        struct oc_silence *silence = set->list.items[i];
        if (silence->until_resolved && !silence->check &&
            oc_alerts_match(set->alerts, silence->matchers.items, silence->matchers.count, alert)) {
            silence->check = true;
            set->checks++;
        }
    }
}

/* ---- before the end ---- */

static bool is_worth_a_word(const struct oc_silences *set, const struct oc_silence *silence)
{
    return set->notice > 0 && !silence->until_resolved &&
           silence->ends - silence->starts > set->notice && silence->noticed != silence->ends;
}

int64_t oc_silences_next_warning(const struct oc_silences *set, int64_t now)
{
    int64_t next = INT64_MAX;
    for (size_t i = 0; set->notice > 0 && i < set->list.count; i++) {
        const struct oc_silence *silence = set->list.items[i];
        int64_t at = silence->ends - set->notice;
        if (is_worth_a_word(set, silence) && silence->ends > now) {
            next = at < next ? at : next;
        }
    }
    return next;
}

static void warn(struct oc_alert_service *s, struct oc_silence *silence, int64_t now)
{
    json_t *ids = json_array();
    enum oc_alert_severity gravest = OC_ALERT_INFO;
    size_t count = count_firing(&s->silences, silence, ids, &gravest);
    silence->noticed = silence->ends;
    if (count > 0) {
        char left[32];
        json_t *json = oc_silence_json(silence);
        oc_json_set_int(json, "firing", (json_int_t)count);
        json_object_set(json, "alerts", ids);
        oc_duration_human(silence->ends - now, left, sizeof left);
        char *title = oc_asprintf("a silence over %zu firing alert%s ends in %s", count,
                                  count == 1 ? "" : "s", left);
        char *message = oc_asprintf(
            "%s%sby %s; openclaw alert silence --update %s --for 2h ... prolongs it",
            silence->comment, *silence->comment ? ", " : "", silence->created_by, silence->id);
        struct oc_notice_text text = {silence->id, gravest, "silence_expiring", title, message};
        oc_notice_send(s, &text, NULL, 0, now);
        oc_noise_post(s, "silence.expiring", json);
        /* Written after the promise: a crash in between says it twice rather than never. */
        oc_silence_write(s->env, silence, NULL);
        free(title);
        free(message);
    }
    json_decref(ids);
}

void oc_silences_warn(struct oc_alert_service *s, int64_t now)
{
    struct oc_silences *set = &s->silences;
    for (size_t i = 0; !s->env->ephemeral && set->notice > 0 && i < set->list.count; i++) {
        struct oc_silence *silence = set->list.items[i];
        if (is_worth_a_word(set, silence) && silence->starts <= now && silence->ends > now &&
            silence->ends - set->notice <= now) {
            warn(s, silence, now);
        }
    }
}

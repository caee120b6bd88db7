/* What people ask of a silence: whether it can be, and the silence that it makes. SPDX-License-Identifier: MIT */
#include "silence_draft.h"

#include <stdio.h>
#include <string.h>

#include "core/base/text.h"
#include "core/sys/crypto.h"

static int check_span(const struct oc_silence_draft *draft, int64_t starts, int64_t now,
                      struct oc_error *err)
{
    if (draft->ends_at <= now || draft->ends_at <= starts) {
        oc_error_set(err, OC_E_CONFIG, "the silence would end before it begins");
        oc_error_hint(err, "Give a time to come: --for 2h, or --until 2030-01-01T08:00:00Z.");
        return OC_E_CONFIG;
    }
    if (starts - now > OC_SILENCE_SPAN_MAX) {
        return oc_error_set(err, OC_E_CONFIG, "the silence would begin more than a year from now");
    }
    if (draft->ends_at - starts > OC_SILENCE_SPAN_MAX) {
        oc_error_set(err, OC_E_CONFIG, "the silence would last longer than a year");
        oc_error_hint(err, "Turn the rule off in the configuration instead.");
        return OC_E_CONFIG;
    }
    return OC_OK;
}

static int check_matchers(const struct oc_silence_draft *draft, struct oc_error *err)
{
    bool something = false;
    for (size_t i = 0; i < draft->matcher_count; i++) {
        const struct oc_matcher *m = &draft->matchers[i];
        something = something || !oc_matcher_holds_value(m, "") || !oc_matcher_is_equal(m);
    }
    if (draft->matcher_count == 0) {
        return oc_error_set(err, OC_E_CONFIG, "a silence needs at least one matcher");
    }
    if (draft->matcher_count > OC_SILENCE_MATCHERS_MAX) {
        return oc_error_set(err, OC_E_CONFIG, "more than %d matchers", OC_SILENCE_MATCHERS_MAX);
    }
    if (!something) {
        oc_error_set(err, OC_E_CONFIG, "at least one matcher must not match the empty string");
        oc_error_hint(err, "A silence of everything hides what nobody thought of.");
        return OC_E_CONFIG;
    }
    return OC_OK;
}

int oc_silence_check(const struct oc_silence_draft *draft, size_t count, int64_t starts,
                     int64_t now, struct oc_error *err)
{
    int rc = check_matchers(draft, err);
    if (rc == OC_OK && draft->comment && strlen(draft->comment) > OC_SILENCE_TEXT_MAX) {
        rc = oc_error_set(err, OC_E_CONFIG, "a comment of more than %d bytes", OC_SILENCE_TEXT_MAX);
    }
    if (rc == OC_OK && count >= OC_SILENCES_MAX) {
        rc = oc_error_set(err, OC_E_CONFLICT, "there are %d silences already", OC_SILENCES_MAX);
        oc_error_hint(err, "End some with `openclaw alert unsilence`, or use patterns.");
    }
    return rc == OC_OK ? check_span(draft, starts, now, err) : rc;
}

struct oc_silence *oc_silence_make(const struct oc_silence_draft *draft, const char *id,
                                   int64_t starts, int64_t now)
{
    struct oc_silence *silence = oc_calloc(1, sizeof *silence);
    oc_copy(silence->id, sizeof silence->id, id);
    silence->starts = starts;
    silence->ends = draft->ends_at;
    silence->updated = now;
    silence->comment = oc_utf8_clean(draft->comment ? draft->comment : "",
                                     strlen(draft->comment ? draft->comment : ""));
    silence->created_by = oc_utf8_clean(draft->created_by ? draft->created_by : "",
                                        strlen(draft->created_by ? draft->created_by : ""));
    silence->matchers.cap = draft->matcher_count;
    silence->matchers.items = oc_alloc(draft->matcher_count * sizeof *silence->matchers.items);
    for (size_t i = 0; i < draft->matcher_count; i++) {
        struct oc_matcher copy;
        if (oc_matcher_copy(&draft->matchers[i], &copy) == OC_OK) {
            OC_VEC_PUSH(&silence->matchers, copy);
        }
    }
    silence->until_resolved = draft->until_resolved;
    silence->recur = draft->recur;
    return silence;
}

static bool same_matchers(const struct oc_silence *silence, const struct oc_silence_draft *draft)
{
    if (silence->matchers.count != draft->matcher_count) {
        return false;
    }
    for (size_t i = 0; i < draft->matcher_count; i++) {
        if (!oc_matcher_same(&silence->matchers.items[i], &draft->matchers[i])) {
            return false;
        }
    }
    return true;
}

/* As Alertmanager: what has begun keeps its start. */
bool oc_silence_may_change(const struct oc_silence *old, const struct oc_silence_draft *draft,
                           int64_t starts, int64_t now)
{
    if (!same_matchers(old, draft) || old->ends <= now) {
        return false;
    }
    return old->starts > now || old->starts / OC_SECOND == starts / OC_SECOND ||
           draft->starts_at <= old->starts;
}

/* A random UUID: what Alertmanager's clients expect, and different from its first digit on, because people type a prefix of it. */
void oc_silence_make_id(char id[37])
{
    uint8_t b[16];
    oc_random(b, sizeof b);
    b[6] = (uint8_t)((b[6] & 0x0f) | 0x40);
    b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
    snprintf(id, 37, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0],
             b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13],
             b[14], b[15]);
}

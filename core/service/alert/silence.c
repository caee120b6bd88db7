/* Silences: making, changing, matching, ending. SPDX-License-Identifier: MIT */
#include "silence.h"

#include <stdio.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/text.h"
#include "core/service/alert/select.h"
#include "core/service/alert/silence_store.h"
#include "core/sys/crypto.h"

enum oc_silence_state oc_silence_state(const struct oc_silence *silence, int64_t now)
{
    if (silence->ends <= now) {
        return OC_SILENCE_EXPIRED;
    }
    return silence->starts > now ? OC_SILENCE_PENDING : OC_SILENCE_ACTIVE;
}

json_t *oc_silence_json(const struct oc_silence *silence)
{
    json_t *json = json_object();
    json_t *matchers = json_array();
    for (size_t i = 0; i < silence->matchers.count; i++) {
        char *text = oc_matcher_text(&silence->matchers.items[i]);
        json_array_append_new(matchers, json_string(text));
        free(text);
    }
    oc_json_set_str(json, "id", silence->id);
    oc_json_take(json, "matchers", matchers);
    oc_json_set_time(json, "starts", silence->starts);
    oc_json_set_time(json, "ends", silence->ends);
    oc_json_set_str(json, "comment", silence->comment);
    oc_json_set_str(json, "created_by", silence->created_by);
    return json;
}

json_t *oc_silences_json(const struct oc_silences *set, int64_t now)
{
    json_t *list = json_array();
    for (size_t i = 0; i < set->list.count; i++) {
        if (set->list.items[i]->ends > now) {
            json_array_append_new(list, oc_silence_json(set->list.items[i]));
        }
    }
    return list;
}

/* ---- the set ---- */

/* A pair that every alert of this silence has; "rule" is two labels. */
static void set_anchor(struct oc_silences *set, struct oc_silence *silence)
{
    silence->anchor = OC_LABEL_NONE;
    for (size_t i = 0; i < silence->matchers.count; i++) {
        const struct oc_matcher *m = &silence->matchers.items[i];
        if (m->op == OC_MATCH_EQUAL && *m->value && strcmp(m->name, "rule") != 0) {
            silence->anchor = oc_labels_intern(&set->alerts->labels, m->name, strlen(m->name),
                                               m->value, strlen(m->value));
            oc_labels_hold(&set->alerts->labels, silence->anchor);
            return;
        }
    }
}

static void join(struct oc_silences *set, struct oc_silence *silence)
{
    silence->number = oc_alerts_silence_number(set->alerts, silence->id);
    set_anchor(set, silence);
    OC_VEC_PUSH(&set->list, silence);
}

static void leave(struct oc_silences *set, struct oc_silence *silence)
{
    if (silence->anchor != OC_LABEL_NONE) {
        oc_labels_release(&set->alerts->labels, silence->anchor);
        silence->anchor = OC_LABEL_NONE;
    }
}

static int by_start(const void *a, const void *b)
{
    const struct oc_silence *const *x = a, *const *y = b;
    return ((*x)->starts > (*y)->starts) - ((*x)->starts < (*y)->starts);
}

static void take_loaded(void *ctx, struct oc_silence *silence)
{
    join(ctx, silence);
}

void oc_silences_init(struct oc_silences *set, const struct oc_env *env, struct oc_alerts *alerts)
{
    memset(set, 0, sizeof *set);
    set->env = env;
    set->alerts = alerts;
    oc_silence_load_all(env, take_loaded, set);
    if (set->list.count > 1) {
        qsort(set->list.items, set->list.count, sizeof *set->list.items, by_start);
    }
}

void oc_silences_finish(struct oc_silences *set)
{
    for (size_t i = 0; i < set->list.count; i++) {
        leave(set, set->list.items[i]);
        oc_silence_free(set->list.items[i]);
    }
    for (size_t i = 0; i < set->expired.count; i++) {
        oc_silence_free(set->expired.items[i]);
    }
    OC_VEC_FINISH(&set->list);
    OC_VEC_FINISH(&set->expired);
}

static struct oc_silence *find(const struct oc_silences *set, const char *id, size_t *at)
{
    for (size_t i = 0; i < set->list.count; i++) {
        if (strcmp(set->list.items[i]->id, id) == 0) {
            *at = i;
            return set->list.items[i];
        }
    }
    return NULL;
}

const struct oc_silence *oc_silences_get(const struct oc_silences *set, const char *id)
{
    size_t at;
    struct oc_silence *found = find(set, id, &at);
    for (size_t i = 0; !found && i < set->expired.count; i++) {
        found = strcmp(set->expired.items[i]->id, id) == 0 ? set->expired.items[i] : NULL;
    }
    return found;
}

/* ---- what a silence does to alerts ---- */

bool oc_silence_holds(const struct oc_silences *set, const struct oc_silence *silence,
                      const struct oc_alert *alert, int64_t now)
{
    if (silence->ends <= now || silence->starts > now) {
        return false;
    }
    if (silence->anchor != OC_LABEL_NONE) {
        bool has = false;
        for (uint32_t i = 0; !has && i < alert->body->ref_count; i++) {
            has = (alert->body->refs[i].pair & OC_LABEL_NUMBER) == silence->anchor;
        }
        if (!has) {
            return false;
        }
    }
    return oc_alerts_match(set->alerts, silence->matchers.items, silence->matchers.count, alert);
}

const struct oc_silence *oc_silences_find(const struct oc_silences *set,
                                          const struct oc_alert *alert, int64_t now)
{
    for (size_t i = 0; i < set->list.count; i++) {
        if (oc_silence_holds(set, set->list.items[i], alert, now)) {
            return set->list.items[i];
        }
    }
    return NULL;
}

/* The alerts that it would hold are looked at again. */
static void touch_matching(struct oc_silences *set, const struct oc_silence *silence)
{
    struct oc_selection selection;
    oc_alerts_select(set->alerts, silence->matchers.items, silence->matchers.count, &selection);
    for (size_t i = 0; i < selection.alerts.count; i++) {
        oc_alerts_change(set->alerts, selection.alerts.items[i]);
    }
    OC_VEC_FINISH(&selection.alerts);
}

/* Takes it out of the list; it is remembered for a while. Its alerts match it still, whatever else changed. */
static void end(struct oc_silences *set, size_t i, int64_t at, const char *reason, const char *by)
{
    struct oc_silence *silence = set->list.items[i];
    json_t *json = oc_silence_json(silence);
    oc_json_set_str(json, "reason", reason);
    if (by) {
        oc_json_set_str(json, "by", by);
    }
    OC_VEC_REMOVE(&set->list, i);
    touch_matching(set, silence);
    leave(set, silence);
    oc_alerts_silence_forget(set->alerts, silence->number);
    silence->ends = at < silence->ends ? at : silence->ends;
    silence->starts = silence->starts < silence->ends ? silence->starts : silence->ends;
    silence->updated = at;
    if (set->expired.count >= OC_SILENCES_EXPIRED_MAX) {
        oc_silence_free(set->expired.items[0]);
        OC_VEC_REMOVE(&set->expired, 0);
    }
    OC_VEC_PUSH(&set->expired, silence);
    oc_bus_publish(set->env->bus, "silence.expired", json);
}

static void drop_old(struct oc_silences *set, int64_t now)
{
    while (set->expired.count > 0 && set->expired.items[0]->ends + OC_SILENCE_KEEP_EXPIRED <= now) {
        oc_silence_free(set->expired.items[0]);
        OC_VEC_REMOVE(&set->expired, 0);
    }
}

void oc_silences_settle(struct oc_silences *set, int64_t now)
{
    drop_old(set, now);
    for (size_t i = set->list.count; i-- > 0;) {
        struct oc_silence *silence = set->list.items[i];
        if (silence->ends <= now) {
            /* A record that cannot be removed now is over all the same, and is dropped at the next start. */
            oc_silence_erase(set->env, silence, false, NULL);
            end(set, i, silence->ends, "expired", NULL);
        } else if (!silence->begun && silence->starts <= now) {
            silence->begun = true;
            touch_matching(set, silence);
        }
    }
}

int64_t oc_silences_next(const struct oc_silences *set, int64_t now)
{
    int64_t next = INT64_MAX;
    for (size_t i = 0; i < set->list.count; i++) {
        const struct oc_silence *silence = set->list.items[i];
        int64_t at = silence->begun || silence->starts <= now ? silence->ends : silence->starts;
        next = at < next ? at : next;
    }
    return next;
}

/* ---- making and changing ---- */

static int check_span(const struct oc_silence_draft *draft, int64_t starts, int64_t now,
                      struct oc_error *err)
{
    if (draft->ends_at <= now || draft->ends_at <= starts) {
        oc_error_set(err, OC_E_CONFIG, "the silence would end before it begins");
        oc_error_hint(err, "Give a time to come: --for 2h, or --until 2030-01-01T08:00:00Z.");
        return OC_E_CONFIG;
    }
    if (draft->ends_at - starts > OC_SILENCE_SPAN_MAX || starts - now > OC_SILENCE_SPAN_MAX) {
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

static int check(const struct oc_silences *set, const struct oc_silence_draft *draft,
                 int64_t starts, int64_t now, struct oc_error *err)
{
    int rc = check_matchers(draft, err);
    if (rc == OC_OK && draft->comment && strlen(draft->comment) > OC_SILENCE_TEXT_MAX) {
        rc = oc_error_set(err, OC_E_CONFIG, "a comment of more than %d bytes", OC_SILENCE_TEXT_MAX);
    }
    if (rc == OC_OK && set->list.count >= OC_SILENCES_MAX) {
        rc = oc_error_set(err, OC_E_CONFLICT, "there are %d silences already", OC_SILENCES_MAX);
        oc_error_hint(err, "End some with `openclaw alert unsilence`, or use patterns.");
    }
    return rc == OC_OK ? check_span(draft, starts, now, err) : rc;
}

static struct oc_silence *make(const struct oc_silence_draft *draft, const char *id, int64_t starts,
                               int64_t now)
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
    for (size_t i = 0; i < draft->matcher_count; i++) {
        struct oc_matcher copy;
        if (oc_matcher_copy(&draft->matchers[i], &copy) == OC_OK) {
            OC_VEC_PUSH(&silence->matchers, copy);
        }
    }
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
static bool may_change(const struct oc_silence *old, const struct oc_silence_draft *draft,
                       int64_t starts, int64_t now)
{
    if (!same_matchers(old, draft) || old->ends <= now) {
        return false;
    }
    return old->starts > now || old->starts / OC_SECOND == starts / OC_SECOND ||
           draft->starts_at <= old->starts;
}

/* A random UUID: what Alertmanager's clients expect, and different from its first digit on, because people type a prefix of it. */
static void make_id(char id[37])
{
    uint8_t b[16];
    oc_random(b, sizeof b);
    b[6] = (uint8_t)((b[6] & 0x0f) | 0x40);
    b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
    snprintf(id, 37, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0],
             b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13],
             b[14], b[15]);
}

static const struct oc_silence *add_new(struct oc_silences *set,
                                        const struct oc_silence_draft *draft, int64_t starts,
                                        int64_t now, struct oc_error *err)
{
    char id[37];
    make_id(id);
    struct oc_silence *silence = make(draft, id, starts, now);
    if (oc_silence_write(set->env, silence, err) != OC_OK) {
        oc_silence_free(silence);
        return NULL;
    }
    join(set, silence);
    oc_bus_publish(set->env->bus, "silence.created", oc_silence_json(silence));
    return silence;
}

static const struct oc_silence *change(struct oc_silences *set, struct oc_silence *old,
                                       const struct oc_silence_draft *draft, int64_t starts,
                                       int64_t now, struct oc_error *err)
{
    struct oc_silence *next = make(draft, old->id, old->starts <= now ? old->starts : starts, now);
    if (oc_silence_write(set->env, next, err) != OC_OK) {
        oc_silence_free(next);
        return NULL;
    }
    old->starts = next->starts;
    old->ends = next->ends;
    old->updated = now;
    free(old->comment);
    free(old->created_by);
    old->comment = next->comment;
    old->created_by = next->created_by;
    next->comment = next->created_by = NULL;
    oc_silence_free(next);
    oc_bus_publish(set->env->bus, "silence.updated", oc_silence_json(old));
    return old;
}

const struct oc_silence *oc_silences_put(struct oc_silences *set,
                                         const struct oc_silence_draft *draft, struct oc_error *err)
{
    int64_t now = oc_time_wall();
    int64_t starts = draft->starts_at > now ? draft->starts_at : now;
    bool update = draft->id && *draft->id;
    size_t at = 0;
    if (check(set, draft, starts, now, err) != OC_OK) {
        return NULL;
    }
    if (update && !oc_silences_get(set, draft->id)) {
        oc_error_set(err, OC_E_NOT_FOUND, "no silence '%.40s'", draft->id);
        oc_error_hint(err, "Leave the id out to make a new one.");
        return NULL;
    }
    struct oc_silence *old = update ? find(set, draft->id, &at) : NULL;
    if (old && may_change(old, draft, starts, now)) {
        return change(set, old, draft, starts, now, err);
    }
    const struct oc_silence *made = add_new(set, draft, starts, now, err);
    if (made && old && oc_silence_erase(set->env, old, true, NULL) == OC_OK) {
        end(set, at, now, "replaced", draft->created_by);
    }
    return made;
}

/* ---- ending ---- */

/* The index of the one silence whose id begins with `id`. */
static int find_prefix(const struct oc_silences *set, const char *id, bool whole, size_t *found,
                       struct oc_error *err)
{
    size_t matches = 0;
    for (size_t i = 0; *id && i < set->list.count; i++) {
        const char *its = set->list.items[i]->id;
        if (whole ? strcmp(its, id) == 0 : oc_starts(its, id)) {
            *found = i;
            matches++;
        }
    }
    if (matches == 1) {
        return OC_OK;
    }
    oc_error_set(err, matches ? OC_E_CONFLICT : OC_E_NOT_FOUND,
                 matches ? "'%.40s' begins the id of more than one silence" : "no silence '%.40s'",
                 id);
    oc_error_hint(err, "`openclaw alert silences` lists them.");
    return matches ? OC_E_CONFLICT : OC_E_NOT_FOUND;
}

int oc_silences_remove(struct oc_silences *set, const char *id, bool whole, const char *by,
                       struct oc_error *err)
{
    size_t i = 0;
    int rc = find_prefix(set, id, whole, &i, err);
    if (rc == OC_E_NOT_FOUND && whole && oc_silences_get(set, id)) {
        return oc_error_set(err, OC_E_CONFLICT, "silence %.40s is expired already", id);
    }
    if (rc == OC_OK) {
        rc = oc_silence_erase(set->env, set->list.items[i], true, err);
    }
    if (rc == OC_OK) {
        end(set, i, oc_time_wall(), "removed", by);
    }
    return rc;
}

/* Silences: making, changing, matching, ending. SPDX-License-Identifier: MIT */
#include "silence.h"

#include <stdio.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/text.h"
#include "core/service/alert/silence/silence_draft.h"
#include "core/service/alert/silence/silence_store.h"
#include "core/service/alert/table/select.h"
#include "core/sys/crypto.h"

#define PREFIX_MIN 4u /* digits that choose a silence */

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
    if (silence->recur) {
        oc_json_take(json, "recurs", oc_recurrence_json(silence->recur));
    }
    if (silence->until_resolved) {
        oc_json_set_bool(json, "until_resolved", true);
    }
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
    set->conditional += silence->until_resolved ? 1 : 0;
    set->checks += silence->check ? 1 : 0;
    OC_VEC_PUSH(&set->list, silence);
}

static void leave(struct oc_silences *set, struct oc_silence *silence)
{
    set->conditional -= silence->until_resolved ? 1 : 0;
    set->checks -= silence->check ? 1 : 0;
    silence->check = false;
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
    struct oc_silences *set = ctx;
    silence->anchor = OC_LABEL_NONE;
    if (silence->ended) {
        oc_silences_remember(set, silence);
    } else {
        join(set, silence);
    }
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

/* Takes it out of the list; its record says so already. Its alerts match it still, whatever else changed. */
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
    oc_silence_end(silence, at);
    oc_silences_remember(set, silence);
    oc_bus_publish(set->env->bus, "silence.expired", json);
}

/* The occurrence after `old`, or NULL when there is none. It takes over the recurrence once it is written. */
static struct oc_silence *successor(const struct oc_silence *old, int64_t now)
{
    struct oc_silence *next = oc_calloc(1, sizeof *next);
    oc_silence_make_id(next->id);
    if (!oc_recurrence_next(old->recur, old->starts, now, &next->starts, &next->ends)) {
        oc_silence_free(next);
        return NULL;
    }
    next->updated = now;
    next->comment = oc_strdup(old->comment);
    next->created_by = oc_strdup(old->created_by);
    next->recur = old->recur;
    for (size_t i = 0; i < old->matchers.count; i++) {
        struct oc_matcher copy;
        if (oc_matcher_copy(&old->matchers.items[i], &copy) == OC_OK) {
            OC_VEC_PUSH(&next->matchers, copy);
        }
    }
    return next;
}

/* Ends occurrence i and makes the next one, both or neither. */
static int succeed(struct oc_silences *set, size_t i, int64_t at, const char *reason,
                   const char *by, struct oc_error *err)
{
    struct oc_silence *old = set->list.items[i];
    struct oc_silence *next = successor(old, oc_time_wall());
    oc_store_begin(set->env->store);
    oc_silence_write_end(set->env, old, at, true, NULL);
    if (next) {
        oc_silence_write(set->env, next, NULL);
    }
    int rc = oc_store_end(set->env->store, err);
    if (rc != OC_OK) {
        if (next) {
            next->recur = NULL;
            oc_silence_free(next);
        }
        return rc;
    }
    end(set, i, at, reason, by);
    if (next) {
        old->recur = NULL;
        join(set, next);
        oc_bus_publish(set->env->bus, "silence.created", oc_silence_json(next));
    }
    return OC_OK;
}

/* True when the alerts that it is about have all ended. */
static bool is_resolved(struct oc_silences *set, struct oc_silence *silence, int64_t now)
{
    if (!silence->check || silence->starts > now) {
        return false;
    }
    silence->check = false;
    set->checks--;
    return !oc_silences_holds_firing(set, silence);
}

static void settle_one(struct oc_silences *set, size_t i, int64_t now)
{
    struct oc_silence *silence = set->list.items[i];
    bool over = silence->ends <= now;
    if (over && silence->recur && succeed(set, i, silence->ends, "expired", NULL, NULL) == OC_OK) {
        return;
    }
    if (over || is_resolved(set, silence, now)) {
        const int64_t at = over ? silence->ends : now;
        /* If that cannot be written now it is over all the same, and is ended again at the next start. */
        oc_silence_write_end(set->env, silence, at, false, NULL);
        end(set, i, at, over ? "expired" : "resolved", NULL);
    } else if (!silence->begun && silence->starts <= now) {
        silence->begun = true;
        touch_matching(set, silence);
    }
}

void oc_silences_settle(struct oc_silences *set, int64_t now)
{
    for (size_t i = set->list.count; i-- > 0;) {
        settle_one(set, i, now);
    }
    oc_silences_forget_old(set, now);
}

int64_t oc_silences_next(const struct oc_silences *set, int64_t now)
{
    int64_t next = set->checks > 0 ? now : INT64_MAX;
    for (size_t i = 0; i < set->list.count; i++) {
        const struct oc_silence *silence = set->list.items[i];
        int64_t at = silence->begun || silence->starts <= now ? silence->ends : silence->starts;
        next = at < next ? at : next;
    }
    const int64_t forgotten = oc_silences_next_forgotten(set);
    return forgotten < next ? forgotten : next;
}

/* ---- making and changing ---- */

/* `old` (may be NULL) makes room for it: what nobody said otherwise goes on as it did. */
static const struct oc_silence *add_new(struct oc_silences *set,
                                        const struct oc_silence_draft *draft,
                                        struct oc_silence *old, int64_t starts, int64_t now,
                                        struct oc_error *err)
{
    char id[37];
    oc_silence_make_id(id);
    struct oc_silence *silence = oc_silence_make(draft, id, starts, now);
    const bool inherits = old && !silence->recur;
    silence->recur = inherits ? old->recur : silence->recur;
    silence->until_resolved = silence->until_resolved || (old && old->until_resolved);
    if (silence->until_resolved && !oc_silences_holds_firing(set, silence)) {
        oc_error_set(err, OC_E_CONFLICT, "no alert fires that this silence would be about");
        oc_error_hint(err, "Say how long instead: --for 2h.");
        silence->recur = NULL;
        oc_silence_free(silence);
        return NULL;
    }
    if (oc_silence_write(set->env, silence, err) != OC_OK) {
        silence->recur = NULL;
        oc_silence_free(silence);
        return NULL;
    }
    if (inherits) {
        old->recur = NULL;
    }
    join(set, silence);
    oc_bus_publish(set->env->bus, "silence.created", oc_silence_json(silence));
    return silence;
}

static const struct oc_silence *change(struct oc_silences *set, struct oc_silence *old,
                                       const struct oc_silence_draft *draft, int64_t starts,
                                       int64_t now, struct oc_error *err)
{
    struct oc_silence *next =
        oc_silence_make(draft, old->id, old->starts <= now ? old->starts : starts, now);
    bool recurs = next->recur != NULL;
    next->recur = recurs ? next->recur : old->recur; /* it goes on as it did */
    next->until_resolved = next->until_resolved || old->until_resolved;
    if (oc_silence_write(set->env, next, err) != OC_OK) {
        next->recur = NULL;
        oc_silence_free(next);
        return NULL;
    }
    if (recurs) {
        oc_recurrence_destroy(old->recur);
        old->recur = next->recur;
    }
    next->recur = NULL;
    set->conditional += next->until_resolved && !old->until_resolved ? 1 : 0;
    old->until_resolved = next->until_resolved;
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
    if (oc_silence_check(draft, set->list.count, starts, now, err) != OC_OK ||
        oc_silence_check_cost(set, draft, err) != OC_OK) {
        return NULL;
    }
    if (update && !oc_silences_get(set, draft->id)) {
        oc_error_set(err, OC_E_NOT_FOUND, "no silence '%.40s'", draft->id);
        oc_error_hint(err, "Leave the id out to make a new one.");
        return NULL;
    }
    struct oc_silence *old = update ? find(set, draft->id, &at) : NULL;
    if (old && oc_silence_may_change(old, draft, starts, now)) {
        return change(set, old, draft, starts, now, err);
    }
    const struct oc_silence *made = add_new(set, draft, old, starts, now, err);
    if (made && old && oc_silence_write_end(set->env, old, now, true, NULL) == OC_OK) {
        end(set, at, now, "replaced", draft->created_by);
    }
    return made;
}

/* ---- ending ---- */

const struct oc_silence *oc_silences_choose(const struct oc_silences *set, const char *id,
                                            struct oc_error *err)
{
    const struct oc_silence *found = NULL;
    size_t matches = 0;
    for (size_t i = 0; *id && i < set->list.count; i++) {
        if (oc_starts(set->list.items[i]->id, id)) {
            found = set->list.items[i];
            matches++;
        }
    }
    if (matches == 0) {
        oc_error_set(err, OC_E_NOT_FOUND, "no silence '%.40s'", id);
        oc_error_hint(err, "`openclaw alert silences` lists them.");
        return NULL;
    }
    if (matches == 1 && strlen(id) >= PREFIX_MIN) {
        return found;
    }
    oc_error_set(err, OC_E_CONFLICT,
                 matches == 1 ? "'%.40s' is too little of an id"
                              : "'%.40s' begins the id of more than one silence",
                 id);
    oc_error_hint(
        err, "Give at least %u digits of the id, or more; `openclaw alert silences` lists them.",
        PREFIX_MIN);
    return NULL;
}

static bool find_id(const struct oc_silences *set, const char *id, size_t *found)
{
    for (*found = 0; *found < set->list.count; (*found)++) {
        if (strcmp(set->list.items[*found]->id, id) == 0) {
            return true;
        }
    }
    return false;
}

int oc_silences_remove(struct oc_silences *set, const char *id, bool once, const char *by,
                       struct oc_error *err)
{
    size_t i;
    if (!find_id(set, id, &i)) {
        return oc_silences_get(set, id)
                   ? oc_error_set(err, OC_E_CONFLICT, "silence %.40s is expired already", id)
                   : oc_error_set(err, OC_E_NOT_FOUND, "no silence '%.40s'", id);
    }
    if (once && set->list.items[i]->recur) {
        return succeed(set, i, oc_time_wall(), "removed", by, err);
    }
    const int64_t now = oc_time_wall();
    const int rc = oc_silence_write_end(set->env, set->list.items[i], now, true, err);
    if (rc == OC_OK) {
        end(set, i, now, "removed", by);
    }
    return rc;
}

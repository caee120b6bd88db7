/* Silences: making, keeping, matching, ending. SPDX-License-Identifier: MIT */
#include "silence.h"

#include <stdio.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/sys/crypto.h"

#define SPACE "silence"

static void silence_destroy(struct oc_silence *silence)
{
    for (size_t i = 0; i < silence->matchers.count; i++) {
        oc_matcher_finish(&silence->matchers.items[i]);
    }
    OC_VEC_FINISH(&silence->matchers);
    free(silence->comment);
    free(silence->created_by);
    free(silence);
}

static int add_matcher(struct oc_silence *silence, const char *text, struct oc_error *err)
{
    struct oc_matcher matcher;
    if (silence->matchers.count == OC_SILENCE_MATCHERS_MAX) {
        return oc_error_set(err, OC_E_CONFIG, "more than %d matchers", OC_SILENCE_MATCHERS_MAX);
    }
    int rc = oc_matcher_parse(text, &matcher, err);
    if (rc == OC_OK) {
        OC_VEC_PUSH(&silence->matchers, matcher);
    }
    return rc;
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

static int64_t time_member(const json_t *json, const char *key)
{
    int64_t ms = 0;
    return oc_time_parse(oc_json_str(json, key, ""), 0, &ms) == OC_OK ? ms : 0;
}

/* NULL when `json` is no silence: one that matches nothing in particular would hush everything. */
static struct oc_silence *silence_load(const json_t *json)
{
    struct oc_silence *silence = oc_calloc(1, sizeof *silence);
    bool sound = true;
    size_t i;
    json_t *text;
    oc_copy(silence->id, sizeof silence->id, oc_json_str(json, "id", ""));
    silence->starts = time_member(json, "starts");
    silence->ends = time_member(json, "ends");
    silence->comment = oc_strdup(oc_json_str(json, "comment", ""));
    silence->created_by = oc_strdup(oc_json_str(json, "created_by", ""));
    json_array_foreach(json_object_get(json, "matchers"), i, text)
    {
        sound = sound && json_is_string(text) &&
                add_matcher(silence, json_string_value(text), NULL) == OC_OK;
    }
    if (!sound || silence->matchers.count == 0 || !silence->id[0]) {
        silence_destroy(silence);
        return NULL;
    }
    return silence;
}

static int by_start(const void *a, const void *b)
{
    const struct oc_silence *const *x = a, *const *y = b;
    return ((*x)->starts > (*y)->starts) - ((*x)->starts < (*y)->starts);
}

void oc_silences_init(struct oc_silences *set, const struct oc_env *env)
{
    json_t *all = oc_kv_all(env->store, SPACE);
    const char *id;
    json_t *json;
    memset(set, 0, sizeof *set);
    set->env = env;
    json_object_foreach(all, id, json)
    {
        struct oc_silence *silence = silence_load(json);
        if (silence) {
            OC_VEC_PUSH(&set->list, silence);
        } else {
            oc_warn("unreadable silence ignored", "id=%s", id);
        }
    }
    if (set->list.count > 1) {
        qsort(set->list.items, set->list.count, sizeof *set->list.items, by_start);
    }
    json_decref(all);
}

void oc_silences_finish(struct oc_silences *set)
{
    for (size_t i = 0; i < set->list.count; i++) {
        silence_destroy(set->list.items[i]);
    }
    OC_VEC_FINISH(&set->list);
}

/* Short, and different from its first digit on: people type a prefix of it. */
static void make_id(char id[37])
{
    uint8_t random[6];
    oc_random(random, sizeof random);
    for (size_t i = 0; i < sizeof random; i++) {
        snprintf(id + 2 * i, 3, "%02x", random[i]);
    }
}

static int check_span(int64_t now, int64_t ends, struct oc_error *err)
{
    if (ends <= now) {
        oc_error_set(err, OC_E_CONFIG, "the silence would end before it begins");
        oc_error_hint(err, "Give a time to come: --for 2h, or --until 2030-01-01T08:00:00Z.");
        return OC_E_CONFIG;
    }
    if (ends - now > OC_SILENCE_SPAN_MAX) {
        oc_error_set(err, OC_E_CONFIG, "the silence would last longer than a year");
        oc_error_hint(err, "Turn the rule off in the configuration instead.");
        return OC_E_CONFIG;
    }
    return OC_OK;
}

static int fill(struct oc_silence *silence, const char *const *texts, size_t count,
                struct oc_error *err)
{
    int rc = OC_OK;
    if (count == 0) {
        oc_error_set(err, OC_E_CONFIG, "a silence needs a rule or a matcher");
        oc_error_hint(err, "To silence everything on purpose, say rule=~*.");
        return OC_E_CONFIG;
    }
    for (size_t i = 0; rc == OC_OK && i < count; i++) {
        rc = add_matcher(silence, texts[i], err);
    }
    return rc;
}

static int save(const struct oc_silences *set, const struct oc_silence *silence,
                struct oc_error *err)
{
    json_t *json = oc_silence_json(silence);
    int rc = oc_kv_put(set->env->store, SPACE, silence->id, json, true, err);
    json_decref(json);
    return rc;
}

const struct oc_silence *oc_silences_add(struct oc_silences *set, const char *const *texts,
                                         size_t count, int64_t ends, const char *comment,
                                         const char *by, struct oc_error *err)
{
    int64_t now = oc_time_wall();
    if (set->list.count >= OC_SILENCES_MAX) {
        oc_error_set(err, OC_E_CONFLICT, "there are %d silences already", OC_SILENCES_MAX);
        oc_error_hint(err, "Remove some with `openclaw alert unsilence`, or use globs.");
        return NULL;
    }
    if (check_span(now, ends, err) != OC_OK) {
        return NULL;
    }
    struct oc_silence *silence = oc_calloc(1, sizeof *silence);
    make_id(silence->id);
    silence->starts = now;
    silence->ends = ends;
    silence->comment = oc_strdup(comment ? comment : "");
    silence->created_by = oc_strdup(by);
    if (fill(silence, texts, count, err) != OC_OK || save(set, silence, err) != OC_OK) {
        silence_destroy(silence);
        return NULL;
    }
    OC_VEC_PUSH(&set->list, silence);
    oc_bus_publish(set->env->bus, "silence.created", oc_silence_json(silence));
    return silence;
}

static void drop(struct oc_silences *set, size_t i, const char *reason, const char *by)
{
    struct oc_silence *silence = set->list.items[i];
    json_t *json = oc_silence_json(silence);
    oc_json_set_str(json, "reason", reason);
    if (by) {
        oc_json_set_str(json, "by", by);
    }
    OC_VEC_REMOVE(&set->list, i);
    silence_destroy(silence);
    oc_bus_publish(set->env->bus, "silence.expired", json);
}

/* The index of the one silence whose id begins with `id`. */
static int find_prefix(const struct oc_silences *set, const char *id, size_t *found,
                       struct oc_error *err)
{
    size_t matches = 0;
    for (size_t i = 0; *id && i < set->list.count; i++) {
        if (oc_starts(set->list.items[i]->id, id)) {
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

int oc_silences_remove(struct oc_silences *set, const char *id, const char *by,
                       struct oc_error *err)
{
    size_t i = 0;
    int rc = find_prefix(set, id, &i, err);
    if (rc == OC_OK) {
        rc = oc_kv_remove(set->env->store, SPACE, set->list.items[i]->id, true, err);
    }
    if (rc == OC_OK) {
        drop(set, i, "removed", by);
    }
    return rc;
}

size_t oc_silences_expire(struct oc_silences *set, int64_t now)
{
    size_t count = 0;
    for (size_t i = set->list.count; i-- > 0;) {
        if (set->list.items[i]->ends > now) {
            continue;
        }
        /* A record that cannot be removed now is over all the same, and is dropped at the next
         * start. */
        oc_kv_remove(set->env->store, SPACE, set->list.items[i]->id, false, NULL);
        drop(set, i, "expired", NULL);
        count++;
    }
    return count;
}

const struct oc_silence *oc_silences_find(const struct oc_silences *set,
                                          const struct oc_alert *alert, int64_t now)
{
    for (size_t i = 0; i < set->list.count; i++) {
        const struct oc_silence *silence = set->list.items[i];
        size_t held = 0;
        while (held < silence->matchers.count &&
               oc_matcher_holds(&silence->matchers.items[held], alert)) {
            held++;
        }
        if (silence->ends > now && held == silence->matchers.count) {
            return silence;
        }
    }
    return NULL;
}

int64_t oc_silences_next(const struct oc_silences *set, int64_t now)
{
    int64_t next = INT64_MAX;
    for (size_t i = 0; i < set->list.count; i++) {
        int64_t ends = set->list.items[i]->ends;
        if (ends > now && ends < next) {
            next = ends;
        }
    }
    return next;
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

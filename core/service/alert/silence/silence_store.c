/* Silences as records of the store. SPDX-License-Identifier: MIT */
#include "silence_store.h"

#include <string.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/text.h"
#include "core/base/time.h"

#define SPACE "silence"

void oc_silence_free(struct oc_silence *silence)
{
    for (size_t i = 0; i < silence->matchers.count; i++) {
        oc_matcher_finish(&silence->matchers.items[i]);
    }
    OC_VEC_FINISH(&silence->matchers);
    free(silence->comment);
    free(silence->created_by);
    oc_recurrence_destroy(silence->recur);
    free(silence);
}

/* In a line =~ is a glob, as it was everywhere once: silences of that time keep their meaning. A regular expression is an object. */
static json_t *matcher_json(const struct oc_matcher *m)
{
    static const char *const names[] = {"equal",    "unequal", "glob",
                                        "not_glob", "regex",   "not_regex"};
    bool plain = m->op != OC_MATCH_REGEX && m->op != OC_MATCH_NOT_REGEX &&
                 !strpbrk(m->name, "=!") && strncmp(m->value, "/(", 2) != 0;
    if (!plain) {
        json_t *json = json_object();
        oc_json_set_str(json, "name", m->name);
        oc_json_set_str(json, "op", names[m->op]);
        oc_json_set_str(json, "value", m->value);
        return json;
    }
    char *text = oc_matcher_stored_text(m);
    json_t *json = json_string(text);
    free(text);
    return json;
}

static int read_matcher(const json_t *json, struct oc_matcher *m)
{
    static const char *const names[] = {"equal",    "unequal", "glob",
                                        "not_glob", "regex",   "not_regex"};
    if (json_is_string(json)) {
        return oc_matcher_parse_stored(json_string_value(json), m, NULL);
    }
    const char *op = oc_json_str(json, "op", "");
    for (size_t i = 0; i < OC_COUNT(names); i++) {
        if (strcmp(op, names[i]) == 0) {
            return oc_matcher_make(oc_json_str(json, "name", ""), (enum oc_matcher_op)i,
                                   oc_json_str(json, "value", ""), m, NULL);
        }
    }
    return OC_E_CONFIG;
}

static json_t *silence_save(const struct oc_silence *silence)
{
    json_t *json = oc_silence_json(silence), *matchers = json_array();
    for (size_t i = 0; i < silence->matchers.count; i++) {
        json_array_append_new(matchers, matcher_json(&silence->matchers.items[i]));
    }
    oc_json_take(json, "matchers", matchers);
    oc_json_set_time(json, "updated", silence->updated);
    if (silence->noticed) {
        oc_json_set_time(json, "noticed", silence->noticed);
    }
    if (silence->ended) {
        oc_json_set_bool(json, "ended", true);
        json_object_del(json, "recurs"); /* that is its successor's */
        json_object_del(json, "until_resolved");
    }
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
    json_t *item;
    oc_copy(silence->id, sizeof silence->id, oc_json_str(json, "id", ""));
    silence->starts = time_member(json, "starts");
    silence->ends = time_member(json, "ends");
    silence->updated = time_member(json, "updated");
    silence->updated = silence->updated > 0 ? silence->updated : silence->starts;
    silence->comment = oc_strdup(oc_json_str(json, "comment", ""));
    silence->created_by = oc_strdup(oc_json_str(json, "created_by", ""));
    silence->recur = oc_recurrence_load(json_object_get(json, "recurs"));
    silence->until_resolved = oc_json_bool(json, "until_resolved", false);
    silence->check = silence->until_resolved; /* its alerts may have ended meanwhile */
    silence->noticed = time_member(json, "noticed");
    silence->ended = oc_json_bool(json, "ended", false);
    json_array_foreach(json_object_get(json, "matchers"), i, item)
    {
        struct oc_matcher matcher;
        sound = sound && i < OC_SILENCE_MATCHERS_MAX && read_matcher(item, &matcher) == OC_OK;
        if (sound) {
            OC_VEC_PUSH(&silence->matchers, matcher);
        }
    }
    if (!sound || silence->matchers.count == 0 || !silence->id[0]) {
        oc_silence_free(silence);
        return NULL;
    }
    return silence;
}

void oc_silence_load_all(const struct oc_env *env,
                         void (*fn)(void *ctx, struct oc_silence *silence), void *ctx)
{
    json_t *all = oc_kv_all(env->store, SPACE);
    const char *id;
    json_t *json;
    json_object_foreach(all, id, json)
    {
        struct oc_silence *silence = silence_load(json);
        if (silence) {
            fn(ctx, silence);
        } else {
            oc_warn("unreadable silence ignored", "id=%s", id);
        }
    }
    json_decref(all);
}

static int write_record(const struct oc_env *env, const struct oc_silence *silence, bool durable,
                        struct oc_error *err)
{
    json_t *json = silence_save(silence);
    int rc = oc_kv_put(env->store, SPACE, silence->id, json, durable, err);
    json_decref(json);
    return rc;
}

int oc_silence_write(const struct oc_env *env, const struct oc_silence *silence,
                     struct oc_error *err)
{
    return write_record(env, silence, true, err);
}

void oc_silence_end(struct oc_silence *silence, int64_t at)
{
    silence->ends = at < silence->ends ? at : silence->ends;
    silence->starts = silence->starts < silence->ends ? silence->starts : silence->ends;
    silence->updated = at;
    silence->ended = true;
}

int oc_silence_write_end(const struct oc_env *env, const struct oc_silence *silence, int64_t at,
                         bool durable, struct oc_error *err)
{
    struct oc_silence ended = *silence; /* its parts are borrowed */
    oc_silence_end(&ended, at);
    return write_record(env, &ended, durable, err);
}

void oc_silence_erase(const struct oc_env *env, const struct oc_silence *silence)
{
    oc_kv_remove(env->store, SPACE, silence->id, false, NULL);
}

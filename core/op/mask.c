/* Parameters as they may be kept and shown: without what is secret. SPDX-License-Identifier: MIT */
#include "core/config/mask.h"

#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/op/op.h"

#define NESTING_MAX 4  /* of operations that hold the parameters of operations */
#define DEPTH_MAX   32 /* of objects and lists that are looked into */

struct masking {
    struct oc_ops *ops;
    const char *first; /* the name of the first thing that was hidden, or NULL */
    unsigned nesting, depth;
};

static void hide(struct masking *m, json_t *params, const char *key)
{
    if (!m->first) {
        m->first = key;
    }
    oc_json_set_str(params, key, OC_MASK);
}

static void look_into(struct masking *m, json_t *value, bool whole);

static void mask_options(struct masking *m, const struct oc_op *op, json_t *params)
{
    for (const struct oc_option *o = op->params; o && o->name; o++) {
        if (o->type == OC_OPT_SECRET && json_object_get(params, o->name) &&
            !(op->is_open && op->is_open(params, o->name))) {
            hide(m, params, o->name);
        }
    }
}

/* Of an operation that is not known: whatever is a secret of any. */
static void mask_unknown(struct masking *m, json_t *params)
{
    const char *key;
    json_t *value;
    void *next;
    json_object_foreach_safe(params, next, key, value)
    {
        if (oc_ops_any_secret(m->ops, key)) {
            hide(m, params, key);
        }
    }
}

static void mask_inner(struct masking *m, const char *name, json_t *params)
{
    const struct oc_op *op = name ? oc_ops_find(m->ops, name) : NULL;
    m->nesting++;
    if (op) {
        mask_options(m, op, params);
    } else {
        mask_unknown(m, params);
    }
    look_into(m, params, true);
    m->nesting--;
}

/* `key` holds the parameters of the operation that `op_key` names: an object, or one as text. */
static void mask_held(struct masking *m, json_t *params, const char *op_key, const char *key)
{
    json_t *held = json_object_get(params, key);
    const char *name = oc_json_str(params, op_key, NULL);
    if (!held || (!json_is_object(held) && !json_is_string(held))) {
        return;
    }
    if (m->nesting >= NESTING_MAX) {
        hide(m, params, key);
    } else if (json_is_object(held)) {
        mask_inner(m, name, held);
    } else {
        json_t *parsed = oc_json_parse(json_string_value(held), json_string_length(held), NULL);
        if (json_is_object(parsed)) {
            oc_json_take(params, key, parsed);
            mask_inner(m, name, parsed);
        } else {
            json_decref(parsed);
            hide(m, params, key); /* nobody can tell what it holds */
        }
    }
}

static const char *const held[][2] = {{"op", "params"}, {"rollback_op", "rollback_params"}};

/* `whole`: these are all parameters of an operation, which may mean one that it does not name. */
static bool holds(const json_t *value, size_t i, bool whole)
{
    return whole || json_is_string(json_object_get(value, held[i][0]));
}

static bool is_held(const json_t *value, const char *key, bool whole)
{
    for (size_t i = 0; i < OC_COUNT(held); i++) {
        if (strcmp(key, held[i][1]) == 0 && holds(value, i, whole)) {
            return !json_is_array(json_object_get(value, key));
        }
    }
    return false;
}

/* What cannot be looked into to its end is left out. */
static void cut(struct masking *m, json_t *value)
{
    if (json_object_clear(value) == 0 || json_array_clear(value) == 0) {
        m->first = m->first ? m->first : "what is nested so deep";
    }
}

/* Operations with their parameters may be members of members: the steps of something. */
static void look_into(struct masking *m, json_t *value, bool whole)
{
    const char *key;
    json_t *member;
    size_t i;
    if (m->depth >= DEPTH_MAX) {
        cut(m, value);
        return;
    }
    m->depth++;
    for (i = 0; i < OC_COUNT(held); i++) {
        if (holds(value, i, whole)) {
            mask_held(m, value, held[i][0], held[i][1]);
        }
    }
    json_object_foreach(value, key, member)
    {
        if (!is_held(value, key, whole)) {
            look_into(m, member, false);
        }
    }
    json_array_foreach(value, i, member)
    {
        look_into(m, member, false);
    }
    m->depth--;
}

const char *oc_op_mask(struct oc_ops *ops, const struct oc_op *op, json_t *params)
{
    struct masking m = {.ops = ops};
    mask_options(&m, op, params);
    look_into(&m, params, true);
    return m.first;
}

json_t *oc_op_masked_params(struct oc_ops *ops, const struct oc_op *op, const json_t *json)
{
    json_t *copy = json_is_object(json) ? json_deep_copy(json) : json_object();
    oc_op_mask(ops, op, copy);
    return copy;
}

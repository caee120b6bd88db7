/* A copy of what is in force, with another text in one place. SPDX-License-Identifier: MIT */
#include <string.h>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/policy/inspect.h"
#include "core/policy/question.h"

#define DIFFERENCES_MAX 100
#define COMPARE_MAX     OC_SECOND /* the host does nothing else meanwhile */

static int copy_policy(struct oc_policies *to, const struct oc_policy *from, struct oc_error *err)
{
    struct oc_policy *policy = oc_policies_add(to, from->name);
    policy->chunk = oc_strdup(from->chunk);
    policy->file = oc_strdup(from->file);
    policy->builtin = from->builtin;
    policy->in_force = from->in_force;
    return oc_policy_load(policy, from->text, from->len, err);
}

static int put_text(struct oc_policies *to, const char *name, const char *text, size_t len,
                    struct oc_error *err)
{
    struct oc_policy *policy = oc_policies_find(to, name);
    if (policy == NULL) {
        policy = oc_policies_add(to, name);
    }
    oc_policy_set_chunk(policy, "policies");
    free(policy->file); /* it has the rank of a file of the folder */
    policy->file = oc_strdup(policy->chunk);
    policy->builtin = false;
    policy->in_force = OC_POLICY_FILE;
    return oc_policy_load(policy, text, len, err);
}

int oc_policies_overlay(struct oc_policies *p, const char *name, const char *text, size_t len,
                        struct oc_policies **overlay, struct oc_error *err)
{
    struct oc_policies *to = oc_policies_create_empty(NULL);
    int code = OC_OK;
    for (size_t i = 0; i < p->list.count && code == OC_OK; i++) {
        if (p->list.items[i]->text != NULL) {
            code = copy_policy(to, p->list.items[i], err);
        }
    }
    if (code == OC_OK && text != NULL) {
        code = put_text(to, name, text, len, err);
    }
    if (code != OC_OK) {
        oc_policies_destroy(to);
        *overlay = NULL;
        return code;
    }
    oc_policies_changed(to);
    *overlay = to;
    return OC_OK;
}

/* ---- inputs ---- */

void oc_policies_keep_inputs(struct oc_policies *p)
{
    if (p->inputs == NULL) {
        p->inputs = oc_calloc(1, sizeof(*p->inputs));
    }
}

json_t *oc_policies_inputs(struct oc_policies *p, const char *hook, size_t count)
{
    int index = oc_hook_index(hook);
    return p->inputs == NULL || index < 0 ? json_array() : oc_inputs_json(p->inputs, index, count);
}

void oc_policies_load_inputs(struct oc_policies *p, const char *hook, const json_t *inputs)
{
    int index = oc_hook_index(hook);
    if (p->inputs != NULL && index >= 0) {
        oc_inputs_load(p->inputs, index, inputs);
    }
}

void oc_policies_settle(struct oc_policies *p, int64_t ms)
{
    int64_t now = oc_time_mono();
    for (size_t i = 0; i < p->list.count; i++) {
        struct oc_policy *policy = p->list.items[i];
        if (policy->failing != NULL && now - policy->failed_ms >= ms) {
            OC_FREE(policy->failing);
        }
    }
}

/* ---- comparing ---- */

/* The answer, or {"failed": MESSAGE}. */
static json_t *answer_of(struct oc_policies *p, const char *hook, const json_t *args)
{
    struct oc_error err;
    json_t *result = NULL;
    oc_error_init(&err);
    if (oc_policy_ask(p, hook, args, &result, NULL, &err) != OC_OK) {
        result = json_object();
        oc_json_set_str(result, "failed", err.message);
    }
    return result;
}

struct compare {
    struct oc_policies *before, *after;
    json_t *differences;
    int64_t until; /* monotonic */
    bool partial;
};

static void compare_hook(struct compare *c, const char *hook, const json_t *inputs, json_t *hooks)
{
    json_int_t differ = 0, asked = 0;
    size_t i;
    json_t *input;
    json_array_foreach((json_t *)inputs, i, input)
    {
        if (oc_time_mono() >= c->until) {
            c->partial = true;
            break;
        }
        asked++;
        json_t *args = json_object_get(input, "args");
        json_t *was = answer_of(c->before, hook, args), *is = answer_of(c->after, hook, args);
        if (!oc_policy_same(was, is)) {
            differ++;
        }
        if (!oc_policy_same(was, is) && json_array_size(c->differences) < DIFFERENCES_MAX) {
            json_t *row = json_object();
            oc_json_set_str(row, "hook", hook);
            oc_json_set_time(row, "at", oc_json_int(input, "at", 0));
            json_object_set(row, "args", args);
            json_object_set(row, "before", was);
            json_object_set(row, "after", is);
            json_array_append_new(c->differences, row);
        }
        json_decref(was);
        json_decref(is);
    }
    json_t *row = json_object();
    oc_json_set_str(row, "hook", hook);
    oc_json_set_int(row, "inputs", asked);
    oc_json_set_int(row, "differ", differ);
    json_array_append_new(hooks, row);
}

int oc_policies_compare(struct oc_policies *p, const char *name, const char *text, size_t len,
                        size_t last, json_t **report, struct oc_error *err)
{
    struct compare c = {.differences = json_array(), .until = oc_time_mono() + COMPARE_MAX};
    json_t *hooks = json_array();
    *report = NULL;
    int code = oc_policies_overlay(p, NULL, NULL, 0, &c.before, err);
    if (code == OC_OK) {
        code = oc_policies_overlay(p, name, text, len, &c.after, err);
    }
    if (code != OC_OK) {
        json_decref(hooks);
        json_decref(c.differences);
        goto out;
    }
    const struct oc_policy *policy = oc_policies_find(c.after, name);
    const struct oc_policy *old = oc_policies_find(c.before, name);
    for (size_t i = 0; oc_hooks[i].name != NULL; i++) {
        const char *hook = oc_hooks[i].name;
        if (oc_policy_has_hook(policy, hook) || (old != NULL && oc_policy_has_hook(old, hook))) {
            json_t *inputs = oc_policies_inputs(p, hook, last);
            compare_hook(&c, hook, inputs, hooks);
            json_decref(inputs);
        }
    }
    *report = json_object();
    oc_json_set_str(*report, "policy", name);
    oc_json_take(*report, "hooks", hooks);
    oc_json_take(*report, "differences", c.differences);
    oc_json_set_bool(*report, "partial", c.partial);
out:
    oc_policies_destroy(c.before);
    oc_policies_destroy(c.after);
    return code;
}

/* Rings of inputs. SPDX-License-Identifier: MIT */
#include "core/policy/inputs.h"

#include "core/base/json.h"
#include "core/base/time.h"

bool oc_inputs_wants(const struct oc_inputs *r, int hook, int64_t mono_ms)
{
    return hook >= 0 &&
           (r->rings[hook].last_ms == 0 || mono_ms - r->rings[hook].last_ms >= OC_INPUTS_EVERY);
}

static void put(struct oc_inputs_ring *ring, json_t *input)
{
    json_t **place = &ring->inputs[ring->count++ % OC_INPUTS_MAX];
    json_decref(*place);
    *place = input;
}

void oc_inputs_add(struct oc_inputs *r, int hook, int64_t mono_ms, json_t *args)
{
    json_t *input = json_object();
    oc_json_set_int(input, "at", oc_time_wall());
    oc_json_take(input, "args", args);
    r->rings[hook].last_ms = mono_ms;
    put(&r->rings[hook], input);
}

json_t *oc_inputs_json(const struct oc_inputs *r, int hook, size_t count)
{
    const struct oc_inputs_ring *ring = &r->rings[hook];
    json_t *list = json_array();
    size_t held = ring->count < OC_INPUTS_MAX ? (size_t)ring->count : OC_INPUTS_MAX;
    count = count < held ? count : held;
    for (uint64_t i = ring->count - count; i < ring->count; i++) {
        json_array_append(list, ring->inputs[i % OC_INPUTS_MAX]);
    }
    return list;
}

void oc_inputs_load(struct oc_inputs *r, int hook, const json_t *inputs)
{
    size_t i;
    json_t *input;
    json_array_foreach((json_t *)inputs, i, input)
    {
        if (json_is_array(json_object_get(input, "args"))) {
            put(&r->rings[hook], json_incref(input));
        }
    }
}

void oc_inputs_finish(struct oc_inputs *r)
{
    for (size_t i = 0; i < OC_HOOKS_MAX; i++) {
        for (size_t k = 0; k < OC_INPUTS_MAX; k++) {
            json_decref(r->rings[i].inputs[k]);
        }
    }
}

/* Rings of inputs. SPDX-License-Identifier: MIT */
#include "core/policy/inputs.h"

#include "core/base/json.h"
#include "core/base/time.h"

bool oc_inputs_wants(const struct oc_inputs *r, int hook, int64_t mono_ms)
{
    return hook >= 0 &&
           (r->rings[hook].last_ms == 0 || mono_ms - r->rings[hook].last_ms >= OC_INPUTS_EVERY);
}

/* The place of the next one, empty. */
static struct oc_input *place(struct oc_inputs_ring *ring)
{
    struct oc_input *input = &ring->inputs[ring->count++ % OC_INPUTS_MAX];
    oc_tape_clear(&input->args);
    return input;
}

void oc_inputs_add(struct oc_inputs *r, int hook, int64_t mono_ms)
{
    if (r->tape.size <= OC_INPUTS_BYTES) {
        struct oc_input *input = place(&r->rings[hook]);
        input->at = oc_time_wall();
        oc_tape_move(&input->args, &r->tape);
        r->rings[hook].last_ms = mono_ms;
    }
}

static json_t *input_json(const struct oc_input *input)
{
    json_t *json = json_object();
    oc_json_set_int(json, "at", input->at);
    oc_json_take(json, "args", oc_tape_json(&input->args));
    return json;
}

json_t *oc_inputs_json(const struct oc_inputs *r, int hook, size_t count)
{
    const struct oc_inputs_ring *ring = &r->rings[hook];
    json_t *list = json_array();
    size_t held = ring->count < OC_INPUTS_MAX ? (size_t)ring->count : OC_INPUTS_MAX;
    count = count < held ? count : held;
    for (uint64_t i = ring->count - count; i < ring->count; i++) {
        json_array_append_new(list, input_json(&ring->inputs[i % OC_INPUTS_MAX]));
    }
    return list;
}

void oc_inputs_load(struct oc_inputs *r, int hook, const json_t *inputs)
{
    size_t i, k;
    json_t *json, *arg;
    json_array_foreach((json_t *)inputs, i, json)
    {
        const json_t *args = json_object_get(json, "args");
        if (!json_is_array(args)) {
            continue;
        }
        struct oc_input *input = place(&r->rings[hook]);
        input->at = oc_json_int(json, "at", 0);
        json_array_foreach((json_t *)args, k, arg)
        {
            oc_tape_copy(&input->args, arg);
        }
    }
}

void oc_inputs_finish(struct oc_inputs *r)
{
    for (size_t i = 0; i < OC_HOOKS_MAX; i++) {
        for (size_t k = 0; k < OC_INPUTS_MAX; k++) {
            oc_tape_finish(&r->rings[i].inputs[k].args);
        }
    }
    oc_tape_finish(&r->tape);
}

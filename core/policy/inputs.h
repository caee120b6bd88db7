/* The last real questions of each hook, for `policy diff`. SPDX-License-Identifier: MIT
 *
 * Not for other floors; see oc_policies_inputs in inspect.h. A ring for each hook; of a storm only a sample is kept, so
 * that a hundred thousand questions cost nothing. [loop] */
#ifndef OC_POLICY_INPUTS_H
#define OC_POLICY_INPUTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/policy/hooks.h"

#define OC_INPUTS_MAX   256         /* of one hook */
#define OC_INPUTS_EVERY 20          /* ms between two that are kept */
#define OC_INPUTS_BYTES (32u << 10) /* strings of one input; larger ones are not kept */

struct oc_inputs_ring {
    json_t *inputs[OC_INPUTS_MAX]; /* {"at","args"}, owned */
    uint64_t count;                /* ever */
    int64_t last_ms;               /* monotonic: of the last one that was kept */
};

struct oc_inputs {
    struct oc_inputs_ring rings[OC_HOOKS_MAX];
};

/* Whether the next input of that hook is to be kept. */
bool oc_inputs_wants(const struct oc_inputs *r, int hook, int64_t mono_ms);
void oc_inputs_add(struct oc_inputs *r, int hook, int64_t mono_ms, json_t *args /* taken */);
/* The last `count` inputs, the oldest first; caller owns. */
json_t *oc_inputs_json(const struct oc_inputs *r, int hook, size_t count);
/* Puts in what oc_inputs_json gave before a restart. */
void oc_inputs_load(struct oc_inputs *r, int hook, const json_t *inputs);
void oc_inputs_finish(struct oc_inputs *r);

#endif

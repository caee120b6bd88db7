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
#include "core/policy/tape.h"

#define OC_INPUTS_MAX   256         /* of one hook */
#define OC_INPUTS_EVERY 20          /* ms between two that are kept */
#define OC_INPUTS_BYTES (32u << 10) /* strings of one input; larger ones are not kept */

struct oc_input {
    int64_t at; /* wall ms; 0: there is none */
    struct oc_tape args;
};

struct oc_inputs_ring {
    struct oc_input inputs[OC_INPUTS_MAX];
    uint64_t count;  /* ever */
    int64_t last_ms; /* monotonic: of the last one that was kept */
};

struct oc_inputs {
    struct oc_inputs_ring rings[OC_HOOKS_MAX];
    struct oc_tape tape; /* of the question that is being asked */
};

/* Whether the next input of that hook is to be kept. */
bool oc_inputs_wants(const struct oc_inputs *r, int hook, int64_t mono_ms);
/* Keeps what is on r->tape, unless it is too long. */
void oc_inputs_add(struct oc_inputs *r, int hook, int64_t mono_ms);
/* The last `count` inputs, the oldest first; caller owns. */
json_t *oc_inputs_json(const struct oc_inputs *r, int hook, size_t count);
/* Puts in what oc_inputs_json gave before a restart. */
void oc_inputs_load(struct oc_inputs *r, int hook, const json_t *inputs);
void oc_inputs_finish(struct oc_inputs *r);

#endif

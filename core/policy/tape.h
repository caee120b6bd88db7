/* What was said to a policy, as it was said. SPDX-License-Identifier: MIT
 *
 * Not for other floors. A question that is to be kept for `policy diff` is noted down word by word while it is asked, which
 * costs next to nothing, and becomes JSON when somebody wants to read it, which is hardly ever. [loop] */
#ifndef OC_POLICY_TAPE_H
#define OC_POLICY_TAPE_H

#include <jansson.h>
#include <stdbool.h>

#include "core/base/buf.h"

struct oc_tape {
    struct oc_buf bytes; /* words, each with what belongs to it */
    size_t size;         /* about: of what is said, as JSON */
};

void oc_tape_nil(struct oc_tape *t);
void oc_tape_bool(struct oc_tape *t, bool value);
void oc_tape_integer(struct oc_tape *t, int64_t value);
void oc_tape_number(struct oc_tape *t, double value);
void oc_tape_text(struct oc_tape *t, const char *text, size_t len);
void oc_tape_key(struct oc_tape *t, const char *key, size_t len);
void oc_tape_copy(struct oc_tape *t, const json_t *value); /* it may change later */
void oc_tape_share(struct oc_tape *t, json_t *value);      /* it never changes */
void oc_tape_object(struct oc_tape *t);
void oc_tape_list(struct oc_tape *t);
void oc_tape_end(struct oc_tape *t); /* of the object or list */

/* All that was said, a list; what is no text in UTF-8 or no number is null. Owned by the caller. */
json_t *oc_tape_json(const struct oc_tape *t);
/* Nothing was said; the memory is kept. */
void oc_tape_clear(struct oc_tape *t);
/* Moves what was said into `to`, which is finished; `from` keeps its memory and has nothing. */
void oc_tape_move(struct oc_tape *to, struct oc_tape *from);
void oc_tape_finish(struct oc_tape *t);

#endif

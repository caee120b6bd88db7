/* What becomes of a call that was to be decided first (OC_E_APPROVAL). SPDX-License-Identifier: MIT  [any] */
#ifndef OC_OP_DECISION_H
#define OC_OP_DECISION_H

#include <stdbool.h>
#include <string.h>

#include "core/base/mem.h"

/* By the `status` that governance.show tells: the proposal is over, and its operation will never be carried out. */
static inline bool oc_decision_refused(const char *status)
{
    static const char *const words[] = {"rejected", "vetoed", "timed_out", "withdrawn", "invalid"};
    for (size_t i = 0; i < OC_COUNT(words); i++) {
        if (strcmp(words[i], status) == 0) {
            return true;
        }
    }
    return false;
}

#endif

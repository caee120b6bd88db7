/* How much is told about each of many: so much in a minute, and how often it was kept back. SPDX-License-Identifier: MIT  [loop]
 *
 * For what somebody else can bring about as often as they like. A fixed number of names is known; the one that was quiet for longest makes
 * room, with what was left out of it. */
#ifndef OC_BASE_RATION_H
#define OC_BASE_RATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OC_RATION_NAME 96 /* bytes of a name that count */

struct oc_ration {
    unsigned each;                /* so often in a minute */
    size_t max;                   /* names */
    struct oc_ration_slot *slots; /* owned; NULL until it is first asked */
    size_t count;
};

void oc_ration_finish(struct oc_ration *r);
/* Whether it may be told once more; `left_out` is then how often it was not since the last time. */
bool oc_ration_take(struct oc_ration *r, const char *name, unsigned *left_out);
/* Somebody of whom something was left out and whose minute is over at `now_ms` (mono): that is told now, and forgotten. False: nobody. */
bool oc_ration_settle(struct oc_ration *r, int64_t now_ms, char name[OC_RATION_NAME],
                      unsigned *left_out);

#endif

/* When a plugin process that ended is started again. SPDX-License-Identifier: MIT
 *
 * A state machine on a clock that is given: no timer, no file, no process. The first restart comes within
 * OC_SUPERVISE_FIRST_MS; each further one doubles the wait up to OC_SUPERVISE_MAX_MS, with half of it random so that what
 * fell together does not rise together. Whoever ran for OC_SUPERVISE_STABLE_MS begins anew. Beyond the budget (so many
 * restarts an hour) the wait lasts until the hour allows another. Times are ms of the monotonic clock. */
#ifndef OC_PLUGIN_SUPERVISE_H
#define OC_PLUGIN_SUPERVISE_H

#include <stdbool.h>
#include <stdint.h>

/* With the start of a plugin process (some 5 ms) well within the promised 100 ms from crash to running. */
#define OC_SUPERVISE_FIRST_MS  40
#define OC_SUPERVISE_MAX_MS    60000
#define OC_SUPERVISE_STABLE_MS 60000
#define OC_SUPERVISE_BUDGET    12 /* restarts in OC_SUPERVISE_BUDGET_MS */
#define OC_SUPERVISE_BUDGET_MS 3600000

struct oc_supervise {
    uint64_t seed; /* of the jitter */
    unsigned step; /* doublings so far */
    bool running;
    int64_t since_ms;                     /* running since */
    int64_t planned[OC_SUPERVISE_BUDGET]; /* times of the last restarts, a ring */
    unsigned next;
    uint64_t restarts; /* all of them, for statistics */
};

void oc_supervise_init(struct oc_supervise *s, uint64_t seed);
/* Its start returned. */
void oc_supervise_running(struct oc_supervise *s, int64_t now_ms);
/* It ended, or a restart failed: the wait until the next start, in ms. *spent is set when the budget made it longer. */
int64_t oc_supervise_wait(struct oc_supervise *s, int64_t now_ms, bool *spent);
/* Somebody has looked at it: no wait, and the whole budget. The count of restarts stays. */
void oc_supervise_reset(struct oc_supervise *s);

#endif

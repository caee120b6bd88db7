/* A deadline that neither a clock jump nor a suspended host can move. SPDX-License-Identifier: MIT  [any]
 *
 * A deadline is promised to people as a wall time, but wall clocks jump. So each proposal has a clock of its own: it starts at the wall
 * time of its opening and runs as the boot clock does, which cannot be set and does count the time for which the host was
 * suspended. While the process lives, the wall clock is not looked at again: set forward or back, it makes no ballot late and no
 * late ballot early. After a restart the clock goes on from the later of two: the last time that the ledger holds for the
 * proposal, and the wall clock. It never runs backwards: what was late stays late, and what was decided is decided once. */
#ifndef OC_SERVICE_GOVERNANCE_DEADLINE_H
#define OC_SERVICE_GOVERNANCE_DEADLINE_H

#include <stdbool.h>
#include <stdint.h>

/* Both clocks, read at one moment. */
struct oc_clocks {
    int64_t wall; /* oc_time_wall() */
    int64_t boot; /* oc_time_boot(): runs on while the host is suspended, cannot be set */
};

struct oc_deadline {
    int64_t opened;   /* wall ms of the opening, frozen */
    int64_t deadline; /* opened + duration, frozen: the last ms that counts */
    /* The proposal's time when it was last asked for: the mark below which it never falls */
    int64_t last;
    int64_t base;      /* the proposal's time when `boot_base` was read */
    int64_t boot_base; /* the boot clock then */
    bool decided;
};

struct oc_clocks oc_clocks_read(void);

/* Opens now. A duration below 0 is 0; one that does not fit ends at INT64_MAX - 1. */
void oc_deadline_open(struct oc_deadline *d, const struct oc_clocks *now, int64_t duration_ms);
/* Takes it up again after a restart: `recorded` is the newest time that the ledger holds for the proposal (at least `opened`). */
void oc_deadline_resume(struct oc_deadline *d, const struct oc_clocks *now, int64_t opened,
                        int64_t deadline, int64_t recorded, bool decided);
/* The proposal's time: use it to stamp records and as `now` of the tally. It never falls. */
int64_t oc_deadline_now(struct oc_deadline *d, const struct oc_clocks *now);
bool oc_deadline_passed(struct oc_deadline *d,
                        const struct oc_clocks *now); /* later than the deadline */
/* How long until `at` of the proposal's time, for a timer: 0 when it has come. */
int64_t oc_deadline_until(struct oc_deadline *d, const struct oc_clocks *now, int64_t at);
/* True the first time and never again: whoever gets true carries out the decision. */
bool oc_deadline_decide(struct oc_deadline *d);

#endif

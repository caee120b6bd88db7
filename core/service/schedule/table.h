/* The table of wanted collectors, shared by the files of the schedule. SPDX-License-Identifier: MIT  [loop] */
#ifndef OC_SERVICE_SCHEDULE_TABLE_H
#define OC_SERVICE_SCHEDULE_TABLE_H

#include "core/base/vec.h"
#include "core/service/schedule/collector.h"
#include "core/service/schedule/schedule.h"

/* One wanted collector: an item of `collectors`, or one of the instances that a preset stands for. */
struct wanted {
    char *name, *plugin, *path;
    struct oc_node *group; /* owned: from a preset; NULL when `from` is used */
    /* borrowed from the configuration in force: every reload makes all of these anew */
    const struct oc_node *from;
    struct collector *collector; /* NULL: not started yet, or failed */
    struct oc_error error;
    bool failed, keep;
    bool left_out; /* its address is ours: see own.h */
};

#define OC_SCHEDULE_GRACE (5 * OC_SECOND) /* for the last call of a collector that goes */

#define OWN_COUNT 3

/* A service of the host that publishes samples of its own: no stranger, and it says itself what of them is over. */
struct own {
    bool complete;    /* it has said so, and that waits for the end of the first round */
    int64_t since_ms; /* what is older is over */
};

struct oc_schedule {
    struct oc_env env;
    OC_VEC(struct wanted *) wanted;
    struct own own[OWN_COUNT];
    struct oc_subscription *samples, *soft, *complete, *listening;
    bool configured, starting, first_told, sampled;
    bool judged;       /* which of them ask this host itself: see own.h */
    unsigned stopping; /* collectors that are on their way out */
    oc_loop_fn stopped;
    void *stopped_ctx;
};

/* the configuration of one wanted collector */
const struct oc_node *oc_wanted_group(const struct wanted *w);
void oc_wanted_free(struct wanted *w);
/* Publishes the end of a call that there was none of, as the collector cannot be made: w->error says why. */
void oc_schedule_tell_failed(struct oc_schedule *s, const struct wanted *w);
/* Begins the collectors that are wanted and not there yet, one a turn of the loop. */
void oc_schedule_start(struct oc_schedule *s);
/* Stops the collector of an item that is no longer in the table, and frees the item. */
void oc_schedule_stop_one(struct oc_schedule *s, struct wanted *w, int64_t grace_ms);

#endif
